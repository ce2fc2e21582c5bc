"""The step that builds the habitat graph of a study and ranks what matters most in it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from tvb import connectivity
from tvb.facts import HECTARE_M2
from tvb.study.config import Study
from tvb.study.store import Store
from tvb.territory import Source, Territory, worst_nature

__all__ = ["write_graph"]


def write_graph(study: Study, store: Store) -> None:
    """Write the layers ``patches`` and ``links`` with their ranks, and what sums them up.

    Parameters
    ----------
    study : Study
        Sections ``patches``, ``graph`` and ``costs``.
    store : Store
        Folder of the run, with the layers of the first step.
    """
    territory = store.territory(*study.patches.layers)
    patches = connectivity.build_patches(
        territory.layers,
        min_area_m2=study.patches.min_area_ha * HECTARE_M2,
        merge_distance_m=study.patches.merge_distance_m,
    )
    links, length = _links(study, store, patches)
    graph = connectivity.HabitatGraph.from_frames(patches, links, length=length)
    distance, probability = study.graph.dispersal_m, study.graph.probability
    fit = None
    if length == "cost" and len(links):
        fit = connectivity.cost_to_distance(links["cost"], links["length_m"])
        distance = fit.cost_of(distance)
    ranks, lost = connectivity.rank_graph(graph, "PC", distance=distance, probability=probability)
    share = connectivity.share_of_pc(graph, distance=distance, probability=probability)
    patches = patches.join(ranks, on="patch").assign(
        pc_share=share.reindex(patches["patch"]).to_numpy(),
        component=graph.components().reindex(patches["patch"]).to_numpy(),
    )
    links = links.merge(lost[["i", "j", "d"]], on=["i", "j"], how="left")
    sources = _sources(study, store, territory)
    nature = worst_nature(sources)
    store.write_layer("patches", patches.assign(nature=nature), sources)
    store.write_layer("links", links.assign(nature=nature), sources)
    traced = connectivity.trace_areas(territory.layers, patches)
    summary = {
        "layers": list(territory.layers),
        "links_by": study.graph.links,
        "patches": len(patches),
        "links": len(links),
        "components": int(patches["component"].nunique()),
        "area_ha": float(patches.area.sum() / HECTARE_M2),
        "ec_ha": connectivity.compute_ec(graph, "PC", distance=distance, probability=probability),
        "dispersal": distance,
        "cost_r_squared": fit.r_squared if fit else None,
        "left_out": int(traced["patch"].isna().sum()),
        "left_out_ha": _left_out_ha(territory, patches),
    }
    store.write_json("tables/connectivity.json", summary)


def _links(study: Study, store: Store, patches: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, str]:
    """Return the links and the column that is their length in the graph."""
    options = study.graph
    if options.links == "edge":
        links = connectivity.build_links(patches, max_distance_m=options.max_distance_m)
        return links, "distance_m"
    resistance = connectivity.build_resistance(
        store.read_raster("land_cover"), study.costs.by_code()
    )
    links = connectivity.build_links(
        patches,
        resistance,
        topology="planar",
        method=options.links,
        max_distance_m=options.max_distance_m,
    )
    return links.assign(distance_m=links["length_m"]), "cost"


def _sources(study: Study, store: Store, territory: Territory) -> tuple[Source, ...]:
    names = list(territory.layers) + ([] if study.graph.links == "edge" else ["land_cover"])
    return store.territory().sources_of(*names)


def _left_out_ha(territory: Territory, patches: gpd.GeoDataFrame) -> float:
    """Return the habitat that no patch holds, ground in two layers counted once."""
    shapes = np.concatenate([frame.geometry.to_numpy() for frame in territory.layers.values()])
    return float((shapely.union_all(shapes).area - patches.area.sum()) / HECTARE_M2)
