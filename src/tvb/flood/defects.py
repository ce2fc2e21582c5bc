"""Defects of a flood hazard as rows of one table: each with its ground, its area and its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.geometry.arrays import GeometryArray, polygon_parts
from tvb.schema import CRS

__all__ = [
    "Limits",
    "Place",
    "Row",
    "build_defects",
    "join_names",
    "make_row",
    "make_rows",
    "plain_text",
    "square_metres",
]

Kind = Literal["defect", "slivers"]
Row: TypeAlias = dict[str, Any]

_COLUMNS = (
    "rule", "kind", "scenario", "other_scenario", "id_zone", "count", "area_m2", "message",
)  # fmt: skip
_SHOWN_IDS = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too little to be a defect, or too small to be told by itself.

    Parameters
    ----------
    tolerance_m : float
        Width up to which ground is rounding of coordinates.
    sliver_m2 : float
        Area below which a part is a sliver.
    """

    tolerance_m: float
    sliver_m2: float


@dataclass(frozen=True, slots=True)
class Place:
    """What a defect is about.

    Parameters
    ----------
    rule : str
        Identifier of the rule.
    scenario, other : str or None
        Scenarios at odds.
    zone : str or None
        Names of zones or classes.
    """

    rule: str
    scenario: str | None
    other: str | None = None
    zone: str | None = None


def build_defects(rows: Sequence[Row]) -> gpd.GeoDataFrame:
    """Return the defects as one frame.

    Parameters
    ----------
    rows : sequence of dict
        As `make_row` makes them, in any order.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in EPSG:2154, in order of rule, scenario and zone, the largest first.
    """
    table = pd.DataFrame(list(rows), columns=[*_COLUMNS, "geometry"])
    geometry = shapely.normalize(table.pop("geometry").to_numpy(dtype=object))
    bounds = shapely.bounds(geometry)
    for name in ("rule", "kind", "scenario", "other_scenario", "id_zone", "message"):
        table[name] = table[name].astype("str")
    table = table.astype({"count": "int64", "area_m2": "float64"})
    frame = gpd.GeoDataFrame(table, geometry=geometry, crs=CRS)
    keys = frame.assign(large=-frame["area_m2"], x=bounds[:, 0], y=bounds[:, 1]).sort_values(
        ["rule", "scenario", "other_scenario", "id_zone", "kind", "large", "x", "y", "message"],
        kind="stable",
    )
    return frame.loc[keys.index].reset_index(drop=True)


def make_row(place: Place, parts: GeometryArray, message: str, *, kind: Kind = "defect") -> Row:
    """Return one defect; its area counts shared ground once.

    Parameters
    ----------
    place : Place
        What it is about.
    parts : numpy.ndarray
        Its ground; what is no polygon counts as a part without ground.
    message : str
        What is wrong and what to do.
    kind : {"defect", "slivers"}
        Whether it stands for one defect or for many small ones.

    Returns
    -------
    dict
        A row for `build_defects`; an empty polygon where there is no ground.
    """
    polygons, _ = polygon_parts(parts)
    ground = polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)
    if not len(polygons):
        ground = shapely.Polygon()
    text = f"{place.rule} {message}"
    values = (place.rule, kind, place.scenario, place.other, place.zone, len(parts), ground.area)
    return dict(zip(_COLUMNS, (*values, text), strict=True)) | {"geometry": ground}


def make_rows(
    place: Place, ground: GeometryArray, message: str, *, limits: Limits
) -> Iterator[Row]:
    """Yield a row for each part of some ground, then one for all slivers.

    Parameters
    ----------
    place : Place
        What they are about.
    ground : numpy.ndarray
        Areas at fault.
    message : str
        With a hole for the size.
    limits : Limits
        What is rounding, and what is a sliver.

    Yields
    ------
    dict
        Rows for `build_defects`.
    """
    parts, _ = polygon_parts(ground)
    area, perimeter = shapely.area(parts), shapely.length(parts)
    real = 2 * area > limits.tolerance_m * perimeter
    parts, area = parts[real], area[real]
    for part, size in zip(parts, area, strict=True):
        if size >= limits.sliver_m2:
            yield make_row(place, np.array([part]), message.format(square_metres(size)))
    slivers = parts[area < limits.sliver_m2]
    if len(slivers):
        size = f"{len(slivers)} slivers, each under {limits.sliver_m2:g} m²"
        yield make_row(place, slivers, message.format(size), kind="slivers")


def square_metres(area: float) -> str:
    """Return an area as a text.

    Parameters
    ----------
    area : float
        Square metres.

    Returns
    -------
    str
        Such as ``2 000.0 m²``.
    """
    return f"{area:,.1f} m²".replace(",", " ")


def join_names(ids: pd.Series[Any]) -> str | None:
    """Return the first identifiers, in order, as one text.

    Parameters
    ----------
    ids : pandas.Series
        Identifiers; nulls are left out.

    Returns
    -------
    str or None
        None where none is known.
    """
    known = sorted(ids.dropna().astype("str").unique())
    more = ", …" if len(known) > _SHOWN_IDS else ""
    return ", ".join(known[:_SHOWN_IDS]) + more if known else None


def plain_text(value: Any) -> str | None:
    """Return a value as text.

    Parameters
    ----------
    value : object
        Of a cell of a table.

    Returns
    -------
    str or None
        None for a null.
    """
    return None if pd.isna(value) else str(value)
