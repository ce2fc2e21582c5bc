"""Archives: read in place, and refused when they are not what they should be."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

import worlds
from tvb.errors import SourceError
from tvb.io import archive as archive_module
from tvb.io import read_layer
from tvb.io.archive import list_members


@pytest.fixture
def shapefile(tmp_path: Path) -> Path:
    """Return a folder with the parts of a shapefile of communes."""
    folder = tmp_path / "parts"
    folder.mkdir()
    worlds.communes().to_file(folder / "COMMUNE.shp", encoding="utf-8")
    return folder


def _zip(path: Path, parts: dict[str, bytes | Path]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            data = content.read_bytes() if isinstance(content, Path) else content
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def _parts(folder: Path, inside: str = "") -> dict[str, bytes | Path]:
    return {f"{inside}{part.name}": part for part in sorted(folder.iterdir())}


def test_zipped_shapefile_is_read_in_place(shapefile: Path, tmp_path: Path) -> None:
    """Kills: a reader that unpacks beside the archive."""
    home = tmp_path / "livraison n°1 {v2}"
    home.mkdir()
    path = _zip(home / "Communes.v2.ZIP", _parts(shapefile, "ADMIN EXPRESS/1_DONNEES/"))
    frame, report = read_layer(path, "communes")
    assert frame["insee"].tolist() == ["62001", "62002", "62003", "62004"]
    assert report.files == ("Communes.v2.ZIP/ADMIN EXPRESS/1_DONNEES/COMMUNE.shp",)
    assert [entry.name for entry in home.iterdir()] == ["Communes.v2.ZIP"]


def test_geopackage_csv_and_parquet_inside_an_archive(tmp_path: Path) -> None:
    towns = worlds.communes()
    towns.to_file(tmp_path / "a.gpkg", layer="commune")
    towns.to_parquet(tmp_path / "a.parquet")
    points = towns.set_geometry(towns.representative_point()).to_crs(4326)
    table = "puits;fosse;lon;lat\n" + "".join(
        f"{i};{i};{p.x};{p.y}\n" for i, p in enumerate(points.geometry)
    )
    for name, layer in (("a.gpkg", "communes"), ("a.parquet", "communes"), ("p.csv", "pits")):
        content = table.encode() if name == "p.csv" else tmp_path / name
        path = _zip(tmp_path / f"{name}.zip", {f"data/{name}": content, "lisez-moi.txt": b"x"})
        assert len(read_layer(path, layer)[0]) == 4


def test_several_layers_are_listed_until_one_is_named(shapefile: Path, tmp_path: Path) -> None:
    other = {k.replace("COMMUNE", "EPCI"): v for k, v in _parts(shapefile).items()}
    path = _zip(tmp_path / "a.zip", _parts(shapefile) | other)
    with pytest.raises(
        SourceError, match=r"a\.zip: holds 2 layers: COMMUNE, EPCI\. .*source_layer="
    ):
        read_layer(path, "communes")
    with pytest.raises(SourceError, match="holds 2 layers and none is « CANTON »"):
        read_layer(path, "communes", source_layer="CANTON")
    assert len(read_layer(path, "communes", source_layer="commune")[0]) == 4
    assert len(read_layer(path, "communes", source_layer="EPCI.shp")[0]) == 4


def test_the_only_layer_of_another_name_is_not_read_instead(
    shapefile: Path, tmp_path: Path
) -> None:
    """Kills: a name that is ignored as soon as the archive holds one layer."""
    path = _zip(tmp_path / "a.zip", _parts(shapefile))
    with pytest.raises(SourceError, match="holds 1 layer and none is « PARCELLE »: COMMUNE"):
        read_layer(path, "communes", source_layer="PARCELLE")


def test_a_layer_named_as_the_schema_is_preferred(shapefile: Path, tmp_path: Path) -> None:
    named = {k.replace("COMMUNE", "communes"): v for k, v in _parts(shapefile).items()}
    path = _zip(tmp_path / "a.zip", _parts(shapefile) | named)
    _, report = read_layer(path, "communes")
    assert report.files == ("a.zip/communes.shp",)


def test_a_table_beside_a_shapefile_is_not_a_choice(shapefile: Path, tmp_path: Path) -> None:
    junk = {"__MACOSX/._COMMUNE.shp": b"x", "metadata.csv": b"a;b\n", "doc.zip": b"PK"}
    path = _zip(tmp_path / "a.zip", _parts(shapefile) | junk)
    assert len(read_layer(path, "communes")[0]) == 4


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../../etc/passwd.shp", "leads outside of it"),
        ("a/../../b.shp", "leads outside of it"),
        ("/etc/b.shp", "leads outside of it"),
        ("C:/b.shp", "leads outside of it"),
        ("..\\b.shp", "leads outside of it"),
        ("a\\b.shp", "forbidden characters"),
        ("a\nb.shp", "forbidden characters"),
        ("a\u202eb.shp", "forbidden characters"),
        ("a\x00b.shp", "forbidden characters"),
    ],
)
def test_hostile_names_are_refused(
    name: str, problem: str, shapefile: Path, tmp_path: Path
) -> None:
    """Kills: a check of the chosen member only, or of the name that zipfile has tidied up."""
    path = _zip(tmp_path / "a.zip", _parts(shapefile) | {"xxxx": b"x"})
    stand_in = "x" * len(name.encode())
    path = _zip(path, _parts(shapefile) | {stand_in: b"x"})
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), name.encode()))
    if "\u202e" in name:  # zipfile reads names as cp437 unless their UTF-8 flag is set
        path = _zip(tmp_path / "b.zip", {name: b"x"})
    with pytest.raises(SourceError, match=f"{path.name}: holds a name .*{problem}|with {problem}"):
        list_members(path)


def test_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("COMMUNE.shp")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SourceError, match=r"holds a link: 'COMMUNE.shp'"):
        read_layer(path, "communes")


def test_encrypted_archives_are_refused(shapefile: Path, tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", _parts(shapefile))
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1  # general purpose flag of the central directory
    path.write_bytes(data)
    with pytest.raises(SourceError, match="is encrypted"):
        read_layer(path, "communes")


def test_absurd_expansion_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "_FREE_BYTES", 1024)
    path = _zip(tmp_path / "bomb.zip", {"a.geojson": b"0" * 1_000_000})
    with pytest.raises(SourceError, match=r"bomb\.zip: expands \d{3} times, more than 200"):
        read_layer(path, "communes")


def test_absurd_total_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_TOTAL_BYTES", 1024)
    path = _zip(tmp_path / "big.zip", {"a.geojson": b"0" * 2000})
    with pytest.raises(SourceError, match=r"big\.zip: expands to 0\.0 GiB, more than"):
        read_layer(path, "communes")


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_MEMBERS", 3)
    path = _zip(tmp_path / "many.zip", {f"{i}.geojson": b"" for i in range(4)})
    with pytest.raises(SourceError, match="holds 4 files, more than 3"):
        read_layer(path, "communes")


def test_archives_inside_archives_are_refused(shapefile: Path, tmp_path: Path) -> None:
    inner = _zip(tmp_path / "inner.zip", _parts(shapefile))
    path = _zip(tmp_path / "outer.zip", {"inner.zip": inner})
    with pytest.raises(SourceError, match=r"only holds other archives.*unpack it"):
        read_layer(path, "communes")


def test_an_archive_without_a_layer_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"lisez-moi.pdf": b"x"})
    with pytest.raises(SourceError, match=r"holds no layer.*\.shp"):
        read_layer(path, "communes")


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SourceError, match=r"is not a readable zip archive.*download it again"):
        read_layer(path, "communes")


def test_other_kinds_of_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "BDTOPO.7z"
    path.write_bytes(b"7z")
    with pytest.raises(SourceError, match=r"of a kind that is not read in place.*unpack it"):
        read_layer(path, "buildings")


def test_a_virtual_file_inside_an_archive_is_refused(tmp_path: Path) -> None:
    """Kills: GDAL following an address to any file or server, whatever the suffix says."""
    path = _zip(
        tmp_path / "a.zip", {"a.gml": b"<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>"}
    )
    with pytest.raises(SourceError, match="is a virtual file"):
        read_layer(path, "communes")


def test_a_geodatabase_inside_an_archive_is_one_layer(tmp_path: Path) -> None:
    towns = worlds.communes().astype({"population": "int32"})
    towns.to_file(tmp_path / "a.gdb", driver="OpenFileGDB", layer="communes")
    files = {f"x/a.gdb/{p.name}": p for p in (tmp_path / "a.gdb").iterdir()}
    path = _zip(tmp_path / "a.zip", files)
    assert len(read_layer(path, "communes")[0]) == 4
    assert len(read_layer(tmp_path / "a.gdb", "communes")[0]) == 4
