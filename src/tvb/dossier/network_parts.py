"""Chapters on habitat and its connectivity, and on cycle routes and former railways."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tvb.dossier.chapter import Chapter
from tvb.dossier.content import Field, Section, Table, table_of
from tvb.dossier.texts import amount, count, percent, tell
from tvb.facts import HECTARE_M2
from tvb.heritage import PERIMETERS
from tvb.maps.texts import Lang, number

__all__ = ["cycling_section", "network_section"]

_LINKS_SHOWN = 5
_LEAST_KM, _LEAST_LOSS = 0.05, 0.0005
_RAILWAYS_SHOWN = 15
_HABITATS = ("core_areas", "terrils", "property_elements", "water_bodies")
_STATES = ("existant", "travaux", "projet", "à étudier")


def network_section(chapter: Chapter) -> Section:
    """Return the chapter on the green-blue network.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        With the patches, the foremost links and the core areas of a commune, or the figures of
        each commune of a territory.
    """
    lang, place = chapter.lang, chapter.place
    if chapter.results.patches is None:
        return chapter.missing("network")
    here = tell(f"in_{place.kind}", lang)
    habitat = chapter.figure("patches_ha").value
    area = chapter.figure("area_km2").value
    lead = tell("lead_network_none", lang, here)
    if habitat:
        share = percent(habitat / (100 * area) if area else None, lang, 0)
        values = [amount(habitat, lang, 0, unit="ha"), here, share]
        if place.kind == "basin":
            lead = tell("lead_network_basin", lang, *values)
        else:
            regional = percent(chapter.figure("ec_share").value, lang)
            lead = tell("lead_network", lang, *values, regional)
    lead = chapter.valued(lead, chapter.figure("patches_ha"))
    if place.kind != "commune":
        tables = chapter.breakdown(("core_areas_ha", "patches_ha", "ec_share"), top_by="ec_share")
        return chapter.section("network", (lead,), tables)
    return chapter.section(
        "network", (lead,), [*_patches(chapter), *_links(chapter), *_core_areas(chapter)]
    )


def cycling_section(chapter: Chapter) -> Section:
    """Return the chapter on cycle routes and former mine railways.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        With routes by state and the longest railways of a commune, or the figures of each commune
        of a territory.
    """
    lang, place = chapter.lang, chapter.place
    here = tell(f"in_{place.kind}", lang)
    opened, railways = chapter.figure("cycle_open_km").value, chapter.figure("cavaliers_km").value
    if opened is None and railways is None:
        return chapter.missing("cycling")
    if place.kind == "commune":
        tables = [*_routes(chapter), *_railways(chapter)]
    else:
        tables = chapter.breakdown(
            ("cycle_open_km", "cycle_planned_km", "cavaliers_km"),
            top_by="cavaliers_km" if opened is None else "cycle_open_km",
        )
    inscribed = _inscribed_km(chapter)
    of_it = ""
    if inscribed >= _LEAST_KM:
        of_it = tell("lead_inscribed", lang, amount(inscribed, lang, 1, unit="km"))
    if opened is None:
        lead = tell("lead_cavaliers_only", lang, amount(railways, lang, 1, unit="km"), here, of_it)
        notes = (tell("lacking", lang, tell("lacking_cycling", lang)),)
        return chapter.section("cycling", (lead,), tables, notes=notes)
    planned = chapter.figure("cycle_planned_km").value or 0.0
    more = ""
    if railways:
        more = tell("lead_cavaliers", lang, amount(railways, lang, 1, unit="km"), of_it)
    lengths = (amount(v, lang, 1, unit="km") for v in (opened, planned))
    worth = chapter.worth(chapter.figure("cycle_open_km"))
    lead = (
        tell("lead_cycling", lang, *lengths, here, worth, more) if opened or planned
        else tell("lead_cycling_none", lang, here, worth, more)
    )  # fmt: skip
    return chapter.section("cycling", (lead,), tables)


def _patches(chapter: Chapter) -> list[Table]:
    patches, lang = chapter.results.patches, chapter.lang
    parts = chapter.results.patch_parts
    mine = parts[parts["insee"] == chapter.place.code]
    if patches is None or mine.empty:
        return []
    every = patches.set_index("patch")
    columns = [c for c in ("layers", "d", "d_connector") if c in every]
    rows = mine.set_index("feature").join(every[columns])
    rows["whole_ha"] = every.area / HECTARE_M2
    rows["part_ha"] = rows["area_m2"] / HECTARE_M2
    rows["patch"] = [str(patch) for patch in rows.index]
    fields = [Field("patch", "patch")]
    fields += [Field("layers", "made_of", _made_of)] * ("layers" in every)
    fields += [Field("whole_ha", "whole_ha", 1),
              Field("part_ha", "part_ha", 1)]  # fmt: skip
    note, order = "", ["area_m2"]
    if "d" in every:
        rows["rank"] = every["d"].rank(method="min", ascending=False)
        fields += [Field("rank", "importance_rank", 0), Field("d", "importance", 2)]
        note = tell("note_rank", lang, count(len(every), "habitat", lang))
        order = ["d", "area_m2"]
    if "d_connector" in every:
        fields.append(Field("d_connector", "passage", 2))
    rows = rows.sort_values(order, ascending=False, kind="stable")
    caption = chapter.caption("cap_patches", chapter.figure("patches_ha"))
    return [table_of(caption, rows, fields, lang=lang, note=note)]


def _made_of(value: str, lang: Lang) -> str:
    names = value.split("; ")
    return ", ".join(tell(f"of_{n}", lang) if n in _HABITATS else n for n in names)


def _links(chapter: Chapter) -> list[Table]:
    links, parts, lang = chapter.results.links, chapter.results.patch_parts, chapter.lang
    if links is None or links.empty or "d" not in links:
        return []
    mine = set(parts.loc[parts["insee"] == chapter.place.code, "feature"])
    touching = links[links["i"].isin(mine) | links["j"].isin(mine)]
    touching = touching[touching["d"] >= _LEAST_LOSS]
    if touching.empty:
        return []
    rows = pd.DataFrame(touching.drop(columns="geometry")).sort_values(
        ["d", "i", "j"], ascending=[False, True, True]
    )
    rows = rows.head(_LINKS_SHOWN)
    named = _places_of(chapter, known=mine)
    rows = rows.assign(
        link=[f"{named(i)} – {named(j)}" for i, j in zip(rows["i"], rows["j"], strict=True)]
    )
    fields = (Field("link", "link"), Field("distance_m", "distance", 0),
              Field("d", "importance", 3))  # fmt: skip
    caption = chapter.caption("cap_links", chapter.figure("patches_ha"))
    return [table_of(caption, rows, fields, lang=lang)]


def _places_of(chapter: Chapter, known: set[int]) -> Callable[[int], str]:
    """Return what tells of a patch, unless it is known, the commune that holds most of it."""
    lang, results = chapter.lang, chapter.results
    parts = results.patch_parts.dropna(subset="insee")
    parts = parts.sort_values(["area_m2", "insee"], ascending=[False, True])
    holder = parts.drop_duplicates("feature").set_index("feature")["insee"]
    names = holder.map(results.table["nom"])

    def tell_place(patch: int) -> str:
        if patch in known:
            return str(patch)
        return tell("mostly_in", lang, patch, names.get(patch, tell("elsewhere", lang)))

    return tell_place


def _core_areas(chapter: Chapter) -> list[Table]:
    parts, lang = chapter.results.core_parts, chapter.lang
    mine = parts[parts["insee"] == chapter.place.code]
    if mine.empty:
        return []
    layer = chapter.results.layer("core_areas").reset_index(drop=True)
    told = pd.DataFrame(layer.reindex(columns=["nom", "milieu"]))
    rows = mine.set_index("feature").join(told)
    rows["nom"] = rows["nom"].fillna(tell("none", lang))
    rows["part_ha"] = rows["area_m2"] / HECTARE_M2
    fields = (Field("nom", "name"), Field("milieu", "habitat"), Field("part_ha", "part_ha", 1),
              Field("share", "part_share", percent))  # fmt: skip
    rows = rows.sort_values(["area_m2", "nom"], ascending=[False, True], kind="stable")
    caption = chapter.caption("cap_core_areas", chapter.figure("core_areas_ha"))
    return [table_of(caption, rows, fields, lang=lang)]


def _routes(chapter: Chapter) -> list[Table]:
    parts, lang = chapter.results.route_parts, chapter.lang
    mine = parts[parts["insee"] == chapter.place.code]
    if mine.empty:
        return []
    layer = chapter.results.layer("cycle_routes").reset_index(drop=True)
    told = pd.DataFrame(layer.reindex(columns=["nom", "statut"]))
    rows = mine.set_index("feature").join(told)
    rows["nom"] = rows["nom"].fillna(tell("none", lang))
    rows["statut"] = rows["statut"].fillna(_STATES[0])
    sums = rows.groupby(["nom", "statut"])[["length_m"]].sum().reset_index()
    sums["km"] = sums["length_m"] / 1000
    known = {state: n for n, state in enumerate(_STATES)}
    sums["order"] = sums["statut"].map(known).fillna(len(known))
    sums = sums.sort_values(["nom", "order"], kind="stable")
    fields = (Field("nom", "name"), Field("statut", "state", _state), Field("km", "length_km", 1))
    caption = chapter.caption("cap_routes", chapter.figure("cycle_open_km"))
    return [table_of(caption, sums, fields, lang=lang)]


def _state(value: str, lang: Lang) -> str:
    return tell(value, lang) if value in _STATES else value


def _railways(chapter: Chapter) -> list[Table]:
    register, lang = chapter.results.register, chapter.lang
    if register is None:
        return []
    objects = register.objects
    mine = (objects["insee"] == chapter.place.code) & (objects["layer"] == "cavaliers")
    rows = objects[mine & ~objects["brushed"]]
    if rows.empty:
        return []
    inscribed = [tell("of_element", lang, text) for text in rows["status"]]
    unnamed = pd.Series(inscribed, index=rows.index).where(rows["status"].notna())
    named = rows["nom"].fillna(unnamed).fillna(tell("none", lang))
    named = named.str.replace("-[", " – [", regex=False)
    lengths = rows.assign(nom=named, km=rows["part_m"] / 1000).pivot_table(
        index="nom", columns="perimeter", values="km", aggfunc="sum"
    )
    sums = lengths.reindex(columns=list(PERIMETERS))
    sums["all"] = sums.sum(axis=1)
    sums = sums.reset_index().sort_values(["all", "nom"], ascending=[False, True], kind="stable")
    shown, rest = sums.head(_RAILWAYS_SHOWN), len(sums) - _RAILWAYS_SHOWN
    notes = []
    if rest > 0:
        notes.append(tell("and_more", lang, number(rest, lang)))
    if shown["nom"].str.startswith("?").any():
        notes.append(tell("note_questionable", lang))
    fields = (Field("nom", "name"), *(Field(p, f"km_{p}", 1) for p in PERIMETERS),
              Field("all", "km_all", 1))  # fmt: skip
    note = " ".join(notes)
    return [table_of(tell("cap_cavaliers", lang), shown, fields, lang=lang, note=note)]


def _inscribed_km(chapter: Chapter) -> float:
    register, place = chapter.results.register, chapter.place
    if register is None:
        return 0.0
    held = register.communes["cavaliers_inscribed_km"]
    return float(held.reindex(list(place.insee)).sum())
