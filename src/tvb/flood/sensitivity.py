"""How much a number of exposed buildings depends on the rule by which it was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.display import frame_table
from tvb.flood.checks import require_columns
from tvb.flood.counting import COUNTED_COLUMNS, value_buildings
from tvb.flood.exposure import Method, measure_exposure
from tvb.flood.groups import OUTSIDE, TOTAL, check_attribution, locate_in_communes
from tvb.flood.repeated import number_buildings, share_flags
from tvb.flood.rules import (
    DEFAULT_EXCLUDED,
    DEFAULT_RULE,
    CountingRule,
    Exclusion,
    ExposureRule,
    flag_excluded_buildings,
    judge_measures,
)
from tvb.geometry.arrays import BoolArray, IntArray
from tvb.schema import require_crs

__all__ = ["ALL_EXCLUSIONS", "Sensitivity", "sensitivity"]

ALL_EXCLUSIONS: tuple[tuple[Exclusion, ...], ...] = (
    DEFAULT_EXCLUDED,
    ("light",),
    ("annexe",),
    ("not_in_service",),
    (),
)
"""All that a count leaves out by default, each reason alone, and nothing."""

_CHOICES = ["rule", "exclude", "attribution"]
_MEASURES = ["buildings", "dwellings"]
_TYPES = {"default": "Int64", "ratio": "float64", "lowest": "str", "highest": "str"}


@dataclass(frozen=True)
class Sensitivity:
    """Counts by every combination of the choices, and how far they lie apart.

    Parameters
    ----------
    counts : pandas.DataFrame
        ``buildings`` and ``dwellings`` on ``insee`` (in order, "hors communes", then "ensemble" for
        the total), ``scenario``, ``rule``, ``exclude`` and ``attribution``.
    totals : pandas.DataFrame
        On ``scenario`` and the three choices: ``buildings``, ``dwellings``, and ``communes``, the
        number of communes with at least one exposed building.
    spread : pandas.DataFrame
        On ``insee`` and ``scenario``: ``default`` (buildings by the default rule, null if it is not
        among the combinations), ``min``, ``max``, ``ratio`` (max over min, null where min is 0),
        and the rules that give them, ``lowest`` and ``highest`` (the first of several).
    by_choice : pandas.DataFrame
        On ``scenario`` and ``choice``: ``min``, ``max`` and ``ratio`` of the total number of
        buildings when this choice alone varies and the others are the first of their lists.
    """

    counts: pd.DataFrame
    totals: pd.DataFrame
    spread: pd.DataFrame
    by_choice: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Return the spread of the total and of the number of communes in each scenario.

        Returns
        -------
        pandas.DataFrame
            On ``scenario``: ``default``, ``min``, ``max``, ``ratio`` of buildings, then
            ``communes_min`` and ``communes_max``.
        """
        total = self.spread.index.get_level_values("insee") == TOTAL
        table = self.spread.loc[total, ["default", "min", "max", "ratio"]].droplevel("insee")
        communes = self.totals.groupby("scenario", sort=False)["communes"]
        return table.assign(communes_min=communes.min(), communes_max=communes.max())

    def __repr__(self) -> str:
        combinations = len(self.totals.groupby(_CHOICES))
        scenarios = self.counts.index.unique("scenario")
        return f"<Sensitivity: {combinations} ways to count, {len(scenarios)} scenarios>"

    def _repr_html_(self) -> str:
        return frame_table(
            self, self.summary(), then=(".by_choice", ".spread", ".counts", ".totals")
        )


def sensitivity(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    min_shares: Sequence[float] = (0.5,),
    exclusions: Sequence[tuple[Exclusion, ...]] = ALL_EXCLUSIONS,
    attributions: Sequence[str] = ("largest_share", "centroid"),
    scenarios: str | Sequence[str] | None = None,
    method: Method = "fast",
) -> Sensitivity:
    """Return the number of exposed buildings by every rule, and how far the rules lie apart.

    The buildings are placed once in the zones of each scenario; every combination of rule (by
    touch, by centroid, by each of the shares), exclusion and attribution is counted from that.

    Parameters
    ----------
    buildings, zones, communes, scenarios, method
        As in `tvb.flood.count_exposed_buildings`.
    min_shares : sequence of float
        Least shares of the footprint, each a rule of its own.
    exclusions : sequence of tuple
        What is left out: see `tvb.flood.flag_excluded_buildings`.
    attributions : sequence of str
        Where a building counts: see `tvb.flood.CountingRule`.

    Returns
    -------
    Sensitivity
        Counts, totals and spreads. A single number of exposed buildings should not be read without
        them.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, or a code of a commune is missing or given twice.
    ParameterError
        If a share, an exclusion or the method is not accepted.
    """
    exposures: list[tuple[ExposureRule, float]] = [
        (name, DEFAULT_RULE.min_share) for name in get_args(ExposureRule) if name != "share"
    ]
    exposures += [("share", share) for share in min_shares]
    rules = [
        CountingRule(exposure, min_share=share, exclude=tuple(exclude), attribution=attribution)
        for attribution in attributions
        for exclude in exclusions
        for exposure, share in exposures
    ]
    require_crs(buildings, "buildings")
    require_columns(buildings, "buildings", *COUNTED_COLUMNS)
    for attribution in attributions:
        check_attribution(buildings, communes, attribution)
    measured = measure_exposure(buildings, zones, scenarios=scenarios, method=method)
    somewhere = np.zeros(len(buildings), dtype=bool)
    for rule in rules[: len(exposures)]:
        somewhere |= judge_measures(measured, rule).any(axis=1).to_numpy()
    at = np.flatnonzero(somewhere)
    world = _World(buildings.take(at), measured.take(at), communes)
    tables = [table for rule in rules for table in world.count(rule)]
    return _compare(_with_totals(pd.concat(tables)), rules) if tables else _compare_nothing()


class _World:
    """Buildings exposed by some rule, and what of them is asked for several times."""

    def __init__(
        self, buildings: gpd.GeoDataFrame, measured: pd.DataFrame, communes: gpd.GeoDataFrame
    ) -> None:
        self.buildings = buildings
        self.measured = measured
        self.communes = communes
        self.number, self.first = number_buildings(buildings)
        values = value_buildings(buildings)
        self.values = np.stack([values[name] for name in _MEASURES], axis=1)
        self.groups: dict[str, tuple[pd.Index[Any], IntArray]] = {}
        self.flags: dict[str, pd.DataFrame] = {}
        self.kept: dict[str, BoolArray] = {}

    def count(self, rule: CountingRule) -> Iterator[pd.DataFrame]:
        """Yield the counts by one rule, of one scenario after the other."""
        said = rule.describe()
        if rule.attribution not in self.groups:
            self.groups[rule.attribution] = locate_in_communes(
                self.buildings, self.communes, rule.attribution
            )
        if said["rule"] not in self.flags:
            self.flags[said["rule"]] = share_flags(
                judge_measures(self.measured, rule), self.number, self.first
            )
        if said["exclude"] not in self.kept:
            out = flag_excluded_buildings(self.buildings, exclude=rule.exclude).any(axis=1)
            self.kept[said["exclude"]] = self.first & ~out.to_numpy(dtype=bool)
        names, group = self.groups[rule.attribution]
        for scenario, flags in self.flags[said["rule"]].items():
            here = np.flatnonzero(flags.to_numpy() & self.kept[said["exclude"]])
            sums = np.zeros((len(names), len(_MEASURES)), dtype=np.int64)
            np.add.at(sums, group[here], self.values[here])
            table = pd.DataFrame(sums, index=names, columns=_MEASURES)
            yield table.assign(scenario=str(scenario), **said)


def _with_totals(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts on all their keys, with a row "ensemble" after those of the communes."""
    choices = ["scenario", *_CHOICES]
    parts = counts.reset_index().set_index(["insee", *choices])
    total = parts.groupby(choices, sort=False).sum()
    total = pd.concat({TOTAL: total}, names=["insee"])
    return pd.concat([parts, total])


def _compare(counts: pd.DataFrame, rules: Sequence[CountingRule]) -> Sensitivity:
    totals = counts.xs(TOTAL, level="insee")
    parts = counts.drop(index=[TOTAL, OUTSIDE], level="insee")
    met = (parts["buildings"] > 0).groupby(["scenario", *_CHOICES], sort=False).sum()
    totals = totals.assign(communes=met.reindex(totals.index, fill_value=0))
    wide = counts["buildings"].unstack(_CHOICES, sort=False)
    names = np.array(["; ".join(choice) for choice in wide.columns], dtype=object)
    spread = _spread(wide)
    default = tuple(DEFAULT_RULE.describe().values())
    known = default in wide.columns
    spread.insert(0, "default", (wide[default] if known else pd.Series(pd.NA, wide.index)))
    if len(wide):
        lowest, highest = wide.to_numpy().argmin(axis=1), wide.to_numpy().argmax(axis=1)
        spread = spread.assign(lowest=names[lowest], highest=names[highest])
    first = rules[0].describe()
    alone = []
    for choice in _CHOICES:
        others = [name for name in _CHOICES if name != choice]
        mine = totals["buildings"].reset_index(level=others)
        kept = np.all([mine[name] == first[name] for name in others], axis=0)
        table = _spread(mine.loc[kept, "buildings"].unstack(choice, sort=False))
        alone.append(table.assign(choice=choice).set_index("choice", append=True))
    return Sensitivity(counts, totals, spread.astype({"default": "Int64"}), pd.concat(alone))


def _compare_nothing() -> Sensitivity:
    """Return the same tables without rows: there is no scenario."""

    def table(names: list[str], keys: list[str]) -> pd.DataFrame:
        columns = {name: pd.Series(dtype=_TYPES.get(name, "int64")) for name in names}
        index = pd.MultiIndex.from_arrays([pd.Index([], dtype="str")] * len(keys), names=keys)
        return pd.DataFrame(columns).set_index(index)

    return Sensitivity(
        table(_MEASURES, ["insee", "scenario", *_CHOICES]),
        table([*_MEASURES, "communes"], ["scenario", *_CHOICES]),
        table(["default", "min", "max", "ratio", "lowest", "highest"], ["insee", "scenario"]),
        table(["min", "max", "ratio"], ["scenario", "choice"]),
    )


def _spread(wide: pd.DataFrame) -> pd.DataFrame:
    """Return the extremes of each row and their ratio."""
    low, high = wide.min(axis=1), wide.max(axis=1)
    ratio = high.where(low > 0) / low.where(low > 0)
    return pd.DataFrame({"min": low, "max": high, "ratio": ratio})
