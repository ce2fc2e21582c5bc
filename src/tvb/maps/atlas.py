"""Atlases: a sheet for each place, an overview, a table of contents, in one PDF."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.backends.backend_pdf import PdfPages

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, TvbError, explain
from tvb.maps.basemap import frame_bounds, outline, to_array
from tvb.maps.compose import Content, MapLayer, Plate, compose, replace_file
from tvb.maps.contents import Listed, draw_contents
from tvb.maps.labels import Label
from tvb.maps.page import Bounds, Page, PageOptions
from tvb.maps.style import fixed_style
from tvb.maps.symbols import Fill, Stroke
from tvb.maps.texts import number, say
from tvb.progress import Bar
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["Atlas", "bind_pages", "build_atlas", "drawing_pool", "write_pages"]

Draw = Callable[..., Plate]

_SHEETS_PER_FILE = 12  # whatever the number of workers: fonts are embedded once in each file
_MARGIN = 0.06
_LEAST_M = 400.0
_FOUND, _FAILED = (
    Fill("#dbe9a8", "#5c5c5c", 0.5),
    Fill("#f3d6d2", "#b3261e", 0.6, "////", "#b3261e"),
)


@dataclass(frozen=True)
class Atlas:
    """An atlas on the disk.

    Parameters
    ----------
    path : pathlib.Path
        The PDF.
    sheets : pandas.DataFrame
        One row for each place, indexed by its key: ``name``, ``sheet``, ``page`` (from 1; null
        where the sheet failed), ``denominator`` of its scale, ``error`` (empty without one).
    sources : tuple of Source
        Of the overview.
    """

    path: Path
    sheets: pd.DataFrame
    sources: tuple[Source, ...]

    @property
    def failed(self) -> pd.DataFrame:
        """Places without a sheet, and why."""
        return self.sheets[self.sheets["error"] != ""]

    def __repr__(self) -> str:
        failed = len(self.failed)
        return (
            f"<Atlas « {self.path.name} », {len(self.sheets) - failed} sheets"
            + (f", {failed} failed" if failed else "")
            + ">"
        )

    def _repr_html_(self) -> str:
        return frame_table(self, self.sheets, then=(".path", ".sheets", ".failed"))


class _Task(NamedTuple):
    """A sheet to be drawn."""

    key: str
    name: str
    sheet: str
    options: PageOptions


class _Drawn(NamedTuple):
    """What became of a sheet: its scale, or what went wrong."""

    denominator: float
    error: str


def build_atlas(
    draw: Draw,
    zones: gpd.GeoDataFrame,
    path: str | Path,
    *,
    sources: Sequence[Source],
    key: str = "insee",
    name: str = "nom",
    jobs: int = 2,
    **page: Unpack[PageOptions],
) -> Atlas:
    """Write an atlas: one sheet for each zone.

    Parameters
    ----------
    draw : callable
        Makes the plate of a sheet from the keywords of `tvb.maps.PageOptions`, such as
        ``functools.partial(tvb.maps.plot_territory, territory)``. With several jobs it is sent to
        other processes: it must be a function of a module, or a partial of one.
    zones : geopandas.GeoDataFrame
        Polygons in EPSG:2154: communes, intercommunalities, elements, or places of interest.
    path : str or pathlib.Path
        A file ``.pdf``; its folder exists.
    sources : sequence of tvb.territory.Source
        Of the zones, for the overview.
    key, name : str
        Columns of ``zones``: what tells them apart, and what they are called. Sheets are in
        alphabetical order of their names.
    jobs : int
        Processes that draw. The file is the same for any number.
    **page
        Paper, language, producer, date and title of the atlas: see `tvb.maps.Page`.

    Returns
    -------
    Atlas
        The overview with the numbers of the sheets, the table of contents, then the sheets, each
        with a bookmark. A sheet that fails is told on the contents page and in `Atlas.failed`; the
        others are there.

    Raises
    ------
    LayerError
        If a column is missing, a key is given twice, or there is nothing to draw.
    CrsError
        If the zones are not in EPSG:2154.
    ParameterError
        If the suffix is not ``.pdf``, or a wish cannot be met.
    """
    path = Path(path)
    if path.suffix.lower() != ".pdf":
        problem = f"an atlas cannot be saved as « {path.name} »"
        raise ParameterError(explain("path", problem, required=".pdf"))
    wishes = Page(**page)
    zones = _in_order(zones, key, name)
    tasks = _tasks(zones, wishes, key=key, name=name)
    parts = [tasks[k : k + _SHEETS_PER_FILE] for k in range(0, len(tasks), _SHEETS_PER_FILE)]
    pieces, drawn = [], []
    with Bar(say("atlas_bar", wishes.lang), unit=say("atlas_sheets", wishes.lang),
             total=len(tasks)) as bar:  # fmt: skip
        for content, found in _draw_parts(draw, parts, jobs):
            pieces.append(content)
            drawn += found
            bar.advance(len(found))
    sheets = _table(tasks, drawn)
    overview = _overview(zones, sheets, tuple(sources), page=wishes)
    listed = _listed(sheets)
    contents = draw_contents(listed, wishes, title=_title(wishes))
    front = write_pages([overview.figure, *contents.figures])
    sheets["page"] += 1 + len(contents.figures)
    headings = [say(key, wishes.lang) for key in ("atlas_overview", "atlas_contents")]
    content = bind_pages([front, *pieces], sheets, contents.places, front=headings)
    return Atlas(replace_file(path, content), sheets, overview.sources)


def _in_order(zones: gpd.GeoDataFrame, key: str, name: str) -> gpd.GeoDataFrame:
    require_crs(zones, "zones")
    missing = [column for column in (key, name) if column not in zones]
    if missing:
        raise LayerError(explain("zones", f"column « {missing[0]} » is missing"))
    if not len(to_array(zones)):
        raise LayerError(explain("zones", "no feature to draw", required="at least one"))
    twice = zones[key].duplicated(keep="first").to_numpy()
    if twice.any():
        raise LayerError(
            explain("zones", f"« {key} » is given twice", count=int(twice.sum()),
                    ids=zones.loc[twice, key].tolist(), remedy="dissolve the zones by it")
        )  # fmt: skip
    from tvb.names import normalise_name

    names = zones[name].fillna(zones[key]).astype(str)
    return zones.assign(**{name: names}).iloc[
        np.lexsort((zones[key].astype(str), names.map(normalise_name)))
    ]


def _tasks(zones: gpd.GeoDataFrame, page: Page, *, key: str, name: str) -> list[_Task]:
    options: PageOptions = {
        "lang": page.lang, "paper": page.paper, "orientation": page.orientation,
        "producer": page.producer, "date": page.date, "scale": page.scale,
        "logo": page.logo, "locator": page.locator,
    }  # fmt: skip
    rows = zip(zones[key], zones[name], zones.geometry, strict=True)
    return [
        _Task(
            str(code), str(title), str(n),
            options | {"place": str(title), "focus": shape, "sheet": f"{n}/{len(zones)}"},
        )
        for n, (code, title, shape) in enumerate(rows, start=1)
    ]  # fmt: skip


def _around(shape: shapely.Geometry) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.bounds(shape)
    margin = max(_MARGIN * max(east - west, north - south), (_LEAST_M - (east - west)) / 2, 0.0)
    return west - margin, south - margin, east + margin, north + margin


def _draw_parts(
    draw: Draw, parts: Sequence[Sequence[_Task]], jobs: int
) -> Iterator[tuple[bytes, list[_Drawn]]]:
    """Yield the file of each part and what became of its sheets, in order."""
    if min(jobs, len(parts)) < 2:
        yield from (_draw_part(draw, part) for part in parts)
        return
    with drawing_pool(min(jobs, len(parts)), initializer=_remember, initargs=(draw,)) as pool:
        yield from pool.map(_draw_remembered, parts)


@contextmanager
def drawing_pool(jobs: int, **options: Any) -> Iterator[ProcessPoolExecutor]:
    """Yield processes that draw; stopped, they do not go on with what is still waiting.

    Parameters
    ----------
    jobs : int
        How many.
    **options
        Of `concurrent.futures.ProcessPoolExecutor`.

    Yields
    ------
    concurrent.futures.ProcessPoolExecutor
        Fresh interpreters: forked ones would inherit the locks of the threads of this one.
    """
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), **options)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


_remembered: dict[str, Draw] = {}


def _remember(draw: Draw) -> None:
    """Keep in a worker what draws: it may hold layers, which are sent once."""
    _remembered["draw"] = draw


def _draw_remembered(part: Sequence[_Task]) -> tuple[bytes, list[_Drawn]]:
    return _draw_part(_remembered["draw"], part)


def _draw_part(draw: Draw, part: Sequence[_Task]) -> tuple[bytes, list[_Drawn]]:
    figures, found = [], []
    for task in part:
        shape = task.options["focus"]
        if shape is None or shapely.is_empty(shape):
            found.append(_Drawn(float("nan"), "no geometry"))
            continue
        try:
            plate = draw(**task.options, extent=_around(shape))
        except (TvbError, ValueError, shapely.errors.ShapelyError) as error:
            found.append(_Drawn(float("nan"), str(error)))
        else:
            figures.append(plate.figure)
            found.append(_Drawn(plate.denominator, ""))
    return write_pages(figures) if figures else b"", found


def write_pages(figures: Sequence[Any]) -> bytes:
    """Return a PDF of figures, without dates.

    Parameters
    ----------
    figures : sequence of matplotlib.figure.Figure
        One for each page.

    Returns
    -------
    bytes
        The file.
    """
    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Creator": "tvb", "Producer": "tvb", "CreationDate": None}
    with fixed_style(), PdfPages(buffer, metadata=metadata) as file:
        for figure in figures:
            file.savefig(figure)
    return buffer.getvalue()


def _table(tasks: Sequence[_Task], drawn: Sequence[_Drawn]) -> pd.DataFrame:
    """Return the sheets, their pages counted from the first of them."""
    done = pd.Series([not d.error for d in drawn], dtype=bool)
    return pd.DataFrame(
        {
            "name": [task.name for task in tasks],
            "sheet": [task.sheet for task in tasks],
            "page": done.cumsum().where(done).astype("Int64").to_numpy(),
            "denominator": [d.denominator for d in drawn],
            "error": [d.error for d in drawn],
        },
        index=pd.Index([task.key for task in tasks], name="key"),
    )


def _listed(sheets: pd.DataFrame) -> list[Listed]:
    columns = (sheets[column].tolist() for column in ("sheet", "name", "denominator", "error"))
    return [
        Listed(sheet, name, denominator, failed=error != "")
        for sheet, name, denominator, error in zip(*columns, strict=True)
    ]


def _title(page: Page) -> str:
    return page.title if page.title is not None else say("atlas_title", page.lang)


def _overview(
    zones: gpd.GeoDataFrame, sheets: pd.DataFrame, sources: tuple[Source, ...], *, page: Page
) -> Plate:
    """Return the map of the sheets, each zone with its number."""
    geometry = to_array(zones)
    shapes = zones.geometry.to_numpy()
    seen = sheets[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    failed = (seen["error"] != "").to_numpy()
    block = say("atlas_index", page.lang)
    layers = [
        MapLayer(geometry[rows], symbol, 2.0, say(text, page.lang), block, sources)
        for rows, symbol, text in (
            (~failed, _FOUND, "atlas_sheet"),
            (failed, _FAILED, "atlas_failed"),
        )
        if rows.any()
    ]
    layers.append(MapLayer(outline(geometry), Stroke("#5c5c5c", 1.0), 3.0))
    points = shapely.get_coordinates(shapely.point_on_surface(geometry))
    labels = [
        Label(sheet, x, y, 6.0 * page.text_scale, "bold")
        for sheet, (x, y) in zip(seen["sheet"], points, strict=True)
    ]
    done = int((sheets["error"] == "").sum())
    content = Content(
        title=_title(page),
        subtitle=say("atlas_subtitle", page.lang, number(done, page.lang)),
        ground=frame_bounds(zones, "zones"),
        layers=tuple(layers),
        sources=sources,
        labels=lambda _: labels,
    )
    whole: dict[str, Any] = {"extent": None, "scale": None, "focus": None, "place": "", "sheet": ""}
    return compose(content, replace(page, **whole))


def bind_pages(
    files: Sequence[bytes],
    sheets: pd.DataFrame,
    places: Sequence[tuple[int, Bounds]],
    *,
    front: Sequence[str],
) -> bytes:
    """Return one file with all the pages, a bookmark for each and links from the contents.

    Parameters
    ----------
    files : sequence of bytes
        PDF files in their order; empty ones are left out.
    sheets : pandas.DataFrame
        One row for each sheet: ``name`` of its bookmark, ``page`` from 1, null where there is none.
    places : sequence of tuple
        For each sheet, position of the page that names it, and the box of its name in points.
    front : sequence of str
        Bookmarks of the first pages.

    Returns
    -------
    bytes
        The file.
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.annotations import Link
    from pypdf.generic import Fit

    writer = PdfWriter()
    for piece in filter(None, files):
        for one in PdfReader(io.BytesIO(piece)).pages:
            writer.add_page(one)
    writer.add_metadata({"/Producer": "tvb", "/Creator": "tvb"})
    for position, heading in enumerate(front):
        writer.add_outline_item(title=heading, page_number=position)
    rows = zip(sheets["name"], sheets["page"], places, strict=True)
    for name, page, (at, box) in rows:
        if not pd.isna(page):
            writer.add_outline_item(title=name, page_number=int(page) - 1)
            link = Link(rect=(*box,), target_page_index=int(page) - 1, fit=Fit.fit())
            writer.add_annotation(at, link)
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
