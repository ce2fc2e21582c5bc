"""Rasters between files and `tvb.grid.Grid`: windows of them, never the whole file for a part."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from tvb.errors import CrsWarning, LayerError, ParameterError, SourceError, explain
from tvb.grid import Grid
from tvb.io.atomic import atomic_path
from tvb.io.crs import resolve_crs
from tvb.io.raster_open import open_raster
from tvb.schema.declare import CRS, GridSchema
from tvb.schema.layers import GRID_SCHEMAS

__all__ = ["RasterHead", "iter_grids", "read_grid", "read_head", "write_grid"]

_MAX_CELLS = 250_000_000
_LEGEND = "TVB_LEGEND"
_BLOCK = 256
_EDGE = 1e-6
"""Part of a cell by which a box may miss the edge of a cell and still be taken to lie on it."""

_GLANCE = 512  # rows and columns at most from which `read_head` takes the range of the values
_NODATA = -9999.0
_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")

Bbox = tuple[float, float, float, float]


def read_grid(
    path: str | os.PathLike[str],
    name: str,
    *,
    bbox: Bbox | None = None,
    max_cells: int = _MAX_CELLS,
    crs: str | None = None,
    band: int | None = None,
    nodata: float | None = None,
    legend: Mapping[int, str] | None = None,
) -> Grid:
    """Return a raster, or the part of it in a window, in EPSG:2154.

    Parameters
    ----------
    path : str or os.PathLike
        GeoTIFF, ASCII grid, ENVI, ERDAS, GeoPackage raster, netCDF, JPEG 2000 or XYZ; north up. A
        mosaic (``.vrt``) of GeoTIFF or ASCII grids in its folder or below; cells that none of them
        holds are no data.
    name : str
        What it is, by the names of a territory: ``land_cover``, ``flood_depth_02Moy``, …
    bbox : tuple of float, optional
        West, south, east, north in metres, EPSG:2154. Cells that it meets are read, those outside
        the raster excepted.
    max_cells : int
        Largest number of cells to hold in memory.
    crs : str, optional
        System of a file that names none or a wrong one, for example ``EPSG:2154``.
    band : int, optional
        Band to read, from 1 on; needed when the file has several.
    nodata : float, optional
        Value that means no observation, for a file that does not say it.
    legend : mapping of int to str, optional
        Meaning of the codes, for a file that does not hold it.

    Returns
    -------
    Grid
        Values as stored. No data stays no data and zero stays zero: what lies outside the raster is
        not in the grid or, after reprojection, is no data.

    Raises
    ------
    SourceError
        If the file is absent or unreadable, or a mosaic that names anything but plain rasters in
        its folder or below.
    CrsError
        If the system of coordinates is unknown.
    LayerError
        If the raster is not north up, has no position, or holds values that the layer excludes.
    ParameterError
        If the window lies outside the raster or holds too many cells, or the band is missing.

    Warns
    -----
    CrsWarning
        If the raster is in another system: its cells are resampled, the nearest one for integers
        (codes) and bilinear for real numbers (depths).
    """
    with _opened(path, name, crs=crs, band=band, nodata=nodata) as source:
        window = _window(source, bbox)
        if window.width * window.height > max_cells:
            raise ParameterError(
                explain(
                    name,
                    f"{window.width * window.height} cells",
                    required=f"max_cells = {max_cells} at most",
                    remedy="give a bbox, a larger max_cells, or use tvb.io.iter_grids",
                )
            )
        return source.read(window, legend)


def iter_grids(
    path: str | os.PathLike[str],
    name: str,
    *,
    tile_cells: int = 2048,
    crs: str | None = None,
    band: int | None = None,
    nodata: float | None = None,
    legend: Mapping[int, str] | None = None,
) -> Iterator[Grid]:
    """Yield a raster as square tiles, row by row from the north-west, one in memory at a time.

    Parameters
    ----------
    path, name, crs, band, nodata, legend
        As for `read_grid`.
    tile_cells : int
        Side of a tile in cells; tiles at the east and south edge are smaller.

    Yields
    ------
    Grid
        Tiles that cover the raster without overlap.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `read_grid`, and if ``tile_cells`` is not positive.

    Warns
    -----
    CrsWarning
        As `read_grid`.
    """
    if tile_cells < 1:
        raise ParameterError(explain("tile_cells", f"{tile_cells}", required="1 or more"))
    with _opened(path, name, crs=crs, band=band, nodata=nodata) as source:
        rows, columns = source.shape
        for row in range(0, rows, tile_cells):
            for column in range(0, columns, tile_cells):
                size = min(tile_cells, columns - column), min(tile_cells, rows - row)
                yield source.read(Window(column, row, *size), legend)


def write_grid(grid: Grid, path: str | os.PathLike[str], *, origin: str = "") -> None:
    """Write a grid as a tiled, deflated GeoTIFF in EPSG:2154.

    Parameters
    ----------
    grid : Grid
        Booleans are written as 0 and 1. The legend is kept in the tags of the band.
    path : str or os.PathLike
        File to write or replace.
    origin : str, optional
        Where the content comes from, kept as the description of the image.

    Raises
    ------
    LayerError
        If the values are of a type that GeoTIFF does not hold, or there is no cell.
    SourceError
        If the file cannot be written.

    Notes
    -----
    The same grid gives the same bytes.
    """
    values = grid.values.astype(np.uint8) if grid.values.dtype == np.bool_ else grid.values
    if str(values.dtype) not in _TYPES or not values.size:
        raise LayerError(
            explain(
                grid.name,
                f"{values.size} cells of type {values.dtype}",
                required="at least one cell, of type " + ", ".join(_TYPES),
                remedy="grid.values.astype(…)",
            )
        )
    rows, columns = grid.shape
    profile = {
        "driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": values.dtype,
        "crs": CRS, "transform": Affine(*grid.transform),
        "nodata": grid.nodata, "compress": "deflate", "bigtiff": "if_safer", "tiled": True,
        "blockxsize": _BLOCK, "blockysize": _BLOCK,
        "predictor": 3 if values.dtype.kind == "f" else 2,
    }  # fmt: skip
    tags = {str(code): grid.legend[code] for code in sorted(grid.legend)}
    with atomic_path(path) as temporary:
        try:
            with rasterio.open(temporary, "w", **profile) as target:
                target.write(values, 1)
                target.update_tags(1, ns=_LEGEND, **tags)
                if origin:
                    target.update_tags(TIFFTAG_IMAGEDESCRIPTION=origin)
        except RasterioError as error:
            raise SourceError(explain(str(path), f"cannot be written ({error})")) from error


@dataclass(frozen=True, slots=True)
class RasterHead:
    """What a raster file says of itself.

    Parameters
    ----------
    crs : pyproj.CRS
        Its own system.
    bounds : tuple of float
        West, south, east, north in this system.
    legend : mapping of int to str
        Meaning of the codes that `write_grid` kept; empty in most other files.
    limits : tuple of float or None
        About the smallest and the largest finite value; None without any observation.
    """

    crs: pyproj.CRS
    bounds: Bbox
    legend: Mapping[int, str]
    limits: tuple[float, float] | None


def read_head(path: str | os.PathLike[str], name: str) -> RasterHead:
    """Return where a raster lies and what its values mean, of its first band.

    Parameters
    ----------
    path : str or os.PathLike
        As for `read_grid`.
    name : str
        What messages call it.

    Returns
    -------
    RasterHead
        The range of the values comes from a reduced picture of a large raster.

    Raises
    ------
    SourceError
        If the file is absent or unreadable.
    CrsError
        If the system of coordinates is unknown.
    LayerError
        If the raster is not north up or has no position.
    """
    with open_raster(path) as dataset:
        _check_position(dataset, name)
        crs, _ = resolve_crs(dataset.crs.to_wkt() if dataset.crs else None, None, name)
        shape = tuple(min(side, _GLANCE) for side in dataset.shape)
        values = dataset.read(1, out_shape=shape, masked=True).compressed()
        values = values[np.isfinite(values)]
        limits = (float(values.min()), float(values.max())) if len(values) else None
        legend = {int(code): text for code, text in dataset.tags(1, ns=_LEGEND).items()}
        return RasterHead(crs, tuple(dataset.bounds), legend, limits)


class _Source:
    """An open raster in EPSG:2154: the file itself, or the file warped on the fly."""

    def __init__(self, dataset: Any, name: str, *, band: int, nodata: float | None) -> None:
        self.dataset = dataset
        self.name = name
        self.band = band
        self.nodata = nodata
        bands = list(dataset.colorinterp)
        self.alpha = bands.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in bands else None
        self.shape: tuple[int, int] = (dataset.height, dataset.width)
        self.transform: Affine = dataset.transform

    def read(self, window: Window, legend: Mapping[int, str] | None) -> Grid:
        """Return one window, its values checked."""
        try:
            values = self.dataset.read(self.band, window=window)
        except RasterioError as error:
            raise SourceError(
                explain(self.name, f"the file is damaged ({error.__cause__ or error})")
            ) from error
        nodata = self.nodata
        if nodata is None and (unseen := self._unseen(window)) is not None:
            values, nodata = self._marked(values, unseen)
        if values.dtype.kind == "f" and (missing := np.isnan(values)).any():
            nodata = math.nan if nodata is None else nodata
            values[missing] = nodata  # one value for no observation, not two
        if legend is None:
            tags = self.dataset.tags(self.band, ns=_LEGEND)
            schema = _grid_schema(self.name)
            legend = {int(c): t for c, t in tags.items()} or (schema.legend if schema else {})
        grid = Grid(
            values=values,
            x_min=self.transform.c + window.col_off * self.transform.a,
            y_max=self.transform.f + window.row_off * self.transform.e,
            cell_width=self.transform.a,
            cell_height=-self.transform.e,
            nodata=nodata,
            name=self.name,
            legend=dict(legend),
        )
        _check_values(grid)
        return grid

    def _unseen(self, window: Window) -> NDArray[np.bool_] | None:
        """Return the cells without observation of a file that has no value for them.

        GDAL leaves 0 there, which would mean dry ground.
        """
        if self.alpha is not None:
            return np.asarray(self.dataset.read(self.alpha, window=window) == 0)
        if MaskFlags.all_valid in self.dataset.mask_flag_enums[self.band - 1]:
            return None
        return np.asarray(self.dataset.read_masks(self.band, window=window) == 0)

    def _marked(
        self, values: NDArray[Any], unseen: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], float]:
        """Return the values with a mark in the cells without observation, and the mark."""
        kind = values.dtype
        mark = _NODATA if kind.kind == "f" else float(np.iinfo(kind).max)
        if (values[~unseen] == mark).any():
            raise LayerError(
                explain(
                    self.name,
                    f"holds the value {mark:g}, needed for cells without observation",
                    remedy="declare a value that means no observation with nodata=",
                )
            )
        return np.where(unseen, kind.type(mark), values), mark


@contextmanager
def _opened(
    path: str | os.PathLike[str],
    name: str,
    *,
    crs: str | None,
    band: int | None,
    nodata: float | None,
) -> Iterator[_Source]:
    """Open a file, check that it can be a grid, and warp it on the fly if it has to be."""
    with open_raster(path) as dataset:
        chosen = _chosen_band(dataset, name, band)
        _check_position(dataset, name)
        known = dataset.nodatavals[chosen - 1] if nodata is None else nodata
        system, remark = _system(dataset, name, crs)
        if remark:
            _warn(name, remark)
        if system is None:
            yield _Source(dataset, name, band=chosen, nodata=known)
            return
        method = _resampling(name, dataset.dtypes[chosen - 1])
        _warn(name, f"cells resampled from {system.name} to {CRS} ({method.name})")
        alpha = known is None and ColorInterp.alpha not in dataset.colorinterp
        options = {"src_nodata": known, "nodata": known, "add_alpha": alpha}
        wkt = system.to_wkt()
        with WarpedVRT(dataset, src_crs=wkt, crs=CRS, resampling=method, **options) as warped:
            yield _Source(warped, name, band=chosen, nodata=known)


def _chosen_band(dataset: Any, name: str, band: int | None) -> int:
    if band is None and dataset.count == 1:
        return 1
    if band is None or not 1 <= band <= dataset.count:
        raise ParameterError(
            explain(
                name,
                f"band {band} of a file of {dataset.count} bands",
                required=f"band= from 1 to {dataset.count}",
            )
        )
    return band


def _check_position(dataset: Any, name: str) -> None:
    transform = dataset.transform
    if transform.is_identity:
        raise LayerError(
            explain(name, "the file does not say where its cells lie", required="a geotransform")
        )
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise LayerError(
            explain(
                name, "the raster is turned", required="a raster with north up", remedy="gdalwarp"
            )
        )


def _system(dataset: Any, name: str, declared: str | None) -> tuple[pyproj.CRS | None, str | None]:
    """Return the system to convert from, None if it is EPSG:2154 already, and a remark on it."""
    found = dataset.crs.to_wkt() if dataset.crs else None
    system, remark = resolve_crs(found, declared, name)
    working = pyproj.CRS(CRS)
    same = system.equals(working, ignore_axis_order=True) or system.to_epsg() == working.to_epsg()
    return None if same else system, remark


def _warn(name: str, problem: str) -> None:
    remedy = "deliver the raster in EPSG:2154 to keep its cells"
    warnings.warn(explain(name, problem, remedy=remedy), CrsWarning, stacklevel=5)


def _resampling(name: str, dtype: str) -> Resampling:
    """Return the nearest cell for codes, which have no mean, and bilinear for depths."""
    schema = _grid_schema(name)
    codes = bool(schema.legend) if schema else np.dtype(dtype).kind != "f"
    return Resampling.nearest if codes else Resampling.bilinear


def _window(source: _Source, bbox: Bbox | None) -> Window:
    """Return the cells that a box meets, within the raster."""
    rows, columns = source.shape
    if bbox is None:
        return Window(0, 0, columns, rows)
    west, south, east, north = bbox
    if not (west < east and south < north and all(map(math.isfinite, bbox))):
        raise ParameterError(
            explain("bbox", f"{bbox}", required="west < east and south < north, in metres")
        )
    x_min, y_max = source.transform.c, source.transform.f
    left, right = _cells(west - x_min, east - x_min, size_m=source.transform.a, count=columns)
    top, bottom = _cells(y_max - north, y_max - south, size_m=-source.transform.e, count=rows)
    if left >= right or top >= bottom:
        bounds = ", ".join(f"{b:.0f}" for b in source.dataset.bounds)
        raise ParameterError(
            explain(source.name, "the bbox lies outside the raster", required=f"within {bounds}")
        )
    return Window(left, top, right - left, bottom - top)


def _cells(start_m: float, end_m: float, *, size_m: float, count: int) -> tuple[int, int]:
    """Return first and last cell met, the last excluded; an edge shared with a box is not met."""
    first = math.floor(start_m / size_m + _EDGE)
    last = math.ceil(end_m / size_m - _EDGE)
    return max(first, 0), min(last, count)


def _grid_schema(name: str) -> GridSchema | None:
    return next((s for s in GRID_SCHEMAS if name == s.name or name.startswith(f"{s.name}_")), None)


def _check_values(grid: Grid) -> None:
    """Raise if cells hold values that the layer excludes, such as an undeclared -9999."""
    schema = _grid_schema(grid.name)
    values = grid.values
    seen = np.ones(values.shape, dtype=bool) if grid.nodata is None else values != grid.nodata
    if values.dtype.kind == "f":
        seen &= ~np.isnan(values)
    wrong = np.zeros(values.shape, dtype=bool)
    required = ""
    if schema is not None and schema.minimum is not None and schema.maximum is not None:
        wrong = seen & ((values < schema.minimum) | (values > schema.maximum))
        required = f"{schema.minimum:g} to {schema.maximum:g} {schema.unit or ''}".strip()
    elif grid.legend:
        wrong = seen & ~np.isin(values, list(grid.legend))
        required = ", ".join(f"{code} {text}" for code, text in sorted(grid.legend.items()))
    if wrong.any():
        found = ", ".join(f"{v:g}" for v in np.unique(values[wrong])[:3])
        raise LayerError(
            explain(
                grid.name,
                f"{int(wrong.sum())} cells hold other values ({found}, …)",
                required=required,
                remedy="nodata= if the value means no observation, legend= for other codes",
            )
        )
