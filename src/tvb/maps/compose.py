"""A finished plate, and how one is composed from what its theme gives."""

from __future__ import annotations

import html
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tvb.errors import ParameterError, explain
from tvb.maps import furniture
from tvb.maps.content import RASTER_LEVEL, Content, MapLayer
from tvb.maps.labels import draw_labels, place_labels
from tvb.maps.layout import Layout, Needs, arrange
from tvb.maps.legend import Block, Entry, Legend
from tvb.maps.listing import draw_listing, listing_height
from tvb.maps.locator import draw_locator
from tvb.maps.page import Bounds, Box, Page, View
from tvb.maps.room import find_room
from tvb.maps.sheet import Sheet, line_height, text_width
from tvb.maps.style import INK, fixed_style
from tvb.maps.symbols import Fill, Geometries, Marker, Stroke, draw, inner_points
from tvb.maps.table import TABLE_PAD_MM, Table, draw_table, table_rows, table_size
from tvb.maps.texts import typeset
from tvb.territory import Source

__all__ = ["Content", "MapLayer", "Plate", "compose", "frame_page", "replace_file"]

_SUFFIXES = (".pdf", ".png", ".svg")
_FINEST_MM = 0.04
_LARGE_MM = 3.0
_LOCATOR_SHARE = 0.5
_ROUNDS = 5
_VEIL = Fill("white", alpha=0.5)
_FOCUS = Stroke(INK, 1.6)
_NOWHERE = np.empty((0, 4))


@dataclass(frozen=True)
class Plate:
    """A map on its page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The drawing, one page, true to scale.
    title : str
        What the map says.
    denominator : float
        Of the scale.
    page : Page
        What was asked of the page.
    sources : tuple of Source
        Of the layers drawn.
    parameters : mapping
        What the theme was asked.
    """

    figure: Figure
    title: str
    denominator: float
    page: Page
    sources: tuple[Source, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: str | Path, *, dpi: int = 300) -> Path:
        """Write the plate; the same plate gives the same bytes.

        Parameters
        ----------
        path : str or pathlib.Path
            The suffix says the format: ``.pdf``, ``.png`` or ``.svg``.
        dpi : int
            Resolution of a PNG.

        Returns
        -------
        pathlib.Path
            The file, complete: it replaces an older one in one step.

        Raises
        ------
        ParameterError
            If the suffix is not one of the three.
        OSError
            If the folder is absent or cannot be written.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in _SUFFIXES:
            problem = f"a plate cannot be saved as « {path.name} »"
            raise ParameterError(explain("path", problem, required=" or ".join(_SUFFIXES)))
        return replace_file(path, self.to_bytes(suffix[1:], dpi=dpi))

    def to_bytes(self, form: str, *, dpi: int = 300) -> bytes:
        """Return the file of the plate, to be put into a page or sent elsewhere.

        Parameters
        ----------
        form : {"pdf", "png", "svg"}
            Its format.
        dpi : int
            Resolution of a PNG, and of the rasters inside a PDF.

        Returns
        -------
        bytes
            What `save` writes: the same for the same plate.

        Raises
        ------
        ParameterError
            If the format is not one of the three.
        """
        if f".{form}" not in _SUFFIXES:
            problem = f"« {form} » is no format of a plate"
            raise ParameterError(explain("form", problem, required="pdf, png or svg"))
        # a date or a version in the file would make two equal plates differ
        metadata: dict[str, dict[str, Any]] = {
            "pdf": {"Title": self.title, "Creator": "tvb", "Producer": "tvb", "CreationDate": None},
            "png": {"Title": self.title, "Software": "tvb"},
            "svg": {"Title": self.title, "Creator": "tvb", "Date": None},
        }
        buffer = io.BytesIO()
        with fixed_style():
            self.figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata[form])
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.to_bytes("png", dpi=110)

    def __repr__(self) -> str:
        return (
            f"<Plate « {self.title} » 1:{self.denominator:g}, "
            f"{self.page.paper} {self.page.orientation}, {len(self.sources)} sources>"
        )


def frame_page(page: str, title: str, *, height_px: int) -> str:
    """Return a whole page as it stands inside another, such as the output of a notebook.

    Parameters
    ----------
    page : str
        HTML, complete in itself.
    title : str
        Of the frame.
    height_px : int
        Its height.

    Returns
    -------
    str
        HTML.
    """
    inside, name = (html.escape(text, quote=True) for text in (page, title))
    return (
        f'<iframe srcdoc="{inside}" title="{name}" '
        f'style="width:100%;height:{height_px}px;border:0"></iframe>'
    )


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file at one go: what stood there stays until the new one is complete.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    content : bytes
        All of it.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OSError
        If the folder is absent or cannot be written.
    """
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=path.stem, suffix=path.suffix, delete=False
    ) as file:
        temporary = Path(file.name)
    try:
        temporary.write_bytes(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def compose(content: Content, page: Page) -> Plate:
    """Return a plate.

    Parameters
    ----------
    content : Content
        What the theme gives.
    page : Page
        What the user asks.

    Returns
    -------
    Plate
        With title, map, legend of what is drawn, scale, north, sources and mentions.

    Raises
    ------
    LayerError
        If there is no source.
    ParameterError
        If the page cannot hold the map.
    """
    title = page.title if page.title is not None else content.title
    if page.place:
        title = f"{page.place} – {title}" if title else page.place
    subtitle = page.subtitle if page.subtitle is not None else content.subtitle
    with fixed_style():
        head = furniture.compose_head(page, typeset(title, page.lang), typeset(subtitle, page.lang))
        layout, seen = _settle(content, page, head)
        sources = _sources(content, page, seen)
        foot = furniture.compose_foot(page, sources, content.notes)
        sheet = Sheet(page)
        room = _table_room(content, layout, seen, scale=page.text_scale)
        layers = (*seen, *_spotlight(page, layout.view))
        _draw_map(sheet, content, layout, layers=layers, room=room)
        furniture.draw_head(sheet, head, layout.head)
        _legend(content, page, seen).draw(sheet, layout.legend, columns=layout.columns)
        _draw_furniture(sheet, content, layout)
        if content.listing:
            draw_listing(sheet, content.listing, layout.spare)
        elif content.table:
            _draw_table(sheet, content.table, layout.spare, room=room)
        furniture.draw_foot(sheet, foot, layout.foot)
    parameters = {**content.parameters, "view": tuple(layout.view)}
    return Plate(sheet.figure, title, layout.denominator, page, sources, parameters)


def _settle(
    content: Content, page: Page, head: furniture.Head
) -> tuple[Layout, tuple[MapLayer, ...]]:
    """Return a layout and the layers seen in it, which agree.

    The legend names what the frame shows, and its height decides what the frame shows: begin with
    what must be seen, and add what comes into view until nothing new does.
    """
    ground = Bounds(*page.extent) if page.extent else content.ground
    before = layers = _seen(content.layers, ground)
    for _ in range(_ROUNDS):
        layout = arrange(page, ground, _needs(content, page, head, layers=layers))
        shown = _seen(content.layers, layout.view, layout.denominator)
        if shown == layers:
            return layout, layers
        before, layers = layers, shown
    # two arrangements that call for each other: keep room for the entries of both
    both = tuple(la for la in content.layers if la in before or la in layers)
    layout = arrange(page, ground, _needs(content, page, head, layers=both))
    return layout, _seen(both, layout.view, layout.denominator)


def _seen(
    layers: tuple[MapLayer, ...], view: Bounds, denominator: float | None = None
) -> tuple[MapLayer, ...]:
    return tuple(layer for layer in layers if layer.is_seen(view, denominator))


def _sources(content: Content, page: Page, layers: tuple[MapLayer, ...]) -> tuple[Source, ...]:
    """Return the sources of what is seen, each once, in the order of the legend."""
    kept = [*content.sources]
    for layer in layers:
        kept += [s for s in layer.sources if s not in kept]
    if page.locator is not None and _whole(content, page) is not None:
        kept += [s for s in page.locator.sources if s not in kept]
    return tuple(kept)


def _legend(content: Content, page: Page, layers: tuple[MapLayer, ...]) -> Legend:
    """Return the legend of some layers, in their order."""
    entries: dict[str, list[Entry]] = {}
    notes: dict[str, list[str]] = {}
    for layer in layers:
        if layer.block:
            entries.setdefault(layer.block, [])
        if layer.label:
            entries[layer.block].append(Entry(layer.symbol, layer.label))
        if layer.note:
            notes.setdefault(layer.block, []).append(layer.note)
    blocks = []
    for heading, lines in entries.items():
        form = content.blocks.get(heading, Block(heading, ()))
        note = " ".join(filter(None, (*notes.get(heading, ()), form.note)))
        blocks.append(Block(heading, (*form.entries, *lines), note, form.in_row, form.touching))
    return Legend(tuple(blocks), page.text_scale)


def _needs(
    content: Content,
    page: Page,
    head: furniture.Head,
    *,
    layers: tuple[MapLayer, ...],
) -> Needs:
    scale = page.text_scale
    foot = furniture.compose_foot(page, _sources(content, page, layers), content.notes)
    located = _whole(content, page) is not None
    return Needs(
        head=furniture.head_height(page, head),
        foot=furniture.foot_height(page, foot),
        furniture=furniture.SCALE_HEIGHT_MM * scale,
        locator=located * furniture.LOCATOR_HEIGHT_MM * scale,
        legend=_legend(content, page, layers).height,
        listing=listing_height(content.listing, scale) if content.listing else None,
    )


def _whole(content: Content, page: Page) -> Bounds | None:
    """Return the bounds of the locator, or None where the map shows most of them."""
    if page.locator is not None:
        whole = Bounds(*shapely.total_bounds(page.locator.shapes))
    elif page.extent is None or content.overview is None or not len(content.overview):
        return None
    else:
        whole = Bounds(*shapely.total_bounds(content.overview))
    shown = Bounds(*page.extent) if page.extent else content.ground
    small = shown.width * shown.height < _LOCATOR_SHARE * whole.width * whole.height
    return whole if small else None


def _draw_furniture(sheet: Sheet, content: Content, layout: Layout) -> None:
    page = sheet.page
    furniture.draw_scale(sheet, layout)
    whole = _whole(content, page)
    if whole is not None:
        draw_locator(
            sheet, layout.locator, overview=content.overview, shown=(whole, layout.view),
            flush_right=not layout.beside,
        )  # fmt: skip


def _draw_map(
    sheet: Sheet,
    content: Content,
    layout: Layout,
    *,
    layers: tuple[MapLayer, ...],
    room: Box | None,
) -> None:
    axes = sheet.add_map(layout.frame, layout.view)
    layers = tuple(layer for layer in layers if not layer.legend_only)
    for cells in {id(la.cells): la.cells for la in layers if la.cells}.values():
        cells.paint(axes, layout, level=RASTER_LEVEL)
    for layer in layers:
        geometry = layer.drawn()
        if not isinstance(layer.symbol, Marker):
            geometry = _clipped(geometry, layout)
        draw(layer.symbol, axes, geometry, level=layer.level)
    banner = _draw_banner(sheet, content.banner, layout.frame) if content.banner else _NOWHERE
    if room is not None:
        banner = np.vstack([banner, (room.x, room.y, room.right, room.top)])
    markers = np.vstack([_NOWHERE, *(_marker_boxes(layer, layout) for layer in layers)])
    # a name on a large circle would be read as the name of what the circle measures
    large = markers[:, 2] - markers[:, 0] > _LARGE_MM
    names = place_labels(
        content.labels(View(layout.view, layout.denominator)),
        layout.frame,
        layout.view,
        reserved=np.vstack([banner, markers[large]]),
        obstacles=markers[~large],
        scale=sheet.scale,
    )
    draw_labels(sheet, names)


def _table_room(
    content: Content, layout: Layout, layers: tuple[MapLayer, ...], *, scale: float
) -> Box | None:
    """Return where a ranking goes that the page has no other room for: beside the ground."""
    table = content.table
    if table is None or content.listing or table_rows(table, layout.spare, scale):
        return None
    return find_room(
        layout.frame, layout.view, layers, wanted=lambda height: table_size(table, height, scale)
    )


def _draw_table(sheet: Sheet, table: Table, spare: Box, *, room: Box | None) -> None:
    if room is None:
        draw_table(sheet, table, spare)
        return
    sheet.rectangle(room, face="white", edge="#9a9a94", width_pt=0.4)
    pad = TABLE_PAD_MM * sheet.scale
    inner = Box(room.x + pad, room.y + pad, room.width - 2 * pad, room.height - 2 * pad)
    draw_table(sheet, table, inner)


def _spotlight(page: Page, view: Bounds) -> tuple[MapLayer, ...]:
    """Return the veil over what the sheet is not about, and the outline of what it is about."""
    if page.focus is None or shapely.is_empty(page.focus):
        return ()
    around = shapely.buffer(shapely.box(*view), view.width)
    veil = np.array([shapely.difference(around, page.focus)], dtype=object)
    place = np.array([page.focus], dtype=object)
    return (MapLayer(veil, _VEIL, 8.0), MapLayer(place, _FOCUS, 8.1))


def _clipped(geometry: Geometries, layout: Layout) -> Geometries:
    """Return what can be seen of the geometries: a file need not hold more than its paper shows."""
    view = layout.view
    margin = 0.02 * view.width
    window = shapely.box(
        view.west - margin, view.south - margin, view.east + margin, view.north + margin
    )
    near = geometry[shapely.intersects(geometry, window)]
    inside = shapely.covers(window, near)
    cut = shapely.clip_by_rect(near[~inside], *window.bounds)
    kept: Geometries = np.concatenate([near[inside], cut])
    fine = shapely.simplify(kept, _FINEST_MM / 1000 * layout.denominator, preserve_topology=True)
    return np.asarray(fine, dtype=object)


def _marker_boxes(layer: MapLayer, layout: Layout) -> NDArray[np.float64]:
    """Return left, bottom, right, top of point symbols, in millimetres of the page."""
    if not isinstance(layer.symbol, Marker):
        return _NOWHERE
    xy = shapely.get_coordinates(inner_points(layer.geometry))
    frame, view = layout.frame, layout.view
    centres = (xy - (view.west, view.south)) * (1000 / layout.denominator) + (frame.x, frame.y)
    half = np.broadcast_to(np.asarray(layer.symbol.size_mm) / 2, len(xy))[:, None]
    return np.hstack([centres - half, centres + half])


def _draw_banner(sheet: Sheet, text: str, frame: Box) -> NDArray[np.float64]:
    size = 10.0
    width, height = text_width(text, size, "bold") + 10, line_height(size) + 4
    box = Box(frame.x + (frame.width - width) / 2, frame.top - height - 4, width, height)
    sheet.rectangle(box, face="white", edge=INK, width_pt=0.6)
    sheet.text(
        text, frame.x + frame.width / 2, box.y + height / 2 - 1.2, size_pt=size, face="bold",
        align="center",
    )  # fmt: skip
    return np.array([[box.x, box.y, box.right, box.top]])
