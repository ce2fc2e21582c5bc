"""Geometry as files hold it → geometry that a schema accepts, with an account of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.geometry.winding import repair_outlines
from tvb.io.threads import in_halves
from tvb.schema.declare import Family

__all__ = ["Repair", "flatten", "repair_geometry"]

_COLLECTION = 7
_TYPES: dict[Family, tuple[int, ...]] = {
    "point": (0, 4), "line": (1, 2, 5), "polygon": (3, 6),
}  # fmt: skip
_WORD: dict[int, str] = {
    0: "point", 4: "point", 1: "line", 2: "line", 5: "line", 3: "polygon", 6: "polygon",
    7: "collection",
}  # fmt: skip

Mask = NDArray[np.bool_]
Geometries = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Repair:
    """Geometry after repair.

    Parameters
    ----------
    geometry : numpy.ndarray of shapely.Geometry
        One for each row; meaningless where `keep` is False.
    keep : numpy.ndarray of bool
        Rows whose geometry can be used.
    repaired, dropped : dict of str to numpy.ndarray of bool
        Rows, by reason; a row is dropped for one reason only.
    """

    geometry: Geometries
    keep: Mask
    repaired: dict[str, Mask]
    dropped: dict[str, Mask]


def flatten(geometry: Geometries) -> tuple[Geometries, Mask]:
    """Return geometry in two dimensions, and which ones had more.

    Parameters
    ----------
    geometry : numpy.ndarray of shapely.Geometry
        With or without heights (Z) and measures (M).

    Returns
    -------
    tuple of numpy.ndarray
        Geometry without Z and M, and True where it had either.
    """
    deep = shapely.has_z(geometry) | shapely.has_m(geometry)
    return (in_halves(shapely.force_2d, geometry) if deep.any() else geometry), deep


def repair_geometry(geometry: Geometries, families: frozenset[Family]) -> Repair:
    """Return geometry made valid without leaving its dimension.

    Parameters
    ----------
    geometry : numpy.ndarray of shapely.Geometry
        Two-dimensional, in EPSG:2154.
    families : frozenset of {"point", "line", "polygon"}
        What the layer accepts, single or multiple.

    Returns
    -------
    Repair
        Invalid geometry goes through ``shapely.make_valid`` with the *structure* method, so that
        overlapping parts are joined rather than cancelled; the parts of a collection that fit the
        layer are kept; null, empty, infinite, foreign geometry, and what repair leaves empty, are
        dropped.
    """
    state = _State(geometry.copy())
    state.drop("null geometry", shapely.is_missing(geometry))
    state.drop("empty geometry", shapely.is_empty(geometry))
    state.drop("coordinates that are not finite", _is_infinite(geometry))
    _open_collections(state, families)
    _drop_foreign(state, families)
    _make_valid(state)
    return Repair(state.geometry, state.keep, state.repaired, state.dropped)


class _State:
    """Geometry on its way, and what happened to it."""

    def __init__(self, geometry: Geometries) -> None:
        self.geometry = geometry
        self.keep: Mask = np.ones(len(geometry), dtype=bool)
        self.repaired: dict[str, Mask] = {}
        self.dropped: dict[str, Mask] = {}

    def drop(self, reason: str, rows: Mask) -> None:
        rows = rows & self.keep
        if rows.any():
            self.dropped[reason] = rows
            self.keep = self.keep & ~rows

    def replace(
        self, reason: str, rows: Mask, repair: Callable[[Geometries], Geometries], *, lost: str
    ) -> None:
        """Repair some rows; those that nothing is left of are dropped for the reason `lost`."""
        rows = rows & self.keep
        if not rows.any():
            return
        self.geometry[rows] = repair(self.geometry[rows])
        nothing = rows & (shapely.is_missing(self.geometry) | shapely.is_empty(self.geometry))
        self.drop(lost, nothing)
        if (rows & self.keep).any():
            self.repaired[reason] = rows & self.keep


def _is_infinite(geometry: Geometries) -> Mask:
    """Tell which geometries have a coordinate that is not a number or not finite."""
    infinite: Mask = np.zeros(len(geometry), dtype=bool)
    if np.isfinite(shapely.get_coordinates(geometry)).all():
        return infinite
    coordinates, index = shapely.get_coordinates(geometry, return_index=True)
    infinite[index[~np.isfinite(coordinates).all(axis=1)]] = True
    return infinite


def _open_collections(state: _State, families: frozenset[Family]) -> None:
    collections = shapely.get_type_id(state.geometry) == _COLLECTION
    words = " or ".join(sorted(families))
    state.replace(
        f"{words} taken out of a geometry collection",
        collections,
        lambda some: np.array([_fitting_parts(g, families) for g in some], dtype=object),
        lost=f"geometry collection without any {words}",
    )


def _fitting_parts(collection: Any, families: frozenset[Family]) -> Any:
    """Return the parts of the highest dimension that the layer accepts, as one geometry."""
    parts = np.array([collection], dtype=object)
    while (shapely.get_type_id(parts) >= 4).any():  # collections nest
        parts = shapely.get_parts(parts)
    parts = parts[~shapely.is_empty(parts)]
    builders: tuple[tuple[Family, Any], ...] = (
        ("polygon", shapely.multipolygons),
        ("line", shapely.multilinestrings),
        ("point", shapely.multipoints),
    )
    for family, build in builders:
        mine = parts[np.isin(shapely.get_type_id(parts), _TYPES[family])]
        if family in families and len(mine):
            return mine[0] if len(mine) == 1 else build(mine)
    return None


def _drop_foreign(state: _State, families: frozenset[Family]) -> None:
    types = shapely.get_type_id(state.geometry)
    accepted = [code for family in families for code in _TYPES[family]]
    foreign = ~np.isin(types, accepted) & state.keep
    words = " and ".join(f"{family}s" for family in sorted(families))
    for word in sorted({_WORD[int(code)] for code in types[foreign]}):
        mine = np.isin(types, [code for code, name in _WORD.items() if name == word])
        state.drop(f"{word} in a layer of {words}", foreign & mine)


def _make_valid(state: _State) -> None:
    """Repair each family apart: a repair never changes the dimension."""
    invalid = ~in_halves(shapely.is_valid, state.geometry) & state.keep
    types = shapely.get_type_id(state.geometry)
    for family, codes in _TYPES.items():
        state.replace(
            "invalid geometry repaired",
            invalid & np.isin(types, codes),
            partial(_valid, family=family),
            lost="invalid geometry of which repair leaves nothing",
        )


def _valid(geometry: Geometries, family: Family) -> Geometries:
    if family == "polygon":
        valid = repair_outlines(geometry)
    else:
        valid = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    collections = shapely.get_type_id(valid) == _COLLECTION
    for i in np.flatnonzero(collections):
        valid[i] = _fitting_parts(valid[i], frozenset({family}))
    foreign = ~np.isin(shapely.get_type_id(valid), _TYPES[family])
    valid[foreign | ~shapely.is_valid(valid)] = None
    return np.asarray(valid, dtype=object)
