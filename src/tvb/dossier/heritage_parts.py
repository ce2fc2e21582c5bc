"""Chapters on the property, its buffer zone, and the mining heritage."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tvb.dossier.chapter import Chapter, join_words
from tvb.dossier.content import Field, Section, Table, table_of
from tvb.dossier.texts import amount, count, ordinal, percent, tell
from tvb.facts import HECTARE_M2
from tvb.maps.texts import Lang, number

__all__ = ["heritage_section", "property_section"]

_COUNTED = (
    ("terrils_met", "terril"),
    ("estates_met", "estate"),
    ("listed_buildings_met", "listed"),
    ("pits_met", "pit"),
)


def property_section(chapter: Chapter) -> Section:
    """Return the chapter on the property and its buffer zone.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        With the elements of a commune, or the figures of each commune of a territory.
    """
    if chapter.figure("property_ha").value is None:
        return chapter.missing("property")
    if chapter.place.kind == "commune":
        tables = _objects(chapter, "property_elements")
    else:
        tables = chapter.breakdown(
            ("property_ha", "property_share", "buffer_ha", "buffer_share",
             "property_elements_met"), top_by="property_ha",
        )  # fmt: skip
    lead = chapter.valued(
        _property_lead(chapter), chapter.figure("property_ha"), chapter.figure("buffer_ha")
    )
    return chapter.section("property", (lead,), tables)


def heritage_section(chapter: Chapter) -> Section:
    """Return the chapter on terrils and the mining heritage.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        With every object of a commune, or the figures of each commune of a territory.
    """
    if chapter.results.register is None:
        return chapter.missing("heritage")
    lang, place = chapter.lang, chapter.place
    counts = [(chapter.figure(key).value or 0, noun) for key, noun in _COUNTED]
    named = [count(n, noun, lang) for n, noun in counts if n]
    inside = tell(f"in_{place.kind}", lang)
    lead = (
        tell("lead_heritage", lang, inside, join_words(named, lang)) if named
        else tell("lead_heritage_none", lang, inside)
    )  # fmt: skip
    lead = chapter.valued(lead, *(chapter.figure(key) for key, _ in _COUNTED))
    if place.kind != "commune":
        tables = chapter.breakdown(
            ("terrils_met", "estates_met", "listed_buildings_met", "pits_met"),
            top_by="terrils_met",
        )
        return chapter.section("heritage", (lead,), tables)
    tables = [
        table
        for layer in ("terrils", "estates", "listed_buildings", "water_bodies", "pits", "farmland")
        for table in _objects(chapter, layer)
    ]
    notes = (tell("note_parts", lang),) if tables else ()
    return chapter.section("heritage", (lead,), tables, notes=notes)


def _property_lead(chapter: Chapter) -> str:
    lang, kind = chapter.lang, chapter.place.kind
    inside, around = chapter.figure("property_ha"), chapter.figure("buffer_ha")
    here = tell(f"in_{kind}", lang)
    share = percent(chapter.figure("property_share").value, lang)
    buffer = amount(around.value, lang, 1, unit="ha")
    buffer_share = percent(chapter.figure("buffer_share").value, lang)
    if inside.value:
        rank = (
            "" if inside.rank is None
            else tell("lead_rank", lang, ordinal(inside.rank, lang), number(inside.ranked, lang))
        )  # fmt: skip
        return tell(
            "lead_property", lang, amount(inside.value, lang, 1, unit="ha"), here, rank, share,
            buffer, buffer_share,
        )  # fmt: skip
    if around.value:
        return tell("lead_buffer_only", lang, here, buffer, buffer_share)
    return tell("lead_property_none", lang, here)


def _perimeter(value: str, lang: Lang) -> str:
    return tell(f"at_{value}", lang)


def _protection(value: str, lang: Lang) -> str:
    return tell("none", lang) if value in ("non", "") else value


_ID, _NAME = Field("id", "id"), Field("nom", "name")
_WHERE = Field("perimeter", "where", _perimeter)
_PART = (Field("part_ha", "part_ha", 1), Field("share", "part_share", percent))
_FIELDS: dict[str, Sequence[Field]] = {
    "property_elements": (_ID, _NAME, Field("kind", "section"), *_PART),
    "terrils": (_ID, _NAME, Field("kind", "shape"), _WHERE, *_PART),
    "estates": (_NAME, Field("kind", "kind"), Field("status", "interest"), _WHERE, *_PART),
    "listed_buildings": (_NAME, Field("kind", "kind"),
                         Field("status", "protection", _protection), _WHERE),
    "water_bodies": (_NAME, _WHERE, *_PART),
    "pits": (_NAME, Field("kind", "company"), _WHERE),
    "farmland": (_ID, Field("kind", "view"), Field("status", "view_of"), *_PART),
}  # fmt: skip


def _objects(chapter: Chapter, layer: str) -> list[Table]:
    """Return the table of the objects of a layer that a commune holds, if there are any."""
    register = chapter.results.register
    if register is None:
        return []
    objects = register.objects
    mine = objects["insee"] == chapter.place.code
    rows = objects[mine & (objects["layer"] == layer) & ~objects["brushed"]]
    if rows.empty:
        return []
    rows = rows.assign(
        # an identifier that once was a number was read as one
        id=rows["id"].str.removesuffix(".0"),
        nom=rows["nom"].fillna(tell("none", chapter.lang)),
        part_ha=rows["part_m2"] / HECTARE_M2,
    )
    fields = _FIELDS[layer]
    order = ["id", "nom"] if fields[0] is _ID else ["nom", "id"]
    rows = rows.sort_values(order, kind="stable", key=lambda names: names.fillna("").map(_as_read))
    caption = tell(f"cap_{layer}", chapter.lang)
    listed = layer == "listed_buildings" and rows["status"].str.contains(r"\bMH\b").any()
    note = tell("note_mh", chapter.lang) if listed else ""
    return [table_of(caption, rows, fields, lang=chapter.lang, note=note)]


def _as_read(name: str) -> str:
    """Return a name so that 5 comes before 11, and « 5 bis » after 5."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(6), name.casefold())
