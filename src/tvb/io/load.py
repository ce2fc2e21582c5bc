"""One function for each layer: a path in, the valid frame out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import geopandas as gpd

from tvb.io.batches import Window
from tvb.io.load_flood import (
    load_drained_basins,
    load_flood_depth,
    load_flood_hazard,
    load_population_grid,
    load_pumping_stations,
    load_terrain,
    load_watched_objects,
)
from tvb.io.loading import LoadOptions, Origin, load, load_grid
from tvb.io.read import PathLike

if TYPE_CHECKING:
    from tvb.grid import Grid

__all__ = [
    "load_buffer",
    "load_buildings",
    "load_cavaliers",
    "load_communes",
    "load_core_areas",
    "load_corridors",
    "load_cycle_routes",
    "load_drained_basins",
    "load_estates",
    "load_flood_depth",
    "load_flood_hazard",
    "load_land_cover",
    "load_pits",
    "load_population_grid",
    "load_property",
    "load_property_elements",
    "load_pumping_stations",
    "load_terrain",
    "load_terrils",
    "load_watched_objects",
]


def load_communes(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return INSEE code, name, population and intercommunality of each commune.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``communes``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "communes", options)


def load_property(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the polygons of the World Heritage property.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``property``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "property", options)


def load_buffer(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the polygons of the buffer zone.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``buffer``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "buffer", options)


def load_property_elements(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the elements of the World Heritage property.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``property_elements``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "property_elements", options)


def load_terrils(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the slag heaps; several files are read one after the other.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``terrils``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "terrils", options)


def load_corridors(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the ecological corridors, lines or polygons.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``corridors``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "corridors", options)


def load_core_areas(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the core areas (réservoirs de biodiversité).

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``core_areas``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "core_areas", options)


def load_cavaliers(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the former mine railways, lines or polygons.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``cavaliers``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "cavaliers", options)


def load_cycle_routes(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the sections of cycle routes.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``cycle_routes``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "cycle_routes", options)


def load_buildings(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the building footprints.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``buildings``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "buildings", options)


def load_pits(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the mine shafts.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``pits``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "pits", options)


def load_estates(path: Origin, **options: Unpack[LoadOptions]) -> gpd.GeoDataFrame:
    """Return the mining estates.

    Parameters
    ----------
    path : path, sequence of paths, or database connection
        As in `tvb.io.read_layer`, or an SQLAlchemy engine.
    **options
        Those of `tvb.io.read_layer`.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid frame of the layer ``estates``, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `tvb.io.read_layer` does.

    Warns
    -----
    TvbWarning
        If rows were repaired or dropped.
    """
    return load(path, "estates", options)


def load_land_cover(path: PathLike, *, bbox: Window | None = None) -> Grid:
    """Return a raster of land cover.

    Parameters
    ----------
    path : str or os.PathLike
        Any raster that GDAL reads.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154; the rest is not read.

    Returns
    -------
    tvb.grid.Grid
        Codes of the classes, in EPSG:2154.

    Raises
    ------
    SourceError, CrsError
        As `tvb.io.read_grid` does.
    """
    return load_grid(path, "land_cover", bbox)
