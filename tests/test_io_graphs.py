"""Conefor files and Graphab projects, written by hand or copied to be spoilt."""

from __future__ import annotations

import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import HabitatGraph
from tvb.errors import LayerError, ParameterError, SourceError
from tvb.io import (
    read_conefor,
    read_graphab_project,
    read_graphab_settings,
    write_conefor,
    write_geopackage,
)

PROJECT = """<Project>
  <name>demo</name>
  <patchCodes><int>1</int></patchCodes>
  <resolution>10.0</resolution>
  <costLinks>
    <entry><string>a</string><Linkset><name>a</name><type__dist>2</type__dist>
      <costs><double>0.0</double><double>2.5</double></costs></Linkset></entry>
    <entry><string>b</string><Linkset><name>b</name><type__dist>1</type__dist></Linkset></entry>
  </costLinks>
  <graphs>
    <entry><string>g</string><Graph><name>g</name><type>2</type><threshold>70.0</threshold>
      <intraPatchDist>false</intraPatchDist></Graph></entry>
  </graphs>
  <zone><x>0.0</x><y>0.0</y><width>200.0</width><height>50.0</height></zone>
</Project>"""


def conefor_files(folder, nodes, links):
    paths = folder / "n.txt", folder / "l.txt"
    for path, text in zip(paths, (nodes, links), strict=True):
        path.write_text(text)
    return paths


# Conefor


def test_files_as_people_make_them(tmp_path):
    """Tabulations or blanks, a blank line, a recruited column, scientific notation.

    Kills readers that take the first line for a header, or want one separator.
    """
    files = conefor_files(tmp_path, "3\t1.5\t0\n1  2e1 4\n\n", "3 1\t250.25\n")
    patches, links = read_conefor(*files)
    assert patches.to_dict("list") == {
        "patch": [3, 1], "capacity": [1.5, 20.0], "recruited": [0.0, 4.0],
    }  # fmt: skip
    assert links.to_dict("list") == {"i": [3], "j": [1], "distance_m": [250.25]}
    assert HabitatGraph.from_frames(patches, links).distance.tolist() == [250.25]


def test_ids_are_text_as_soon_as_one_is(tmp_path):
    """Kills « 01 » that becomes 1 in one file and not in the other."""
    patches, links = read_conefor(*conefor_files(tmp_path, "01 1\nT2 1\n", "01 T2 5\n"))
    assert patches["patch"].tolist() == ["01", "T2"]
    assert HabitatGraph.from_frames(patches, links).ids.tolist() == ["01", "T2"]


def test_probabilities_become_costs_that_give_them_back(tmp_path):
    files = conefor_files(tmp_path, "1 1\n2 1\n3 1\n4 1\n", "1 2 0.25\n2 3 1\n3 4 0\n")
    _, links = read_conefor(*files, values="probability")
    assert np.exp(-links["cost"]).tolist() == pytest.approx([0.25, 1, 0])
    assert np.signbit(links["cost"]).sum() == 0
    with pytest.raises(ParameterError, match=r"values: « cost » is unknown. Required: distance or"):
        read_conefor(*files, values="cost")


def test_no_link_and_no_patch(tmp_path):
    patches, links = read_conefor(*conefor_files(tmp_path, "1 5\n", ""))
    assert repr(HabitatGraph.from_frames(patches, links)).startswith("<HabitatGraph: 1 patch, 0 l")
    patches, links = read_conefor(*conefor_files(tmp_path, "", ""))
    assert len(HabitatGraph.from_frames(patches, links).ids) == 0


@pytest.mark.parametrize(
    ("nodes", "links", "message"),
    [
        (
            "id area\n1 5\n",
            "",
            r"n.txt: value that is not a number \(1 feature: line 1\).*no h",
        ),
        ("1 5,3\n", "", r"n.txt: value that is not a number .*decimal points"),
        ("1\n", "", r"n.txt: a line is too short. Required: 2 values on each line"),
        ("1 5\n", "1 2\n", r"l.txt: a line is too short. Required: 3 values"),
    ],
)
def test_unreadable_lines_are_named(tmp_path, nodes, links, message):
    with pytest.raises(LayerError, match=message):
        read_conefor(*conefor_files(tmp_path, nodes, links))


def test_unreadable_files(tmp_path):
    with pytest.raises(SourceError, match=r"n.txt: cannot be read"):
        read_conefor(tmp_path / "n.txt", tmp_path / "l.txt")
    files = conefor_files(tmp_path, "1 5\n2 5\n", "1 2 1.5\n")
    with pytest.raises(LayerError, match=r"l.txt: probability outside 0 and 1 \(1 feature: line 1"):
        read_conefor(*files, values="probability")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 1e12, allow_subnormal=False), min_size=2, max_size=6),
    st.lists(st.floats(0, 1e12), max_size=5),
)
def test_written_then_read_is_the_identity(tmp_path_factory, capacity, length):
    """To the last bit. Kills fixed decimals, which lose small areas and long distances."""
    folder = tmp_path_factory.mktemp("conefor")
    patches = pd.DataFrame({"patch": np.arange(len(capacity)) * 7, "capacity": capacity})
    links = pd.DataFrame({"i": [0] * len(length), "j": [7] * len(length), "cost": length})
    files = write_conefor(patches, links.astype({"cost": float}), folder, length="cost")
    assert [file.name for file in files] == ["nodes.txt", "distances.txt"]
    again, links_again = read_conefor(*files)
    pd.testing.assert_frame_equal(again, patches, check_exact=True)
    if length:
        np.testing.assert_array_equal(links_again["distance_m"], length)


def test_what_conefor_cannot_hold(tmp_path):
    """Infinite links are left out; ids must be whole numbers."""
    patches = pd.DataFrame({"patch": [1, 2, 3], "capacity": [1.0, 2.0, 3.0]})
    links = pd.DataFrame({"i": [1, 2], "j": [2, 3], "distance_m": [np.inf, 4.5]})
    nodes, distances = write_conefor(patches, links, tmp_path)
    assert nodes.read_text() == "1\t1.0\n2\t2.0\n3\t3.0\n"
    assert distances.read_text() == "2\t3\t4.5\n"
    with pytest.raises(LayerError, match="ids are not whole numbers"):
        write_conefor(patches.assign(patch=["a", "b", "c"]), links, tmp_path)
    with pytest.raises(LayerError, match=r"links: no column cost. Required: i, j, cost"):
        write_conefor(patches, links, tmp_path, length="cost")


def test_geopackage_gives_the_graph_back(tmp_path):
    """What `to_frames` returns is what a GeoPackage holds: ids, capacities, lengths, lines."""
    patches = gpd.GeoDataFrame(
        {"patch": [2, 1], "capacity": [0.1, 2.0]},
        geometry=[shapely.box(9, 0, 10, 1), shapely.box(0, 0, 1, 1)],
        crs=2154,
    )
    links = gpd.GeoDataFrame(
        {"i": [1], "j": [2], "distance_m": [1 / 3]},
        geometry=[shapely.LineString([(1, 0), (9, 0)])],
        crs=2154,
    )
    graph = HabitatGraph.from_frames(patches, links)
    file = tmp_path / "graph.gpkg"
    write_geopackage(dict(zip(("patches", "links"), graph.to_frames(), strict=True)), file)
    again = HabitatGraph.from_frames(
        gpd.read_file(file, layer="patches"), gpd.read_file(file, layer="links")
    )
    for name in ("ids", "capacity", "i", "j", "distance"):
        np.testing.assert_array_equal(getattr(again, name), getattr(graph, name))
    assert again.to_frames()[1].geometry.equals(graph.to_frames()[1].geometry)


# Graphab


def test_settings_of_a_project(tmp_path):
    (tmp_path / "demo.xml").write_text(PROJECT)
    found = read_graphab_settings(tmp_path)
    assert repr(found) == (
        "GraphabSettings(name='demo', resolution_m=10.0, landscape_area_m2=10000.0)"
    )
    assert found.linksets["kind"].to_dict() == {"a": "cost", "b": "euclidean"}
    assert found.linksets["habitat_cost"].tolist() == pytest.approx([2.5, np.nan], nan_ok=True)
    assert found.graphs.loc["g"].tolist() == ["threshold", 70.0, False]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds 0 XML files. Required: the folder of one Graphab project"),
        ({"a.xml": PROJECT, "b.xml": PROJECT}, "holds 2 XML files"),
        ({"a.xml": "<Project>"}, "a.xml: is not XML"),
        ({"a.xml": "<qgis/>"}, "starts with <qgis>. Required: a Graphab project"),
        ({"a.xml": '<!DOCTYPE x [<!ENTITY a "b">]><Project/>'}, "declares entities"),
    ],
)
def test_what_is_no_project(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=message):
        read_graphab_settings(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(SourceError, match="nowhere: is not a folder"):
        read_graphab_settings(tmp_path / "nowhere")


def test_linkset_must_be_known(tmp_path):
    (tmp_path / "demo.xml").write_text(PROJECT)
    with pytest.raises(ParameterError, match=r"linkset: is not named. Required: a, b"):
        read_graphab_project(tmp_path)
    with pytest.raises(ParameterError, match="linkset: « c » is not in the project"):
        read_graphab_project(tmp_path, "c")
    with pytest.raises(SourceError, match=r"patches.csv: cannot be read"):
        read_graphab_project(tmp_path, "a")


@pytest.mark.peers
def test_project_as_graphab_wrote_it(peers):
    """Ten patches of one cell of 1 ha, 45 lines between their centres, nothing moved by the CRS."""
    patches, links = read_graphab_project(peers / "graphab-project", "lkst1")
    assert (str(patches.crs), str(links.crs)) == ("EPSG:2154", "EPSG:2154")
    assert patches["capacity"].tolist() == patches.area.tolist() == [10_000] * 10
    assert list(links) == ["i", "j", "cost", "distance_m", "geometry"]
    np.testing.assert_allclose(links.length, links["distance_m"], rtol=1e-12)
    by_id = patches.set_index("patch").geometry
    for end in ("i", "j"):
        touching = links.distance(by_id[links[end]].reset_index(drop=True))
        assert (touching == 0).all()


@pytest.mark.peers
def test_project_without_lines_or_with_a_spoilt_table(peers, tmp_path):
    """Kills a reader that needs the lines: Graphab need not save them."""
    folder = tmp_path / "project"
    shutil.copytree(peers / "graphab-project", folder)
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
    for file in folder.glob("lkst1-links.[sdp]*"):
        file.unlink()
    _, links = read_graphab_project(folder)
    assert links.geometry.isna().all()
    assert len(links) == 45
    (folder / "lkst1-links.csv").write_text("ID1,ID2,Dist\n1,2,3\n")
    with pytest.raises(SourceError, match=r"lkst1-links.csv: no column DistM"):
        read_graphab_project(folder)
    (folder / "patches.shp").write_text("not a shapefile")
    with pytest.raises(SourceError, match=r"patches.shp: cannot be read"):
        read_graphab_project(folder)
