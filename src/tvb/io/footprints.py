"""The buildings of a file of any size, by chunks: `tvb.io.read_layer` without the frame."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, SourceError, explain
from tvb.io.assembly import Assembly
from tvb.io.batches import Opened, Window
from tvb.io.crs import name_of, resolve_crs, window_in
from tvb.io.direct_rows import stream_rows
from tvb.io.footprint_chunks import (
    COUNTED,
    ROW,
    ChunkLedger,
    ChunkReader,
    Claim,
    FootprintChunk,
    Portion,
)
from tvb.io.locate import Located, checksum, locate
from tvb.io.ogr import GEOMETRY
from tvb.io.parquet import ParquetReader
from tvb.io.read import PathLike, Request, begin_assembly, open_dataset, read_quietly
from tvb.io.report import LayerReport
from tvb.kernels import STAGE_THREADS
from tvb.schema import CRS

__all__ = ["CHUNK_ROWS", "Footprints", "open_footprints"]

CHUNK_ROWS = 131_072
"""Rows of a chunk: some 50 MB while it is being read. Threads that hand over half as many chunks to
each other lose less time by it than by larger ones the cache does."""

_LAYER = "buildings"
# Chunks that are being read, or wait for those before them: some slack lets no thread be idle.
_AHEAD = STAGE_THREADS + 3
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
        opened = open_dataset(found, request)
        self._opened: Opened | None = opened
        self.rows, self.bbox = opened.rows, request.bbox
        stat = found.path.stat()
        how = (str(found.path.absolute()), found.member, stat.st_size, stat.st_mtime_ns, chunk_rows)
        self.identity = repr((*how, request))
        self._crs, remark = resolve_crs(opened.crs, request.crs, found.label)
        self._account = begin_assembly(request, many=False)
        plan = self._account.begin(found.label, opened.columns, crs=self._crs, fill={})
        moved = f"reprojected from {name_of(self._crs)} to {CRS}"
        for note in (*opened.notes, remark, moved if self._account.reprojects else None):
            if note:
                self._account.remark(note)
        schema = self._account.schema
        wanted = (str(schema.key), *COUNTED)
        self._sources = {n: plan.source_of[n] for n in wanted if n in plan.source_of}
        self._ledger = ChunkLedger()
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
        claims = {number: Claim.from_arrays(arrays) for number, arrays in (done or {}).items()}
        self._ledger, self._whole = ChunkLedger(self.rows), False
        opened = self._opened or open_dataset(self._found, self._request)
        self._opened = None
        reader = self._chunk_reader(opened)
        waiting: deque[Claim | Future[FootprintChunk]] = deque()
        first = 0
        with ThreadPoolExecutor(2 * STAGE_THREADS) as pool:
            try:
                for number, portion in enumerate(self._portions(opened)):
                    if number in claims:
                        waiting.append(claims[number])
                    else:
                        waiting.append(pool.submit(reader.read, number, first, portion))
                    first += len(portion)
                    if len(waiting) >= _AHEAD:
                        yield from self._settle(waiting.popleft())
                while waiting:
                    yield from self._settle(waiting.popleft())
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
        account = begin_assembly(self._request, many=False).ledger
        for entry in self._account.ledger.entries("notes"):
            account.add("notes", entry.reason, entry.count, ids=entry.ids)
        for claim in self._ledger.claims:
            for kind, entry in claim.entries:
                account.add(kind, entry.reason, entry.count, ids=entry.ids)
        dropped = {entry.reason: entry.count for entry in account.entries("dropped")}
        read = sum(claim.rows_read for claim in self._ledger.claims)
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

    def _settle(self, one: Claim | Future[FootprintChunk]) -> Iterator[FootprintChunk]:
        """Enter a chunk and yield it; one that was done yields nothing."""
        if isinstance(one, Claim):
            self._ledger.enter(one)
            return
        try:
            chunk = one.result()
        except NotImplementedError as error:
            raise SourceError(
                explain(
                    self._found.label,
                    "holds curves, which cannot be read by chunks",
                    remedy="read it with tvb.io.read_layer, write it with tvb.io.write_geopackage, "
                    "and open that",
                )
            ) from error
        yield self._ledger.settle(chunk)

    def _chunk_reader(self, opened: Opened) -> ChunkReader:
        assembly = Assembly(self._account.schema, extra_columns=True, bbox=self.bbox, many=False)
        names = (*self._sources.values(), ROW)
        assembly.begin(self._found.label, names, crs=self._crs, fill={})
        primary = opened.read.primary if isinstance(opened.read, ParquetReader) else GEOMETRY
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
        elif window is None:
            key, rows = columns[0], self._chunk_rows
            portions = stream_rows(read, columns, key=key, rows=rows, of_all=opened.rows)
        else:
            portions = read.stream(columns, window, rows=self._chunk_rows)
        return (portion for portion in read_quietly(portions, self._account) if len(portion))
