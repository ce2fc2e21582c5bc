"""Values as files hold them → values as a schema declares them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.io.text import TEXT
from tvb.schema import Column
from tvb.schema.declare import Dtype

__all__ = ["Cast", "cast_values", "final_dtype", "null_values"]

Series: TypeAlias = "pd.Series[Any]"

_TRUE = ("oui", "o", "vrai", "v", "true", "t", "yes", "y", "1", "1.0")
_FALSE = ("non", "n", "faux", "false", "f", "no", "0", "0.0")
_INT64_LIMIT = 2.0**63
_NULLABLE: dict[Dtype, Any] = {
    "text": TEXT, "integer": "Int64", "number": "float64", "boolean": "boolean",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cast:
    """A column turned into the type declared.

    Parameters
    ----------
    values : pandas.Series
        Text, ``Int64``, ``float64`` or ``boolean``.
    wrong : numpy.ndarray of bool
        Rows whose value is impossible; they are null in `values`.
    repairs : dict of str to numpy.ndarray of bool
        Rows repaired, by what was done.
    remarks : dict of str to numpy.ndarray of bool
        Rows that were read as intended, though not as written.
    """

    values: Series
    wrong: NDArray[np.bool_]
    repairs: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    remarks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def cast_values(values: Series, column: Column) -> Cast:
    """Return the values of a column in its declared type.

    Parameters
    ----------
    values : pandas.Series
        As the file holds them.
    column : Column
        Declaration.

    Returns
    -------
    Cast
        The values on the same index. Blank text is null and not wrong; ``Oui``, ``T`` and 1 are
        true; ``3,5`` is 3.5; a code that lost its leading zeros has them back; what cannot be read
        is null and wrong.
    """
    cast = {
        "text": _to_text,
        "integer": _to_integer,
        "number": _to_number,
        "boolean": _to_boolean,
    }[column.dtype](values, column)
    return _keep_allowed(cast, column) if column.allowed else cast


def final_dtype(column: Column) -> Any:
    """Return the dtype of a column in a valid frame.

    Parameters
    ----------
    column : Column
        Declaration.

    Returns
    -------
    dtype
        ``str``, ``int64`` or ``Int64``, ``float64``, ``bool`` or ``boolean``.
    """
    strict = {"integer": "int64", "boolean": "bool"}
    if not column.nullable and column.dtype in strict:
        return strict[column.dtype]
    return _NULLABLE[column.dtype]


def null_values(column: Column, index: pd.Index[Any]) -> Series:
    """Return a column that holds nothing.

    Parameters
    ----------
    column : Column
        Declaration.
    index : pandas.Index
        Index wanted.

    Returns
    -------
    pandas.Series
        All null, of the nullable dtype of the column.
    """
    values: Series = pd.Series(np.nan, index=index, dtype=_NULLABLE[column.dtype])
    return values


def _texts(values: Series) -> pd.Series[str]:
    """Return values as stripped text; blank is null; 81.0 is « 81 »."""
    if isinstance(values.dtype, pd.StringDtype):
        texts = values.astype(TEXT)
    else:
        texts = _written(values).astype(TEXT).mask(values.isna())
    texts = texts.str.strip()
    blank = texts == ""
    return texts.mask(blank) if blank.any() else texts


def _written(values: Series) -> Series:
    """Return each value as people write it; what stands for null does not matter."""
    if pd.api.types.is_float_dtype(values.dtype):
        floats = values.astype("float64")
        whole = ((floats == floats.round()) & (floats.abs() < _INT64_LIMIT)).to_numpy()
        texts = floats.astype(object)
        texts[whole] = floats[whole].astype("int64").astype(object)
        return texts.map(str)
    return values.astype(object).map(str)


def _to_text(values: Series, column: Column) -> Cast:
    texts = _texts(values)
    wrong = np.zeros(len(texts), dtype=bool)
    if column.width is None:
        return Cast(texts, wrong)
    codes = texts.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)  # a code that went through Excel
    short = (codes.str.fullmatch(r"\d+") & (codes.str.len() < column.width)).fillna(False)
    codes = codes.where(~short.astype(bool), codes.str.zfill(column.width))
    wrong = (codes.notna() & (codes.str.len() != column.width)).to_numpy(dtype=bool)
    repaired = short.to_numpy(dtype=bool) & ~wrong
    return Cast(
        codes.mask(wrong), wrong, {f"leading zeros put back in « {column.name} »": repaired}
    )


def _numbers(values: Series, column: Column) -> Cast:
    """Return values as float64."""
    if pd.api.types.is_numeric_dtype(values.dtype):  # bool included
        return Cast(values.astype("Float64").astype("float64"), _none(values))
    texts = _texts(values)
    plain = texts.str.replace(r"[\s\u00a0\u202f]", "", regex=True)
    comma = plain.str.contains(",", regex=False).fillna(False).to_numpy(dtype=bool)
    numbers = pd.to_numeric(plain.str.replace(",", ".", regex=False), errors="coerce")
    floats = numbers.astype("float64")
    commas = comma & floats.notna().to_numpy()
    return Cast(
        floats,
        (texts.notna() & floats.isna()).to_numpy(dtype=bool),
        remarks={f"decimal comma read in « {column.name} »": commas},
    )


def _none(values: Series) -> NDArray[np.bool_]:
    return np.zeros(len(values), dtype=bool)


def _to_number(values: Series, column: Column) -> Cast:
    cast = _numbers(values, column)
    infinite = np.isinf(cast.values.to_numpy())
    return replace(cast, values=cast.values.mask(infinite), wrong=cast.wrong | infinite)


def _to_integer(values: Series, column: Column) -> Cast:
    if pd.api.types.is_integer_dtype(values.dtype):
        if not pd.api.types.is_unsigned_integer_dtype(values.dtype):
            return Cast(values.astype("Int64"), _none(values))
        whole = values.astype("UInt64")
        beyond = (whole > np.iinfo(np.int64).max).fillna(value=False).to_numpy(dtype=bool)
        return Cast(whole.mask(beyond).astype("Int64"), beyond)
    cast = _to_number(values, column)
    floats = cast.values
    broken = (
        floats.notna() & ((floats != floats.round()) | (floats.abs() >= _INT64_LIMIT))
    ).to_numpy()
    return replace(cast, values=floats.mask(broken).astype("Int64"), wrong=cast.wrong | broken)


def _to_boolean(values: Series, column: Column) -> Cast:
    del column
    if pd.api.types.is_bool_dtype(values.dtype):
        return Cast(values.astype("boolean"), _none(values))
    texts = _texts(values).str.lower()
    table = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    truth = texts.map(table).astype("boolean")
    return Cast(truth, (texts.notna() & truth.isna()).to_numpy(dtype=bool))


def _keep_allowed(cast: Cast, column: Column) -> Cast:
    """Turn values into the allowed spelling; null where there is none."""
    spelling = {value.casefold(): value for value in column.allowed}
    texts = cast.values.str.casefold().map(spelling).astype(TEXT)
    wrong = (cast.values.notna() & texts.isna()).to_numpy(dtype=bool)
    respelt = (texts.notna() & (texts != cast.values)).to_numpy(dtype=bool)
    reason = f"spelling of « {column.name} » corrected"
    return Cast(texts, cast.wrong | wrong, cast.repairs | {reason: respelt})
