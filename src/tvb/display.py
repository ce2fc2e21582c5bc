"""Small tables by which results show themselves in Jupyter.

They hold text only, escaped: names come from files, and a commune called ``<script>`` stays text.
They set no colour, so that dark themes keep theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SHOWN_ROWS", "frame_table", "parts_table", "rows_table", "tell_count", "tell_number"]

SHOWN_ROWS = 30
"""Rows of a table that are shown; how many are left out is said below them."""

_THIN = "\u202f"
_LONGEST = 240
_BREAKS = re.compile(r"[ \t\r\n\f\v]+")
_DIGITS, _MOST_DECIMALS = 4, 8
_LEFT, _RIGHT = "text-align:left", "text-align:right"
_ABOVE = f"caption-side:top;white-space:nowrap;{_LEFT}"


def tell_number(value: float, decimals: int = 0) -> str:
    """Return a number with its thousands set apart by a narrow no-break space.

    Parameters
    ----------
    value : float
        Any number.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        The decimal sign is a point, as in code.

    Examples
    --------
    >>> tell_number(1234567.891, 1).replace("\u202f", "_")
    '1_234_567.9'
    """
    return f"{value:,.{decimals}f}".replace(",", _THIN)


def tell_count(count: int, one: str, many: str | None = None) -> str:
    """Return a number of things.

    Parameters
    ----------
    count : int
        How many.
    one, many : str
        What one is called, and several of them: with an « s » unless told otherwise.

    Returns
    -------
    str
        Such as ``1 row``.

    Examples
    --------
    >>> tell_count(1, "row"), tell_count(0, "patch", "patches")
    ('1 row', '0 patches')
    """
    return f"{tell_number(count)} {one if count == 1 else many or one + 's'}"


def rows_table(
    result: object,
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    total: int | None = None,
    then: Sequence[str] = (),
) -> str:
    """Return a result as a table, headed by its one-line ``repr``.

    Parameters
    ----------
    result : object
        What is shown.
    heads : sequence of str
        Name of each column, with its unit where it has one.
    rows : iterable of sequences
        Cells, one for each column: texts, numbers, nothing, frames.
    total : int, optional
        Number of rows, where some are not in ``rows``.
    then : sequence of str
        What can be written next, such as ``.summary()``.

    Returns
    -------
    str
        HTML.
    """
    known = [list(row) for row in rows]
    shown = known[:SHOWN_ROWS]
    columns = [_column([row[i] for row in shown]) for i in range(len(heads))]
    head = "".join(
        _cell("th", name, style) for name, (style, _) in zip(heads, columns, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(_cell("td", texts[i], style) for style, texts in columns) + "</tr>"
        for i in range(len(shown))
    )
    more = (len(known) if total is None else total) - len(shown)
    if more > 0:
        told = f"… and {tell_count(more, 'more row')}"
        body += f'<tr><td colspan="{len(heads)}" style="{_LEFT}">{told}</td></tr>'
    caption = f'<caption style="{_ABOVE}">{_title(result)}</caption>'
    return (
        f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{_hint(then)}"
    )


def frame_table(result: object, frame: pd.DataFrame, *, then: Sequence[str] = ()) -> str:
    """Return a result as the first rows of one of its tables, without their geometry.

    Parameters
    ----------
    result : object
        What is shown.
    frame : pandas.DataFrame
        The table; an index that has a name comes first.
    then : sequence of str
        What can be written next.

    Returns
    -------
    str
        HTML.
    """
    shown = frame.iloc[:SHOWN_ROWS]
    if any(name is not None for name in frame.index.names):
        shown = shown.reset_index(allow_duplicates=True)
    told = [i for i, dtype in enumerate(shown.dtypes) if str(dtype) != "geometry"]
    rows = zip(*(shown.iloc[:, i] for i in told), strict=True)
    heads = [str(shown.columns[i]) for i in told]
    return rows_table(result, heads, rows, total=len(frame), then=then)


def parts_table(result: object, parts: Mapping[str, object], *, then: Sequence[str] = ()) -> str:
    """Return a result as a table of two columns: the name of each part, and what it holds.

    Parameters
    ----------
    result : object
        What is shown.
    parts : mapping of str to object
        What each part is called, with its unit, and its value; of a frame the number of rows.
    then : sequence of str
        What can be written next.

    Returns
    -------
    str
        HTML.
    """
    rows = [(name, _tell(value, _decimals([value]))) for name, value in parts.items()]
    return rows_table(result, ("part", "content"), rows, then=then)


def _title(result: object) -> str:
    """Return the one-line ``repr`` of a result, its class in bold; its class alone without one."""
    name = type(result).__name__
    told = repr(result)
    rest = told[1:-1].removeprefix(name) if told.startswith(f"<{name}") else ""
    return f"<b>{escape(name)}</b>{escape(rest)}"


def _hint(then: Sequence[str]) -> str:
    codes = ", ".join(f"<code>{escape(call)}</code>" for call in then)
    return f"<p>→ {codes}</p>" if codes else ""


def _cell(tag: str, text: str, style: str) -> str:
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def _column(values: Sequence[object]) -> tuple[str, list[str]]:
    """Return how a column is aligned, as its first value asks, and the texts of its cells."""
    decimals = _decimals(values)
    first = next((value for value in values if not _is_missing(value)), None)
    aligned = _LEFT if _number(first) is None else _RIGHT
    return aligned, [_tell(value, decimals) for value in values]


def _decimals(values: Sequence[object]) -> int:
    """Return the decimals that give the largest number four digits, fewer if they end in zeros."""
    sizes = [abs(x) for value in values if math.isfinite(x := _number(value) or 0.0)]
    largest = max(sizes, default=0.0)
    if not largest:
        return 0
    most = min(max(_DIGITS - 1 - math.floor(math.log10(largest)), 1), _MOST_DECIMALS)
    return next(d for d in range(most + 1) if all(round(x, d) == round(x, most) for x in sizes))


def _tell(value: object, decimals: int) -> str:
    if _is_missing(value):
        return ""
    number = _number(value)
    if number is not None:
        return tell_number(number, 0 if isinstance(value, Integral) else decimals)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and len(shape) == 2:
        return tell_count(shape[0], "row")
    text = _BREAKS.sub(" ", str(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _number(value: object) -> float | None:
    """Return what is a number as one; neither texts nor truth values are."""
    return None if isinstance(value, bool) or not isinstance(value, Real) else float(value)


def _is_missing(value: object) -> bool:
    """Return whether a cell is empty; the nulls of pandas are known by their class."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")
