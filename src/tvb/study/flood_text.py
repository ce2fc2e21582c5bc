"""What stands around the tables of a flood: titles, the counting rule, and what not to quote."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tvb.messages import Lang
from tvb.messages.typography import Counted, format_number, mark_number
from tvb.study.config import Study
from tvb.study.counting import describe_counting
from tvb.study.flood_summary import sum_people
from tvb.study.store import Store

__all__ = ["describe_floor", "describe_people", "flood_heading", "flood_title"]

_TITLES: dict[str, dict[Lang, str]] = {
    "sensitivity": {
        "fr": "Bâtiments exposés par cette règle ; au moins et au plus par toutes les règles",
        "en": "Exposed buildings by this rule; the least and the most by all the rules",
    },
    "communes": {
        "fr": "Communes qui ont le plus de bâtiments exposés (scénario {scenario})",
        "en": "Communes with most exposed buildings (scenario {scenario})",
    },
    "classes": {"fr": "Bâtiments exposés par classe d'aléa",
                "en": "Exposed buildings by class of hazard"},
    "people": {"fr": "Habitants des bâtiments exposés", "en": "People of the exposed buildings"},
    "depths": {
        "fr": "Bâtiments sous l'eau d'après les hauteurs d'eau, selon la plus grande ; {floor}",
        "en": "Buildings under water by the rasters of depth, by their largest depth; {floor}",
    },
    "indicators": {
        "fr": "Indicateurs des guides nationaux (scénario {scenario}, toutes communes)",
        "en": "Indicators of the national guides (scenario {scenario}, all communes)",
    },
    "stations": {
        "fr": "Stations dont l'arrêt inonde le plus de bâtiments ; toutes arrêtées : {all}",
        "en": "Pumping stations whose failure floods most buildings; all stopped: {all}",
    },
    "basins": {
        "fr": "Jusqu'où monte l'eau quand la station s'arrête ; {floor}",
        "en": "How high the water stands when the station stops; {floor}",
    },
    "official": {
        "fr": "Chiffres du rapport d'origine et de ce calcul, jamais calés les uns sur les autres",
        "en": "Figures of the source report beside those of this run: never tuned to one another",
    },
}  # fmt: skip
_ALL: dict[Lang, str] = {
    "fr": "{0} bâtiment{0:|s} dans {1} commune{1:|s} ({2} dans {3} sur toute la zone dessinée)",
    "en": "{0} building{0:|s} in {1} commune{1:|s} ({2} in {3} over all the zone as drawn)",
}
_HEAD: dict[Lang, str] = {
    "fr": "Règle de comptage : {rule}. {attribution} {left_out}",
    "en": "Counting rule: {rule}. {attribution} {left_out}",
}
_MODELLED: dict[Lang, str] = {
    "fr": "Nombres modélisés : bâtiments ou zones sont inventés et ne décrivent aucun lieu.",
    "en": "Modelled numbers: buildings or zones are invented and describe no place.",
}
_FLOOR: dict[str, dict[Lang, str]] = {
    "ground": {"fr": "planchers au niveau du sol", "en": "floors at the level of the ground"},
    "above": {"fr": "planchers à {} m du sol", "en": "floors {} m above the ground"},
}
_PEOPLE: dict[str, dict[Lang, str]] = {
    "spread": {
        "fr": "Les {spread} habitants de {cells} carreaux de 200 m sont répartis sur {buildings} "
        "bâtiment{buildings:|s}, dont {unknown} au nombre de logements inconnu ; les autres ont "
        "{dwellings} logement{dwellings:|s}.",
        "en": "The {spread} people of {cells} squares of 200 m are spread on {buildings} "
        "building{buildings:|s}, {unknown} of unknown number of dwellings; the others have "
        "{dwellings} dwelling{dwellings:|s}.",
    },
    "wrong": {
        "fr": "À NE PAS CITER : {ratio} habitants par logement connu. De {low} à {high} serait "
        "plausible (règle empirique ; l'INSEE compte de 1,9 à 2,3 personnes par ménage selon le "
        "département).",
        "en": "NOT TO BE QUOTED: {ratio} people per known dwelling. From {low} to {high} would be "
        "plausible (a rule of thumb; INSEE counts 1.9 to 2.3 people per household by department).",
    },
    "few": {
        "fr": "Les bâtiments modélisés sont trop peu nombreux pour cette population.",
        "en": "The modelled buildings are too few for these people.",
    },
    "unknown": {
        "fr": "Aucun nombre de logements n'est connu : rien ne dit si ces nombres sont plausibles.",
        "en": "No number of dwellings is known: nothing tells whether these numbers are plausible.",
    },
    "to": {"fr": "{} à {}", "en": "{} to {}"},
}


def flood_heading(study: Study, nature: str) -> str:
    """Return the counting rule of a study in a paragraph, and a warning where numbers are modelled.

    Parameters
    ----------
    study : Study
        Section ``flood``, and the language.
    nature : {"real", "schematic", "modelled"}
        What the counts are worth.

    Returns
    -------
    str
        One or two lines.
    """
    lang = study.study.lang
    lines = [_HEAD[lang].format(**describe_counting(study))]
    return "\n".join(lines + ([_MODELLED[lang]] if nature == "modelled" else []))


def flood_title(study: Study, name: str, stations: dict[str, Any] | None = None) -> str:
    """Return the title of a table.

    Parameters
    ----------
    study : Study
        Section ``flood``, and the language.
    name : str
        Of the table.
    stations : dict, optional
        What ``tables/stations.json`` holds.

    Returns
    -------
    str
        Without a full stop.
    """
    lang = study.study.lang
    told = stations or dict.fromkeys(("buildings", "communes"), 0)
    counts = [
        Counted(told.get(key, 0), lang, format_number(told.get(key, 0), lang=lang))
        for key in ("buildings", "communes", "buildings_drawn", "communes_drawn")
    ]
    return _TITLES[name][lang].format(
        scenario=study.flood.map_scenario,
        floor=describe_floor(study),
        all=_ALL[lang].format(*counts),
    )


def describe_floor(study: Study) -> str:
    """Return how high the floors of a study stand.

    Parameters
    ----------
    study : Study
        Section ``flood``, and the language.

    Returns
    -------
    str
        The height, or that there is none.
    """
    lang, height_m = study.study.lang, study.flood.floor_height_m
    words = _FLOOR["above" if height_m else "ground"][lang]
    return words.format(mark_number(f"{height_m:g}", lang))


def describe_people(store: Store, *, lang: Lang) -> list[str]:
    """Return how people were spread, and whether the numbers deserve to be quoted.

    Parameters
    ----------
    store : Store
        Folder of a run that made the step ``flood``.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    list of str
        Sentences; none where the study has no grid.
    """
    table = sum_people(store)
    if table.empty:
        return []
    told = store.read_json("tables/people.json")
    numbers = {
        key: Counted(told[name], lang, format_number(told[name], lang=lang))
        for key, name in (("spread", "spread"), ("cells", "cells"), ("buildings", "buildings"),
                          ("dwellings", "dwellings"), ("unknown", "buildings_dwellings_unknown"))
    }  # fmt: skip
    sentences = [_PEOPLE["spread"][lang].format(**numbers)]
    ratios = pd.concat([pd.Series([told["people_per_dwelling"]]), table["people_per_dwelling"]])
    ratios = ratios.astype("float64").dropna()
    low, high = told["plausible_from"], told["plausible_to"]
    if ratios.empty:
        return [*sentences, _PEOPLE["unknown"][lang]]
    if ratios.between(low, high).all():
        return sentences
    ends = dict.fromkeys(format_number(r, 1, lang=lang) for r in (ratios.min(), ratios.max()))
    ratio = next(iter(ends)) if len(ends) == 1 else _PEOPLE["to"][lang].format(*ends)
    bounds = {"low": f"{low:g}", "high": f"{high:g}"}
    sentences.append(_PEOPLE["wrong"][lang].format(ratio=ratio, **bounds))
    is_modelled = told["buildings_nature"] == "modelled"
    return sentences + ([_PEOPLE["few"][lang]] if is_modelled and ratios.max() > high else [])
