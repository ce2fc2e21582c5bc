"""A sheet of paper measured in millimetres, on which text can be measured before it is drawn."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath, text_to_path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from tvb.maps.page import Bounds, Box, Page
from tvb.maps.style import INK, MM_PER_PT, OUTSIDE, Face, font

__all__ = ["LEADING", "Sheet", "line_height", "text_width", "wrap"]

LEADING = 1.3
"""Distance between baselines, in text sizes."""

_ABOVE_MAP = 10.0
_HALO_PT = 1.9  # half of it shows


def line_height(size_pt: float) -> float:
    """Return the distance between two baselines.

    Parameters
    ----------
    size_pt : float
        Text size.

    Returns
    -------
    float
        Millimetres.
    """
    return size_pt * LEADING * MM_PER_PT


@lru_cache(maxsize=4096)
def text_width(text: str, size_pt: float, face: Face = "") -> float:
    """Return the width of one line of text.

    Parameters
    ----------
    text : str
        Without line breaks.
    size_pt : float
        Text size.
    face : {"", "bold", "italic"}
        Weight or slant.

    Returns
    -------
    float
        Millimetres, from the metrics of the font: the same on every device.
    """
    properties = font(size_pt, face)
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return float(width) * MM_PER_PT


def wrap(text: str, width_mm: float, size_pt: float, *, face: Face = "") -> list[str]:
    """Return a text cut into lines at its plain spaces.

    Parameters
    ----------
    text : str
        No-break spaces are kept together; a line break starts a new line.
    width_mm : float
        Width available. A single word that is wider is cut, so that nothing leaves the page.
    size_pt : float
        Text size.
    face : {"", "bold", "italic"}
        Weight or slant.

    Returns
    -------
    list of str
        At least one line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if text_width(longer, size_pt, face) <= width_mm:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _cut(word, width_mm, size_pt, face=face)
            lines += full
        lines.append(line)
    return lines


def _cut(word: str, width_mm: float, size_pt: float, *, face: Face) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size_pt, face) > width_mm:
            pieces.append("")
        pieces[-1] += letter
    return pieces


class Sheet:
    """A figure with a page in millimetres and a map in metres.

    Parameters
    ----------
    page : Page
        Size of the paper, language, size of text.
    """

    def __init__(self, page: Page) -> None:
        width_mm, height_mm = page.size_mm
        self.figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), facecolor="white")
        FigureCanvasAgg(self.figure)
        self.page = page
        self.scale = page.text_scale
        self.paper = self._axes(Box(0, 0, width_mm, height_mm), Bounds(0, 0, width_mm, height_mm))
        self.paper.set_zorder(_ABOVE_MAP)

    def _axes(self, box: Box, view: Bounds) -> Axes:
        width, height = self.page.size_mm
        axes = self.figure.add_axes(
            (box.x / width, box.y / height, box.width / width, box.height / height)
        )
        axes.set_axis_off()
        axes.set_autoscale_on(False)
        axes.set_xlim(view.west, view.east)
        axes.set_ylim(view.south, view.north)
        return axes

    def add_map(self, box: Box, view: Bounds, *, frame_pt: float = 0.8) -> Axes:
        """Return axes in metres that fill a box of paper, with a neat line around it.

        Parameters
        ----------
        box : Box
            Place on the paper.
        view : Bounds
            Ground shown, of the same proportions.
        frame_pt : float
            Width of the neat line.

        Returns
        -------
        matplotlib.axes.Axes
            For drawing; nothing leaves its box.
        """
        axes = self._axes(box, view)
        ground = Rectangle((view.west, view.south), view.width, view.height, facecolor=OUTSIDE)
        ground.set_zorder(-1)
        axes.add_artist(ground)
        self.rectangle(box, edge=INK, width_pt=frame_pt)
        return axes

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size_pt: float = 7.0,
        face: Face = "",
        align: Literal["left", "center", "right"] = "left",
        colour: str = INK,
    ) -> None:
        """Write one line.

        Parameters
        ----------
        text : str
            What to write; a dollar sign is a dollar sign.
        x, y : float
            Of the baseline, in millimetres.
        size_pt : float
            Text size.
        face : {"", "bold", "italic"}
            Weight or slant.
        align : {"left", "center", "right"}
            What x means.
        colour : str
            Of the letters.
        """
        properties = font(size_pt, face)
        self.paper.text(
            x, y, text, fontproperties=properties, color=colour, ha=align, va="baseline",
            parse_math=False, zorder=5,
        )  # fmt: skip

    def halo(self, text: str, x: float, y: float, *, size_pt: float, face: Face) -> None:
        """Draw the white glow of a line of text that starts at x, y.

        The letters are stroked as outlines and the text itself is laid over them by `text`: with
        matplotlib's path effects the text of a PDF could be neither searched nor copied.

        Parameters
        ----------
        text : str
            One line.
        x, y : float
            Start of the baseline, in millimetres.
        size_pt : float
            Text size.
        face : {"", "bold", "italic"}
            Weight or slant.
        """
        properties = font(size_pt, face)
        outline = TextPath((0, 0), text, size=size_pt, prop=properties)
        placed = outline.transformed(Affine2D().scale(MM_PER_PT).translate(x, y))
        glow = PathPatch(
            placed, facecolor="white", edgecolor="white", linewidth=_HALO_PT, joinstyle="round",
            alpha=0.85, zorder=4,
        )  # fmt: skip
        self.paper.add_artist(glow)

    def rectangle(
        self,
        box: Box,
        *,
        face: str = "none",
        edge: str = "none",
        width_pt: float = 0.5,
    ) -> None:
        """Draw a rectangle.

        Parameters
        ----------
        box : Box
            Where.
        face, edge : str
            Colours.
        width_pt : float
            Of the outline.
        """
        patch = Rectangle(
            (box.x, box.y), box.width, box.height, facecolor=face, edgecolor=edge,
            linewidth=width_pt, joinstyle="miter", zorder=3,
        )  # fmt: skip
        self.paper.add_artist(patch)

    def picture(self, box: Box, pixels: NDArray[Any]) -> None:
        """Lay a picture on the paper.

        Parameters
        ----------
        box : Box
            Where, in the proportions of the picture.
        pixels : numpy.ndarray
            Rows, columns and, for colours, channels, as matplotlib reads a PNG.
        """
        image = AxesImage(
            self.paper, extent=(box.x, box.right, box.y, box.top), origin="upper", cmap="gray",
            interpolation="antialiased", zorder=3,
        )  # fmt: skip
        image.set_data(pixels)
        self.paper.add_image(image)

    def line(self, points: list[tuple[float, float]], *, colour: str, width_pt: float) -> None:
        """Draw a broken line.

        Parameters
        ----------
        points : list of tuple of float
            In millimetres.
        colour : str
            Of the line.
        width_pt : float
            Its width.
        """
        patch = PathPatch(
            Path(points), facecolor="none", edgecolor=colour, linewidth=width_pt, zorder=3
        )
        self.paper.add_artist(patch)
