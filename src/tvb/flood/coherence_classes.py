"""Whether the classes of depth of a flood hazard hold together, and with their zones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.flood.cuts import Cut, cut_areas, find_overlaps, ground_outside
from tvb.flood.defects import Limits, Place, Row, join_names, make_row, make_rows, plain_text
from tvb.geometry.arrays import FloatArray, GeometryArray, IntArray, polygon_parts

__all__ = ["check_bounds", "check_classes"]


def check_bounds(classes: gpd.GeoDataFrame) -> Iterator[Row]:
    """Yield the classes whose depths are upside down or not known.

    Parameters
    ----------
    classes : geopandas.GeoDataFrame
        Layer ``depth_classes``.

    Yields
    ------
    dict
        Rows for `tvb.flood.defects.build_defects`.
    """
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
            place = Place("HAZ-09", plain_text(bad["scenario"]), zone=plain_text(bad["id_zone"]))
            bounds = f"class from {low.iloc[at]:g} to {high.iloc[at]:g} m"
            yield make_row(place, np.array([bad["geometry"]]), f"{bounds}: {problem}")


def check_classes(
    zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame, limits: Limits
) -> Iterator[Row]:
    """Yield what keeps the classes of depth from being a partition of their zone.

    Parameters
    ----------
    zones, classes : geopandas.GeoDataFrame
        Layers ``flood_zones`` and ``depth_classes``, every row with a scenario.
    limits : Limits
        What is rounding, and what is a sliver.

    Yields
    ------
    dict
        Rows for `tvb.flood.defects.build_defects`.
    """
    if zones.empty or classes.empty:
        return
    group_of_zone, group_of_class, names = _groups(zones, classes)
    orphan = group_of_class < 0
    for identifier, rows in classes[orphan].groupby("id_s_inond"):
        yield make_row(
            Place("HAZ-10", plain_text(rows["scenario"].iloc[0]), zone=str(identifier)),
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
                place=Place("", scenario, zone=zone),
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
    keys = list(zip(zones["scenario"], [plain_text(z) for z in zone], strict=True))
    names = sorted(set(keys), key=lambda key: (key[0], key[1] or ""))
    number = {key: at for at, key in enumerate(names)}
    elsewhere = {key[1]: number[key] for key in reversed(names) if key[1] is not None}
    group_of_class = [
        number.get((scenario, identifier), elsewhere.get(identifier, -1))
        for scenario, identifier in zip(
            classes["scenario"], [plain_text(i) for i in classes["id_s_inond"]], strict=True
        )
    ]
    group_of_zone = [number[key] for key in keys]
    return np.array(group_of_zone), np.array(group_of_class, dtype=np.int64), names


def _check_scenario_of_classes(
    classes: gpd.GeoDataFrame, group: IntArray, names: list[tuple[str, str | None]]
) -> Iterator[Row]:
    expected = pd.Series([names[g][0] if g >= 0 else None for g in group], index=classes.index)
    wrong = classes[expected.notna() & (expected != classes["scenario"])]
    table = wrong.assign(expected=expected[wrong.index])
    for (scenario, other, zone), rows in table.groupby(["scenario", "expected", "id_s_inond"]):
        yield make_row(
            Place("HAZ-07", str(scenario), str(other), str(zone)),
            rows.geometry.to_numpy(),
            f"classes of {scenario} name zone « {zone} », which is of {other}: "
            "correct the scenario or ID_S_INOND",
        )


def _check_partition(
    zones: GeometryArray, classes: _Classes, *, place: Place, limits: Limits
) -> Iterator[Row]:
    name = f"zone « {place.zone} »" if place.zone else f"zones of {place.scenario}"
    mine, cut = polygon_parts(zones)[0], cut_areas(classes.geometry)
    for rule, ground, words in (
        ("HAZ-03", _gap(mine, cut),
         f"{name}: {{}} in no class of depth; give this ground a class (Emerg if it stays dry)"),
        ("HAZ-04", ground_outside(cut.polygons, mine),
         f"{name}: classes of depth leave it on {{}}; cut them, or widen the zone"),
    ):  # fmt: skip
        yield from make_rows(replace(place, rule=rule), ground, words, limits=limits)
    for one, two, shared in find_overlaps(cut):
        ids = join_names(pd.Series(classes.identifier[[one, two]])) or "two of them"
        words = f"{name}: classes of depth ({ids}) share {{}}; keep one of them there"
        here = replace(place, rule="HAZ-02")
        yield from make_rows(here, np.array([shared]), words, limits=limits)
    yield from _check_ranges(classes, place, name)


def _gap(zones: GeometryArray, classes: Cut) -> GeometryArray:
    """Return the ground of zones in no class; none, at no cost, where outlines are the same."""
    whole = zones[0] if len(zones) == 1 else shapely.union_all(zones)
    covered = classes.union()
    if shapely.equals_exact(*shapely.normalize([whole, covered])):
        return np.empty(0, dtype=object)
    return np.array([shapely.difference(whole, covered)], dtype=object)


def _check_ranges(classes: _Classes, place: Place, name: str) -> Iterator[Row]:
    """Yield a row when the classes of a zone leave out depths, or say the same depth twice."""
    known = ~np.isnan(classes.low_m)
    high = np.where(np.isnan(classes.high_m), np.inf, classes.high_m)
    steps = np.unique(np.column_stack([classes.low_m, high])[known], axis=0)
    if len(steps) and (steps[0, 0] != 0 or (steps[1:, 0] != steps[:-1, 1]).any()):
        shown = ", ".join(f"{low:g}-{high:g}" for low, high in steps)
        yield make_row(
            replace(place, rule="HAZ-11"),
            classes.geometry,
            f"{name}: depths {shown} m do not follow one another from 0; add or correct classes",
        )
