"""The chart of indices as links grow longer: where the network joins up."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tvb.errors import LayerError, explain
from tvb.maps.furniture import mentions, source_lines
from tvb.maps.page import Page
from tvb.maps.style import FADED, GREENS, INK, fixed_style, font
from tvb.maps.texts import LANGUAGES, Lang, check_lang, number, typeset
from tvb.territory import Source

__all__ = ["plot_sweep"]

_WIDTH_IN, _PANEL_IN, _HEAD_IN, _LINE_IN = 7.2, 1.35, 0.75, 0.16
_LINE_CHARS = 118

_TITLE = (
    "Ce que {0:devient|deviennent} {0} indice{0:|s} quand les liens s'allongent",
    "What becomes of {0} {0:index|indices} as links grow longer",
)
_THRESHOLD = ("Longueur maximale des liens ({})", "Longest link kept ({})")
_NAMES = {
    "NL": ("Liens", "Links"),
    "NC": ("Composantes", "Components"),
    "MSC": ("Composante moyenne", "Mean component"),
    "SLC": ("Plus grande composante", "Largest component"),
    "ECS": ("Composante attendue", "Expected component"),
    "GD": ("Diamètre", "Diameter"),
    "MPC": ("Liens par chemin", "Links per path"),
}


def plot_sweep(
    table: pd.DataFrame,
    sources: Sequence[Source],
    *,
    title: str | None = None,
    unit: str = "m",
    lang: Lang = "fr",
) -> Figure:
    """Return the chart of a sweep of thresholds, one panel for each index.

    Parameters
    ----------
    table : pandas.DataFrame
        As `tvb.connectivity.sweep_thresholds` returns it: indexed by ``threshold``, one column for
        each index. Infinite thresholds are left out.
    sources : sequence of tvb.territory.Source
        Of the layers from which the graph was built.
    title : str, optional
        Replaces the one made from the table.
    unit : str
        Unit of the thresholds.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    matplotlib.figure.Figure
        Panels one above the other on the same thresholds, each from 0 on; sources and warnings in
        the foot. The same table gives the same drawing.

    Raises
    ------
    LayerError
        If there is no source, or no row or no column to draw.
    ParameterError
        If the language is unknown.

    Examples
    --------
    >>> source = Source("patches", "real", "Terrils", "MBM", "Licence Ouverte 2.0", "2024")
    >>> table = pd.DataFrame({"NC": [3, 1]}, index=pd.Index([100, 500], name="threshold"))
    >>> len(plot_sweep(table, [source]).axes)
    1
    """
    check_lang(lang)
    foot = [source_lines(sources, lang), *mentions(Page(lang=lang), sources)]
    drawn = table[np.isfinite(table.index.to_numpy(dtype=np.float64))].sort_index()
    if drawn.empty:
        raise LayerError(
            explain(
                "table",
                "no row or no column to draw",
                required="thresholds and indices",
                remedy="tvb.connectivity.sweep_thresholds",
            )
        )
    which = LANGUAGES.index(lang)
    heading = title or typeset(_TITLE[which].format(number(len(drawn.columns), lang)), lang)
    with fixed_style():
        figure, panels = _panels(len(drawn.columns), heading, _wrap(foot))
        for axes, name in zip(panels, drawn.columns, strict=True):
            _draw(axes, drawn[name], lang)
            label = str(name) + (f", {_NAMES[name][which]}" if name in _NAMES else "")
            axes.set_title(label, loc="left", color=INK, fontproperties=font(8, "bold"), pad=3)
        panels[-1].set_xlabel(
            typeset(_THRESHOLD[which].format(unit), lang), color=INK, fontproperties=font(8)
        )
    return figure


def _panels(count: int, title: str, foot: list[str]) -> tuple[Figure, list[Axes]]:
    """Return a figure of some panels between a title and the lines of the foot."""
    heading = textwrap.wrap(title, 74)
    below = 0.55 + _LINE_IN * len(foot)
    above = _HEAD_IN + 0.22 * (len(heading) - 1)
    height = above + _PANEL_IN * count + below
    figure = Figure(figsize=(_WIDTH_IN, height))
    panels = figure.subplots(
        count,
        sharex=True,
        squeeze=False,
        gridspec_kw={
            "left": 0.11, "right": 0.97, "bottom": below / height, "top": 1 - above / height,
            "hspace": 0.42,
        },
    )  # fmt: skip
    figure.text(
        0.02, 1 - 0.14 / height, "\n".join(heading), va="top", color=INK,
        fontproperties=font(12, "bold"),
    )  # fmt: skip
    figure.text(
        0.02, 0.08 / height, "\n".join(foot), va="bottom", color=FADED, fontproperties=font(6)
    )
    return figure, list(panels[:, 0])


def _draw(axes: Axes, values: pd.Series[float], lang: Lang) -> None:
    axes.plot(
        values.index, values, color=GREENS[3], linewidth=1.2, marker="o", markersize=3,
        markerfacecolor=GREENS[4], markeredgewidth=0,
    )  # fmt: skip
    axes.set_ylim(bottom=0, top=None if values.gt(0).any() else 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#d9d9d9", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    written = FuncFormatter(lambda value, _: number(value, lang, None))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(written)
        axis.set_tick_params(labelsize=7, colors=FADED, length=2)
        for label in axis.get_ticklabels():
            label.set_fontproperties(font(7))


def _wrap(lines: Sequence[str]) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, _LINE_CHARS)]
