"""What a plate says, with the typography of its language: words, numbers, plurals."""

from __future__ import annotations

import re
from typing import Literal

from tvb.errors import ParameterError, explain
from tvb.maps.words import PLURALS, SCENARIOS, TEXTS
from tvb.messages.typography import Counted, agree, mark_number

__all__ = [
    "LANGUAGES", "Lang", "apostrophe", "number", "plural", "say", "scenario_name", "signed",
    "typeset",
]  # fmt: skip

Lang = Literal["fr", "en"]
LANGUAGES: tuple[Lang, ...] = ("fr", "en")

_NO_BREAK, _THIN = "\u00a0", "\u202f"
_UNIT = re.compile(r"(?<=\d) (?=(?:ha|km²?|m²?)\b)")  # a number and its unit stay on one line


def say(key: str, lang: Lang, *values: object) -> str:
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
    return typeset(TEXTS[key][LANGUAGES.index(lang)].format(*values), lang)


def number(value: float, lang: Lang, decimals: int | None = 0) -> str:
    """Return a number as the language writes it.

    Parameters
    ----------
    value : float
        Any finite number.
    lang : {"fr", "en"}
        French parts thousands by a thin no-break space and decimals by a comma.
    decimals : int, optional
        Digits after the mark; None keeps those that are needed, six significant at most.

    Returns
    -------
    str
        For example ``12 345,6``; in a text of the table, ``{0:|s}`` agrees with it.
    """
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.6g}"
    if decimals is None and "e" in text:
        text = f"{value:,.10f}".rstrip("0").rstrip(".")
    shown = value if decimals is None else round(value, decimals)
    return Counted(shown, lang, mark_number(text, lang).replace("-", "\u2212"))


def signed(value: float, lang: Lang, decimals: int | None = 0) -> str:
    """Return a difference with its sign.

    Parameters
    ----------
    value : float
        Any finite number.
    lang : {"fr", "en"}
        As `number`.
    decimals : int, optional
        As `number`.

    Returns
    -------
    str
        For example ``+12``; 0 has no sign.
    """
    return ("+" if value > 0 else "") + number(value or 0.0, lang, decimals)  # no « −0 »


def plural(count: int, noun: str, lang: Lang) -> str:
    """Return a count and its noun, in agreement.

    Parameters
    ----------
    count : int
        How many; French treats 0 as a singular, English as a plural.
    noun : str
        Name of the noun in the table.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        For example ``1 lien``, joined by a no-break space.
    """
    told = agree(count, *PLURALS[noun][LANGUAGES.index(lang)], lang=lang)
    return typeset(f"{number(count, lang)}{_NO_BREAK}{told}", lang)


def scenario_name(code: str, lang: Lang) -> str:
    """Return what a scenario code of the Directive inondation means.

    Parameters
    ----------
    code : str
        For example ``02Moy``; another code is returned after the word scenario.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        In lower case.
    """
    if code in SCENARIOS:
        return typeset(SCENARIOS[code][LANGUAGES.index(lang)], lang)
    return f"scénario {code}" if lang == "fr" else f"scenario {code}"


def typeset(text: str, lang: Lang) -> str:
    """Return a text with the no-break spaces and the apostrophe of its language.

    Parameters
    ----------
    text : str
        As typed on a keyboard.
    lang : {"fr", "en"}
        Only French sets spaces before double marks.

    Returns
    -------
    str
        Of the same words.
    """
    text = _UNIT.sub(_NO_BREAK, apostrophe(text))
    if lang != "fr":
        return text
    # « 20 % » is one word, « (dPC, %) » is not
    text = re.sub(r"(?<!,)[ \u00a0](?=[;!?%])", _THIN, text)
    text = re.sub(r" (?=[:»])", _NO_BREAK, text)
    return re.sub(r"« ", f"«{_NO_BREAK}", text)


def apostrophe(name: object) -> str:
    """Return a name with the apostrophe that printers use.

    Parameters
    ----------
    name : object
        As the data hold it.

    Returns
    -------
    str
        Otherwise unchanged.
    """
    return str(name).replace("'", "\u2019")


def check_lang(lang: str) -> None:
    """Raise unless the language is one of the table.

    Parameters
    ----------
    lang : str
        As given by the user.

    Raises
    ------
    ParameterError
        If it is neither ``fr`` nor ``en``.
    """
    if lang not in LANGUAGES:
        raise ParameterError(explain("lang", f"« {lang} » is unknown", required="fr or en"))
