"""The cover, the page of what to know, and the chapter of methods."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from tvb.dossier.chapter import Chapter
from tvb.dossier.content import Card, Column, Definition, Field, Group, Section, Table, table_of
from tvb.dossier.figures import GROUPS, Figure, group_label
from tvb.dossier.risk_parts import way_of_counting
from tvb.dossier.texts import amount, count, noun_of, ordinal, percent, tell
from tvb.maps.texts import Lang, number, say, scenario_name, typeset
from tvb.territory import Source

__all__ = ["cover_cards", "identity_lines", "methods_section", "summary_section"]

_CARDS = ("property_ha", "terrils_met", "ec_share", "exposed", "cycle_open_km", "findings")
_COUNTED = {"terrils_met": "terril", "exposed": "exposed", "findings": "on_plan"}
_CARDS_OF_ALL = tuple("patches_ha" if key == "ec_share" else key for key in _CARDS)
_UNITS = {"property_ha": "ha", "patches_ha": "ha", "cycle_open_km": "km"}


def identity_lines(chapter: Chapter) -> tuple[str, ...]:
    """Return what stands under the name of the place.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    tuple of str
        Code, intercommunality, population and area; what is not known is left out.
    """
    lang, place = chapter.lang, chapter.place
    population, area = (chapter.figure(k).value for k in ("population", "area_km2"))
    lines = []
    if place.kind == "commune":
        lines.append(tell("code", lang, place.code))
        if place.epci_name:
            lines.append(tell("in_the_epci", lang, place.epci_name))
    else:
        if place.kind == "epci":
            lines.append(tell("siren", lang, place.code))
        lines.append(count(len(place.insee), "commune", lang))
    if population is not None:
        lines.append(count(population, "inhabitant", lang))
    if area is not None:
        lines.append(amount(area, lang, 1, unit="km²"))
    return tuple(lines)


def cover_cards(chapter: Chapter) -> tuple[Card, ...]:
    """Return the six figures for who reads the cover only.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    tuple of Card
        Each with what it is compared to and what it is worth.
    """
    keys = _CARDS_OF_ALL if chapter.place.kind == "basin" else _CARDS
    return tuple(_card(chapter, key) for key in keys)


def summary_section(chapter: Chapter, chapters: tuple[Section, ...]) -> Section:
    """Return the page of what to know.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.
    chapters : tuple of Section
        Those that follow: their first sentences are repeated here.

    Returns
    -------
    Section
        Sentences, and the key figures beside those of the intercommunality and the study.
    """
    lang = chapter.lang
    leads = tuple(lead for section in chapters for lead in section.leads)
    natures = [nature for nature in ("modelled", "schematic") if _any(chapter, nature)]
    return Section(
        "summary",
        tell("section_summary", lang),
        leads,
        tables=(_key_figures(chapter),),
        notes=tuple(tell(f"{nature}_note", lang) for nature in natures),
    )


def methods_section(chapter: Chapter) -> Section:
    """Return the chapter of methods, sources and limits.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        How each figure is made, what it cannot say, the parameters and the layers.
    """
    lang, results = chapter.lang, chapter.results
    definitions = [_definition("areas", lang)]
    if results.register is not None:
        definitions.append(_definition("objects", lang))
    if results.patches is not None:
        definitions.append(_definition("network", lang))
    if results.exposure is not None and {"rule", "exclude", "attribution"} <= {*results.exposure}:
        definitions.append(_counting(chapter))
    if results.has_layer("cycle_routes"):
        definitions.append(_definition("cycling", lang))
    if results.plan_findings is not None:
        definitions.append(_definition("plan", lang))
    limits = ["legal", "generalised", "outside"]
    limits += ["footprint"] * (results.exposure is not None)
    limits += ["habitat"] * (results.patches is not None)
    limits += ["epci"] * ("epci_siren" in results.table)
    return replace(
        chapter.section("methods", tables=[*_parameters(chapter), *_sources(chapter)]),
        definitions=tuple(definitions),
        limits=tuple(tell(f"limit_{name}", lang) for name in limits),
    )


def _any(chapter: Chapter, nature: str) -> bool:
    return any(f.nature == nature and f.value is not None for f in chapter.figures)


def _card(chapter: Chapter, key: str) -> Card:
    lang, figure = chapter.lang, chapter.figure(key)
    if key in _COUNTED:
        many = figure.value if figure.value is not None else 2
        label = noun_of(many, _COUNTED[key], lang)
    else:
        label = tell(f"card_{key}", lang)
    if figure.value is None:
        return Card(tell("missing", lang), label, known=False)
    if figure.indicator.shown_as == "percent":
        value = percent(figure.value, lang)
    else:
        value = amount(figure.value, lang, figure.indicator.decimals, unit=_UNITS.get(key, ""))
    note = ""
    if chapter.place.kind != "basin" and figure.share:
        note = tell("share_of", lang, percent(figure.share, lang))
    elif figure.rank is not None:
        rank = ordinal(figure.rank, lang)
        note = tell("rank_of", lang, rank, number(figure.ranked, lang))
    return Card(value, label, (note + chapter.worth(figure)).strip())


def _key_figures(chapter: Chapter) -> Table:
    lang, kind = chapter.lang, chapter.place.kind
    columns = [
        Column(tell("theme", lang)),
        Column(tell("indicator", lang)),
        Column(tell(f"col_{kind}", lang), numeric=True),
    ]
    if kind == "commune":
        columns.append(Column(tell("col_epci", lang), numeric=True))
    if kind != "basin":
        columns += [Column(tell(f"col_{name}", lang), numeric=True)
                    for name in ("basin", "share", "rank")]  # fmt: skip
    groups = []
    for name in GROUPS:
        mine = [f for f in chapter.figures if f.indicator.group == name]
        groups.append(
            Group(
                tuple(_row(chapter, figure) for figure in mine),
                group_label(name, chapter.results, lang),
                tuple(_mark(figure, lang) for figure in mine),
            )
        )
    caption = tell("figures", lang, tell(f"of_{kind}", lang))
    return Table(caption, tuple(columns), tuple(groups), _compared(chapter))


def _row(chapter: Chapter, figure: Figure) -> tuple[str, ...]:
    lang, kind = chapter.lang, chapter.place.kind
    cells = [figure.label, figure.cell("value", lang)]
    if kind == "commune":
        known = chapter.place.epci in chapter.measures.epci.index
        cells.append(figure.cell("epci", lang) if known else tell("no_object", lang))
    if kind != "basin":
        cells += [figure.cell("basin", lang), figure.share_cell(lang), figure.rank_cell(lang)]
    return tuple(cells)


def _mark(figure: Figure, lang: Lang) -> str:
    if figure.value is None or figure.nature == "real":
        return ""
    return tell(f"{figure.nature}_mark", lang)


def _compared(chapter: Chapter) -> str:
    lang, results, place = chapter.lang, chapter.results, chapter.place
    whole = count(len(results.table), "commune", lang)
    if place.kind == "commune" and place.epci:
        communes = int((results.table["epci_siren"] == place.epci).sum())
        told = count(communes, "commune", lang)
        return tell("compared_note", lang, typeset(place.epci_name, lang), told, whole)
    return tell(
        "compared_note_epci" if place.kind == "epci" else "compared_note_basin", lang, whole
    )


def _definition(name: str, lang: Lang) -> Definition:
    return Definition(tell(f"m_{name}", lang), tell(f"m_{name}_text", lang))


def _counting(chapter: Chapter) -> Definition:
    lang, exposure = chapter.lang, chapter.results.exposure
    assert exposure is not None  # noqa: S101 (checked by the caller)
    first = exposure.iloc[0]
    way = "; ".join(str(first[name]) for name in ("rule", "exclude", "attribution"))
    told = way_of_counting(way, lang)
    scenario = scenario_name(chapter.results.scenario, lang)
    return Definition(tell("m_flood", lang), tell("m_flood_text", lang, told, scenario))


def _parameters(chapter: Chapter) -> list[Table]:
    parameters, lang = chapter.results.parameters, chapter.lang
    if not parameters:
        return []
    shown = [
        number(value, lang, None)
        if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
        for value in parameters.values()
    ]  # fmt: skip
    frame = pd.DataFrame({"key": [typeset(key, lang) for key in parameters], "value": shown})
    fields = (Field("key", "parameter"), Field("value", "value"))
    return [table_of(tell("cap_parameters", lang), frame, fields, lang=lang)]


def _sources(chapter: Chapter) -> list[Table]:
    sources, lang = chapter.results.all_sources, chapter.lang
    if not sources:
        return []
    frame = pd.DataFrame([_credit(source, lang) for source in sources]).drop_duplicates()
    credit = ["nature", "producer", "vintage", "licence"]
    joint = " ; " if lang == "fr" else "; "
    told = frame.groupby(credit, sort=False).agg({"title": joint.join}).reset_index()
    fields = tuple(
        Field(name, label)
        for name, label in (
            ("title", "layer"), ("nature", "nature"), ("producer", "producer"),
            ("vintage", "vintage"), ("licence", "licence"),
        )
    )  # fmt: skip
    return [table_of(tell("cap_sources", lang), told, fields, lang=lang)]


def _credit(source: Source, lang: Lang) -> dict[str, str]:
    title = source.title if lang == "fr" else source.title.replace(" ; ", "; ")
    return {
        "title": typeset(title, lang), "nature": say(source.nature, lang),
        "producer": source.producer, "vintage": source.vintage, "licence": source.licence,
    }  # fmt: skip
