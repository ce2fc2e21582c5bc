"""The counting rule of a study: as an object, in words, and what the numbers owe to it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from tvb import flood
from tvb.flood.sensitivity import ALL_EXCLUSIONS
from tvb.messages import Lang
from tvb.messages.typography import mark_number
from tvb.study.config import Study
from tvb.study.store import Store

__all__ = ["counting_rule", "describe_counting", "write_sensitivity"]

_VARIES = "(varies)"
_ATTRIBUTIONS = ("largest_share", "centroid")
_WORDS: dict[str, dict[Lang, str]] = {
    "touches": {
        "fr": "le bâtiment a au moins un point dans une zone",
        "en": "the building has at least a point in a zone",
    },
    "centroid": {
        "fr": "le centre du bâtiment est dans une zone",
        "en": "the centre of the building lies in a zone",
    },
    "share": {
        "fr": "une part d'au moins {share} % de l'emprise est dans une zone",
        "en": "a share of at least {share} % of the footprint lies in a zone",
    },
    "in_largest_share": {
        "fr": "Un bâtiment compte une fois par scénario, dans la commune de sa plus grande part.",
        "en": "A building counts once per scenario, in the one commune of its largest share.",
    },
    "in_centroid": {
        "fr": "Un bâtiment compte une fois par scénario, dans la commune de son centre.",
        "en": "A building counts once per scenario, in the one commune of its centre.",
    },
    "light": {"fr": "constructions légères", "en": "light constructions"},
    "annexe": {"fr": "annexes", "en": "annexes"},
    "not_in_service": {
        "fr": "bâtiments qui ne sont pas en service",
        "en": "buildings that are not in service",
    },
    "left_out": {"fr": "Hors du compte : {}.", "en": "Left out: {}."},
    "nothing": {"fr": "Aucun bâtiment n'est laissé de côté.", "en": "No building is left out."},
}


def counting_rule(study: Study) -> flood.CountingRule:
    """Return the rule by which a study counts exposed buildings.

    Parameters
    ----------
    study : Study
        Section ``flood``.

    Returns
    -------
    CountingRule
        What exposes a building, what is left out, where it counts.
    """
    keys = study.flood
    return flood.CountingRule(
        keys.rule,
        min_share=keys.min_share,
        exclude=keys.exclude,
        attribution=keys.attribution,
    )


def describe_counting(study: Study) -> dict[str, str]:
    """Return the counting rule of a study in words.

    Parameters
    ----------
    study : Study
        Section ``flood``, and the language.

    Returns
    -------
    dict of str to str
        ``rule``, which ends a sentence; ``attribution`` and ``left_out``, which are sentences.
    """
    lang, keys = study.study.lang, study.flood
    share = mark_number(f"{100 * keys.min_share:g}", lang)
    reasons = [_WORDS[reason][lang] for reason in flood.DEFAULT_EXCLUDED if reason in keys.exclude]
    left_out = _WORDS["left_out"][lang].format(", ".join(reasons))
    return {
        "rule": _WORDS[keys.rule][lang].format(share=share),
        "attribution": _WORDS[f"in_{keys.attribution}"][lang],
        "left_out": left_out if reasons else _WORDS["nothing"][lang],
    }


def write_sensitivity(
    study: Study,
    store: Store,
    *,
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    nature: str,
) -> None:
    """Write what the number of exposed buildings owes to the rule of the study.

    Parameters
    ----------
    study : Study
        Section ``flood``.
    store : Store
        Folder of the run.
    buildings, zones, communes : geopandas.GeoDataFrame
        As in `tvb.flood.sensitivity`.
    nature : str
        What the layers are worth.
    """
    rule = counting_rule(study)
    said = rule.describe()
    mine = {frozenset(reasons): reasons for reasons in (rule.exclude, *ALL_EXCLUSIONS)}
    found = flood.sensitivity(
        buildings,
        zones,
        communes,
        min_shares=(rule.min_share,),
        exclusions=tuple(mine.values()),
        attributions=_ATTRIBUTIONS,
    )
    told = {**said, "nature": nature}
    counted = found.counts["buildings"].xs(tuple(said.values()), level=tuple(said))
    by_rule = found.spread.drop(columns="default")
    by_rule.insert(0, "buildings", counted)
    summary = found.summary().drop(columns="default")
    summary.insert(0, "buildings", counted.xs(flood.TOTAL, level="insee"))
    store.write_table("tables/sensitivity", summary.assign(**told))
    store.write_table("tables/sensitivity_totals", found.totals.assign(nature=nature))
    store.write_table("tables/sensitivity_communes", by_rule.assign(**told))
    store.write_table("tables/sensitivity_choices", _by_choice(found.totals, said, nature))


def _by_choice(totals: pd.DataFrame, said: dict[str, str], nature: str) -> pd.DataFrame:
    """Return how far the total goes when one choice of the study varies and the others stand."""
    tables = []
    for choice in said:
        others = {name: text for name, text in said.items() if name != choice}
        alone = totals["buildings"].xs(tuple(others.values()), level=tuple(others))
        table = alone.groupby("scenario").agg(["min", "max"])
        ratio = table["max"] / table["min"].where(table["min"] > 0)
        stated = {**said, choice: _VARIES}
        tables.append(table.assign(ratio=ratio, choice=choice, **stated, nature=nature))
    return pd.concat(tables).set_index("choice", append=True)
