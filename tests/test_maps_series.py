"""Atlases by theme: a sheet for each, what is missing told, the same bytes for any jobs."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread
from pypdf import PdfReader

import worlds
from tvb import maps
from tvb.errors import LayerError, ParameterError
from tvb.maps.series import SeriesSheet, build_series
from tvb.territory import Source, Territory

SOURCE = Source("communes", "modelled", "Communes", "MBM", "Licence Ouverte 2.0", "2024")


def draw(bad: bool, **page: Any) -> maps.Plate:
    """Draw the town or fail: a function of a module, so that other processes find it."""
    if bad:
        raise ParameterError("theme: cannot be drawn")
    town = Territory("Bourg", {"communes": worlds.communes()}, sources=(SOURCE,))
    return maps.plot_territory(town, **page)


def sheets() -> list[SeriesSheet]:
    return [
        SeriesSheet("one", "Premier thème", functools.partial(draw, False)),
        SeriesSheet("two", "Deuxième thème", functools.partial(draw, True)),
        SeriesSheet("three", "Troisième thème", missing="aucun plan n'a été donné"),
        SeriesSheet("four", "Quatrième thème", functools.partial(draw, False)),
    ]


def test_sheets_bookmarks_and_what_is_missing(tmp_path: Path) -> None:
    """Kills a sheet left out in silence, and a page number that counts it."""
    atlas = build_series(sheets(), tmp_path / "a.pdf", title="Atlas du bourg", producer="MBM")
    assert atlas.sheets["page"].tolist()[::3] == [2, 3]
    assert atlas.failed.index.tolist() == ["two", "three"]
    assert atlas.failed["error"].tolist() == ["theme: cannot be drawn", "aucun plan n'a été donné"]
    assert atlas.sheets["title"].tolist()[0] == "Patrimoine mondial et trame verte et bleue"
    assert atlas.sources == (SOURCE,)
    reader = PdfReader(tmp_path / "a.pdf")
    marks = [(str(m["/Title"]), reader.get_destination_page_number(m)) for m in reader.outline]
    assert marks == [("Sommaire", 0), ("1. Premier thème", 1), ("4. Quatrième thème", 2)]
    front, first = (page.extract_text() for page in reader.pages[:2])
    for expected in ("Atlas du bourg", "2. Deuxième thème", "non produite",
                     "aucun plan n’a été donné", "Réalisation", "ne décrit pas"):  # fmt: skip
        assert expected in front
    assert "1/4" in first
    links = [link.get_object() for link in reader.pages[0]["/Annots"]]
    assert [reader.get_page_number(link["/Dest"][0].get_object()) for link in links] == [1, 2]


def test_any_number_of_processes_writes_the_same_bytes(tmp_path: Path) -> None:
    files = [
        build_series(sheets(), tmp_path / f"{n}.pdf", jobs=n, each=("png",), dpi=30).path
        for n in (1, 2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    names = sorted(p.name for p in tmp_path.glob("1-*"))
    assert names == ["1-01-one.png", "1-04-four.png"]
    assert imread(tmp_path / names[0]).shape[:2] == (248, 350)  # A4 at 30 dots to the inch


@pytest.mark.parametrize("count", [1, 7, 23])
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_pictures_of_any_number_stay_on_the_page(
    tmp_path: Path, count: int, orientation: Any
) -> None:
    """Kills rows that run into the foot of the page."""
    many = [SeriesSheet(str(n), f"Thème {n}", missing="rien " * 60) for n in range(count)]
    build_series(many, tmp_path / "a.pdf", orientation=orientation)
    from tvb.maps import series
    from tvb.maps.page import Page

    page = Page(orientation=orientation)
    cells = [series._Cell(s.key, n, s.name, series._Drawn(s.missing)) for n, s in enumerate(many)]
    _, boxes = series._draw_overview(cells, [], page)
    width, height = (side / 25.4 * 72 for side in page.size_mm)
    assert all(0 < b.west < b.east < width and 0 < b.south < b.north < height for b in boxes)
    for k, a in enumerate(boxes):
        for b in boxes[k + 1 :]:
            assert a.east <= b.west + 1 or a.south >= b.north - 1 or b.east <= a.west + 1


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"cannot be saved as « a.png »\. Required: \.pdf"):
        build_series(sheets(), tmp_path / "a.png")
    with pytest.raises(ParameterError, match=r"each: « gif »\. Required: pdf, png or svg"):
        build_series(sheets(), tmp_path / "a.pdf", each=("gif",))
    with pytest.raises(LayerError, match="sheets: a key is given twice"):
        build_series(sheets()[:1] * 2, tmp_path / "a.pdf")
    with pytest.raises(LayerError, match="sheets: there is none"):
        build_series([], tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_a_plate_gives_its_bytes() -> None:
    plate = draw(False)
    assert plate.to_bytes("svg").startswith(b"<?xml")
    with pytest.raises(ParameterError, match=r"form: « gif » is no format of a plate\. Required"):
        plate.to_bytes("gif")
