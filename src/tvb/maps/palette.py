"""The symbol of each layer of the territory, the same on every map."""

from __future__ import annotations

from tvb.maps.patterns import Ruling, Ticks
from tvb.maps.symbols import Fill, Stroke, Symbol

__all__ = [
    "CAVALIER", "CORRIDOR_AREA", "CORRIDOR_LINE", "STUDY_AREA", "SYMBOLS", "TERRIL_BEYOND",
    "TERRIL_DARK", "TERRIL_GREY", "TERRIL_INSIDE",
]  # fmt: skip

TERRIL_DARK, TERRIL_GREY = "#262626", "#b8b4ae"
"""Of the triangles that stand for terrils at small scales, inside the property and beyond."""
TERRIL_INSIDE = Fill("#a39a90", TERRIL_DARK, 1.0, "xxxx", "#6b625a")
TERRIL_BEYOND = Fill("#dcd8d2", "#4a4a4a", 0.6)

# Which symbol a layer gets, from below to above, and under which heading of the legend it stands.
SYMBOLS: dict[str, tuple[float, str, Symbol]] = {
    "buffer": (3.0, "heritage", Fill("#f8e6c8", "#d9a45f", 0.35, "////", "#e3bd8a")),
    "core_areas": (3.2, "network", Fill("#a9d3b0", "#2f7d5b", 0.4, alpha=0.8)),
    "property": (4.0, "heritage", Fill("#cf6a24", "#8a3d0a", 0.35)),
    "water_bodies": (
        4.4,
        "network",
        Fill("#8fc1e0", "#2b6ca3", 0.4, patterns=(Ruling("#2b6ca3", 0.0, 3.0, 0.4),)),
    ),
    "cycle_routes": (6.2, "network", Stroke("#1f5fa8", 0.9, casing="white")),
}
CORRIDOR_AREA = Fill("#7fbf9b", "#2f7d5b", 0.4, "....", "#2f7d5b", alpha=0.5)
# In grey: a wide broken line, a railway, and the plain line of the cycle routes.
CORRIDOR_LINE = Stroke("#2a8a5f", 1.7, (3.2, 1.2), casing="white")
CAVALIER = Stroke("#6f4a8e", 0.65, patterns=(Ticks("#6f4a8e", 2.4, 4.5, 0.5),))
STUDY_AREA = Stroke("#3c3c3c", 0.9, (5, 1.6, 1, 1.6))
