"""Columns of a chunk by their different values, and identifiers by one look at their bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from tvb.flood.stream_kernels import Cells, label_boxes
from tvb.geometry.cover import DOUBTFUL, build_cover, build_edge_cover, span_lattice
from tvb.io.footprint_columns import read_column, read_keys
from tvb.io.footprint_keys import SeenKeys, hash_keys, inspect_keys
from tvb.io.values import cast_values
from tvb.schema import SCHEMAS

_INTEGERS = [
    pa.array([3, None, 0, 7, 3], pa.int8()),
    pa.array([3, -1, None, 0], pa.int16()),  # below what a place can be
    pa.array([2**63 + 1, 3, None], pa.uint64()),  # beyond the range of other integers
    pa.array([5000, 1, None, 1], pa.int64()),  # too many numbers for a list of all
    pa.array([None, None], pa.int32()),
    pa.array([], pa.int64()),
    pa.array([9, 8, None, 4, 1], pa.int64()).slice(1, 3),
    pa.array([1.0, None, 2.5, 3.0], pa.float64()),
    pa.array(["3", " 4 ", None, "beaucoup"]),
]


@pytest.mark.parametrize("array", _INTEGERS, ids=lambda a: f"{a.type}{a.to_pylist()[:2]}")
def test_numbers_of_any_type_are_cast_as_whole_columns_are(array: pa.Array) -> None:
    """Kills: a null read as a number, an offset forgotten, 2^63 or -1 taken for a place."""
    column = SCHEMAS["buildings"].column("nombre_de_logements")
    found, odd = read_column(array, column, len(array))
    cast = cast_values(pd.Series(array.to_pylist(), dtype=object), column)
    said = [cast.wrong, *cast.repairs.values(), *cast.remarks.values()]
    right = ~np.logical_or.reduce(said)
    taken = pd.Series(found.take(np.arange(len(array))))
    pd.testing.assert_series_equal(taken[right], cast.values[right], check_names=False)
    assert not odd[right & cast.values.notna().to_numpy()].any()
    assert odd[cast.wrong].all()


def test_truth_keeps_its_nulls_and_texts_their_order() -> None:
    """Kills: places of texts not carried over when these are put in order; too many of them."""
    light = SCHEMAS["buildings"].column("construction_legere")
    truth = pa.array([True, None, False, True, None]).slice(1)
    found, odd = read_column(truth, light, 4)
    assert pd.Series(found.take(np.arange(4))).tolist() == [pd.NA, False, True, pd.NA]
    assert not odd.any()
    use = SCHEMAS["buildings"].column("usage_1")
    for texts in (["b", "a", None, "b", "é"], [f"usage {n % 99}" for n in range(300, 0, -1)]):
        for array in (pa.array(texts), pa.array(texts).dictionary_encode(), pa.array(texts)[1:]):
            found, _ = read_column(array, use, len(array))
            taken = pd.Series(found.take(np.arange(len(array))))
            assert [None if pd.isna(v) else v for v in taken] == array.to_pylist()
            listed, _ = found.describe()
            at = [listed[place] for place in found.place]
            assert [None if pd.isna(v) else v for v in at] == array.to_pylist()


@settings(deadline=None)  # the first call may compile
@given(st.lists(st.none() | st.text("aB9 \t\0é€\x7f", max_size=20), max_size=12), st.booleans())
def test_keys_are_looked_at_as_python_would(texts: list[str | None], large: bool) -> None:
    """Kills: bytes read beyond a text, blanks kept, a letter beyond ASCII missed in any place."""
    array = pa.array(["x", *texts], pa.large_string() if large else pa.string()).slice(1)
    keys, odd, hashes = read_keys(array, SCHEMAS["buildings"].column("cleabs"))
    for text, key, is_odd in zip(texts, keys.to_pylist(), odd, strict=True):
        plain = text is not None and text.isascii() and text.strip(" \t") != ""
        assert is_odd == (not plain)
        if plain:
            assert key == text.strip(" \t")
    distinct = {key: number for key, number in zip(keys.to_pylist(), hashes, strict=True) if key}
    assert len(set(distinct.values())) == len(distinct)
    np.testing.assert_array_equal(hashes, inspect_keys(keys).hashes)


def test_the_number_of_a_text_does_not_depend_on_what_surrounds_it() -> None:
    """Kills: bytes of the next text, or beyond the buffer, that change a number."""
    alone = hash_keys(pa.array(["BATIMENT0000000000000001"]))
    among = hash_keys(pa.array(["x" * 5, "BATIMENT0000000000000001", "yz"]))
    short = hash_keys(pa.array(["é"]))
    assert among[1] == alone[0]
    assert hash_keys(pa.array(["aaa", "é", "b" * 30]))[1] == short[0]


def test_a_table_made_for_few_takes_more() -> None:
    seen = SeenKeys(3)
    hashes = hash_keys(pa.array([str(n) for n in range(200_000)]))
    assert not seen.add(hashes).any()
    assert seen.add(hashes[::-7]).all()


def test_boxes_lie_in_what_the_cover_says() -> None:
    """Kills: columns and rows exchanged, boxes beyond the lattice, no box at all (not a number)."""
    polygons = np.array([worlds.box(0, 0, 90, 40), worlds.box(200, 100, 260, 190)])
    bounds = np.array([polygon.bounds for polygon in polygons])
    lattice = span_lattice(bounds, bounds, 1000)
    edges = build_edge_cover(polygons, np.array([1, 2]), lattice)
    cells = Cells(
        lattice.x_min, lattice.y_min, lattice.cell_m, lattice.columns, lattice.rows,
        edges.values, np.diff(edges.first) > 0,
    )  # fmt: skip
    random = np.random.default_rng(5)
    low = bounds[0, :2] - 300 + random.random((4000, 2)) * 900
    boxes = np.hstack([low, low + random.random((4000, 2)) * 20])
    label = np.empty(len(boxes), dtype=np.int64)
    label_boxes(cells, np.arange(len(boxes))[::-1], boxes, label)
    cover = build_cover(polygons, np.array([1, 2]), lattice)
    located = cover.locate(lattice.windows(boxes))
    np.testing.assert_array_equal(label[::-1], located)
    assert set(label) == {DOUBTFUL, 0, 1, 2}
    label_boxes(cells, np.arange(1), np.full((1, 4), np.nan), label)
    assert label[0] == 0
