"""All rules of the plan review, and the table that documents them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from tvb.errors import ParameterError, explain
from tvb.plu import (
    cycling_links,
    elements,
    graph_loss,
    network,
    reservations,
    risk,
    standard,
    transcription,
)
from tvb.plu.declare import Lang, Rule, Threshold

__all__ = [
    "FAMILIES",
    "RULES",
    "RULES_VERSION",
    "THRESHOLDS",
    "check_thresholds",
    "rules_table",
    "select_rules",
    "thresholds_table",
]

RULES_VERSION = "2"
"""Raised whenever a rule may answer otherwise: reviews kept under another version are not used."""

FAMILIES: dict[str, tuple[str, str]] = {
    "U1": ("Transcription du bien inscrit et de sa zone tampon",
           "Transcription of the World Heritage property and its buffer zone"),
    "U2": ("Protection des éléments inscrits", "Protection of the inscribed elements"),
    "U3": ("Zones AU et emplacements réservés", "AU zones and reserved sites"),
    "T1": ("Trame verte et bleue : zonage et prescriptions",
           "Green-blue network: zones and prescriptions"),
    "T2": ("Graphe d'habitat : ce que coûtent les zones AU",
           "Habitat graph: what AU zones cost"),
    "R1": ("Risque d'inondation", "Flood risk"),
    "C1": ("Liaisons cyclables", "Cycle links"),
    "S1": ("Standard CNIG", "CNIG standard"),
}  # fmt: skip
"""Families of rules, in French and in English."""

RULES: tuple[Rule, ...] = (
    *transcription.RULES,
    *elements.RULES,
    *reservations.RULES,
    *network.RULES,
    *graph_loss.RULES,
    *risk.RULES,
    *cycling_links.RULES,
    *standard.RULES,
)
"""Every rule, in the order of reports."""

THRESHOLDS: dict[str, Threshold] = {t.name: t for rule in RULES for t in rule.thresholds}
"""Every threshold, by name."""


def select_rules(wanted: Iterable[str | Rule] | None = None) -> tuple[Rule, ...]:
    """Return some rules, in the order of reports.

    Parameters
    ----------
    wanted : iterable of str or Rule, optional
        Identifiers (``U1.2``), families (``U1``), or rules of one's own, which come last; by
        default all.

    Returns
    -------
    tuple of Rule
        Each once.

    Raises
    ------
    ParameterError
        If a name is no rule and no family.

    Examples
    --------
    >>> [rule.id for rule in select_rules(["U2", "C1.1"])]
    ['U2.1', 'U2.2', 'U2.3', 'C1.1']
    """
    if wanted is None:
        return RULES
    given = [wanted] if isinstance(wanted, str) else list(wanted)
    names = {name for name in given if isinstance(name, str)}
    own = [rule for rule in given if isinstance(rule, Rule)]
    known = {rule.id for rule in RULES} | {rule.family for rule in RULES}
    unknown = sorted(names - known)
    if unknown:
        raise ParameterError(
            explain(
                f"rule « {unknown[0]} »",
                "unknown",
                required="one of " + ", ".join(FAMILIES) + ", or an id such as U1.2",
            )
        )
    chosen = [r for r in RULES if r.id in names or r.family in names or r in own]
    return (*chosen, *(r for r in own if r not in RULES))


def check_thresholds(values: Mapping[str, float] | None) -> dict[str, float]:
    """Return thresholds given by the caller, after checking them.

    Parameters
    ----------
    values : mapping of str to float, optional
        By name.

    Returns
    -------
    dict of str to float
        The same.

    Raises
    ------
    ParameterError
        If no rule has such a threshold, or a value is negative or not a number.
    """
    found = dict(values or {})
    unknown = sorted(set(found) - set(THRESHOLDS))
    if unknown:
        raise ParameterError(
            explain(f"threshold « {unknown[0]} »", "unknown", required=", ".join(THRESHOLDS))
        )
    wrong = [name for name, value in found.items() if not value >= 0]
    if wrong:
        raise ParameterError(
            explain(f"threshold « {wrong[0]} »", f"is {found[wrong[0]]}", required="0 or more")
        )
    return found


def rules_table(lang: Lang = "fr", rules: Sequence[Rule] = RULES) -> pd.DataFrame:
    """Return the rules as a table for people, from which their page is made.

    Parameters
    ----------
    lang : {"fr", "en"}
        Language.
    rules : sequence of Rule
        Which; by default all.

    Returns
    -------
    pandas.DataFrame
        One row for each rule: ``rule``, ``family``, ``title`` of the family, ``question``,
        ``level``, ``law``, ``needs``, ``thresholds``, ``message`` (pattern).
    """
    at = 0 if lang == "fr" else 1
    rows = [
        {
            "rule": rule.id,
            "family": rule.family,
            "title": FAMILIES.get(rule.family, ("", ""))[at],
            "question": rule.question.say(lang),
            "level": rule.level,
            "law": rule.law,
            "needs": ", ".join(rule.needs),
            "thresholds": "; ".join(f"{t.name} = {t.value:g}" for t in rule.thresholds),
            "message": rule.message.say(lang),
        }
        for rule in rules
    ]
    return pd.DataFrame(rows)


def thresholds_table(lang: Lang = "fr") -> pd.DataFrame:
    """Return the thresholds as a table for people.

    Parameters
    ----------
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    pandas.DataFrame
        One row for each: ``threshold``, ``value``, ``unit``, ``meaning``, ``source``, ``rules``.
    """
    rows = [
        {
            "threshold": t.name,
            "value": t.value,
            "unit": t.unit,
            "meaning": t.meaning.say(lang),
            "source": t.source.say(lang),
            "rules": ", ".join(r.id for r in RULES if t in r.thresholds),
        }
        for t in THRESHOLDS.values()
    ]
    return pd.DataFrame(rows)
