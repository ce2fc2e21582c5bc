"""The account of a reading: rows in = rows out + rows dropped, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tvb.display import rows_table
from tvb.errors import ParameterError, explain
from tvb.messages import Lang, preferred_language, translate
from tvb.territory import Nature, Source

__all__ = ["KEPT_IDS", "Entry", "Kind", "LayerReport", "Ledger"]

Kind = Literal["repaired", "dropped", "notes"]

KEPT_IDS = 10
"""Identifiers kept for each reason: enough to find the fault, few enough for a million rows."""

_SHOWN_IDS = 3
_TITLES = {
    "en": {"dropped": "dropped", "repaired": "repaired", "note": "note"},
    "fr": {"dropped": "écarté", "repaired": "réparé", "note": "note"},
}
_HEADS = {
    "en": ("what was done", "reason", "rows", "first of them"),
    "fr": ("suite donnée", "raison", "lignes", "premières"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to some rows of a layer.

    Parameters
    ----------
    reason : str
        What happened.
    count : int
        Rows concerned; 0 for a remark on the whole file.
    ids : tuple of str
        Keys of the first ten rows, or ``row 12`` (counted from 0) where a row has no key.
    """

    reason: str
    count: int = 0
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.told()

    def told(self, colon: str = ": ") -> str:
        """Return the entry as a text.

        Parameters
        ----------
        colon : str
            What stands before the number of rows.

        Returns
        -------
        str
            Such as ``null geometry: 2 (T002, row 4)``.
        """
        shown = ", ".join(self.ids[:_SHOWN_IDS]) + (", …" if self.count > _SHOWN_IDS else "")
        number = f"{colon}{self.count}" if self.count else ""
        return f"{self.reason}{number}{f' ({shown})' if self.ids else ''}"

    def in_language(self, lang: str) -> Entry:
        """Return the entry for people who read a language.

        Parameters
        ----------
        lang : {"en", "fr"}
            Language wanted.

        Returns
        -------
        Entry
            With the reason and the numbers of rows in words of that language.
        """
        ids = tuple(translate(name, lang) for name in self.ids)
        return Entry(translate(self.reason, lang), self.count, ids)


@dataclass(frozen=True, slots=True, repr=False)
class LayerReport:
    """What the reader made of a layer.

    Parameters
    ----------
    layer : str
        Name of the schema.
    files : tuple of str
        Names of the files read, without their folder, in the order read.
    rows_read, rows_kept : int
        Rows found in the files (inside the window, if one was asked for) and rows of the frame.
    repaired : tuple of Entry
        Rows changed and kept.
    dropped : tuple of Entry
        Rows not kept; ``rows_read == rows_kept + sum(e.count for e in dropped)``.
    notes : tuple of Entry
        Remarks: reprojection, encoding, columns renamed or absent, keys given twice and kept.
    checksums : tuple of str
        SHA-256 of each file, hexadecimal; of a shapefile, over its parts in alphabetical order.
    crs_in : str
        Coordinate reference systems of the files.
    seconds : float
        Duration of the reading.

    Raises
    ------
    ParameterError
        If the rows do not add up.
    """

    layer: str
    files: tuple[str, ...]
    rows_read: int
    rows_kept: int
    repaired: tuple[Entry, ...] = ()
    dropped: tuple[Entry, ...] = ()
    notes: tuple[Entry, ...] = ()
    checksums: tuple[str, ...] = ()
    crs_in: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.rows_read != self.rows_kept + self.rows_dropped:
            raise ParameterError(
                explain(
                    self.layer,
                    f"{self.rows_read} rows read, {self.rows_kept} kept, "
                    f"{self.rows_dropped} dropped",
                    required="rows read = rows kept + rows dropped",
                )
            )

    @property
    def rows_dropped(self) -> int:
        """Rows not kept, for any reason."""
        return sum(entry.count for entry in self.dropped)

    def __repr__(self) -> str:
        repaired = sum(entry.count for entry in self.repaired)
        return (
            f"<LayerReport {self.layer}: {self.rows_read} rows read, {self.rows_kept} kept, "
            f"{self.rows_dropped} dropped, {repaired} repairs>"
        )

    def _repr_html_(self) -> str:
        lang = preferred_language()
        rows = [
            (_TITLES[lang][kind], entry.reason, entry.count or None, ", ".join(entry.ids))
            for kind, entry in self._entries(lang)
        ]
        return rows_table(self, _HEADS[lang], rows, then=(".summary()", ".to_frame()"))

    def _entries(self, lang: str) -> list[tuple[str, Entry]]:
        """Return each entry with its kind, in words of a language."""
        pages = (("dropped", self.dropped), ("repaired", self.repaired), ("note", self.notes))
        return [(kind, entry.in_language(lang)) for kind, page in pages for entry in page]

    def summary(self, lang: Lang = "en") -> str:
        """Return the account as a text for people.

        Parameters
        ----------
        lang : {"en", "fr"}
            Language of the text.

        Returns
        -------
        str
            Several lines: one for the files, one for the rows, then one for each entry.
        """
        colon = "\u00a0: " if lang == "fr" else ": "
        rows = f"{self.rows_read} rows read, {self.rows_kept} kept, {self.rows_dropped} dropped"
        system = self.crs_in or ("aucun fichier" if lang == "fr" else "no file")
        lines = [f"{self.layer} ← {', '.join(self.files)} ({system})", f"  {translate(rows, lang)}"]
        for kind, entry in self._entries(lang):
            lines.append(f"  {_TITLES[lang][kind]}{colon}{entry.told(colon)}")
        return "\n".join(lines)

    def to_frame(self, lang: Lang = "en") -> pd.DataFrame:
        """Return one row for each entry.

        Parameters
        ----------
        lang : {"en", "fr"}
            Language of the reasons; ``kind`` and the names of the columns are keys, which stay.

        Returns
        -------
        pandas.DataFrame
            Columns ``layer``, ``kind`` (dropped, repaired, note), ``reason``, ``count``, ``ids``
            (text, the first ten).
        """
        rows = [
            (self.layer, kind, entry.reason, entry.count, ", ".join(entry.ids))
            for kind, entry in self._entries(lang)
        ]
        return pd.DataFrame(rows, columns=["layer", "kind", "reason", "count", "ids"])

    def source(
        self, nature: Nature, title: str, *, producer: str, licence: str, vintage: str
    ) -> Source:
        """Return the line that the table of sources holds for this layer.

        Parameters
        ----------
        nature : {"real", "schematic", "modelled"}
            What the geometry is worth.
        title : str
            What the layer is, as a map prints it.
        producer, licence, vintage : str
            Who made it, under which licence, of which date.

        Returns
        -------
        tvb.territory.Source
            With the files, checksums and rows of this report; several files are joined by « + ».
        """
        return Source(
            self.layer,
            nature,
            title,
            producer=producer,
            licence=licence,
            vintage=vintage,
            file=" + ".join(self.files),
            checksum=" + ".join(self.checksums),
            rows_read=self.rows_read,
            rows_kept=self.rows_kept,
            dropped={entry.reason: entry.count for entry in self.dropped},
        )


class Ledger:
    """The account while the reading lasts: entries of the same reason are added up.

    Parameters
    ----------
    layer : str
        Name of the schema.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self._entries: dict[Kind, dict[str, Entry]] = {"repaired": {}, "dropped": {}, "notes": {}}

    def add(self, kind: Kind, reason: str, count: int = 0, *, ids: Iterable[str] = ()) -> None:
        """Add an entry, or add to the one of the same reason.

        Parameters
        ----------
        kind : {"repaired", "dropped", "notes"}
            Page of the account.
        reason : str
            What happened.
        count : int
            Rows concerned.
        ids : iterable of str
            Their names.
        """
        page = self._entries[kind]
        before = page.get(reason, Entry(reason))
        ids = (before.ids + tuple(ids))[:KEPT_IDS]
        page[reason] = Entry(reason, before.count + count, ids)

    def entries(self, kind: Kind) -> tuple[Entry, ...]:
        """Return the entries of one page, in the order met.

        Parameters
        ----------
        kind : {"repaired", "dropped", "notes"}
            Page of the account.

        Returns
        -------
        tuple of Entry
            All of them.
        """
        return tuple(self._entries[kind].values())

    def close(
        self,
        rows: tuple[int, int],
        *,
        files: Sequence[str],
        checksums: Sequence[str],
        crs_in: str,
        seconds: float,
    ) -> LayerReport:
        """Return the report.

        Parameters
        ----------
        rows : tuple of int
            Rows read and rows kept.
        files, checksums : sequence of str
            Names and SHA-256 of the files.
        crs_in : str
            Their coordinate reference systems.
        seconds : float
            Duration of the reading.

        Returns
        -------
        LayerReport
            The account, whose rows add up.

        Raises
        ------
        ParameterError
            If they do not.
        """
        return LayerReport(
            self.layer,
            tuple(files),
            *rows,
            repaired=self.entries("repaired"),
            dropped=self.entries("dropped"),
            notes=self.entries("notes"),
            checksums=tuple(checksums),
            crs_in=crs_in,
            seconds=seconds,
        )
