"""The plates of the World Heritage property with its buffer zone, and of the terrils."""

from __future__ import annotations

from typing import Literal, NamedTuple, Unpack

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.facts import HECTARE_M2
from tvb.maps.basemap import (
    base_layers,
    commune_labels,
    frame_bounds,
    names_for,
    overview_of,
    place_names,
    to_array,
    within,
)
from tvb.maps.compose import Plate, compose
from tvb.maps.content import ALL_SCALES, Content, MapLayer
from tvb.maps.labels import Label
from tvb.maps.legend import Block, Entry
from tvb.maps.page import Bounds, Page, PageOptions, View
from tvb.maps.palette import CAVALIER, TERRIL_DARK, TERRIL_GREY, TERRIL_INSIDE
from tvb.maps.plates.layers import (
    TRIANGLES_FROM,
    has_layer,
    in_property,
    largest_terrils,
    layer_of,
    layers_of,
    place_of,
    source_name,
    terril_names,
)
from tvb.maps.style import nice_number
from tvb.maps.symbols import Fill, Marker, Stroke, Symbol
from tvb.maps.table import Row, Table
from tvb.maps.texts import apostrophe, number, plural, say
from tvb.schema import require_crs
from tvb.territory import Territory

__all__ = ["plot_property", "plot_terrils"]

_NEAR = (0.0, TRIANGLES_FROM + 1.0)
_FAR = (TRIANGLES_FROM + 1.0, ALL_SCALES[1])
_ELEMENT_INK = "#6b2c05"
# Inscribed objects, drawn over the property where the scale lets them be told apart.
_OBJECTS: dict[str, tuple[float, Symbol]] = {
    "estates": (4.2, Fill("#e8a777", "#8a3d0a", 0.35, "....", "#8a3d0a")),
    "terrils": (4.4, TERRIL_INSIDE),
    "cavaliers": (4.6, CAVALIER),
    "listed_buildings": (4.8, Fill("#3b1a08", "#3b1a08", 0.5)),
}
_PALE = Fill("#f0cdb0", "#b9764a", 0.3)

Shape = Literal["triangle", "square", "circle", "diamond"]
# Shapes of terrils by the beginning of the word; what begins otherwise is of the last kind.
_FORMS: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "form_cone": ("triangle", ("conique", "tronqué", "grand terril")),
    "form_flat": ("square", ("plat", "terrasse")),
    "form_levelled": ("circle", ("aras",)),
    "form_other": ("diamond", ()),
}
_LARGEST_MM, _SMALLEST_MM, _KEY_MM = 7.0, 1.5, 2.6


class _Element(NamedTuple):
    """An element of the property."""

    number: str
    name: str
    hectares: float
    point: tuple[float, float]


def plot_property(territory: Territory, **page: Unpack[PageOptions]) -> Plate:
    """Return the plate of the World Heritage property and its buffer zone.

    Parameters
    ----------
    territory : tvb.territory.Territory
        In EPSG:2154, with ``communes`` and ``property`` (or ``property_elements``), and any of
        ``buffer``, ``property_elements``, ``estates``, ``terrils``, ``cavaliers``,
        ``listed_buildings``. Of the objects those with an ``id_unesco`` are drawn,
        from 1:75 000 on.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Title with the hectares of both and the number of communes that hold some of the property;
        in an extent, with the hectares inside the place or the extent. Elements are numbered from
        1:75 000 on.

    Raises
    ------
    LayerError
        If the territory has no communes or no property, or a layer drawn has no source.
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If a wish is out of range or the page cannot hold the map.
    """
    wishes = Page(**page)
    communes = territory["communes"]
    drawn = [name for name in ("property", "buffer", *_OBJECTS) if has_layer(territory, name)]
    for name in ("communes", "property", *drawn):
        require_crs(layer_of(territory, name), name)
    held = _held_by_communes(territory) if wishes.extent is None else None
    ground = frame_bounds(communes, "communes")
    seen = Bounds(*wishes.extent) if wishes.extent else ground
    layers = [
        *layers_of(territory, "property", wishes),
        *(layers_of(territory, "buffer", wishes) if "buffer" in drawn else []),
        *(la for name in drawn if name in _OBJECTS for la in _object_layers(
            territory, name, wishes)),
    ]  # fmt: skip
    content = Content(
        title=_property_title(territory, held, wishes),
        subtitle=_property_subtitle(territory, wishes),
        ground=ground,
        layers=(*layers, *base_layers(communes, wishes, territory.sources_of("communes"))),
        labels=lambda view: _property_names(territory, held, view, page=wishes),
        notes=(say("projected_areas", wishes.lang),),
        overview=overview_of(communes),
        table=_property_table(territory, held, seen, page=wishes),
        parameters={"territory": territory.name},
    )
    return compose(content, wishes)


def _held_by_communes(territory: Territory) -> pd.DataFrame:
    """Return the hectares of property of each commune, on ``insee``."""
    from tvb.heritage import measure_heritage

    return measure_heritage(territory["communes"], {"property": layer_of(territory, "property")})


def _hectares(territory: Territory, name: str, page: Page) -> float:
    if not has_layer(territory, name):
        return 0.0
    whole = shapely.union_all(shapely.make_valid(to_array(layer_of(territory, name))))
    here = place_of(page)
    cut = whole if here is None else shapely.intersection(whole, here)
    return float(shapely.area(cut)) / HECTARE_M2


def _figure(hectares: float, page: Page) -> str:
    return number(hectares, page.lang, int(0 < hectares < 10))


def _property_title(territory: Territory, held: pd.DataFrame | None, page: Page) -> str:
    from tvb.heritage import count_communes_with

    inscribed, around = (_hectares(territory, n, page) for n in ("property", "buffer"))
    if not inscribed and not around:
        return say("property_none", page.lang)
    figures = (_figure(inscribed, page), _figure(around, page))
    if held is None:
        return say("property_here", page.lang, *figures)
    count = count_communes_with(held["property_ha"])
    where = plural(count, "commune", page.lang)
    return say("property_title", page.lang, figures[0], where, figures[1])


def _property_subtitle(territory: Territory, page: Page) -> str:
    if not has_layer(territory, "property_elements"):
        return say("property_subtitle", page.lang)
    count = len(territory["property_elements"])
    return say("property_subtitle_elements", page.lang, number(count, page.lang))


def _object_layers(territory: Territory, name: str, page: Page) -> list[MapLayer]:
    frame = territory[name]
    if "id_unesco" not in frame:
        return []
    shapes = to_array(frame[frame["id_unesco"].notna()])
    level, symbol = _OBJECTS[name]
    if isinstance(symbol, Stroke):  # cavaliers come as lines or as areas
        shapes = np.where(
            np.isin(shapely.get_type_id(shapes), (3, 6)), shapely.boundary(shapes), shapes
        )
    return [
        MapLayer(
            shapes, symbol, level, say(f"inscribed_{name}", page.lang), say("inscribed", page.lang),
            territory.sources_of(name), scales=_NEAR,
        )
    ]  # fmt: skip


def _elements(territory: Territory, ground: Bounds) -> list[_Element]:
    """Return the elements of the property that an extent shows, largest first."""
    name = source_name(territory, "property")
    frame = territory["property_elements" if "property_elements" in territory else name]
    if "no_element" not in frame:
        return []
    window = shapely.box(*ground)
    frame = frame[frame.intersects(window)]
    cut = shapely.intersection(shapely.make_valid(to_array(frame)), window)
    points = shapely.get_coordinates(shapely.point_on_surface(cut)).tolist()
    numbers = frame["no_element"].astype(str).tolist()
    named = frame["nom"].fillna("").tolist() if "nom" in frame else [""] * len(frame)
    areas = (frame.area.to_numpy() / HECTARE_M2).tolist()
    found = [_Element(*row) for row in zip(numbers, named, areas, points, strict=True)]
    return sorted(found, key=lambda e: (-e.hectares, e.number))


def _property_names(
    territory: Territory, held: pd.DataFrame | None, view: View, *, page: Page
) -> list[Label]:
    """Return the numbers of the elements at large scales, and the names of the communes."""
    communes = territory["communes"]
    if view.denominator <= TRIANGLES_FROM:
        size = 7.5 * page.text_scale
        numbers = [
            Label(element.number, *element.point, size, "bold", _ELEMENT_INK)
            for element in _elements(territory, view.bounds)
        ]
        return [*numbers, *place_names(communes, page, view)]
    if held is None:
        return place_names(communes, page, view)
    # of the small communes, those that hold most of the property are named first
    main, rest = commune_labels(within(communes, view.bounds), page)
    hectares = communes["insee"].map(held["property_ha"]).tolist()
    wanted = dict(zip(communes["nom"].map(apostrophe), hectares, strict=True))
    rest.sort(key=lambda label: -wanted.get(label.text, 0.0))
    return names_for(page, view, main=main, rest=rest)


def _property_table(
    territory: Territory, held: pd.DataFrame | None, ground: Bounds, *, page: Page
) -> Table | None:
    if held is None:
        rows = tuple(
            Row(f"{e.number}. {e.name}" if e.name else e.number, e.hectares,
                number(e.hectares, page.lang, 1))
            for e in _elements(territory, ground)
        )  # fmt: skip
        return Table(say("elements_table", page.lang), rows) if rows else None
    names = territory["communes"].set_index("insee")["nom"].to_dict()
    ranked = held["property_ha"][held["property_ha"] > 0].sort_index()
    ranked = ranked.sort_values(ascending=False, kind="stable")
    pairs = zip(ranked.index.tolist(), ranked.tolist(), strict=True)
    rows = tuple(Row(names[code], ha, number(ha, page.lang)) for code, ha in pairs)
    return Table(say("property_table", page.lang), rows) if rows else None


def plot_terrils(territory: Territory, **page: Unpack[PageOptions]) -> Plate:
    """Return the plate of the terrils, by shape, size, and whether they are inscribed.

    Parameters
    ----------
    territory : tvb.territory.Territory
        In EPSG:2154, with ``communes`` and ``terrils`` (``no_terril`` and, if known, ``nom``,
        ``forme``, ``id_unesco``), and any of ``property``, ``buffer``.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Symbols of an area in proportion to that of the terril, dark where it is an object of the
        property; the terrils themselves from 1:75 000 on. Title with their number in the place or
        the extent.

    Raises
    ------
    LayerError
        If the territory has no communes or no terril, or a layer drawn has no source.
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If a wish is out of range or the page cannot hold the map.
    """
    wishes = Page(**page)
    communes, terrils = territory["communes"], territory["terrils"]
    ground = frame_bounds(communes, "communes")
    frame_bounds(terrils, "terrils")
    below = [name for name in ("property", "buffer") if has_layer(territory, name)]
    for name in ("communes", "terrils", *below):
        require_crs(layer_of(territory, name), name)
    grounds = [la for name in below for la in layers_of(territory, name, wishes)]
    pale = [MapLayer(la.geometry, _PALE if name == "property" else la.symbol, la.level, la.label,
                     la.block, la.sources)
            for name, la in zip(below, grounds, strict=True)]  # fmt: skip
    near = [la for la in layers_of(territory, "terrils", wishes) if la.scales[0] == 0]
    size = _terril_sizes(territory, wishes)
    radius = dict(zip(terrils["no_terril"], (size / 2).tolist(), strict=True))
    content = Content(
        title=_terril_title(territory, wishes),
        subtitle=say("terrils_subtitle", wishes.lang),
        ground=ground,
        layers=(
            *_terril_symbols(territory, size, wishes), *near, *pale,
            *base_layers(communes, wishes, territory.sources_of("communes")),
        ),
        labels=lambda view: _terril_labels(territory, radius, view, page=wishes),
        blocks=_terril_blocks(territory, wishes),
        notes=(say("projected_areas", wishes.lang),),
        overview=overview_of(communes),
        table=largest_terrils(
            territory, Bounds(*wishes.extent) if wishes.extent else ground, wishes
        ),
        parameters={"territory": territory.name, "terrils": len(terrils)},
    )  # fmt: skip
    return compose(content, wishes)


def _terril_title(territory: Territory, page: Page) -> str:
    here = place_of(page)
    shapes = territory["terrils"].geometry.to_numpy()
    seen = np.ones(len(shapes), dtype=bool) if here is None else shapely.intersects(shapes, here)
    if not seen.any():
        return say("terrils_none", page.lang)
    hectares = shapely.area(shapely.union_all(shapely.make_valid(shapes[seen]))) / HECTARE_M2
    inside = int((seen & in_property(territory)).sum())
    count = plural(int(seen.sum()), "terril", page.lang)
    return say(
        "terrils_title", page.lang, count, number(inside, page.lang), _figure(hectares, page)
    )


def _terril_sizes(territory: Territory, page: Page) -> NDArray[np.float64]:
    """Return the size of each symbol in millimetres: its area is in proportion."""
    area = territory["terrils"].area.to_numpy()
    part = np.sqrt(area / (area.max() or 1.0))
    sizes: NDArray[np.float64] = np.maximum(_LARGEST_MM * part, _SMALLEST_MM) * page.text_scale
    return sizes


def _forms(territory: Territory) -> NDArray[np.str_]:
    """Return the key of `_FORMS` of each terril."""
    terrils = territory["terrils"]
    if "forme" not in terrils:
        return np.full(len(terrils), "form_other")
    words = terrils["forme"].astype("string").fillna("").str.strip().str.lower().tolist()
    found = [
        next((key for key, (_, begins) in _FORMS.items() if word.startswith(begins)), "form_other")
        for word in words
    ]
    return np.asarray(found)


def _marker(form: str, size: float | NDArray[np.float64], *, inside: bool) -> Marker:
    face, edge = (TERRIL_DARK, "#ffffff") if inside else (TERRIL_GREY, "#3a3a3a")
    return Marker(_FORMS[form][0], size, face, edge, 0.45)


def _terril_symbols(territory: Territory, size: NDArray[np.float64], page: Page) -> list[MapLayer]:
    """Return the symbols, and for the legend one of each kind in one size."""
    shapes = np.asarray(territory["terrils"].geometry.to_numpy(), dtype=object)
    forms, inscribed = _forms(territory), in_property(territory)
    sources = territory.sources_of("terrils")
    key_mm = _KEY_MM * page.text_scale
    layers = []
    for inside, block, level in ((True, "terrils_in", 7.5), (False, "terrils_out", 7.0)):
        for form in _FORMS:
            rows = (forms == form) & (inscribed == inside)
            if not rows.any():
                continue
            heading, label = say(block, page.lang), say(form, page.lang)
            key = _marker(form, key_mm, inside=inside)
            drawn = _marker(form, size[rows], inside=inside)
            layers += [
                MapLayer(shapes[rows], key, level, label, heading, sources, _FAR,
                         legend_only=True),
                MapLayer(shapes[rows], drawn, level, scales=_FAR),
            ]  # fmt: skip
    area = say("terril_area", page.lang)
    none = Marker("circle", 0.1, "#ffffff", "#ffffff")
    layers.append(MapLayer(shapes, none, 7.0, block=area, scales=_FAR, legend_only=True))
    return layers


def _terril_blocks(territory: Territory, page: Page) -> dict[str, Block]:
    """Return the legend of the sizes."""
    largest = float(territory["terrils"].area.max())
    steps = sorted({nice_number(largest / HECTARE_M2 / f) for f in (1, 5, 20)}, reverse=True)
    entries = []
    for hectares in steps:
        mm = _LARGEST_MM * np.sqrt(hectares * HECTARE_M2 / largest)
        size = float(max(mm, _SMALLEST_MM)) * page.text_scale
        entries.append(
            Entry(_marker("form_cone", size, inside=False), number(hectares, page.lang, None))
        )
    heading = say("terril_area", page.lang)
    return {heading: Block(heading, tuple(entries), in_row=True)}


def _terril_labels(
    territory: Territory, radius: dict[str, float], view: View, *, page: Page
) -> list[Label]:
    main, rest = commune_labels(within(territory["communes"], view.bounds), page)
    middle = terril_names(territory, page, view, clearance_mm=radius)
    return names_for(page, view, main=main, middle=middle, rest=rest)
