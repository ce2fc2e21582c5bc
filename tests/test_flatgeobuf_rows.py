"""FlatGeobuf read from its bytes: what GDAL gives, or an error, never anything else."""

from __future__ import annotations

import random
import struct
import warnings
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus
import flatgeobuf_files as fgb
from tvb.errors import SourceError
from tvb.io import flatgeobuf_features, flatgeobuf_rows
from tvb.io.flatgeobuf_rows import FlatGeobufRows, stream_flatgeobuf
from tvb.io.locate import Located
from tvb.io.ogr import GEOMETRY, open_ogr

RING = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 0.0)]
HOLE = [(2.0, 0.5), (3.0, 0.5), (3.0, 1.0), (2.0, 0.5)]
SQUARE = fgb.polygon([RING])
COLUMNS = ("cleabs", "usage", "léger", "logements", "hauteur", "code", "part")


# --- helpers --------------------------------------------------------------------------------------


def schema_of(path: Path, columns: Sequence[str]) -> pa.Schema:
    with pyogrio.open_arrow(path, columns=list(columns), use_pyarrow=True) as (_, stream):
        return stream.schema


def through_gdal(path: Path, columns: Sequence[str], rows: int = 7) -> pa.Table:
    """Return what `OgrReader.stream` gives, the geometry as ISO well-known binary."""
    reader: Any = open_ogr(Located(path), "buildings", None).read
    table = pa.Table.from_batches(list(reader.stream(columns, None, rows=rows)))
    return as_iso(table.set_column(
        table.schema.get_field_index(GEOMETRY), GEOMETRY,
        table[GEOMETRY].cast(pa.large_binary()),
    ))  # fmt: skip


def portions(
    path: Path, columns: Sequence[str], rows: int = 7, *, different: Sequence[str] = ()
) -> list[FlatGeobufRows] | None:
    schema = schema_of(path, columns)
    stream = stream_flatgeobuf(
        Located(path), columns, rows=rows, schema=schema, different=different
    )
    return None if stream is None else list(stream)


def read(path: Path, columns: Sequence[str], rows: int = 7, **options: Any) -> pa.Table:
    """Return all rows that this reader gives, after a look at each portion."""
    found = portions(path, columns, rows, **options)
    assert found is not None
    batches = [portion.load() for portion in found]
    for portion, batch in zip(found, batches, strict=True):
        assert 0 < len(portion) == len(batch) <= rows
        batch.validate()
    return as_iso(pa.concat_tables([plain(batch) for batch in batches]))


def plain(batch: pa.RecordBatch) -> pa.Table:
    """Return a batch without dictionaries."""
    fields = [
        pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type)
        for f in batch.schema
    ]
    return pa.Table.from_batches([batch]).cast(pa.schema(fields))


def as_iso(table: pa.Table) -> pa.Table:
    """Return a table whose well-known binary is of one dialect: GDAL has two for heights."""
    values = [None if v is None else _as_iso(v) for v in table[GEOMETRY].to_pylist()]
    place = table.schema.get_field_index(GEOMETRY)
    return table.set_column(place, GEOMETRY, pa.array(values, pa.large_binary()))


def _as_iso(value: bytes) -> bytes:
    whole = bytearray(value)

    def visit(at: int) -> int:
        code, count = struct.unpack_from("<II", value, at + 1)
        kind = (code & 0xFFFF) + 1000 * (code >> 31) + 2000 * (code >> 30 & 1)
        struct.pack_into("<I", whole, at + 1, kind)
        width = 8 * (2 + (0, 1, 1, 2)[kind // 1000])
        if kind % 1000 == 1:
            return at + 5 + width
        at += 9
        if kind % 1000 == 2:
            return at + count * width
        for _ in range(count):
            if kind % 1000 == 3:
                at += 4 + width * int(struct.unpack_from("<I", value, at)[0])
            else:
                at = visit(at)
        return at

    visit(0)
    return bytes(whole)


def check(path: Path, columns: Sequence[str], rows: int = 7, **options: Any) -> pa.Table:
    """Assert that GDAL and this reader give the same, and return it."""
    mine, other = read(path, columns, rows, **options), through_gdal(path, columns, rows)
    assert mine.schema.equals(other.schema)
    assert mine.equals(other) or same_bytes(mine, other)
    return mine


def same_bytes(mine: pa.Table, other: pa.Table) -> bool:
    """Tell whether tables are the same where some numbers are none, or texts are not UTF-8."""

    def bare(table: pa.Table) -> dict[str, str]:
        columns = [column.combine_chunks() for column in table.columns]
        views = [c.view(pa.binary()) if pa.types.is_string(c.type) else c for c in columns]
        return {n: repr(v.to_pylist()) for n, v in zip(table.schema.names, views, strict=True)}

    return bare(mine) == bare(other)


def no_gdal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no row be left to GDAL."""

    def fail(*_: object) -> None:
        raise AssertionError("left to GDAL")

    monkeypatch.setattr(FlatGeobufRows, "_with_odd", fail)


def write(frame: gpd.GeoDataFrame, path: Path, *, index: bool = True, **options: Any) -> Path:
    layer_options = {"SPATIAL_INDEX": "YES" if index else "NO"}
    pyogrio.write_dataframe(
        frame, path, driver="FlatGeobuf", layer_options=layer_options, **options
    )
    return path


def buildings(count: int) -> gpd.GeoDataFrame:
    """Return buildings with a value or none of each type that GDAL writes."""
    number = np.arange(count)
    shapes = [shapely.box(i, 0, i + 1, 1 + i % 3) for i in range(count)]
    some = gpd.GeoDataFrame(
        {
            "cleabs": [f"BATIMENT{i:016d}" for i in number],
            "usage": [(None, "", "Résidentiel", "Annexe")[i % 4] for i in number],
            "léger": number % 3 == 0,
            "logements": (number - 2) * 10_000_000_000,
            "hauteur": np.where(number % 5, number / 7, np.nan),
            "code": (number - 3).astype(np.int16),
            "part": (number / 3).astype(np.float32),
            "date": np.datetime64("2024-01-01") + number,
            "étages": number.astype(np.int32),
        },
        geometry=shapes,
        crs=2154,
    )
    return some.astype({"léger": "boolean", "étages": "Int32"}).assign(
        étages=lambda frame: frame["étages"].where(number % 4 > 0)
    )


# --- what GDAL writes -----------------------------------------------------------------------------


@pytest.mark.parametrize("index", [True, False], ids=["index", "no index"])
@pytest.mark.parametrize("rows", [1, 7, 40, 64, 1000])
def test_all_types_and_borders(
    index: bool, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a portion that starts at the wrong feature, a null read as 0, a column skipped by a
    wrong width, a feature cut at the end of a block and lost."""
    no_gdal(monkeypatch)
    monkeypatch.setattr(flatgeobuf_features, "_BLOCK_BYTES", 700)
    path = write(buildings(64), tmp_path / "b.fgb", index=index)
    for columns in ([*COLUMNS, "étages"], ["part", "cleabs"], ["étages"], []):
        assert len(check(path, columns, rows)) == 64


def test_texts_of_which_few_are_different_are_dictionaries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: texts told apart by their first eight bytes, or by their length; an empty one taken
    for null; the texts of one block looked up in the bytes of another."""
    no_gdal(monkeypatch)
    monkeypatch.setattr(flatgeobuf_features, "_BLOCK_BYTES", 700)
    texts = [None, "", "a", "ab", "abcdefgh", "abcdefghi", "abcdefghj", "é" * 32, "zbcdefghi"]
    frame = buildings(60).assign(usage=[texts[i * i % 9] for i in range(60)])
    path = write(frame, tmp_path / "b.fgb")
    check(path, COLUMNS, 25, different=["usage", "hauteur", "none"])
    batch = (portions(path, COLUMNS, 25, different=["usage"]) or [])[0].load()
    assert batch.schema.field("usage").type == pa.dictionary(pa.int32(), pa.string())
    assert batch.schema.field("cleabs").type == pa.string()


@pytest.mark.parametrize("text", ["many", "long"])
def test_texts_of_which_many_are_different_are_copied(text: str, tmp_path: Path) -> None:
    """Kills: a table of spellings written beyond its end; texts lost when it is given up."""
    usage = [f"usage {i}" if text == "many" else "x" * (i + 1) for i in range(90)]
    path = write(buildings(90).assign(usage=usage), tmp_path / "b.fgb")
    found = check(path, COLUMNS, 80, different=["usage"])
    assert sorted(found["usage"].to_pylist()) == sorted(usage)
    stream = stream_flatgeobuf(
        Located(path), COLUMNS, rows=80, schema=schema_of(path, COLUMNS), different=["usage"]
    )
    types = [portion.load().schema.field("usage").type for portion in stream or ()]
    assert types == [pa.string(), pa.string()]


def test_geometry_of_all_kinds(tmp_path: Path) -> None:
    """Kills: null geometry read as the next one, holes or parts lost, heights left out, points
    and curves dropped, where each feature has a type of its own."""
    shapes_of_all = [case.geometry for case in corpus.CASES]
    flat = [g for g in shapes_of_all if g is None or not (g.has_z or g.has_m)]
    for name, shapes in {
        "all": flat,
        "polygons": [g for g in flat if g is None or g.geom_type == "Polygon"],
        "multi": [g for g in flat if g is None or g.geom_type == "MultiPolygon"],
    }.items():
        frame = gpd.GeoDataFrame(
            {"n": range(len(shapes)), "t": [f"é{i}" for i in range(len(shapes))]},
            geometry=shapes, crs=2154,
        )  # fmt: skip
        kind = {"polygons": "Polygon", "multi": "MultiPolygon"}.get(name, "Unknown")
        path = write(frame, tmp_path / f"{name}.fgb", index=False, geometry_type=kind)
        for rows in (1, 4, 100):
            found = check(path, ["t", "n"], rows, different=["t"])
            assert found["n"].to_pylist() == [*range(len(shapes))], name


SHAPES = {
    "ring": fgb.polygon([RING], kind=3),
    "hole": fgb.polygon([RING, HOLE], kind=3),
    "multi": fgb.multiple([fgb.polygon([RING, HOLE]), SQUARE]),
    "point": fgb.polygon([RING[:1]], kind=1),
    "empty": fgb.polygon([[]], kind=3),
    "null": None,
}


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*SHAPES]),
            st.none() | st.text("aé ", max_size=12),
            st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        min_size=1, max_size=12,
    ),
    st.integers(1, 5),
)  # fmt: skip
def test_any_rows_are_those_of_gdal(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str | None, int | None]],
    most: int,
) -> None:
    """Kills: odd rows put back in other places, values shifted by a null before them."""
    features = []
    for shape, text, number in rows:
        values = [(0, "string", text), (1, "long", number)]
        given_values = [value for value in values if value[2] is not None]
        features.append(fgb.feature(SHAPES[shape], given_values[:: 1 if most % 2 else -1]))
    path = tmp_path_factory.mktemp("any") / "a.fgb"
    path.write_bytes(fgb.file(0, [("t", "string"), ("n", "long")], features))
    found = check(path, ["t", "n"], most, different=["t"] if most % 2 else [])
    assert [*zip(found["t"].to_pylist(), found["n"].to_pylist(), strict=True)] == [
        (text, number) for _, text, number in rows
    ]


# --- what others may write ------------------------------------------------------------------------


def test_numbers_at_their_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: a sign lost or invented, a whole number rounded, a value of one width too many."""
    no_gdal(monkeypatch)
    limits = {
        "bool": (False, True), "short": (-(2**15), -1),
        "ushort": (0, 2**16 - 1), "int": (-(2**31), -1), "uint": (0, 2**32 - 1),
        "long": (-(2**63), 2**53 + 1), "ulong": (2**53 + 1, 2**64 - 1),
        "float": (-1.5, float("inf")), "double": (float("nan"), 5e-324), "string": ("é", ""),
    }  # fmt: skip
    columns = [(f"c_{kind}", kind) for kind in limits]
    values = [[(i, kind, limits[kind][k]) for i, kind in enumerate(limits)] for k in range(2)]
    features = [fgb.feature(SQUARE, some) for some in (values[0], [], values[1][::-1], None)]
    path = tmp_path / "n.fgb"
    path.write_bytes(fgb.file(3, columns, features))
    found = check(path, [name for name, _ in columns], 3)
    for kind, (low, high) in limits.items():
        column = found[f"c_{kind}"].to_pylist()
        if kind not in ("ulong", "double"):
            assert column == [low, None, high, None]
    assert found["c_ulong"].to_pylist() == [2.0**53, None, 2.0**64, None]


def test_a_value_may_be_missing_where_the_header_says_that_none_is(tmp_path: Path) -> None:
    """Kills: a text written over that of another row, as the Arrow reader of GDAL does; zero.

    GDAL is not asked for the whole file here: its column of texts may end the process.
    """
    values = [(0, "int", 4), (1, "string", "a"), (2, "bool", True)]
    features = [fgb.feature(SQUARE, values), fgb.feature(SQUARE), fgb.feature(None)]
    features += [fgb.feature(SQUARE, [(1, "string", "b")]), fgb.feature(None, values[:1])]
    path = tmp_path / "n.fgb"
    columns = [("n", "int"), ("t", "string"), ("b", "bool")]
    path.write_bytes(fgb.file(3, columns, features, required=True))
    for different in ("", "t"):
        found = read(path, "ntb", different=different)
        assert found["n"].to_pylist() == [4, None, None, None, 4]
        assert found["t"].to_pylist() == ["a", None, None, "b", None]
        assert found["b"].to_pylist() == [True, None, None, None, None]
        assert [value is None for value in found[GEOMETRY].to_pylist()] == [0, 0, 1, 0, 1]


def test_values_of_columns_that_must_have_one(tmp_path: Path) -> None:
    values = [[(0, "int", i), (1, "string", "ab"[i])] for i in range(2)]
    path = tmp_path / "n.fgb"
    features = [
        fgb.feature(shape, some) for shape, some in zip((SQUARE, None), values, strict=True)
    ]
    path.write_bytes(fgb.file(3, [("n", "int"), ("t", "string")], features, required=True))
    assert read(path, "nt").to_pydict() == through_gdal(path, "nt").to_pydict()


def test_columns_that_are_not_wanted_are_skipped(tmp_path: Path) -> None:
    """Kills: a text taken for a number because its column is not read; a time of any length."""
    columns = [("a", "json"), ("b", "datetime"), ("c", "binary"), ("n", "int"), ("d", "double"),
               ("e", "byte"), ("f", "ubyte")]  # fmt: skip
    values = [(0, "json", '{"n": 1}'), (1, "datetime", "2024-01-01T00:00:00Z"),
              (2, "binary", b"\3\0\5"), (4, "double", 2.5), (5, "byte", -1),
              (6, "ubyte", 255), (3, "int", 7)]  # fmt: skip
    path = tmp_path / "c.fgb"
    path.write_bytes(fgb.file(3, columns, [fgb.feature(SQUARE, values)] * 3))
    assert check(path, ["n"])["n"].to_pylist() == [7, 7, 7]
    for wanted in "abcef":
        assert portions(path, [wanted, "n"]) is None


@pytest.mark.parametrize("node_size", [0, None, 16])
@pytest.mark.parametrize("kind", [0, 3, 6])
@pytest.mark.parametrize("axes", ["", "z"])
def test_rings_parts_and_heights(
    axes: str, kind: int, node_size: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: heights of the first ring given to the second; an index of a size by default."""
    if axes and kind == 0:
        return  # pyogrio does not open such files
    no_gdal(monkeypatch)
    rings = [[(x, y, 10 * x + y)[: 2 + len(axes)] for x, y in ring] for ring in (RING, HOLE)]
    single, double = fgb.polygon(rings[:1], axes, kind=3), fgb.polygon(rings, axes, kind=3)
    several = [fgb.multiple([double, single]), fgb.multiple([single])]
    shapes = {0: [single, double, *several], 3: [single, double], 6: several}[kind]
    features = [fgb.feature(shape, [(0, "int", i)]) for i, shape in enumerate(shapes * 9)]
    path = tmp_path / "a.fgb"
    path.write_bytes(fgb.file(kind, [("n", "int")], features, axes=axes, node_size=node_size))
    found = check(path, ["n"], 5)
    assert found["n"].to_pylist() == [*range(len(features))]
    last = shapely.from_wkb(found[GEOMETRY][1].as_py())
    assert last.has_z == bool(axes)


ODD = {
    "no geometry": fgb.feature(None, [(0, "int", 5)]),
    "nothing": fgb.feature(None),
    "no places": fgb.feature(fgb.table({})),
    "no rings": fgb.feature(fgb.polygon([[]]), [(0, "int", 5)]),
    "not closed": fgb.feature(fgb.polygon([RING[:3]]), [(0, "int", 5)]),
    "one place": fgb.feature(fgb.polygon([RING[:1]]), [(0, "int", 5)]),
    "half a place": fgb.feature(fgb.table({1: fgb.vector("d", [1, 2, 3, 4, 1, 2, 9])})),
    "a ring of nothing": fgb.feature(fgb.polygon([RING, []]), [(0, "int", 5)]),
    "places beyond the rings": fgb.feature(fgb.polygon([RING, HOLE], ends=[4, 7])),
    "one end, elsewhere": fgb.feature(fgb.polygon([RING], ends=[99])),
    "rings beyond the places": fgb.feature(fgb.polygon([RING, HOLE], ends=[4, 9])),
    "rings that go back": fgb.feature(fgb.polygon([RING, HOLE], ends=[4, 3])),
    "parts of a polygon": fgb.feature(fgb.multiple([SQUARE], 3)),
    "heights that are not due": fgb.feature(fgb.polygon([[(*p, 1.0) for p in RING]], "z")),
    "another type": fgb.feature(fgb.polygon([RING], kind=6), [(0, "int", 5)]),
    "a value twice": fgb.feature(SQUARE, [(0, "int", 5), (0, "int", 6)]),
    "another value twice": fgb.feature(
        SQUARE, [(1, "string", "a"), (0, "int", 5), (1, "string", "")]
    ),
    "a column too many": fgb.feature(SQUARE, [(7, "int", 5)]),
    "half a value": fgb.feature(SQUARE, fgb.vector("B", b"\0\0\1\0")),
    "a text too long": fgb.feature(SQUARE, fgb.vector("B", b"\1\0\xff\0\0\0abc")),
    "a byte too many": fgb.feature(SQUARE, fgb.vector("B", b"\0\0\1\0\0\0\xff")),
    "properties of nothing": fgb.feature(SQUARE, []),
    "a zero in a text": fgb.feature(SQUARE, [(1, "string", "a\0b")]),
    "bytes that are no text": fgb.feature(SQUARE, [(1, "string", b"\xe9t\xe9")]),
    "a time too long": fgb.feature(SQUARE, [(2, "datetime", "2024-01-01T00:00:00" + "0" * 20)]),
    "columns of its own": fgb.sized(fgb.table({
        0: SQUARE, 1: fgb.properties([(0, "int", 5)]), 2: fgb.tables([fgb.table({})]),
    })),
    "times of places": fgb.feature(fgb.table({
        1: fgb.vector("d", [c for p in RING for c in p]), 4: fgb.vector("d", [1, 2, 3, 4]),
    })),
    "eight bytes": b"\x08\0\0\0" + bytes(8),
    "no bytes": bytes(4),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", [0, 3, 6])
def test_odd_features_are_what_gdal_makes_of_them(name: str, kind: int, tmp_path: Path) -> None:
    """Kills: an odd feature read by this reader in its own way, or passed over.

    GDAL refuses some; it adds what it says of rings that are not closed.
    """
    columns = [("n", "int"), ("t", "string"), ("d", "datetime")]
    plain_one = fgb.feature(
        fgb.multiple([SQUARE]) if kind == 6 else fgb.polygon([RING], kind=3),
        [(1, "string", "x"), (0, "int", 1)],
    )
    path = tmp_path / "odd.fgb"
    path.write_bytes(fgb.file(kind, columns, [plain_one, ODD[name], plain_one]))
    same_or_refused(path, ["n", "t"], 2)


def same_or_refused(path: Path, columns: Sequence[str], rows: int) -> str:
    """Assert that this reader gives what GDAL gives, or an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            other = through_gdal(path, columns, rows)
        except SourceError:
            other = None
        try:
            mine = read(path, columns, rows)
        except SourceError:
            return "refused"
    assert other is not None
    assert mine.schema.equals(other.schema)
    assert mine.equals(other) or same_bytes(mine, other)
    return "same"


def test_a_feature_larger_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: a block that is never large enough; a feature read twice when it grows."""
    no_gdal(monkeypatch)
    monkeypatch.setattr(flatgeobuf_features, "_BLOCK_BYTES", 16)
    monkeypatch.setattr(flatgeobuf_rows, "_MOST_BYTES", 2000)
    circle = [(float(x), float(y)) for x, y in shapely.Point(5, 5).buffer(3, 40).exterior.coords]
    shapes = [SQUARE, fgb.polygon([circle]), SQUARE, SQUARE, fgb.polygon([RING, circle])] * 2
    features = [fgb.feature(shape, [(0, "int", i)]) for i, shape in enumerate(shapes)]
    for node_size in (0, 16):
        path = tmp_path / f"{node_size}.fgb"
        path.write_bytes(fgb.file(3, [("n", "int")], features, node_size=node_size))
        check(path, ["n"], 10)
        sizes = [len(portion) for portion in portions(path, ["n"], 10) or ()]
        assert sum(sizes) == 10
        assert len(sizes) > 2


def test_portions_may_be_loaded_by_threads_in_any_order(tmp_path: Path) -> None:
    path = write(buildings(400), tmp_path / "b.fgb")
    found = portions(path, COLUMNS, 20, different=["usage"]) or []
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(FlatGeobufRows.load, found[::-1]))[::-1]
    assert as_iso(pa.concat_tables([plain(b) for b in loaded])).equals(through_gdal(path, COLUMNS))
    assert repr(found[0]) == "<FlatGeobufRows b.fgb: 20 rows>"


# --- what is left to GDAL, and what is refused ----------------------------------------------------


def _one(**options: Any) -> bytes:
    return fgb.file(3, [("n", "int")], [fgb.feature(SQUARE, [(0, "int", 1)])] * 3, **options)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"fgb\x03fgb", _one()[:40], b"fgb\x02fgb\0" + _one()[8:], _one(count=0),
        _one(axes="t"), _one(axes="m"), _one(node_size=16)[:-1], _one(node_size=16)[:-200],
        _one(node_size=1), _one(node_size=8),
        b"fgb\x03fgb\0" + b"\xff" * 40,
        fgb.file(1, [("n", "int")], [fgb.feature(SQUARE)]),
        fgb.file(3, [("m", "int")], [fgb.feature(SQUARE)]),
        fgb.file(3, [("n", "long")], [fgb.feature(SQUARE)]),
        fgb.file(3, [("n", "int"), ("n", "int")], [fgb.feature(SQUARE)]),
        _one(node_size=16).replace(struct.pack("<Q", len(_one()) // 99), b""),
    ],
    ids=range(17),
)  # fmt: skip
def test_files_that_are_not_as_they_are_known_are_left_to_gdal(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "x.fgb"
    path.write_bytes(content)
    schema = pa.schema([("n", pa.int32())])
    assert stream_flatgeobuf(Located(path), ["n"], rows=2, schema=schema) is None


def test_archives_and_absent_files_are_left_to_gdal(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.fgb", _one())
    schema = pa.schema([("n", pa.int32())])
    for found in (Located(tmp_path / "x.zip", "x.fgb"), Located(tmp_path / "absent.fgb")):
        assert stream_flatgeobuf(found, ["n"], rows=2, schema=schema) is None


def test_an_index_out_of_order_is_not_used(tmp_path: Path) -> None:
    """Kills: portions cut where an index says, when it has the features in another order."""
    content = bytearray(_one(node_size=16))
    size = len(fgb.feature(SQUARE, [(0, "int", 1)]))
    starts = len(content) - 3 * size - 3 * 40
    for i, start in enumerate((0, 2 * size, size)):
        struct.pack_into("<Q", content, starts + 40 * i + 32, start)
    path = tmp_path / "x.fgb"
    path.write_bytes(content)
    assert portions(path, ["n"], 1) is None
    struct.pack_into("<Q", content, starts + 32, 2**64 - 1)
    path.write_bytes(content)
    assert portions(path, ["n"], 1) is None


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    """Kills: rows silently missing where there is no index to tell."""
    path = tmp_path / "x.fgb"
    path.write_bytes(_one()[:-9])
    with pytest.raises(SourceError, match=r"x\.fgb: is damaged at feature 2\. .*export it again"):
        portions(path, ["n"], 1)


def test_lengths_that_contradict_the_index_are_refused(tmp_path: Path) -> None:
    """Kills: the last features of a portion lost, or those of the next one read twice."""
    one = fgb.feature(SQUARE, [(0, "int", 1)])
    for length in (len(one) - 12, len(one) + 4, 2**32 - 1):
        content = bytearray(_one(node_size=16))
        struct.pack_into("<I", content, len(content) - 3 * len(one), length)
        path = tmp_path / "x.fgb"
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"is damaged at feature|cannot be read"):
            read(path, ["n"], 2)


def test_a_file_written_to_meanwhile_is_refused(tmp_path: Path) -> None:
    """Kills: rows of two files mixed when one is put in the place of the other."""
    path, other = tmp_path / "x.fgb", tmp_path / "y.fgb"
    for path_of in (path, other):
        path_of.write_bytes(_one(node_size=16))
    (first, second) = portions(path, ["n"], 2) or ()
    assert len(first.load()) == 2
    other.replace(path)
    with pytest.raises(SourceError, match="was written to while it was read"):
        second.load()
    path.unlink()
    with pytest.raises(SourceError, match=r"cannot be read: .*check the file and its rights"):
        second.load()


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_are_read_as_gdal_reads_them_or_refused(seed: int, tmp_path: Path) -> None:
    """Kills: an offset followed without a look, which ends the process or reads other bytes."""
    chance = random.Random(seed)  # noqa: S311
    shapes = [SHAPES["ring"], SHAPES["hole"], SHAPES["multi"], SHAPES["ring"]]
    features = [
        fgb.feature(shape, [(0, "string", f"t{i}"), (1, "int", i), (2, "double", 0.5)])
        for i, shape in enumerate(shapes)
    ]
    columns = [("t", "string"), ("n", "int"), ("x", "double")]
    whole = fgb.file(0, columns, features, node_size=(0, 16)[seed % 2])
    start = len(whole) - sum(map(len, features))
    path = tmp_path / "x.fgb"
    told = []
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(start, len(content))
            content[at] = chance.choice((content[at] ^ 1 << chance.randrange(8), 0, 255))
        if chance.random() < 0.1:
            del content[chance.randrange(start, len(content)) :]
        path.write_bytes(content)
        if portions_or_none(path) is not None:
            told.append(same_or_refused(path, ["n", "t"], 3))
    assert {"same", "refused"} == set(told)


def portions_or_none(path: Path) -> object:
    try:
        return portions(path, ["n", "t"], 3)
    except SourceError:
        return "refused"
