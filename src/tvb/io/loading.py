"""What all loaders do: read a path or a table, and say in one warning what was changed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict, runtime_checkable

import geopandas as gpd

from tvb.errors import SourceError, TvbWarning, explain
from tvb.io.batches import Window
from tvb.io.read import PathLike, PathOrPaths, Request, conform_request, read_request
from tvb.io.report import LayerReport

if TYPE_CHECKING:
    from tvb.grid import Grid

__all__ = ["Database", "LoadOptions", "Origin", "load", "load_grid"]


@runtime_checkable
class Database(Protocol):
    """An SQLAlchemy engine or connection, known by its dialect without importing SQLAlchemy."""

    @property
    def dialect(self) -> Any:
        """Kind of database."""


Origin: TypeAlias = "PathOrPaths | Database"
"""A path, several paths, or a connection to a database."""


class LoadOptions(TypedDict, total=False):
    """Options of `tvb.io.read_layer`, passed on by every loader.

    For a connection, ``source_layer`` names the table.
    """

    source_layer: str
    crs: Any
    encoding: str
    extra_columns: bool
    bbox: Window
    progress: bool


def load_grid(
    path: PathLike, name: str, bbox: Window | None = None, *, band: int | None = None
) -> Grid:
    """Return a raster as a grid in EPSG:2154.

    Parameters
    ----------
    path : str or os.PathLike
        Any raster that GDAL reads.
    name : str
        Name of its schema.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154.
    band : int, optional
        Band to read, from 1 on, of a file of several.

    Returns
    -------
    tvb.grid.Grid
        Values and place.

    Raises
    ------
    SourceError, CrsError
        As `tvb.io.read_grid` does.
    """
    from tvb.io.raster import read_grid  # rasterio only when a raster is read

    return read_grid(path, name, bbox=bbox, band=band)


def load(
    path: Origin,
    layer: str,
    options: LoadOptions,
    *,
    fill: Callable[[str], Mapping[str, str]] | None = None,
) -> gpd.GeoDataFrame:
    """Return the valid frame of a layer; one warning says what was repaired or dropped.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    layer : str
        Name of the schema.
    options : dict
        Those of `tvb.io.read_layer`.
    fill : callable, optional
        From the name of a dataset to the values of canonical columns that it lacks.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    request = Request(layer, fill=fill, **options)
    if isinstance(path, Database):
        frame, report = _load_table(path, request)
    else:
        frame, report = read_request(path, request)
    _warn_of_changes(report)
    return frame


def _load_table(connection: Any, request: Request) -> tuple[gpd.GeoDataFrame, LayerReport]:
    from tvb.io.database import read_database  # only where a database is read

    table = request.source_layer
    if table is None:
        raise SourceError(
            explain(
                request.layer,
                "a connection is given, but no table",
                remedy='name it with source_layer=, for example source_layer="public.commune"',
            )
        )
    return conform_request(read_database(connection, table, bbox=request.bbox), request, table)


def _warn_of_changes(report: LayerReport) -> None:
    """Say in a line what was repaired or dropped: nothing is dropped silently."""
    if not (report.dropped or report.repaired):
        return
    happened = [f"dropped, {entry}" for entry in report.dropped]
    happened += [f"repaired, {entry}" for entry in report.repaired]
    warnings.warn(
        f"{report.layer} ← {', '.join(report.files)}: {'; '.join(happened)}. "
        f"Details: tvb.io.read_layer(…)[1].summary()",
        TvbWarning,
        stacklevel=4,
    )
