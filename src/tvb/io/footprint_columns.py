"""Columns of a chunk, read by their different values rather than row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, IntArray
from tvb.io.batches import _TO_PANDAS
from tvb.io.text import find_lost_characters, repair_mojibake
from tvb.io.values import cast_values, null_values
from tvb.schema import Column

__all__ = ["ValueColumn", "read_column", "read_keys"]


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """The values of a column, as a list of different ones and a place in it for each row.

    Parameters
    ----------
    values : pandas.Series
        Different values, in the type that the schema declares.
    place : numpy.ndarray, shape (n,)
        Their positions, -1 for null.
    """

    values: pd.Series[Any]
    place: NDArray[np.int32]

    def take(self, rows: IntArray) -> Any:
        """Return the values of some rows.

        Parameters
        ----------
        rows : numpy.ndarray, shape (k,)
            Positions.

        Returns
        -------
        pandas.api.extensions.ExtensionArray
            One value for each.
        """
        return pd.api.extensions.take(self.values.array, self.place[rows], allow_fill=True)

    def only(self, rows: IntArray) -> ValueColumn:
        """Return the column of some rows.

        Parameters
        ----------
        rows : numpy.ndarray, shape (k,)
            Positions.

        Returns
        -------
        ValueColumn
            Of k rows.
        """
        return ValueColumn(self.values, self.place[rows])

    def append(self, values: pd.Series[Any]) -> ValueColumn:
        """Return the column with rows more.

        Parameters
        ----------
        values : pandas.Series
            Their values, in the same type.

        Returns
        -------
        ValueColumn
            The rows of both.
        """
        together = pd.concat([self.values, values], ignore_index=True)
        more = np.arange(len(self.values), len(together), dtype=np.int32)
        return ValueColumn(together, np.concatenate([self.place, more]))


def read_column(array: pa.Array | None, column: Column, rows: int) -> tuple[ValueColumn, BoolArray]:
    """Return a column as the schema declares it, and the rows whose value needs a word.

    Parameters
    ----------
    array : pyarrow.Array or None
        As the file holds it; None where it has no such column.
    column : Column
        Declaration.
    rows : int
        Number of rows.

    Returns
    -------
    tuple of (ValueColumn, numpy.ndarray)
        The values, right for all rows but those of the mask: they were impossible, repaired, or
        not read as written.
    """
    if array is None:
        nothing = null_values(column, pd.RangeIndex(0))
        return ValueColumn(nothing, np.full(rows, -1, np.int32)), np.zeros(rows, dtype=bool)
    if not isinstance(array, pa.DictionaryArray):
        array = array.dictionary_encode()
    values, odd = _cast(array.dictionary, column)
    place = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    wrong = np.append(odd, False)[place] if odd.any() else np.zeros(rows, dtype=bool)
    return ValueColumn(values, place), wrong


def _cast(different: pa.Array, column: Column) -> tuple[pd.Series[Any], BoolArray]:
    """Return values in their declared type, and which of them need a word."""
    raw = pa.table({column.name: different}).to_pandas(
        types_mapper=_TO_PANDAS.get, date_as_object=False, ignore_metadata=True
    )[column.name]
    cast = cast_values(raw, column)
    values, odd = cast.values, cast.wrong
    for said in (cast.repairs, cast.remarks):
        for mask in said.values():
            odd = odd | mask
    if column.dtype == "text":
        values, changed = repair_mojibake(values)
        odd = odd | changed | find_lost_characters(values)
    return values, np.asarray(odd, dtype=bool)


def read_keys(array: pa.Array, column: Column) -> tuple[pa.Array, BoolArray]:
    """Return identifiers as text, and the rows whose identifier needs a word.

    Parameters
    ----------
    array : pyarrow.Array
        As the file holds them.
    column : Column
        Declaration.

    Returns
    -------
    tuple of (pyarrow.Array, numpy.ndarray)
        Texts without blanks around them, right for all rows but those of the mask: null ones, and
        those beyond ASCII, which may have been read in a wrong encoding.
    """
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        found, odd = read_column(array, column, len(array))
        everything = np.arange(len(array))
        texts = pa.array(pd.Series(found.take(everything)), pa.large_string(), from_pandas=True)
        return texts, odd | texts.is_null().to_numpy(zero_copy_only=False)
    texts = pc.utf8_trim_whitespace(array.cast(pa.large_string()))
    plain = pc.and_(pc.string_is_ascii(texts), pc.greater(pc.binary_length(texts), 0))
    return texts, ~plain.fill_null(False).to_numpy(zero_copy_only=False)
