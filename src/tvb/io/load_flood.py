"""Loaders of the layers of flooding: a path in, the valid frame out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

import geopandas as gpd

from tvb.io.batches import Window
from tvb.io.loading import LoadOptions, Origin, load, load_grid
from tvb.io.read import PathLike
from tvb.io.scenarios import scenario_of_name

if TYPE_CHECKING:
    from tvb.grid import Grid

__all__ = [
    "load_drained_basins",
    "load_flood_depth",
    "load_flood_hazard",
    "load_population_grid",
    "load_pumping_stations",
    "load_terrain",
    "load_watched_objects",
]


def load_pumping_stations(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the pumping stations.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``pumping_stations``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "pumping_stations", options)


def load_drained_basins(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the ground that each pumping station keeps dry.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``drained_basins``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "drained_basins", options)


def load_population_grid(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the inhabited squares of 200 m of INSEE, with their people and households.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine. A table without geometry
        (text, Parquet, GeoPackage) is given the squares that its identifiers name.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``population_grid``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "population_grid", options)


def load_watched_objects(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return schools, fire stations, plants, pit heads and other objects under watch.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``watched_objects``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "watched_objects", options)


def load_flood_hazard(
    path: Origin, scenario: str | None = None, **options: Unpack[LoadOptions]
) -> gpd.GeoDataFrame:
    """Return the flood zones of one or several scenarios.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`: one file for each scenario, or one for all.
    scenario : str, optional
        Scenario of the rows that say none, for example ``02Moy``; by default the one that the name
        of the file tells (COVADIS: ``N_<TRI>_INONDABLE_01_02MOY_S_<ddd>``).
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``flood_zones``, in EPSG:2154. Codes are translated as
        `tvb.io.read_hazard` does: occurrences of the CNIG to scenarios of COVADIS
        (``scenario_livre`` keeps them), classes of depth to ``niveau`` in the spelling of the
        schema. Zones of the class « Emerg » stay in the frame and expose nothing.

    Raises
    ------
    LayerError
        If neither the file, nor its name, nor `scenario` tells the scenario.
    SourceError, CrsError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """

    def fill(stem: str) -> Mapping[str, str]:
        told = scenario or scenario_of_name(stem)
        return {"scenario": told} if told else {}

    return load(path, "flood_zones", options, fill=fill)


def load_flood_depth(
    path: PathLike, *, bbox: Window | None = None, band: int | None = None
) -> Grid:
    """Return a raster of water depths.

    Parameters
    ----------
    path : str or os.PathLike
        As for `tvb.io.read_grid`; a mosaic (``.vrt``) is read by window.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154; the rest is not read.
    band : int, optional
        Band to read, from 1 on, of a file of several, such as the time steps of a flood.

    Returns
    -------
    tvb.grid.Grid
        Depths in metres, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_grid` does.

    Examples
    --------
    >>> steps = {f"t{i}": load_flood_depth("crue.tif", band=i) for i in (1, 2)}  # doctest: +SKIP
    >>> tvb.flood.measure_depth(buildings, steps)  # doctest: +SKIP
    """
    return load_grid(path, "flood_depth", bbox, band=band)


def load_terrain(path: PathLike, *, bbox: Window | None = None) -> Grid:
    """Return a raster of ground levels.

    Parameters
    ----------
    path : str or os.PathLike
        Any raster that GDAL reads.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154; the rest is not read.

    Returns
    -------
    tvb.grid.Grid
        Metres NGF, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError
        As `tvb.io.read_grid` does.
    """
    return load_grid(path, "terrain", bbox)
