"""Text tables with coordinates: one point, or one well-known text, for each row."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, SourceError, explain
from tvb.geometry.squares import GRID_CRS, square_cells
from tvb.io.batches import BATCH_ROWS, Batch, Opened, Window
from tvb.io.cells import cell_column
from tvb.io.columns import fold
from tvb.io.locate import Located, read_head
from tvb.io.text import TEXT, sniff_csv_encoding
from tvb.schema import LayerSchema

__all__ = ["open_table"]

_SEPARATORS = ";,\t|"
_WKT = ("wkt", "geom", "geometry", "the_geom", "geom_wkt", "wkt_geom", "geometrie")
_DEGREES = (
    ("longitude", "latitude"), ("lon", "lat"), ("long", "lat"), ("lng", "lat"), ("xlong", "ylat"),
)  # fmt: skip
_LAMBERT = (("x_l93", "y_l93"), ("x_lambert93", "y_lambert93"), ("xl93", "yl93"))
_UNSAID = (("x", "y"), ("coord_x", "coord_y"), ("coordx", "coordy"))
_LON_LAT = ("coordonneesxy",)
_LAT_LON = ("geo_point_2d", "geo_point", "geopoint")
_WGS84 = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the coordinates stand: columns, how to read them, and their system."""

    kind: str
    columns: tuple[str, ...]
    crs: str | None

    @property
    def taken(self) -> tuple[str, ...]:
        """Columns that are no attributes; names of squares are."""
        return () if self.kind == "cells" else self.columns


def open_table(
    found: Located, encoding: str | None, *, schema: LayerSchema | None = None
) -> Opened:
    """Return a text table ready to be read.

    Parameters
    ----------
    found : Located
        A file whose fields are separated by ``;``, ``,``, ``|`` or a tabulation.
    encoding : str or None
        Encoding, where the user forces one.
    schema : LayerSchema, optional
        Declaration of the layer: one made of squares needs no coordinates, only their names.

    Returns
    -------
    Opened
        Ready to be read; longitude and latitude say EPSG:4326, ``x`` and ``y`` say nothing.

    Raises
    ------
    SourceError
        If the file is empty or cannot be decoded.
    LayerError
        If no column holds coordinates.
    """
    chosen = encoding or sniff_csv_encoding(found)
    head = read_head(found, 1024**2).decode(chosen, "replace").lstrip("\ufeff")
    first = head.split("\n", 1)[0]
    if not first.strip():
        raise SourceError(explain(found.label, "is empty", required="a line of column names"))
    separator = max(_SEPARATORS, key=lambda mark: _count_outside_quotes(first, mark))
    header = pd.read_csv(io.StringIO(head), sep=separator, nrows=0, index_col=False)
    names = [str(name).strip() for name in header.columns]
    cells = cell_column(names, schema) if schema is not None else None
    place = _Place("cells", (cells,), GRID_CRS) if cells else _find_place(names, found.label)
    reader = _Reader(found, chosen, separator, place)
    kept = tuple(name for name in names if name not in place.taken)
    shown = ", ".join(f"« {name} »" for name in place.columns)
    notes = (
        f"texts read as {chosen.upper().removesuffix('-SIG')}",
        f"geometry made from {shown}",
    )
    return Opened(place.crs, kept, None, reader, notes)


def _count_outside_quotes(line: str, mark: str) -> int:
    return re.sub(r'"[^"]*"', "", line).count(mark)


def _find_place(names: list[str], label: str) -> _Place:
    """Return the columns that hold coordinates, the most explicit first."""
    by_fold = {fold(name): name for name in reversed(names)}
    for word in _WKT:
        if word in by_fold:
            return _Place("wkt", (by_fold[word],), None)
    for pairs, crs in ((_DEGREES, _WGS84), (_LAMBERT, "EPSG:2154"), (_UNSAID, None)):
        for x, y in pairs:
            if x in by_fold and y in by_fold:
                return _Place("pair", (by_fold[x], by_fold[y]), crs)
    for words, kind in ((_LON_LAT, "lon lat"), (_LAT_LON, "lat lon")):
        for word in words:
            if word in by_fold:
                return _Place(kind, (by_fold[word],), _WGS84)
    raise LayerError(
        explain(
            label,
            f"no column holds coordinates among: {', '.join(names[:30])}",
            required="longitude and latitude, lon and lat, Xlong and Ylat, x and y, coordonneesxy, "
            "or well-known text in wkt or geom",
            remedy="rename the columns that hold them",
        )
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads batches of one table."""

    found: Located
    encoding: str
    separator: str
    place: _Place

    def __call__(self, columns: Sequence[str] | None, window: Window | None) -> Iterator[Batch]:
        del window
        try:
            with (
                self._open() as file,
                pd.read_csv(
                    file,
                    sep=self.separator,
                    encoding=self.encoding,
                    dtype=TEXT,
                    keep_default_na=False,
                    na_values=[""],
                    chunksize=BATCH_ROWS // 4,  # each field is a Python object for a while
                    skipinitialspace=True,
                    index_col=False,
                ) as chunks,
            ):
                for chunk in chunks:
                    table = chunk.rename(columns=str.strip).reset_index(drop=True)
                    yield self._batch(table, columns)
        except (UnicodeError, LookupError, pd.errors.ParserError, OSError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                explain(
                    self.found.label,
                    f"cannot be read as {self.encoding} with « {self.separator} »: {error}",
                    remedy="name the encoding with encoding= (tvb check: --encoding), for example "
                    'encoding="cp1252"',
                )
            ) from error

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        if self.found.member is None:
            with self.found.path.open("rb") as file:
                yield file
        else:
            with (
                zipfile.ZipFile(self.found.path) as archive,
                archive.open(self.found.member) as file,
            ):
                yield file

    def _batch(self, table: pd.DataFrame, columns: Sequence[str] | None) -> Batch:
        geometry, unreadable = _geometry(table, self.place)
        rest = table.drop(columns=list(self.place.taken))
        if columns is not None:
            rest = rest[list(columns)]
        return Batch(rest, geometry, np.zeros(len(table), dtype=bool), unreadable)


def _geometry(table: pd.DataFrame, place: _Place) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return geometry, null where there are no coordinates, and rows that could not be read."""
    if place.kind == "cells":
        return square_cells(table[place.columns[0]])
    if place.kind == "wkt":
        texts = (
            table[place.columns[0]]
            .astype(object)
            .where(table[place.columns[0]].notna(), None)
            .to_numpy()
        )
        given = np.array([text is not None for text in texts], dtype=bool)
        geometry = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
        return geometry, given & shapely.is_missing(geometry)
    if place.kind == "pair":
        texts_x, texts_y = (table[name] for name in place.columns)
    else:
        parts = table[place.columns[0]].str.strip("[]() ").str.split(",", n=1, expand=True)
        parts = parts.reindex(columns=[0, 1]).astype(TEXT)
        texts_x, texts_y = parts[0], parts[1]
        if place.kind == "lat lon":
            texts_x, texts_y = texts_y, texts_x
    x, y = _coordinate(texts_x), _coordinate(texts_y)
    readable = np.isfinite(x) & np.isfinite(y)
    geometry = np.full(len(table), None, dtype=object)
    geometry[readable] = shapely.points(x[readable], y[readable])
    given = (texts_x.notna() | texts_y.notna()).to_numpy(dtype=bool)
    return geometry, given & ~readable


def _coordinate(texts: pd.Series[str]) -> NDArray[np.float64]:
    numbers = pd.to_numeric(texts, errors="coerce")
    if not (numbers.isna() & texts.notna()).any():
        return numbers.to_numpy(dtype=float, na_value=np.nan)
    plain = texts.str.replace(r"[\s\u00a0\u202f]", "", regex=True).str.replace(
        ",", ".", regex=False
    )
    return pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
