"""Watched objects — pit heads, buildings, estates — ranked by what they are exposed to.

The score is a sum of stated points, each in a column of its own. What is not known counts as a
risk, until someone goes and looks, and is named as not known. What was not asked, because a layer
was not given, is null and counts for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.heritage.dates import parse_days
from tvb.heritage.objects import areas_of, share_inside
from tvb.names import normalise_name
from tvb.schema import require_crs
from tvb.schema.hazard import flag_dry
from tvb.territory import Source

__all__ = ["DEFAULT_POINTS", "RiskRanking", "rank_at_risk"]

DEFAULT_POINTS: dict[str, float] = {
    "unprotected": 3.0,
    "surroundings_only": 2.0,
    "private": 1.0,
    "poor_state": 2.0,
    "flood": 2.0,
    "au_zone": 2.0,
    "old_observation": 1.0,
}
"""Points of each exposure. ``surroundings_only`` stands in the place of ``unprotected`` for what
only lies around a monument."""

COMPONENTS = tuple(name for name in DEFAULT_POINTS if name != "surroundings_only")
"""Exposures, each of which has a column ``points_…``."""

_NOT_PROTECTED = {
    "", "0", "aucun", "aucune", "neant", "non", "non protege", "non protegee", "pas de protection",
    "rien", "sans", "sans protection",
}  # fmt: skip
_SURROUNDINGS = r"\babords\b"
_MONUMENT = r"\b(?:classee?s?|inscrite?s?)\b"
_PRIVATE = r"\b(?:prive|privee|prives|privees|particuliers?|sci|sarl|sas|copropriete|indivision)\b"
_POOR = (
    r"\b(?:mauvais|mauvaise|ruines?|degradee?|peril|menacee?|abandon|abandonnee?|delabree?|"
    r"effondree?|vetuste)\b"
)
_DAYS_IN_YEAR = 365.25


@dataclass(frozen=True, repr=False)
class RiskRanking:
    """Watched objects in the order in which they should be looked after.

    Parameters
    ----------
    table : geopandas.GeoDataFrame
        See `rank_at_risk`.
    parameters : mapping of str to object
        Day, points, years and share with which it was made.
    not_assessed : tuple of str
        Exposures for which no layer was given.
    sources : tuple of Source
        Where the layers come from.
    """

    table: gpd.GeoDataFrame
    parameters: Mapping[str, Any]
    not_assessed: tuple[str, ...]
    sources: tuple[Source, ...] = field(default=())

    def summary(self) -> pd.DataFrame:
        """Return how many objects each exposure concerns.

        Returns
        -------
        pandas.DataFrame
            On ``exposure``: ``points`` (the most it gives), ``objects`` that have some,
            ``unknown`` among them; null where it was not assessed.
        """
        unknown = self.table["unknown"].str.split(", ").explode()
        rows = {}
        for name in COMPONENTS:
            given = self.table[f"points_{name}"]
            asked = name not in self.not_assessed
            rows[name] = {
                "points": self.parameters["points"][name],
                "objects": int((given > 0).sum()) if asked else pd.NA,
                "unknown": int((unknown == name).sum()) if asked else pd.NA,
            }
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("exposure")
        return table.astype({"objects": "Int64", "unknown": "Int64"})

    def __repr__(self) -> str:
        top = self.table["score"].max() if len(self.table) else 0.0
        left = f", {', '.join(self.not_assessed)} not assessed" if self.not_assessed else ""
        return f"<RiskRanking: {len(self.table)} objects, highest score {top:g}{left}>"

    def _repr_html_(self) -> str:
        shown = ["rank", "id_objet", "categorie", "nom", "insee", "score", "unknown"]
        return frame_table(self, self.table[shown], then=(".table", ".summary()"))


def rank_at_risk(
    objects: gpd.GeoDataFrame,
    *,
    on: str | dt.date,
    flood_zones: gpd.GeoDataFrame | None = None,
    plan_zones: gpd.GeoDataFrame | None = None,
    points: Mapping[str, float] = DEFAULT_POINTS,
    old_years: float = 5.0,
    min_share: float = 0.05,
    sources: Iterable[Source] = (),
) -> RiskRanking:
    """Return watched objects ranked by exposure.

    Parameters
    ----------
    objects : geopandas.GeoDataFrame
        Layer ``watched_objects``: points or polygons, EPSG:2154.
    on : str or datetime.date
        Day of the ranking, for example ``2026-01-31``.
    flood_zones : geopandas.GeoDataFrame, optional
        Layer ``flood_zones``, EPSG:2154. None: not assessed.
    plan_zones : geopandas.GeoDataFrame, optional
        Zones of plans (``zone_urba``), EPSG:2154, with ``typezone``. None: not assessed.
    points : mapping of str to float
        Points of exposures, 0 or more; those left out keep their `DEFAULT_POINTS`.
    old_years : float
        An observation older than this is old.
    min_share : float
        Least share of a polygon in a zone, so that borders drawn apart do not count; a point is in
        a zone or not.
    sources : iterable of Source
        Where the layers come from; kept with the result.

    Returns
    -------
    RiskRanking
        Its table has the columns of the objects and, in order of rank: ``rank`` from 1 (equal
        scores: the observation known for the longest time first, an unknown one before all, then by
        ``id_objet``); ``score``, the sum of ``points_unprotected`` (protection null or denied;
        fewer points for what only lies in the surroundings of a monument), ``points_private`` (an
        owner, or one of them, is private), ``points_poor_state``, ``points_flood``,
        ``points_au_zone``, ``points_old_observation``; ``unknown``, the exposures that are supposed
        for want of knowledge; ``observed_on``, ``age_years``, null where no day can be read or it
        lies after the ranking; ``flood_share``, ``scenarios`` joined by commas; ``au_share``,
        ``typezone`` of the zone that holds most of the object. The index labels are kept.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing.
    ParameterError
        If the day is none, or points, years or share are out of range.
    """
    day = _day(on)
    points = _checked(points, {"old_years": old_years, "min_share": min_share})
    _require(objects, "objects", "id_objet", "etat", "proprietaire", "protection",
             "date_observation")  # fmt: skip
    require_crs(objects, "objects")
    table = objects.assign(**_age(objects["date_observation"], day))
    given, unknown = _own_exposures(table, points, old_years)
    layers = {"flood": flood_zones, "au_zone": plan_zones}
    for name, zones in layers.items():
        if zones is None:
            given[name] = np.nan
            continue
        measured = _MEASURES[name](table, zones, min_share)
        table = table.join(measured)
        given[name] = np.where(measured.iloc[:, 0] >= min_share, points[name], 0.0)
    score = given.sum(axis=1)
    given = given[list(COMPONENTS)].add_prefix("points_")
    table = table.join(given).assign(score=score, unknown=unknown)
    parameters = {"on": day.date().isoformat(), "points": points, "old_years": old_years,
                  "min_share": min_share}  # fmt: skip
    not_assessed = tuple(name for name, zones in layers.items() if zones is None)
    return RiskRanking(_in_order(table), parameters, not_assessed, tuple(sources))


def _day(on: str | dt.date) -> pd.Timestamp:
    day = parse_days(pd.Series([str(on)])).iloc[0]
    if pd.isna(day):
        raise ParameterError(
            explain("on", f"« {on} » is no day", required="a day such as 2026-01-31")
        )
    return pd.Timestamp(day)


def _checked(points: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """Return the points of all exposures; raise if any parameter is out of range."""
    strange = sorted(set(points) - set(DEFAULT_POINTS))
    if strange:
        raise ParameterError(
            explain("points", f"« {strange[0]} » is no exposure",
                    required="some of " + ", ".join(DEFAULT_POINTS))
        )  # fmt: skip
    for name, value in {**points, **others}.items():
        if not value >= 0:
            raise ParameterError(explain(name, f"{value}", required="0 or more"))
    return {**DEFAULT_POINTS, **points}


def _require(frame: pd.DataFrame, name: str, *columns: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise LayerError(
            explain(
                name,
                f"column « {missing[0]} » is missing",
                remedy="read the layer with tvb.io.read_layer, which gives it all its columns",
            )
        )


def _age(texts: pd.Series[str], day: pd.Timestamp) -> dict[str, pd.Series[Any]]:
    observed = parse_days(texts)
    observed = observed.mask(observed > day)
    return {"observed_on": observed, "age_years": (day - observed).dt.days / _DAYS_IN_YEAR}


def _own_exposures(
    table: pd.DataFrame, points: Mapping[str, float], old_years: float
) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Return the points for what the table itself tells, and the names of what it does not."""
    protection, owner, state = (
        table[name].map(normalise_name, na_action="ignore").astype("str")
        for name in ("protection", "proprietaire", "etat")
    )
    is_monument = protection.str.contains(_MONUMENT, na=False)
    around = protection.str.contains(_SURROUNDINGS, na=False) & ~is_monument
    exposed = pd.DataFrame(
        {
            "unprotected": protection.isna() | protection.isin(_NOT_PROTECTED),
            "private": owner.isna() | owner.str.contains(_PRIVATE, na=False),
            "poor_state": state.isna() | state.str.contains(_POOR, na=False),
            "old_observation": ~(table["age_years"] <= old_years),
        }
    )
    missing = pd.DataFrame(
        {
            "unprotected": protection.isna(),
            "private": owner.isna(),
            "poor_state": state.isna(),
            "old_observation": table["age_years"].isna(),
        }
    )
    given = exposed.mul(pd.Series(points))[list(exposed.columns)].astype("float64")
    given["unprotected"] = given["unprotected"].mask(around, points["surroundings_only"])
    names = [", ".join(missing.columns[row]) for row in missing.to_numpy(dtype=bool)]
    return given, pd.Series(names, index=table.index, dtype="str")


def _flood(objects: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, min_share: float) -> pd.DataFrame:
    """Return the share of each object in any flood zone, and the scenarios that reach it."""
    _require(zones, "flood_zones", "scenario")
    if "niveau" in zones:
        zones = zones[~flag_dry(zones["niveau"])]
    geometry = objects.geometry.to_numpy()
    share = share_inside(geometry, areas_of(zones, "flood_zones"))
    reached: list[list[str]] = [[] for _ in geometry]
    for scenario, own in zones.groupby("scenario"):
        held = share_inside(geometry, areas_of(own, "flood_zones"))
        for at in np.flatnonzero((held > 0) & (held >= min_share)):
            reached[at].append(str(scenario))
    scenarios = pd.array([", ".join(some) for some in reached], dtype="str")
    return pd.DataFrame({"flood_share": share, "scenarios": scenarios}, index=objects.index)


def _plan_zone(
    objects: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, min_share: float
) -> pd.DataFrame:
    """Return the share of each object in AU zones, and the type of the zone that holds most."""
    del min_share
    _require(zones, "plan_zones", "typezone")
    geometry = objects.geometry.to_numpy()
    building_land = zones[zones["typezone"].str.startswith("AU").fillna(False).astype(bool)]
    shares = {
        str(name): share_inside(geometry, areas_of(own, "plan_zones"))
        for name, own in zones.groupby("typezone")
    }
    table = pd.DataFrame(
        {"au_share": share_inside(geometry, areas_of(building_land, "plan_zones"))},
        index=objects.index,
    )
    held = pd.DataFrame(shares, index=objects.index)
    most = held.idxmax(axis=1) if shares else pd.Series(None, index=objects.index, dtype="str")
    return table.assign(typezone=most.where(held.max(axis=1) > 0).astype("str"))


_MEASURES = {"flood": _flood, "au_zone": _plan_zone}


def _in_order(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the objects from the most exposed on, with their rank."""
    table = table.assign(id_objet=table["id_objet"].astype("str"))
    ordered = table.sort_values(
        ["score", "observed_on", "id_objet"], ascending=[False, True, True],
        na_position="first", kind="stable",
    )  # fmt: skip
    ordered.insert(0, "rank", np.arange(1, len(ordered) + 1))
    return ordered
