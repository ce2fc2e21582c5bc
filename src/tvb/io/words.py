"""Words and numbers of some bytes that start anywhere, for compiled loops over bytes.

Processors read them where arrays of words cannot have them. As instructions of their own they take
half the time of an array of words that steps by bytes, whose step is only known when it runs.
"""

# ruff: noqa: PLR0917 (numba passes arguments by position)

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["SLACK", "Bytes", "Words", "load_float", "load_half", "load_word", "store_word"]

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

SLACK = 8
"""Bytes that must follow those that are read or written by words."""


def _load(kind: Any) -> Any:
    """Return what numba makes the reading of a type of number of."""

    def load(_: Any, data: Any, at: Any) -> Any:
        del at

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            return builder.load(_point(context, builder, signature, given, kind), align=1)

        return kind(data, types.int64), generate

    return load


def _store(_: Any, data: Any, at: Any, word: Any) -> Any:
    del at, word

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _point(context, builder, signature, given, types.uint64), align=1)
        return context.get_dummy_value()

    return types.void(data, types.int64, types.uint64), generate


def _point(context: Any, builder: Any, signature: Any, given: Any, kind: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, given[0]).data
    number = context.get_value_type(kind)
    return builder.bitcast(builder.gep(data, [given[1]]), number.as_pointer())


load_word: Any = intrinsic(_load(types.uint64))
"""Return the word (``numpy.uint64``) that starts at a place of an array of bytes.

For compiled functions. The place must be within the array, which nothing checks.
"""

load_half: Any = intrinsic(_load(types.uint32))
"""Return the number of four bytes (``numpy.uint32``) that starts at a place."""

load_float: Any = intrinsic(_load(types.float64))
"""Return the real number of eight bytes (``numpy.float64``) that starts at a place."""

store_word: Any = intrinsic(_store)
"""Write such a word at a place."""
