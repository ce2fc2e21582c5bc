"""The figures of the source report on floods beside those of a run: never tuned to one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tvb import facts
from tvb.facts import Fact
from tvb.flood import OUTSIDE
from tvb.messages import Lang
from tvb.study.config import Study
from tvb.study.counting import counting_rule
from tvb.study.exposed import HAZARD_LAYERS
from tvb.study.store import Store
from tvb.territory import Source, worst_nature

__all__ = ["is_whole", "show_official", "write_official"]

_COUNTED = {"communes": facts.EXPOSED_COMMUNES, "buildings": facts.EXPOSED_BUILDINGS}
_HOW: dict[Lang, dict[str, str]] = {
    "fr": {
        "scenario": "zones du scénario {scenario}, dans les communes",
        "failure": "toutes les stations arrêtées",
        "stations": "objets de la couche",
        "by_construction": "par construction : la couche modélisée prend le nombre du rapport, "
        "en proportion des communes",
        "part": "une partie du territoire ({communes} communes) : non comparable",
    },
    "en": {
        "scenario": "zones of scenario {scenario}, inside the communes",
        "failure": "all the stations stopped",
        "stations": "features of the layer",
        "by_construction": "by construction: the modelled layer takes the number of the report, "
        "in proportion to the communes",
        "part": "a part of the territory ({communes} communes): not to be compared",
    },
}
_NATURE_COLUMNS = {"real": "measured", "schematic": "schematic", "modelled": "modelled"}


def is_whole(sources: tuple[Source, ...]) -> bool:
    """Return whether a study keeps all of its communes.

    Parameters
    ----------
    sources : tuple of Source
        Of its layers.

    Returns
    -------
    bool
        False where communes were chosen: a figure of the whole property or basin says nothing then.
    """
    return not any("outside the communes chosen" in s.dropped for s in sources)


def write_official(study: Study, store: Store) -> None:
    """Write ``tables/official``: the figures of the source report beside those of the run.

    Parameters
    ----------
    study : Study
        Language, counting rule, and the scenario shown.
    store : Store
        Folder of a run that made the step ``flood`` and, where it has the layers, ``stations``.

    Notes
    -----
    Columns ``figure``, ``value`` and its ``nature``, ``official``, ``how`` the value was found,
    ``source`` of the official one, and those that state the rule.
    """
    from tvb.study.steps import lacking

    lang, scenario = study.study.lang, study.flood.map_scenario
    territory = store.territory("communes")
    exposure = store.read_table("tables/exposure")
    insee = exposure.index.get_level_values("insee")
    shown = exposure.index.get_level_values("scenario") == scenario
    here = exposure[shown & (insee != OUTSIDE)]
    counted = {
        "communes": int((here["buildings"] > 0).sum()),
        "buildings": int(here["buildings"].sum()),
    }
    said = counting_rule(study).describe()
    how = _HOW[lang]["scenario"].format(scenario=scenario)
    used = [name for name in HAZARD_LAYERS if name in store.layer_names()]
    nature = worst_nature(territory.sources_of(*used))
    rows = _rows(counted, how, nature=nature, said=said)
    if not lacking(study, "stations"):
        rows += _station_rows(store, lang, said)
    table = pd.DataFrame(rows)
    if not is_whole(territory.sources):
        part = _HOW[lang]["part"].format(communes=len(territory["communes"]))
        table["how"] += f" ; {part}" if lang == "fr" else f"; {part}"
    facts_of = table.pop("fact")
    table.insert(0, "figure", [f.meaning_fr if lang == "fr" else f.meaning for f in facts_of])
    table.insert(3, "official", [f.value for f in facts_of])
    table.insert(5, "source", [f"{f.source}, {f.date}" for f in facts_of])
    store.write_table("tables/official", table.astype({"official": "int64"}), index=False)


def _rows(
    counted: Mapping[str, int], how: str, *, nature: str, said: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        {"fact": fact, "value": counted[name], "nature": nature, "how": how, **said}
        for name, fact in _COUNTED.items()
    ]


def _station_rows(store: Store, lang: Lang, said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what floods when all stations stop, and their number, which a model takes as given."""
    stations = store.read_json("tables/stations.json")
    nature = str(stations["nature"])
    layer = worst_nature(store.territory().sources_of("pumping_stations"))
    fact: Fact = facts.PUMPING_STATIONS
    how = _HOW[lang]["by_construction" if layer == "modelled" else "stations"]
    number = {"fact": fact, "value": stations["stations"], "nature": layer, "how": how}
    return [
        *_rows(stations, _HOW[lang]["failure"], nature=nature, said=said),
        {**number, **dict.fromkeys(said)},
    ]


def show_official(store: Store) -> pd.DataFrame:
    """Return the figures of the source report beside those of a run, for people.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``official``.

    Returns
    -------
    pandas.DataFrame
        ``figure``; a column that is named for what the values are worth: ``measured`` where all
        layers are real, ``schematic`` or ``modelled`` else; ``official``, ``counted`` (how the
        value was found) and ``source``.
    """
    table = store.read_table("tables/official")
    order = [name for name in ("modelled", "schematic", "real") if name in set(table["nature"])]
    return table[["figure", "value", "official", "how", "source"]].rename(
        columns={"value": _NATURE_COLUMNS[order[0]], "how": "counted"}
    )
