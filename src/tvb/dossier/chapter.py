"""What every chapter needs: the place, its figures, the language; and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tvb.dossier.content import Group, Section, Table, fit_columns
from tvb.dossier.figures import INDICATORS, Figure, Indicator, Measures, Place
from tvb.dossier.results import Results
from tvb.dossier.texts import tell
from tvb.maps.texts import Lang, say, typeset
from tvb.names import normalise_name

__all__ = ["Chapter", "join_words"]

_FOREMOST = 10
_BY_KEY = {indicator.key: indicator for indicator in INDICATORS}


@dataclass(frozen=True)
class Chapter:
    """Place, figures and language of the chapters of one dossier.

    Parameters
    ----------
    results : Results
        What the study found.
    measures : Measures
        Its indicators.
    place : Place
        What the dossier is about.
    figures : tuple of Figure
        Of the place.
    lang : {"fr", "en"}
        Language.
    """

    results: Results
    measures: Measures
    place: Place
    figures: tuple[Figure, ...]
    lang: Lang

    def figure(self, key: str) -> Figure:
        """Return one of the figures.

        Parameters
        ----------
        key : str
            Of its indicator.

        Returns
        -------
        Figure
            Of the place.
        """
        return next(f for f in self.figures if f.indicator.key == key)

    def section(
        self,
        key: str,
        leads: tuple[str, ...] = (),
        tables: Sequence[Table] = (),
        *,
        notes: tuple[str, ...] = (),
    ) -> Section:
        """Return a chapter under its heading.

        Parameters
        ----------
        key : str
            Its name.
        leads, tables, notes
            What it holds.

        Returns
        -------
        Section
            The chapter.
        """
        title = tell(f"section_{key}", self.lang)
        return Section(key, title, leads, tables=tuple(tables), notes=notes)

    def missing(self, key: str, reason: str = "") -> Section:
        """Return a chapter that says why it has nothing to say.

        Parameters
        ----------
        key : str
            Its name.
        reason : str
            Of the texts; by default that of the study, or else a general one.

        Returns
        -------
        Section
            The chapter.
        """
        given = self.results.reasons.get(key, "")
        why = given if given and not reason else tell(reason or f"lacking_{key}", self.lang)
        title = tell(f"section_{key}", self.lang)
        return Section(key, title, missing=tell("lacking", self.lang, why))

    def breakdown(self, keys: Sequence[str], *, top_by: str) -> list[Table]:
        """Return figures place by place: by commune, or by intercommunality and foremost communes.

        Parameters
        ----------
        keys : sequence of str
            Indicators, one for each column.
        top_by : str
            By which the foremost communes are chosen.

        Returns
        -------
        list of Table
            One for an intercommunality, two for the whole; columns that nobody has are left out.
        """
        communes = self.measures.communes
        names = self.results.table["nom"]
        if self.place.kind == "epci":
            mine = communes.loc[list(self.place.insee)]
            mine = mine.assign(nom=names).sort_values("nom", key=_as_read, kind="stable")
            return [self._broken_down("cap_by_commune", mine, keys, head="commune")]
        tables = []
        if len(self.measures.epci):
            table = self.results.table
            told = table.groupby("epci_siren")["epci_nom"].min()
            each = self.measures.epci.assign(nom=told).sort_values(
                "nom", key=_as_read, kind="stable"
            )
            tables.append(self._broken_down("cap_by_epci", each, keys, head="epci"))
        top = communes[communes[top_by] > 0].sort_index()
        top = top.sort_values(top_by, ascending=False, kind="stable").head(_FOREMOST)
        if len(top):
            top = top.assign(nom=names)
            tables.append(self._broken_down(f"cap_top_{top_by}", top, keys, head="commune"))
        return tables

    def _broken_down(
        self, title: str, frame: pd.DataFrame, keys: Sequence[str], *, head: str
    ) -> Table:
        known = [_BY_KEY[key] for key in keys if frame[key].notna().any()]
        marks = [self.worth(self.figure(i.key)) for i in known]
        caption = tell(title, self.lang)
        if len(set(marks)) == 1:
            caption, marks = caption + marks[0], [""] * len(marks)
        headings = [(tell(head, self.lang), False)]
        headings += [
            (tell(f"fig_{i.key}", self.lang) + mark, True)
            for i, mark in zip(known, marks, strict=True)
        ]
        cells = [
            [typeset(str(name), self.lang) for name in frame["nom"]],
            *([self._written(i, value) for value in frame[i.key]] for i in known),
        ]
        rows = tuple(zip(*cells, strict=True))
        return Table(caption, fit_columns(headings, cells), (Group(rows),))

    def _written(self, indicator: Indicator, value: Any) -> str:
        return indicator.write(None if pd.isna(value) else value, self.lang)

    def worth(self, *figures: Figure) -> str:
        """Return a remark on figures that do not come from real layers.

        Parameters
        ----------
        *figures : Figure
            Of the place.

        Returns
        -------
        str
            « [modélisé] », « [schématique] », or nothing.
        """
        found = {figure.nature for figure in figures}
        nature = next((n for n in ("modelled", "schematic") if n in found), "")
        return tell("worth", self.lang, say(nature, self.lang)) if nature else ""

    def valued(self, sentence: str, *figures: Figure) -> str:
        """Return a sentence with what its figures are worth.

        Parameters
        ----------
        sentence : str
            With its full stop.
        *figures : Figure
            That it tells.

        Returns
        -------
        str
            The remark stands before the full stop.
        """
        return f"{sentence.removesuffix('.')}{self.worth(*figures)}."

    def caption(self, key: str, *figures: Figure, values: Sequence[object] = ()) -> str:
        """Return the caption of a table, with what its figures are worth.

        Parameters
        ----------
        key : str
            Of the text.
        *figures : Figure
            Those that come from the same layers.
        values : sequence of object
            What fills its braces.

        Returns
        -------
        str
            The caption.
        """
        return tell(key, self.lang, *values) + self.worth(*figures)


def _as_read(names: pd.Series[Any]) -> pd.Series[Any]:
    """Return names so that they sort as people look them up: accents do not count."""
    return names.map(normalise_name)


def join_words(words: Sequence[str], lang: Lang) -> str:
    """Return words as a list inside a sentence.

    Parameters
    ----------
    words : sequence of str
        At least one.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        « a, b et c ».
    """
    if len(words) < 2:
        return "".join(words)
    last = " et " if lang == "fr" else " and "
    return ", ".join(words[:-1]) + last + words[-1]
