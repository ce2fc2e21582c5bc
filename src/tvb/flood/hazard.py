"""A flood hazard as polygons: its scenarios, what is wet in each, and how deep.

Deliveries name nine scenarios (`tvb.schema.hazard.SCENARIO_OF_OCCURRENCE`): three probabilities in
three climates (`SCENARIO_CHAINS`). Some of them hold others (`nested_scenarios`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.display import parts_table
from tvb.errors import ParameterError, explain
from tvb.facts import HECTARE_M2
from tvb.flood.classes import flag_wet_zones
from tvb.flood.rules import require_columns
from tvb.geometry.arrays import BoolArray, GeometryArray, IntArray, make_valid, polygon_parts
from tvb.schema import CRS, get_schema, require_crs

__all__ = [
    "HAZARD_LAYERS",
    "SCENARIO_CHAINS",
    "ClassesOf",
    "Hazard",
    "classified_zones",
    "climate_of",
    "nested_scenarios",
    "wet_zones",
]

SCENARIO_CHAINS = (
    ("01For", "02Moy", "04Fai"),
    ("01Forcc_ct", "03Mcc_ct", "04Faicc_ct"),
    ("01Forcc_100", "03Mcc", "04Fai_100"),
)
"""Scenarios from frequent to rare: in the climate of today, of the short term and of 2100.

Each lies inside the next, by the rules of the COVADIS validator; the last pair is not among them.
"""

_PLACE = {
    code: (climate, rarity)
    for climate, chain in enumerate(SCENARIO_CHAINS)
    for rarity, code in enumerate(chain)
}

ClassesOf = Literal["depth", "level", "ppr", "regulation"]

_LAYER_OF_FIELD = {
    "zones": "flood_zones",
    "depth_classes": "depth_classes",
    "protected": "protected_zones",
    "over_hazard": "over_hazard",
    "works": "protective_works",
    "ppr_zones": "ppr_hazard",
    "ppr_rules": "ppr_regulation",
}
HAZARD_LAYERS = tuple(_LAYER_OF_FIELD.values())
"""Names of the layers of a hazard."""

_NO_CLASS = "non classé"


@dataclass(frozen=True, repr=False)
class Hazard:
    """The layers of a flood hazard; made by `Hazard.from_layers`, all in EPSG:2154.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        Polygons of the layer ``flood_zones``.
    depth_classes : geopandas.GeoDataFrame
        Polygons of the layer ``depth_classes``.
    protected : geopandas.GeoDataFrame
        Polygons of the layer ``protected_zones``: ground that a work protects.
    over_hazard : geopandas.GeoDataFrame
        Polygons of the layer ``over_hazard``: ground where the failure of a work adds danger.
    works : geopandas.GeoDataFrame
        Lines of the layer ``protective_works``.
    ppr_zones, ppr_rules : geopandas.GeoDataFrame
        Polygons of the layers ``ppr_hazard`` and ``ppr_regulation``.
    sources : pandas.DataFrame
        What was delivered, read, absent or refused, a row for each table: `tvb.io.read_hazard`.
    """

    zones: gpd.GeoDataFrame
    depth_classes: gpd.GeoDataFrame
    protected: gpd.GeoDataFrame
    over_hazard: gpd.GeoDataFrame
    works: gpd.GeoDataFrame
    ppr_zones: gpd.GeoDataFrame
    ppr_rules: gpd.GeoDataFrame
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def from_layers(
        cls, layers: Mapping[str, gpd.GeoDataFrame], *, sources: pd.DataFrame | None = None
    ) -> Hazard:
        """Return a hazard from frames by the name of their layer.

        Parameters
        ----------
        layers : mapping of str to geopandas.GeoDataFrame
            EPSG:2154, keyed by ``flood_zones``, ``depth_classes``, ``protected_zones``,
            ``over_hazard``, ``protective_works``, ``ppr_hazard``, ``ppr_regulation``. Layers that
            are absent are empty; optional columns that are absent are null.
        sources : pandas.DataFrame, optional
            What was delivered, for example ``delivery.contents`` of `tvb.io.read_hazard`.

        Returns
        -------
        Hazard
            The frames given are left as they are.

        Raises
        ------
        CrsError
            If a frame is not in EPSG:2154.
        LayerError
            If a required column is missing.
        ParameterError
            If a layer is not one of a hazard.
        """
        unknown = [name for name in layers if name not in HAZARD_LAYERS]
        if unknown:
            raise ParameterError(
                explain(
                    "layers",
                    f"« {unknown[0]} » is not a layer of a hazard",
                    required="any of " + ", ".join(HAZARD_LAYERS),
                )
            )
        frames = {key: _complete(layers.get(name), name) for key, name in _LAYER_OF_FIELD.items()}
        return cls(**frames, sources=pd.DataFrame() if sources is None else sources)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Scenarios of the zones and of the classes of depth, from frequent to rare."""
        both = pd.concat([self.zones["scenario"], self.depth_classes["scenario"]])
        return tuple(sorted(both.dropna().unique()))

    def __repr__(self) -> str:
        return (
            f"<Hazard: {len(self.scenarios)} scenarios ({', '.join(self.scenarios) or 'none'}), "
            f"{len(self.zones)} zones, {len(self.depth_classes)} depth classes, "
            f"{len(self.protected)} protected, {len(self.over_hazard)} over-hazard, "
            f"{len(self.works)} works, {len(self.ppr_zones) + len(self.ppr_rules)} of PPR>"
        )

    def _repr_html_(self) -> str:
        layers = ("zones", "depth_classes", "protected", "over_hazard", "works", "ppr_zones",
                  "ppr_rules")  # fmt: skip
        parts = {name: getattr(self, name) for name in layers}
        then = (".summary()", ".zones", "tvb.flood.check_hazard(hazard)")
        return parts_table(self, {"scenarios": ", ".join(self.scenarios), **parts}, then=then)

    def summary(self) -> pd.DataFrame:
        """Return one row for each scenario: what there is, and the ground that it floods.

        Returns
        -------
        pandas.DataFrame
            On ``scenario``: ``zones``, ``depth_classes``, ``protected``, ``over_hazard`` (rows;
            protected and over-hazard zones of no scenario count in none), ``flooded_ha`` (union
            of what `wet_zones` returns) and ``typ_inond`` (kinds of flood, joined by a comma).
        """
        names = pd.Index(self.scenarios, name="scenario", dtype="str")
        counted = ("zones", "depth_classes", "protected", "over_hazard")
        table = pd.DataFrame(
            {name: _count(getattr(self, name)["scenario"], names) for name in counted}
        )
        wet = wet_zones(self)
        union = {
            s: shapely.union_all(part.geometry.to_numpy()) for s, part in wet.groupby("scenario")
        }
        kinds = wet.dropna(subset=["typ_inond"]).groupby("scenario")["typ_inond"].unique()
        table["flooded_ha"] = [union[s].area / HECTARE_M2 if s in union else 0.0 for s in names]
        table["typ_inond"] = [", ".join(sorted(kinds.get(s, []))) for s in names]
        return table


def _complete(frame: gpd.GeoDataFrame | None, layer: str) -> gpd.GeoDataFrame:
    """Return a frame with every column of its layer, on an index from 0."""
    columns = get_schema(layer).columns
    if frame is None:
        names = [column.name for column in columns]
        return gpd.GeoDataFrame(columns=[*names, "geometry"], geometry="geometry", crs=CRS)
    require_crs(frame, layer)
    require_columns(frame, layer, *(column.name for column in columns if column.required))
    number = {"number": float("nan")}
    absent = {c.name: number.get(c.dtype) for c in columns if c.name not in frame.columns}
    return frame.assign(**absent).reset_index(drop=True)


def _count(scenario: pd.Series[Any], names: pd.Index[Any]) -> pd.Series[int]:
    return scenario.value_counts().reindex(names, fill_value=0)


def nested_scenarios(present: Collection[str]) -> list[tuple[str, str]]:
    """Return the scenarios of which one has to lie inside the other.

    One lies inside another that is as rare or rarer, in a climate as changed or more: ground that
    floods often floods when the flood is rare, and ground that floods today floods when there is
    more water.

    Parameters
    ----------
    present : collection of str
        Codes of scenarios; those of no chain are left out.

    Returns
    -------
    list of tuple of (str, str)
        The inner one, and each next one that is present; pairs that follow from two others are left
        out.

    Examples
    --------
    >>> nested_scenarios(["04Fai", "01For", "03Mcc"])
    [('01For', '03Mcc'), ('01For', '04Fai')]
    """
    known = [code for code in _PLACE if code in present]
    inside = {(a, b) for a, b in permutations(known, 2) if _is_inside(a, b)}
    return sorted((a, b) for a, b in inside if not any({(a, c), (c, b)} <= inside for c in known))


def _is_inside(code: str, other: str) -> bool:
    return all(mine <= theirs for mine, theirs in zip(_PLACE[code], _PLACE[other], strict=True))


def climate_of(scenario: str) -> int:
    """Return the climate of a scenario.

    Parameters
    ----------
    scenario : str
        One of `SCENARIO_CHAINS`.

    Returns
    -------
    int
        0 for today, 1 for the short term, 2 for 2100.
    """
    return _PLACE[scenario][0]


def wet_zones(hazard: Hazard, *, subtract_protected: bool = False) -> gpd.GeoDataFrame:
    """Return the ground under water in each scenario, ready to be crossed with buildings.

    Parameters
    ----------
    hazard : Hazard
        With zones, classes of depth, or both.
    subtract_protected : bool
        Whether ground that a work protects counts as dry. It is a choice of the study: a dyke may
        fail. Protected zones of no scenario are taken out of all of them; those of a return
        period, which names no scenario, of none.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``scenario``, ``id_zone`` and ``typ_inond``, in the order of the
        zones, without the ground of class "Emerg", which is dry. Dry ground concerns the zone that
        it names, or else those of its scenario; never another kind of flood. A scenario that has
        classes of depth but no zones floods the ground of its wet classes. Zones left without
        ground have no row.
    """
    classes = hazard.depth_classes
    is_wet = flag_wet_zones(classes, "classe")
    without = ~classes["scenario"].isin(hazard.zones["scenario"])
    own = hazard.zones.loc[flag_wet_zones(hazard.zones), _WET_COLUMNS]
    stand_in = classes.loc[without & is_wet].assign(id_zone=lambda c: c["id_s_inond"])
    wet = own if stand_in.empty else pd.concat([own, stand_in[_WET_COLUMNS]], ignore_index=True)
    dry = [classes[~is_wet]]
    if subtract_protected:
        dry += _protected_by_scenario(hazard)
    for ground in dry:
        wet = wet.set_geometry(_subtract(wet, ground), crs=CRS)
    return wet[wet.area > 0].reset_index(drop=True)


def _protected_by_scenario(hazard: Hazard) -> list[gpd.GeoDataFrame]:
    """Return protected zones that name a scenario, and the others once for each scenario."""
    nowhere = hazard.protected["scenario"].isna()
    of_all = hazard.protected[nowhere].drop(columns="scenario")
    each = of_all.merge(pd.DataFrame({"scenario": hazard.scenarios}), how="cross")
    return [hazard.protected[~nowhere], gpd.GeoDataFrame(each, geometry="geometry", crs=CRS)]


_WET_COLUMNS = ["scenario", "id_zone", "typ_inond", "geometry"]


def _subtract(zones: gpd.GeoDataFrame, dry: gpd.GeoDataFrame) -> GeometryArray:
    """Return the zones without the dry ground that concerns each."""
    geometry, cutters = make_valid(zones.geometry.to_numpy()), make_valid(dry.geometry.to_numpy())
    zone, other = shapely.STRtree(cutters).query(geometry, predicate="intersects")
    kept = _concerns(zones.iloc[zone], dry.iloc[other])
    zone, other = zone[kept], other[kept]
    geometry = geometry.copy()
    for at in np.unique(zone):
        hole = shapely.union_all(cutters[other[zone == at]])
        geometry[at] = _polygonal(shapely.difference(geometry[at], hole))
    return geometry


def _concerns(zones: pd.DataFrame, dry: pd.DataFrame) -> BoolArray:
    """Tell for each pair whether the dry ground speaks of the zone."""
    same = zones["scenario"].to_numpy(dtype=object) == dry["scenario"].to_numpy(dtype=object)
    for mine, theirs in (("id_zone", "id_s_inond"), ("typ_inond", "typ_inond")):
        one, two = zones[mine], dry[theirs]
        unknown = two.isna().to_numpy() | (one.isna().to_numpy() & (mine == "typ_inond"))
        same &= unknown | (one.to_numpy(dtype=object) == two.to_numpy(dtype=object))
    return np.asarray(same, dtype=bool)


def _polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    parts, _ = polygon_parts(np.array([geometry], dtype=object))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(list(parts))


def classified_zones(hazard: Hazard, by: ClassesOf = "depth") -> gpd.GeoDataFrame:
    """Return polygons with the class of hazard that buildings in them get.

    Parameters
    ----------
    hazard : Hazard
        Any.
    by : {"depth", "level", "ppr", "regulation"}
        Classes of depth, ground of class "Emerg" left out; column ``niveau`` of the zones; level of
        hazard of a PPR; kind of rules of a PPR.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``scenario`` ("PPR" for those of a PPR), ``classe`` (text) and
        ``rang`` (whole number, the larger the worse; 0 where the class is not known, "non
        classé"). Depths rank by their lower bound, codes by their order. Polygons may overlap: a
        building in several classes is in the worst.

    Raises
    ------
    ParameterError
        If `by` is not accepted.
    """
    if by not in get_args(ClassesOf):
        raise ParameterError(
            explain(
                "by", f"« {by} » is unknown", required="one of " + ", ".join(get_args(ClassesOf))
            )
        )
    if by == "depth":
        wet = hazard.depth_classes[flag_wet_zones(hazard.depth_classes, "classe")]
        depth = pd.to_numeric(wet["ht_min_m"])
        return _classified(wet, wet["scenario"], _depth_label(wet), rank=_dense(depth))
    column, frame = {
        "level": ("niveau", hazard.zones[flag_wet_zones(hazard.zones)]),
        "ppr": ("niveaualea", hazard.ppr_zones),
        "regulation": ("typereglement", hazard.ppr_rules),
    }[by]
    scenario = frame["scenario"] if by == "level" else pd.Series("PPR", index=frame.index)
    return _classified(frame, scenario, frame[column], rank=_dense(frame[column]))


def _classified(
    frame: gpd.GeoDataFrame, scenario: pd.Series[Any], label: pd.Series[Any], *, rank: IntArray
) -> gpd.GeoDataFrame:
    columns = {"scenario": scenario, "classe": label.fillna(_NO_CLASS), "rang": rank}
    classified = gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=CRS)
    return classified.reset_index(drop=True)


def _dense(values: pd.Series[Any]) -> IntArray:
    """Return 1 for the smallest value, 2 for the next; 0 where there is none."""
    known = np.sort(values.dropna().unique())
    place = pd.Index(known).get_indexer(pd.Index(values))
    return np.asarray(place + 1, dtype=np.int64)


def _depth_label(classes: pd.DataFrame) -> pd.Series[Any]:
    """Return the class as the CNIG names it, else its bounds; null where neither is known."""
    low, high = pd.to_numeric(classes["ht_min_m"]), pd.to_numeric(classes["ht_max_m"])
    texts = [
        None if np.isnan(a) else f">= {a:g} m" if np.isnan(b) else f"{a:g}-{b:g} m"
        for a, b in zip(low, high, strict=True)
    ]
    return classes["classe"].fillna(pd.Series(texts, index=classes.index, dtype="str"))
