"""What can go wrong, and how it is said.

Every error raised on purpose derives from `TvbError` and from the builtin that fits, so that
``except ValueError`` keeps working. Messages are built by `explain`: which layer, what is wrong,
how many, the first ids, what is required, what to do.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from traceback import walk_tb

from tvb.messages import preferred_language, translate

__all__ = [
    "TRACEBACK_VARIABLE",
    "CrsError",
    "CrsWarning",
    "LayerError",
    "MissingExtraError",
    "ParameterError",
    "SourceError",
    "StudyError",
    "TvbError",
    "TvbWarning",
    "UnknownNameError",
    "explain",
]

TRACEBACK_VARIABLE = "TVB_TRACEBACK"
"""Environment variable: with 1, notebooks show the whole traceback of an error of tvb."""

_SHOWN_IDS = 3
_PACKAGE = Path(__file__).parent


class TvbError(Exception):
    """Base of every error that tvb raises on purpose.

    ``str(error)`` is English in any language, for programs and tests. IPython and Jupyter show the
    message, in the language of `tvb.messages.preferred_language`, and the line that called tvb.
    """

    def in_language(self, lang: str) -> str:
        """Return the message in a language.

        Parameters
        ----------
        lang : {"en", "fr"}
            Language wanted.

        Returns
        -------
        str
            In French, the parts of the message that tvb wrote; what another program said stays.

        Examples
        --------
        >>> LayerError(explain("pits", "null geometry")).in_language("fr").split()
        ['pits', ':', 'géométrie', 'absente.']
        """
        return translate(str(self), lang)

    @property
    def _render_traceback_(self) -> Callable[[], list[str]]:
        """What IPython calls, where it is there, instead of writing a traceback."""
        if os.environ.get(TRACEBACK_VARIABLE) == "1":
            raise AttributeError("_render_traceback_")
        return self._short

    def _short(self) -> list[str]:
        """Return the type and message, the line of the caller, and how to see more."""
        lang = preferred_language()
        lines = [f"{type(self).__name__}: {self.in_language(lang)}"]
        if caller := self._line_of_caller():
            number, text = caller
            where = f"ligne {number}\u00a0: " if lang == "fr" else f"line {number}: "
            lines.append(f"  {where}{text}")
        more = "trace complète\u00a0: " if lang == "fr" else "whole traceback: "
        return [*lines, f'  ({more}os.environ["{TRACEBACK_VARIABLE}"] = "1")']

    def _line_of_caller(self) -> tuple[int, str] | None:
        """Return the number and text of the last line of code before tvb."""
        last: tuple[int, str] | None = None
        for frame, number in walk_tb(self.__traceback__):
            file = frame.f_code.co_filename
            if Path(file).is_relative_to(_PACKAGE):
                break
            text = linecache.getline(file, number, frame.f_globals).strip()
            last = (number, text) if text else last
        return last


class LayerError(TvbError, ValueError):
    """A layer does not have the shape that its schema asks for."""


class CrsError(TvbError, ValueError):
    """Coordinates are missing, unknown, or not in the working system EPSG:2154."""


class SourceError(TvbError, OSError):
    """A file or service is absent, unreadable, or unsafe to open."""


class ParameterError(TvbError, ValueError):
    """An argument lies outside what the function accepts."""


class StudyError(TvbError, ValueError):
    """A study file is wrong; the message names its line and key."""


class UnknownNameError(TvbError, LookupError):
    """A name of a commune is unknown or fits several communes."""


class MissingExtraError(TvbError, ImportError):
    """A capability asks for packages that an extra of the distribution installs."""


class TvbWarning(UserWarning):
    """Base of the warnings of tvb."""


class CrsWarning(TvbWarning):
    """Coordinates were converted with less accuracy than the data deserves."""


def explain(
    layer: str,
    problem: str,
    *,
    count: int | None = None,
    ids: Iterable[object] = (),
    required: str | None = None,
    remedy: str | None = None,
) -> str:
    """Return one message in the house form.

    Parameters
    ----------
    layer : str
        Name of the layer, file or parameter at fault.
    problem : str
        What is wrong, without a final period.
    count : int, optional
        Number of features concerned.
    ids : iterable, optional
        Their identifiers; the first three are shown.
    required : str, optional
        What would be accepted.
    remedy : str, optional
        What the user should do or call.

    Returns
    -------
    str
        For example ``buildings: null geometry (2 features: 7, 9). Required: polygons.``.

    Examples
    --------
    >>> explain("terrils", "key given twice", count=1, ids=["T140"], remedy="remove one row")
    'terrils: key given twice (1 feature: T140). Remedy: remove one row.'
    """
    names = [str(i) for i in ids]
    text = f"{layer}: {problem}"
    if count is not None:
        shown = ", ".join(names[:_SHOWN_IDS]) + (", …" if len(names) > _SHOWN_IDS else "")
        text += f" ({count} feature{'s' if count != 1 else ''}{': ' + shown if shown else ''})"
    text += "."
    if required:
        text += f" Required: {required}."
    if remedy:
        text += f" Remedy: {remedy}."
    return text


def __dir__() -> list[str]:
    return sorted(__all__)
