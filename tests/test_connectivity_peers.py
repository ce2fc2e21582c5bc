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
    compute_awf,
    compute_ec,
    compute_iic,
    compute_indices,
    compute_pc,
    find_modules,
    measure_patches,
    rank_links,
    rank_patches,
    share_of_pc,
)
from tvb.io import read_conefor, read_graphab_project, read_graphab_settings

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def conefor(peers):
    """Conefor's own files."""
    folder = peers / "conefor-125"
    frames = read_conefor(folder / "nodes_125.txt", folder / "dist_125.txt")
    return folder, HabitatGraph.from_frames(*frames)


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


@pytest.fixture(scope="module")
def graphab(peers):
    """The project of ten patches, read as Graphab wrote it."""
    folder = peers / "graphab-project"
    patches, links = read_graphab_project(folder)
    return folder, patches, HabitatGraph.from_frames(patches, links, length="cost")


def test_graphab_pc_and_flux(graphab):
    """PC over the square of the landscape's rectangle, and F of each patch, to the last digit.

    Kills lengths in metres where the project measures in costs, and an area of habitat for that of
    the landscape. The project counts crossings, which are 0 in patches of one cell.
    """
    folder, patches, graph = graphab
    settings = read_graphab_settings(folder)
    assert settings.graphs.loc["graph", "intra_patch"]
    crossed = graph.with_crossings(
        settings.linksets.loc["lkst1", "habitat_cost"] / settings.resolution_m
    )
    expected = pd.read_csv(folder / "PC.txt", sep="\t")["PC"].item()
    for each in (graph, crossed):
        found = compute_pc(each, distance=600, landscape_area=settings.landscape_area_m2)
        assert found == pytest.approx(expected, rel=1e-15)
    flux = measure_patches(graph, ["F"], distance=600)["F"].to_numpy()
    np.testing.assert_allclose(flux, patches["F_d600_p0.5_beta1_graph"], rtol=1e-15)
    held = share_of_pc(graph, distance=600) * compute_pc(graph, distance=600)
    np.testing.assert_allclose(held / graph.capacity - graph.capacity, flux, rtol=1e-12)


def test_graphab_modules(graphab):
    """The two modules that Graphab found, kept in its XML under « mod2_graph »."""
    _, _, graph = graphab
    found = find_modules(graph, distance=600, number=2)
    assert found[found == 1].index.tolist() == [1, 6, 8, 10]


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
    """All ten of its metrics: 36 patches from 49 polygons, 24 links, areas in m², convex hull.

    Its AWF takes all pairs, with a probability of one half at half of the distance.
    """
    folder, habitat, patches, links = lconnect
    printed = pd.read_csv(
        folder / "expected_con_metric_maxdist500.txt", sep=" ", index_col=0, names=["value"]
    )["value"]
    assert (len(habitat), len(patches)) == (49, 36)
    patches = patches.assign(capacity=patches["area_m2"])
    graph = HabitatGraph.from_frames(patches, links)
    hull_m2 = habitat.union_all().convex_hull.area
    ours = compute_indices(graph, distance=500, landscape_area=hull_m2)
    pairs = HabitatGraph.from_frames(patches, build_links(patches, max_distance_m=1e6))
    ours["AWF"] = compute_awf(pairs, distance=250, probability=0.5)
    ours["IIC"] = lconnect_iic(patches, links) / hull_m2**2
    names = {"LNK": "NL", "CPL": "MPC"}
    found = ours[[names.get(name, name) for name in printed.index]]
    np.testing.assert_allclose(found, printed, rtol=2e-14)


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
