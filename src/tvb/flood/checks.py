"""Numbers and codes as people hold them in frames: taken as what they mean, or else refused."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, TvbWarning, explain
from tvb.geometry.arrays import IntArray
from tvb.schema import require_type

__all__ = [
    "commune_codes",
    "find_codes",
    "is_count",
    "is_number",
    "read_numbers",
    "require_columns",
    "require_index",
    "text_codes",
    "warn_of_unknown_codes",
]

_READ_IT = "read the file with tvb.io.read_layer, which adds optional columns"
_WIDTH = 5
_THROUGH_EXCEL = re.compile(r"^(\d+)\.0+$")


def require_columns(frame: pd.DataFrame, layer: str, *columns: str, remedy: str = _READ_IT) -> None:
    """Raise unless a frame has some columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any frame.
    layer : str
        Its name in messages.
    *columns : str
        Names of the columns.
    remedy : str
        How to get them.

    Raises
    ------
    LayerError
        If it is no frame, or one is missing; all that are missing are named.
    """
    require_type(frame, pd.DataFrame, layer, remedy=remedy)
    missing = [f"« {c} »" for c in columns if c not in frame.columns]
    if missing:
        raise LayerError(explain(layer, f"column {', '.join(missing)} is missing", remedy=remedy))


def require_index(given: pd.Series[Any] | pd.DataFrame, buildings: pd.DataFrame, name: str) -> None:
    """Raise unless something has one row for each building, in the same order.

    Parameters
    ----------
    given : pandas.Series or pandas.DataFrame
        What is to be laid beside the buildings.
    buildings : pandas.DataFrame
        The buildings.
    name : str
        Its name in messages.

    Raises
    ------
    ParameterError
        If its index is not that of the buildings.
    """
    has_rows = isinstance(given, pd.Series | pd.DataFrame)
    if not (has_rows and given.index.equals(buildings.index)):
        raise ParameterError(
            explain(
                name, "is not on the index of the buildings", required="one row for each building"
            )
        )


def is_number(value: object) -> bool:
    """Tell whether something given is a number: no text, not None, neither true nor false.

    Parameters
    ----------
    value : object
        What was given.

    Returns
    -------
    bool
        True for numbers of numpy too, and for what is not finite.
    """
    return isinstance(value, Real) and not isinstance(value, bool)


def is_count(value: object) -> bool:
    """Tell whether something given is a whole number from 1 on.

    Parameters
    ----------
    value : object
        What was given.

    Returns
    -------
    bool
        False for 2.0, which is a measure.
    """
    return isinstance(value, Integral) and int(value) >= 1


def read_numbers(
    values: pd.Series[Any],
    layer: str,
    *,
    whole: bool = False,
    negative: bool = False,
    texts: bool = False,
) -> NDArray[np.float64]:
    """Return the numbers of a column.

    Parameters
    ----------
    values : pandas.Series
        Named as the column; null is accepted.
    layer : str
        Name of its layer in messages.
    whole : bool
        Whether parts of one are refused.
    negative : bool
        Whether numbers below 0 are accepted.
    texts : bool
        Whether a text of digits is a number, as tables without types hold them.

    Returns
    -------
    numpy.ndarray of float64
        One for each; not a number where null.

    Raises
    ------
    LayerError
        If a value is text, infinite, or not such a number.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = np.isinf(numbers)
    else:
        fit = (Real, Decimal, str) if texts else (Real, Decimal)
        objects = pd.Series(np.asarray(values, dtype=object), dtype=object)
        known = objects.where(objects.map(lambda value: isinstance(value, fit)), None)
        numbers = pd.to_numeric(known, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        wrong = ~np.isfinite(numbers) & values.notna().to_numpy(dtype=bool)
    if not negative:
        wrong |= numbers < 0
    if whole:
        wrong |= numbers != np.rint(numbers)
        wrong &= values.notna().to_numpy(dtype=bool)
    if wrong.any():
        required = "numbers, or null" if negative else "numbers from 0 on, or null"
        raise LayerError(
            explain(
                layer,
                f"« {values.name} » holds « {values[wrong].iloc[0]} »",
                count=int(wrong.sum()),
                ids=values.index[wrong],
                required="whole numbers from 0 on, or null" if whole else required,
            )
        )
    return numbers


def text_codes(values: pd.Series[Any], *, width: int = _WIDTH) -> pd.Series[Any]:
    """Return codes as text, be they held as text or as numbers.

    Parameters
    ----------
    values : pandas.Series
        As a file or geopandas gave them: « 01001 », 1001, 1001.0 or null.
    width : int
        Digits of a code that is held as a number.

    Returns
    -------
    pandas.Series
        Text on the same index; text is left as it is.
    """
    if isinstance(values.dtype, pd.StringDtype):
        return values
    names = {value: _write(value, width) for value in values.dropna().unique()}
    codes: pd.Series[Any] = values.astype(object).map(names).astype("str")
    return codes


def commune_codes(communes: pd.DataFrame) -> pd.Series[Any]:
    """Return the codes of communes as text.

    Parameters
    ----------
    communes : pandas.DataFrame
        With ``insee``, text or numbers.

    Returns
    -------
    pandas.Series
        Text named ``insee`` on the index of the communes.

    Raises
    ------
    LayerError
        If the column or a code is missing, or a code is given twice.
    """
    require_columns(communes, "communes", "insee")
    codes = text_codes(communes["insee"])
    forms = codes.map(_form, na_action="ignore")
    wrong = codes.isna() | forms.duplicated()
    if wrong.any():
        raise LayerError(
            explain(
                "communes", "code missing or given twice", count=int(wrong.sum()),
                ids=codes[wrong], required="one row for each commune",
            )
        )  # fmt: skip
    return codes


def find_codes(codes: pd.Series[Any], known: Sequence[str]) -> IntArray:
    """Return the positions of codes among the known ones.

    Parameters
    ----------
    codes : pandas.Series
        Text or numbers; compared as texts of five characters.
    known : sequence of str
        Codes of the communes.

    Returns
    -------
    numpy.ndarray of int64
        One for each; -1 for null and for codes that are not known.
    """
    which, values = pd.factorize(codes)  # few, of many buildings
    forms = pd.Index([_form(_write(value, _WIDTH)) for value in values], dtype="str")
    found = pd.Index([_form(code) for code in known], dtype="str").get_indexer(forms)
    return np.append(found, -1)[which]


def warn_of_unknown_codes(codes: pd.Series[Any], known: Sequence[str], layer: str) -> None:
    """Raise if no code is known; warn of those that are not.

    Parameters
    ----------
    codes : pandas.Series
        Named as the column; text or numbers, null where there is no commune.
    known : sequence of str
        Codes of the communes.
    layer : str
        Name of the layer of the column in messages.

    Raises
    ------
    LayerError
        If there are codes, and none of them is known.
    """
    given = codes.notna().to_numpy(dtype=bool)
    unknown = given & (find_codes(codes, known) < 0)
    if not unknown.any():
        return
    count, first = int(unknown.sum()), text_codes(codes[unknown]).unique()
    if (unknown == given).all():
        raise LayerError(
            explain(
                layer, f"no code of « {codes.name} » is that of a commune", count=count, ids=first,
                required="codes as in « insee » of the communes",
            )
        )  # fmt: skip
    warnings.warn(
        explain(
            layer, f"codes of « {codes.name} » that no commune has: counted in « hors communes »",
            count=count, ids=first,
        ),
        TvbWarning,
        stacklevel=3,
    )  # fmt: skip


def _write(code: Any, width: int) -> str:
    """Return a code as text; 1001.0 has become a number on the way."""
    if is_number(code) and np.isfinite(code) and code == int(code):
        return str(int(code)).zfill(width)
    return str(code)


def _form(code: str) -> str:
    """Return a code in the form in which it is compared."""
    text = _THROUGH_EXCEL.sub(r"\1", code.strip())
    return text.zfill(_WIDTH) if text.isdigit() else text
