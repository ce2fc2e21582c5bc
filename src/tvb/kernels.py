"""How the loops that numpy cannot express are compiled, and how many run at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["STAGE_THREADS", "compiled", "inlined"]

STAGE_THREADS = min(max((os.cpu_count() or 2) // 2, 1), 4)
"""Threads that count, of a file that one thread decodes: it keeps up with no more. Twice as many
read, for some formats are parsed by them."""

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function on its first call, and keep the result on disk where that can be done.

    The compiled function lets other threads run, and divides by zero as numpy does: no error.

    Parameters
    ----------
    function : callable
        Written in what numba compiles: numbers, arrays and named tuples of them.

    Returns
    -------
    callable
        To be called as the function.
    """
    return _compile(function)


def inner(function: F) -> F:
    """Compile a function that only compiled ones call: quicker, for it needs no way in from Python.

    Parameters
    ----------
    function : callable
        As in `compiled`.

    Returns
    -------
    callable
        To be called by compiled functions only: from Python, it would end the process.
    """
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compile(function: F, **options: Any) -> F:
    try:
        return cast(F, njit(nogil=True, cache=True, error_model="numpy", **options)(function))
    except RuntimeError:  # neither the package nor the home of the user can be written
        return cast(F, njit(nogil=True, error_model="numpy", **options)(function))


def inlined(function: F) -> F:
    """Compile a function as a part of each compiled function that calls it.

    A call takes as long as a few reads of memory, and compiling one function less is quicker.

    Parameters
    ----------
    function : callable
        Small, or called once; in the module of those that call it, which are then compiled again
        when it changes.

    Returns
    -------
    callable
        To be called by compiled functions.
    """
    return cast(F, njit(nogil=True, inline="always")(function))
