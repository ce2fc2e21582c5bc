"""Fonts, colours, line widths and classes: the hand in which every plate is drawn.

Colours were chosen to stay apart for the common forms of colour blindness and to keep their order
of lightness in grey; where two areas could still be confused in grey, one of them is hatched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.font_manager import FontProperties
from numpy.typing import ArrayLike, NDArray

from tvb.errors import ParameterError, explain

__all__ = [
    "ACCENT",
    "BLUES",
    "DEPTHS",
    "FADED",
    "FALL",
    "GREENS",
    "INK",
    "LAND",
    "LINKS",
    "MM_PER_PT",
    "ORANGES",
    "OUTSIDE",
    "RISE",
    "Face",
    "check_breaks",
    "fixed_style",
    "font",
    "nice_number",
    "ramp",
    "round_breaks",
    "to_grey",
]  # fmt: skip

Face = Literal["", "bold", "italic"]

MM_PER_PT = 25.4 / 72

INK = "#1c1c1c"
"""Titles and text."""
FADED = "#5c5c5c"
"""Secondary text and furniture."""
ACCENT = "#b3261e"
"""Warnings, and the frame of the locator."""
LAND = "#fbfaf6"
"""Ground of the communes."""
OUTSIDE = "#e9ebea"
"""Ground outside the communes."""

BLUES = ("#d6e6f4", "#a3cae6", "#5f9fd0", "#2a6cae", "#0b3a73")
GREENS = ("#dbe9a8", "#a5d07e", "#57ad6b", "#1f7f69", "#0b4b55")
ORANGES = ("#fde7bd", "#fbc15e", "#ea8a2c", "#b8541b", "#6e2a0d")
DEPTHS = ("#c6e0f2", "#7fb6dc", "#3578b5", "#08306b")
RISE = ("#fbd9c3", "#f0a07a", "#d0613f", "#8f2317")
FALL = ("#d3e3ef", "#92bedb", "#4a8ec0", "#1b5687")
LINKS = ("#43315c", "#8a7ca3", "#c2bacf")

_MANTISSAS = np.array([1.0, 2.0, 5.0, 10.0])


@contextmanager
def fixed_style() -> Iterator[None]:
    """Set matplotlib to its own defaults, whatever the user's settings, and restore them after.

    Yields
    ------
    None
        Figures made and saved inside do not depend on a ``matplotlibrc``.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "pdf.fonttype": 42,  # text stays text: searchable, and editable in Inkscape
                "pdf.compression": 9,
                "svg.fonttype": "path",
                "svg.hashsalt": "tvb",
                "hatch.linewidth": 0.35,
                "path.simplify": False,
                "image.composite_image": False,  # rasters keep their own cells in a PDF
                "text.parse_math": False,
                "text.hinting": "none",  # letters stay where `text_width` and the halo put them
            }
        )
        yield


@lru_cache(maxsize=64)
def font(size_pt: float, face: Face = "") -> FontProperties:
    """Return DejaVu Sans as matplotlib ships it, so that every machine draws the same letters.

    Parameters
    ----------
    size_pt : float
        Size in points.
    face : {"", "bold", "italic"}
        Weight or slant.

    Returns
    -------
    matplotlib.font_manager.FontProperties
        Bound to a file, not to a family name.
    """
    suffix = {"": "", "bold": "-Bold", "italic": "-Oblique"}[face]
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / f"DejaVuSans{suffix}.ttf"
    return FontProperties(fname=path, size=size_pt)


def nice_number(value: float) -> float:
    """Return the largest of 1, 2, 5 × 10ⁿ that does not exceed a positive value.

    Parameters
    ----------
    value : float
        Positive.

    Returns
    -------
    float
        A round number in ]value / 2.5, value].
    """
    power = 10.0 ** np.floor(np.log10(value))
    mantissa = _MANTISSAS[value / power * (1 + 1e-9) >= _MANTISSAS].max()
    return float(mantissa * power)


def round_breaks(
    values: ArrayLike, classes: int = 5, *, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return round limits that share positive values into classes of like numbers.

    Quantiles are moved to the nearest of 1, 2, 5 × 10ⁿ (by ratio); limits that leave a class empty
    are dropped, so that there may be fewer classes than asked for.

    Parameters
    ----------
    values : array_like
        Numbers; those that are null, infinite or not positive are left out.
    classes : int
        Number of classes wanted, at least 1.
    weights : array_like, optional
        What each value counts for. With areas, each class covers about as much ground, so that a
        map of few large and many small features is not all of one colour.

    Returns
    -------
    numpy.ndarray
        Inner limits in increasing order: a value v is of class
        ``np.searchsorted(breaks, v, side="right")``. Empty when one class is enough.

    Examples
    --------
    >>> round_breaks([3, 4, 12, 30, 70, 180], classes=3).tolist()
    [10.0, 50.0]
    """
    numbers: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    kept_rows = np.isfinite(numbers) & (numbers > 0)
    numbers = numbers[kept_rows]
    if not len(numbers) or classes < 2:
        return np.empty(0)
    parts = np.arange(1, classes) / classes
    if weights is None:
        quantiles = np.quantile(numbers, parts)
    else:
        weight = np.asarray(weights, dtype=np.float64)[kept_rows]
        quantiles = np.quantile(numbers, parts, weights=weight, method="inverted_cdf")
    powers = 10.0 ** np.floor(np.log10(quantiles))
    ratios = np.abs(np.log(quantiles[:, None] / (powers[:, None] * _MANTISSAS)))
    # 12 significant digits: 10 × 0.1 and 1 × 1 must be the same limit
    snapped = powers * _MANTISSAS[ratios.argmin(axis=1)]
    breaks = np.unique([float(f"{b:.12g}") for b in snapped])
    kept: list[float] = []
    for limit in breaks:
        below = numbers[numbers < limit]
        if len(below) and (not kept or (below >= kept[-1]).any()) and (numbers >= limit).any():
            kept.append(float(limit))
    return np.asarray(kept, dtype=np.float64)


def check_breaks(breaks: Sequence[float] | None, most: int) -> NDArray[np.float64] | None:
    """Return limits of classes that a user gave.

    Parameters
    ----------
    breaks : sequence of float, optional
        Inner limits.
    most : int
        How many there may be.

    Returns
    -------
    numpy.ndarray or None
        None where none was given.

    Raises
    ------
    ParameterError
        If they are not finite, positive and increasing, or too many.
    """
    if breaks is None:
        return None
    limits = np.asarray(breaks, dtype=np.float64)
    steps = np.diff(limits, prepend=0.0)
    if limits.ndim != 1 or not np.isfinite(limits).all() or (steps <= 0).any():
        raise ParameterError(
            explain("breaks", f"{list(breaks)}", required="positive numbers, each above the last")
        )
    if not 1 <= len(limits) <= most:
        raise ParameterError(
            explain("breaks", f"{len(limits)} limits were given", required=f"1 to {most}")
        )
    return limits


def ramp(colours: Sequence[str], classes: int) -> list[str]:
    """Return as many colours of a ramp as there are classes, as far apart as it allows.

    Parameters
    ----------
    colours : sequence of str
        From light to dark.
    classes : int
        From 1 to the number of colours.

    Returns
    -------
    list of str
        From light to dark; the middle one for a single class.
    """
    if classes == 1:
        return [colours[len(colours) // 2]]
    steps = np.linspace(0, len(colours) - 1, classes).round().astype(int)
    return [colours[i] for i in steps]


def to_grey(colour: str) -> float:
    """Return the lightness of a colour as a black-and-white printer sees it.

    Parameters
    ----------
    colour : str
        Such as ``#a3cae6``.

    Returns
    -------
    float
        Relative luminance, 0 for black to 1 for white (ITU-R BT.709 weights on linear light).
    """
    channels: Any = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
