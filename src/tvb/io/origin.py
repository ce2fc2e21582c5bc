"""What the files that tvb wrote say of their own origin."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["read_origin"]


def read_origin(path: str | os.PathLike[str]) -> str:
    """Return the origin that `write_geoparquet`, `write_geopackage` or `write_grid` kept in a file.

    Parameters
    ----------
    path : str or os.PathLike
        Any file.

    Returns
    -------
    str
        The text, which begins with the nature of the content: modelled, schematic or real. Of a
        GeoPackage the first, by nature, that one of its layers states. Empty where a file says
        nothing or cannot be read: `tvb.io.read_layer` then says why.
    """
    readers = {".parquet": _of_parquet, ".gpkg": _of_geopackage, ".tif": _of_raster}
    reader = readers.get(Path(path).suffix.lower())
    return reader(Path(path)) if reader and Path(path).is_file() else ""


def _of_parquet(path: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
    except pa.ArrowInvalid:
        return ""
    return str(json.loads(metadata.get(b"PANDAS_ATTRS", b"{}")).get("origin", ""))


def _of_geopackage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT description FROM gpkg_contents").fetchall()
    except sqlite3.Error:
        return ""
    texts = [str(text or "") for (text,) in rows]
    natures = ("modelled:", "schematic:", "real:")
    return next((text for nature in natures for text in texts if text.startswith(nature)), "")


def _of_raster(path: Path) -> str:
    import rasterio
    from rasterio.errors import RasterioIOError

    try:
        with rasterio.open(path) as raster:
            return str(raster.tags().get("TIFFTAG_IMAGEDESCRIPTION", ""))
    except RasterioIOError:
        return ""
