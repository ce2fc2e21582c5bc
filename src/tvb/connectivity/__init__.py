"""Habitat patches, the links between them, and what matters most in their graph.

The chain is `build_patches` → `build_links` → `HabitatGraph.from_frames` → indices and ranks.
"""

from tvb.connectivity.component_indices import (
    compute_ccp,
    compute_ecs,
    compute_lcp,
    compute_msc,
    compute_slc,
    count_components,
    count_links,
)
from tvb.connectivity.corridors import Corridor, accumulate_corridors, corridor
from tvb.connectivity.dispersal import CostRegression, compute_alpha, cost_to_distance
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.greedy import add_links_greedily, remove_patches_greedily
from tvb.connectivity.grid_patches import build_patches_from_grid
from tvb.connectivity.importance import rank_graph, rank_links, rank_patches
from tvb.connectivity.indices import (
    compute_ec,
    compute_iic,
    compute_pc,
    share_of_pc,
)
from tvb.connectivity.links import build_links
from tvb.connectivity.local_metrics import METRICS, measure_patches
from tvb.connectivity.overview import (
    INDICES,
    compute_indices,
    species_profile,
    sweep_thresholds,
)
from tvb.connectivity.patches import build_patches, trace_areas
from tvb.connectivity.path_indices import (
    compute_awf,
    compute_bc_evenness,
    compute_f,
    compute_gd,
    compute_h,
    compute_mpc,
)
from tvb.connectivity.resistance import build_resistance
from tvb.connectivity.scenarios import (
    add_links,
    add_patches,
    change_capacities,
    change_lengths,
    compare,
    remove_links,
    remove_patches,
)
from tvb.connectivity.structure import build_spanning_tree, find_modules, measure_modularity
from tvb.connectivity.whatif import gain_of_links, gain_of_patches

__all__ = [
    "INDICES",
    "METRICS",
    "Corridor",
    "CostRegression",
    "HabitatGraph",
    "accumulate_corridors",
    "add_links",
    "add_links_greedily",
    "add_patches",
    "build_links",
    "build_patches",
    "build_patches_from_grid",
    "build_resistance",
    "build_spanning_tree",
    "change_capacities",
    "change_lengths",
    "compare",
    "compute_alpha",
    "compute_awf",
    "compute_bc_evenness",
    "compute_ccp",
    "compute_ec",
    "compute_ecs",
    "compute_f",
    "compute_gd",
    "compute_h",
    "compute_iic",
    "compute_indices",
    "compute_lcp",
    "compute_mpc",
    "compute_msc",
    "compute_pc",
    "compute_slc",
    "corridor",
    "cost_to_distance",
    "count_components",
    "count_links",
    "find_modules",
    "gain_of_links",
    "gain_of_patches",
    "measure_modularity",
    "measure_patches",
    "rank_graph",
    "rank_links",
    "rank_patches",
    "remove_links",
    "remove_patches",
    "remove_patches_greedily",
    "share_of_pc",
    "species_profile",
    "sweep_thresholds",
    "trace_areas",
]


def __dir__() -> list[str]:
    return sorted(__all__)
