"""What was made faster gives the answers it gave: shortcuts against the long way."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tvb.errors import LayerError
from tvb.io import conform, read, read_layer, text, threads
from tvb.io.assembly import may_repeat
from tvb.io.repair import flatten
from tvb.schema import validate
from tvb.schema.validate import validate_repaired
from worlds import X0, Y0, box

LETTERS = "aéÂÃâÅ\u0080\u00a9\u00bf\u0152œŠšŸŽžƒˆ˜–—’“”•…‰‹›€™\ufffdΩ"


def _buildings(rows: int) -> gpd.GeoDataFrame:
    geometry = [box(20 * i, 0, 20 * i + 10, 10) for i in range(rows)]
    return gpd.GeoDataFrame(
        {"cleabs": [f"B{i}" for i in range(rows)], "note": 1.5}, geometry=geometry, crs=2154
    )


def test_no_pair_of_letters_escapes_the_search_of_bytes() -> None:
    """Kills: a lead byte forgotten among those of the second character of « Ã© »."""
    pattern = re.compile(text._MOJIBAKE)
    pairs = [first + chr(second) for first in "ÂÃâÅ" for second in range(0x80, 0x2200)]
    escaped = [
        pair
        for pair in pairs
        if pattern.search(pair) and not text._MOJIBAKE_BYTES.search(pair.encode())
    ]
    assert not escaped


@given(
    st.lists(st.none() | st.text(LETTERS, max_size=4), max_size=12),
    st.integers(0, 6),
    st.booleans(),
)
def test_search_of_bytes_misses_nothing(values: list[str | None], skip: int, twice: bool) -> None:
    """Kills: the bytes of a slice taken from the start of its buffer; chunks beyond the first."""
    column = pd.Series(values, dtype=text.TEXT)
    column = (pd.concat([column, column]) if twice else column).iloc[skip:]
    lost = [isinstance(value, str) and "\ufffd" in value for value in column]
    np.testing.assert_array_equal(text.find_lost_characters(column), lost)
    better = [text._decode_again(v) if isinstance(v, str) and _suspect(v) else v for v in column]
    repaired, changed = text.repair_mojibake(column)
    pd.testing.assert_series_equal(repaired, pd.Series(better, column.index, dtype=text.TEXT))
    assert changed.sum() == sum(
        old != new for old, new in zip(column.dropna(), repaired.dropna(), strict=True)
    )
    pd.testing.assert_series_equal(text.settle(column), column)


def _suspect(value: str) -> bool:
    return re.search(text._MOJIBAKE, value) is not None


def test_settle_shares_no_memory_and_keeps_other_types() -> None:
    """Kills: a lone chunk handed on, which keeps a whole batch of geometry alive."""
    column = pd.Series(["a", None], dtype=text.TEXT)
    before, after = (text._chunks(c)[0].buffers()[2].address for c in (column, text.settle(column)))
    assert before != after
    for other in (
        pd.Series(["a"], dtype="string"),
        pd.Series([1]),
        pd.Series([None, "a"], dtype=object),
    ):
        assert text.settle(other) is other


def test_halves_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: halves put together in the wrong order, the middle lost when the number is odd."""
    monkeypatch.setattr(threads, "_WORTH_IT", 0)
    for rows in (0, 1, 2, 7):
        deep = shapely.points(np.arange(3.0 * rows).reshape(rows, 3))
        flat, had = flatten(deep)
        assert (shapely.get_coordinates(flat) == shapely.get_coordinates(deep)).all()
        assert had.all()
        assert not shapely.has_z(flat).any()
    with pytest.raises(ZeroDivisionError):
        threads.in_halves(lambda some: some if some[0] < 3 else 1 // 0, np.arange(6))


@given(st.lists(st.none() | st.text("ab0", max_size=2), max_size=9))
def test_keys_that_repeat_are_never_passed_over(keys: list[str | None]) -> None:
    """Kills: nulls taken for a repeated key, a key repeated in another batch passed over."""
    column = pd.Series(keys, dtype=text.TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tvb.io.assembly.BATCH_ROWS", 2)
        assert may_repeat(column) == column.dropna().duplicated().any()


def test_numbers_lent_by_arrow_are_copied(tmp_path: Path) -> None:
    """Kills: a frame of one batch whose only column of numbers cannot be written to."""
    _buildings(3).to_parquet(tmp_path / "batiment.parquet")
    frame, _ = read_layer(tmp_path / "batiment.parquet", "buildings")
    frame.loc[0, "note"] = 2.0
    frame["note"] += 1
    assert frame["note"].tolist() == [3.0, 2.5, 2.5]


def test_checksums_keep_the_order_of_the_files(tmp_path: Path) -> None:
    """Kills: checksums in the order in which the threads finish."""
    paths = []
    for rows in (900, 3, 40):
        frame = _buildings(rows)
        frame["cleabs"] = [f"{rows} {key}" for key in frame["cleabs"]]
        frame.to_parquet(tmp_path / f"{rows}.parquet")
        paths.append(tmp_path / f"{rows}.parquet")
    _, report = read_layer(paths, "buildings")
    assert list(report.checksums) == [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]


def test_what_the_reader_leaves_unchecked_the_public_check_still_refuses() -> None:
    """Kills: a public `validate` weakened to spare the reader its second look."""
    good, _ = conform(_buildings(2), "buildings")
    bow_tie = shapely.Polygon([(X0, Y0), (X0 + 1, Y0 + 1), (X0 + 1, Y0), (X0, Y0 + 1)])
    broken = good.set_geometry([bow_tie, None])
    twice = good.assign(cleabs="B0")
    with pytest.raises(LayerError, match=r"null geometry[\s\S]*invalid geometry"):
        validate(broken, "buildings")
    with pytest.raises(LayerError, match="key given twice"):
        validate(twice, "buildings")
    with pytest.raises(LayerError, match="« cleabs » is missing"):
        validate_repaired(good.drop(columns="cleabs"), "buildings")


def test_the_frame_of_a_reading_passes_the_public_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: a reader that skips a check its repair does not do."""
    monkeypatch.setattr(threads, "_WORTH_IT", 2)
    monkeypatch.setattr(read, "BATCH_ROWS", 3)
    bow_tie = shapely.Polygon([(X0, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0), (X0, Y0 + 9)])
    odd = [
        bow_tie,
        None,
        shapely.Polygon(),
        shapely.Point(X0, Y0),
        shapely.force_3d(box(0, 0, 1, 1)),
    ]
    raw = pd.concat([_buildings(4), _buildings(6).iloc[2:].set_geometry([*odd[1:]], crs=2154)])
    raw = raw.set_geometry([odd[0], *raw.geometry.iloc[1:]], crs=2154)
    frame, report = conform(raw, "buildings")
    assert validate(frame, "buildings") is frame
    assert report.rows_read == 8 == len(frame) + report.rows_dropped


def test_plain_and_french_numbers_make_the_same_points(tmp_path: Path) -> None:
    """Kills: a column read as it stands though one of its numbers has a comma or a space."""
    tables = {"plain": ("650000.5", "7030000"), "french": ("650 000,5", "7\u202f030\u00a0000")}
    points = []
    for name, (x, y) in tables.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(f"nom;x;y\na;650001;7030001\nb;{x};{y}\nc;;\n", encoding="utf-8")
        points.append(read_layer(path, "pits", crs=2154)[0])
    first, second = (shapely.get_coordinates(frame.geometry.to_numpy()) for frame in points)
    np.testing.assert_array_equal(first, second)
    assert list(itertools.chain(*first)) == [650_001, 7_030_001, 650_000.5, 7_030_000]
