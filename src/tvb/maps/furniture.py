"""What surrounds the map: title, scale bar, north, locator, sources and mentions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imread
from matplotlib.patches import Polygon
from numpy.typing import NDArray
from pyproj import Transformer

from tvb.errors import LayerError, SourceError, explain
from tvb.maps.layout import Layout
from tvb.maps.page import Bounds, Box, Page
from tvb.maps.sheet import Sheet, line_height, text_width, wrap
from tvb.maps.style import ACCENT, FADED, INK, MM_PER_PT, nice_number
from tvb.maps.texts import Lang, number, say, typeset
from tvb.territory import Source

__all__ = [
    "Foot", "Head", "compose_foot", "compose_head", "draw_foot", "draw_head", "draw_scale",
    "grid_north_angle", "scale_bar_m", "source_lines",
]  # fmt: skip

_TITLE_PT, _SUBTITLE_PT, _SMALL_PT = 14.0, 8.5, 6.5
_BAR_MM = 51.0
_BAR_HEIGHT_MM = 1.4
_FOOT_SPLIT = 0.68
_LOGO_MM = (34.0, 12.0)  # the most that it takes
_LOGO_GAP_MM = 3.0
SCALE_HEIGHT_MM = 15.0
LOCATOR_HEIGHT_MM = 30.0

Head = tuple[list[str], list[str]]
Foot = tuple[list[str], list[str], list[str]]


def compose_head(page: Page, title: str, subtitle: str) -> Head:
    """Return the lines of the title and of the subtitle.

    Parameters
    ----------
    page : Page
        Width and text size.
    title, subtitle : str
        Any length.

    Returns
    -------
    tuple of list of str
        Title lines, of even length where there are several, and subtitle lines.
    """
    width = page.size_mm[0] - 2 * page.margin_mm
    scale = page.text_scale
    if page.sheet:
        width -= text_width(say("sheet", page.lang, page.sheet), _SUBTITLE_PT * scale, "bold") + 6
    size = _TITLE_PT * scale
    lines = wrap(title, width, size, face="bold")
    narrow = width
    while len(lines) > 1 and len(wrap(title, narrow * 0.96, size, face="bold")) == len(lines):
        narrow *= 0.96
    lines = wrap(title, narrow, size, face="bold")
    return lines, wrap(subtitle, width, _SUBTITLE_PT * scale) if subtitle else []


def head_height(page: Page, head: Head) -> float:
    """Return the height of the head in millimetres.

    Parameters
    ----------
    page : Page
        Text size.
    head : tuple of list of str
        From `compose_head`.

    Returns
    -------
    float
        Millimetres.
    """
    scale = page.text_scale
    title, subtitle = head
    height = len(title) * line_height(_TITLE_PT * scale)
    return height + len(subtitle) * line_height(_SUBTITLE_PT * scale) + 1.0


def draw_head(sheet: Sheet, head: Head, box: Box) -> None:
    """Draw the title, the subtitle and the number of the sheet.

    Parameters
    ----------
    sheet : Sheet
        The page.
    head : tuple of list of str
        From `compose_head`.
    box : Box
        Where.
    """
    page, scale = sheet.page, sheet.scale
    y = box.top
    first = y - _TITLE_PT * scale * MM_PER_PT
    for line in head[0]:
        sheet.text(
            line, box.x, y - _TITLE_PT * scale * MM_PER_PT, size_pt=_TITLE_PT * scale, face="bold"
        )
        y -= line_height(_TITLE_PT * scale)
    for line in head[1]:
        size = _SUBTITLE_PT * scale
        sheet.text(line, box.x, y - size * MM_PER_PT, size_pt=size, colour=FADED)
        y -= line_height(size)
    if page.sheet:
        sheet.text(
            say("sheet", page.lang, page.sheet), box.right, first, size_pt=_SUBTITLE_PT * scale,
            face="bold", align="right", colour=FADED,
        )  # fmt: skip


def source_lines(sources: Sequence[Source], lang: Lang) -> str:
    """Return the sources line of a map.

    Parameters
    ----------
    sources : sequence of Source
        Of the layers drawn; those of the same producer, date, licence and nature are joined.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        Titles, producer, date, licence and nature of each.

    Raises
    ------
    LayerError
        If there is no source: a map must say where it comes from.
    """
    if not sources:
        raise LayerError(
            explain(
                "sources",
                "none was given, and a map must say where it comes from",
                remedy="pass territory.sources_of(…) or tvb.territory.Source(…)",
            )
        )
    grouped: dict[tuple[str, ...], list[str]] = {}
    for s in sources:
        titles = grouped.setdefault((s.producer, s.vintage, s.licence, s.nature), [])
        if s.title not in titles:
            titles.append(s.title)
    parts = []
    for (*credit, nature), titles in grouped.items():
        facts = ", ".join(c for c in credit if c)
        parts.append(f"{', '.join(titles)} – {facts} [{say(nature, lang)}]")
    return typeset(say("sources", lang) + (" ; " if lang == "fr" else "; ").join(parts) + ".", lang)


def mentions(page: Page, sources: Iterable[Source]) -> list[str]:
    """Return the warnings that the sources call for, the gravest first.

    Parameters
    ----------
    page : Page
        Language.
    sources : iterable of Source
        Of the layers drawn.

    Returns
    -------
    list of str
        Sentences.
    """
    sources = tuple(sources)
    natures = {s.nature for s in sources}
    found = []
    if "modelled" in natures:
        found.append(say("some_modelled", page.lang))
    if "schematic" in natures:
        found.append(say("some_schematic", page.lang))
    if any(is_srce(s) for s in sources):
        found.append(say("srce_note", page.lang, say("srce", page.lang)))
    return found


def is_srce(source: Source) -> bool:
    """Tell whether a source is the annulled regional scheme of ecological coherence.

    Parameters
    ----------
    source : Source
        Of a layer.

    Returns
    -------
    bool
        True when its title names the SRCE.
    """
    return "srce" in source.title.lower()


def compose_foot(page: Page, sources: Sequence[Source], notes: Sequence[str]) -> Foot:
    """Return the lines of the foot.

    Parameters
    ----------
    page : Page
        Width, language, producer, date.
    sources : sequence of Source
        Of the layers drawn.
    notes : sequence of str
        Sentences of the plate itself.

    Returns
    -------
    tuple of list of str
        Warnings; sources and notes; then, for the right-hand side, mentions.
    """
    scale, lang = page.text_scale, page.lang
    size = _SMALL_PT * scale
    width = page.size_mm[0] - 2 * page.margin_mm
    left, room = width * _FOOT_SPLIT - 4, width * (1 - _FOOT_SPLIT)
    if page.logo is not None:
        left -= _logo_size(page)[0] + _LOGO_GAP_MM
    warnings = [w for m in mentions(page, sources) for w in wrap(m, left, size, face="bold")]
    lines = wrap(source_lines(sources, lang), left, size)
    lines += [line for n in notes for line in wrap(n, left, size)]
    facts = [say("projection", lang)]
    made = [say("producer", lang, page.producer)] if page.producer else []
    if page.date:
        made.append(say("dated", lang, page.date.replace(" ", "\u00a0")))
    if made:
        facts.append(" · ".join(made))
    facts.append(say("no_legal_value", lang))
    right = [line for fact in facts for line in wrap(fact, room, size)]
    return warnings, lines, right


def foot_height(page: Page, foot: Foot) -> float:
    """Return the height of the foot in millimetres.

    Parameters
    ----------
    page : Page
        Text size.
    foot : tuple of list of str
        From `compose_foot`.

    Returns
    -------
    float
        Millimetres.
    """
    warnings, lines, right = foot
    rows = max(len(warnings) + len(lines), len(right))
    text = rows * line_height(_SMALL_PT * page.text_scale)
    logo = _logo_size(page)[1] if page.logo is not None else 0.0
    return max(text, logo) + 2


def draw_foot(sheet: Sheet, foot: Foot, box: Box) -> None:
    """Draw the sources and mentions below a thin line.

    Parameters
    ----------
    sheet : Sheet
        The page.
    foot : tuple of list of str
        From `compose_foot`.
    box : Box
        Where.
    """
    size = _SMALL_PT * sheet.scale
    sheet.line([(box.x, box.top), (box.right, box.top)], colour="#b5b5b0", width_pt=0.5)
    warnings, lines, right = foot
    y = box.top - 1.6 - size * MM_PER_PT
    for i, line in enumerate(warnings + lines):
        warned = i < len(warnings)
        sheet.text(
            line, box.x, y - i * line_height(size), size_pt=size,
            face="bold" if warned else "", colour=ACCENT if warned else FADED,
        )  # fmt: skip
    edge = box.right
    if sheet.page.logo is not None:
        width, height = _logo_size(sheet.page)
        place = Box(box.right - width, box.top - 1.2 - height, width, height)
        sheet.picture(place, _read_logo(Path(sheet.page.logo)))
        edge = place.x - _LOGO_GAP_MM
    for i, line in enumerate(right):
        sheet.text(line, edge, y - i * line_height(size), size_pt=size, align="right", colour=FADED)


def _logo_size(page: Page) -> tuple[float, float]:
    """Return width and height of the logo in millimetres, in its own proportions."""
    rows, columns = _read_logo(Path(str(page.logo))).shape[:2]
    width, height = (side * page.text_scale for side in _LOGO_MM)
    per_pixel = min(width / columns, height / rows)
    return columns * per_pixel, rows * per_pixel


def _read_logo(path: Path) -> NDArray[Any]:
    """Return the pixels of a PNG."""
    try:
        return _pixels(path, path.stat().st_mtime_ns)
    except (OSError, SyntaxError, ValueError) as error:  # what the reader raises on a bad file
        problem = f"« {path} » cannot be read ({error or type(error).__name__})"
        raise SourceError(explain("logo", problem, required="a picture .png")) from error


@lru_cache(maxsize=4)
def _pixels(path: Path, _: int) -> NDArray[Any]:
    return np.asarray(imread(path, format="png"))


def scale_bar_m(denominator: float, available_mm: float) -> tuple[float, int]:
    """Return the ground length of a scale bar and its number of steps.

    Parameters
    ----------
    denominator : float
        Of the scale.
    available_mm : float
        Greatest length on paper.

    Returns
    -------
    tuple
        A round length in metres (1, 2 or 5 × 10ⁿ) and the number of equal steps, each of a round
        length as well.
    """
    length = nice_number(available_mm / 1000 * denominator)
    leading = int(f"{length:e}"[0])
    return length, {1: 4, 2: 4, 5: 5}[leading]


@lru_cache(maxsize=1)
def to_degrees() -> Transformer:
    """Return the way from EPSG:2154 to longitude and latitude, made once.

    Returns
    -------
    pyproj.Transformer
        From x, y in metres to degrees.
    """
    return Transformer.from_crs(2154, 4326, always_xy=True)


def grid_north_angle(x: float, y: float) -> float:
    """Return the direction of true north on the map.

    Parameters
    ----------
    x, y : float
        Point in metres of EPSG:2154.

    Returns
    -------
    float
        Degrees clockwise from the top of the page; the convergence of the meridians.
    """
    longitude, latitude = to_degrees().transform(x, y)
    east, north = to_degrees().transform(longitude, latitude + 0.01, direction="INVERSE")
    return math.degrees(math.atan2(east - x, north - y))


def draw_scale(sheet: Sheet, layout: Layout) -> None:
    """Draw the scale bar, the numeric scale and the north arrow at the foot of the furniture.

    Parameters
    ----------
    sheet : Sheet
        The page.
    layout : Layout
        Scale, view, place.
    """
    scale, lang, box = sheet.scale, sheet.page.lang, layout.furniture
    size = _SMALL_PT * scale
    length, steps = scale_bar_m(layout.denominator, _BAR_MM * scale)
    left = box.x + 10.0 * scale
    if not layout.beside:  # flush with the right side of the map
        left = box.right - length / layout.denominator * 1000 - 6.0 * scale
    unit, per_unit = ("km", 1000.0) if length >= 2000 else ("m", 1.0)
    length_mm = length / layout.denominator * 1000
    bottom = box.y + line_height(size) + 1.5
    for i in range(steps):
        step = Box(left + i * length_mm / steps, bottom, length_mm / steps, _BAR_HEIGHT_MM * scale)
        sheet.rectangle(step, face=INK if i % 2 == 0 else "white", edge=INK, width_pt=0.5)
    above = bottom + _BAR_HEIGHT_MM * scale + 1.0
    for fraction in (0.0, 0.5, 1.0) if steps % 2 == 0 else (0.0, 1.0):
        text = number(length * fraction / per_unit, lang, None)
        text = f"{text}\u00a0{unit}" if fraction == 1 else text
        sheet.text(text, left + fraction * length_mm, above, size_pt=size, align="center")
    text = say("scale", lang, number(layout.denominator, lang), sheet.page.paper)
    sheet.text(text, left, box.y + 0.8, size_pt=size, colour=FADED)
    _draw_north(sheet, (left - 6.5 * scale, box.y + 6.5 * scale), layout.view)


def _draw_north(sheet: Sheet, centre: tuple[float, float], view: Bounds) -> None:
    """Draw an arrow whose two halves keep it readable when it is small."""
    scale = sheet.scale
    x, y = centre
    angle = math.radians(grid_north_angle(*view.centre))

    def turned(across: float, along: float) -> tuple[float, float]:
        across, along = across * scale, along * scale
        return (
            x + across * math.cos(angle) + along * math.sin(angle),
            y - across * math.sin(angle) + along * math.cos(angle),
        )

    tip, notch = turned(0, 4.5), turned(0, -3.0)
    for side, face in ((-1, INK), (1, "white")):
        half = Polygon(
            [tip, notch, turned(side * 2.2, -4.5)], closed=True, facecolor=face, edgecolor=INK,
            linewidth=0.5, joinstyle="miter", zorder=3,
        )  # fmt: skip
        sheet.paper.add_artist(half)
    north_x, north_y = turned(0, 5.4)
    sheet.text(
        say("north", sheet.page.lang),
        north_x,
        north_y,
        size_pt=8 * scale,
        face="bold",
        align="center",
    )
