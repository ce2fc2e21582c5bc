"""S1: the values of a plan: pairs of codes, lists, dates, what is required, what is given twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import shapely

from tvb.plan import Level, parse_date
from tvb.plu.case import Case
from tvb.plu.code_pairs import Family
from tvb.plu.codes import CODE_LISTS, PairStatus, fits_list, judge_pair, split_destinations
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.schema.plan import CONDITIONS, PLAN_TABLES

__all__ = ["VALUE_RULES"]

_LAW = "standard CNIG PLU ; R133-1 à R133-3"
_SHOWN = 3
_DESTINATIONS = ("destoui", "destcdt", "destnon")
_LISTED = ("typezone", "formdomi", "etat", "typedoc", "typeref", "nomproc")


def _tables(case: Case) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables delivered, by name."""
    return case.once("tables", lambda: list(_split_tables(case)))


def _split_tables(case: Case) -> Iterator[tuple[str, pd.DataFrame]]:
    plan = case.plan
    for frame in (plan.zones, plan.prescriptions, plan.infos, plan.habillage):
        for table, rows in frame.groupby("table", sort=True):
            yield str(table), rows
    yield "doc_urba", plan.doc_urba
    yield "doc_urba_com", plan.doc_urba_com


def _commune(case: Case) -> str | None:
    return case.plan.communes[0] if len(case.plan.communes) == 1 else None


def _first(rows: pd.DataFrame) -> str:
    """Return the names of the first rows."""
    if "objet" not in rows:
        return ""
    names = sorted(rows["objet"].astype(str))
    return " : " + ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _told(
    case: Case, table: str, rows: pd.DataFrame, *, geometry: Any = None, **facts: object
) -> Found:  # fmt: skip
    facts = {"name": table.upper(), "rows": _first(rows), **facts}
    alone = rows["libelle"].iloc[0] if "libelle" in rows and len(rows) == 1 else None
    label = alone if isinstance(alone, str) else ""
    return Found(_commune(case), table.upper(), float(len(rows)), "", geometry, facts, table=table,
                 libelle=label)  # fmt: skip


def _judge_pairs(case: Case, *, statuses: Sequence[PairStatus]) -> Outcome:
    judged = case.once("pairs", lambda: list(_statuses(case)))
    return Outcome([found for status, found in judged if status in statuses])


def _statuses(case: Case) -> Iterator[tuple[PairStatus, Found]]:
    """Yield what the lists say of each code, table and geometry, where it is not known."""
    families: tuple[tuple[Family, pd.DataFrame], ...] = (
        ("psc", case.plan.prescriptions), ("inf", case.plan.infos),
    )  # fmt: skip
    for family, frame in families:
        keys = ["table", "code", "geometrie"]
        for (table, code, shape), rows in frame.groupby(keys, sort=True, dropna=False):
            status = judge_pair(family, code, case.plan.versions, geometry=str(shape))
            if status != "known":
                written = code if isinstance(code, str) else "∅"
                told = _told(case, str(table), rows, code=written, version=case.plan.version)
                yield status, told


def _judge_lists(case: Case) -> Outcome:
    """Return values that their list does not have, for every version that the plan may be of."""
    found = []
    for table, rows in _tables(case):
        for column in (c for c in (*_LISTED, *_DESTINATIONS) if c in rows):
            for value, mine in rows.groupby(column, sort=True):
                if _is_wrong(column, str(value), case.plan.versions):
                    found.append(_told(case, table, mine, column=column.upper(), value=str(value)))
    return Outcome(found)


def _is_wrong(column: str, value: str, versions: Sequence[str]) -> bool:
    if column in _DESTINATIONS:
        codes = split_destinations(value)
        return any(fits_list("destination", code, versions) is False for code in codes)
    return column in CODE_LISTS and fits_list(column, value, versions) is False


def _judge_dates(case: Case) -> Outcome:
    found = []
    for table, rows in _tables(case):
        for column in (c.name for c in PLAN_TABLES[table].columns if c.name.startswith("dat")):
            if column not in rows:
                continue
            values = rows[column].dropna()
            wrong = values[values.isin([v for v in values.unique() if parse_date(v) is None])]
            for value, mine in wrong.groupby(wrong, sort=True):
                told = _told(case, table, rows.loc[mine.index], column=column.upper(),
                             value=str(value))  # fmt: skip
                found.append(told)
    return Outcome(found)


def _judge_required(case: Case) -> Outcome:
    """Return the columns that are delivered but lack values that every possible version asks."""
    delivered = case.plan.tables
    found = []
    for table, rows in _tables(case):
        mine = delivered.loc[delivered["table"] == table, "columns"] if len(delivered) else ()
        known = {name for names in mine for name in names}
        for column in PLAN_TABLES[table].columns:
            asked = bool(column.required) and set(case.plan.versions) <= set(column.required)
            if asked and column.name in known:
                empty = rows[rows[column.name].isna()]
                if len(empty):
                    found.append(_told(case, table, empty, columns=column.name.upper()))
    return Outcome([*found, *_conditions(case)])


def _conditions(case: Case) -> list[Found]:
    """Return rows that lack a value which another value asks for."""
    found = []
    for condition in CONDITIONS:
        if not set(case.plan.versions) <= set(condition.versions):
            continue
        for table, rows in _tables(case):
            if not (table == condition.table or table.startswith(condition.table)):
                continue
            if condition.table == "doc_urba" and table != "doc_urba":
                continue
            due = rows
            for column, values in condition.when:
                due = due[due[column].isin(values)]
            lacking = due[due[list(condition.needed)].isna().all(axis=1)]
            if len(lacking):
                needed = [name.upper() for name in condition.needed]
                names = Words(" ou ".join(needed), " or ".join(needed))
                found.append(_told(case, table, lacking, columns=names))
    return found


def _judge_doubles(case: Case) -> Outcome:
    """Return rows of the same table, code and label drawn twice on the same ground."""
    found = []
    plan = case.plan
    for frame, code in ((plan.zones, "typezone"), (plan.prescriptions, "code"),
                        (plan.infos, "code")):  # fmt: skip
        shapes = shapely.to_wkb(shapely.normalize(frame.geometry.to_numpy()))
        keys = frame[["table", code, "libelle"]].astype(object).assign(shape=shapes)
        number = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup()
        twice = frame.assign(number=number)[number.duplicated(keep=False).to_numpy()]
        for _, mine in twice.sort_values("objet").groupby("number"):
            told = _told(case, str(mine["table"].iloc[0]), mine, geometry=mine.geometry.iloc[0])
            label = mine["libelle"].iloc[0]
            label = label if isinstance(label, str) else ""
            found.append(
                replace(told, objet=str(mine["objet"].iloc[0]), libelle=label,
                        facts={**told.facts, "label": label})
            )  # fmt: skip
    return Outcome(found)


def _pair_rule(number: int, level: Level, statuses: tuple[PairStatus, ...], *texts: Words) -> Rule:
    question, message = texts
    return Rule(f"S1.{number}", question, message, _LAW, level, ("plan.prescriptions",
                "plan.infos"), partial(_judge_pairs, statuses=statuses))  # fmt: skip


VALUE_RULES = (
    _pair_rule(
        10, "à corriger", ("malformed", "missing", "geometry"),
        Words("Chaque prescription et information a-t-elle un code, permis pour sa géométrie ?",
              "Has each prescription and information a code, accepted for its geometry?"),
        Words("Table {name} : code {code} absent, mal formé ou interdit pour cette géométrie, "
              "{measure} ligne{measure:|s}{rows}. Donner le code de la liste du standard "
              "{version}.",
              "Table {name}: code {code} missing, malformed or not for this geometry, {measure} "
              "row{measure:|s}{rows}. Give the code of the list of the standard {version}."),
    ),
    _pair_rule(
        11, "à vérifier", ("newer",),
        Words("Les codes existent-ils dans la version du standard ?",
              "Do the codes exist in the version of the standard?"),
        Words("Table {name} : le code {code} est plus récent que le standard {version}, "
              "{measure} ligne{measure:|s}{rows}. Livrer dans une version qui l'a, ou prendre le "
              "code d'alors.",
              "Table {name}: the code {code} is newer than the standard {version}, {measure} "
              "row{measure:|s}{rows}. Deliver in a version that has it, or take the code of that "
              "time."),
    ),
    _pair_rule(
        12, "information", ("unknown",),
        Words("Les codes sont-ils connus de tvb ?", "Are the codes known to tvb?"),
        Words("Table {name} : le code {code} est inconnu de tvb, {measure} "
              "ligne{measure:|s}{rows}. Le comparer à la liste complète du standard {version}.",
              "Table {name}: the code {code} is unknown to tvb, {measure} row{measure:|s}{rows}. "
              "Compare it with the full list of the standard {version}."),
    ),
    Rule(
        "S1.13",
        Words("Les valeurs sont-elles dans leur liste ?", "Are values in their list?"),
        Words("Table {name} : {column} = « {value} » n'est pas dans la liste, {measure} "
              "ligne{measure:|s}{rows}. Prendre une valeur de la liste.",
              "Table {name}: {column} = « {value} » is not in the list, {measure} "
              "row{measure:|s}{rows}. Take a value of the list."),
        _LAW, "à corriger", (), _judge_lists,
    ),
    Rule(
        "S1.14",
        Words("Les dates sont-elles des jours du calendrier ?", "Are dates days of the calendar?"),
        Words("Table {name} : {column} = « {value} » n'est pas une date AAAAMMJJ, {measure} "
              "ligne{measure:|s}{rows}. La corriger.",
              "Table {name}: {column} = « {value} » is no date AAAAMMJJ, {measure} "
              "row{measure:|s}{rows}. Correct it."),
        _LAW, "à corriger", (), _judge_dates,
    ),
    Rule(
        "S1.15",
        Words("Les valeurs obligatoires sont-elles remplies ?", "Are required values given?"),
        Words("Table {name} : {columns} sans valeur, {measure} ligne{measure:|s}{rows}. Remplir.",
              "Table {name}: no value in {columns}, {measure} row{measure:|s}{rows}. Fill it in."),
        _LAW, "à corriger", (), _judge_required,
    ),
    Rule(
        "S1.16",
        Words("Chaque objet est-il livré une seule fois ?", "Is each object delivered once?"),
        Words("Table {name} : « {label} » est livré {measure} fois au même endroit{rows}. N'en "
              "garder qu'un.",
              "Table {name}: « {label} » is delivered {measure} times in the same place{rows}. "
              "Keep one."),
        _LAW, "à corriger", (), _judge_doubles,
    ),
)  # fmt: skip
"""What the values of the tables are held against."""
