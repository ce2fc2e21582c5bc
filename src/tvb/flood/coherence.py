"""Whether a flood hazard holds together: each defect with its ground, its area and what to do.

Rules are those of the COVADIS standard and of its validator, tested on unions: a zone of a frequent
scenario may lie inside several zones of the rare one and inside none of them alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.flood.hazard import Hazard, nested_scenarios
from tvb.geometry.arrays import FloatArray, GeometryArray, IntArray, polygon_parts
from tvb.schema import CRS
from tvb.schema.hazard import DEPTH_CLASSES, DRY, FLOOD_TYPES, SCENARIO_OF_OCCURRENCE

__all__ = ["COHERENCE_RULES", "check_hazard"]

COHERENCE_RULES = {
    "HAZ-01": "A frequent scenario lies inside the rarer one of its chain",
    "HAZ-02": "Classes of depth of a zone do not overlap",
    "HAZ-03": "Classes of depth of a zone cover it",
    "HAZ-04": "Classes of depth stay inside their zone",
    "HAZ-05": "Zones of one scenario and one kind of flood do not overlap",
    "HAZ-06": "A scenario is in both layers, zones and classes of depth",
    "HAZ-07": "A class of depth has the scenario of its zone",
    "HAZ-08": "Codes are those of the standards",
    "HAZ-09": "The bounds of a class of depth are known, and the lower is below the upper",
    "HAZ-10": "A class of depth names a zone that exists",
    "HAZ-11": "The depths of a zone follow one another from 0",
}
"""What is checked, by the identifier that defects bear."""

Kind = Literal["defect", "slivers"]
_Row: TypeAlias = dict[str, Any]

_COLUMNS = (
    "rule", "kind", "scenario", "other_scenario", "id_zone", "count", "area_m2", "message",
)  # fmt: skip
_SHOWN_IDS = 3


@dataclass(frozen=True, slots=True)
class _Limits:
    """Below which width ground is rounding, and below which area it is a sliver."""

    tolerance_m: float
    sliver_m2: float


@dataclass(frozen=True, slots=True)
class _Place:
    """What a defect is about."""

    rule: str
    scenario: str | None
    other: str | None = None
    zone: str | None = None


def check_hazard(
    hazard: Hazard, *, tolerance_m: float = 1e-7, sliver_m2: float = 1.0
) -> gpd.GeoDataFrame:
    """Return the defects of a hazard, with the ground of each.

    Parameters
    ----------
    hazard : Hazard
        Zones and classes of depth; either may be empty.
    tolerance_m : float
        Ground of a mean width (twice the area by the perimeter) up to this is rounding of
        coordinates, no defect: 1e-7 m in the validator of the standard.
    sliver_m2 : float
        Parts of a defect smaller than this are not listed one by one: a row of kind "slivers"
        gives their number, their ground and their area together.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in EPSG:2154, a row for each defect, none when all is well. ``rule``: see
        `COHERENCE_RULES`. ``kind``: "defect" or "slivers". ``scenario``, ``other_scenario``:
        those at odds. ``id_zone``: the zone or zones. ``count``: polygons or parts. ``area_m2``:
        of the ground shown; overlaps of three zones count once for each pair. ``message``: what
        is wrong and what to do. In order of rule, scenario and zone, the largest first.

    Raises
    ------
    ParameterError
        If a limit is negative.

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(
    ...     {"scenario": ["01For", "02Moy"]}, crs=2154,
    ...     geometry=[shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 8)],
    ... )  # fmt: skip
    >>> check_hazard(Hazard.from_layers({"flood_zones": zone}))[["rule", "area_m2"]].values.tolist()
    [['HAZ-01', 20.0]]
    """
    if tolerance_m < 0 or sliver_m2 < 0:
        raise ParameterError(
            explain("check_hazard", "a limit is negative", required="metres from 0, m² from 0")
        )
    limits = _Limits(tolerance_m, sliver_m2)
    zones, classes = hazard.zones, hazard.depth_classes
    rows = [
        *_check_codes(zones, classes),
        *_check_bounds(classes),
        *_check_layers(zones, classes),
    ]
    for scenario, other in nested_scenarios(set(zones["scenario"])):
        rows += _check_inclusion(zones, scenario, other, limits=limits)
    rows += _check_overlaps(zones, limits)
    rows += _check_classes(zones, classes, limits)
    return _as_frame(rows)


def _as_frame(rows: Sequence[_Row]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(list(rows), columns=[*_COLUMNS, "geometry"])
    geometry = shapely.normalize(table.pop("geometry").to_numpy(dtype=object))
    bounds = shapely.bounds(geometry)
    for name in ("rule", "kind", "scenario", "other_scenario", "id_zone", "message"):
        table[name] = table[name].astype("str")
    table = table.astype({"count": "int64", "area_m2": "float64"})
    frame = gpd.GeoDataFrame(table, geometry=geometry, crs=CRS)
    keys = frame.assign(large=-frame["area_m2"], x=bounds[:, 0], y=bounds[:, 1]).sort_values(
        ["rule", "scenario", "other_scenario", "id_zone", "kind", "large", "x", "y", "message"],
        kind="stable",
    )
    return frame.loc[keys.index].reset_index(drop=True)


def _row(place: _Place, parts: GeometryArray, message: str, *, kind: Kind = "defect") -> _Row:
    """Return one defect; its area counts shared ground once."""
    polygons, _ = polygon_parts(parts)
    ground = polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)
    text = f"{place.rule} {message}"
    values = (place.rule, kind, place.scenario, place.other, place.zone, len(parts), ground.area)
    return dict(zip(_COLUMNS, (*values, text), strict=True)) | {"geometry": ground}


def _rows(place: _Place, ground: GeometryArray, message: str, *, limits: _Limits) -> Iterator[_Row]:
    """Yield a row for each part of some ground, then one for all slivers."""
    parts, _ = polygon_parts(ground)
    area, perimeter = shapely.area(parts), shapely.length(parts)
    real = 2 * area > limits.tolerance_m * perimeter
    parts, area = parts[real], area[real]
    for part, size in zip(parts, area, strict=True):
        if size >= limits.sliver_m2:
            yield _row(place, np.array([part]), message.format(_square_metres(size)))
    slivers = parts[area < limits.sliver_m2]
    if len(slivers):
        size = f"{len(slivers)} slivers, each under {limits.sliver_m2:g} m²"
        yield _row(place, slivers, message.format(size), kind="slivers")


def _square_metres(area: float) -> str:
    return f"{area:,.1f} m²".replace(",", " ")


def _names(ids: pd.Series[Any]) -> str | None:
    """Return the first identifiers, in order, as one text."""
    known = sorted(ids.dropna().astype("str").unique())
    more = ", …" if len(known) > _SHOWN_IDS else ""
    return ", ".join(known[:_SHOWN_IDS]) + more if known else None


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _check_codes(zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame) -> Iterator[_Row]:
    """Yield codes that no standard knows, a row for each code."""
    scenarios = tuple(SCENARIO_OF_OCCURRENCE.values())
    asked = [
        ("flood_zones", zones, "scenario", scenarios),
        ("flood_zones", zones, "typ_inond", FLOOD_TYPES),
        ("depth_classes", classes, "scenario", scenarios),
        ("depth_classes", classes, "typ_inond", FLOOD_TYPES),
        ("depth_classes", classes, "classe", (*DEPTH_CLASSES, DRY)),
    ]
    for layer, frame, column, accepted in asked:
        wrong = frame[frame[column].notna() & ~frame[column].isin(accepted)]
        for code, rows in wrong.groupby(column):
            place = _Place("HAZ-08", _text(rows["scenario"].iloc[0]), zone=_names(rows["id_zone"]))
            yield _row(
                place,
                rows.geometry.to_numpy(),
                f"{layer}: « {code} » is no code of « {column} »; replace it by one of "
                f"{', '.join(accepted)}, or read the file with tvb.io.read_hazard",
            )


def _check_bounds(classes: gpd.GeoDataFrame) -> Iterator[_Row]:
    """Yield the classes whose depths are upside down or not known."""
    low, high = pd.to_numeric(classes["ht_min_m"]), pd.to_numeric(classes["ht_max_m"])
    named = classes["classe"].notna()
    problems = {
        "the lower bound is not below the upper: exchange or correct them": low >= high,
        "a depth is negative: depths count from the ground up": (low < 0) | (high < 0),
        "no lower bound and no class: fill ht_min or the class": low.isna() & ~named,
    }
    for problem, wrong in problems.items():
        for at in np.flatnonzero(wrong.to_numpy()):
            bad = classes.iloc[at]
            place = _Place("HAZ-09", _text(bad["scenario"]), zone=_text(bad["id_zone"]))
            bounds = f"class from {low.iloc[at]:g} to {high.iloc[at]:g} m"
            yield _row(place, np.array([bad["geometry"]]), f"{bounds}: {problem}")


def _check_layers(zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame) -> Iterator[_Row]:
    """Yield scenarios that are in one layer only; a layer that is empty is no defect."""
    if zones.empty or classes.empty:
        return
    for mine, others, words in (
        (zones, classes, "has flood zones but no class of depth: ask for the table of depths"),
        (classes, zones, "has classes of depth but no flood zone: ask for the table of zones"),
    ):
        alone = mine[~mine["scenario"].isin(others["scenario"])]
        for scenario, rows in alone.groupby("scenario"):
            yield _row(_Place("HAZ-06", str(scenario)), rows.geometry.to_numpy(),
                       f"{scenario} {words}")  # fmt: skip


def _check_inclusion(
    zones: gpd.GeoDataFrame, scenario: str, other: str, *, limits: _Limits
) -> Iterator[_Row]:
    inner, _ = polygon_parts(zones.geometry[zones["scenario"] == scenario].to_numpy())
    outer, _ = polygon_parts(zones.geometry[zones["scenario"] == other].to_numpy())
    yield from _rows(
        _Place("HAZ-01", scenario, other),
        _outside(inner, outer),
        f"{scenario} leaves {other} on {{}}: what floods more often must flood in the rarer "
        f"scenario too; widen {other} there, or cut {scenario}",
        limits=limits,
    )


def _outside(inner: GeometryArray, outer: GeometryArray) -> GeometryArray:
    """Return the ground of some polygons that is outside the union of others.

    Polygons that one of the others covers need no operation; the rest meets only those near it.
    """
    tree = shapely.STRtree(inner)
    shapely.prepare(outer)
    _, covered = tree.query(outer, predicate="covers")
    rest = np.delete(inner, np.unique(covered))
    if len(rest) == 0:
        return rest
    _, near = shapely.STRtree(outer).query(rest, predicate="intersects")
    return np.array([_difference(rest, outer[np.unique(near)])], dtype=object)


def _difference(one: GeometryArray, other: GeometryArray) -> shapely.Geometry:
    return shapely.difference(shapely.union_all(one), shapely.union_all(other))


def _check_overlaps(zones: gpd.GeoDataFrame, limits: _Limits) -> Iterator[_Row]:
    for (scenario, _), rows in zones.groupby(["scenario", "typ_inond"], dropna=False):
        cut = _cut(rows.geometry.to_numpy())
        for one, two, shared in _overlaps(cut):
            yield from _rows(
                _Place("HAZ-05", _text(scenario), zone=_names(rows["id_zone"].iloc[[one, two]])),
                np.array([shared]),
                f"two zones of {scenario} share {{}}: join them, or cut one of them",
                limits=limits,
            )


@dataclass(frozen=True, slots=True)
class _Cut:
    """Areas cut in single polygons.

    Parameters
    ----------
    polygons : numpy.ndarray
        Valid polygons.
    owner : numpy.ndarray
        Position of the area that each is a part of.
    odd : numpy.ndarray
        Polygons with an edge that crosses or enters another one, or that neighbours do not share
        vertex by vertex. Without any, the areas touch at most, and their union is quick.
    """

    polygons: GeometryArray
    owner: IntArray
    odd: IntArray

    def union(self) -> shapely.Geometry:
        """Return the ground of all areas."""
        if len(self.odd):
            return shapely.union_all(self.polygons)
        return shapely.coverage_union_all(self.polygons)


def _cut(areas: GeometryArray) -> _Cut:
    polygons, owner = polygon_parts(areas)
    odd = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(polygons)))
    return _Cut(polygons, owner, odd)


def _overlaps(cut: _Cut) -> Iterator[tuple[int, int, shapely.Geometry]]:
    """Yield the ground shared by areas: the position of both, then its polygons."""
    polygons, owner = cut.polygons, cut.owner
    # A polygon inside another has edges at odds with it, while the other has none.
    at, other = shapely.STRtree(polygons).query(polygons[cut.odd], predicate="intersects")
    pairs = np.sort(np.column_stack([cut.odd[at], other]), axis=1)
    first, second = np.unique(pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]], axis=0).T
    shared = shapely.intersection(polygons[first], polygons[second])
    solid = shapely.area(shared) > 0
    areas = np.sort(np.column_stack([owner[first], owner[second]])[solid], axis=1)
    pairs, group = np.unique(areas, axis=0, return_inverse=True)
    for at, (one, two) in enumerate(pairs):
        yield int(one), int(two), shapely.union_all(shared[solid][group == at])


def _check_classes(
    zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame, limits: _Limits
) -> Iterator[_Row]:
    """Yield what keeps the classes of depth from being a partition of their zone."""
    if zones.empty or classes.empty:
        return
    group_of_zone, group_of_class, names = _groups(zones, classes)
    orphan = group_of_class < 0
    for identifier, rows in classes[orphan].groupby("id_s_inond"):
        yield _row(
            _Place("HAZ-10", _text(rows["scenario"].iloc[0]), zone=str(identifier)),
            rows.geometry.to_numpy(),
            f"no flood zone is named « {identifier} »: correct ID_S_INOND, or deliver the zone",
        )
    yield from _check_scenario_of_classes(classes, group_of_class, names)
    geometry, every = zones.geometry.to_numpy(), _Classes.of(classes)
    zones_of, classes_of = (_members(of, len(names)) for of in (group_of_zone, group_of_class))
    delivered = set(classes["scenario"])
    for (scenario, zone), own, cut in zip(names, zones_of, classes_of, strict=True):
        if scenario in delivered:
            yield from _check_partition(
                geometry[own],
                every.take(cut),
                place=_Place("", scenario, zone=zone),
                limits=limits,
            )


def _members(group: IntArray, groups: int) -> list[IntArray]:
    """Return the positions in each group; those of group -1 are left out."""
    order = np.argsort(group, kind="stable")
    return np.split(order, np.searchsorted(group[order], np.arange(groups)))[1:]


@dataclass(frozen=True, slots=True)
class _Classes:
    """Classes of depth as arrays, quick to take some of."""

    geometry: GeometryArray
    identifier: GeometryArray
    low_m: FloatArray
    high_m: FloatArray

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> _Classes:
        """Return the classes of a frame."""
        low, high = (pd.to_numeric(frame[name]).to_numpy() for name in ("ht_min_m", "ht_max_m"))
        identifier = frame["id_zone"].to_numpy(dtype=object)
        return cls(frame.geometry.to_numpy(), identifier, low, high)

    def take(self, rows: IntArray) -> _Classes:
        """Return some of the classes."""
        return _Classes(
            self.geometry[rows], self.identifier[rows], self.low_m[rows], self.high_m[rows]
        )


def _groups(
    zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame
) -> tuple[IntArray, IntArray, list[tuple[str, str | None]]]:
    """Return the group of each zone, that of each class (-1 for none), and the names of groups.

    A class belongs to the zone that it names, in its scenario or else in another. Classes that name
    none belong to all the zones of their scenario that no class names.
    """
    named = classes.dropna(subset=["id_s_inond"])
    is_named = zones["id_zone"].isin(named["id_s_inond"]).to_numpy()
    zone = zones["id_zone"].where(is_named, None).astype(object)
    keys = list(zip(zones["scenario"], [_text(z) for z in zone], strict=True))
    names = sorted(set(keys), key=lambda key: (key[0], key[1] or ""))
    number = {key: at for at, key in enumerate(names)}
    elsewhere = {key[1]: number[key] for key in reversed(names) if key[1] is not None}
    group_of_class = [
        number.get((scenario, identifier), elsewhere.get(identifier, -1))
        for scenario, identifier in zip(
            classes["scenario"], [_text(i) for i in classes["id_s_inond"]], strict=True
        )
    ]
    group_of_zone = [number[key] for key in keys]
    return np.array(group_of_zone), np.array(group_of_class, dtype=np.int64), names


def _check_scenario_of_classes(
    classes: gpd.GeoDataFrame, group: IntArray, names: list[tuple[str, str | None]]
) -> Iterator[_Row]:
    expected = pd.Series([names[g][0] if g >= 0 else None for g in group], index=classes.index)
    wrong = classes[expected.notna() & (expected != classes["scenario"])]
    table = wrong.assign(expected=expected[wrong.index])
    for (scenario, other, zone), rows in table.groupby(["scenario", "expected", "id_s_inond"]):
        yield _row(
            _Place("HAZ-07", str(scenario), str(other), str(zone)),
            rows.geometry.to_numpy(),
            f"classes of {scenario} name zone « {zone} », which is of {other}: "
            "correct the scenario or ID_S_INOND",
        )


def _check_partition(
    zones: GeometryArray, classes: _Classes, *, place: _Place, limits: _Limits
) -> Iterator[_Row]:
    name = f"zone « {place.zone} »" if place.zone else f"zones of {place.scenario}"
    mine, cut = polygon_parts(zones)[0], _cut(classes.geometry)
    for rule, ground, words in (
        ("HAZ-03", _gap(mine, cut),
         f"{name}: {{}} in no class of depth; give this ground a class (Emerg if it stays dry)"),
        ("HAZ-04", _outside(cut.polygons, mine),
         f"{name}: classes of depth leave it on {{}}; cut them, or widen the zone"),
    ):  # fmt: skip
        yield from _rows(_at(place, rule), ground, words, limits=limits)
    for one, two, shared in _overlaps(cut):
        ids = _names(pd.Series(classes.identifier[[one, two]])) or "two of them"
        words = f"{name}: classes of depth ({ids}) share {{}}; keep one of them there"
        yield from _rows(_at(place, "HAZ-02"), np.array([shared]), words, limits=limits)
    yield from _check_ranges(classes, place, name)


def _gap(zones: GeometryArray, classes: _Cut) -> GeometryArray:
    """Return the ground of zones in no class; none, at no cost, where outlines are the same."""
    whole = zones[0] if len(zones) == 1 else shapely.union_all(zones)
    covered = classes.union()
    if shapely.equals_exact(*shapely.normalize([whole, covered])):
        return np.empty(0, dtype=object)
    return np.array([shapely.difference(whole, covered)], dtype=object)


def _at(place: _Place, rule: str) -> _Place:
    return _Place(rule, place.scenario, place.other, place.zone)


def _check_ranges(classes: _Classes, place: _Place, name: str) -> Iterator[_Row]:
    """Yield a row when the classes of a zone leave out depths, or say the same depth twice."""
    known = ~np.isnan(classes.low_m)
    high = np.where(np.isnan(classes.high_m), np.inf, classes.high_m)
    steps = np.unique(np.column_stack([classes.low_m, high])[known], axis=0)
    if len(steps) and (steps[0, 0] != 0 or (steps[1:, 0] != steps[:-1, 1]).any()):
        shown = ", ".join(f"{low:g}-{high:g}" for low, high in steps)
        yield _row(
            _at(place, "HAZ-11"),
            classes.geometry,
            f"{name}: depths {shown} m do not follow one another from 0; add or correct classes",
        )
