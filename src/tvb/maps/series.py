"""A series of plates: one sheet for each theme, a page that shows them all, one PDF."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import pandas as pd
import shapely
from matplotlib.image import imread

from tvb.errors import LayerError, ParameterError, TvbError, explain
from tvb.maps.atlas import Atlas, bind_pages, drawing_pool, write_pages
from tvb.maps.compose import Plate, replace_file
from tvb.maps.furniture import mentions
from tvb.maps.page import Bounds, Box, Page, PageOptions
from tvb.maps.sheet import Sheet, line_height, wrap
from tvb.maps.style import ACCENT, FADED, INK, MM_PER_PT, fixed_style
from tvb.maps.texts import number, say, typeset
from tvb.messages import translate
from tvb.progress import Bar
from tvb.territory import Source

__all__ = ["SeriesSheet", "build_series"]

Draw = Callable[..., Plate]

_TITLE_PT, _NAME_PT, _TEXT_PT = 16.0, 8.5, 7.0
_GAP_MM, _MOST_GAP_MM = 7.0, 60.0
_NAME_LINES, _TEXT_LINES = 2, 4
_PICTURE_DPI = 60
_MOST_COLUMNS = 6
_EMPTY = "#f1efe9"


@dataclass(frozen=True, slots=True)
class SeriesSheet:
    """A sheet of a series.

    Parameters
    ----------
    key : str
        What tells it apart; names the file of a plate written alone.
    name : str
        Its theme, as the contents and the bookmark print it.
    draw : callable, optional
        Makes the plate from the keywords of `tvb.maps.PageOptions`. With several jobs it is sent to
        other processes: it must be a function of a module, or a partial of one.
    missing : str
        Why there is no plate, where ``draw`` is None.
    """

    key: str
    name: str
    draw: Draw | None = None
    missing: str = ""


class _Drawn(NamedTuple):
    """What became of a sheet: pages, a picture, files of its own, or what went wrong."""

    error: str
    title: str = ""
    denominator: float = math.nan
    sources: tuple[Source, ...] = ()
    page: bytes = b""
    picture: bytes = b""
    alone: tuple[bytes, ...] = ()


class _Cell(NamedTuple):
    """What the overview says of a sheet."""

    key: str
    number: int
    name: str
    drawn: _Drawn


def build_series(
    sheets: Sequence[SeriesSheet],
    path: str | Path,
    *,
    jobs: int = 1,
    each: Sequence[str] = (),
    dpi: int = 300,
    **page: Unpack[PageOptions],
) -> Atlas:
    """Write an atlas with one sheet for each theme.

    Parameters
    ----------
    sheets : sequence of SeriesSheet
        In the order of the atlas.
    path : str or pathlib.Path
        A file ``.pdf``; its folder exists.
    jobs : int
        Processes that draw. The file is the same for any number.
    each : sequence of {"pdf", "png", "svg"}
        Formats in which every plate is also written alone, beside the atlas: its name, the number
        and the key of the sheet.
    dpi : int
        Resolution of the PNG among them.
    **page
        Paper, language, producer, date, extent, place and title of the atlas: see `tvb.maps.Page`.

    Returns
    -------
    Atlas
        A page that shows every sheet with its theme and its finding, then the sheets, each with a
        bookmark. What could not be drawn is told there and in `Atlas.failed`; the others are there.

    Raises
    ------
    LayerError
        If there is no sheet, or a key is given twice.
    ParameterError
        If the suffix is not ``.pdf``, a format is unknown, or a wish cannot be met.
    """
    path = Path(path)
    if path.suffix.lower() != ".pdf":
        problem = f"an atlas cannot be saved as « {path.name} »"
        raise ParameterError(explain("path", problem, required=".pdf"))
    unknown = sorted(set(each) - {"pdf", "png", "svg"})
    if unknown:
        raise ParameterError(explain("each", f"« {unknown[0]} »", required="pdf, png or svg"))
    keys = [sheet.key for sheet in sheets]
    if not keys or len(set(keys)) < len(keys):
        problem = "a key is given twice" if keys else "there is none"
        raise LayerError(explain("sheets", problem, required="at least one, each with its own key"))
    wishes = Page(**page)
    tasks = [
        (sheet, _options(page, f"{n}/{len(sheets)}"), tuple(each), dpi)
        for n, sheet in enumerate(sheets, start=1)
    ]
    drawn = []
    with Bar(say("atlas_bar", wishes.lang), unit=say("atlas_sheets", wishes.lang),
             total=len(tasks)) as bar:  # fmt: skip
        for one in _draw_all(tasks, jobs):
            drawn.append(one)
            bar.advance(1)
    cells = [
        _Cell(sheet.key, n, sheet.name, one)
        for n, (sheet, one) in enumerate(zip(sheets, drawn, strict=True), start=1)
    ]
    _write_alone(cells, path, each)
    return _bind(cells, path, wishes)


def _options(page: PageOptions, sheet: str) -> PageOptions:
    options: PageOptions = {**page, "sheet": sheet}
    options.pop("title", None)
    return options


Task = tuple[SeriesSheet, PageOptions, tuple[str, ...], int]


def _draw_all(tasks: Sequence[Task], jobs: int) -> Iterator[_Drawn]:
    if min(jobs, len(tasks)) < 2:
        yield from map(_draw_one, tasks)
        return
    with drawing_pool(min(jobs, len(tasks))) as pool:
        yield from pool.map(_draw_one, tasks)


def _draw_one(task: Task) -> _Drawn:
    """Draw a sheet; top level, so that another process can."""
    sheet, options, each, dpi = task
    if sheet.draw is None:
        return _Drawn(sheet.missing or say("atlas_missing", options.get("lang", "fr")))
    try:
        plate = sheet.draw(**options)
    except (TvbError, ValueError, shapely.errors.ShapelyError) as error:
        return _Drawn(translate(str(error), options.get("lang", "fr")))
    return _Drawn(
        "", plate.title, plate.denominator, plate.sources, write_pages([plate.figure]),
        plate.to_bytes("png", dpi=_PICTURE_DPI),
        tuple(plate.to_bytes(form, dpi=dpi) for form in each),
    )  # fmt: skip


def _write_alone(cells: Sequence[_Cell], path: Path, each: Sequence[str]) -> None:
    """Write beside the atlas the plates that are there."""
    for cell in cells:
        for form, content in zip(each, cell.drawn.alone, strict=False):
            name = f"{path.stem}-{cell.number:02d}-{cell.key}.{form}"
            replace_file(path.with_name(name), content)


def _bind(cells: Sequence[_Cell], path: Path, page: Page) -> Atlas:
    """Write the pages in one file and return what it holds."""
    done = pd.Series([not cell.drawn.error for cell in cells], dtype=bool)
    sheets = pd.DataFrame(
        {
            "name": [cell.name for cell in cells],
            "title": [cell.drawn.title for cell in cells],
            "sheet": [str(cell.number) for cell in cells],
            "page": (1 + done.cumsum()).where(done).astype("Int64").to_numpy(),
            "denominator": [cell.drawn.denominator for cell in cells],
            "error": [cell.drawn.error for cell in cells],
        },
        index=pd.Index([cell.key for cell in cells], name="key"),
    )
    sources: list[Source] = []
    for cell in cells:
        sources += [s for s in cell.drawn.sources if s not in sources]
    figure, boxes = _draw_overview(cells, sources, page)
    front = write_pages([figure])
    marked = sheets.assign(name=[f"{cell.number}. {cell.name}" for cell in cells])
    content = bind_pages(
        [front, *(cell.drawn.page for cell in cells)], marked, [(0, box) for box in boxes],
        front=[say("atlas_contents", page.lang)],
    )  # fmt: skip
    return Atlas(replace_file(path, content), sheets, tuple(sources))


def _draw_overview(
    cells: Sequence[_Cell], sources: Sequence[Source], page: Page
) -> tuple[Any, list[Bounds]]:
    """Return the page that shows every sheet small, and their places in points."""
    whole: dict[str, Any] = {"extent": None, "scale": None, "focus": None, "sheet": ""}
    page = replace(page, **whole)
    with fixed_style():
        sheet = Sheet(page)
        body = _frame_overview(sheet, sources)
        columns, size = _grid(len(cells), body, page)
        rows = math.ceil(len(cells) / columns)
        # what is left over goes between the rows
        pitch = min(body.height / rows, size[1] + _text_mm(sheet.scale) + _MOST_GAP_MM)
        boxes = []
        for k, cell in enumerate(cells):
            row, column = divmod(k, columns)
            x = body.x + column * (size[0] + _GAP_MM)
            top = body.top - row * pitch
            box = Box(x, top - size[1], *size)
            _draw_cell(sheet, cell, box)
            foot = box.y - _text_mm(sheet.scale)
            boxes.append(Bounds(*(v / MM_PER_PT for v in (box.x, foot, box.right, box.top))))
    return sheet.figure, boxes


def _frame_overview(sheet: Sheet, sources: Sequence[Source]) -> Box:
    """Draw title and foot, and return what lies between."""
    page, scale, lang = sheet.page, sheet.scale, sheet.page.lang
    margin = 2 * page.margin_mm
    width, height = page.size_mm
    y = height - margin - _TITLE_PT * scale * MM_PER_PT
    title = page.title if page.title is not None else say("atlas_title", lang)
    title = f"{page.place} – {title}" if page.place else title
    first, *rest = wrap(typeset(title, lang), width - 2 * margin, _TITLE_PT * scale, face="bold")
    for line in (first, *rest):
        sheet.text(line, margin, y, size_pt=_TITLE_PT * scale, face="bold")
        y -= line_height(_TITLE_PT * scale)
    sheet.text(say("atlas_contents", lang), margin, y, size_pt=_NAME_PT * scale, colour=FADED)
    size = 6.5 * scale
    lines = [(text, ACCENT) for text in mentions(page, sources)]
    lines.append((say("series_sources", lang), FADED))
    made = [say("producer", lang, page.producer)] if page.producer else []
    made += [say("dated", lang, page.date)] if page.date else []
    lines += [(" · ".join([*made, say("no_legal_value", lang)]), FADED)]
    bottom = margin + len(lines) * line_height(size)
    for i, (text, colour) in enumerate(lines):
        sheet.text(text, margin, bottom - (i + 1) * line_height(size), size_pt=size, colour=colour,
                   face="bold" if colour == ACCENT else "")  # fmt: skip
    low = bottom + 3
    return Box(margin, low, width - 2 * margin, y - 5 - low)


def _text_mm(scale: float) -> float:
    """Return the height of what stands below a picture."""
    names = _NAME_LINES * line_height(_NAME_PT * scale)
    return 1.5 + names + _TEXT_LINES * line_height(_TEXT_PT * scale)


def _grid(count: int, body: Box, page: Page) -> tuple[int, tuple[float, float]]:
    """Return the number of columns that makes pictures largest, and their size."""
    across, along = page.size_mm
    best = (1, (1.0, along / across))
    for columns in range(1, min(count, _MOST_COLUMNS) + 1):
        rows = math.ceil(count / columns)
        width = (body.width - (columns - 1) * _GAP_MM) / columns
        room = (body.height - (rows - 1) * _GAP_MM) / rows - _text_mm(page.text_scale)
        width = min(width, room * across / along)
        if width > best[1][0]:
            best = (columns, (width, width * along / across))
    return best


def _draw_cell(sheet: Sheet, cell: _Cell, box: Box) -> None:
    scale, lang = sheet.scale, sheet.page.lang
    missing = bool(cell.drawn.error)
    if missing:
        sheet.rectangle(box, face=_EMPTY, edge="#b5b5b0")
        size = _NAME_PT * scale
        text = say("atlas_missing", lang)
        middle = (box.x + box.width / 2, box.y + box.height / 2)
        sheet.text(text, *middle, size_pt=size, align="center", colour=ACCENT)
    else:
        sheet.picture(box, imread(io.BytesIO(cell.drawn.picture), format="png"))
        sheet.rectangle(box, edge="#8a8a86", width_pt=0.4)
    y = box.y - 1.5
    name = wrap(f"{cell.number}. {typeset(cell.name, lang)}", box.width, _NAME_PT * scale,
                face="bold")  # fmt: skip
    text = cell.drawn.error if missing else cell.drawn.title
    lines = wrap(typeset(text, lang), box.width, _TEXT_PT * scale)
    if not missing:
        lines = [*lines[: _TEXT_LINES - 1], f"1:{number(cell.drawn.denominator, lang)}"]
    for line in name[:_NAME_LINES]:
        y -= line_height(_NAME_PT * scale)
        sheet.text(line, box.x, y, size_pt=_NAME_PT * scale, face="bold")
    for line in lines[:_TEXT_LINES]:
        y -= line_height(_TEXT_PT * scale)
        sheet.text(line, box.x, y, size_pt=_TEXT_PT * scale, colour=ACCENT if missing else INK)
