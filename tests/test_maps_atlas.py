"""Atlases: every place has its sheet, and one that fails takes no other with it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from pypdf import PdfReader

import worlds
from tvb import maps
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.maps.atlas import build_atlas
from tvb.territory import Source, Territory

SOURCE = Source("communes", "real", "Communes", "MBM", "Licence Ouverte 2.0", "2024")


def territory() -> Territory:
    return Territory("Bassin", {"communes": worlds.communes()}, sources=(SOURCE,))


def draw_but_one(bad: str, **page: Any) -> maps.Plate:
    """Fail for one place: a function of a module, so that other processes find it."""
    if page["place"] == bad:
        raise ParameterError(f"{bad}: cannot be drawn")
    return maps.plot_territory(territory(), **page)


def write(
    path: Path, *, jobs: int = 1, bad: str = "", zones: Any = None, **page: Any
) -> maps.Atlas:
    chosen = worlds.communes() if zones is None else zones
    draw = functools.partial(draw_but_one, bad)
    return build_atlas(draw, chosen, path, sources=[SOURCE], jobs=jobs, **page)


def bookmarks(reader: PdfReader) -> list[tuple[str, int]]:
    outline = reader.outline
    return [(str(item["/Title"]), reader.get_destination_page_number(item)) for item in outline]


def test_sheets_bookmarks_and_contents(tmp_path):
    atlas = write(tmp_path / "atlas.pdf", title="Atlas du bourg", producer="MBM")
    names = sorted(worlds.communes()["nom"])
    assert atlas.sheets["name"].tolist() == names
    assert atlas.sheets["page"].tolist() == [3, 4, 5, 6]
    reader = PdfReader(tmp_path / "atlas.pdf")
    assert bookmarks(reader) == [("Tableau d’assemblage", 0), ("Sommaire", 1),
                                 *((name, 2 + k) for k, name in enumerate(names))]  # fmt: skip
    overview, contents, first = (page.extract_text() for page in reader.pages[:3])
    assert "Atlas du bourg" in overview
    assert "4 feuilles" in overview
    assert "Sources\u00a0: Communes – MBM" in overview
    assert all(name in contents for name in names)
    assert f"{names[0]} – Patrimoine mondial" in first
    assert "1/4" in first
    links = [link.get_object() for link in reader.pages[1]["/Annots"]]
    assert [reader.get_page_number(link["/Dest"][0].get_object()) for link in links] == [2, 3, 4, 5]
    assert repr(atlas) == "<Atlas « atlas.pdf », 4 sheets>"


def test_a_failing_sheet_does_not_lose_the_others(tmp_path):
    """Kills a page number that counts the sheet that is not there."""
    bad = sorted(worlds.communes()["nom"])[1]
    atlas = write(tmp_path / "atlas.pdf", bad=bad)
    assert atlas.failed["name"].tolist() == [bad]
    assert atlas.failed["error"].tolist() == [f"{bad}: cannot be drawn"]
    assert atlas.sheets["page"].tolist()[::2] == [3, 4]
    assert atlas.sheets["page"].isna().tolist() == [False, True, False, False]
    reader = PdfReader(tmp_path / "atlas.pdf")
    assert len(reader.pages) == 5
    assert bad not in dict(bookmarks(reader))
    assert "non produite" in reader.pages[1].extract_text()
    assert "n’a pu être dessinée" in reader.pages[0].extract_text()
    assert repr(atlas).endswith("3 sheets, 1 failed>")


def test_any_number_of_processes_writes_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("tvb.maps.atlas._SHEETS_PER_FILE", 2)
    files = [write(tmp_path / f"{n}.pdf", jobs=n).path.read_bytes() for n in (1, 2)]
    assert files[0] == files[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.pdf", "2.pdf"]


def test_the_place_stands_out_from_its_neighbours():
    """Kills an atlas whose sheets do not say which of the communes they are about."""
    place = worlds.communes().geometry.iloc[0]
    plate = maps.plot_territory(territory(), focus=place, extent=place.buffer(300).bounds)
    colours = {artist.get_facecolor()[:3] for axes in plate.figure.axes
               for artist in axes.patches if artist.get_zorder() == 8.0}  # fmt: skip
    assert colours == {(1.0, 1.0, 1.0)}
    assert any(artist.get_zorder() == 8.1 for axes in plate.figure.axes for artist in axes.patches)
    plain = maps.plot_territory(territory(), focus=shapely.Polygon())
    assert not any(a.get_zorder() >= 8.0 for axes in plain.figure.axes[1:] for a in axes.patches)


def test_refusals(tmp_path):
    zones = worlds.communes()
    with pytest.raises(ParameterError, match=r"cannot be saved as « atlas.png »\. Required: \.pdf"):
        write(tmp_path / "atlas.png")
    with pytest.raises(LayerError, match="zones: column « nom » is missing"):
        write(tmp_path / "a.pdf", zones=zones.drop(columns="nom"))
    with pytest.raises(LayerError, match=r"« insee » is given twice \(4 features: 62001"):
        write(tmp_path / "a.pdf", zones=gpd.GeoDataFrame(zones.loc[zones.index.repeat(2)]))
    with pytest.raises(LayerError, match="zones: no feature to draw"):
        write(tmp_path / "a.pdf", zones=zones.iloc[:0])
    with pytest.raises(CrsError, match="zones: coordinates are in EPSG:3857"):
        write(tmp_path / "a.pdf", zones=zones.to_crs(3857))
    assert not list(tmp_path.iterdir())


def test_zones_without_names_or_shapes_are_told(tmp_path):
    zones = worlds.communes()
    zones["nom"] = [None, "b", "c", "d"]
    zones.loc[3, "geometry"] = None
    atlas = write(tmp_path / "a.pdf", zones=zones)
    assert atlas.sheets["name"].tolist() == ["62001", "b", "c", "d"]
    assert atlas.failed["error"].tolist() == ["no geometry"]
