"""A delivery of a plan as files, laid out as the standard asks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError

from tvb.errors import ParameterError, SourceError, explain
from tvb.io.atomic import atomic_path
from tvb.io.geopackage import write_geopackage
from tvb.plan import PlanDelivery

__all__ = ["write_plan"]

_DATA, _WRITTEN = "Donnees_geographiques", "Pieces_ecrites"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time of a zip archive: the true one would make every run another file."""

_PAGE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def write_plan(
    delivery: PlanDelivery, folder: str | os.PathLike[str], *, archive: bool = False
) -> Path:
    """Write a delivery as a folder or a zip archive, and return its path.

    Parameters
    ----------
    delivery : tvb.plan.PlanDelivery
        Tables and layout, such as those of `tvb.datasets.model_plans`.
    folder : str or os.PathLike
        Where to lay it; created with its parents. What stands there under the same names is
        replaced.
    archive : bool
        Whether to write ``<name>.zip`` rather than the folder ``<name>``.

    Returns
    -------
    pathlib.Path
        The folder or the archive.

    Raises
    ------
    SourceError
        If a file cannot be written.
    ParameterError
        If the layout is unknown.

    Notes
    -----
    Written parts are PDF files without any page. Two runs give the same bytes.
    """
    if delivery.layout not in ("shapefile", "geopackage"):
        raise ParameterError(
            explain("layout", f"« {delivery.layout} »", required="shapefile or geopackage")
        )
    root = Path(folder) / delivery.name
    data = root / _DATA
    try:
        data.mkdir(parents=True, exist_ok=True)
        _write_tables(delivery, root, data)
        for part in delivery.written_parts:
            path = root / _WRITTEN / PurePosixPath(part)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_PAGE)
    except (OSError, DataSourceError) as error:
        raise SourceError(explain(str(root), f"cannot be written ({error})")) from error
    if not archive:
        return root
    packed = root.with_suffix(".zip")
    _pack(root, packed)
    return packed


def _write_tables(delivery: PlanDelivery, root: Path, data: Path) -> None:
    if delivery.layout == "geopackage":
        write_geopackage(delivery.tables, data / f"{delivery.name}.gpkg")
        return
    for name, frame in delivery.tables.items():
        drawn = isinstance(frame, gpd.GeoDataFrame)
        path = (data / f"{name}.shp") if drawn else (root / f"{name}.dbf")
        _write_shapes(frame, path, delivery.encoding)


def _write_shapes(frame: pd.DataFrame, path: Path, encoding: str) -> None:
    options: dict[str, Any] = {"DBF_DATE_LAST_UPDATE": "2000-01-01"}
    if not isinstance(frame, gpd.GeoDataFrame):
        options["SHPT"] = "NULL"  # GDAL then writes « <name>.dbf » alone
    pyogrio.write_dataframe(
        frame,
        path.with_suffix(".shp"),
        driver="ESRI Shapefile",
        layer=path.stem,
        encoding=encoding,
        layer_options=options,
    )


def _pack(root: Path, packed: Path) -> None:
    """Put a folder into an archive, in order of name and without the time."""
    with atomic_path(packed) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in _contents(root):
            archive.writestr(
                zipfile.ZipInfo(name, _EPOCH), content, compress_type=zipfile.ZIP_DEFLATED
            )


def _contents(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield f"{root.name}/{path.relative_to(root).as_posix()}", path.read_bytes()
