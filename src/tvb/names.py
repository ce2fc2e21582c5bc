"""Names of communes: one spelling for comparison, the codes that they stand for, and « de ».

Public files write the same commune in many ways: ``NOEUX-LES-MINES``, ``Nœux-lez-Mines``. Names are
compared after `normalise_name`; a name that then fits no commune, or several, is reported with what
comes near it, and never guessed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tvb.display import frame_table
from tvb.errors import LayerError, UnknownNameError, explain

__all__ = ["NameResolution", "at_place", "normalise_name", "of_place", "resolve_communes"]

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_NOT_A_WORD = re.compile(r"[\W_]+")
# « s/ » is left alone on purpose: it stands for « sur » in one file and for « sous » in another.
_WORDS = {"st": "saint", "ste": "sainte", "lez": "les"}
# What the article that a name begins with makes of « de » and « à »; La and L' stay as they are.
_ARTICLES = {"Le": ("du", "au"), "Les": ("des", "aux")}
_VOWELS = "aeiouy"
# In the north an H is mute in names (d'Hénin, d'Hornaing), but for a few.
_ASPIRATED = {"ham", "hamel", "harnes"}
_CANDIDATES = 3
_LIKENESS = 0.75


def normalise_name(name: str) -> str:
    """Return the spelling under which names of communes are compared.

    Case, accents, ligatures, hyphens, apostrophes and spaces are levelled; ``St`` and ``Ste`` are
    written out; ``lez``, ``lès`` and ``les`` are one word. Articles stay: « Couture » is not
    « La Couture ».

    Parameters
    ----------
    name : str
        As delivered.

    Returns
    -------
    str
        Words in lower case without accents, separated by one space.

    Examples
    --------
    >>> normalise_name("NOEUX-lez-Mines"), normalise_name("Nœux-les-Mines")
    ('noeux les mines', 'noeux les mines')
    >>> normalise_name("Château-l’Abbaye")
    'chateau l abbaye'
    """
    # Compatibility signs such as « № » decompose into capitals: unfold before folding the case.
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LIGATURES)
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c)
    )
    return " ".join(_WORDS.get(w, w) for w in _NOT_A_WORD.sub(" ", plain).split())


def of_place(name: str) -> str:
    """Return a name of a place after « de », as French joins them.

    Parameters
    ----------
    name : str
        Of a commune or the like, with its article.

    Returns
    -------
    str
        With « de », « d' », « du » or « des ».

    Examples
    --------
    >>> of_place("Lens"), of_place("Isbergues"), of_place("Hénin-Beaumont"), of_place("Harnes")
    ('de Lens', "d'Isbergues", "d'Hénin-Beaumont", 'de Harnes')
    >>> of_place("Le Portel"), of_place("Les Attaques"), of_place("La Couture")
    ('du Portel', 'des Attaques', 'de La Couture')
    """
    contracted = _contracted(name, 0)
    if contracted:
        return contracted
    return f"d'{name}" if _elides(name) else f"de {name}"


def at_place(name: str) -> str:
    """Return a name of a place after « à », as French joins them.

    Parameters
    ----------
    name : str
        Of a commune or the like, with its article.

    Returns
    -------
    str
        With « à », « au » or « aux ».

    Examples
    --------
    >>> at_place("Isbergues"), at_place("Le Portel"), at_place("Les Attaques")
    ('à Isbergues', 'au Portel', 'aux Attaques')
    """
    return _contracted(name, 1) or f"à {name}"


def _contracted(name: str, preposition: int) -> str:
    article, _, rest = name.partition(" ")
    return f"{_ARTICLES[article][preposition]} {rest}" if rest and article in _ARTICLES else ""


def _elides(name: str) -> bool:
    """Tell whether « de » loses its vowel before a name."""
    words = normalise_name(name).split()
    if not words or words[0] in _ASPIRATED:
        return False
    begins = words[0].removeprefix("h")
    if begins[:1] == "y":  # Ypres, not Yerville: before a vowel it is a consonant
        return begins[1:2] not in _VOWELS
    return begins != "" and begins[0] in _VOWELS


@dataclass(frozen=True)
class NameResolution:
    """Codes found for names, and the names that have none.

    Parameters
    ----------
    insee : pandas.Series
        Code of the commune on the index of the names; null where the name is null, unknown or
        ambiguous.
    unresolved : pandas.DataFrame
        One row for each distinct name without a code, sorted by name: ``name``, ``rows`` (times
        it occurs), ``reason`` (``unknown`` or ``ambiguous``), ``candidates`` (communes that fit or
        come near, as ``nom (insee)`` joined by a comma). Empty when all is well.
    """

    insee: pd.Series[Any]
    unresolved: pd.DataFrame = field(repr=False)

    def require(self) -> pd.Series[Any]:
        """Return the codes, or raise if any name lacks one.

        Returns
        -------
        pandas.Series
            The codes; null only where the name is null.

        Raises
        ------
        UnknownNameError
            If a name is unknown or ambiguous; all are listed with what comes near.
        """
        if len(self.unresolved):
            lines = [
                f"« {row['name']} » is {row['reason']}, {row['rows']} row(s)"
                + (f"; near: {row['candidates']}" if row["candidates"] else "")
                for row in self.unresolved.to_dict("records")
            ]
            raise UnknownNameError(
                explain(
                    "names of communes",
                    f"{len(lines)} without a code:\n  " + "\n  ".join(lines),
                    required="names that fit exactly one commune of the layer",
                )
            )
        return self.insee

    def __repr__(self) -> str:
        known = int(self.insee.notna().sum())
        return (
            f"<NameResolution: {known} of {len(self.insee)} rows have a code, "
            f"{len(self.unresolved)} names unresolved>"
        )

    def _repr_html_(self) -> str:
        return frame_table(self, self.unresolved, then=(".insee", ".require()"))


def resolve_communes(
    names: Sequence[str | None] | pd.Series[Any], communes: pd.DataFrame
) -> NameResolution:
    """Return the INSEE code of each name of a commune.

    Parameters
    ----------
    names : sequence of str, or pandas.Series
        Names as delivered; null ones get a null code.
    communes : pandas.DataFrame
        Columns ``insee`` and ``nom``.

    Returns
    -------
    NameResolution
        Codes on the index of `names`, and the unknown and ambiguous names.

    Raises
    ------
    LayerError
        If `communes` lacks ``insee`` or ``nom``.

    Examples
    --------
    >>> communes = pd.DataFrame({"insee": ["62617", "62178"],
    ...                          "nom": ["Nœux-les-Mines", "Bruay-la-Buissière"]})
    >>> resolution = resolve_communes(["NOEUX-LES-MINES", "Bruay"], communes)
    >>> resolution.unresolved["candidates"].tolist()
    ['Bruay-la-Buissière (62178)']
    """
    missing = [c for c in ("insee", "nom") if c not in communes.columns]
    if missing:
        raise LayerError(explain("communes", f"column « {missing[0]} » is missing"))
    given = names if isinstance(names, pd.Series) else pd.Series(list(names), dtype="object")
    known = _codes_by_name(communes)
    codes: dict[str, str | None] = {}
    rows = []
    for name, count in sorted(given.dropna().astype(str).value_counts(sort=False).items()):
        found = known.get(normalise_name(str(name)), [])
        codes[str(name)] = found[0][0] if len(found) == 1 else None
        if len(found) != 1:
            rows.append(
                {
                    "name": name,
                    "rows": count,
                    "reason": "ambiguous" if found else "unknown",
                    "candidates": _label(found or _near(normalise_name(str(name)), known)),
                }
            )
    insee = pd.Series(
        [None if pd.isna(n) else codes[str(n)] for n in given],
        index=given.index, dtype="str", name="insee",
    )  # fmt: skip
    return NameResolution(
        insee, pd.DataFrame(rows, columns=["name", "rows", "reason", "candidates"])
    )


def _codes_by_name(communes: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """Return (code, official name) of the communes, keyed by normalised name, in order of code."""
    known: dict[str, list[tuple[str, str]]] = {}
    named = communes.dropna(subset=["insee", "nom"])
    for insee, nom in sorted(set(zip(named["insee"], named["nom"], strict=True))):
        known.setdefault(normalise_name(nom), []).append((insee, nom))
    return known


def _near(name: str, known: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Return communes whose name begins like this one, then those spelt almost like it."""
    begins = [k for k in known if name and (k + " ").startswith(name + " ")]
    begins += [k for k in known if (name + " ").startswith(k + " ")]
    alike = difflib.get_close_matches(name, known, n=_CANDIDATES, cutoff=_LIKENESS)
    keys = list(dict.fromkeys([*begins, *alike]))[:_CANDIDATES]
    return [commune for key in keys for commune in known[key]]


def _label(communes: list[tuple[str, str]]) -> str:
    return ", ".join(f"{nom} ({insee})" for insee, nom in communes)


def __dir__() -> list[str]:
    return sorted(__all__)
