"""What can go wrong, and how it is said.

Every error raised on purpose derives from `TvbError` and from the builtin that fits, so that
``except ValueError`` keeps working. Messages are built by `explain`: which layer, what is wrong,
how many, the first ids, what is required, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
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

_SHOWN_IDS = 3


class TvbError(Exception):
    """Base of every error that tvb raises on purpose."""


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
