"""One plan before the rules: its parts, and the reference on the ground that it covers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.geometry import attribute_to_commune
from tvb.geometry.arrays import GeometryArray, polygon_parts
from tvb.plan import Plan
from tvb.plu.declare import Found, Threshold
from tvb.plu.overlay import subdivide
from tvb.plu.reference import Reference

__all__ = ["Case", "take_row", "tell_row"]

_Answer = TypeVar("_Answer")

_NAMING = ("insee", "objet", "libelle", "table", "code", "classe", "geometry")
_TABLES = {"zones": "zone_urba", "prescriptions": "prescription_", "infos": "info_"}


class Case:
    """A plan and its reference, and what several rules ask of both.

    Parameters
    ----------
    plan : tvb.plan.Plan
        The plan.
    reference : Reference
        What it is held against.
    thresholds : mapping of str to float
        Values by name, instead of those declared.
    """

    def __init__(
        self, plan: Plan, reference: Reference, thresholds: Mapping[str, float] | None = None
    ) -> None:
        self.plan, self.reference = plan, reference
        self._thresholds = dict(thresholds or {})
        self._memory: dict[object, object] = {}

    def limit(self, threshold: Threshold) -> float:
        """Return the value of a threshold.

        Parameters
        ----------
        threshold : Threshold
            Its declaration.

        Returns
        -------
        float
            That of the caller, or else the declared one.
        """
        return self._thresholds.get(threshold.name, threshold.value)

    def once(self, key: object, compute: Callable[[], _Answer]) -> _Answer:
        """Return an answer that several rules need, computed at the first call.

        Parameters
        ----------
        key : object
            Its name.
        compute : callable
            Without arguments.

        Returns
        -------
        object
            What it returned the first time.
        """
        if key not in self._memory:
            self._memory[key] = compute()
        return cast("_Answer", self._memory[key])

    def lacks(self, need: str) -> bool:
        """Tell whether a need of a rule is not met.

        Parameters
        ----------
        need : str
            A layer of the reference, or ``plan.zones``, ``plan.prescriptions``, ``plan.infos``.

        Returns
        -------
        bool
            A table of the plan that is not delivered holds nothing, which can be judged; one that
            could not be read cannot. A plan without zones is no plan.
        """
        return self.once(("lacks", need), lambda: self._lacks(need))

    def _lacks(self, need: str) -> bool:
        part = need.removeprefix("plan.")
        if part == need:
            return not self.reference.has(need)
        findings = self.plan.findings
        unread = findings.loc[findings["kind"] == "unreadable", "table"].astype(str)
        if unread.str.startswith(_TABLES[part]).any():
            return True
        return part == "zones" and self.plan.zones.empty

    @property
    def communes(self) -> gpd.GeoDataFrame:
        """Communes of the plan that the reference has, in order of code, as a partition."""
        return self.once("communes", self._find_communes)

    def _find_communes(self) -> gpd.GeoDataFrame:
        every = self.reference.partition()
        mine = every["insee"].isin(self.plan.communes).to_numpy(dtype=bool)
        return every[mine].reset_index(drop=True)

    @property
    def outline(self) -> shapely.Geometry:
        """Union of the communes of the plan."""
        return self.once("outline", lambda: shapely.union_all(self.communes.geometry.to_numpy()))

    def outline_of(self, insee: str) -> shapely.Geometry:
        """Return the ground of a commune.

        Parameters
        ----------
        insee : str
            One of `communes`.

        Returns
        -------
        shapely.Geometry
            Polygons.
        """
        row = int((self.communes["insee"] == insee).to_numpy().argmax())
        found: shapely.Geometry = self.communes.geometry.iloc[row]
        return found

    def cut(self, layer: str) -> gpd.GeoDataFrame:
        """Return a layer of the reference inside the communes of the plan.

        Parameters
        ----------
        layer : str
            Its name.

        Returns
        -------
        geopandas.GeoDataFrame
            As `Reference.cut` does.
        """
        return self.once(("cut", layer), lambda: self.reference.cut(layer, self.communes))

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """Zones with the commune that holds the largest share of each, in order of name."""
        return self.once("zones", self._place_zones)

    def _place_zones(self) -> gpd.GeoDataFrame:
        zones = self.plan.zones.assign(libelle=self.plan.zones["libelle"].fillna(""))
        placed = zones.drop(columns="insee", errors="ignore").assign(
            insee=attribute_to_commune(zones, self.communes).astype(object)
        )
        return _ordered(placed)

    def zones_of(self, *classes: str) -> gpd.GeoDataFrame:
        """Return the zones of some classes.

        Parameters
        ----------
        *classes : str
            ``U``, ``AU``, ``A`` or ``N``.

        Returns
        -------
        geopandas.GeoDataFrame
            Those that lie in a commune of the plan, in order of name.
        """
        return self.once(("zones", classes), lambda: self._zones_of(classes))

    def _zones_of(self, classes: tuple[str, ...]) -> gpd.GeoDataFrame:
        zones = self.zones
        mine = zones["classe"].isin(classes) & zones["insee"].notna()
        return zones[mine.to_numpy(dtype=bool)].reset_index(drop=True)

    def items(self, family: str, *starts: str, geometry: str = "S") -> gpd.GeoDataFrame:
        """Return the prescriptions or informations of some codes.

        Parameters
        ----------
        family : {"prescriptions", "infos"}
            Which.
        *starts : str
            Codes, or how they begin: ``07-`` stands for all of type 07.
        geometry : str
            Letters of the geometries wanted: S, L, P.

        Returns
        -------
        geopandas.GeoDataFrame
            In order of name.
        """
        return self.once((family, starts, geometry), lambda: self._select(family, starts, geometry))

    def _select(self, family: str, starts: tuple[str, ...], geometry: str) -> gpd.GeoDataFrame:
        frame = self.once(("ordered", family), lambda: self._ordered_items(family))
        mine = frame["geometrie"].isin(list(geometry)).to_numpy(dtype=bool)
        coded = frame["code"].fillna("").astype(str).str.startswith(starts)
        return frame[mine & coded.to_numpy(dtype=bool)].reset_index(drop=True)

    def _ordered_items(self, family: str) -> gpd.GeoDataFrame:
        frame = getattr(self.plan, family)
        return _ordered(frame.assign(libelle=frame["libelle"].fillna("")))

    def servitudes(self, *categories: str) -> gpd.GeoDataFrame:
        """Return the areas of servitudes of some categories, grounds and what they come from.

        Parameters
        ----------
        *categories : str
            Such as ``AC1``.

        Returns
        -------
        geopandas.GeoDataFrame
            Empty where none was delivered.
        """
        sup = self.plan.sup
        if sup.empty:
            return sup
        mine = sup["categorie"].isin(categories) & (sup["geometrie"] == "S")
        return _ordered(sup[mine.to_numpy(dtype=bool)])

    def ground_of(self, *frames: gpd.GeoDataFrame) -> GeometryArray:
        """Return the single polygons of some frames, those of many vertices cut into pieces.

        Parameters
        ----------
        *frames : geopandas.GeoDataFrame
            Of the plan; points and lines are left out.

        Returns
        -------
        numpy.ndarray
            One after the other.
        """
        shapes = [frame.geometry.to_numpy() for frame in frames]
        polygons, rows = polygon_parts(np.concatenate([np.empty(0, dtype=object), *shapes]))
        return subdivide(polygons, rows)[0]

    def covering(self, *codes: str, sup: tuple[str, ...] = ()) -> GeometryArray:
        """Return the polygons of prescriptions of some codes and servitudes of some categories.

        Parameters
        ----------
        *codes : str
            As `items` takes them.
        sup : tuple of str
            Categories.

        Returns
        -------
        numpy.ndarray
            Single polygons.
        """
        return self.once(
            ("covering", codes, sup),
            lambda: self.ground_of(self.items("prescriptions", *codes), self.servitudes(*sup)),
        )


def _ordered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows in an order that does not depend on that of the delivery."""
    keys = pd.DataFrame(
        {name: frame[name].fillna("").to_numpy(dtype=object) for name in ("table", "objet")}
    )
    same = keys.duplicated(keep=False).to_numpy()
    shape = np.full(len(keys), "", dtype=object)
    shape[same] = shapely.to_wkb(frame.geometry.to_numpy()[same], hex=True)
    keys = keys.assign(shape=shape)
    order = keys.sort_values(["table", "objet", "shape"], kind="stable").index
    return frame.iloc[order].reset_index(drop=True)


def take_row(frame: gpd.GeoDataFrame, at: int | np.integer[Any]) -> dict[str, Any]:
    """Return what findings need of a row, without the cost of a row of all columns.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Of `Case.zones` or `Case.items`, with ``insee``.
    at : int
        Position.

    Returns
    -------
    dict of str to object
        By column; ``code`` or ``classe`` where the frame has it.
    """
    return {name: frame[name].iloc[int(at)] for name in _NAMING if name in frame}


def tell_row(
    row: Mapping[str, Any], measure: tuple[float, str], geometry: Any, **facts: object
) -> Found:
    """Return what was found about a zone or an item of the plan.

    Parameters
    ----------
    row : mapping of str to object
        From `take_row`.
    measure : tuple of (float, str)
        How much, and its unit.
    geometry : shapely.Geometry
        Where.
    **facts
        What the message tells beside ``zone``, its name, and ``classe``.

    Returns
    -------
    Found
        Named after the row.
    """
    known = {"zone": row["libelle"] or row["objet"], "classe": row.get("classe")}
    return Found(
        row["insee"],
        row["objet"],
        float(measure[0]),
        measure[1],
        geometry,
        known | facts,
        table=row["table"],
        libelle=row["libelle"],
    )
