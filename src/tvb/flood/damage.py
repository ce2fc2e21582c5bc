"""Damage to buildings from the depth of water, by curves that the user gives.

No figure of damage stands here: a curve tells, for a use of buildings, which share of their value
is lost at some depths, as a least, a mean and a largest share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import read_numbers, require_columns, require_index
from tvb.flood.groups import check_attribution, locate_in_communes
from tvb.flood.repeated import number_buildings
from tvb.flood.rules import (
    DEFAULT_RULE,
    CountingRule,
    flag_excluded_buildings,
    measure_of,
)
from tvb.geometry.arrays import BoolArray, FloatArray, IntArray, make_valid
from tvb.schema import require_crs, require_type

__all__ = [
    "STATUSES",
    "BuildingDamage",
    "Interpolation",
    "count_damage_by_commune",
    "measure_damage",
]

Interpolation = Literal["linear", "step"]

BOUNDS = ("min", "mean", "max")
"""The three answers to how large a damage is."""

STATUSES = ("damaged", "dry", "no_curve", "depth_unknown")
"""How the damage of a building was found; see `measure_damage`."""

_SHARES = [f"share_{bound}" for bound in BOUNDS]
_COSTS = [f"cost_{bound}" for bound in BOUNDS]
_VALUE = "value_per_m2"
_NO_USE = "(null)"
# Money is added in whole cents: the sum is then the same in any order of the rows.
_CENTS = 100


@dataclass(frozen=True)
class BuildingDamage:
    """Damage to each building in some scenarios, and what could not be assessed.

    Parameters
    ----------
    table : pandas.DataFrame
        On the index of the buildings, columns of two levels, ``measure`` and ``scenario``: see
        `measure_damage`.
    account : pandas.DataFrame
        One row for each scenario: see `measure_damage`.
    uses_without_curve : pandas.DataFrame
        Number of wet buildings for each use that has no curve (rows) and scenario (columns).
    interpolation : {"linear", "step"}
        How a share was found between two depths of a curve.
    """

    table: pd.DataFrame
    account: pd.DataFrame
    uses_without_curve: pd.DataFrame
    interpolation: Interpolation

    def __repr__(self) -> str:
        return (
            f"<BuildingDamage: {len(self.table)} buildings, scenarios "
            f"{', '.join(map(str, self.account.index))}>"
        )

    def _repr_html_(self) -> str:
        then = (".table", ".account", "tvb.flood.count_damage_by_commune(damage, …)")
        return frame_table(self, self.account, then=then)


def measure_damage(
    buildings: gpd.GeoDataFrame,
    depth_m: pd.DataFrame,
    curves: pd.DataFrame,
    *,
    use: str = "usage_1",
    area_m2: str | None = None,
    interpolation: Interpolation = "linear",
) -> BuildingDamage:
    """Return the share of each building that is lost in each scenario, and what it costs.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154, with the column of their use.
    depth_m : pandas.DataFrame
        On the same index, depth of water in metres, a column for each scenario; null where it is
        not known. For instance ``depths.table["depth_door_m"]`` of `tvb.flood.measure_depth`.
    curves : pandas.DataFrame
        Columns ``use``; ``depth_m``; ``share_min``, ``share_mean`` and ``share_max``, from 0 to 1,
        in that order, which do not fall as the depth grows; with ``value_per_m2``, one for each
        use, costs are given too, in its currency.
    use : str
        Column of the buildings to look up in the curves; texts must be equal.
    area_m2 : str, optional
        Column of the buildings with the area that the value is for. By default the footprint.
    interpolation : {"linear", "step"}
        Between two depths of a curve: on the straight line; or the share of the lower one. Below
        the first depth: on the line from no damage at a depth of 0; or no damage. Beyond the last
        depth its share holds.

    Returns
    -------
    BuildingDamage
        Its ``table`` has, for each scenario, ``share_min``, ``share_mean`` and ``share_max``; with
        values ``cost_min``, ``cost_mean`` and ``cost_max``, to the cent; and ``status``: "damaged"
        if there is water and a curve; "dry", with a damage of 0, if the depth is 0 or less;
        "no_curve" if there is water and no curve of that use; "depth_unknown". The damage of the
        last two is null.

        Its ``account`` has the number of buildings of each status; ``beyond_curve``, deeper than
        the last depth of their curve; with values ``cost_unknown``, damaged but of a use without
        value or of unknown area, and the sum of each cost.

    Raises
    ------
    CrsError
        If the buildings are not in EPSG:2154.
    LayerError
        If a column is missing, a depth is text or infinite, an area is that or negative, or curves
        are not as described; all their faults are named.
    ParameterError
        If the interpolation is unknown, or the depths are not on the index of the buildings.

    Examples
    --------
    >>> import shapely
    >>> house = gpd.GeoDataFrame(
    ...     {"usage_1": ["Résidentiel"]}, geometry=[shapely.box(0, 0, 10, 10)], crs=2154
    ... )
    >>> curve = pd.DataFrame({"use": "Résidentiel", "depth_m": [0.0, 1.0], "share_min": [0, 0.1],
    ...     "share_mean": [0, 0.2], "share_max": [0, 0.4], "value_per_m2": 1000})
    >>> damage = measure_damage(house, pd.DataFrame({"02Moy": [0.5]}), curve)
    >>> damage.table.loc[0, ["share_max", "cost_max"]].tolist()
    [0.2, 20000.0]
    """
    require_crs(buildings, "buildings")
    require_columns(buildings, "buildings", use, *([] if area_m2 is None else [area_m2]))
    if interpolation not in get_args(Interpolation):
        raise ParameterError(
            explain("interpolation", f"« {interpolation} » is unknown", required="linear or step")
        )
    require_type(depth_m, pd.DataFrame, "depth_m", remedy="depth_m.to_frame(scenario)")
    require_index(depth_m, buildings, "depth_m")
    _require_curves(curves)
    uses = buildings[use].astype("object").where(buildings[use].notna(), None).to_numpy()
    depths = pd.DataFrame(
        {name: read_numbers(depth_m[name], "depth_m", negative=True) for name in depth_m.columns},
        index=buildings.index,
    )
    area: FloatArray
    if area_m2 is not None:
        area = read_numbers(buildings[area_m2], "buildings")
    else:
        area = _footprints_m2(buildings, wet=depths.gt(0).any(axis=1).to_numpy())
    value = _values(curves, uses, area)
    columns: dict[tuple[str, str], Any] = {}
    account, lost = {}, {}
    for scenario in depths.columns:
        depth = depths[scenario].to_numpy()
        shares, beyond = _interpolate(curves, uses, depth, interpolation=interpolation)
        status = _status(depth, shares)
        found = {(name, scenario): shares[:, i] for i, name in enumerate(_SHARES)}
        costs = None if value is None else _costs(shares, value)
        if costs is not None:
            found |= {(name, scenario): costs[:, i] for i, name in enumerate(_COSTS)}
        columns |= found | {("status", scenario): status}
        account[scenario] = _account(status, beyond, costs)
        without = pd.Series(uses[np.asarray(status == "no_curve")], dtype="object")
        lost[scenario] = without.fillna(_NO_USE).value_counts()
    levels = pd.MultiIndex.from_tuples(list(columns), names=["measure", "scenario"])
    table = pd.DataFrame(dict(enumerate(columns.values())), index=buildings.index)
    return BuildingDamage(
        table.set_axis(levels, axis="columns"),
        pd.DataFrame.from_dict(account, orient="index").rename_axis("scenario"),
        pd.DataFrame(lost).fillna(0).astype(int).sort_index().rename_axis(use),
        interpolation,
    )


def count_damage_by_commune(
    buildings: gpd.GeoDataFrame,
    damage: BuildingDamage,
    communes: gpd.GeoDataFrame,
    *,
    rule: CountingRule = DEFAULT_RULE,
) -> pd.DataFrame:
    """Return the damage in each commune and scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        As given to `measure_damage`. Rows of the same ``cleabs`` are one building, with the damage
        of the row that stands for it: see `tvb.flood.find_repeated_buildings`.
    damage : BuildingDamage
        On the same index.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.
    rule : CountingRule
        Which buildings are left out, and in which commune one counts; what exposes a building is
        the depth here.

    Returns
    -------
    pandas.DataFrame
        One row for each commune and scenario, zeros kept, on the index ``insee`` (in order, then
        "hors communes" for buildings outside all of them) and ``scenario``. Columns:
        ``buildings_damaged``; ``cost_min``, ``cost_mean`` and ``cost_max`` if there are costs, with
        ``cost_unknown``, the damaged buildings without one; ``no_curve`` and ``depth_unknown``, the
        buildings not assessed; then ``buildings_excluded``, wet but in none of the columns before,
        and ``rows_repeated``, wet rows of a building counted by another row; ``exclude`` and
        ``attribution``.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, or a code of a commune is missing or given twice.
    ParameterError
        If the damage is not on the index of the buildings.
    """
    require_crs(buildings, "buildings")
    require_type(damage, BuildingDamage, "damage", remedy="tvb.flood.measure_damage")
    check_attribution(buildings, communes, rule.attribution)
    if not damage.table.index.equals(buildings.index):
        raise ParameterError(
            explain(
                "damage", "is not on the index of the buildings",
                required="the buildings that were given to measure_damage",
            )
        )  # fmt: skip
    names, group = locate_in_communes(buildings, communes, rule.attribution)
    _, first = number_buildings(buildings)
    excluded = flag_excluded_buildings(buildings, exclude=rule.exclude).any(axis=1).to_numpy()
    status = measure_of(damage.table, "status")
    sums = {
        scenario: _add_up(damage, scenario, group, counted=first & ~excluded, rows=len(names))
        | _add_aside(status[scenario], group, first=first, excluded=excluded, rows=len(names))
        for scenario in status.columns
    }
    table = pd.concat(
        {scenario: pd.DataFrame(s, index=names) for scenario, s in sums.items()}, names=["scenario"]
    ).swaplevel()
    rows = pd.MultiIndex.from_product([names, list(sums)], names=["insee", "scenario"])
    described = rule.describe()
    return table.reindex(rows).assign(
        exclude=described["exclude"], attribution=described["attribution"]
    )


def _add_up(
    damage: BuildingDamage, scenario: str, group: IntArray, *, counted: BoolArray, rows: int
) -> dict[str, Any]:
    """Return the columns of the buildings that count, one scenario, by commune."""
    here = damage.table.xs(scenario, axis="columns", level="scenario")
    flags = {name: (here["status"] == name).to_numpy() & counted for name in STATUSES}
    found: dict[str, Any] = {"buildings_damaged": _count(group, flags["damaged"], rows)}
    if _COSTS[0] in here.columns:
        unknown = here[_COSTS[0]].isna().to_numpy()
        for name in _COSTS:
            at = flags["damaged"] & ~unknown
            cents = np.rint(here[name].to_numpy(dtype=float)[at] * _CENTS).astype(np.int64)
            total = np.zeros(rows, dtype=np.int64)
            np.add.at(total, group[at], cents)
            found[name] = total / _CENTS
        found["cost_unknown"] = _count(group, flags["damaged"] & unknown, rows)
    return found | {n: _count(group, flags[n], rows) for n in ("no_curve", "depth_unknown")}


def _add_aside(
    status: pd.Series[Any], group: IntArray, *, first: BoolArray, excluded: BoolArray, rows: int
) -> dict[str, IntArray]:
    """Return the wet buildings and rows that do not count, by commune."""
    wet = status.isin(["damaged", "no_curve"]).to_numpy()
    return {
        "buildings_excluded": _count(group, wet & first & excluded, rows),
        "rows_repeated": _count(group, wet & ~first, rows),
    }


def _count(group: IntArray, flags: BoolArray, rows: int) -> IntArray:
    return np.bincount(group[flags], minlength=rows)


def _require_curves(curves: pd.DataFrame) -> None:
    """Raise unless curves are as `measure_damage` describes them."""
    require_columns(curves, "curves", "use", "depth_m", *_SHARES)
    faults = [*_find_faults(curves)]
    if faults:
        raise LayerError(
            explain(
                "curves",
                "; ".join(faults),
                required="for each use depths that differ, shares from 0 to 1 with min <= mean <= "
                "max that do not fall as the depth grows, one value per m2",
            )
        )


def _find_faults(curves: pd.DataFrame) -> Iterator[str]:
    """Yield what is wrong with curves, with the uses concerned."""

    def named(wrong: Any) -> str:
        uses = sorted(set(curves.loc[wrong, "use"].astype(str)))
        return ", ".join(f"« {u} »" for u in uses[:3]) + (", …" if len(uses) > 3 else "")

    numbers = curves[["depth_m", *_SHARES, *([_VALUE] if _VALUE in curves.columns else [])]]
    texts = [c for c in numbers.columns if not pd.api.types.is_numeric_dtype(numbers[c])]
    if texts:
        yield f"« {texts[0]} » does not hold numbers"
        return
    needed = numbers[["depth_m", *_SHARES]]
    if curves["use"].isna().any():
        yield "a use is null"
    checks = {
        "a depth or share is null or infinite": ~np.isfinite(needed.astype(float)).all(axis=1),
        "a depth is negative": curves["depth_m"] < 0,
        "a depth is given twice": curves.duplicated(["use", "depth_m"], keep=False),
        "a share is outside 0 to 1": ((needed[_SHARES] < 0) | (needed[_SHARES] > 1)).any(axis=1),
        "shares are not in the order min, mean, max": (
            (curves["share_min"] > curves["share_mean"])
            | (curves["share_mean"] > curves["share_max"])
        ),
    }
    ordered = curves.sort_values("depth_m", kind="stable")
    falls = (ordered.groupby("use", sort=False)[_SHARES].diff() < 0).any(axis=1)
    checks["a share falls as the depth grows"] = falls.reindex(curves.index)
    if _VALUE in curves.columns:
        pairs = curves[["use", _VALUE]].drop_duplicates()
        several = pairs.loc[pairs["use"].duplicated(), "use"]
        checks["several values per m2 for one use"] = curves["use"].isin(several)
        checks["a value per m2 is negative"] = curves[_VALUE] < 0
    for fault, wrong in checks.items():
        if wrong.any():
            yield f"{fault} ({named(wrong)})"


def _interpolate(
    curves: pd.DataFrame, uses: Any, depth: FloatArray, *, interpolation: Interpolation
) -> tuple[FloatArray, BoolArray]:
    """Return the three shares of each building, and which are deeper than their curve."""
    shares = np.full((len(depth), len(BOUNDS)), np.nan)
    beyond = np.zeros(len(depth), dtype=bool)
    wet = depth > 0
    for name, curve in curves.groupby("use"):
        ordered = curve.sort_values("depth_m")
        at = np.flatnonzero(wet & (uses == name))
        depths = ordered["depth_m"].to_numpy(dtype=float)
        points = ordered[_SHARES].to_numpy(dtype=float)
        if depths[0] > 0:
            depths = np.concatenate([[0.0], depths])
            points = np.vstack([np.zeros(len(BOUNDS)), points])
        for i in range(len(BOUNDS)):
            if interpolation == "linear":
                shares[at, i] = np.interp(depth[at], depths, points[:, i])
            else:
                shares[at, i] = points[np.searchsorted(depths, depth[at], side="right") - 1, i]
        beyond[at] = depth[at] > depths[-1]
    shares[depth <= 0] = 0.0
    return shares, beyond


def _footprints_m2(buildings: gpd.GeoDataFrame, wet: BoolArray) -> FloatArray:
    """Return the area of the wet footprints; that of the others does not matter."""
    area = np.zeros(len(buildings))
    area[wet] = shapely.area(make_valid(buildings.geometry.to_numpy()[wet]))
    return area


def _values(curves: pd.DataFrame, uses: Any, area: FloatArray) -> FloatArray | None:
    """Return the value of each building, not a number where it is not known; None without any."""
    if _VALUE not in curves.columns:
        return None
    per_m2 = curves.groupby("use")[_VALUE].first()
    return np.asarray(pd.Series(uses).map(per_m2).to_numpy(dtype=float) * area)


def _costs(shares: FloatArray, value: FloatArray) -> FloatArray:
    """Return the three costs of each building, to the cent; what is dry costs nothing."""
    costs = np.rint(shares * value[:, None] * _CENTS) / _CENTS
    costs[(shares == 0).all(axis=1)] = 0.0
    return np.asarray(costs)


def _status(depth: FloatArray, shares: FloatArray) -> pd.Categorical[Any]:
    code = np.select(
        [np.isnan(depth), depth <= 0, np.isnan(shares[:, 0])],
        [STATUSES.index(s) for s in ("depth_unknown", "dry", "no_curve")],
        STATUSES.index("damaged"),
    )
    return pd.Categorical.from_codes(code.astype(np.int8), pd.Index(STATUSES))


def _account(
    status: pd.Categorical[Any], beyond: BoolArray, costs: FloatArray | None
) -> dict[str, Any]:
    """Return what was counted in one scenario."""
    counted = np.bincount(status.codes, minlength=len(STATUSES)).tolist()
    found: dict[str, Any] = dict(zip(STATUSES, counted, strict=True))
    found["beyond_curve"] = int(beyond.sum())
    if costs is None:
        return found
    known = ~np.isnan(costs[:, 0])
    damaged = np.asarray(status == "damaged")
    found["cost_unknown"] = int((damaged & ~known).sum())
    cents = np.rint(costs[known] * _CENTS).astype(np.int64).sum(axis=0)
    return found | dict(zip(_COSTS, (cents / _CENTS).tolist(), strict=True))
