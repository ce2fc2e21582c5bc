"""Habitat patches, the links between them, and what matters most in their graph.

The chain is `build_patches` → `build_links` → `HabitatGraph.from_frames` → indices and ranks.
"""

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.importance import rank_links, rank_patches
from tvb.connectivity.indices import (
    compute_alpha,
    compute_ec,
    compute_iic,
    compute_pc,
    share_of_pc,
)
from tvb.connectivity.links import build_links
from tvb.connectivity.patches import build_patches, trace_areas

__all__ = [
    "HabitatGraph",
    "build_links",
    "build_patches",
    "compute_alpha",
    "compute_ec",
    "compute_iic",
    "compute_pc",
    "rank_links",
    "rank_patches",
    "share_of_pc",
    "trace_areas",
]
