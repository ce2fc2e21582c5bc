"""How a text tells numbers in either language, and how its other words agree with them."""

from __future__ import annotations

__all__ = ["Counted", "agree", "format_number", "mark_number"]

_THIN = "\u202f"


def mark_number(text: str, lang: str) -> str:
    """Return a number written as in code, with the marks of a language.

    Parameters
    ----------
    text : str
        A comma between thousands, a decimal point.
    lang : {"en", "fr"}
        French parts thousands by a thin no-break space and decimals by a comma.

    Returns
    -------
    str
        The same digits.

    Examples
    --------
    >>> mark_number("12,345.6", "fr").replace(chr(0x202F), "_"), mark_number("12,345.6", "en")
    ('12_345,6', '12,345.6')
    """
    return text.replace(",", _THIN).replace(".", ",") if lang == "fr" else text


def format_number(value: float, decimals: int = 0, *, lang: str) -> str:
    """Return a number as a language writes it.

    Parameters
    ----------
    value : float
        Any number.
    decimals : int
        Digits after the mark.
    lang : {"en", "fr"}
        As `mark_number`.

    Returns
    -------
    str
        Thousands set apart.

    Examples
    --------
    >>> format_number(1234.5, 1, lang="fr").replace(chr(0x202F), "_")
    '1_234,5'
    >>> format_number(1234.5, 1, lang="en")
    '1,234.5'
    """
    return mark_number(f"{value:,.{decimals}f}", lang)


def agree(count: float, one: str, many: str, *, lang: str) -> str:
    """Return the form of a word that agrees with a count.

    Parameters
    ----------
    count : float
        How many.
    one, many : str
        Singular and plural.
    lang : {"en", "fr"}
        French has a plural from 2 on, so not for 0 and 1.5; English for all but 1.

    Returns
    -------
    str
        One of them.

    Examples
    --------
    >>> agree(0, "lien", "liens", lang="fr"), agree(0, "link", "links", lang="en")
    ('lien', 'links')
    """
    is_plural = abs(count) >= 2 if lang == "fr" else abs(count) != 1
    return many if is_plural else one


class Counted(str):
    """A number as a text tells it, with which other words of that text agree.

    In a pattern of `str.format`, ``{n}`` is the number, and ``{n:|s}`` what stands before the bar
    where a singular is due, what stands after it where a plural is.

    Parameters
    ----------
    value : float
        The number.
    lang : {"en", "fr"}
        Language of the pattern.
    text : str, optional
        How it is told; by default as `str` does.

    Examples
    --------
    >>> "{0} lien{0:|s} {0:est coupé|sont coupés}".format(Counted(2, "fr"))
    '2 liens sont coupés'
    """

    __slots__ = ("_lang", "_value")
    _value: float
    _lang: str

    def __new__(cls, value: float, lang: str, text: str | None = None) -> Counted:
        made = super().__new__(cls, value if text is None else text)
        made._value, made._lang = value, lang
        return made

    def __getnewargs__(self) -> tuple[float, str, str]:  # type: ignore[override]
        return self._value, self._lang, str(self)

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        return agree(self._value, one, many, lang=self._lang) if bar else super().__format__(spec)
