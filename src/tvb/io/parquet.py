"""GeoParquet, read by row groups."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tvb.errors import SourceError, explain
from tvb.io.batches import BATCH_ROWS, Batch, Opened, Window, arrow_batch
from tvb.io.locate import Located

__all__ = ["ParquetReader", "open_parquet"]

_DEFAULT_CRS = "OGC:CRS84"
_MOST_BYTES = 2**28  # of a row group, before compression, to be held while it is read


def open_parquet(found: Located) -> Opened:
    """Return a GeoParquet file ready to be read.

    Parameters
    ----------
    found : Located
        The file, possibly inside a zip archive (it is then held in memory).

    Returns
    -------
    Opened
        Ready to be read. The window is left to the caller.

    Raises
    ------
    SourceError
        If the file cannot be read or has no geometry.
    """
    try:
        file = pq.ParquetFile(_handle(found))
        geo = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"null"))
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise SourceError(
            explain(found.label, f"cannot be read: {error}", remedy="export it again")
        ) from error
    if geo is None:
        raise SourceError(
            explain(
                found.label,
                "is a Parquet file without the GeoParquet description of its geometry",
                remedy="write it with tvb.io.write_geoparquet, geopandas or GDAL",
            )
        )
    primary = geo["primary_column"]
    told = geo["columns"][primary]
    reader = ParquetReader(found, file, primary, told.get("encoding", "WKB"))
    hidden = {primary, *told.get("covering", {}).get("bbox", {}).get("xmin", [])[:1]}
    # pandas stores a named or broken index as a column.
    names = [n for n in file.schema_arrow.names if n not in hidden and not n.startswith("__index")]
    return Opened(told.get("crs", _DEFAULT_CRS), tuple(names), file.metadata.num_rows, reader)


def _handle(found: Located) -> Any:
    if found.member is None:
        return found.path
    with zipfile.ZipFile(found.path) as archive:
        return io.BytesIO(archive.read(found.member))


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """Reads batches of one file.

    Parameters
    ----------
    found : Located
        The file.
    file : pyarrow.parquet.ParquetFile
        The same, opened; closed after the first reading.
    primary : str
        Column of the geometry.
    encoding : str
        How it is written: ``WKB``, or one of the native ones.
    """

    found: Located
    file: pq.ParquetFile
    primary: str
    encoding: str

    def __call__(self, columns: Sequence[str] | None, window: Window | None) -> Iterator[Batch]:
        del window
        names = None if columns is None else [*columns, self.primary]
        try:
            if self.encoding != "WKB":
                yield self._read_native(names)
                return
            for batch in self.file.iter_batches(BATCH_ROWS, columns=names):
                yield arrow_batch(batch, self.primary)
        except (pa.ArrowInvalid, OSError, NotImplementedError) as error:
            raise SourceError(
                explain(self.found.label, f"cannot be read: {error}", remedy="export it again")
            ) from error
        finally:
            self.file.close()

    def stream(
        self, columns: Sequence[str], rows: int, *, different: Sequence[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches as the file holds them, any number of times.

        Parameters
        ----------
        columns : sequence of str
            Attributes wanted.
        rows : int
            Most rows of a batch.
        different : sequence of str
            Texts to be read as dictionaries, because few of them are different.

        Yields
        ------
        pyarrow.RecordBatch
            Attributes, and the geometry in well-known binary.

        Raises
        ------
        SourceError
            If the file cannot be read.
        """
        schema, told = self.file.schema_arrow, self.file.metadata
        types = {n: schema.field(n).type for n in different}
        texts = [
            n for n, t in types.items() if pa.types.is_string(t) or pa.types.is_large_string(t)
        ]
        bytes_of = [told.row_group(i).total_byte_size for i in range(told.num_row_groups)]
        # Read at one go, a group takes less time; who asks for batches has other work for threads.
        at_once = max(bytes_of, default=0) <= _MOST_BYTES
        handle = _handle(self.found)
        try:
            with pq.ParquetFile(handle, read_dictionary=texts, pre_buffer=at_once) as file:
                for group in range(file.num_row_groups):
                    yield from file.iter_batches(
                        rows, [group], columns=[*columns, self.primary], use_threads=False
                    )
        except (pa.ArrowInvalid, OSError) as error:
            raise SourceError(
                explain(self.found.label, f"cannot be read: {error}", remedy="export it again")
            ) from error

    def _read_native(self, names: list[str] | None) -> Batch:
        frame = gpd.read_parquet(_handle(self.found), columns=names)
        nothing = np.zeros(len(frame), dtype=bool)
        table = pd.DataFrame(frame.drop(columns=self.primary)).reset_index(drop=True)
        return Batch(table, frame.geometry.to_numpy(), nothing, nothing)
