"""Which version of the standard a delivery follows: its columns tell, then its names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from tvb.io.plan_tables import TableRead
from tvb.plan import parse_idurba
from tvb.schema.plan import VERSIONS, PlanKind

__all__ = ["Verdict", "detect_version"]

_ALL = VERSIONS["PLU"]
_OLD = _ALL[:2]
_SINCE_2017, _SINCE_2022, _SINCE_2024, _SINCE_2025 = _ALL[2:], _ALL[3:], _ALL[4:], _ALL[5:]
_BEFORE_2022, _BEFORE_2024, _BEFORE_2025 = _ALL[:3], _ALL[:4], _ALL[:5]

_DRAWN = ("zone_urba", "prescription_", "info_")
_COLUMNS_OF_2022 = {"formdomi", "destoui", "destcdt", "destnon", "symbole", "nature"}
_DESTINATIONS = ("destoui", "destcdt", "destnon")

Clue = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the version of a delivery may be.

    Parameters
    ----------
    versions : tuple of str
        All that fit, from old to new.
    evidence : tuple of str
        What tells so, in the order of weight.
    contradictions : tuple of str
        Clues that fit none of the versions that the weightier ones leave.
    """

    versions: tuple[str, ...]
    evidence: tuple[str, ...]
    contradictions: tuple[str, ...]

    @property
    def version(self) -> str:
        """The latest of them."""
        return self.versions[-1]


def detect_version(
    kind: PlanKind, tables: Sequence[TableRead], *, stated: str | None = None
) -> Verdict:
    """Return the versions of the standard that a delivery may follow, and why.

    Codes of prescriptions are no clue: deliveries use pairs newer than their version.

    Parameters
    ----------
    kind : {"PLU", "PLUi"}
        Of one commune, or of several.
    tables : sequence of TableRead
        What was read.
    stated : str, optional
        Version that the user states, which ends the matter.

    Returns
    -------
    Verdict
        Versions, evidence, contradictions.
    """
    if stated is not None:
        return Verdict((stated,), (f"{stated}: stated by the user",), ())
    left = VERSIONS[kind]
    evidence, contradictions = [], []
    for versions, reason in _clues(tables):
        both = tuple(v for v in left if v in versions)
        text = f"{_span(versions)}: {reason}"
        if not both:
            contradictions.append(text)
        elif both != left:
            evidence.append(text)
            left = both
    if len(left) > 1:
        evidence.append(f"nothing tells {' from '.join(left)}: the latest is taken")
    return Verdict(left, tuple(evidence), tuple(contradictions))


def _span(versions: tuple[str, ...]) -> str:
    """Return versions in words."""
    if versions[-1] == _ALL[-1]:
        return f"since {versions[0]}" if len(versions) > 1 else versions[0]
    return f"until {versions[-1]}"


def _clues(tables: Sequence[TableRead]) -> Iterator[Clue]:
    """Yield versions and the reason for them, the weightiest first."""
    drawn = [t for t in tables if t.table.startswith(_DRAWN)]
    yield from _column_clues(drawn)
    for table in tables:
        if table.table == "doc_urba":
            yield from _procedure_clues(table)
    yield from _destination_clues(drawn)
    yield from _name_clues(tables)


def _column_clues(drawn: Sequence[TableRead]) -> Iterator[Clue]:
    names = {name for t in drawn for name in t.delivered}
    old = sorted(names & {"insee", "datappro", "destdomi"})
    if "idurba" in names:
        yield _SINCE_2017, "column IDURBA in drawn tables"
    elif old:
        yield _OLD, f"columns {', '.join(old).upper()} and no IDURBA in drawn tables"
    newer = sorted(names & _COLUMNS_OF_2022)
    if newer:
        yield _SINCE_2022, f"columns {', '.join(newer).upper()}"
    elif names:
        yield _BEFORE_2022, "none of the columns SYMBOLE, NATURE, FORMDOMI, DESTOUI"


def _procedure_clues(doc_urba: TableRead) -> Iterator[Clue]:
    report = sorted(set(doc_urba.delivered) & {"nomrapp", "urlrapp"})
    if report:
        yield _SINCE_2025, f"columns {', '.join(report).upper()} in DOC_URBA"
    else:
        yield _BEFORE_2025, "neither NOMRAPP nor URLRAPP in DOC_URBA"
    words = sorted(doc_urba.frame["nomproc"].dropna().unique())
    newer = [w for w in words if re.fullmatch(r"(MEC|MAJ|RA)[0-9]+", w)]
    older = [w for w in words if re.fullmatch(r"(MC|MJ)[0-9]+", w)]
    if newer:
        yield _SINCE_2024, f"procedure {newer[0]}"
    if older:
        yield _BEFORE_2024, f"procedure {older[0]}"
    if not words and len(doc_urba.frame):
        yield _BEFORE_2024, "NOMPROC, required since 2024, is empty"


def _destination_clues(drawn: Sequence[TableRead]) -> Iterator[Clue]:
    texts = [t.frame[c] for t in drawn if t.table == "zone_urba" for c in _DESTINATIONS]
    values = pd.concat(texts).dropna() if texts else pd.Series(dtype="str")
    found = values[values.str.contains(r"\b(?:47|55)\b", regex=True).astype(bool)]
    if len(found):
        yield _SINCE_2024, f"destinations 47 or 55: « {found.iloc[0]} »"


def _name_clues(tables: Sequence[TableRead]) -> Iterator[Clue]:
    zones = [t for t in tables if t.table == "zone_urba"]
    for table in zones:
        if table.dataset.owner and table.dataset.date:
            yield _SINCE_2017, f"name {table.dataset.name}"
    ids = pd.concat([t.frame["idurba"] for t in tables if "idurba" in t.frame] or [pd.Series()])
    forms = {p.form: text for text in sorted(ids.dropna().unique()) if (p := parse_idurba(text))}
    if set(forms) == {1}:
        yield _OLD, f"IDURBA {forms[1]}"
    if set(forms) == {2}:
        yield _SINCE_2017, f"IDURBA {forms[2]}"
