"""A layer of buildings in parts that any machine can open: files, or row groups of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tvb.errors import ParameterError, SourceError, explain
from tvb.io.batches import Opened
from tvb.io.crs import name_of
from tvb.io.footprint_chunks import COUNTED, Claim, FootprintChunk, Portion
from tvb.io.footprint_keys import Hashes, hash_keys
from tvb.io.footprints import CHUNK_ROWS, Footprints
from tvb.io.locate import Located, locate
from tvb.io.parquet import ParquetReader
from tvb.io.read import PathLike, Request, read_quietly
from tvb.io.report import Kind, LayerReport, Ledger

__all__ = ["FootprintPart", "PartFootprints", "join_claims", "list_footprint_parts"]

_LAYER = "buildings"
_SUFFIXES = frozenset({".fgb", ".geoparquet", ".gpkg", ".parquet", ".pq", ".shp"})
_KINDS: tuple[Kind, ...] = ("repaired", "dropped", "notes")
_NO_HASHES: Hashes = np.empty(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class FootprintPart:
    """Some buildings of a layer, to be sent to the machine that reads them.

    Parameters
    ----------
    path : str
        File; all machines find it at this path.
    size, changed_ns : int
        Its bytes, and the time of its last change, when parts were listed.
    groups : tuple of int
        Row groups of a GeoParquet file; none: the whole file.
    first : int
        Row of the file that comes first.
    rows : int or None
        Number of rows, where the file tells.
    crs_in : str
        Name of the system of the file.
    request : Request
        How the file is to be read.
    chunk_rows : int
        Most rows held at a time.
    """

    path: str
    size: int
    changed_ns: int
    groups: tuple[int, ...]
    first: int
    rows: int | None
    crs_in: str
    request: Request
    chunk_rows: int

    def __str__(self) -> str:
        name = Path(self.path).name
        return f"{name}, rows from {self.first}" if self.groups else name

    def open(self, *, repeated: Hashes = _NO_HASHES) -> PartFootprints:
        """Return the buildings, to be gone through by chunks.

        Parameters
        ----------
        repeated : numpy.ndarray
            Hashes of identifiers that earlier parts have too.

        Returns
        -------
        PartFootprints
            Nothing but the head of the file has been read.

        Raises
        ------
        SourceError, CrsError, LayerError
            As `tvb.io.open_footprints` does; also if the file has not the size that it had.
        """
        found = locate(self.path, _LAYER, self.request.source_layer)
        size = found.path.stat().st_size
        if size != self.size:
            raise SourceError(
                explain(
                    self.path, f"has {size} bytes, and had {self.size} when the run began",
                    required="one file, seen by all machines and left alone until the end",
                )
            )  # fmt: skip
        return PartFootprints(found, self, repeated=repeated)


class PartFootprints(Footprints):
    """The buildings of a part, by chunks; made by `FootprintPart.open`.

    Parameters
    ----------
    found : Located
        The file.
    part : FootprintPart
        Which of its rows.
    repeated : numpy.ndarray
        Hashes of identifiers that earlier parts have too.
    """

    def __init__(self, found: Located, part: FootprintPart, *, repeated: Hashes) -> None:
        super().__init__(found, part.request, chunk_rows=part.chunk_rows)
        self._part, self._repeated = part, repeated
        self._own: list[Claim] = []

    @property
    def crs_in(self) -> str:
        """Name of the system of the file."""
        return name_of(self._crs)

    @property
    def row_groups(self) -> list[int]:
        """Rows of each row group; none where the file cannot be read by them."""
        read: Any = None if self._opened is None else self._opened.read
        if self._found.member or not isinstance(read, ParquetReader) or read.encoding != "WKB":
            return []
        told = read.file.metadata
        return [told.row_group(i).num_rows for i in range(told.num_row_groups)]

    def chunks(
        self, done: Mapping[int, Mapping[str, NDArray[Any]]] | None = None
    ) -> Iterator[FootprintChunk]:
        """Yield the chunks in the order of the file, as `tvb.io.Footprints` does.

        Parameters
        ----------
        done : mapping, optional
            As there.

        Yields
        ------
        FootprintChunk
            A building that an earlier row or part has too is not `present` in it.
        """
        self._own = []
        for chunk in super().chunks(done):
            at = chunk.in_file_order()
            hashes = hash_keys(chunk.keys)[at]
            kept = chunk.without(at[np.isin(hashes, self._repeated)])
            self._own.append(replace(kept.claim, hashes=hashes))
            yield kept

    def claim(self) -> Claim:
        """Return what the part adds to the account of its layer.

        Returns
        -------
        Claim
            Of all chunks gone through. Its hashes, those of earlier parts among them, are all
            different. Rows without an identifier are named after the file.
        """
        page = Ledger(_LAYER)
        for entry in self._account.ledger.entries("notes"):
            page.add("notes", entry.reason, entry.count, ids=entry.ids)
        for kind, entry in (pair for claim in self._own for pair in claim.entries):
            page.add(kind, entry.reason, entry.count, ids=self._name(entry.ids))
        return Claim(
            sum(claim.rows_read for claim in self._own),
            tuple((kind, entry) for kind in _KINDS for entry in page.entries(kind)),
            np.concatenate([_NO_HASHES, *(claim.hashes for claim in self._own)]),
        )

    def _name(self, ids: Sequence[str]) -> list[str]:
        label, first = self._found.label, self._part.first
        rows = [i.removeprefix("row ") if i.startswith("row ") else "" for i in ids]
        return [
            f"{label} row {first + int(row)}" if row else i
            for i, row in zip(ids, rows, strict=True)
        ]

    def _portions(self, opened: Opened) -> Iterator[Portion]:
        if not self._part.groups or not isinstance(opened.read, ParquetReader):
            return super()._portions(opened)
        portions: Any = self._stream(opened.read)
        return (portion for portion in read_quietly(portions, self._account) if len(portion))

    def _stream(self, reader: ParquetReader) -> Iterator[pa.RecordBatch]:
        """Yield batches of the row groups; what `ParquetReader.stream` does for a whole file."""
        schema, columns = reader.file.schema_arrow, [*self._sources.values(), reader.primary]
        few = {self._sources[name] for name in COUNTED if name in self._sources}
        texts = [name for name in few if pa.types.is_string(schema.field(name).type)]
        try:
            with pq.ParquetFile(self._part.path, read_dictionary=texts) as file:
                yield from file.iter_batches(
                    self._part.chunk_rows, row_groups=list(self._part.groups), columns=columns
                )
        except (pa.ArrowInvalid, OSError) as error:
            raise SourceError(
                explain(str(self._part), f"cannot be read: {error}", remedy="export it again")
            ) from error


def list_footprint_parts(
    path: PathLike,
    *,
    source_layer: str | None = None,
    crs: Any = None,
    encoding: str | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> list[FootprintPart]:
    """Return a file of buildings, or all files of a folder, as parts that can be read apart.

    Parameters
    ----------
    path : str or os.PathLike
        File, or folder of GeoParquet, GeoPackage, FlatGeobuf files or shapefiles: those of its
        folders too, but for names that start with a dot or an underscore.
    source_layer, crs, encoding
        As in `tvb.io.read_layer`; the same for all files.
    chunk_rows : int
        Most rows held at a time. GeoParquet is cut between row groups, into parts of this many
        rows or of one row group; a file of another format is one part.

    Returns
    -------
    list of FootprintPart
        In alphabetical order of the files, then in their order.

    Raises
    ------
    SourceError
        If there is no such file, or none in the folder.
    CrsError, LayerError, ParameterError
        As `tvb.io.open_footprints` does.
    """
    if chunk_rows < 1:
        raise ParameterError(explain("chunk_rows", f"{chunk_rows}", required="at least 1"))
    request = Request(_LAYER, source_layer, crs, encoding, extra_columns=False)
    parts: list[FootprintPart] = []
    for file in _list_files(Path(path).expanduser().absolute()):
        found = locate(file, _LAYER, source_layer)
        stat = found.path.stat()
        whole = FootprintPart(
            str(file), stat.st_size, stat.st_mtime_ns, (), 0, None, "", request, chunk_rows
        )
        opened = whole.open()
        whole = replace(whole, rows=opened.rows, crs_in=opened.crs_in)
        parts += _cut(whole, opened.row_groups) or [whole]
    return parts


def _list_files(where: Path) -> list[Path]:
    if not where.is_dir() or where.suffix.lower() == ".gdb":
        return [where]
    inside = {path.relative_to(where): path for path in where.rglob("*")}
    files = [
        inside[name]
        for name in sorted(inside, key=lambda name: name.parts)
        if name.suffix.lower() in _SUFFIXES and not any(p[0] in "._" for p in name.parts)
    ]
    if not files:
        raise SourceError(
            explain(str(where), "holds no file of buildings", required="GeoParquet, GeoPackage, …")
        )
    return files


def _cut(whole: FootprintPart, group_rows: Sequence[int]) -> list[FootprintPart]:
    """Return parts of consecutive row groups, as few as may be."""
    parts: list[FootprintPart] = []
    first = 0
    for group, rows in enumerate(group_rows):
        last = parts[-1] if parts else None
        if last is not None and (last.rows or 0) + rows <= whole.chunk_rows:
            parts[-1] = replace(last, groups=(*last.groups, group), rows=(last.rows or 0) + rows)
        else:
            parts.append(replace(whole, groups=(group,), first=first, rows=rows))
        first += rows
    return parts


def join_claims(
    claims: Sequence[Claim], parts: Sequence[FootprintPart], *, seconds: float
) -> LayerReport:
    """Return the account of a layer whose parts have all been gone through.

    Parameters
    ----------
    claims : sequence of Claim
        From `PartFootprints.claim`.
    parts : sequence of FootprintPart
        The same parts.
    seconds : float
        How long it took.

    Returns
    -------
    LayerReport
        That of `tvb.io.read_layer` for the files, without checksums.
    """
    account = Ledger(_LAYER)
    for kind, entry in (pair for claim in claims for pair in claim.entries):
        account.add(kind, entry.reason, entry.count, ids=entry.ids)
    read = sum(claim.rows_read for claim in claims)
    dropped = sum(entry.count for entry in account.entries("dropped"))
    files = dict.fromkeys(Path(part.path).name for part in parts)
    systems = dict.fromkeys(part.crs_in for part in parts)
    return account.close(
        (read, read - dropped),
        files=tuple(files),
        checksums=(),
        crs_in=", ".join(systems),
        seconds=seconds,
    )
