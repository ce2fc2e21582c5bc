"""The chart of a sweep of thresholds."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from tvb.errors import LayerError, ParameterError
from tvb.maps.sweep import plot_sweep
from tvb.territory import Source

SOURCE = Source("terrils", "modelled", "Terrils", "MBM", "Licence Ouverte 2.0", "2024")
TABLE = pd.DataFrame(
    {"NC": [1, 4, 2, 1], "PC": [9.5, 0.0, 7.25, 9.5]},
    index=pd.Index([np.inf, 0, 250, 900], name="threshold"),
)


def words(figure):
    texts = [text.get_text() for text in figure.texts]
    return " ".join(texts + [axes.get_title(loc="left") for axes in figure.axes])


def test_one_panel_for_each_index_in_order_of_length():
    """Rows are sorted and the infinite threshold, which has no place on an axis, is left out."""
    figure = plot_sweep(TABLE, [SOURCE])
    x, y = figure.axes[0].lines[0].get_data()
    assert (list(x), list(y)) == ([0, 250, 900], [4, 2, 1])
    assert len(figure.axes) == 2
    assert all(axes.get_ylim()[0] == 0 for axes in figure.axes)
    assert figure.axes[-1].get_xlabel() == "Longueur maximale des liens (m)"


def test_says_what_it_is_made_of():
    """Kills a chart that hides that its data are invented."""
    said = words(plot_sweep(TABLE, [SOURCE]))
    assert "2 indices" in said
    assert "NC, Composantes" in said
    assert "Terrils" in said
    assert "modélisées" in said
    english = words(plot_sweep(TABLE, [SOURCE], lang="en", title="My own title"))
    assert "My own title" in english
    assert "NC, Components" in english


def test_the_same_table_gives_the_same_bytes():
    drawn = []
    for _ in range(2):
        buffer = io.BytesIO()
        plot_sweep(TABLE, [SOURCE]).savefig(buffer, format="png", metadata={"Software": None})
        drawn.append(buffer.getvalue())
    assert drawn[0] == drawn[1]


def test_table_is_left_alone():
    before = TABLE.copy()
    plot_sweep(TABLE, [SOURCE])
    pd.testing.assert_frame_equal(TABLE, before)


def test_refusals():
    with pytest.raises(LayerError, match="table: no row or no column to draw"):
        plot_sweep(TABLE.iloc[:1], [SOURCE])
    with pytest.raises(LayerError, match="table: no row or no column to draw"):
        plot_sweep(TABLE[[]], [SOURCE])
    with pytest.raises(LayerError, match="sources: none was given"):
        plot_sweep(TABLE, [])
    with pytest.raises(ParameterError, match="lang"):
        plot_sweep(TABLE, [SOURCE], lang="nl")
