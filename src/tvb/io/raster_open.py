"""Raster files opened: those that hold their cells, and mosaics of them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import rasterio
import rasterio.io
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from tvb.errors import SourceError, explain
from tvb.io.virtual_raster import VIRTUAL_SUFFIX, read_virtual

__all__ = ["open_raster"]

_DRIVERS = ("GTiff", "AAIGrid", "ENVI", "EHdr", "HFA", "GPKG", "netCDF", "JP2OpenJPEG", "XYZ")
"""Formats opened: files that hold their cells, none that sends GDAL to another file or address."""


def open_raster(path: str | os.PathLike[str]) -> Any:
    """Return a raster open in its own system.

    Parameters
    ----------
    path : str or os.PathLike
        A file that holds its cells, or a mosaic (``.vrt``) of such files.

    Returns
    -------
    rasterio.io.DatasetReader
        To be closed.

    Raises
    ------
    SourceError
        If the file is absent, unreadable, or not safe to open.
    CrsError
        If the system of a mosaic cannot be understood.
    """
    if not Path(path).is_file():
        raise SourceError(explain(str(path), "no such file"))
    address, drivers = os.fspath(path), list(_DRIVERS)
    if Path(path).suffix.lower() == VIRTUAL_SUFFIX:
        address, drivers = read_virtual(Path(path)).xml, ["VRT"]
    try:
        with warnings.catch_warnings(), rasterio.Env():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused by the caller
            # rasterio.open() takes one driver at most.
            return rasterio.io.DatasetReader(address, driver=drivers)
    except RasterioError as error:
        raise SourceError(
            explain(
                str(path),
                f"cannot be read as a raster ({error})",
                required="a mosaic (.vrt), or one of " + ", ".join(_DRIVERS),
            )
        ) from error
