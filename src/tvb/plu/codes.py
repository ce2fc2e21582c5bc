"""Code lists of the standard as facts, and what can be said of a code that a plan uses.

tvb knows a part of the published lists, and deliveries use codes newer than the version that they
declare: a code is said to be wrong only where the lists tell so for every version that the plan may
be of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pandas as pd

from tvb.errors import ParameterError, explain
from tvb.plu.code_pairs import INFORMATIONS, PRESCRIPTIONS, CodePair, Family
from tvb.schema.plan import VERSIONS
from tvb.schema.symbology import ZONE_TYPES

__all__ = [
    "CODE_LISTS",
    "INFORMATIONS",
    "PRESCRIPTIONS",
    "CodeEntry",
    "CodeList",
    "CodePair",
    "PairStatus",
    "code_table",
    "find_pair",
    "fits_list",
    "judge_pair",
    "split_destinations",
]

PairStatus = Literal["known", "unknown", "newer", "geometry", "malformed", "missing"]

_ALL = VERSIONS["PLU"]
_OLD, _SINCE_2017 = _ALL[:2], _ALL[2:]
_SINCE_2022, _SINCE_2024 = _ALL[3:], _ALL[4:]
_BEFORE_2024 = _ALL[2:4]
_BY_GEOMETRY = "2025"
"""Version since which each geometry has a list of its own."""


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One value of a list.

    Parameters
    ----------
    value : str
        As written; ``#`` stands for a number and ``?`` for a digit.
    meaning_fr, meaning_en : str
        What it means; empty where no label was found.
    versions : tuple of str
        Versions that have it.
    recalled : bool
        Whether it was not read in a source.
    """

    value: str
    meaning_fr: str
    meaning_en: str
    versions: tuple[str, ...] = _ALL
    recalled: bool = False

    def fits(self, value: str) -> bool:
        """Tell whether a value is this one.

        Parameters
        ----------
        value : str
            As delivered.

        Returns
        -------
        bool
            Case matters.
        """
        pattern = re.escape(self.value).replace(r"\#", "[0-9]+").replace(r"\?", "[0-9]")
        return re.fullmatch(pattern, value) is not None


@dataclass(frozen=True, slots=True)
class CodeList:
    """The values that a column may hold.

    Parameters
    ----------
    column : str
        Its name.
    entries : tuple of CodeEntry
        All values known to tvb.
    closed : bool
        Whether a value that is not there is wrong; otherwise it is unknown to tvb.
    """

    column: str
    entries: tuple[CodeEntry, ...]
    closed: bool = True


def _entries(*rows: tuple[str, str, str], since: tuple[str, ...] = _ALL) -> tuple[CodeEntry, ...]:
    return tuple(CodeEntry(*row, versions=since) for row in rows)


_RECALLED_ZONES = ("Ah", "Nd")
_TYPEZONE = CodeList(
    "typezone",
    tuple(
        CodeEntry(code, kind.fr, kind.en, _OLD if kind.today else _ALL,
                  recalled=code in _RECALLED_ZONES)
        for code, kind in ZONE_TYPES.items()
    ),
)  # fmt: skip
_ETAT = CodeList(
    "etat",
    _entries(
        ("01", "en cours de procédure", "procedure under way"),
        ("02", "arrêté", "decided"),
        ("03", "opposable", "enforceable"),
        ("04", "annulé", "annulled"),
        ("05", "remplacé", "replaced"),
        ("06", "abrogé", "repealed"),
        ("07", "approuvé", "approved"),
        ("08", "partiellement annulé", "partly annulled"),
        ("09", "caduc", "lapsed"),
    ),
)
_TYPEDOC = CodeList(
    "typedoc",
    _entries(
        ("PLU", "plan local d'urbanisme", "town plan"),
        ("PLUI", "plan local d'urbanisme intercommunal", "town plan of several communes"),
        ("PLUi", "plan local d'urbanisme intercommunal", "town plan of several communes"),
        ("POS", "plan d'occupation des sols", "land use plan"),
        ("CC", "carte communale", "communal map"),
    ),
    closed=False,
)
_TYPEREF = CodeList(
    "typeref",
    _entries(
        ("01", "plan cadastral informatisé", "computerised cadastre"),
        ("02", "BD Parcellaire", "BD Parcellaire"),
        ("03", "représentation parcellaire cadastrale unique", "unique parcel plan"),
        ("04", "référentiel local", "local reference"),
        ("05", "", ""),
    ),
)
_NOMPROC = CodeList(
    "nomproc",
    (
        *_entries(
            ("E", "élaboration", "first making"),
            ("R", "révision", "revision"),
            ("A", "abrogation", "repeal"),
            ("M#", "modification", "change"),
            ("MS#", "modification simplifiée", "simplified change"),
            ("RS#", "révision simplifiée", "simplified revision"),
            since=_SINCE_2017,
        ),
        *_entries(
            ("MC#", "mise en compatibilité", "made compatible"),
            ("MJ#", "mise à jour", "brought up to date"),
            since=_BEFORE_2024,
        ),
        *_entries(
            ("MEC#", "mise en compatibilité", "made compatible"),
            ("MAJ#", "mise à jour", "brought up to date"),
            ("RA#", "révision allégée", "light revision"),
            since=_SINCE_2024,
        ),
    ),
)
_FORMDOMI = CodeList(
    "formdomi",
    tuple(
        CodeEntry(value, "", "", _SINCE_2022)
        for value in (
            "0000", "010?", "0110", "0111", "02??", "0300", "04??", "05??", "06??", "07??", "08??",
            "09??", "9900",
        )
    ),
)  # fmt: skip


def _destinations() -> CodeList:
    """Return the codes of destinations; the meaning of their tens was not read in a source."""
    groups = (
        ("1", 2, "exploitation agricole et forestière", "farming and forestry"),
        ("2", 2, "habitation", "housing"),
        ("3", 7, "commerce et activités de service", "trade and services"),
        ("4", 7, "équipements d'intérêt collectif", "public facilities"),
        ("5", 5, "autres activités", "other activities"),
    )
    newer = {"47", "55"}
    entries = [
        CodeEntry(
            code, french, english, _SINCE_2024 if code in newer else _SINCE_2022, recalled=True
        )
        for ten, last, french, english in groups
        for code in (f"{ten}{digit}" for digit in range(last + 1))
    ]
    entries.append(CodeEntry("99", "autre", "other", _SINCE_2022, recalled=True))
    return CodeList("destination", tuple(entries))


_SUP_TYPE = CodeList(
    "type",
    _entries(
        ("Inscrit", "inscrit", "listed"),
        ("Classé", "classé", "classified"),
        ("Mixte", "mixte", "both"),
        ("sans objet", "sans objet", "not applicable"),
    ),
)
_SUP_TYPEGEN = CodeList(
    "typegen",
    _entries(
        ("Monument", "monument historique (AC1)", "historic monument (AC1)"),
        ("Site", "site classé ou inscrit (AC2)", "classified or listed site (AC2)"),
        ("Périmètre réglementé du PPR", "périmètre d'un PPR (PM1)", "perimeter of a PPR (PM1)"),
    ),
    closed=False,
)
_SUP_TYPEASS = CodeList(
    "typeass",
    _entries(
        ("Périmètre des abords", "abords (AC1)", "surroundings (AC1)"),
        ("Monument historique", "monument (AC1)", "monument (AC1)"),
        ("Enceinte du site", "site (AC2)", "site (AC2)"),
        ("Enveloppe des zonages réglementaires", "zones d'un PPR (PM1)", "zones of a PPR (PM1)"),
    ),
    closed=False,
)
_CODE_ALEA = CodeList(
    "code_alea",
    _entries(*((str(n), "", "") for n in (*range(10, 19), 30, 31, 32, 33, 99))),
)

CODE_LISTS: dict[str, CodeList] = {
    one.column: one
    for one in (
        _TYPEZONE, _ETAT, _TYPEDOC, _TYPEREF, _NOMPROC, _FORMDOMI, _destinations(), _SUP_TYPE,
        _SUP_TYPEGEN, _SUP_TYPEASS, _CODE_ALEA,
    )
}  # fmt: skip
"""Simple lists by column; ``destination`` serves DESTOUI, DESTCDT and DESTNON."""


@cache
def _pairs() -> dict[tuple[Family, str], CodePair]:
    return {(p.family, p.code): p for p in (*PRESCRIPTIONS, *INFORMATIONS)}


def find_pair(family: Family, code: str) -> CodePair | None:
    """Return what tvb knows of a type and sub-type.

    Parameters
    ----------
    family : {"psc", "inf"}
        Prescription or information.
    code : str
        Such as ``07-01``.

    Returns
    -------
    CodePair or None
        None where it is unknown to tvb, which does not make it wrong.

    Examples
    --------
    >>> find_pair("inf", "40-02").meaning_en
    'buffer zone of the World Heritage property'
    >>> find_pair("psc", "40-02") is None
    True
    """
    return _pairs().get((family, code)) or _pairs().get((family, f"{code[:2]}-*"))


def judge_pair(
    family: Family, code: object, versions: Sequence[str], *, geometry: str | None = None
) -> PairStatus:
    """Return what the lists say of a type and sub-type in a plan.

    Parameters
    ----------
    family : {"psc", "inf"}
        Prescription or information.
    code : object
        Such as ``07-01``; what is not text is missing.
    versions : sequence of str
        Versions that the plan may be of, such as ``plan.versions``.
    geometry : {"S", "L", "P"}, optional
        Area, line or point.

    Returns
    -------
    str
        ``known``; ``unknown`` to tvb; ``newer`` than every version given; ``geometry``: not for
        this geometry, in a plan that can only be of 2025; ``malformed``: not two digits, a hyphen
        and two digits; ``missing``.

    Raises
    ------
    ParameterError
        If no version is given, or one is unknown.

    Examples
    --------
    >>> judge_pair("psc", "18-15", ["2017"])
    'newer'
    >>> judge_pair("inf", "40-01", ["2025"], geometry="L")
    'geometry'
    """
    _require_versions(versions)
    if not isinstance(code, str):
        return "missing"
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", code):
        return "malformed"
    pair = find_pair(family, code)
    if pair is None:
        return "unknown"
    # No list of 2013 or 2014 was read: nothing is said of a code in them.
    told = pair.versions is not None and not set(versions) & set(_OLD)
    if told and not set(versions) & set(pair.versions or ()):
        return "newer"
    by_geometry = set(versions) == {_BY_GEOMETRY} and pair.geometries is not None
    if by_geometry and geometry is not None and geometry not in (pair.geometries or ""):
        return "geometry"
    return "known"


def fits_list(column: str, value: str, versions: Sequence[str]) -> bool | None:
    """Tell whether a value is in the list of its column.

    Parameters
    ----------
    column : str
        One of `CODE_LISTS`.
    value : str
        As delivered.
    versions : sequence of str
        Versions that the plan may be of.

    Returns
    -------
    bool or None
        None where tvb cannot tell, because its list may be incomplete.

    Raises
    ------
    ParameterError
        If the column has no list, or a version is unknown.

    Examples
    --------
    >>> fits_list("nomproc", "MEC2", ["2024"]), fits_list("nomproc", "MEC2", ["2017"])
    (True, False)
    """
    _require_versions(versions)
    if column not in CODE_LISTS:
        raise ParameterError(
            explain(f"column « {column} »", "has no list", required=", ".join(CODE_LISTS))
        )
    found = CODE_LISTS[column]
    if any(e.fits(value) and set(e.versions) & set(versions) for e in found.entries):
        return True
    return False if found.closed else None


def split_destinations(value: str) -> list[str]:
    """Return the codes of a text of destinations.

    Parameters
    ----------
    value : str
        Codes joined by hyphens, such as ``20-31``.

    Returns
    -------
    list of str
        In the order given.

    Examples
    --------
    >>> split_destinations("20-31- 40")
    ['20', '31', '40']
    """
    return [part.strip() for part in value.split("-") if part.strip()]


def code_table(pairs: Iterable[CodePair] = (*PRESCRIPTIONS, *INFORMATIONS)) -> pd.DataFrame:
    """Return pairs of codes as a table for people.

    Parameters
    ----------
    pairs : iterable of CodePair
        All that tvb knows by default.

    Returns
    -------
    pandas.DataFrame
        Columns ``family``, ``code``, ``meaning_fr``, ``meaning_en``, ``reference``, ``versions``
        and ``geometries`` (text, empty where unknown), ``recalled``.
    """
    rows = [
        (
            p.family, p.code, p.meaning_fr, p.meaning_en, p.reference,
            ", ".join(p.versions or ()), p.geometries or "", p.recalled,
        )
        for p in pairs
    ]  # fmt: skip
    columns = [
        "family", "code", "meaning_fr", "meaning_en", "reference", "versions", "geometries",
        "recalled",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _require_versions(versions: Sequence[str]) -> None:
    unknown = [v for v in versions if v not in _ALL]
    if unknown or not versions:
        raise ParameterError(
            explain(
                "versions",
                f"« {unknown[0]} » is unknown" if unknown else "none is given",
                required=", ".join(_ALL),
            )
        )
