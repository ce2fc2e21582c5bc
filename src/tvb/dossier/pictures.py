"""The maps of a dossier, drawn and embedded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from tvb.dossier.chapter import Chapter
from tvb.dossier.content import Picture, Section
from tvb.dossier.drawing import as_uri, shorten
from tvb.dossier.figures import Place
from tvb.dossier.results import Results
from tvb.dossier.texts import count, tell
from tvb.maps import PageOptions, Plate, plot_exposure, plot_graph, plot_territory
from tvb.maps.texts import Lang, number, say, scenario_name, typeset
from tvb.names import of_place

__all__ = ["draw_locator", "maps_section"]

_NEAR, _AROUND = 0.06, 0.75
_LEAST_M = 600.0
_LANDSCAPE_FROM = 1.25
_LOCATOR_PX, _LOCATOR_FINE = 900, 1.0
_FAR, _NEARBY, _HERE = "#d5dad8", "#a9b5b1", "#b3261e"
_BORDER = "stroke: #ffffff; stroke-width: 1.2; stroke-linejoin: round"


def maps_section(chapter: Chapter, *, producer: str = "", date: str = "") -> Section:
    """Return the chapter of maps.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.
    producer, date : str
        Printed on the plates.

    Returns
    -------
    Section
        Territory, exposure and graph, each on a page of its own; it tells which are lacking.
    """
    pictures: list[Picture] = []
    lacking: list[str] = []
    for name, draw in (("territory", _territory), ("exposure", _exposure), ("graph", _graph)):
        options = _options(chapter, name, sheet=str(len(pictures) + 1))
        plate = draw(chapter, options | {"producer": producer, "date": date})
        if plate is None:
            lacking.append(_title_of(name, chapter))
        else:
            pictures.append(_picture(chapter, name, plate))
    title = tell("section_maps", chapter.lang)
    missing = ""
    if lacking:
        missing = tell("lacking", chapter.lang,
                       tell("lacking_maps", chapter.lang, ", ".join(lacking)))  # fmt: skip
    return Section("maps", title, missing=missing, pictures=tuple(pictures))


def draw_locator(chapter: Chapter) -> Picture:
    """Return a small map of where the place lies in the study.

    Parameters
    ----------
    chapter : Chapter
        Place and language.

    Returns
    -------
    Picture
        As SVG: communes without outline, borders of intercommunalities, the place in red.
    """
    results, place, lang = chapter.results, chapter.place, chapter.lang
    areas, sirens = results.outlines
    west, south, east, north = shapely.total_bounds(areas)
    per_metre = _LOCATOR_PX / max(east - west, 1.0)
    height = round((north - south) * per_metre)
    around = sirens == (place.epci if place.kind == "commune" else "")
    mine = results.table.geometry[results.table.index.isin(place.insee)].to_numpy()
    if place.kind == "basin":
        mine = mine[:0]
    origin = (west, north, per_metre)
    drawn = ((_FAR, areas[~around]), (_NEARBY, areas[around]), (_HERE, mine))
    body = "".join(
        f'<path style="fill: {colour}; {_BORDER}" d="{_path(shapes, origin)}"/>'
        for colour, shapes in drawn if len(shapes)
    )  # fmt: skip
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LOCATOR_PX}" height="{height}" '
        f'viewBox="0 0 {_LOCATOR_PX} {height}">{body}</svg>'
    )
    alt = tell("locator_alt_basin", lang) if place.kind == "basin" else tell("locator_alt", lang,
                                                                           place.name)  # fmt: skip
    return Picture(tell(f"locator_{place.kind}", lang), alt, as_uri(svg))


def _path(shapes: Any, origin: tuple[float, float, float]) -> str:
    west, north, per_metre = origin
    parts = shapely.get_parts(shapely.simplify(shapes, _LOCATOR_FINE / per_metre))
    drawn = []
    for ring in shapely.get_exterior_ring(parts[shapely.get_type_id(parts) == 3]):
        pixels = (shapely.get_coordinates(ring) - (west, north)) * (per_metre, -per_metre)
        drawn.append("M" + "L".join(f"{x} {y}" for x, y in pixels.round().astype(int)) + "z")
    return "".join(drawn)


def _options(chapter: Chapter, name: str, *, sheet: str) -> PageOptions:
    """Return the wishes of a plate: a commune on its page, a territory across."""
    place, results = chapter.place, chapter.results
    options: PageOptions = {"lang": chapter.lang, "paper": "A4", "orientation": "portrait",
                            "sheet": sheet}  # fmt: skip
    mine = results.table[results.table.index.isin(place.insee)].geometry.to_numpy()
    west, south, east, north = shapely.total_bounds(mine)
    if place.kind != "commune" and east - west > _LANDSCAPE_FROM * (north - south):
        options["orientation"] = "landscape"
    options["title"] = _title_of(name, chapter)
    if name == "territory" and place.kind != "commune":
        # the plate would sum what it shows, which is more than what lies in the communes
        options["subtitle"] = " · ".join(
            [typeset(results.name, chapter.lang)] * (place.kind == "epci")
            + [count(len(place.insee), "commune", chapter.lang)]
        )
    if place.kind == "basin":
        return options
    size = max(east - west, north - south)
    margin = size * (_AROUND if name == "exposure" and place.kind == "commune" else _NEAR)
    margin = max(margin, (_LEAST_M - size) / 2)
    options["place"] = place.name
    options["focus"] = shapely.union_all(mine)
    options["extent"] = (west - margin, south - margin, east + margin, north + margin)
    return options


def _title_of(name: str, chapter: Chapter) -> str:
    """Return what a plate says of the place, in the figures of the tables."""
    lang = chapter.lang
    if name == "exposure":
        exposed = chapter.figure("exposed").value
        if exposed == 0:
            return say("no_exposure_title", lang)
        return tell("missing", lang) if exposed is None else count(exposed, "exposed", lang)
    if name == "graph":
        patches, links = _in_graph(chapter)
        return tell(
            "plate_graph", lang, count(patches, "habitat", lang), count(links, "link", lang)
        )
    return tell("plate_territory", lang)


def _in_graph(chapter: Chapter) -> tuple[int, int]:
    """Return how many patches the place holds, and how many links lead to them."""
    parts, links = chapter.results.patch_parts, chapter.results.links
    mine = set(parts.loc[parts["insee"].isin(chapter.place.insee), "feature"])
    if links is None:
        return len(mine), 0
    return len(mine), int((links["i"].isin(mine) | links["j"].isin(mine)).sum())


def _territory(chapter: Chapter, options: PageOptions) -> Plate | None:
    territory = chapter.results.territory
    if territory is None or "communes" not in territory:
        return None
    return plot_territory(territory, **options)


def _exposure(chapter: Chapter, options: PageOptions) -> Plate | None:
    results = chapter.results
    sources = _sources(results, ("communes", "buildings", "flood_zones"))
    if results.exposure is None or not sources:
        return None
    totals = None
    if "buildings_counted" in results.table:
        totals = results.table["buildings_counted"].dropna()
    communes = results.table.reset_index()
    return plot_exposure(
        communes, results.exposure, sources, scenario=results.scenario, totals=totals, **options
    )


def _graph(chapter: Chapter, options: PageOptions) -> Plate | None:
    results = chapter.results
    sources = _sources(results, ("communes", *results.patch_layers))
    if results.patches is None or results.patches.empty or results.links is None or not sources:
        return None
    ranking = results.patches.set_index("patch") if "d" in results.patches else None
    communes = results.table.reset_index()
    return plot_graph(
        results.patches, results.links, sources, communes=communes, ranking=ranking, **options
    )


def _sources(results: Results, layers: Sequence[str]) -> tuple[Any, ...]:
    return tuple(s for s in results.all_sources if s.layer in layers)


def _where(place: Place, lang: Lang) -> str:
    """Return a place as it stands after « autour » or « around »."""
    if lang != "fr":
        return place.name
    if place.kind == "commune":
        return of_place(place.name)
    told = tell(f"of_{place.kind}", lang)
    return told if place.kind == "basin" else f"{told} {place.name}"


def _picture(chapter: Chapter, name: str, plate: Plate) -> Picture:
    lang = chapter.lang
    values = [number(plate.denominator, lang)]
    if name == "exposure":
        values.append(scenario_name(chapter.results.scenario, lang))
    alt = tell(f"alt_{name}", lang, *values, _where(chapter.place, lang))
    title = tell("plate", lang, plate.page.sheet, _title_of(name, chapter))
    drawing = as_uri(shorten(plate.to_bytes("svg").decode()))
    return Picture(title, alt, drawing, plate.page.orientation == "landscape")
