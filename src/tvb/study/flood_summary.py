"""Tables that sum up people, indicators, depths and basins of a run, for reports and terminals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tvb.flood import INDICATORS
from tvb.schema.hazard import DEPTH_CLASSES
from tvb.study.people import PEOPLE_KNOWN
from tvb.study.store import Store

__all__ = ["sum_basins", "sum_classes", "sum_depths", "sum_indicators", "sum_people"]

_SHOWN = 10
_SOURCES = {
    "fr": {"terrain": "niveau du terrain", "polygon": "zone dessinée"},
    "en": {"terrain": "level of the terrain", "polygon": "zone as drawn"},
}
_UNITS = {"people": "habitants", "dwellings": "logements", "buildings": "bâtiments"}
_PEOPLE = ("people", "people_imputed", "ind_0_3", "ind_80p", "men", "men_pauv")


def sum_people(store: Store) -> pd.DataFrame:
    """Return the people exposed in each scenario, communes and what lies outside together.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``flood``.

    Returns
    -------
    pandas.DataFrame
        ``scenario``, ``people``, ``people_imputed`` and the groups of which the grid holds a
        number, and ``people_per_dwelling``, in the buildings whose number of dwellings is known;
        without rows where the study has no grid.
    """
    if not _holds(store, "people"):
        return pd.DataFrame(columns=["scenario", *_PEOPLE])
    table = store.read_table("tables/people")
    told = [name for name in _PEOPLE if name in table]
    sums = table.groupby("scenario")[[*told, PEOPLE_KNOWN, "dwellings"]].sum()
    ratio = sums[PEOPLE_KNOWN] / sums["dwellings"].where(sums["dwellings"] > 0)
    shown = sums[told].round().astype("int64")
    return shown.assign(people_per_dwelling=ratio.round(1)).reset_index()


def sum_classes(store: Store) -> pd.DataFrame:
    """Return the exposed buildings by class of hazard in each scenario.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``flood``.

    Returns
    -------
    pandas.DataFrame
        ``scenario``, ``buildings``, a column for each class, ``class_unknown``, and
        ``buildings_protected``; without rows where the study knows neither.
    """
    table = store.read_table("tables/exposure")
    names = [n for n in table if str(n).startswith("class_") or n == "buildings_protected"]
    if not names:
        return pd.DataFrame(columns=["scenario", "buildings"])
    sums = table.groupby("scenario")[["buildings", *names]].sum().reset_index()
    # A class of depth has the header that it has in the table of depths.
    return sums.rename(columns={f"class_{name}": f"buildings_{name}" for name in DEPTH_CLASSES})


def sum_indicators(store: Store, scenario: str, *, lang: str) -> pd.DataFrame:
    """Return the indicators of the national guides in one scenario, over all communes.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``flood``.
    scenario : str
        The scenario.
    lang : {"fr", "en"}
        Language of their titles.

    Returns
    -------
    pandas.DataFrame
        ``indicator``, ``value``, ``unit``: null where a layer lacks, so that it was not assessed.
        Shares, which do not add up, stand in the table of the communes only.
    """
    table = store.read_table("tables/indicators").xs(scenario, level="scenario")
    added = [i for i in INDICATORS if i.unit != "share"]
    value = [table[i.name].astype("float64").sum(min_count=1) for i in added]
    whole = [v if i.unit == "ha" else np.rint(v) for i, v in zip(added, value, strict=True)]
    words = _UNITS if lang == "fr" else {}
    return pd.DataFrame(
        {
            "indicator": [i.title_fr if lang == "fr" else i.name.replace("_", " ") for i in added],
            "value": whole,  # parts of persons come from shares: only areas deserve a decimal
            "unit": [words.get(i.unit, i.unit) for i in added],
        }
    )


def sum_depths(store: Store) -> pd.DataFrame:
    """Return the buildings under water by class of depth in each scenario.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``flood``.

    Returns
    -------
    pandas.DataFrame
        ``scenario``, ``buildings``, one column for each class and, where floors stand above the
        ground, ``buildings_above_floor``; without rows where the study has no raster of depth.
    """
    if not _holds(store, "depths"):
        return pd.DataFrame(columns=["scenario", "buildings"])
    table = store.read_table("tables/depths")
    names = [name for name in table if str(name).startswith("buildings")]
    sums: pd.DataFrame = table.groupby("scenario")[names].sum().reset_index()
    return sums.drop(columns=["buildings_excluded", *_without_floor(table)])


def sum_basins(store: Store, *, lang: str) -> pd.DataFrame:
    """Return the water of the stations whose failure floods most, and how it was found.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``stations``.
    lang : {"fr", "en"}
        Language of the words.

    Returns
    -------
    pandas.DataFrame
        ``station``, ``water`` (how it was found), ``level_m``, ``volume_m3``, ``buildings``,
        ``buildings_above_floor`` where floors stand above the ground, and ``buildings_drawn``,
        those of the zone as it was drawn.
    """
    table = store.read_table("tables/stations").head(_SHOWN)
    words = _SOURCES[lang]
    source = [
        ", ".join(words[word] for word in text.split(", ")) if isinstance(text, str) else ""
        for text in table["source"]
    ]
    columns = ["nom", "level_m", "volume_m3", "buildings", "buildings_above_floor",
               "buildings_drawn"]  # fmt: skip
    shown = table[columns].rename(columns={"nom": "station"}).reset_index(drop=True)
    shown["volume_m3"] = shown["volume_m3"].round()
    shown.insert(1, "water", source)
    return shown.drop(columns=_without_floor(table))


def _without_floor(table: pd.DataFrame) -> list[str]:
    """Return the column that says nothing where floors lie at the level of the ground."""
    return [] if (table["floor_height_m"] > 0).any() else ["buildings_above_floor"]


def _holds(store: Store, name: str) -> bool:
    return (store.folder / f"tables/{name}.parquet").is_file()
