"""S1: whether the delivery follows the CNIG standard: what its reading met."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from tvb.messages import translate
from tvb.plan import LEVELS, Level
from tvb.plu.case import Case
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.standard_drawing import DRAWING_RULES
from tvb.plu.standard_values import VALUE_RULES

__all__ = ["RULES"]

_LAW = "standard CNIG PLU ; L133-1 à L133-5, R133-1 à R133-3"
_GEOMETRY = re.compile(r"geometry|coordinates", re.IGNORECASE)


def translate_detail(detail: str) -> Words:
    """Return what the reading says, in both languages.

    Parameters
    ----------
    detail : str
        In English.

    Returns
    -------
    Words
        The English text twice where it is not known.
    """
    return Words(translate(detail, "fr"), detail)


def plan_commune(case: Case) -> str | None:
    """Return the commune of what concerns the whole plan.

    Parameters
    ----------
    case : Case
        The plan.

    Returns
    -------
    str or None
        None where the plan has several, or none.
    """
    return case.plan.communes[0] if len(case.plan.communes) == 1 else None


def _met(case: Case, *, chosen: Callable[[Any], bool]) -> Outcome:
    """Return the findings of the reading that a rule is about."""
    found = []
    rows: Iterator[Any] = case.plan.findings.itertuples()
    for row in rows:
        if not chosen(row):
            continue
        table = str(row.table)
        facts = {"name": table.upper() or case.plan.name, "detail": translate_detail(row.detail)}
        found.append(
            Found(plan_commune(case), table.upper() or case.plan.name, float(row.count), "", None,
                  facts, table=table, level=row.level if row.level in LEVELS else None)
        )  # fmt: skip
    return Outcome(found)


def _is_kind(row: Any, *, kinds: Collection[str]) -> bool:
    return row.kind in kinds


def _is_geometry(row: Any) -> bool:
    return row.kind in ("repaired", "dropped") and bool(_GEOMETRY.search(row.detail))


def _is_value(row: Any) -> bool:
    told = row.kind in ("repaired", "dropped") and not _is_geometry(row)
    return told or row.kind == "impossible_code"


_TABLES = ("table_missing", "unreadable")
_COLUMNS = ("column_missing",)
_IDURBA = ("idurba_form", "idurba_other")
_DATES = ("date_form",)
_PARTS = ("part_missing",)
_VERSION = ("version_clue",)
_TOLD = (*_TABLES, *_COLUMNS, *_IDURBA, *_DATES, *_PARTS, *_VERSION, "repaired", "dropped",
         "impossible_code")  # fmt: skip


def _is_other(row: Any) -> bool:
    """Tell whether no other rule tells a finding: none is lost."""
    return row.kind not in _TOLD


def _rule(number: int, level: Level, chosen: Callable[[Any], bool], *texts: Words) -> Rule:
    question, message = texts
    return Rule(f"S1.{number}", question, message, _LAW, level, (), partial(_met, chosen=chosen))


def _of(*kinds: str) -> Callable[[Any], bool]:
    return partial(_is_kind, kinds=kinds)


_READING = (
    _rule(1, "à corriger", _of(*_TABLES),
          Words("Les tables obligatoires sont-elles livrées et lisibles ?",
                "Are the mandatory tables delivered, and can they be read?"),
          Words("Table {name} : {detail}. La livrer au format du standard.",
                "Table {name}: {detail}. Deliver it as the standard asks.")),
    _rule(2, "à corriger", _of(*_COLUMNS),
          Words("Chaque table a-t-elle les colonnes de sa version ?",
                "Has each table the columns of its version?"),
          Words("Table {name} : il manque la colonne {detail}. L'ajouter.",
                "Table {name}: the column {detail} is missing. Add it.")),
    _rule(3, "à corriger", _is_value,
          Words("Les codes et les textes sont-ils livrés comme le standard les écrit ?",
                "Are codes and texts delivered as the standard writes them?"),
          Words("Table {name} : {detail} ({measure} ligne{measure:|s}). Livrer ces valeurs en "
                "texte, telles que le standard les écrit.",
                "Table {name}: {detail} ({measure} row{measure:|s}). Deliver these values as text, "
                "the way the standard writes them.")),
    _rule(4, "à corriger", _of(*_IDURBA),
          Words("L'identifiant IDURBA est-il celui du plan partout ?",
                "Is the identifier IDURBA that of the plan everywhere?"),
          Words("Table {name} : {detail} ({measure} ligne{measure:|s}). Remettre l'identifiant "
                "du plan.",
                "Table {name}: {detail} ({measure} row{measure:|s}). Put the identifier of the "
                "plan.")),
    _rule(5, "à corriger", _of(*_DATES),
          Words("Les dates sont-elles écrites AAAAMMJJ ?", "Are dates written AAAAMMJJ?"),
          Words("Table {name} : {detail} ({measure} ligne{measure:|s}). L'écrire en huit chiffres.",
                "Table {name}: {detail} ({measure} row{measure:|s}). Write it in eight digits.")),
    _rule(6, "à corriger", _is_geometry,
          Words("Les géométries sont-elles valides ?", "Are geometries valid?"),
          Words("Table {name} : {detail} ({measure} objet{measure:|s}). Corriger le tracé.",
                "Table {name}: {detail} ({measure} object{measure:|s}). Correct the drawing.")),
    _rule(7, "à vérifier", _of(*_PARTS),
          Words("Les pièces écrites sont-elles livrées ?", "Are the written parts delivered?"),
          Words("Pièces écrites : {detail}. Les joindre.",
                "Written parts: {detail}. Deliver them.")),
    _rule(8, "à vérifier", _of(*_VERSION),
          Words("La livraison suit-elle une seule version du standard ?",
                "Does the delivery follow one version of the standard?"),
          Words("Version du standard : {detail}. Vérifier la version déclarée.",
                "Version of the standard: {detail}. Check the version declared.")),
    _rule(9, "information", _is_other,
          Words("La lecture a-t-elle tout reconnu ?", "Did the reading know everything?"),
          Words("Lecture de {name} : {detail}.", "Reading of {name}: {detail}.")),
)  # fmt: skip

RULES = (*_READING, *VALUE_RULES, *DRAWING_RULES)
"""What the reading met, then values, then drawing."""
