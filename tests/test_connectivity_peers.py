"""The answers of Conefor, Graphab and lconnect, to the digits that they print."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from tvb.connectivity import (
    HabitatGraph,
    build_links,
    build_patches,
    compute_ec,
    compute_iic,
    compute_pc,
    rank_links,
    rank_patches,
    share_of_pc,
)

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def conefor(peers):
    """Conefor's own files: nodes (id, capacity) and links (id, id, metres), without header."""
    folder = peers / "conefor-125"
    nodes = pd.read_csv(folder / "nodes_125.txt", sep="\t", names=["patch", "capacity"])
    links = pd.read_csv(folder / "dist_125.txt", sep="\t", names=["i", "j", "distance_m"])
    return folder, HabitatGraph.from_frames(nodes, links)


def assert_printed(found, printed):
    """Conefor prints six digits and computes in single precision on totals."""
    np.testing.assert_allclose(found, printed, rtol=1e-5, atol=5e-6)


def test_conefor_overall(conefor):
    _, graph = conefor
    assert float(f"{compute_pc(graph, distance=1000):.6g}") == 48815.2
    assert float(f"{compute_ec(graph, distance=1000):.6g}") == 220.942


def test_conefor_patches(conefor):
    """Kills a flux counted in one order, which is half of theirs."""
    folder, graph = conefor
    expected = pd.read_csv(folder / "expected_node_importances_PC.txt", sep="\t", index_col="Node")
    ranks = rank_patches(graph, distance=1000).loc[expected.index]
    for ours, theirs in {
        "d": "dPC", "d_intra": "dPCintra", "d_flux": "dPCflux", "d_connector": "dPCconnector",
    }.items():  # fmt: skip
        assert_printed(ranks[ours], expected[theirs])


def test_conefor_links(conefor):
    folder, graph = conefor
    expected = pd.read_csv(folder / "expected_link_removal_PC.txt", sep="\t")
    ends = np.sort(expected[["Node1", "Node2"]], axis=1)
    ranks = rank_links(graph, distance=1000).set_index(["i", "j"])["d"]
    assert len(ranks) == len(expected) == 358
    assert_printed(ranks.loc[pd.MultiIndex.from_arrays(ends.T)], expected["dPC"])


def test_graphab(peers):
    """PC over the square of the landscape's rectangle; F of a patch from its share of PC."""
    folder = peers / "graphab-project"
    expected = pd.read_csv(folder / "PC.txt", sep="\t")["PC"].item()
    patches = pd.read_csv(folder / "patches.csv").rename(
        columns={"Id": "patch", "Capacity": "capacity"}
    )
    links = pd.read_csv(folder / "lkst1-links.csv").rename(
        columns={"ID1": "i", "ID2": "j", "Dist": "distance_m"}
    )
    graph = HabitatGraph.from_frames(patches, links)
    found = compute_pc(graph, distance=600, landscape_area=60_000**2)
    assert found == pytest.approx(expected, rel=1e-14)
    held = share_of_pc(graph, distance=600) * compute_pc(graph, distance=600)
    reached = (held / graph.capacity - graph.capacity).to_numpy()
    np.testing.assert_allclose(reached, patches["F_d600_p0.5_beta1_graph"], rtol=1e-12)


@pytest.fixture(scope="module")
def lconnect(peers):
    """Its polygons of class 1, in a Portuguese system relabelled for the occasion."""
    land = gpd.read_file(peers / "lconnect" / "vec_projected.shp").set_crs(
        2154, allow_override=True
    )
    habitat = land[land["RECL1SS"] == 1]
    patches = build_patches(habitat)
    links = build_links(patches, max_distance_m=500)
    return peers / "lconnect", habitat, patches, links


def lconnect_iic(patches, links):
    """IIC as lconnect adds it up: isolated patches are left out, even of the pairs i = i."""
    graph = HabitatGraph.from_frames(patches, links)
    linked = np.union1d(graph.i, graph.j)
    isolated = np.delete(graph.capacity, linked)
    return compute_iic(graph, distance=500) - float(isolated @ isolated)


def test_lconnect_overall(lconnect):
    """36 patches from 49 polygons, 24 links, 16 components, and IIC over the convex hull."""
    folder, habitat, patches, links = lconnect
    printed = pd.read_csv(
        folder / "expected_con_metric_maxdist500.txt", sep=" ", index_col=0, names=["value"]
    )["value"]
    graph = HabitatGraph.from_frames(patches, links)
    assert (len(habitat), len(patches)) == (49, 36)
    assert len(links) == printed["LNK"] == 24
    assert graph.components().max() == printed["NC"] == 16
    hull_ha = habitat.union_all().convex_hull.area / 10_000
    assert lconnect_iic(patches, links) / hull_ha**2 == pytest.approx(printed["IIC"], rel=1e-12)


def test_lconnect_patches(lconnect):
    """dIIC of every patch, sorted, for lconnect numbers them in an order of its own.

    Where the removal isolates no neighbour, ours is theirs up to the total that they divide by.
    """
    folder, _, patches, links = lconnect
    printed = pd.read_csv(folder / "expected_patch_imp_IIC_maxdist500.csv")["dIIC"]
    whole = lconnect_iic(patches, links)
    losses = []
    for patch in patches["patch"]:
        kept = links[(links["i"] != patch) & (links["j"] != patch)]
        without = lconnect_iic(patches[patches["patch"] != patch], kept)
        losses.append(100 * (whole - without) / whole)
    np.testing.assert_allclose(np.sort(losses), np.sort(printed), rtol=1e-9, atol=1e-10)
    graph = HabitatGraph.from_frames(patches, links)
    ours = rank_patches(graph, "IIC", distance=500)["d"] * compute_iic(graph, distance=500) / whole
    assert np.isclose(np.array(losses), ours, rtol=1e-9).sum() >= 12
