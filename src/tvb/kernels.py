"""How the loops that numpy cannot express are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["compiled"]

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function on its first call, and keep the result on disk where that can be done.

    The compiled function lets other threads run.

    Parameters
    ----------
    function : callable
        Written in what numba compiles: numbers, arrays and named tuples of them.

    Returns
    -------
    callable
        To be called as the function.
    """
    try:
        return cast(F, njit(nogil=True, cache=True)(function))
    except RuntimeError:  # neither the package nor the home of the user can be written
        return cast(F, njit(nogil=True)(function))
