"""Drawings as a page holds them: SVG, small in a file and quick to print."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

__all__ = ["as_uri", "letters_to_text", "shorten", "swap_drawings"]

_PREFIX = "data:image/svg+xml;base64,"
_URI = re.compile(re.escape(_PREFIX) + r"([A-Za-z0-9+/=]+)")
_PATH = re.compile(r'(?<= d=")[^"]+')
_FURTHER = re.compile(r"(?<=\.\d\d)\d+")
# As matplotlib draws a line of text: what it says, then a group of its letters, each a path.
_LETTERS = re.compile(
    r'<!-- (?P<text>[^\n]*?) -->\s*<g style="(?P<style>[^"]*)" '
    r'transform="(?P<move>[^"]*?)\s*scale\((?P<size>[\d.]+) -(?P=size)\)">'
    r"(?P<body>(?:(?!</?g\b).)*)</g>",
    re.DOTALL,
)
_GLYPH = re.compile(r'<use xlink:href="#(?P<font>[^"]*)-[0-9a-f]+"')
_FACES = {
    "DejaVuSans": "",
    "DejaVuSans-Bold": ' font-weight="700"',
    "DejaVuSans-Oblique": ' font-style="italic"',
}
_EM = 100  # units of matplotlib's letters


def as_uri(svg: str) -> str:
    """Return a drawing as an address that holds it.

    Parameters
    ----------
    svg : str
        The drawing.

    Returns
    -------
    str
        A data URI.
    """
    return _PREFIX + base64.b64encode(svg.encode()).decode()


def shorten(svg: str) -> str:
    """Return a drawing whose paths have two decimals, a 280th of a millimetre.

    Parameters
    ----------
    svg : str
        A drawing in points.

    Returns
    -------
    str
        Smaller by a third.
    """
    return _PATH.sub(lambda path: _FURTHER.sub("", path[0]), svg)


def swap_drawings(html: str, read: Callable[[str], Any]) -> tuple[str, dict[str, Any]]:
    """Return a page whose drawings are named, and apart from it what was read of each.

    Parameters
    ----------
    html : str
        A page with drawings as data URIs.
    read : callable
        From a drawing, its lines of text being text, to an image; None leaves it in the page.

    Returns
    -------
    tuple of str and dict
        The page, and its images by the short address that stands in their place.
    """
    images: dict[str, Any] = {}

    def swap(uri: re.Match[str]) -> str:
        svg = letters_to_text(base64.b64decode(uri[1]).decode())
        image = read(svg)
        if image is None:
            return as_uri(svg)
        name = f"data:,{len(images)}"
        images[name] = image
        return name

    return _URI.sub(swap, html), images


def letters_to_text(svg: str) -> str:
    """Return a drawing of matplotlib in which lines of text are text, not paths of letters.

    Where the font is embedded, as in a PDF, they look the same, can be searched, and are drawn ten
    times faster.

    Parameters
    ----------
    svg : str
        A drawing.

    Returns
    -------
    str
        With ``text`` elements in the font ``tvb``; lines with a letter of another font than those
        that the page embeds stay as they are.
    """
    return _LETTERS.sub(_as_text, svg)


def _as_text(line: re.Match[str]) -> str:
    fonts = set(_GLYPH.findall(line["body"]))
    if len(fonts) != 1 or not fonts <= set(_FACES):
        return line[0]
    return (
        f'<text transform="{line["move"]} scale({line["size"]})" style="{line["style"]}" '
        f'font-family="tvb" font-size="{_EM}"{_FACES[fonts.pop()]}>{line["text"]}</text>'
    )
