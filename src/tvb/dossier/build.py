"""Dossiers of communes, reports of intercommunalities and of the whole study."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tvb.dossier.chapter import Chapter
from tvb.dossier.content import Document
from tvb.dossier.figures import Figure, Measures, Place, figures_of, measure
from tvb.dossier.heritage_parts import heritage_section, property_section
from tvb.dossier.network_parts import cycling_section, network_section
from tvb.dossier.pages import cover_cards, identity_lines, methods_section, summary_section
from tvb.dossier.pictures import draw_locator, maps_section
from tvb.dossier.render import render_html, render_pdf
from tvb.dossier.results import Results
from tvb.dossier.risk_parts import flood_section, plan_section
from tvb.dossier.texts import tell
from tvb.errors import ParameterError, explain
from tvb.maps.compose import frame_page, replace_file
from tvb.maps.furniture import mentions
from tvb.maps.page import Page
from tvb.maps.texts import Lang, check_lang, typeset

__all__ = ["Dossier", "build_dossier", "build_report"]

_FRAME_PX = 720
_CHAPTERS = (
    property_section, heritage_section, network_section, flood_section, cycling_section,
    plan_section,
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Dossier:
    """A dossier or a report: one HTML page, and the PDF made from it.

    Parameters
    ----------
    title : str
        Of what it is.
    html : str
        The page, complete in itself.
    figures : tuple of Figure
        Its key figures.
    """

    title: str
    html: str
    figures: tuple[Figure, ...]

    def pdf(self) -> bytes:
        """Return the PDF/A; the same dossier gives the same bytes.

        Returns
        -------
        bytes
            With bookmarks, tagged tables, alternative texts and embedded fonts.

        Raises
        ------
        MissingExtraError
            If WeasyPrint or one of its libraries is not installed.
        """
        return render_pdf(self.html)

    def save(self, path: str | Path) -> Path:
        """Write the dossier.

        Parameters
        ----------
        path : str or pathlib.Path
            A file ``.html`` or ``.pdf``; its folder exists.

        Returns
        -------
        pathlib.Path
            The file, complete: it replaces an older one in one step.

        Raises
        ------
        ParameterError
            If the suffix is another.
        MissingExtraError
            For a PDF, if WeasyPrint or one of its libraries is not installed.
        OSError
            If the folder is absent or cannot be written.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in (".html", ".pdf"):
            problem = f"a dossier cannot be saved as « {path.name} »"
            raise ParameterError(explain("path", problem, required=".html or .pdf"))
        return replace_file(path, self.pdf() if suffix == ".pdf" else self.html.encode())

    def _repr_html_(self) -> str:
        return frame_page(self.html, self.title, height_px=_FRAME_PX)

    def __repr__(self) -> str:
        known = sum(figure.value is not None for figure in self.figures)
        return f"<Dossier « {self.title} », {known} of {len(self.figures)} key figures>"


def build_dossier(
    results: Results,
    insee: str,
    *,
    measures: Measures | None = None,
    lang: Lang = "fr",
    producer: str = "",
    date: str = "",
) -> Dossier:
    """Return the dossier of a commune.

    Parameters
    ----------
    results : Results
        What the study found.
    insee : str
        Code of the commune.
    measures : Measures, optional
        From `tvb.dossier.measure` of the same results, where many dossiers are made.
    lang : {"fr", "en"}
        Language of everything that the dossier adds.
    producer : str
        Who made it.
    date : str
        Printed on the cover and kept in the PDF if it is ISO 8601; none by default, because a
        dossier made twice must be the same.

    Returns
    -------
    Dossier
        Cover, what to know in one page, a chapter for each theme, maps, methods, sources, limits.
        A chapter for which the study has no result says why.

    Raises
    ------
    ParameterError
        If the language is unknown or the results hold no such commune.
    LayerError
        If a map cannot be drawn because a layer lacks a column or a source.
    """
    check_lang(lang)
    row = results.table.loc[results.require_commune(insee)]
    siren, name = (row.get(column) for column in ("epci_siren", "epci_nom"))
    known = isinstance(siren, str)
    place = Place(
        "commune", insee, str(row["nom"]), (insee,), siren if known else "",
        (name if isinstance(name, str) else siren) if known else "",
    )  # fmt: skip
    return _build(results, place, measures, lang=lang, producer=producer, date=date)


def build_report(
    results: Results,
    epci: str | None = None,
    *,
    measures: Measures | None = None,
    lang: Lang = "fr",
    producer: str = "",
    date: str = "",
) -> Dossier:
    """Return the report of an intercommunality, or of the whole study.

    Parameters
    ----------
    results : Results
        What the study found.
    epci : str, optional
        SIREN of an intercommunality; the whole by default.
    measures, lang, producer, date
        As `build_dossier` takes them.

    Returns
    -------
    Dossier
        Of the same chapters as the dossier of a commune, with figures place by place.

    Raises
    ------
    ParameterError
        If the language is unknown or no commune belongs to the intercommunality.
    LayerError
        If a map cannot be drawn because a layer lacks a column or a source.
    """
    check_lang(lang)
    table = results.table
    if epci is None:
        place = Place("basin", "", results.name, tuple(table.index))
    else:
        mine = table[table["epci_siren"] == results.require_epci(epci)]
        name = mine["epci_nom"].iloc[0] if "epci_nom" in mine else epci
        place = Place("epci", epci, str(name), tuple(mine.index))
    return _build(results, place, measures, lang=lang, producer=producer, date=date)


def _build(
    results: Results,
    place: Place,
    measures: Measures | None,
    *,
    lang: Lang,
    producer: str,
    date: str,
) -> Dossier:
    measures = measure(results) if measures is None else measures
    figures = figures_of(results, measures, place, lang=lang)
    chapter = Chapter(results, measures, place, figures, lang)
    themes = tuple(write(chapter) for write in _CHAPTERS)
    document = Document(
        lang=lang,
        kicker=tell(f"kicker_{place.kind}", lang),
        title=typeset(place.name, lang),
        subtitle=tell("subject", lang),
        identity=identity_lines(chapter),
        warnings=tuple(mentions(Page(lang=lang), results.all_sources)),
        cards=cover_cards(chapter),
        locator=draw_locator(chapter),
        study=tell("study", lang, typeset(results.name, lang)),
        producer=producer,
        date=date,
    )
    sections = (
        summary_section(chapter, themes),
        *themes,
        methods_section(chapter),
        maps_section(chapter, producer=producer, date=date),
    )
    page = render_html(replace(document, sections=sections))
    return Dossier(f"{document.kicker} – {place.name}", page, figures)
