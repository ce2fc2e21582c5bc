"""Vector files through GDAL: GeoPackage, shapefile, GeoJSON, FlatGeobuf and the others."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from tvb.errors import SourceError, explain
from tvb.io.batches import BATCH_ROWS, Batch, Opened, Window, arrow_batch, has_hollow_values
from tvb.io.locate import Located, check_layer_name, read_head
from tvb.io.text import sniff_dbf_encoding

__all__ = ["GEOMETRY", "OgrHead", "OgrReader", "open_ogr"]

GEOMETRY = "tvb_geometry"
"""Column of the geometry in what `OgrReader.stream` yields."""

_ONE_LAYER = frozenset({".shp", ".geojson", ".json", ".geojsonl", ".fgb", ".tab", ".mif"})
_ONE_BYTE_TEXT = frozenset({".shp", ".tab", ".mif"})
_GEOJSON = frozenset({".geojson", ".json"})
_FIRST_FEATURE_BYTES = (64 * 1024, 64 * 1024**2)
_ERRORS = (DataSourceError, DataLayerError, OSError, UnicodeDecodeError, ValueError)


def open_ogr(found: Located, layer: str, encoding: str | None) -> Opened:
    """Return a vector file ready to be read.

    Parameters
    ----------
    found : Located
        The file.
    layer : str
        Name of the schema; a layer of exactly this name is preferred in a file of several.
    encoding : str or None
        Encoding of the texts, where the user forces one.

    Returns
    -------
    Opened
        Ready to be read.

    Raises
    ------
    SourceError
        If the file cannot be read, has no geometry, or has several layers and none is named.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            chosen = _choose_layer(found, layer)
            if encoding is None and found.suffix == ".shp":
                encoding = sniff_dbf_encoding(found)
            options = {"encoding": encoding} if encoding else {}
            options |= {"WRITE_GFS": "NO"} if found.suffix == ".gml" else {}
            info = pyogrio.read_info(found.address, layer=chosen, **options)
        except SourceError:
            raise
        except _ERRORS as error:
            raise _unreadable(found, error) from error
    if info["geometry_type"] is None:
        raise SourceError(
            explain(
                found.label,
                "is a table without geometry",
                remedy="give the layer with its geometry, or a CSV with coordinates",
            )
        )
    notes = [
        f"GDAL: {_one_line(warning.message)}"
        for warning in said
        if "GFS file" not in str(warning.message)
    ]
    if found.suffix in _ONE_BYTE_TEXT and encoding:
        notes.append(f"texts read as {encoding}")
    columns = [str(name) for name in info["fields"]]
    if _has_feature_ids(found, columns):
        columns.remove("id")
        notes.append("« id » is the feature identifier of GeoJSON, not an attribute: left out")
    reader = OgrReader(found, chosen, options, str(info["driver"]))
    rows = int(info["features"])
    return Opened(info["crs"], tuple(columns), rows if rows >= 0 else None, reader, tuple(notes))


class OgrHead(NamedTuple):
    """What batches of a layer are like.

    ``schema`` is their schema, ``geometry`` the name that the geometry has in the file, ``number``
    the column that tells rows apart, which is none of the attributes.
    """

    schema: pa.Schema
    geometry: str
    number: str


@dataclass(frozen=True, slots=True)
class OgrReader:
    """Reads batches of one layer.

    Parameters
    ----------
    found : Located
        The file.
    layer : str or None
        Layer of the file; None for the only one of a format that holds one.
    options : dict of str to str
        Options for opening it, and the encoding where one is forced.
    driver : str
        Name of the format in GDAL.
    """

    found: Located
    layer: str | None
    options: dict[str, str]
    driver: str

    def __call__(self, columns: Sequence[str] | None, window: Window | None) -> Iterator[Batch]:
        done = 0
        try:
            for batch in self.stream(columns, window, rows=BATCH_ROWS):
                yield arrow_batch(batch, GEOMETRY)
                done += batch.num_rows
        except NotImplementedError:  # curves: GDAL turns them into segments, without Arrow
            yield self._read_curves(done, window, columns)
        except SourceError:
            raise
        except _ERRORS as error:
            raise _unreadable(self.found, error) from error

    def stream(
        self, columns: Sequence[str] | None, window: Window | None, *, rows: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches as GDAL gives them, any number of times.

        Parameters
        ----------
        columns : sequence of str or None
            Attributes wanted; None for all.
        window : tuple of float or None
            In the system of the file.
        rows : int
            Most rows of a batch.

        Yields
        ------
        pyarrow.RecordBatch
            Attributes, and the geometry in well-known binary, in column `GEOMETRY`.

        Raises
        ------
        SourceError
            If the file cannot be read.
        """
        try:
            yield from self._open_stream(columns, window, rows)
        except _ERRORS as error:
            raise _unreadable(self.found, error) from error

    def head(self, columns: Sequence[str]) -> OgrHead:
        """Return what batches of some columns will be like; no row is read.

        Parameters
        ----------
        columns : sequence of str
            Attributes wanted.

        Returns
        -------
        OgrHead
            The geometry is last, as `GEOMETRY`.

        Raises
        ------
        SourceError
            If the file cannot be read.
        """
        try:
            with self._open_arrow(columns) as (meta, stream):
                name = meta["geometry_name"] or "wkb_geometry"
                fields = [field for field in stream.schema if field.name != name]
        except _ERRORS as error:
            raise _unreadable(self.found, error) from error
        schema = pa.schema([*fields, pa.field(GEOMETRY, pa.binary())])
        return OgrHead(schema, name, meta["fid_column"])

    def read_where(self, columns: Sequence[str], condition: str) -> pa.RecordBatch:
        """Return the rows that a condition holds for.

        Parameters
        ----------
        columns : sequence of str
            Attributes wanted.
        condition : str
            In SQL.

        Returns
        -------
        pyarrow.RecordBatch
            As `stream` gives them, in one batch.

        Raises
        ------
        SourceError
            If the file cannot be read.
        """
        try:
            with self._open_arrow(columns, where=condition) as (meta, stream):
                name = meta["geometry_name"] or "wkb_geometry"
                table = pa.Table.from_batches(list(stream), stream.schema)
        except _ERRORS as error:
            raise _unreadable(self.found, error) from error
        arrays = [
            pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
            for column in table.columns
        ]
        whole = pa.RecordBatch.from_arrays(arrays, schema=table.schema)
        return _rename_geometry(whole, name)

    def _open_arrow(self, columns: Sequence[str] | None, **options: Any) -> Any:
        return pyogrio.open_arrow(
            self.found.address,
            layer=self.layer,
            use_pyarrow=True,
            **_wanted(columns),
            **options,
            **self.options,
        )

    def _open_stream(
        self, columns: Sequence[str] | None, window: Window | None, rows: int
    ) -> Iterator[pa.RecordBatch]:
        flat = self.driver == "FlatGeobuf"
        options = {"bbox": window, "batch_size": rows, "return_fids": flat}
        with self._open_arrow(columns, **options) as (meta, stream):
            name = meta["geometry_name"] or "wkb_geometry"
            batches = (_rename_geometry(batch, name) for batch in stream)
            yield from self._restore_nulls(batches, window) if flat else batches

    def _restore_nulls(
        self, batches: Iterator[pa.RecordBatch], window: Window | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the batches of a FlatGeobuf, which begin with the numbers of the features, mended.

        The Arrow reader of GDAL (seen in 3.12) does not set where a null or empty geometry ends: it
        writes the next one over the first of the batch. What was there is read again without Arrow.
        It also takes what has no geometry for a part of any window.
        """
        geometry = None
        for batch in batches:
            numbers, rest = batch.column(0), batch.remove_column(0)
            if has_hollow_values(rest.column(GEOMETRY)):
                if geometry is None:
                    geometry = self._read_geometry(window)
                known = geometry.reindex(numbers.to_numpy())
                values = pa.array(known, pa.binary(), from_pandas=True)
                rest = _set_geometry(rest, GEOMETRY, values)
                rest = rest.filter(pa.array(np.isin(known.index, geometry.index)))
            yield rest

    def _read_geometry(self, window: Window | None) -> pd.Series[Any]:
        """Return the well-known binary of all features by their number."""
        _, numbers, geometry, _ = pyogrio.raw.read(
            self.found.address,
            layer=self.layer,
            bbox=window,
            columns=[],
            return_fids=True,
            **self.options,
        )
        return pd.Series(geometry, index=numbers, dtype=object)

    def _read_curves(
        self, done: int, window: Window | None, columns: Sequence[str] | None
    ) -> Batch:
        frame = pyogrio.read_dataframe(
            self.found.address,
            layer=self.layer,
            bbox=window,
            skip_features=done,
            use_arrow=False,
            **_wanted(columns),
            **self.options,
        )
        nothing = np.zeros(len(frame), dtype=bool)
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        return Batch(table, gpd.GeoSeries(frame.geometry).to_numpy(), nothing, nothing)


def _wanted(columns: Sequence[str] | None) -> dict[str, list[str]]:
    return {} if columns is None else {"columns": list(columns)}


def _rename_geometry(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """Return a batch with its geometry as plain binary, under the name that it has here."""
    column = batch.column(batch.schema.get_field_index(name))
    plain = column.storage if isinstance(column, pa.ExtensionArray) else column
    return _set_geometry(batch, name, plain)


def _set_geometry(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    return batch.set_column(batch.schema.get_field_index(name), GEOMETRY, values)


def _choose_layer(found: Located, layer: str) -> str | None:
    """Return the layer to read; None for the only layer of a format that holds one."""
    named_already = found.source_layer in (None, found.stem, found.path.name, found.member)
    if found.suffix in _ONE_LAYER and named_already:
        return None
    # GDAL lists the layers of a GML file only after writing what it learnt beside it, unless the
    # file has no place of its own.
    gml = found.suffix == ".gml" and found.member is None
    listed = pyogrio.list_layers(f"/vsisubfile/0,{found.address}" if gml else found.address)
    spatial = [str(name) for name, geometry in listed if geometry is not None]
    wanted = found.source_layer or layer
    exact = [name for name in spatial if name == wanted]
    named = exact or [name for name in spatial if name.casefold() == wanted.casefold()]
    asked = not named_already
    if len(named) == 1 or (len(spatial) == 1 and not asked):
        return check_layer_name(named[0] if named else spatial[0], found.label)
    shown = ", ".join(repr(name)[1:-1] for name in spatial[:20]) or "none"
    problem = (
        f"has no layer « {found.source_layer} »"
        if asked
        else (f"has {len(spatial)} layers with geometry")
    )
    raise SourceError(
        explain(
            found.label,
            f"{problem}; it holds: {shown}",
            remedy="choose one with source_layer= (tvb check: --source-layer)",
        )
    )


def _has_feature_ids(found: Located, columns: list[str]) -> bool:
    """Tell whether « id » comes from the features of a GeoJSON file, not from their properties."""
    if found.suffix not in _GEOJSON or "id" not in columns:
        return False
    for size in _FIRST_FEATURE_BYTES:
        text = read_head(found, size).decode("utf-8", "replace")
        start = re.search(r'"features"\s*:\s*\[|"Feature"', text)
        first = re.compile(r'"properties"\s*:\s*(?=\{)').search(text, start.end() if start else 0)
        try:
            properties, _ = json.JSONDecoder().raw_decode(text, first.end() if first else len(text))
        except ValueError:  # the first feature is longer than what was read
            continue
        return "id" not in properties
    return False


def _unreadable(found: Located, error: Exception) -> SourceError:
    return SourceError(
        explain(
            found.label,
            f"cannot be read: {_one_line(error)}",
            remedy="open it in QGIS to see whether it is complete, then export it again",
        )
    )


def _one_line(message: object) -> str:
    return " ".join(str(message).split()).rstrip(".")[:200]
