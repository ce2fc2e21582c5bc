"""One GeoPackage for several layers and tables, which QGIS opens styled.

GDAL writes the tables; what QGIS looks for and GDAL does not know is added with SQLite
(`tvb.io.qgis_tables`).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from tvb.errors import LayerError, ParameterError, SourceError, explain
from tvb.io.atomic import atomic_path
from tvb.io.fields import describe_fields
from tvb.io.layer_tables import as_multiple, as_table, free_name, geometry_type
from tvb.io.qgis_layers import QgisLayer
from tvb.io.qgis_project import to_project
from tvb.io.qgis_rasters import describe_raster
from tvb.io.qgis_tables import EPOCH, add_descriptions, add_project, add_styles
from tvb.io.styles import Style, styles_for
from tvb.schema import SCHEMAS

__all__ = ["write_geopackage"]

Lang = Literal["fr", "en"]

_NAME = re.compile(r"\w(.*\S)?")
_NOT_IN_ADDRESS = re.compile(r"[|/\\]")
_RESERVED = re.compile(r"(gpkg|sqlite|rtree|ogr)_|layer_styles$|qgis_projects$", re.IGNORECASE)


def write_geopackage(
    layers: Mapping[str, gpd.GeoDataFrame | pd.DataFrame],
    path: str | os.PathLike[str],
    *,
    lang: Lang = "fr",
    styles: Mapping[str, Style] | None = None,
    origins: Mapping[str, str] | None = None,
    project: str | None = None,
    rasters: Mapping[str, str | os.PathLike[str]] | None = None,
) -> None:
    """Write layers and tables into one GeoPackage 1.2 that QGIS opens styled.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame or pandas.DataFrame
        Any CRS, in the order wanted; a frame without geometry becomes a plain table. Rows keep
        their order. An index that has a name is written as columns, another one is not. A layer
        that mixes single and multiple geometries of one kind is written as multiple ones.
    path : str or os.PathLike
        File to write or replace.
    lang : {"fr", "en"}
        Language of layer titles, legends and names of columns.
    styles : mapping of str to Style, optional
        Styles by layer, instead of those of `tvb.io.styles_for`. Where a layer holds several
        families of geometry, for the family that the style draws.
    origins : mapping of str to str, optional
        Where the content of a layer comes from; kept as its description, which QGIS shows.
    project : str, optional
        Title of a QGIS project that the file then holds: the layers in groups, styled, with the
        names of their columns. It finds them by the name of the file, which so must stay.
    rasters : mapping of str to str or os.PathLike, optional
        Files that the project shows too, in classes and with their unit, by what they are:
        ``land_cover``, ``flood_depth_02Moy``, ``terrain``, ``resistance``, or any other name. It
        finds them by their path from the GeoPackage: move all together.

    Raises
    ------
    LayerError
        If a frame cannot be a table: two geometry columns, columns that differ by case only, values
        that no column type holds.
    CrsError
        If a frame with geometry has no CRS.
    ParameterError
        If there is no layer, a name is not possible, or a style belongs to no layer; if a project
        is wanted, also if QGIS cannot write a name into an address; if rasters are given and no
        project is wanted.
    SourceError
        If the file cannot be written, or another program is changing it; if a raster cannot be
        read (`CrsError`, `LayerError` where it does not say where it lies).

    Notes
    -----
    Two runs give the same bytes: no time of writing is stored. What columns are called is written
    twice: in the styles, for QGIS, and in ``gpkg_data_columns``, for other readers.

    References
    ----------
    .. [1] OGC GeoPackage Encoding Standard 1.2, https://www.geopackage.org/spec120/
    """
    if lang not in ("fr", "en"):
        raise ParameterError(explain("lang", f"« {lang} »", required="fr or en"))
    path = Path(path)
    _check_names(layers, styles or {})
    if project is not None:
        _check_addresses([path.name, *layers])
    elif rasters:
        raise ParameterError(
            explain("rasters", "are shown by a project, and none is wanted", remedy="give project=")
        )
    tables = {name: as_table(frame, name) for name, frame in layers.items()}
    _refuse_open_file(path)
    titles = _titles(tables, lang)
    shown = [
        replace(
            _shown(name, frame, given=(styles or {}).get(name), lang=lang),
            title=titles[name],
            origin=(origins or {}).get(name, ""),
        )
        for name, frame in tables.items()
    ]
    document = None
    if project is not None:
        beside = [
            describe_raster(raster, name, folder=path.parent, lang=lang)
            for name, raster in (rasters or {}).items()
        ]
        document = to_project(shown, beside, file=path.name, title=project, lang=lang)
    with atomic_path(path) as temporary:
        for name, frame in tables.items():
            _write_table(frame, temporary, name, title=titles[name])
        _finish(temporary, shown, document)


def _shown(name: str, frame: pd.DataFrame, *, given: Style | None, lang: Lang) -> QgisLayer:
    """Return a layer or table as QGIS shows it, without title and origin."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return QgisLayer(name, name, fields=describe_fields(name, frame.columns, lang=lang))
    styles = styles_for(name, frame, lang=lang)
    if given is not None:
        one = len(styles) == 1
        styles = tuple(given if one or s.family == given.family else s for s in styles)
    columns = frame.columns.drop(frame.active_geometry_name)
    west, south, east, north = (float(value) for value in frame.total_bounds)
    return QgisLayer(
        name,
        name,
        styles,
        describe_fields(name, columns, lang=lang),
        frame.crs,
        None if np.isnan(west) else (west, south, east, north),
    )


def _check_addresses(names: Iterable[str]) -> None:
    for name in names:
        if _NOT_IN_ADDRESS.search(name):
            raise ParameterError(
                explain(
                    f"« {name} »",
                    "QGIS cannot write this name into the address of a layer",
                    required="a name without | / and \\",
                    remedy="rename it, or leave out project=",
                )
            )


def _check_names(layers: Mapping[str, pd.DataFrame], styles: Mapping[str, Style]) -> None:
    if not layers:
        raise ParameterError(explain("layers", "none given", required="at least one layer"))
    folded = [name.casefold() for name in layers]
    for name in layers:
        if not _NAME.fullmatch(name) or not name.isprintable() or _RESERVED.match(name):
            raise ParameterError(
                explain(
                    f"layer « {name} »",
                    "not possible as the name of a table",
                    required="text that begins with a letter, and not like a table of the format",
                )
            )
        if folded.count(name.casefold()) > 1:
            raise ParameterError(explain(f"layer « {name} »", "two names that differ by case only"))
    strangers = [name for name in styles if name not in layers]
    if strangers:
        raise ParameterError(
            explain(f"style « {strangers[0]} »", "belongs to no layer", required=", ".join(layers))
        )


def _refuse_open_file(path: Path) -> None:
    """Raise if SQLite keeps changes beside the file: it would lay them over the new one."""
    for suffix in ("-wal", "-journal"):
        side = path.with_name(path.name + suffix)
        if side.exists() and side.stat().st_size > 0:
            raise SourceError(
                explain(
                    str(path),
                    f"another program is changing it ({side.name} holds its changes)",
                    remedy="save and close it there (QGIS keeps open what a project shows)",
                )
            )


def _titles(tables: Mapping[str, pd.DataFrame], lang: Lang) -> dict[str, str]:
    """Return the identifiers of the tables, which the format wants different from each other."""
    titles = {
        name: getattr(SCHEMAS[name], f"title_{lang}") if name in SCHEMAS else name
        for name in tables
    }
    taken = list(titles.values())
    return {
        name: title if taken.count(title) == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def _write_table(frame: pd.DataFrame, path: Path, name: str, *, title: str) -> None:
    options: dict[str, Any] = {
        "layer": name,
        "driver": "GPKG",
        "append": path.exists(),
        "use_arrow": True,
        "dataset_options": {"VERSION": "1.2"},
        "layer_options": {"IDENTIFIER": title, "FID": free_name("fid", frame)},
    }
    if isinstance(frame, gpd.GeoDataFrame):
        kind = geometry_type(frame, name)
        if kind.startswith("Multi"):
            frame = frame.set_geometry(as_multiple(frame.geometry))
        options["geometry_type"] = kind
        options["layer_options"]["GEOMETRY_NAME"] = free_name("geom", frame)
    try:
        pyogrio.write_dataframe(frame, path, **options)
    except DataSourceError as error:
        raise SourceError(explain(str(path), f"cannot be written ({error})")) from error
    except (TypeError, ValueError, RuntimeError) as error:
        raise LayerError(
            explain(
                name,
                f"cannot be written ({error})",
                required="columns of text, numbers, booleans or dates",
            )
        ) from error


_COMMIT_COUNTERS = (24, 92)
"""Bytes of the header of SQLite: the file change counter, and the commit its size was valid for."""


def _finish(path: Path, layers: Sequence[QgisLayer], project: str | None) -> None:
    """Add what QGIS looks for, and replace the time of writing by a constant."""
    with closing(sqlite3.connect(path)) as database, database:
        add_styles(database, layers)
        add_descriptions(database, layers)
        if project is not None:
            add_project(database, project)
        database.executemany(
            "UPDATE gpkg_contents SET description = ? WHERE table_name = ?",
            [(layer.origin, layer.name) for layer in layers if layer.origin],
        )
        database.execute("UPDATE gpkg_contents SET last_change = ?", (EPOCH,))
    # What was overwritten, times of writing among it, stays in the free space of its page.
    with closing(sqlite3.connect(path)) as database:
        database.execute("VACUUM")
    # GDAL commits once more or less as the clock has it, and SQLite counts the commits.
    with path.open("r+b") as file:
        for place in _COMMIT_COUNTERS:
            file.seek(place)
            file.write((1).to_bytes(4, "big"))
