"""Exposed buildings added up: by commune, by any zoning, by groups of communes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import (
    commune_codes,
    find_codes,
    read_numbers,
    require_columns,
    require_index,
    text_codes,
    warn_of_unknown_codes,
)
from tvb.flood.groups import (
    NO_GROUP,
    OUTSIDE,
    OUTSIDE_AREAS,
    TOTAL,
    BelongingRule,
    check_attribution,
    find_members,
    locate_in_communes,
)
from tvb.flood.repeated import number_buildings, share_flags, share_largest
from tvb.flood.rules import (
    DEFAULT_RULE,
    CountingRule,
    flag_excluded_buildings,
    judge_measures,
    measure_of,
)
from tvb.geometry.arrays import BoolArray, FloatArray, IntArray, make_valid
from tvb.names import normalise_name
from tvb.schema import require_crs, require_type

__all__ = [
    "CM2_PER_M2",
    "COUNTED_COLUMNS",
    "USES",
    "count_by_area",
    "count_by_commune",
    "group_counts",
    "value_areas",
    "value_buildings",
    "value_dwellings",
    "value_uses",
]

USES = (
    "Résidentiel", "Indifférencié", "Commercial et services", "Industriel", "Agricole",
    "Religieux", "Sportif", "Annexe",
)  # fmt: skip
"""Values of ``usage_1`` in BD TOPO; any other, and null, count as « autre »."""

COUNTED_COLUMNS = ("usage_1", "nombre_de_logements")
"""Columns of the buildings that are counted by or added up."""

_USE_COLUMNS = [f"buildings_{normalise_name(u).replace(' ', '_')}" for u in USES]
_OTHER_USE = "buildings_autre"
CM2_PER_M2 = 10_000
"""Areas are added in whole square centimetres."""

BUILDING_COLUMNS = (
    "buildings", "footprint_m2", "dwellings", "dwellings_unknown", *_USE_COLUMNS, _OTHER_USE,
)  # fmt: skip
"""What `value_buildings` gives, in this order."""

ASIDE_COLUMNS = ("buildings_excluded", "rows_repeated")
"""What comes after it in a table: rows that count in none of the other columns."""

# What is not whole is added in whole parts (billionths, or larger ones where the sum would not fit
# in 63 bits): it is then the same in any order of the rows.
_FINEST, _LARGEST = 1_000_000_000, 2**62


def count_by_commune(
    buildings: gpd.GeoDataFrame,
    exposure: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rule: CountingRule = DEFAULT_RULE,
    people: pd.Series[Any] | pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the number of exposed buildings in each commune and scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154, with the columns of the schema ``buildings``. Rows of the same
        ``cleabs`` are one building: see `tvb.flood.find_repeated_buildings`.
    exposure : pandas.DataFrame
        On the same index: from `tvb.flood.measure_exposure`; or from
        `tvb.flood.flag_exposed_buildings`, called with the same rule.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``: text or numbers, compared as texts of five characters.
    rule : CountingRule
        What exposes a building, what is left out, where it counts. Where that is told by a column
        of the buildings, codes that no commune has count in "hors communes", with a warning.
    people : pandas.Series or pandas.DataFrame, optional
        On the same index: people of each building (`tvb.flood.spread_population`), or several
        columns of numbers to be added up.

    Returns
    -------
    pandas.DataFrame
        One row for each commune and scenario, zeros kept, on the index ``insee`` (in order, then
        "hors communes" for buildings outside all of them) and ``scenario``. Columns:
        ``buildings``; ``footprint_m2`` (of whole buildings, ground that an invalid outline goes
        around twice counted once); ``dwellings`` where known, and
        ``dwellings_unknown``, the buildings where not; ``buildings_residentiel`` and so on for each
        of `USES`, ``buildings_autre`` for the rest; ``people``, or the columns of `people`; from a
        table of measures, ``class_…`` for each class of hazard with ``class_unknown``, and
        ``buildings_protected``. Then ``buildings_excluded``, exposed too but in none of the columns
        before; ``rows_repeated``, rows of a building counted by another row; ``rule``, ``exclude``
        and ``attribution``.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, a number of dwellings is not a whole number from 0 on, a code of a
        commune is missing or given twice, or a column of the buildings holds no code of any.
    ParameterError
        If the exposure or the people are not on the index of the buildings.
    """
    require_crs(buildings, "buildings")
    check_attribution(buildings, communes, rule.attribution)
    exposed = _Exposed.of(buildings, exposure, rule=rule, people=people)
    names, group = locate_in_communes(exposed.buildings, communes, rule.attribution)
    table = exposed.add_up(np.arange(len(group)), group, names)
    return table.assign(**rule.describe())


def count_by_area(
    buildings: gpd.GeoDataFrame,
    exposure: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    key: str,
    belongs: BelongingRule = "centroid",
    rule: CountingRule = DEFAULT_RULE,
    people: pd.Series[Any] | pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the number of exposed buildings in each area of any zoning and scenario.

    Parameters
    ----------
    buildings, exposure, people
        As in `count_by_commune`.
    areas : geopandas.GeoDataFrame
        Polygons, EPSG:2154: property elements, estates, zones of a plan, … They may overlap; rows
        of the same key are one area.
    key : str
        Column that names the areas.
    belongs : {"centroid", "touches"}
        A building belongs to every area that holds its centroid, or that it shares a point with.
    rule : CountingRule
        As in `count_by_commune`; its attribution is not used.

    Returns
    -------
    pandas.DataFrame
        As in `count_by_commune`, on `key` and ``scenario``: each area in order of its key, then
        "hors zonage", then "ensemble". Where areas overlap a building counts in each of them:
        ``in_several`` is how many of the ``buildings`` of a row count in another area too, and
        "ensemble" counts each building once. ``attribution`` tells the belonging.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the areas are not polygons, a column is missing, a key is null, or a number of dwellings
        is not a whole number from 0 on.
    ParameterError
        If the rule of belonging is unknown, or the exposure or the people are not on the index of
        the buildings.
    """
    exposed = _Exposed.of(buildings, exposure, rule=rule, people=people)
    names, row, area = find_members(exposed.buildings, areas, key=key, belongs=belongs)
    everything = np.arange(len(exposed.buildings))
    times = np.bincount(row, minlength=len(everything))
    alone = np.flatnonzero(times == 0)
    row = np.concatenate([row, alone, everything])
    outside, total = (np.full(n, len(names) + i) for i, n in enumerate((len(alone), len(times))))
    group = np.concatenate([area, outside, total])
    index = pd.Index([*names, OUTSIDE_AREAS, TOTAL], name=key, dtype="str")
    table = exposed.with_column("in_several", (times > 1).astype(np.int64)).add_up(
        row, group, index
    )
    return table.assign(**rule.describe() | {"attribution": f"every area: {belongs}"})


def group_counts(counts: pd.DataFrame, communes: pd.DataFrame, *, key: str) -> pd.DataFrame:
    """Return counts by commune added up by groups of communes.

    Parameters
    ----------
    counts : pandas.DataFrame
        From `count_by_commune`, on ``insee`` and ``scenario``. Codes that no commune has count in
        "hors communes", with a warning.
    communes : pandas.DataFrame
        Columns ``insee`` and `key`; codes are text or numbers.
    key : str
        Column that names the group, such as ``epci_siren``.

    Returns
    -------
    pandas.DataFrame
        The same columns on `key` and ``scenario``: each group in order, then "sans groupe" if a
        commune has none, then "hors communes". A group without exposed buildings has zeros.

    Raises
    ------
    LayerError
        If a column is missing, the counts are on another index, a code is missing or given twice,
        or none of the counts is one of a commune.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["1", "2"], ["s"]], names=["insee", "scenario"])
    >>> counts = pd.DataFrame({"buildings": [3, 4]}, index=index)
    >>> communes = pd.DataFrame({"insee": ["1", "2"], "epci_siren": ["E", "E"]})
    >>> group_counts(counts, communes, key="epci_siren")["buildings"].to_dict()
    {('E', 's'): 7}
    """
    require_columns(communes, "communes", "insee", key)
    require_type(counts, pd.DataFrame, "counts")
    if list(counts.index.names) != ["insee", "scenario"]:
        raise LayerError(
            explain(
                "counts", "is not on « insee » and « scenario »",
                remedy="counts.set_index(['insee', 'scenario'])",
            )
        )  # fmt: skip
    codes = commune_codes(communes).tolist()
    insee = counts.index.get_level_values("insee").to_series(name="insee")
    warn_of_unknown_codes(insee[insee != OUTSIDE], codes, "counts")
    group = text_codes(communes[key], width=0).fillna(NO_GROUP)
    label = np.append(group.to_numpy(dtype=object), OUTSIDE)[find_codes(insee, codes)]
    last = [n for n in (NO_GROUP, OUTSIDE) if n in label]
    names = pd.Index([*sorted(set(label) - set(last)), *last], name=key, dtype="str")
    by = [pd.Categorical(label, names), counts.index.get_level_values("scenario")]
    numbers = counts.select_dtypes("number").groupby(by, sort=False, observed=False).sum()
    texts = counts.drop(columns=numbers.columns).groupby(by, sort=False, observed=False).first()
    scenarios = counts.index.unique("scenario")
    rows = pd.MultiIndex.from_product([names, scenarios], names=[key, "scenario"])
    return numbers.join(texts).reindex(rows)[list(counts.columns)]


@dataclass(frozen=True)
class _Exposed:
    """Rows exposed in some scenario, and what each adds to each column, in whole numbers.

    ``values`` are the same in all scenarios, ``changing`` has one array (rows, scenarios) for each
    column; ``scale`` tells how many parts a unit has, where it is not one.
    """

    buildings: gpd.GeoDataFrame
    exposed: pd.DataFrame
    values: Mapping[str, IntArray]
    changing: Mapping[str, IntArray]
    aside: Mapping[str, IntArray]
    counted: BoolArray
    scale: Mapping[str, int]

    @classmethod
    def of(
        cls,
        buildings: gpd.GeoDataFrame,
        exposure: pd.DataFrame,
        *,
        rule: CountingRule,
        people: pd.Series[Any] | pd.DataFrame | None,
    ) -> _Exposed:
        """Return what is exposed by a rule; only that needs a commune and an account."""
        require_crs(buildings, "buildings")
        require_columns(buildings, "buildings", *COUNTED_COLUMNS)
        require_type(exposure, pd.DataFrame, "exposure")
        require_index(exposure, buildings, "exposure")
        flags = judge_measures(exposure, rule)
        at = np.flatnonzero(flags.any(axis=1).to_numpy())
        here, flags = buildings.take(at), flags.take(at)
        number, first = number_buildings(here)
        excluded = flag_excluded_buildings(here, exclude=rule.exclude).any(axis=1).to_numpy()
        values = value_buildings(here)
        persons, parts = _in_parts(_persons(people, buildings, taken=values).take(at))
        measured = exposure.take(at) if exposure.columns.nlevels > 1 else None
        return cls(
            here,
            share_flags(flags, number, first),
            values | persons,
            {} if measured is None else _changing(measured, flags.columns, rows=(number, first)),
            {
                name: flags.astype(np.int64)
                for name, flags in zip(ASIDE_COLUMNS, (first & excluded, ~first), strict=True)
            },
            first & ~excluded,
            {"footprint_m2": CM2_PER_M2, **parts},
        )

    def with_column(self, name: str, value: IntArray) -> _Exposed:
        """Return the same with a column more."""
        return _Exposed(**vars(self) | {"values": {**self.values, name: value}})

    def add_up(self, row: IntArray, group: IntArray, names: pd.Index[Any]) -> pd.DataFrame:
        """Return the sums over the rows of each group, given as pairs of row and group."""
        order = np.argsort(group, kind="stable")
        row, group = row[order], group[order]
        columns = [*self.values, *self.changing, *self.aside]
        scenarios = self.exposed.columns
        sums = np.zeros((len(names), len(scenarios), len(columns)), dtype=np.int64)
        for position, scenario in enumerate(scenarios):
            here = self.exposed[scenario].to_numpy()[row]
            at = row[here]
            counted = [v[at] for v in self.values.values()]
            counted += [v[at, position] for v in self.changing.values()]
            matrix = np.stack(counted, axis=1) * self.counted[at, None]
            aside = np.stack([v[at] for v in self.aside.values()], axis=1)
            present, start = np.unique(group[here], return_index=True)
            if len(at):
                sums[present, position] = np.add.reduceat(np.hstack([matrix, aside]), start)
        return lay_out_sums(sums, (names, list(scenarios), columns), scale=self.scale)


def lay_out_sums(
    sums: IntArray,
    labels: tuple[pd.Index[Any], Sequence[str], Sequence[str]],
    *,
    scale: Mapping[str, int],
) -> pd.DataFrame:
    """Return sums as a table.

    Parameters
    ----------
    sums : numpy.ndarray, shape (groups, scenarios, columns)
        Whole numbers.
    labels : tuple of (pandas.Index, sequence of str, sequence of str)
        Names of the groups, of the scenarios and of the columns.
    scale : mapping of str to int
        How many parts a unit has, for columns that are not added in whole units.

    Returns
    -------
    pandas.DataFrame
        One row for each group and scenario.
    """
    names, scenarios, columns = labels
    rows = pd.MultiIndex.from_product([names, scenarios], names=[names.name, "scenario"])
    table = pd.DataFrame(sums.reshape(-1, len(columns)), index=rows, columns=list(columns))
    return table.assign(**{c: table[c] / parts for c, parts in scale.items()})


def value_buildings(buildings: gpd.GeoDataFrame) -> dict[str, IntArray]:
    """Return what each building adds to each column, in whole numbers.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints with `COUNTED_COLUMNS`.

    Returns
    -------
    dict of str to numpy.ndarray
        By column; footprints in square centimetres.

    Raises
    ------
    LayerError
        If a number of dwellings is not a whole number from 0 on.
    """
    footprints = make_valid(buildings.geometry.to_numpy())
    dwellings = read_numbers(buildings["nombre_de_logements"], "buildings", whole=True)
    return {
        "buildings": np.ones(len(buildings), dtype=np.int64),
        "footprint_m2": value_areas(shapely.area(footprints)),
        **value_dwellings(pd.Series(dwellings)),
        **value_uses(buildings["usage_1"]),
    }


def value_areas(area_m2: FloatArray) -> IntArray:
    """Return areas in whole square centimetres.

    Parameters
    ----------
    area_m2 : numpy.ndarray
        Areas; not a number where there is none, which is 0.

    Returns
    -------
    numpy.ndarray of int64
        One for each.
    """
    return np.nan_to_num(np.rint(area_m2 * CM2_PER_M2)).astype(np.int64)


def value_dwellings(dwellings: pd.Series[Any]) -> dict[str, IntArray]:
    """Return what numbers of dwellings add to each column.

    Parameters
    ----------
    dwellings : pandas.Series
        Whole numbers, null where unknown.

    Returns
    -------
    dict of str to numpy.ndarray of int64
        ``dwellings``, and ``dwellings_unknown``: 1 where unknown.
    """
    return {
        "dwellings": dwellings.fillna(0).to_numpy(dtype=np.int64),
        "dwellings_unknown": dwellings.isna().to_numpy(dtype=np.int64),
    }


def value_uses(uses: pd.Series[Any]) -> dict[str, IntArray]:
    """Return what buildings of some uses add to each column.

    Parameters
    ----------
    uses : pandas.Series
        Values of ``usage_1``.

    Returns
    -------
    dict of str to numpy.ndarray of int64
        1 in the column of the use, « autre » among them, and 0 in the others.
    """
    values = {
        column: np.asarray(uses.eq(name).fillna(value=False), dtype=np.int64)
        for name, column in zip(USES, _USE_COLUMNS, strict=True)
    }
    values[_OTHER_USE] = np.asarray(~uses.isin(USES), dtype=np.int64)
    return values


def _changing(
    measured: pd.DataFrame, scenarios: pd.Index[Any], *, rows: tuple[IntArray, BoolArray]
) -> dict[str, IntArray]:
    """Return what each building adds to the columns that depend on the scenario."""
    found: dict[str, IntArray] = {}
    classes = measure_of(measured, "hazard_class")
    if len(classes.columns):
        codes = np.stack([classes[s].cat.codes.to_numpy() for s in scenarios], axis=1)
        codes = share_largest(codes, *rows)
        for code, name in enumerate(classes.iloc[:, 0].cat.categories):
            found[f"class_{name}"] = (codes == code).astype(np.int64)
        found["class_unknown"] = (codes < 0).astype(np.int64)
    protected = measure_of(measured, "protected")
    if len(protected.columns):
        found["buildings_protected"] = protected[list(scenarios)].to_numpy(dtype=np.int64)
    return found


def _in_parts(numbers: pd.DataFrame) -> tuple[dict[str, IntArray], dict[str, int]]:
    """Return numbers in whole parts of a unit, and how many parts a unit has, by column."""
    values, parts = {}, {}
    for name, column in numbers.items():
        value = column.to_numpy(dtype=float)
        most = float(np.abs(value).max(initial=0.0)) * max(len(value), 1)
        scale = _FINEST
        while scale > 1 and most * scale > _LARGEST:
            scale //= 10
        values[str(name)], parts[str(name)] = np.rint(value * scale).astype(np.int64), scale
    return values, parts


def _persons(
    people: pd.Series[Any] | pd.DataFrame | None,
    buildings: gpd.GeoDataFrame,
    *,
    taken: Collection[str],
) -> pd.DataFrame:
    """Return numbers to be added up, one column each."""
    if people is None:
        return pd.DataFrame(index=buildings.index)
    require_index(people, buildings, "people")
    table = people.to_frame("people") if isinstance(people, pd.Series) else people
    for name in table.columns:
        read_numbers(table[name], "people", negative=True)
    clash = [name for name in table.columns if name in taken]
    if clash:
        raise ParameterError(
            explain("people", f"« {clash[0]} » is a column of the counts", remedy="rename it")
        )
    if table.isna().any(axis=None):
        raise LayerError(
            explain(
                "people", "a number is null", count=int(table.isna().any(axis=1).sum()),
                ids=table.index[table.isna().any(axis=1)], remedy="people.fillna(0)",
            )
        )  # fmt: skip
    return table
