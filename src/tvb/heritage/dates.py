"""Days as analysts write them."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd

from tvb.names import normalise_name

__all__ = ["parse_days"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("janvier janv", "fevrier fevr fev", "mars", "avril avr", "mai", "juin", "juillet juil",
         "aout", "septembre sept", "octobre oct", "novembre nov", "decembre dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

# In this order; where the month or the day is not told, it is the first.
_FORMS = (
    re.compile(r"(?P<y>\d{4}) (?P<m>\d{1,2}) (?P<d>\d{1,2})(?: \d\d){0,3}"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"),
    re.compile(r"(?P<d>\d{1,2}) (?P<m>\d{1,2}) (?P<y>\d{4})(?: \d\d){0,3}"),
    re.compile(r"(?:(?P<d>\d{1,2})(?:er)? )?(?P<m>[a-z]+) (?P<y>\d{4})"),
    re.compile(r"(?P<m>\d{1,2}) (?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4}) (?P<m>\d{1,2})"),
    re.compile(r"(?P<y>\d{4})"),
)


def parse_days(texts: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Return the days that texts tell.

    Parameters
    ----------
    texts : pandas.Series
        ``2024-12-31`` (with a time or without), ``20241231``, ``31/12/2024`` (also with ``-`` or
        ``.``; the day first, as in France), ``31 décembre 2024``, ``12/2024``, ``décembre 2024``,
        ``2024``. Years have four digits.

    Returns
    -------
    pandas.Series
        Timestamps on the same index: the first day of a month or year alone, null where the text is
        null or no day of the calendar.

    Examples
    --------
    >>> parse_days(pd.Series(["31/12/2024", "mars 2021", "31/02/2020"])).dt.date.tolist()
    [datetime.date(2024, 12, 31), datetime.date(2021, 3, 1), NaT]
    """
    days = [pd.NaT if pd.isna(text) else _parse(str(text)) for text in texts]
    return pd.Series(days, index=texts.index, dtype="datetime64[s]", name=texts.name)


def _parse(text: str) -> dt.datetime | None:
    words = re.sub(r"(?<=\d)t(?=\d)", " ", normalise_name(text))
    for form in _FORMS:
        found = form.fullmatch(words)
        if found is None or not words:
            continue
        told = found.groupdict()
        month = told.get("m") or "1"
        number = _MONTHS.get(month) or (int(month) if month.isdecimal() else 0)
        try:
            return dt.datetime(int(told["y"]), number, int(told.get("d") or 1))
        except ValueError:
            return None
    return None
