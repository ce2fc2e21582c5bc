"""Tables of a PostGIS database, as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from tvb.io.batches import Window
from tvb.io.crs import resolve_crs, window_in
from tvb.io.database_query import describe_table, find_srids, matching, source_of
from tvb.io.database_session import open_session

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["read_database"]


def read_database(
    connection: Engine | Connection,
    table: str,
    *,
    where: Mapping[str, Any] | None = None,
    geometry: str | None = None,
    bbox: Window | None = None,
) -> gpd.GeoDataFrame:
    """Return a table of a PostGIS database as it is; nothing is written there.

    Parameters
    ----------
    connection : sqlalchemy.engine.Engine or sqlalchemy.engine.Connection
        Open connection, or an engine of which one is borrowed.
    table : str
        Name of a table or view, ``schema.table`` outside the default schema. Each part is one
        identifier as the database spells it; it is quoted, never run.
    where : mapping of str to object, optional
        Rows to keep: column and value; a list of values keeps any of them, None keeps nulls. Values
        are bound, never written into the query.
    geometry : str, optional
        Geometry column; needed when there are several.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154; rows whose bounding box meets the window are read.

    Returns
    -------
    geopandas.GeoDataFrame
        All columns, in the order of the table, in the CRS of the geometry column (none if its SRID
        is 0). Rows come in the order that the database chooses.

    Raises
    ------
    MissingExtraError
        If SQLAlchemy is not installed.
    ParameterError
        If the connection is not one of SQLAlchemy, or ``where`` names a column that does not exist.
    SourceError
        If the table does not exist or the database refuses; the message names tables that look like
        it, never the address or the password of the server.
    LayerError
        If the table has no geometry column, several of them, or not the one named.
    CrsError
        If a window is given and the geometry is not in one known system.

    See Also
    --------
    tvb.io.iter_database : The same by chunks of valid frames.
    """
    with open_session(connection, table, read_only=True) as session:
        info = describe_table(session, table, geometry)
        crs = f"EPSG:{info.srid}" if info.srid > 0 else None
        window, srids = None, find_srids(session, info, where or {}) if bbox else ()
        if bbox is not None and srids:
            told = f"EPSG:{srids[0]}" if len(srids) == 1 and srids[0] > 0 else None
            window = (*window_in(bbox, resolve_crs(told, None, table)[0]), srids[0])
        source = source_of(info)
        query = matching(source.select(), info, source, where=where or {}, window=window)
        return gpd.read_postgis(query, session, geom_col=info.geometry, crs=crs)
