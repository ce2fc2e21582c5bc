"""Buildings exposed to flooding: which ones, and how many in each commune and scenario.

The rule by which a building counts is stated in every table. Whatever number of zones, parts or
communes a building meets, it counts once in a scenario, and in one commune.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Literal, get_args

import geopandas as gpd
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.flood.counting import COUNTED_COLUMNS, OUTSIDE, USES, count_by_commune, require_columns
from tvb.flood.placing import FastPlacing, Placing, PlainPlacing
from tvb.geometry import attribute_to_commune
from tvb.geometry.arrays import BoolArray, GeometryArray, polygon_parts
from tvb.geometry.cover import span_lattice
from tvb.schema import require_crs

__all__ = [
    "DEFAULT_EXCLUDED",
    "OUTSIDE",
    "USES",
    "Exclusion",
    "ExposureRule",
    "count_exposed_buildings",
    "flag_excluded_buildings",
    "flag_exposed_buildings",
    "measure_flooded_share",
]

ExposureRule = Literal["touches", "centroid", "share"]
Exclusion = Literal["light", "annexe", "not_in_service"]
Method = Literal["fast", "plain"]

DEFAULT_EXCLUDED: tuple[Exclusion, ...] = ("light", "annexe", "not_in_service")
"""Buildings that the count leaves out unless told otherwise."""

# Shares come from coordinates of 7 000 km: one that reaches the threshold may miss it by this.
_EQUAL = 1e-9


def count_exposed_buildings(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rule: ExposureRule = "touches",
    min_share: float = 0.5,
    exclude: Collection[Exclusion] = DEFAULT_EXCLUDED,
    scenarios: Sequence[str] | None = None,
    method: Method = "fast",
) -> pd.DataFrame:
    """Return the number of exposed buildings in each commune and scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints (polygons), EPSG:2154, with the columns of the schema ``buildings``.
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
        One row for each commune and scenario, zeros kept, on the index ``insee`` (in order, then
        "hors communes" for buildings outside all of them) and ``scenario``. A building belongs to
        the commune with the largest share of it (`tvb.geometry.attribute_to_commune`). Columns:
        ``buildings``; ``footprint_m2`` (of whole buildings); ``dwellings`` where known, and
        ``dwellings_unknown``, the buildings where not; ``buildings_residentiel`` and so on for each
        of `USES`, ``buildings_autre`` for the rest; ``buildings_excluded``, exposed too but in none
        of the columns before; ``rule``.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, or a code of a commune is missing or given twice.
    ParameterError
        If the rule, the method, an exclusion or the share is not accepted.
    """
    require_columns(buildings, "buildings", *COUNTED_COLUMNS)
    exposed = flag_exposed_buildings(
        buildings, zones, rule=rule, min_share=min_share, scenarios=scenarios, method=method
    )
    # Only what is exposed somewhere needs a commune and an account.
    anywhere = exposed.any(axis=1).to_numpy()
    at_risk, exposed = buildings.loc[anywhere], exposed.loc[anywhere]
    insee = attribute_to_commune(at_risk, communes)
    table = count_by_commune(
        at_risk, exposed, insee,
        excluded=flag_excluded_buildings(at_risk, exclude=exclude).any(axis=1).to_numpy(),
        communes=communes["insee"],
    )  # fmt: skip
    return table.assign(rule=rule if rule != "share" else f"share >= {min_share:g}")


def flag_exposed_buildings(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    rule: ExposureRule = "touches",
    min_share: float = 0.5,
    scenarios: Sequence[str] | None = None,
    method: Method = "fast",
) -> pd.DataFrame:
    """Return whether each building is exposed in each scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints (polygons), EPSG:2154. Invalid ones are judged as ``make_valid`` leaves them;
        null and empty ones are not exposed.
    zones : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``scenario``; those of a scenario may overlap.
    rule : {"touches", "centroid", "share"}
        The building has at least a point in common with the union of the zones, be it on the
        border; its centroid lies in the union or on its border; at least `min_share` of its
        footprint lies in the union.
    min_share : float
        For the rule "share", above 0 and at most 1; a share counts as reaching it to 1e-9.
    scenarios : sequence of str, optional
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
        If the zones lack ``scenario``.
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
    judge = _judge(rule, min_share)
    placings = _place(buildings, zones, scenarios=scenarios, method=method)
    flags = {scenario: judge(placing) for scenario, placing in placings}
    return pd.DataFrame(flags, index=buildings.index, dtype=bool)


def measure_flooded_share(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    scenarios: Sequence[str] | None = None,
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
        If the zones lack ``scenario``.
    ParameterError
        If the method is not accepted.
    """
    placings = _place(buildings, zones, scenarios=scenarios, method=method)
    shares = {scenario: placing.share() for scenario, placing in placings}
    return pd.DataFrame(shares, index=buildings.index, dtype=float)


def flag_excluded_buildings(
    buildings: pd.DataFrame, *, exclude: Collection[Exclusion] = DEFAULT_EXCLUDED
) -> pd.DataFrame:
    """Return which buildings a count leaves out, and why.

    Parameters
    ----------
    buildings : pandas.DataFrame
        Columns of the schema ``buildings``.
    exclude : collection of {"light", "annexe", "not_in_service"}
        Light constructions (``construction_legere`` true); annexes (``usage_1`` « Annexe »);
        projects, building sites and ruins (``etat_de_l_objet`` other than « En service »). A null
        value excludes nothing.

    Returns
    -------
    pandas.DataFrame
        One boolean column for each reason asked for, on the index of the buildings. A building may
        have several: ``.sum()`` counts by reason, ``.any(axis=1).sum()`` in all.

    Raises
    ------
    LayerError
        If a column is missing.
    ParameterError
        If a reason is unknown.
    """
    unknown = [reason for reason in exclude if reason not in get_args(Exclusion)]
    if unknown:
        raise ParameterError(
            explain(
                "exclude",
                f"« {unknown[0]} » is unknown",
                required="any of " + ", ".join(get_args(Exclusion)),
            )
        )
    reasons: dict[Exclusion, tuple[str, Callable[[pd.Series[Any]], pd.Series[bool]]]] = {
        "light": ("construction_legere", lambda light: light.eq(True)),
        "annexe": ("usage_1", lambda use: use.eq("Annexe")),
        "not_in_service": ("etat_de_l_objet", lambda state: state.ne("En service") & state.notna()),
    }
    found = {}
    for reason, (column, test) in reasons.items():
        if reason in exclude:
            require_columns(buildings, "buildings", column)
            found[reason] = test(buildings[column]).fillna(value=False).astype(bool)
    return pd.DataFrame(found, index=buildings.index)


def _judge(rule: ExposureRule, min_share: float) -> Callable[[Placing], BoolArray]:
    """Return the function that applies a rule to a placing."""
    if not 0 < min_share <= 1:
        raise ParameterError(
            explain("min_share", f"{min_share} is not a share", required="above 0, at most 1")
        )
    rules: dict[str, Callable[[Placing], BoolArray]] = {
        "touches": lambda placing: placing.touched(),
        "centroid": lambda placing: placing.centroid_in(),
        "share": lambda placing: placing.share() >= min_share * (1 - _EQUAL),
    }
    if rule not in rules:
        raise ParameterError(
            explain("rule", f"« {rule} » is unknown", required="one of " + ", ".join(rules))
        )
    return rules[rule]


def _place(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    *,
    scenarios: Sequence[str] | None,
    method: Method,
) -> Iterator[tuple[str, Placing]]:
    """Return the placing of the buildings in each scenario, made when it is asked for."""
    require_crs(buildings, "buildings")
    require_crs(zones, "flood_zones")
    require_columns(zones, "flood_zones", "scenario")
    if method not in get_args(Method):
        raise ParameterError(
            explain("method", f"« {method} » is unknown", required="fast or plain")
        )
    footprints = buildings.geometry.to_numpy()
    polygons, row = polygon_parts(zones.geometry.to_numpy())
    scenario = zones["scenario"].to_numpy(dtype=object)[row]
    names = sorted(zones["scenario"].dropna().unique()) if scenarios is None else scenarios
    place = _make_placing(footprints, polygons, method)
    return ((name, place(polygons[scenario == name])) for name in names)


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
