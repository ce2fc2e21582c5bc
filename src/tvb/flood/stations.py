"""What floods if pumping stations fail: each, each pair, the worst few, all.

Mining let the ground sink below the rivers; stations keep the basins dry. A basin floods when its
stations fail, and with it the buildings that stand in it. Buildings are grouped once by commune and
by the set of basins in which they stand: what any failure floods is then read from a small table,
and a building in several flooded basins counts once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import read_numbers, require_columns
from tvb.flood.counting import COUNTED_COLUMNS, value_dwellings
from tvb.flood.exposure import flag_exposed_buildings
from tvb.flood.failure_sets import (
    FailureModel,
    Method,
    WorstFailures,
    find_worst,
    order_greedily,
    pack_bits,
)
from tvb.flood.groups import check_attribution, locate_in_communes
from tvb.flood.repeated import number_buildings
from tvb.flood.rules import (
    DEFAULT_RULE,
    CountingRule,
    flag_excluded_buildings,
)
from tvb.flood.service import read_service
from tvb.geometry.arrays import BoolArray, IntArray
from tvb.schema import require_crs, require_type

__all__ = ["Counted", "StationFailures", "WorstFailures", "build_station_failures"]

Counted = Literal["buildings", "dwellings", "people"]

# People are added in whole parts: the sum is then the same in any order of the rows.
_PARTS_PER_PERSON = 1_000_000_000
_COUNTS = ("buildings", "dwellings", "dwellings_unknown", "people", "buildings_excluded")
_PAIR = ["id_station_1", "id_station_2"]


def build_station_failures(
    buildings: gpd.GeoDataFrame,
    basins: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    stations: gpd.GeoDataFrame | None = None,
    people: pd.Series[Any] | None = None,
    rule: CountingRule = DEFAULT_RULE,
) -> StationFailures:
    """Return what is needed to tell at once what any failure of stations floods.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints (polygons), EPSG:2154, with the columns of the schema ``buildings``. Rows of the
        same ``cleabs`` are one building: see `tvb.flood.find_repeated_buildings`.
    basins : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``id_station``: the layer ``drained_basins``, or what
        `tvb.flood.flood_basins` returns. The rows of one station are one basin. A basin that
        several stations serve has a row for each and the same ``id_bassin`` (optional, text or
        integer) in all; its ground is that of its rows together. ``debit_requis_m3_s`` (optional):
        flow that a basin needs, the same in all its rows.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``: text or numbers, compared as texts of five characters.
    stations : geopandas.GeoDataFrame, optional
        Layer ``pumping_stations``: stations that drain no basin get their rows of zeros too, and
        ``debit_m3_s`` is set against the flow that basins need.
    people : pandas.Series, optional
        Inhabitants of each building, on the index of the buildings; null is none.
    rule : CountingRule
        What floods a building of a flooded basin, what is counted apart, where it counts.

    Returns
    -------
    StationFailures
        Counts by failure.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing or holds something else than the numbers that it is for, the basins
        are not polygons, a station of a basin is null or not among the stations, a station is given
        twice, the flow that a basin needs differs among its rows or is negative, a code of a
        commune is missing or given twice, or ``people`` lies on another index or holds negative
        numbers.
    ParameterError
        If the rule, an exclusion or the share is not accepted.

    Notes
    -----
    When a basin floods: where the flow that it needs and the capacities of all its stations are
    known, as soon as the capacity left is below that need (it may be so without any failure);
    elsewhere, when all its stations fail. A station that serves several basins has its whole
    capacity for each. Water that a flooded basin sends to its neighbours is not followed.

    Examples
    --------
    >>> import shapely
    >>> square = shapely.box(700000, 7000000, 701000, 7001000)
    >>> communes = gpd.GeoDataFrame({"insee": ["62001"]}, geometry=[square], crs=2154)
    >>> basins = gpd.GeoDataFrame({"id_station": ["S1"]}, geometry=[square], crs=2154)
    >>> house = gpd.GeoDataFrame(
    ...     {"usage_1": ["Résidentiel"], "nombre_de_logements": [2], "construction_legere": False,
    ...      "etat_de_l_objet": ["En service"]}, geometry=[square.centroid.buffer(5)], crs=2154)
    >>> build_station_failures(house, basins, communes).count_by_station()["dwellings"].to_dict()
    {'S1': 2}
    """
    require_crs(buildings, "buildings")
    require_columns(buildings, "buildings", *COUNTED_COLUMNS)
    check_attribution(buildings, communes, rule.attribution)
    service = read_service(basins, stations)
    inhabitants = _inhabitants(people, buildings.index)
    rows, standing = _stand(buildings, service.zones(basins), rule)
    at_risk = buildings.take(rows)
    number, first = number_buildings(at_risk)
    words = pack_bits(standing)
    np.bitwise_or.at(words, number, words.copy())
    words = words[number]
    codes, place = locate_in_communes(at_risk, communes, rule.attribution)
    commune = place.astype(np.uint64)
    values = _values(at_risk, inhabitants[rows], rule)
    cells, which = np.unique(np.column_stack([commune, words])[first], axis=0, return_inverse=True)
    counts = np.zeros((len(cells), len(_COUNTS)), dtype=np.int64)
    np.add.at(counts, which.reshape(-1), values[first])
    return StationFailures(
        stations=service.stations,
        communes=codes,
        rule=rule,
        basins=service.table(),
        has_people=people is not None,
        _model=FailureModel(service.serves, service.supply, service.need, cells[:, 1:]),
        _commune=cells[:, 0].astype(np.int64),
        _counts=counts,
        _buildings=(buildings.index, rows, words),
    )


def _stand(
    buildings: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, rule: CountingRule
) -> tuple[IntArray, BoolArray]:
    """Return the rows of buildings in any basin, and whether each is in each basin, by name."""
    # Basins are small: the boxes of most buildings, and so their centroids, are far from all.
    bounds = shapely.bounds(buildings.geometry.to_numpy())
    near = np.zeros(len(buildings), dtype=bool)
    for west, south, east, north in shapely.bounds(zones.geometry.to_numpy()):
        near |= (
            (bounds[:, 0] <= east) & (bounds[:, 2] >= west)
            & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        )  # fmt: skip
    rows = np.flatnonzero(near)
    standing = flag_exposed_buildings(
        buildings.take(rows), zones, rule=rule.exposure, min_share=rule.min_share
    ).to_numpy()
    anywhere = standing.any(axis=1)
    return rows[anywhere], standing[anywhere]


def _values(buildings: gpd.GeoDataFrame, people: IntArray, rule: CountingRule) -> IntArray:
    """Return what each building adds to each of `_COUNTS`."""
    excluded = flag_excluded_buildings(buildings, exclude=rule.exclude).any(axis=1).to_numpy()
    dwellings = read_numbers(buildings["nombre_de_logements"], "buildings", whole=True)
    counted = np.column_stack(
        [
            np.ones(len(buildings), dtype=np.int64),
            *value_dwellings(pd.Series(dwellings)).values(),
            people,
        ]
    )
    return np.column_stack([counted * ~excluded[:, None], excluded.astype(np.int64)])


def _inhabitants(people: pd.Series[Any] | None, index: pd.Index) -> IntArray:
    if people is None:
        return np.zeros(len(index), dtype=np.int64)
    require_type(people, pd.Series, "people")
    if not people.index.equals(index):
        raise LayerError(
            explain("people", "on another index than the buildings",
                    remedy="people.reindex(buildings.index)")
        )  # fmt: skip
    number = np.nan_to_num(read_numbers(people, "people", negative=True))
    wrong = ~((number >= 0) & (number < 1e6))
    if wrong.any():
        raise LayerError(
            explain("people", "number that no building holds", count=int(wrong.sum()),
                    ids=index[wrong], required="numbers from 0 to 1 000 000, or null")
        )  # fmt: skip
    return np.asarray(np.rint(number * _PARTS_PER_PERSON), dtype=np.int64)


@dataclass(frozen=True, slots=True, repr=False)
class StationFailures:
    """What floods when stations fail; made by `build_station_failures`.

    Parameters
    ----------
    stations : pandas.Index
        Identifiers, in alphabetical order.
    communes : pandas.Index
        INSEE codes in order, then "hors communes" for buildings outside all of them.
    rule : CountingRule
        How buildings count.
    basins : pandas.DataFrame
        On the index ``basin``: ``stations`` (joined by « , »), ``capacity_m3_s``, ``need_m3_s``
        and ``floods``: "all" when all its stations fail, "flow" when capacity lacks.
    has_people : bool
        Whether inhabitants are known.
    """

    stations: pd.Index
    communes: pd.Index
    rule: CountingRule
    basins: pd.DataFrame
    has_people: bool
    _model: FailureModel = field(repr=False)
    _commune: IntArray = field(repr=False)
    _counts: IntArray = field(repr=False)
    _buildings: tuple[pd.Index, IntArray, NDArray[np.uint64]] = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"<StationFailures: {len(self.stations)} stations, {len(self.basins)} basins, "
            f"{self._counts[:, 0].sum()} buildings in them, {self.rule.describe()['rule']}>"
        )

    def _repr_html_(self) -> str:
        then = (".rank_stations()", ".count()", ".count_by_station()", ".find_worst(3)")
        ranks = self.rank_stations()[["id_station", "alone", "more", "together"]]
        return frame_table(self, ranks, then=then)

    def flag_flooded(self, failed: Collection[str] | None = None) -> pd.Series[Any]:
        """Return whether each building floods, those that counts leave out among them.

        Parameters
        ----------
        failed : collection of str, optional
            Stations that fail; all of them by default.

        Returns
        -------
        pandas.Series
            Boolean, on the index of the buildings.

        Raises
        ------
        ParameterError
            If a station is unknown.
        """
        index, rows, words = self._buildings
        flooded = np.zeros(len(index), dtype=bool)
        flooded[rows] = self._model.meets(words, self._model.fail(self._places(failed)))
        return pd.Series(flooded, index=index, name="flooded")

    def count(self, failed: Collection[str] | None = None) -> pd.DataFrame:
        """Return what floods in each commune.

        Parameters
        ----------
        failed : collection of str, optional
            Stations that fail; all of them by default, none for an empty collection.

        Returns
        -------
        pandas.DataFrame
            One row for each commune, zeros kept, on the index ``insee``: ``buildings``,
            ``dwellings`` where known and ``dwellings_unknown``, the buildings where not;
            ``people`` if they are known; ``buildings_excluded``, flooded too but in none of the
            columns before; and the rule.

        Raises
        ------
        ParameterError
            If a station is unknown.
        """
        return self._finish(self._by_commune(self._places(failed)), self.communes)

    def count_by_station(self) -> pd.DataFrame:
        """Return what floods when each station fails alone.

        Returns
        -------
        pandas.DataFrame
            One row for each station on the index ``id_station``: the columns of `count`, and
            ``communes``, the number of those where a building floods. A building that two stations
            flood counts in both rows: `count` of all of them counts it once.
        """
        return self._count_sets([(s,) for s in range(len(self.stations))], self.stations)

    def count_by_station_and_commune(self) -> pd.DataFrame:
        """Return what floods in each commune when each station fails alone.

        Returns
        -------
        pandas.DataFrame
            The columns of `count`, one row for each station and commune, zeros kept, on the index
            ``id_station`` and ``insee``.
        """
        found = [self._by_commune(np.array([s])) for s in range(len(self.stations))]
        values = np.concatenate(found) if found else np.zeros((0, len(_COUNTS)), dtype=np.int64)
        rows = pd.MultiIndex.from_product([self.stations, self.communes])
        return self._finish(values, rows)

    def count_by_pair(self) -> pd.DataFrame:
        """Return what floods when two stations fail together.

        Returns
        -------
        pandas.DataFrame
            One row for each pair on the index ``id_station_1`` and ``id_station_2``: the columns
            of `count_by_station`; ``buildings_common``, flooded by either alone, and
            ``buildings_only_together``, by neither alone: the pair floods the sum of its two
            stations, less the common ones, plus those.
        """
        pairs = list(combinations(range(len(self.stations)), 2))
        ends = [self.stations.take([pair[end] for pair in pairs]) for end in (0, 1)]
        table = self._count_sets(pairs, pd.MultiIndex.from_arrays(ends, names=_PAIR))
        alone = [self._model.flooded(np.array([s])) for s in range(len(self.stations))]
        number = self._counts[:, 0]
        common = [int(number[alone[a] & alone[b]].sum()) for a, b in pairs]
        either = [int(number[alone[a] | alone[b]].sum()) for a, b in pairs]
        table.insert(1, "buildings_common", np.array(common, dtype=np.int64))
        together = table["buildings"] - np.array(either, dtype=np.int64)
        table.insert(2, "buildings_only_together", together)
        return table

    def find_worst(
        self, number: int, *, by: Counted = "buildings", method: Method = "auto"
    ) -> WorstFailures:
        """Return the stations whose failure together floods most.

        Parameters
        ----------
        number : int
            How many fail; all of them if there are fewer.
        by : {"buildings", "dwellings", "people"}
            What is counted. Dwellings that are not known count for nothing.
        method : {"auto", "exact", "greedy"}
            Exact, by branch and bound; greedy, one station after another; or exact unless that
            takes more than a fixed number of steps, and greedy then.

        Returns
        -------
        WorstFailures
            The set, what it floods, and what no set of that size can exceed.

        Raises
        ------
        ParameterError
            If the number is not a whole one from 1 on, the method is unknown, or what is counted is
            unknown.
        """
        worth, parts = self._worth(by)
        found = find_worst(self._model, worth, number=number, method=method, names=self.stations)
        value, bound = found.value / parts, found.upper_bound / parts
        return replace(found, value=value, upper_bound=bound, counted=by)

    def rank_stations(self, *, by: Counted = "buildings") -> pd.DataFrame:
        """Return the stations from the worst on: the one that floods most, then the next, …

        Parameters
        ----------
        by : {"buildings", "dwellings", "people"}
            What is counted.

        Returns
        -------
        pandas.DataFrame
            On the index ``rank`` from 1 on: ``id_station``; ``alone``, what it floods if it alone
            fails; ``more``, what it adds to the failure of those before it; ``together``, what all
            of them flood, with what floods without any failure; ``counted`` and the rule. Of equals
            the one that floods more alone, then the first identifier, comes first.

        Raises
        ------
        ParameterError
            If what is counted is unknown.
        """
        worth, parts = self._worth(by)
        table = order_greedily(self._model, worth)
        names = self.stations.take(table.pop("station").to_numpy())
        if parts != 1:
            table = table / parts
        table.insert(0, "id_station", names)
        return table.assign(counted=by, **self.rule.describe())

    def _worth(self, by: str) -> tuple[IntArray, int]:
        """Return what each group of buildings counts for, in whole parts, and the parts of one."""
        if by not in get_args(Counted) or (by == "people" and not self.has_people):
            known = ", ".join(c for c in get_args(Counted) if c != "people" or self.has_people)
            raise ParameterError(explain("by", f"« {by} » is not counted", required=known))
        return self._counts[:, _COUNTS.index(by)], _PARTS_PER_PERSON if by == "people" else 1

    def _places(self, failed: Collection[str] | None) -> IntArray:
        if failed is None:
            return np.arange(len(self.stations))
        names = sorted({failed} if isinstance(failed, str) else set(failed))
        places = self.stations.get_indexer(pd.Index(names, dtype=self.stations.dtype))
        if (places < 0).any():
            unknown = [name for name, place in zip(names, places, strict=True) if place < 0]
            raise ParameterError(
                explain("failed", "unknown station", count=len(unknown), ids=unknown,
                        required="id_station of the stations or basins")
            )  # fmt: skip
        return np.asarray(places, dtype=np.int64)

    def _by_commune(self, failed: IntArray) -> IntArray:
        flooded = self._model.flooded(failed)
        counts = np.zeros((len(self.communes), len(_COUNTS)), dtype=np.int64)
        np.add.at(counts, self._commune[flooded], self._counts[flooded])
        return counts

    def _count_sets(self, sets: Iterable[Sequence[int]], index: pd.Index) -> pd.DataFrame:
        """Return one row for each set of stations."""
        sums, communes = [], []
        for failed in sets:
            counts = self._by_commune(np.array(failed, dtype=np.int64))
            sums.append(counts.sum(axis=0))
            communes.append(np.count_nonzero(counts[:-1, 0]))  # the last row is outside them
        table = self._finish(np.array(sums, dtype=np.int64).reshape(-1, len(_COUNTS)), index)
        place = list(table.columns).index("buildings_excluded")
        table.insert(place, "communes", np.array(communes, dtype=np.int64))
        return table

    def _finish(self, values: IntArray, index: pd.Index) -> pd.DataFrame:
        table = pd.DataFrame(values, index=index, columns=list(_COUNTS))
        people = table["people"] / _PARTS_PER_PERSON
        table = table.assign(people=people) if self.has_people else table.drop(columns="people")
        return table.assign(**self.rule.describe())
