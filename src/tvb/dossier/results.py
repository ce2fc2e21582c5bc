"""What a study found, as frames: all that dossiers and reports are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.display import parts_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.geometry import share_by_commune
from tvb.heritage import Register
from tvb.schema import require_crs
from tvb.territory import Source, Territory

__all__ = ["Results"]

_COLUMNS = ("insee", "nom")
_FINDINGS = ("rule", "level", "insee", "objet", "measure", "unit", "message")


@dataclass(frozen=True, repr=False)
class Results:
    """What a study found; everything but the communes may be absent, and dossiers say so.

    Parameters
    ----------
    name : str
        Name of the study.
    communes : geopandas.GeoDataFrame
        Polygons in EPSG:2154, a partition, one row for each commune: ``insee``, ``nom`` and, where
        known, ``population``, ``epci_siren``, ``epci_nom``, ``property_ha``, ``buffer_ha``,
        ``patches_ha``, ``ec_share`` (share of the regional connectivity, 0 to 1),
        ``buildings_counted``. A null is a figure that was not assessed.
    territory : tvb.territory.Territory, optional
        Layers of the maps, ``core_areas`` and ``cycle_routes``.
    register : tvb.heritage.Register, optional
        Objects of the mining heritage.
    exposure : pandas.DataFrame, optional
        On ``insee`` and ``scenario``, as `tvb.flood.count_exposed_buildings` returns it. A commune
        without a row was not assessed.
    sensitivity : pandas.DataFrame, optional
        On ``insee`` and ``scenario``, ``spread`` of `tvb.flood.Sensitivity`.
    stations : pandas.DataFrame, optional
        On ``id_station``, with ``nom``: pumping stations.
    stations_communes : pandas.DataFrame, optional
        On ``id_station`` and ``insee``: ``buildings``, ``dwellings`` that its failure floods.
    patches, links : geopandas.GeoDataFrame, optional
        The habitat graph in EPSG:2154: ``patch``, ``d``, ``d_connector``; ``i``, ``j``,
        ``distance_m``, ``d``.
    patch_layers : tuple of str
        Layers from which the graph was built, for the sources of its map.
    plan_findings : pandas.DataFrame, optional
        Findings of the review of town plans: ``rule``, ``level``, ``insee`` (null for a whole
        plan), ``objet``, ``measure``, ``unit``, ``message`` and, for several plans, ``plan``.
    plan_synthesis : pandas.DataFrame, optional
        One row for each commune and rule: ``insee``, ``rule``, ``status`` and, for several plans,
        ``plan``. Without it, only communes with a finding count as reviewed.
    scenario : str
        Flood scenario of the key figures and of the map.
    sources : tuple of tvb.territory.Source
        Of every layer; those of the territory by default.
    parameters : mapping
        What the study was asked, as it is to be printed.
    reasons : mapping of str to str
        Why a section has nothing to say, by its key (``property``, ``heritage``, ``network``,
        ``flood``, ``cycling``, ``plan``), in the language of the dossiers.

    Raises
    ------
    LayerError
        If a column of the communes is missing, or a code is missing or given twice.
    CrsError
        If a frame is not in EPSG:2154.
    ParameterError
        If the exposure has no such scenario.
    """

    name: str
    communes: gpd.GeoDataFrame
    territory: Territory | None = None
    register: Register | None = None
    exposure: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    stations: pd.DataFrame | None = None
    stations_communes: pd.DataFrame | None = None
    patches: gpd.GeoDataFrame | None = None
    links: gpd.GeoDataFrame | None = None
    patch_layers: tuple[str, ...] = ()
    plan_findings: pd.DataFrame | None = None
    plan_synthesis: pd.DataFrame | None = None
    scenario: str = "02Moy"
    sources: tuple[Source, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_crs(self.communes, "communes")
        for frame, name in ((self.patches, "patches"), (self.links, "links")):
            if frame is not None:
                require_crs(frame, name)
        for column in _COLUMNS:
            if column not in self.communes:
                raise LayerError(explain("communes", f"column « {column} » is missing"))
        self._check_scenario()
        codes = self.communes["insee"]
        faulty = codes.isna() | codes.duplicated()
        if faulty.any():
            raise LayerError(
                explain("communes", "code missing or given twice", count=int(faulty.sum()),
                        ids=codes[faulty])
            )  # fmt: skip

    def _check_scenario(self) -> None:
        if self.exposure is None:
            return
        known = self.exposure.index.unique("scenario")
        if len(known) and self.scenario not in known:
            raise ParameterError(
                explain("scenario", f"« {self.scenario} » is not in the exposure",
                        required="one of " + ", ".join(sorted(known)))
            )  # fmt: skip

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """Where the layers come from."""
        if self.sources or self.territory is None:
            return self.sources
        return tuple(self.territory.sources)

    @cached_property
    def table(self) -> gpd.GeoDataFrame:
        """The communes on their code, in its order."""
        return self.communes.set_index("insee").sort_index()

    @cached_property
    def outlines(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The ground of each intercommunality, and its code; communes without one stand alone."""
        shapes = self.table.geometry.to_numpy()
        if "epci_siren" not in self.table:
            return shapes, self.table.index.to_numpy(dtype=object)
        siren = self.table["epci_siren"]
        code = siren.fillna(self.table.index.to_series()).to_numpy(dtype=object)
        codes = np.unique(code)
        areas = np.array([shapely.union_all(shapes[code == one]) for one in codes], dtype=object)
        return areas, codes

    @cached_property
    def core_parts(self) -> pd.DataFrame:
        """What each commune holds of each core area; empty where there is no such layer."""
        return self._parts("core_areas")

    @cached_property
    def route_parts(self) -> pd.DataFrame:
        """What each commune holds of each piece of cycle route."""
        return self._parts("cycle_routes")

    @cached_property
    def patch_parts(self) -> pd.DataFrame:
        """What each commune holds of each patch."""
        if self.patches is None or self.patches.empty:
            return _no_parts()
        return share_by_commune(self.patches.set_index("patch"), self.communes)

    def _parts(self, layer: str) -> pd.DataFrame:
        if not self.has_layer(layer) or self.layer(layer).empty:
            return _no_parts()
        return share_by_commune(self.layer(layer).reset_index(drop=True), self.communes)

    def has_layer(self, name: str) -> bool:
        """Tell whether the territory holds a layer.

        Parameters
        ----------
        name : str
            Name of the layer.

        Returns
        -------
        bool
            False too where there is no territory.
        """
        return self.territory is not None and name in self.territory

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer of the territory.

        Parameters
        ----------
        name : str
            Name of the layer.

        Returns
        -------
        geopandas.GeoDataFrame
            In EPSG:2154.

        Raises
        ------
        LayerError
            If there is no such layer.
        """
        if self.territory is None:
            raise LayerError(explain(name, "the results hold no territory"))
        return self.territory[name]

    def has_source(self, layer: str) -> bool:
        """Tell whether the study had a layer.

        Parameters
        ----------
        layer : str
            Its name.

        Returns
        -------
        bool
            True too where no source at all is told.
        """
        return not self.all_sources or any(s.layer == layer for s in self.all_sources)

    def natures_of(self, *layers: str) -> set[str]:
        """Return what the layers of a figure are worth.

        Parameters
        ----------
        *layers : str
            Names of layers; one without source counts for nothing.

        Returns
        -------
        set of str
            Among ``real``, ``schematic`` and ``modelled``.
        """
        return {s.nature for s in self.all_sources if s.layer in layers}

    @cached_property
    def reviewed(self) -> tuple[str, ...]:
        """Communes of which a town plan was reviewed, in order of code."""
        tables = [t for t in (self.plan_synthesis, self.plan_findings) if t is not None]
        if not tables:
            return ()
        return tuple(sorted(set(tables[0]["insee"].dropna())))

    def findings_of(self, insee: str) -> pd.DataFrame:
        """Return what the review of town plans found for a commune.

        Parameters
        ----------
        insee : str
            Its code.

        Returns
        -------
        pandas.DataFrame
            Its own findings and those that concern the whole of its plan, in the order given; no
            row where no plan of the commune was reviewed.
        """
        findings = self.plan_findings
        if findings is None:
            return pd.DataFrame(columns=list(_FINDINGS))
        if insee not in self.reviewed:
            return findings.iloc[:0]
        whole = findings["insee"].isna()
        synthesis = self.plan_synthesis
        if "plan" in findings and synthesis is not None and "plan" in synthesis:
            mine = synthesis.loc[synthesis["insee"] == insee, "plan"]
            whole &= findings["plan"].isin(mine)
        return findings[whole | (findings["insee"] == insee)]

    def require_commune(self, insee: str) -> str:
        """Return the code of a commune.

        Parameters
        ----------
        insee : str
            As given by the user.

        Returns
        -------
        str
            The same.

        Raises
        ------
        ParameterError
            If the results hold no such commune.
        """
        return _require("commune", insee, self.table.index)

    def require_epci(self, siren: str) -> str:
        """Return the code of an intercommunality.

        Parameters
        ----------
        siren : str
            As given by the user.

        Returns
        -------
        str
            The same.

        Raises
        ------
        ParameterError
            If no commune belongs to it.
        """
        known = self.table["epci_siren"].dropna().unique() if "epci_siren" in self.table else []
        return _require("epci", siren, sorted(known))

    def __repr__(self) -> str:
        parts = ("register", "exposure", "sensitivity", "stations", "patches", "plan_findings")
        known = [name for name in parts if getattr(self, name) is not None]
        return f"<Results « {self.name} »: {len(self.communes)} communes, {', '.join(known)}>"

    def _repr_html_(self) -> str:
        names = (
            "communes", "register", "exposure", "sensitivity", "stations", "patches", "links",
            "plan_findings",
        )  # fmt: skip
        then = ("tvb.dossier.build_dossier(results, insee)", "tvb.dossier.build_report(results)")
        return parts_table(self, {name: getattr(self, name) for name in names}, then=then)


def _require(what: str, code: str, known: Any) -> str:
    if code not in known:
        raise ParameterError(
            explain(f"{what} « {code} »", "not in the results",
                    required=f"one of its {len(known)} codes, such as {next(iter(known), 'none')}")
        )  # fmt: skip
    return code


def _no_parts() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("feature", "insee", "area_m2", "length_m", "share")})
