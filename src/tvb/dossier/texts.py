"""How a dossier says things: its words in both languages, counts, amounts and shares."""

from __future__ import annotations

import math
from typing import Any

from tvb.dossier.labels import LABELS
from tvb.dossier.sentences import SENTENCES
from tvb.maps.texts import LANGUAGES, Lang, number, typeset
from tvb.messages.typography import Counted, agree

__all__ = ["amount", "count", "noun_of", "ordinal", "percent", "tell"]

_NO_BREAK = "\u00a0"

_TEXTS = LABELS | SENTENCES

_NOUNS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "building": (("bâtiment", "bâtiments"), ("building", "buildings")),
    "commune": (("commune", "communes"), ("commune", "communes")),
    "inhabitant": (("habitant", "habitants"), ("inhabitant", "inhabitants")),
    "element": (("élément", "éléments"), ("element", "elements")),
    "terril": (("terril", "terrils"), ("terril", "terrils")),
    "estate": (("cité minière", "cités minières"), ("mining estate", "mining estates")),
    "listed": (("bâtiment remarquable", "bâtiments remarquables"),
               ("notable building", "notable buildings")),
    "pit": (("puits de mine", "puits de mine"), ("mine shaft", "mine shafts")),
    "water": (("étang d'affaissement", "étangs d'affaissement"),
              ("water body", "water bodies")),
    "patch": (("tache", "taches"), ("patch", "patches")),
    "habitat": (("tache d'habitat", "taches d'habitat"), ("habitat patch", "habitat patches")),
    "link": (("lien", "liens"), ("link", "links")),
    "finding": (("constat", "constats"), ("finding", "findings")),
    "on_plan": (("constat sur le plan", "constats sur le plan"),
                ("finding on the plan", "findings on the plan")),
    "blocking": (("bloquant", "bloquants"), ("", "")),
    "other": (("autre", "autres"), ("other", "others")),
    "exposed": (("bâtiment exposé", "bâtiments exposés"),
                ("building exposed", "buildings exposed")),
}  # fmt: skip


def tell(key: str, lang: Lang, *values: object) -> str:
    """Return a text of the table.

    Parameters
    ----------
    key : str
        Name of the text.
    lang : {"fr", "en"}
        Language.
    *values : object
        What fills its braces.

    Returns
    -------
    str
        With the typography of the language.
    """
    return typeset(_TEXTS[key][LANGUAGES.index(lang)].format(*values), lang)


def count(value: float, noun: str, lang: Lang) -> str:
    """Return a count and its noun, in agreement.

    Parameters
    ----------
    value : float
        A whole number; French treats 0 as a singular, English as a plural.
    noun : str
        Name of the noun in the table.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        Joined by a no-break space.
    """
    told = noun_of(value, noun, lang)
    return typeset(f"{number(value, lang)}{_NO_BREAK}{told}".rstrip(_NO_BREAK), lang)


def noun_of(value: float, noun: str, lang: Lang) -> str:
    """Return a noun in agreement with a count that stands elsewhere.

    Parameters
    ----------
    value : float
        A whole number, as `count` takes it.
    noun : str
        Name of the noun in the table.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        The noun alone.
    """
    return agree(value, *_NOUNS[noun][LANGUAGES.index(lang)], lang=lang)


def amount(value: Any, lang: Lang, decimals: int = 0, *, unit: str = "") -> str:
    """Return a figure, never a zero for what is small or not known.

    Parameters
    ----------
    value : float or None
        Any number; null where it is not known.
    lang : {"fr", "en"}
        Language.
    decimals : int
        Digits after the mark.
    unit : str
        Joined by a no-break space.

    Returns
    -------
    str
        « < 0,1 » for what the digits would round to zero; « non évalué » for what is not known. In
        a text of the table, ``{0:|s}`` agrees with it.
    """
    if value is None or not math.isfinite(value):
        return tell("missing", lang)
    if value == 0:
        decimals = 0
    least = 10.0**-decimals
    if 0 < value < least / 2:
        text = f"<{_NO_BREAK}{number(least, lang, decimals)}"
    else:
        text = number(value, lang, decimals)
    shown = f"{text}{_NO_BREAK}{unit}" if unit else text
    return Counted(round(value, decimals), lang, shown)


def percent(value: Any, lang: Lang, decimals: int = 1) -> str:
    """Return a share in percent.

    Parameters
    ----------
    value : float or None
        From 0 to 1; null where it is not known.
    lang : {"fr", "en"}
        Language.
    decimals : int
        Digits after the mark.

    Returns
    -------
    str
        As `amount`, with the sign.
    """
    if value is None or not math.isfinite(value):
        return tell("missing", lang)
    return typeset(amount(100 * value, lang, decimals) + (" %" if lang == "fr" else "%"), lang)


def ordinal(rank: int, lang: Lang) -> str:
    """Return the rank as a word of a sentence.

    Parameters
    ----------
    rank : int
        From 1.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        « 1ᵉʳ », « 2ᵉ »; in English the number alone.
    """
    if lang != "fr":
        return number(rank, lang)
    return number(rank, lang) + ("\u1d49\u02b3" if rank == 1 else "\u1d49")
