"""Columns of a chunk, read by their different values rather than row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, IntArray
from tvb.io.batches import TO_PANDAS
from tvb.io.footprint_keys import Hashes, inspect_keys
from tvb.io.text import find_lost_characters, repair_mojibake
from tvb.io.values import cast_values, null_values
from tvb.schema import Column

__all__ = ["ValueColumn", "read_column", "read_keys"]

_FEW_NUMBERS, _FEW_TEXTS = 1024, 64


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """The values of a column, as a list of different ones and a place in it for each row.

    Parameters
    ----------
    values : pandas.Series
        Different values, in the type that the schema declares.
    place : numpy.ndarray, shape (n,)
        Their positions, -1 for null.
    listed : tuple
        What `describe` gives first, where that is known.
    """

    values: pd.Series[Any]
    place: NDArray[np.int32]
    listed: tuple[Any, ...] = ()

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

    def describe(self) -> tuple[tuple[Any, ...], Any]:
        """Return the different values, null last, and their type.

        Returns
        -------
        tuple of (tuple, dtype)
            Each place is an index of the first.
        """
        listed = self.listed or _list_values(self.values)
        return listed, self.values.dtype

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
        return ValueColumn(self.values, self.place[rows], self.listed)

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
    different, place = _number_values(array)
    listed: tuple[Any, ...] = ()
    if len(different) <= _FEW_NUMBERS:
        values, odd, listed = _cast_few(tuple(different.to_pylist()), different.type, column)
    else:
        values, odd = _cast(different, column)
    wrong = np.append(odd, False)[place] if odd.any() else np.zeros(rows, dtype=bool)
    return ValueColumn(values, place, listed), wrong


def _number_values(array: pa.Array) -> tuple[pa.Array, NDArray[np.int32]]:
    """Return different values, and the place among them of each row; -1 for null."""
    if pa.types.is_boolean(array.type):
        different, place = pa.array([False, True]), _stored(array.cast(pa.uint8()))
    elif (most := _most_of_few(array)) is not None:
        # Those that no row has do no harm.
        different, place = pa.array(range(most + 1), array.type), _stored(array)
    else:
        encoded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
        different, place = _in_order(encoded.dictionary, np.asarray(encoded.indices.fill_null(0)))
    place = place.astype(np.int32)
    if array.null_count:
        place[array.is_null().to_numpy(zero_copy_only=False)] = -1
    return different, place


def _most_of_few(array: pa.Array) -> int | None:
    """Return the largest of whole numbers from 0 up to a few; None where there are others."""
    if not pa.types.is_integer(array.type):
        return None
    least, most = (value.as_py() for value in pc.min_max(array).values())
    return most if least is not None and least >= 0 and most < _FEW_NUMBERS else None


def _stored(array: pa.Array) -> NDArray[Any]:
    """Return numbers as they are stored, anything where they are null."""
    stored = np.frombuffer(array.buffers()[1], array.type.to_pandas_dtype())
    return stored[array.offset :][: len(array)]


def _in_order(different: pa.Array, place: NDArray[Any]) -> tuple[pa.Array, NDArray[Any]]:
    """Return a few texts in order, in which they are the same in most chunks, and places again."""
    if len(different) == 0 or len(different) > _FEW_TEXTS or different.null_count:
        return different, place
    order = pc.sort_indices(different)
    rank = np.empty(len(order), dtype=np.int32)
    rank[np.asarray(order)] = np.arange(len(order))
    return different.take(order), rank[place]


@lru_cache(maxsize=256)
def _cast_few(
    different: tuple[Any, ...], given: pa.DataType, column: Column
) -> tuple[pd.Series[Any], BoolArray, tuple[Any, ...]]:
    """Return `_cast` of values that may have been cast before, and the list of these."""
    values, odd = _cast(pa.array(different, given), column)
    return values, odd, _list_values(values)


def _list_values(values: pd.Series[Any]) -> tuple[Any, ...]:
    return (*values.tolist(), pd.NA)


def _cast(different: pa.Array, column: Column) -> tuple[pd.Series[Any], BoolArray]:
    """Return values in their declared type, and which of them need a word."""
    raw = pa.table({column.name: different}).to_pandas(
        types_mapper=TO_PANDAS.get, date_as_object=False, ignore_metadata=True
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


def read_keys(array: pa.Array, column: Column) -> tuple[pa.Array, BoolArray, Hashes]:
    """Return identifiers as text, and the rows whose identifier needs a word.

    Parameters
    ----------
    array : pyarrow.Array
        As the file holds them.
    column : Column
        Declaration.

    Returns
    -------
    tuple of (pyarrow.Array, numpy.ndarray, numpy.ndarray)
        Texts without blanks around them, right for all rows but those of the mask: null ones, and
        those beyond ASCII, which may have been read in a wrong encoding. The mask. A number for
        each text, as `tvb.io.footprint_keys.hash_keys` gives it.
    """
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        found, odd = read_column(array, column, len(array))
        everything = np.arange(len(array))
        texts = pa.array(pd.Series(found.take(everything)), pa.large_string(), from_pandas=True)
        odd = odd | texts.is_null().to_numpy(zero_copy_only=False)
        return texts, odd, inspect_keys(texts).hashes
    told = inspect_keys(array)
    if told.blank:
        array = pc.utf8_trim_whitespace(array)
        told = inspect_keys(array)
    odd = ~told.plain
    if array.null_count:
        odd |= array.is_null().to_numpy(zero_copy_only=False)
    return array, odd, told.hashes
