"""Awkward geometry, with what is left of each once repaired; computed by hand.

Coordinates are local metres of the town of `worlds`, moved to its origin. Themes run the cases of
their family through every public function: ``[case.geometry for case in cases("polygon")]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from worlds import X0, Y0

_PLACE = re.compile(r"(-?\d+) (-?\d+)((?: -?\d+)*)")

Family = Literal["point", "line", "polygon", "collection", "none"]


@dataclass(frozen=True)
class Case:
    """One geometry, and what a reader must make of it.

    `size` is the area (m²), length (m) or number of points left, in the dimension of the family;
    None when nothing is left and the row is dropped. `valid` is False where repair is needed.
    """

    name: str
    geometry: BaseGeometry | None
    family: Family
    size: float | None
    valid: bool = True


def _case(name: str, wkt: str, family: Family, size: float | None, *, valid: bool = True) -> Case:
    return Case(name, shapely.from_wkt(_PLACE.sub(_moved, wkt)), family, size, valid)


def _moved(place: re.Match[str]) -> str:
    """Move the x and y of one place; heights and measures stay."""
    x, y, rest = place.groups()
    return f"{X0 + float(x)} {Y0 + float(y)}{rest}"


CASES: tuple[Case, ...] = (
    Case("null", None, "none", None),
    _case("empty polygon", "POLYGON EMPTY", "polygon", None),
    _case("empty line", "LINESTRING EMPTY", "line", None),
    _case("empty point", "POINT EMPTY", "point", None),
    _case("empty collection", "GEOMETRYCOLLECTION EMPTY", "collection", None),
    _case("square", "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))", "polygon", 100),
    _case("square, clockwise", "POLYGON ((0 0, 0 10, 10 10, 10 0, 0 0))", "polygon", 100),
    _case("square with heights", "POLYGON Z ((0 0 5, 10 0 5, 10 10 5, 0 10 5, 0 0 5))", "polygon",
          100),
    _case("hole", "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))", "polygon",
          96),
    _case("hole touching the ring once",
          "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (0 5, 4 4, 4 6, 0 5))", "polygon", 96),
    _case("two parts", "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((5 0, 6 0, 6 1, 5 1, 5 0)))",
          "polygon", 2),
    _case("parts touching in a point",
          "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((1 1, 2 1, 2 2, 1 2, 1 1)))", "polygon", 2),
    _case("duplicate points", "POLYGON ((0 0, 0 0, 10 0, 10 10, 10 10, 0 10, 0 0))", "polygon",
          100),
    # Two triangles of base 10 and height 5.
    _case("bow-tie", "POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))", "polygon", 50, valid=False),
    # Even-odd repair would cut the overlap of 10 x 5 out: 100; the ground covered is 150.
    _case("overlapping parts",
          "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0)), ((0 5, 10 5, 10 15, 0 15, 0 5)))",
          "polygon", 150, valid=False),
    _case("ring touching itself along a line",
          "POLYGON ((0 0, 10 0, 10 10, 5 10, 5 15, 5 10, 0 10, 0 0))", "polygon", 100,
          valid=False),
    # The hole can only be a part that was filed wrongly.
    # GEOS 3.14: make_valid(method="structure") gives two triangles that share an edge.
    _case("figure of eight folded on its diagonal",
          "POLYGON ((10 10, 0 10, 0 0, 10 10, 10 0, 0 0, 10 10))", "polygon", 100, valid=False),
    _case("hole outside", "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (20 0, 22 0, 22 2, 20 2, 20 0))",
          "polygon", 104, valid=False),
    _case("collapsed polygon", "POLYGON ((0 0, 10 10, 0 0, 0 0))", "polygon", None, valid=False),
    _case("line", "LINESTRING (0 0, 3 4)", "line", 5),
    _case("line with measures", "LINESTRING M (0 0 0, 3 4 5)", "line", 5),
    _case("closed line", "LINESTRING (0 0, 10 0, 10 10, 0 0)", "line", 20 + 200**0.5),
    _case("line crossing itself", "LINESTRING (0 0, 10 10, 10 0, 0 10)", "line", 10 + 2 * 200**0.5),
    _case("two lines", "MULTILINESTRING ((0 0, 0 1), (5 5, 5 7))", "line", 3),
    _case("line of one place", "LINESTRING (1 1, 1 1)", "line", None, valid=False),
    _case("two lines, one of one place", "MULTILINESTRING ((1 1, 1 1), (5 5, 5 7))", "line", 2,
          valid=False),
    _case("point", "POINT (1 2)", "point", 1),
    _case("point with height", "POINT Z (1 2 3)", "point", 1),
    _case("two points", "MULTIPOINT ((0 0), (1 1))", "point", 2),
    Case("infinite point", shapely.Point(float("inf"), Y0), "point", None, valid=False),
    _case("collection",
          "GEOMETRYCOLLECTION (POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0)), LINESTRING (20 0, 20 7), "
          "POINT (30 0))", "collection", 100),
)  # fmt: skip


def cases(*families: Family) -> list[Case]:
    """Return the cases of some families, in order."""
    return [case for case in CASES if case.family in families]


def awkward(*families: Family) -> list[BaseGeometry | None]:
    """Return the geometry of the cases of some families, null first."""
    return [None, *(case.geometry for case in cases(*families))]
