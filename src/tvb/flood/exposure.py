"""Buildings exposed to flooding: which ones, and how many in each commune and scenario.

The rule by which a building counts is stated in every table. Whatever number of zones, parts or
communes a building meets, it counts once in a scenario, and in one commune.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.classes import ClassRule, class_order, find_classes, flag_wet_zones
from tvb.flood.counting import COUNTED_COLUMNS, count_by_commune
from tvb.flood.placing import FastPlacing, Placing, PlainPlacing
from tvb.flood.rules import (
    DEFAULT_EXCLUDED,
    CountingRule,
    Exclusion,
    ExposureRule,
    require_columns,
)
from tvb.geometry.arrays import BoolArray, GeometryArray, polygon_parts
from tvb.geometry.cover import span_lattice
from tvb.schema import require_crs, require_polygons

__all__ = [
    "Method",
    "choose_scenarios",
    "count_exposed_buildings",
    "flag_exposed_buildings",
    "measure_exposure",
    "measure_flooded_share",
    "require_method",
]

Method = Literal["fast", "plain"]


def count_exposed_buildings(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rule: ExposureRule = "touches",
    min_share: float = 0.5,
    exclude: Collection[Exclusion] = DEFAULT_EXCLUDED,
    scenarios: str | Sequence[str] | None = None,
    method: Method = "fast",
) -> pd.DataFrame:
    """Return the number of exposed buildings in each commune and scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints (polygons), EPSG:2154, with the columns of the schema ``buildings``. Rows of the
        same ``cleabs`` are one building, exposed if any of them is; the readers of files keep the
        first row alone, and report the others: see `tvb.flood.find_repeated_buildings`.
    zones : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``scenario``; those of a scenario may overlap.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.
    rule, min_share, scenarios, method
        As in `flag_exposed_buildings`.
    exclude : collection of {"light", "annexe", "not_in_service"}
        Buildings not to count: see `flag_excluded_buildings`.

    Returns
    -------
    pandas.DataFrame
        One row for each commune and scenario, zeros kept, with the columns of
        `tvb.flood.count_by_commune`. A building belongs to the commune with the largest share of
        it (`tvb.geometry.attribute_to_commune`).

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the zones are not polygons, a column is missing, a number of dwellings is not a whole
        number from 0 on, or a code of a commune is missing or given twice.
    ParameterError
        If the rule, the method, an exclusion or the share is not accepted.

    See Also
    --------
    measure_exposure : What each building meets, to be counted in several ways.
    sensitivity : How much the number depends on the rule.
    """
    counting = CountingRule(rule, min_share=min_share, exclude=tuple(exclude))
    require_crs(buildings, "buildings")
    require_columns(buildings, "buildings", *COUNTED_COLUMNS)
    exposed = flag_exposed_buildings(
        buildings, zones, rule=rule, min_share=min_share, scenarios=scenarios, method=method
    )
    return count_by_commune(buildings, exposed, communes, rule=counting)


def flag_exposed_buildings(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    rule: ExposureRule = "touches",
    min_share: float = 0.5,
    scenarios: str | Sequence[str] | None = None,
    method: Method = "fast",
) -> pd.DataFrame:
    """Return whether each building is exposed in each scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints (polygons), EPSG:2154. Invalid ones are judged as ``make_valid`` leaves them;
        null and empty ones are not exposed.
    zones : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``scenario``; those of a scenario may overlap. Those whose
        ``niveau`` is « Emerg », ground that stays dry, are left out.
    rule : {"touches", "centroid", "share"}
        The building has at least a point in common with the union of the zones, be it on the
        border; its centroid lies in the union or on its border; at least `min_share` of its
        footprint lies in the union.
    min_share : float
        For the rule "share", above 0 and at most 1; a share counts as reaching it to 1e-9.
    scenarios : str or sequence of str, optional
        Which scenarios, in which order; those without zones expose nothing. By default, those of
        the zones, in alphabetical order.
    method : {"fast", "plain"}
        How the same answer is found: with a lattice (`tvb.flood.placing`), or by asking GEOS for
        every building and zone, for comparison.

    Returns
    -------
    pandas.DataFrame
        One boolean column for each scenario, on the index of the buildings.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the zones are not polygons, or lack ``scenario``.
    ParameterError
        If the rule, the method or the share is not accepted.

    Examples
    --------
    >>> building = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=2154)
    >>> zone = gpd.GeoDataFrame(
    ...     {"scenario": ["02Moy"]}, geometry=[shapely.box(7, 0, 90, 90)], crs=2154
    ... )
    >>> bool(flag_exposed_buildings(building, zone).loc[0, "02Moy"])
    True
    >>> bool(flag_exposed_buildings(building, zone, rule="centroid").loc[0, "02Moy"])
    False
    """
    counting = CountingRule(rule, min_share=min_share)
    placings = _place(buildings, zones, scenarios=scenarios, method=method)
    flags = {scenario: counting.judge(placing) for scenario, placing in placings}
    return pd.DataFrame(flags, index=buildings.index, dtype=bool)


def measure_flooded_share(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    scenarios: str | Sequence[str] | None = None,
    method: Method = "fast",
) -> pd.DataFrame:
    """Return the share of each footprint that is flooded in each scenario.

    Parameters
    ----------
    buildings, zones, scenarios, method
        As in `flag_exposed_buildings`.

    Returns
    -------
    pandas.DataFrame
        From 0 to 1, one column for each scenario, on the index of the buildings. Ground in
        several zones counts once. Null, empty and collapsed footprints have 0.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the zones are not polygons, or lack ``scenario``.
    ParameterError
        If the method is not accepted.
    """
    placings = _place(buildings, zones, scenarios=scenarios, method=method)
    shares = {scenario: placing.share() for scenario, placing in placings}
    return pd.DataFrame(shares, index=buildings.index, dtype=float)


def measure_exposure(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    scenarios: str | Sequence[str] | None = None,
    classes: str | gpd.GeoDataFrame | None = None,
    order: Sequence[Any] | None = None,
    class_rule: ClassRule = "worst",
    protected: gpd.GeoDataFrame | None = None,
    method: Method = "fast",
) -> pd.DataFrame:
    """Return all that each building meets in each scenario, each zone laid out once.

    Parameters
    ----------
    buildings, zones, scenarios, method
        As in `flag_exposed_buildings`.
    classes : str or geopandas.GeoDataFrame, optional
        Column of the zones with the class of hazard, such as ``niveau`` or ``ht_min_m``; or
        polygons of their own with ``scenario`` and ``classe``, as `tvb.flood.classified_zones`
        returns them. Zones of the class « Emerg » are dry.
    order : sequence, optional
        The classes from the mildest to the worst; see `tvb.flood.classes.class_order` for the
        default.
    class_rule : {"worst", "largest_share"}
        Which class a building has that meets several: see `tvb.flood.classes.find_classes`.
    protected : geopandas.GeoDataFrame, optional
        Polygons, EPSG:2154, of the ground that works protect; with ``scenario`` if that depends on
        the scenario, null where it does not. A building is protected when its centroid lies there.

    Returns
    -------
    pandas.DataFrame
        On the index of the buildings; columns of two levels, ``measure`` and ``scenario``:
        ``touched`` and ``centroid_in`` (bool), ``share`` (0 to 1), with `classes` also
        ``hazard_class`` (ordered category, null where no zone with a class is met), with
        `protected` also ``protected`` (bool; of exposed buildings only). ``table["share"]`` has
        one column for each scenario.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If zones are not polygons, a column is missing or a class is not in the order.
    ParameterError
        If the method, the rule or the order is not accepted.

    See Also
    --------
    tvb.flood.count_by_commune : Adds the table up.
    """
    scenarios = choose_scenarios(zones, scenarios)
    column, classified = (classes, zones) if isinstance(classes, str) else ("classe", classes)
    names = None if classified is None else class_order(classified, column, order)
    zones = zones[flag_wet_zones(zones, column)]
    placed = _place(buildings, zones, scenarios=scenarios, method=method)
    columns: dict[tuple[str, str], Any] = {}
    met: dict[str, BoolArray] = {}
    for scenario, placing in placed:
        touched, centroid_in = placing.touched(), placing.centroid_in()
        columns |= {("touched", scenario): touched, ("centroid_in", scenario): centroid_in}
        columns["share", scenario] = placing.share()
        # The centroid of a building around a pond lies in a zone that the building does not touch.
        met[scenario] = touched | centroid_in
    footprints = buildings.geometry.to_numpy()
    if classified is not None and names is not None:
        columns |= _hazard_classes(
            footprints, classified, met, column=column, order=names, rule=class_rule, method=method
        )
    if protected is not None:
        columns |= _protected(footprints, protected, met, method=method)
    measures = pd.MultiIndex.from_tuples(list(columns), names=["measure", "scenario"])
    table = pd.DataFrame(dict(enumerate(columns.values())), index=buildings.index)
    return table.set_axis(measures, axis="columns") if columns else table.reindex(columns=measures)


def _hazard_classes(
    footprints: GeometryArray,
    zones: gpd.GeoDataFrame,
    met: dict[str, BoolArray],
    *,
    column: str,
    order: Sequence[Any],
    rule: ClassRule,
    method: Method,
) -> dict[tuple[str, str], pd.Categorical[Any]]:
    """Return the class of each building in each scenario; only those exposed are looked at."""
    require_polygons(zones, "classes")
    require_columns(zones, "classes", "scenario")
    zones = zones[flag_wet_zones(zones, column)]
    polygons, row = polygon_parts(zones.geometry.to_numpy())
    label, scenario = zones[column].take(row), zones["scenario"].to_numpy(dtype=object)[row]
    found = {}
    for name, exposed in met.items():
        here = scenario == name
        codes = np.full(len(footprints), -1, dtype=np.int64)
        if exposed.any() and order:
            place = _make_placing(footprints[exposed], polygons[here], method)
            codes[exposed] = find_classes(
                label[here], polygons[here], place, order=order, rule=rule
            )
        found["hazard_class", name] = pd.Categorical.from_codes(
            codes, pd.Index(order), ordered=True
        )
    return found


def _protected(
    footprints: GeometryArray,
    protected: gpd.GeoDataFrame,
    met: dict[str, BoolArray],
    *,
    method: Method,
) -> dict[tuple[str, str], BoolArray]:
    """Return which of the exposed buildings have their centroid on protected ground."""
    require_polygons(protected, "protected")
    polygons, row = polygon_parts(protected.geometry.to_numpy())
    of_all = pd.Series(None, index=protected.index, dtype="object")
    scenario = protected.get("scenario", of_all).take(row)
    found = {}
    for name, exposed in met.items():
        here = polygons[(scenario.isna() | scenario.eq(name)).to_numpy(dtype=bool)]
        inside = np.zeros(len(footprints), dtype=bool)
        if exposed.any():
            inside[exposed] = _make_placing(footprints[exposed], here, method)(here).centroid_in()
        found["protected", name] = inside
    return found


def _place(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    scenarios: str | Sequence[str] | None,
    method: Method,
) -> Iterator[tuple[str, Placing]]:
    """Return the placing of the buildings in each scenario, made when it is asked for."""
    require_crs(buildings, "buildings")
    names = choose_scenarios(zones, scenarios)
    require_method(method)
    flooded = zones[flag_wet_zones(zones)]
    polygons, row = polygon_parts(flooded.geometry.to_numpy())
    scenario = flooded["scenario"].to_numpy(dtype=object)[row]
    place = _make_placing(buildings.geometry.to_numpy(), polygons, method)
    return ((name, place(polygons[scenario == name])) for name in names)


def require_method(method: str) -> None:
    """Raise unless a method is one of `Method`.

    Parameters
    ----------
    method : str
        Name of the method.

    Raises
    ------
    ParameterError
        If it is unknown; the names accepted are said.
    """
    if method not in get_args(Method):
        raise ParameterError(
            explain("method", f"« {method} » is unknown", required="fast or plain")
        )


def choose_scenarios(
    zones: gpd.GeoDataFrame, scenarios: str | Sequence[str] | None
) -> Sequence[str]:
    """Return the scenarios asked for, or all those of the zones, which are checked.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        With ``scenario``; zones of a null one count in none.
    scenarios : str or sequence of str or None
        Those asked for.

    Returns
    -------
    sequence of str
        As given, or sorted.

    Raises
    ------
    CrsError
        If the zones are not in EPSG:2154.
    LayerError
        If the zones are not polygons, have no column ``scenario``, or names of several types in it.
    """
    require_polygons(zones, "flood_zones")
    require_columns(zones, "flood_zones", "scenario")
    if scenarios is not None:
        return [scenarios] if isinstance(scenarios, str) else scenarios
    try:
        return sorted(zones["scenario"].dropna().unique())
    except TypeError:
        raise LayerError(
            explain(
                "flood_zones", "« scenario » holds values of several types",
                required="the name of a scenario for each zone",
                remedy="zones.astype({'scenario': 'str'})",
            )
        ) from None  # fmt: skip


def _make_placing(
    footprints: GeometryArray, polygons: GeometryArray, method: Method
) -> Callable[[GeometryArray], Placing]:
    """Return the function that places the footprints in some of the polygons."""
    if method == "plain":
        return lambda zones: PlainPlacing(footprints, zones)
    bounds = shapely.bounds(footprints)
    lattice = span_lattice(bounds, shapely.bounds(polygons), len(footprints))
    windows = lattice.windows(bounds)
    absent = shapely.is_missing(footprints) | shapely.is_empty(footprints)
    return lambda zones: FastPlacing(
        footprints, zones, lattice=lattice, windows=windows, absent=absent
    )
