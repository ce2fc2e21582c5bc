"""What a GeoPackage holds for QGIS beside its layers: styles, names of columns, a project."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Sequence

from tvb.io.qgis_layers import QgisLayer
from tvb.io.styles import to_qml, to_sld

__all__ = ["EPOCH", "add_descriptions", "add_project", "add_styles"]

EPOCH = "1970-01-01T00:00:00.000Z"
"""Time of change written everywhere: the true one would make every run a different file."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_STYLE_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256),
    f_table_schema TEXT(256),
    f_table_name TEXT(256),
    f_geometry_column TEXT(256),
    styleName TEXT(30),
    styleQML TEXT,
    styleSLD TEXT,
    useAsDefault BOOLEAN,
    description TEXT,
    owner TEXT(30),
    ui TEXT(30),
    update_time DATETIME
)"""
_SCHEMA_TABLES = """
CREATE TABLE gpkg_data_columns (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    name TEXT,
    title TEXT,
    description TEXT,
    mime_type TEXT,
    constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
CREATE TABLE gpkg_data_column_constraints (
    constraint_name TEXT NOT NULL,
    constraint_type TEXT NOT NULL,
    value TEXT,
    min NUMERIC,
    min_is_inclusive BOOLEAN,
    max NUMERIC,
    max_is_inclusive BOOLEAN,
    description TEXT,
    CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
    table_name TEXT,
    column_name TEXT,
    extension_name TEXT NOT NULL,
    definition TEXT NOT NULL,
    scope TEXT NOT NULL,
    CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
)"""
_SCHEMA_EXTENSION = "http://www.geopackage.org/spec120/#extension_schema"


def add_styles(database: sqlite3.Connection, layers: Sequence[QgisLayer]) -> None:
    """Add the table ``layer_styles``, which QGIS and GeoServer look for.

    Parameters
    ----------
    database : sqlite3.Connection
        A GeoPackage.
    layers : sequence of QgisLayer
        Those with neither style nor named column are left out.
    """
    geometry = dict(
        database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall()
    )
    rows = [_style_row(layer, geometry.get(layer.name, "")) for layer in layers if layer.has_style]
    if not rows:
        return
    database.execute(_STYLE_TABLE)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', 0)"
    )
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, "
        "update_time) VALUES ('', '', ?, ?, ?, ?, ?, 1, ?, '', NULL, ?)",
        rows,
    )


def _style_row(layer: QgisLayer, geometry: str) -> tuple[str, ...]:
    styles = layer.styles
    sld = to_sld(styles, geometry=geometry) if styles else ""
    name, title = (styles[0].name, styles[0].title) if styles else ("tvb", layer.title)
    return (layer.name, geometry, name, to_qml(styles, fields=layer.named), sld, title, EPOCH)


def add_descriptions(database: sqlite3.Connection, layers: Sequence[QgisLayer]) -> None:
    """Add the table ``gpkg_data_columns``, in which any reader finds what columns are called.

    Parameters
    ----------
    database : sqlite3.Connection
        A GeoPackage.
    layers : sequence of QgisLayer
        Columns that have no other name than their own are left out.

    References
    ----------
    .. [1] OGC GeoPackage Encoding Standard 1.2, annex F.9, schema extension.
    """
    rows = [
        (layer.name, field.name, field.alias, field.description or None)
        for layer in layers
        for field in layer.named
    ]
    if not rows:
        return
    database.executescript(_SCHEMA_TABLES)
    database.executemany(
        "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
        [
            (name, _SCHEMA_EXTENSION)
            for name in ("gpkg_data_columns", "gpkg_data_column_constraints")
        ],
    )
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, title, description) "
        "VALUES (?, ?, ?, ?)",
        rows,
    )


def add_project(database: sqlite3.Connection, document: str, *, name: str = "tvb") -> None:
    """Add a project as QGIS stores it: zipped, in hexadecimal digits.

    Parameters
    ----------
    database : sqlite3.Connection
        A GeoPackage.
    document : str
        XML of the project.
    name : str
        By which QGIS lists it.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            zipfile.ZipInfo(f"{name}.qgs", _ZIP_EPOCH),
            document.encode(),
            compress_type=zipfile.ZIP_DEFLATED,
        )
    metadata = json.dumps(
        {"last_modified_time": EPOCH[:19], "last_modified_user": "tvb"},
    )
    database.execute(
        "CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB)"
    )
    database.execute(
        "INSERT INTO qgis_projects VALUES (?, ?, ?)", (name, metadata, packed.getvalue().hex())
    )
