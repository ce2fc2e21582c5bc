"""What every chapter needs: the place, its figures, the language; and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tvb.dossier.content import Column, Group, Section, Table
from tvb.dossier.figures import INDICATORS, Figure, Measures, Place
from tvb.dossier.results import Results
from tvb.dossier.texts import tell
from tvb.maps.texts import Lang
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
        lang, communes = self.lang, self.measures.communes
        names = self.results.table["nom"]
        if self.place.kind == "epci":
            mine = communes.loc[list(self.place.insee)]
            mine = mine.assign(nom=names).sort_values("nom", key=_as_read, kind="stable")
            return [self._broken_down(tell("cap_by_commune", lang), mine, keys, head="commune")]
        tables = []
        if len(self.measures.epci):
            table = self.results.table
            told = table.groupby("epci_siren")["epci_nom"].min()
            each = self.measures.epci.assign(nom=told).sort_values(
                "nom", key=_as_read, kind="stable"
            )
            tables.append(self._broken_down(tell("cap_by_epci", lang), each, keys, head="epci"))
        top = communes[communes[top_by] > 0].sort_index()
        top = top.sort_values(top_by, ascending=False, kind="stable").head(_FOREMOST)
        if len(top):
            caption = tell("cap_top", lang, _lower(tell(f"fig_{top_by}", lang)))
            tables.append(self._broken_down(caption, top.assign(nom=names), keys, head="commune"))
        return tables

    def _broken_down(
        self, caption: str, frame: pd.DataFrame, keys: Sequence[str], *, head: str
    ) -> Table:
        known = [_BY_KEY[key] for key in keys if frame[key].notna().any()]
        columns = (
            Column(tell(head, self.lang)),
            *(Column(tell(f"fig_{i.key}", self.lang), numeric=True) for i in known),
        )
        rows = tuple(
            (
                str(row["nom"]),
                *(i.write(None if pd.isna(row[i.key]) else row[i.key], self.lang) for i in known),
            )
            for _, row in frame.iterrows()
        )
        return Table(caption, columns, (Group(rows),))


def _as_read(names: pd.Series[Any]) -> pd.Series[Any]:
    """Return names so that they sort as people look them up: accents do not count."""
    return names.map(normalise_name)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


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
