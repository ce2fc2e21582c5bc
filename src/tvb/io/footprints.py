"""The buildings of a file of any size, by chunks: `tvb.io.read_layer` without the frame."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import pyarrow as pa
import pyogrio
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, SourceError, explain
from tvb.io.assembly import Assembly
from tvb.io.batches import Opened, Window
from tvb.io.crs import name_of, resolve_crs, window_in
from tvb.io.footprint_chunks import COUNTED, ROW, ChunkReader, Claim, FootprintChunk, Portion
from tvb.io.footprint_keys import SeenKeys
from tvb.io.locate import Located, checksum, locate
from tvb.io.parquet import ParquetReader
from tvb.io.read import PathLike, Request, _assembly, _open, _quietly
from tvb.io.report import LayerReport
from tvb.schema import CRS

__all__ = ["CHUNK_ROWS", "Footprints", "open_footprints"]

CHUNK_ROWS = 131_072
"""Rows of a chunk: some 50 MB while it is being read."""

_LAYER = "buildings"
_THREADS = 2
_NO_KEY = "no « cleabs »"


def open_footprints(
    path: PathLike,
    *,
    source_layer: str | None = None,
    crs: Any = None,
    encoding: str | None = None,
    bbox: Window | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Footprints:
    """Return the buildings of a file, to be gone through by chunks.

    What comes out, all chunks together, is what `tvb.io.read_layer` makes of the file: the same
    rows, repaired and dropped for the same reasons. GeoParquet, GeoPackage, FlatGeobuf, shapefiles
    in EPSG:2154 are read without an object for each building; other systems, text tables and
    GeoParquet with native geometry come to the same, more slowly.

    Parameters
    ----------
    path, source_layer, crs, encoding, bbox
        As in `tvb.io.read_layer`; one file.
    chunk_rows : int
        Most rows of a chunk.

    Returns
    -------
    Footprints
        For `tvb.flood.count_exposure_stream`. Nothing but the head of the file has been read.

    Raises
    ------
    SourceError
        If the file is absent, unreadable, unsafe to open, or holds several layers and none is
        named.
    CrsError
        If its system is missing.
    LayerError
        If it has no identifiers.
    ParameterError
        If the window is empty, or a chunk has no rows.

    Examples
    --------
    >>> footprints = open_footprints("batiment.parquet")  # doctest: +SKIP
    >>> for chunk in footprints.chunks():  # doctest: +SKIP
    ...     print(chunk)
    """
    if chunk_rows < 1:
        raise ParameterError(explain("chunk_rows", f"{chunk_rows}", required="at least 1"))
    request = Request(_LAYER, source_layer, crs, encoding, extra_columns=False, bbox=bbox)
    found = locate(path, _LAYER, source_layer)
    return Footprints(found, request, chunk_rows=chunk_rows)


class _OgrReader(Protocol):
    """What the reader of a vector file knows of it."""

    found: Located
    layer: str | None
    options: dict[str, str]


class Footprints:
    """The buildings of a file, by chunks, any number of times; made by `open_footprints`.

    Parameters
    ----------
    found : Located
        The file.
    request : Request
        How it is to be read.
    chunk_rows : int
        Most rows of a chunk.

    Attributes
    ----------
    identity : str
        Tells apart files, versions of a file, and ways of reading it.
    rows : int or None
        Rows of the file, where it tells.
    bbox : tuple of float or None
        Window in EPSG:2154.
    """

    def __init__(self, found: Located, request: Request, *, chunk_rows: int) -> None:
        self._found, self._request, self._chunk_rows = found, request, chunk_rows
        opened = _open(found, request)
        self._opened: Opened | None = opened
        self.rows, self.bbox = opened.rows, request.bbox
        stat = found.path.stat()
        how = (str(found.path.absolute()), found.member, stat.st_size, stat.st_mtime_ns, chunk_rows)
        self.identity = repr((*how, request))
        self._crs, remark = resolve_crs(opened.crs, request.crs, found.label)
        self._account = _assembly(request, many=False)
        plan = self._account.begin(found.label, opened.columns, crs=self._crs, fill={})
        moved = f"reprojected from {name_of(self._crs)} to {CRS}"
        for note in (*opened.notes, remark, moved if self._account.reprojects else None):
            if note:
                self._account.remark(note)
        schema = self._account.schema
        wanted = (str(schema.key), *COUNTED)
        self._sources = {n: plan.source_of[n] for n in wanted if n in plan.source_of}
        self._claims: list[Claim] = []
        self._seconds = 0.0
        self._whole = False

    def __repr__(self) -> str:
        number = "" if self.rows is None else f" {self.rows} rows,"
        return f"<Footprints {self._found.label}:{number} chunks of {self._chunk_rows}>"

    def chunks(
        self, done: Mapping[int, Mapping[str, NDArray[Any]]] | None = None
    ) -> Iterator[FootprintChunk]:
        """Yield the chunks in the order of the file, the next ones being read meanwhile.

        Parameters
        ----------
        done : mapping of int to mapping of str to numpy.ndarray, optional
            Chunks not to be read, by number, with what their claims gave as arrays when they were.

        Yields
        ------
        FootprintChunk
            A building that an earlier row has too is not `present` in it.

        Raises
        ------
        SourceError, CrsError, LayerError
            As `tvb.io.read_layer` does.
        """
        start = time.perf_counter()
        seen = SeenKeys(self.rows)
        claims = {number: Claim.from_arrays(arrays) for number, arrays in (done or {}).items()}
        self._claims, self._whole = [], False
        opened = self._opened or _open(self._found, self._request)
        self._opened = None
        reader = self._chunk_reader(opened)
        waiting: deque[Claim | Future[FootprintChunk]] = deque()
        first = 0
        with ThreadPoolExecutor(_THREADS) as pool:
            try:
                for number, portion in enumerate(self._portions(opened)):
                    if number in claims:
                        waiting.append(claims[number])
                    else:
                        waiting.append(pool.submit(reader.read, number, first, portion))
                    first += len(portion)
                    if len(waiting) >= _THREADS:
                        yield from self._settle(waiting.popleft(), seen)
                while waiting:
                    yield from self._settle(waiting.popleft(), seen)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        self._seconds, self._whole = time.perf_counter() - start, True

    def report(self) -> LayerReport:
        """Return the account of the last time that all chunks were gone through.

        Returns
        -------
        LayerReport
            That of `tvb.io.read_layer`, without remarks on the values of columns that are not
            counted by.

        Raises
        ------
        ParameterError
            If it has not been gone through to the end.
        LayerError
            If no row has an identifier.
        """
        label = self._found.label
        if not self._whole:
            raise ParameterError(
                explain(label, "has not been read to its end", remedy="go through chunks() first")
            )
        account = _assembly(self._request, many=False).ledger
        for entry in self._account.ledger.entries("notes"):
            account.add("notes", entry.reason, entry.count, ids=entry.ids)
        for claim in self._claims:
            for kind, entry in claim.entries:
                account.add(kind, entry.reason, entry.count, ids=entry.ids)
        dropped = {entry.reason: entry.count for entry in account.entries("dropped")}
        read = sum(claim.rows_read for claim in self._claims)
        if read and dropped.get(_NO_KEY) == read:
            raise LayerError(
                explain(
                    f"{_LAYER} ← {label}",
                    "column « cleabs » holds no value that can be read",
                    remedy="check that this is the right column and the right file",
                )
            )
        return account.close(
            (read, read - sum(dropped.values())),
            files=(label,),
            checksums=(checksum(self._found.path),),
            crs_in=name_of(self._crs),
            seconds=self._seconds,
        )

    def _settle(
        self, one: Claim | Future[FootprintChunk], seen: SeenKeys
    ) -> Iterator[FootprintChunk]:
        """Enter the identifiers of a chunk and yield it; a chunk that was done yields nothing."""
        if isinstance(one, Claim):
            seen.add(one.hashes)
            self._claims.append(one)
            return
        chunk = one.result()
        known = seen.add(chunk.claim.hashes)
        chunk = chunk.without(chunk.in_file_order()[known])
        self._claims.append(chunk.claim)
        yield chunk

    def _chunk_reader(self, opened: Opened) -> ChunkReader:
        assembly = Assembly(self._account.schema, extra_columns=True, bbox=self.bbox, many=False)
        names = (*self._sources.values(), ROW)
        assembly.begin(self._found.label, names, crs=self._crs, fill={})
        primary = opened.read.primary if isinstance(opened.read, ParquetReader) else _GEOMETRY
        return ChunkReader(assembly, self._sources, geometry=primary, bbox=self.bbox)

    def _portions(self, opened: Opened) -> Iterator[Portion]:
        """Yield the rows of the file as it holds them."""
        window = None if self.bbox is None else window_in(self.bbox, self._crs)
        columns = list(self._sources.values())
        read: Any = opened.read
        if isinstance(read, ParquetReader) and read.encoding == "WKB":
            texts = [self._sources[name] for name in COUNTED if name in self._sources]
            portions = read.stream(columns, self._chunk_rows, different=texts)
        elif self._found.is_text or isinstance(read, ParquetReader):
            portions = read(columns, window)
        else:
            portions = _stream_ogr(read, columns, window, rows=self._chunk_rows)
        return (portion for portion in _quietly(portions, self._account) if len(portion))


_GEOMETRY = "tvb_geometry"


def _stream_ogr(
    reader: _OgrReader, columns: list[str], window: Window | None, *, rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield batches of a vector file as GDAL gives them."""
    label = reader.found.label
    try:
        with pyogrio.open_arrow(
            reader.found.address, layer=reader.layer, bbox=window, batch_size=rows,
            use_pyarrow=True, columns=columns, **reader.options,
        ) as (meta, stream):  # fmt: skip
            name = meta["geometry_name"] or "wkb_geometry"
            for batch in stream:
                names = [_GEOMETRY if n == name else n for n in batch.schema.names]
                yield batch.rename_columns(names)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise SourceError(
            explain(label, f"cannot be read: {error}", remedy="export it again from QGIS")
        ) from error
