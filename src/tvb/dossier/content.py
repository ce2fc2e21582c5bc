"""What stands on the pages of a dossier, before it has a form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tvb.dossier.texts import amount, percent, tell
from tvb.maps.texts import Lang, typeset

__all__ = [
    "Card",
    "Column",
    "Definition",
    "Document",
    "Field",
    "Group",
    "Picture",
    "Section",
    "Table",
    "fit_columns",
    "table_of",
]


# Letters that a line of a table holds, those of its space between columns, and those of a cell that
# is never broken.
_LINE, _BETWEEN, _ONE_LINE = 108, 3, 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    label : str
        Its heading.
    numeric : bool
        Whether its cells are aligned to the right.
    tight : bool
        Whether they are short enough to stay in one line.
    """

    label: str
    numeric: bool = False
    tight: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a table under a heading of their own.

    Parameters
    ----------
    rows : tuple of tuple of str
        Cells; the first of a row is its heading.
    label : str
        Heading of the group; none by default.
    marks : tuple of str
        For each row, a word after its heading, such as « modélisé »; empty for none.
    """

    rows: tuple[tuple[str, ...], ...]
    label: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : tuple of Column
        Headings.
    groups : tuple of Group
        Rows.
    note : str
        Below it.
    """

    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One figure in large letters.

    Parameters
    ----------
    value, label, note : str
        The figure, what it is, what it is compared to.
    known : bool
        False where the value says that it was not assessed.
    """

    value: str
    label: str
    note: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and what it means.

    Parameters
    ----------
    term, text : str
        Both in the language of the dossier.
    """

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A map.

    Parameters
    ----------
    title : str
        What it says.
    alt : str
        The same for who cannot see it.
    uri : str
        The drawing, as a data URI.
    landscape : bool
        Whether its page lies across.
    """

    title: str
    alt: str
    uri: str
    landscape: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter.

    Parameters
    ----------
    key : str
        Its name in links.
    title : str
        Its heading.
    leads : tuple of str
        What matters, in one or two sentences; several make a list.
    missing : str
        Why there is nothing to say; empty where there is.
    tables, pictures, definitions
        What follows.
    notes : tuple of str
        Small paragraphs at the end.
    limits : tuple of str
        A list under a heading of its own.
    """

    key: str
    title: str
    leads: tuple[str, ...] = ()
    missing: str = ""
    tables: tuple[Table, ...] = ()
    definitions: tuple[Definition, ...] = ()
    limits: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole dossier.

    Parameters
    ----------
    lang : {"fr", "en"}
        Language.
    kicker, title, subtitle : str
        On the cover.
    identity : tuple of str
        Lines under the title.
    warnings : tuple of str
        What the reader must know first.
    cards : tuple of Card
        Its foremost figures.
    locator : Picture
        Where the place lies.
    sections : tuple of Section
        In order.
    study, producer, date : str
        In the foot of the cover.
    """

    lang: Lang
    kicker: str
    title: str
    subtitle: str
    identity: tuple[str, ...]
    warnings: tuple[str, ...]
    cards: tuple[Card, ...]
    locator: Picture
    sections: tuple[Section, ...] = ()
    study: str = ""
    producer: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """How a column of a frame becomes a column of a table.

    Parameters
    ----------
    column : str
        Of the frame.
    label : str
        Name of its heading among the texts.
    write : callable or int, optional
        From a value and a language to text, or decimals of a number; by default text.
    """

    column: str
    label: str
    write: Callable[[Any, Lang], str] | int | None = None

    def cell(self, value: Any, lang: Lang) -> str:
        """Return a value as text.

        Parameters
        ----------
        value : object
            Of the column.
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            A dash for a null.
        """
        if pd.isna(value) or value == "":
            return tell("none", lang)
        if isinstance(self.write, int):
            return amount(value, lang, self.write)
        return self.write(value, lang) if self.write is not None else typeset(str(value), lang)

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return isinstance(self.write, int) or self.write is percent


def table_of(
    caption: str,
    frame: pd.DataFrame,
    fields: Sequence[Field],
    *,
    lang: Lang,
    note: str = "",
) -> Table:
    """Return a table of a frame.

    Parameters
    ----------
    caption : str
        What it shows.
    frame : pandas.DataFrame
        One row for each row of the table.
    fields : sequence of Field
        Columns shown.
    lang : {"fr", "en"}
        Language.
    note : str
        Below it.

    Returns
    -------
    Table
        Columns that hold nothing in any row are left out, but for the first.
    """
    told = [f for n, f in enumerate(fields) if n == 0 or _says_something(frame[f.column])]
    cells = [[f.cell(value, lang) for value in frame[f.column]] for f in told]
    columns = fit_columns([(tell(f.label, lang), f.numeric) for f in told], cells)
    rows = tuple(zip(*cells, strict=True))
    return Table(caption, columns, (Group(rows),), note)


def fit_columns(
    headings: Sequence[tuple[str, bool]], cells: Sequence[Sequence[str]]
) -> tuple[Column, ...]:
    """Return columns which know whether their cells stay in one line.

    Parameters
    ----------
    headings : sequence of tuple
        Label of each column, and whether it holds numbers.
    cells : sequence of sequence of str
        Of each column.

    Returns
    -------
    tuple of Column
        Cells are broken only where the page is too narrow for all of them.
    """
    widths = [
        max(map(len, (*column, *label.split())))
        for column, (label, _) in zip(cells, headings, strict=True)
    ]
    roomy = sum(widths) + _BETWEEN * len(widths) <= _LINE
    return tuple(
        Column(label, numeric, roomy or width <= _ONE_LINE)
        for (label, numeric), width in zip(headings, widths, strict=True)
    )


def _says_something(column: pd.Series[Any]) -> bool:
    return bool((column.notna() & (column.astype(str) != "")).any())
