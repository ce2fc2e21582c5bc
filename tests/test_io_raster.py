"""Rasters: what is written is read back, and dry is never mixed with unknown."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.shutil
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tvb.errors import CrsError, CrsWarning, LayerError, ParameterError, SourceError
from tvb.flood import measure_depth
from tvb.grid import Grid
from tvb.io.load import load_flood_depth
from tvb.io.locate import checksum
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


# Mosaics

MOSAIC = """<VRTDataset rasterXSize="6" rasterYSize="3">
  <SRS>EPSG:2154</SRS>
  <GeoTransform>{x}, 20, 0, {y}, 0, -10</GeoTransform>
  <VRTRasterBand dataType="{kind}" band="1"{band}>
    {inside}
    {sources}
  </VRTRasterBand>
</VRTDataset>
"""
SOURCE = """<SimpleSource>
      <SourceFilename relativeToVRT="{relative}">{name}</SourceFilename>
      <SourceBand>1</SourceBand>
      <SrcRect xOff="0" yOff="0" xSize="{width}" ySize="3"/>
      <DstRect xOff="{x}" yOff="0" xSize="{width}" ySize="3"/>{more}
    </SimpleSource>"""


def source(name: object, *, x: int = 0, width: int = 4, relative: int = 1, more: str = "") -> str:
    return SOURCE.format(name=name, x=x, width=width, relative=relative, more=more)


def mosaic(
    path: Path, *sources: str, inside: str = "", kind: str = "Float32", band: str = ""
) -> Path:
    """Write a mosaic of six columns: one more than a raster of four and one of one column fill."""
    text = MOSAIC.format(
        x=X0, y=Y0, kind=kind, band=band, inside=inside, sources="".join(sources)
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Return a mosaic of `depths.tif` and of a column of 7 m below it, with a gap between."""
    (tmp_path / "below").mkdir()
    write_grid(depth_grid(), tmp_path / "depths.tif")
    write_foreign(tmp_path / "below" / "east.tif", np.full((3, 1), 7, dtype="float32"))
    two = source("depths.tif"), source("below/east.tif", x=5, width=1)
    return mosaic(tmp_path / "a.vrt", *two, inside="<NoDataValue>-9999</NoDataValue>")


def test_a_mosaic_is_read_by_window(tiles: Path) -> None:
    """Kills a mosaic refused as a whole, and a gap between its files that would be dry ground."""
    expected = np.full((3, 6), NODATA, dtype="float32")
    expected[:, :4], expected[:, 5] = DEPTH, 7
    grid = read_grid(tiles, "flood_depth")
    assert_array_equal(grid.values, expected)
    assert (grid.nodata, grid.x_min, grid.y_max) == (NODATA, X0, Y0)
    part = read_grid(tiles, "flood_depth", bbox=(X0 + 70, Y0 - 20, X0 + 120, Y0 - 10))
    assert_array_equal(part.values, expected[1:2, 3:])
    joined = [g.values for g in iter_grids(tiles, "flood_depth", tile_cells=4)]
    assert_array_equal(np.hstack(joined), expected)
    assert_array_equal(load_flood_depth(tiles).values, expected)
    # A file outside the window is not read: only what it begins with is looked at.
    east = tiles.parent / "below" / "east.tif"
    east.write_bytes(east.read_bytes()[:8])
    west = read_grid(tiles, "flood_depth", bbox=(X0, Y0 - 30, X0 + 80, Y0))
    assert_array_equal(west.values, DEPTH)
    with pytest.raises(SourceError, match="flood_depth: the file is damaged"):
        read_grid(tiles, "flood_depth")


def test_a_mosaic_as_gdal_writes_it(tmp_path: Path, depths: Path) -> None:
    grid = Grid(np.array([[1, 2]], "uint8"), X0, Y0, 1.0, 1.0, legend={1: "eau", 2: "bois"})
    write_grid(grid, tmp_path / "codes.tif")
    for name in ("depths", "codes"):
        rasterio.shutil.copy(tmp_path / f"{name}.tif", tmp_path / f"{name}.vrt", driver="VRT")
    assert_array_equal(read_grid(tmp_path / "depths.vrt", "flood_depth").values, DEPTH)
    assert_array_equal(read_grid(tmp_path / "codes.vrt", "codes").values, grid.values)
    (tmp_path / "a.asc").write_text(
        f"ncols 2\nnrows 1\nxllcorner {X0}\nyllcorner {Y0 - 30}\ncellsize 10\n0.5 1\n"
    )
    text = source("a.asc", width=2) + source(depths.resolve(), x=2, relative=0)
    path = mosaic(tmp_path / "ascii.vrt", text, inside="<NoDataValue>-9999</NoDataValue>")
    values = read_grid(path, "flood_depth").values
    assert values[0, 0] == 0.5
    assert_array_equal(values[:, 2:], DEPTH)


def test_cells_that_no_file_of_a_mosaic_holds_are_unknown(tiles: Path) -> None:
    """Kills 0 m of water between two files: GDAL fills with 0 where no other value is said."""
    plain = np.ones((3, 4), dtype="float32")
    write_foreign(tiles.parent / "plain.tif", plain)
    grid = read_grid(mosaic(tiles, source("plain.tif")), "flood_depth")
    assert_array_equal(np.isnan(grid.values), [[False] * 4 + [True] * 2] * 3)
    assert np.isnan(grid.nodata)
    write_foreign(tiles.parent / "codes.tif", plain.astype("uint8"))
    codes = source("codes.tif"), source("codes.tif", x=2)
    assert read_grid(mosaic(tiles, *codes, kind="Byte"), "codes").values.all()
    for gaps in ((codes[0],), (codes[0], source("codes.tif", x="two"))):
        with pytest.raises(SourceError, match=r"says no value for cells that none.*-vrtnodata"):
            read_grid(mosaic(tiles, *gaps, kind="Byte"), "codes")


def test_a_mosaic_follows_its_files_into_the_cache(tiles: Path) -> None:
    """Kills a result of last week taken for that of a file that was exchanged since."""
    before = checksum(tiles)
    write_foreign(tiles.parent / "below" / "east.tif", np.full((3, 1), 8, dtype="float32"))
    assert checksum(tiles) != before


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (source("/vsicurl/http://127.0.0.1/a.tif"), r"« /vsicurl/.*» is no path of a file"),
        (source("/VSIZIP/a.zip/a.tif", relative=0), r"« /VSIZIP/.*» is no path of a file"),
        (source("http://127.0.0.1/a.tif"), r"« http://127.0.0.1/a.tif » is no path of a file"),
        (source("NETCDF:a.nc:depth"), r"« NETCDF:a.nc:depth » is no path of a file"),
        (source(r"\\\\server\\a.tif"), r"server.* is no path of a file"),
        (source(""), "«  » is no path of a file"),
        (source("/etc/hostname", relative=0), "« /etc/hostname » is outside its folder"),
        (source("../outside.tif"), "« ../outside.tif » is outside its folder"),
        (source("below/../../outside.tif"), "outside its folder"),
        (source("link.tif"), "« link.tif » is outside its folder"),
        (source("depths.tif", relative=0), "« depths.tif » is not relative to the VRT"),
        (source("absent.tif"), r"« absent.tif » cannot be opened \(No such file"),
        (source("below"), r"« below » cannot be opened"),
        (source("nested.vrt"), "« nested.vrt » is no GeoTIFF or ASCII grid"),
        (source("nested.tif"), "« nested.tif » is no GeoTIFF or ASCII grid"),
        (source("service.tif"), "« service.tif » is no GeoTIFF or ASCII grid"),
        (source("both.asc"), "« both.asc » is no GeoTIFF or ASCII grid"),
        (source("depths.tif", more="<OpenOptions/>"), "holds <OpenOptions> in <SimpleSource>"),
        (source("depths.tif", more='<SourceFilename relativeToVRT="1">depths.tif</SourceFilename>'),
         "does not name one file"),
        ("<SimpleSource/>", "a <SimpleSource> that does not name one file"),
        (source("depths.tif").replace("SimpleSource", "KernelFilteredSource"),
         "holds <KernelFilteredSource> in <VRTRasterBand>"),
        (source("depths.tif").replace("SourceFilename", "sourcefilename"),
         "holds <sourcefilename> in <SimpleSource>"),
        ("<PixelFunctionType>f</PixelFunctionType>", "holds <PixelFunctionType>"),
        ("<PixelFunctionCode>import os</PixelFunctionCode>", "holds <PixelFunctionCode>"),
        ("<MaskBand/>", "holds <MaskBand> in <VRTRasterBand>"),
    ],
)  # fmt: skip
def test_mosaics_that_lead_elsewhere_are_refused(tiles: Path, made: str, message: str) -> None:
    """Kills: a file handed over by a stranger that makes GDAL read another file or address.

    Each names what is refused, and the way out.
    """
    folder = tiles.parent
    outside = write_foreign(folder.parent / "outside.tif", DEPTH)
    (folder / "link.tif").symlink_to(outside)
    inner = mosaic(folder / "nested.vrt", source("depths.tif")).read_bytes()
    (folder / "nested.tif").write_bytes(inner)
    (folder / "service.tif").write_text("<GDAL_WMS><Service/></GDAL_WMS>")
    (folder / "both.asc").write_bytes(b"ncols 6\nnrows 3\n" + inner)
    with pytest.raises(SourceError, match=message) as caught:
        read_grid(mosaic(tiles, made), "flood_depth")
    text = str(caught.value)
    assert text.startswith("a.vrt: ")
    assert "Required: a plain mosaic of GeoTIFF or ASCII grids in its folder or below" in text
    assert "Remedy: read its files with tvb.io.read_grid and give the list" in text
    for read in (load_flood_depth, lambda p: next(iter_grids(p, "x")), checksum):
        with pytest.raises(SourceError, match=message):
            read(tiles)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("<VRTDataset ", '<VRTDataset subClass="VRTWarpedDataset" '),
         r"holds <VRTDataset subClass='VRTWarpedDataset'>"),
        (('band="1"', 'band="1" subClass="VRTDerivedRasterBand"'), "VRTDerivedRasterBand"),
        (('band="1"', 'band="1" subClass="VRTRawRasterBand"'), "VRTRawRasterBand"),
        (("<SRS>", "<GDALWarpOptions/><SRS>"), "holds <GDALWarpOptions> in <VRTDataset>"),
        (("<VRTDataset ", "<!DOCTYPE a [<!ENTITY b 'c'>]><VRTDataset "), "declares entities"),
        (("</VRTDataset>", ""), "is not XML"),
        (("VRTDataset", "OGRVRTDataSource"), "starts with <OGRVRTDataSource>"),
        (("<SRS>", "<SRS>\xe9"), "is not a text in UTF-8"),
    ],
)  # fmt: skip
def test_virtual_files_that_are_no_plain_mosaic_are_refused(
    tiles: Path, changes: tuple[str, str], message: str
) -> None:
    text = tiles.read_text(encoding="utf-8").replace(*changes)
    tiles.write_bytes(text.encode("latin-1"))
    with pytest.raises(SourceError, match=message):
        read_grid(tiles, "flood_depth")


def test_a_system_is_never_looked_for_elsewhere(tiles: Path) -> None:
    """Kills a system that GDAL would fetch, and a text of 65 MB of which a list would be made."""
    text = tiles.read_text(encoding="utf-8")
    tiles.write_text(text.replace("EPSG:2154", "http://127.0.0.1/crs.prj"), encoding="utf-8")
    with pytest.raises(CrsError, match=r"a.vrt: its system of coordinates cannot be understood"):
        read_grid(tiles, "flood_depth")
    tiles.write_text(text.replace("<SRS>EPSG:2154</SRS>", ""), encoding="utf-8")
    with pytest.raises(CrsError, match="does not say its coordinate reference system"):
        read_grid(tiles, "flood_depth")
    with tiles.open("ab") as file:
        file.truncate(65 * 1024**2)
    with pytest.raises(SourceError, match="has more than 64 MB of XML"):
        read_grid(tiles, "flood_depth")


def test_a_virtual_file_under_another_name_is_not_opened(tiles: Path) -> None:
    """Kills a mosaic that comes as a GeoTIFF, and so past what mosaics are held to."""
    other = tiles.with_suffix(".tif")
    other.write_bytes(tiles.read_bytes())
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        read_grid(other, "flood_depth")


def test_time_steps_are_bands(tmp_path: Path) -> None:
    """Three steps of a rising water; a file of several bands without `band` says what to give."""
    steps = np.stack([DEPTH, DEPTH, DEPTH]).clip(min=0) * np.array([0, 1, 2])[:, None, None]
    path = write_foreign(tmp_path / "steps.tif", steps.astype("float32"))
    read = {f"t{i}": load_flood_depth(path, band=i) for i in (1, 2, 3)}
    assert [grid.values.max() for grid in read.values()] == [0.0, 4.0, 8.0]
    building = gpd.GeoDataFrame(geometry=[shapely.box(X0 + 21, Y0 - 9, X0 + 39, Y0 - 1)], crs=2154)
    deepest = measure_depth(building, read).table["depth_max_m"]
    assert deepest[["t1", "t2", "t3"]].to_numpy().tolist() == [[0.0, 1.5, 3.0]]
    with pytest.raises(ParameterError, match=r"band None of a file of 3 bands.*band= from 1 to 3"):
        load_flood_depth(path)
    with pytest.raises(ParameterError, match="band 4 of a file of 3 bands"):
        load_flood_depth(path, band=4)


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
