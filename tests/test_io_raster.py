"""Rasters: what is written is read back, and dry is never mixed with unknown."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tvb.errors import CrsError, CrsWarning, LayerError, ParameterError, SourceError
from tvb.grid import Grid
from tvb.io.raster import iter_grids, read_grid, write_grid
from worlds import X0, Y0

NODATA = -9999.0
DEPTH = np.array([[0, 1.5, NODATA, 4], [2, 0, 3, 0.25], [0, NODATA, 1, 2]], dtype="float32")


def depth_grid() -> Grid:
    """Three rows and four columns of 20 × 10 m: wet, dry and unknown cells."""
    return Grid(DEPTH, X0, Y0, 20.0, 10.0, nodata=NODATA, name="flood_depth_02Moy")


def write_foreign(path: Path, values: np.ndarray, **changes: object) -> Path:
    """Write a raster as other people do; None leaves an item out."""
    profile = {
        "driver": "GTiff", "height": values.shape[-2], "width": values.shape[-1],
        "count": 1 if values.ndim == 2 else len(values), "dtype": values.dtype,
        "crs": "EPSG:2154", "transform": rasterio.Affine(20, 0, X0, 0, -10, Y0), **changes,
    }  # fmt: skip
    profile = {key: value for key, value in profile.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile) as target:
            target.write(values if values.ndim == 3 else values[None])
    return path


@pytest.fixture
def depths(tmp_path: Path) -> Path:
    path = tmp_path / "depths.tif"
    write_grid(depth_grid(), path)
    return path


def test_write_then_read_is_the_identity(depths: Path) -> None:
    """Kills: nodata turned into 0 or NaN, square cells taken for granted, rows upside down."""
    grid = read_grid(depths, "flood_depth_02Moy")
    assert_array_equal(grid.values, DEPTH)
    assert grid.values.dtype == np.float32
    assert (grid.transform, grid.nodata) == (depth_grid().transform, NODATA)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64", "bool"])
def test_every_type_survives(tmp_path: Path, dtype: str) -> None:
    grid = Grid(np.array([[0, 1], [1, 0]], dtype=dtype), X0, Y0, 5.0, 5.0)
    write_grid(grid, tmp_path / "a.tif")
    read = read_grid(tmp_path / "a.tif", "anything")
    assert_array_equal(read.values, grid.values.astype("uint8" if dtype == "bool" else dtype))
    assert read.nodata is None


def test_legend_travels_in_the_file(tmp_path: Path) -> None:
    legend = {1: "eau", 8: "terril « plat » <b>"}
    grid = Grid(np.array([[1, 8]], dtype="uint8"), X0, Y0, 5.0, 5.0, legend=legend)
    write_grid(grid, tmp_path / "a.tif")
    assert read_grid(tmp_path / "a.tif", "land_cover").legend == legend


def test_two_runs_give_the_same_bytes(tmp_path: Path, depths: Path) -> None:
    write_grid(depth_grid(), tmp_path / "again.tif")
    assert (tmp_path / "again.tif").read_bytes() == depths.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.tif", "depths.tif"]


def test_zero_nodata_and_outside_stay_three_answers(depths: Path) -> None:
    """Kills: a reader that fills nodata with 0, or a window padded with 0 beyond the raster."""
    window = (X0 - 500.0, Y0 - 500.0, X0 + 60.0, Y0 + 500.0)
    grid = read_grid(depths, "flood_depth_02Moy", bbox=window)
    assert grid.shape == (3, 3)  # what lies outside is not in the grid
    row, column = grid.cell_of(np.array([X0 + 10, X0 + 50, X0 - 10]), np.array([Y0 - 5.0] * 3))
    assert grid.values[row[0], column[0]] == 0
    assert grid.values[row[1], column[1]] == grid.nodata
    assert (row[2], column[2]) == (-1, -1)


@settings(max_examples=40, deadline=None)
@given(
    west=st.integers(-30, 79), width=st.integers(1, 100),
    south=st.integers(-50, -1), height=st.integers(1, 60),
)  # fmt: skip
def test_window_holds_the_cells_that_the_box_meets(
    tmp_path_factory: pytest.TempPathFactory, west: int, width: int, south: int, height: int
) -> None:
    """Oracle: every cell tested one by one. Kills: rounding the window to the nearest cell."""
    path = tmp_path_factory.getbasetemp() / "window.tif"
    if not path.exists():
        write_grid(depth_grid(), path)
    east, north = west + width, south + height
    met = np.zeros(DEPTH.shape, dtype=bool)
    for row in range(3):
        for column in range(4):
            left, top = 20 * column, -10 * row
            met[row, column] = left < east and left + 20 > west and top > south and top - 10 < north
    box = (X0 + west, Y0 + south, X0 + east, Y0 + north)
    if not met.any():
        with pytest.raises(ParameterError, match="outside the raster"):
            read_grid(path, "flood_depth_02Moy", bbox=box)
        return
    rows, columns = np.flatnonzero(met.any(1)), np.flatnonzero(met.any(0))
    grid = read_grid(path, "flood_depth_02Moy", bbox=box)
    assert_array_equal(grid.values, DEPTH[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    assert (grid.x_min, grid.y_max) == (X0 + 20 * columns[0], Y0 - 10 * rows[0])


def test_tiles_cover_the_raster_once(depths: Path) -> None:
    seen = np.full(DEPTH.shape, np.nan)
    for tile in iter_grids(depths, "flood_depth_02Moy", tile_cells=2):
        row, column = int((Y0 - tile.y_max) / 10), int((tile.x_min - X0) / 20)
        part = seen[row : row + tile.shape[0], column : column + tile.shape[1]]
        assert np.isnan(part).all()
        part[...] = tile.values
    assert_array_equal(seen, DEPTH)
    with pytest.raises(ParameterError, match="tile_cells: 0"):
        next(iter_grids(depths, "flood_depth_02Moy", tile_cells=0))


def test_only_the_window_is_read(tmp_path: Path) -> None:
    """Kills: reading the whole file, then cutting. Its other blocks are damaged on purpose."""
    noise = np.random.default_rng(1).integers(0, 9, (1024, 1024)).astype("uint8")
    path = tmp_path / "big.tif"
    write_grid(Grid(noise, X0, Y0, 1.0, 1.0), path)
    content = bytearray(path.read_bytes())
    half = len(content) * 3 // 4
    content[half : half + 2000] = bytes(2000)
    path.write_bytes(content)
    assert_array_equal(
        read_grid(path, "x", bbox=(X0, Y0 - 100, X0 + 100, Y0)).values, noise[:100, :100]
    )
    with pytest.raises(SourceError, match="x: the file is damaged"):
        read_grid(path, "x")


def test_reprojected_codes_stay_codes(tmp_path: Path) -> None:
    """Kills: bilinear codes (1 and 8 averaged to 4), and 0 laid where the file has no cell."""
    codes = np.full((40, 40), 1, dtype="uint8")
    codes[:, 20:] = 8
    degrees = rasterio.Affine(0.001, 0, 2.8, 0, -0.001, 50.4)
    path = write_foreign(tmp_path / "wgs.tif", codes, crs="EPSG:4326", transform=degrees)
    with pytest.warns(CrsWarning, match=r"resampled from WGS 84 to EPSG:2154 \(nearest\)"):
        grid = read_grid(path, "land_cover")
    assert set(np.unique(grid.values)) == {1, 8, 255}
    assert grid.nodata == 255


def test_reprojected_depths_keep_dry_apart_from_unknown(tmp_path: Path) -> None:
    """Kills: the corners outside the file read as 0, that is dry ground."""
    depth = np.full((40, 40), 2, dtype="float32")
    degrees = rasterio.Affine(0.001, 0, 2.8, 0, -0.001, 50.4)
    path = write_foreign(tmp_path / "wgs.tif", depth, crs="EPSG:4326", transform=degrees)
    with pytest.warns(CrsWarning, match="bilinear"):
        grid = read_grid(path, "flood_depth_01For")
    assert set(np.unique(grid.values)) == {NODATA, 2}
    assert grid.nodata == NODATA
    depth[:20] = 0
    depth[:5] = NODATA
    changes = {"crs": "EPSG:4326", "transform": degrees, "nodata": NODATA}
    path = write_foreign(tmp_path / "zero.tif", depth, **changes)
    with pytest.warns(CrsWarning, match="bilinear"):
        grid = read_grid(path, "flood_depth_01For")
    observed = grid.values[grid.values != NODATA]
    assert observed.min() == 0
    assert observed.max() == pytest.approx(2)
    assert (grid.values == NODATA).sum() > 100


def test_value_needed_for_unknown_cells_must_be_free(tmp_path: Path) -> None:
    codes = np.full((40, 40), 255, dtype="uint8")
    degrees = rasterio.Affine(0.001, 0, 2.8, 0, -0.001, 50.4)
    path = write_foreign(tmp_path / "full.tif", codes, crs="EPSG:4326", transform=degrees)
    with (
        pytest.warns(CrsWarning, match="resampled"),
        pytest.raises(LayerError, match="holds the value 255, needed for cells"),
    ):
        read_grid(path, "x")


def test_masked_cells_are_unknown_not_zero(tmp_path: Path) -> None:
    """Kills: ignoring the alpha band by which some tools mark the cells without data."""
    bands = np.zeros((2, 2, 2), dtype="uint8")
    bands[0] = [[0, 3], [4, 5]]
    bands[1] = [[255, 255], [255, 0]]
    path = write_foreign(tmp_path / "alpha.tif", bands, photometric="minisblack", alpha="yes")
    grid = read_grid(path, "x", band=1)
    assert_array_equal(grid.values, [[0, 3], [4, 255]])
    assert grid.nodata == 255


def test_nan_is_unknown(tmp_path: Path) -> None:
    values = np.array([[np.nan, 1.0]], dtype="float32")
    plain = read_grid(write_foreign(tmp_path / "a.tif", values), "flood_depth")
    assert plain.nodata is not None
    assert np.isnan(plain.nodata)
    declared = read_grid(write_foreign(tmp_path / "b.tif", values, nodata=-1.0), "flood_depth")
    assert_array_equal(declared.values, [[-1.0, 1.0]])


def test_ascii_grid_needs_a_declared_system(tmp_path: Path) -> None:
    """The format of IGN's terrain tiles names no system."""
    path = tmp_path / "a.asc"
    path.write_text(
        "ncols 2\nnrows 2\nxllcorner 700000\nyllcorner 7000000\ncellsize 5\n"
        "NODATA_value -9999\n1.5 2\n-9999 0\n"
    )
    with pytest.raises(CrsError, match=r"flood_depth: .*declare it with crs="):
        read_grid(path, "flood_depth")
    grid = read_grid(path, "flood_depth", crs="EPSG:2154")
    assert_array_equal(grid.values, [[1.5, 2], [-9999, 0]])
    assert grid.y_max == 7_000_010


def test_declared_system_wins_and_says_so(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "a.tif", DEPTH, crs="EPSG:3950", nodata=NODATA)
    with pytest.warns(CrsWarning, match="as declared"):
        grid = read_grid(path, "flood_depth", crs="EPSG:2154")
    assert_array_equal(grid.values, DEPTH)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"transform": rasterio.Affine(20, 5, X0, 0, -10, Y0)}, LayerError, "is turned"),
        ({"transform": rasterio.Affine(20, 0, X0, 0, 10, Y0)}, LayerError, "north up"),
        ({"transform": None}, LayerError, "does not say where its cells lie"),
        (
            {"nodata": None},
            LayerError,
            r"cells hold other values \(-9999, …\).*-1 to 30 m.*nodata=",
        ),
        ({"crs": None}, CrsError, "does not say its coordinate reference system"),
    ],
)
def test_bad_files_are_refused(
    tmp_path: Path, changes: dict[str, object], error: type[Exception], message: str
) -> None:
    path = write_foreign(tmp_path / "a.tif", DEPTH, **{"nodata": NODATA, **changes})
    with pytest.raises(error, match=message):
        read_grid(path, "flood_depth_02Moy")


def test_undeclared_nodata_can_be_declared(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "a.tif", DEPTH)
    assert read_grid(path, "flood_depth", nodata=NODATA).nodata == NODATA


def test_unknown_codes_need_a_legend(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "oso.tif", np.array([[11, 12]], dtype="uint8"))
    with pytest.raises(LayerError, match=r"land_cover: 2 cells hold other values \(11, 12"):
        read_grid(path, "land_cover")
    legend = {11: "été", 12: "hiver"}
    assert read_grid(path, "land_cover", legend=legend).legend == legend


def test_bad_requests_are_refused(depths: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"12 cells.*max_cells = 5.*bbox"):
        read_grid(depths, "x", max_cells=5)
    with pytest.raises(ParameterError, match="west < east"):
        read_grid(depths, "x", bbox=(1.0, 0.0, 0.0, 1.0))
    with pytest.raises(ParameterError, match="band 2 of a file of 1 bands"):
        read_grid(depths, "x", band=2)
    with pytest.raises(SourceError, match="no such file"):
        read_grid(tmp_path / "none.tif", "x")
    with pytest.raises(SourceError, match="no such file"):
        read_grid("/vsicurl/http://127.0.0.1/a.tif", "x")
    three = write_foreign(tmp_path / "rgb.tif", np.zeros((3, 2, 2), dtype="uint8"))
    with pytest.raises(ParameterError, match="band None of a file of 3 bands"):
        read_grid(three, "x")


def test_virtual_rasters_are_not_opened(tmp_path: Path, depths: Path) -> None:
    """Kills: a file handed over by a stranger that makes GDAL read another file or address."""
    path = tmp_path / "a.vrt"
    rasterio.shutil.copy(depths, path, driver="VRT")
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        read_grid(path, "flood_depth")


def test_cells_that_geotiff_cannot_hold(tmp_path: Path) -> None:
    for values in (np.zeros((1, 1), dtype="complex64"), np.zeros((0, 3), dtype="uint8")):
        with pytest.raises(LayerError, match=r"grid: .*cells of type"):
            write_grid(Grid(values, X0, Y0, 1.0, 1.0), tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_failed_write_keeps_the_older_file(depths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = depths.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise rasterio.errors.RasterioIOError("disk full")

    monkeypatch.setattr(rasterio.io.DatasetWriter, "update_tags", fail)
    grid = Grid(np.ones((2, 2), "uint8"), X0, Y0, 1.0, 1.0, legend={1: "eau"})
    with pytest.raises(SourceError, match=r"cannot be written \(disk full\)"):
        write_grid(grid, depths)
    assert depths.read_bytes() == before
    assert [p.name for p in depths.parent.iterdir()] == [depths.name]
