"""The objects of the mining heritage, each found from every commune that holds a part of it.

An object lies in one of three sets: in the property, in its buffer zone, or beyond. They are the
sets in which the terrils are handled that the law of 2 May 1930 on sites protects. An object goes
to the set that holds the largest share of it, the property before the buffer among equals; one that
only touches the property is therefore not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.geometry import OUTSIDE, attribute_to_commune, partition_communes, share_by_commune
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, polygon_parts
from tvb.geometry.overlap import measure_overlap
from tvb.heritage.measures import measure_counted_m, measure_length_m
from tvb.schema import require_crs

__all__ = [
    "OBJECT_LAYERS",
    "OUTSIDE",
    "PERIMETERS",
    "areas_of",
    "list_objects",
    "place_in_perimeters",
    "share_inside",
]

PERIMETERS = ("property", "buffer", "beyond")
"""Where an object lies."""

_DTYPES = {
    "insee": "str", "layer": "str", "feature": "object", "id": "str", "nom": "str", "kind": "str",
    "status": "str", "part_m2": "float64", "part_m": "float64", "counted_m": "float64",
    "share": "float64", "main": "bool", "brushed": "bool", "perimeter": "str",
    "property_share": "float64", "buffer_share": "float64",
}  # fmt: skip

# What is a part of a commune, and what is the trace of two borders drawn apart: the published
# layers are generalised to 10 m, over borders of some 100 m.
BRUSHED_M2, BRUSHED_M, BRUSHED_SHARE = 1_000.0, 100.0, 0.1

_ON_BORDER_M = 1e-3


@dataclass(frozen=True, slots=True)
class _Words:
    """Columns that tell what an object is: the first that is given and not null."""

    id: tuple[str, ...] = ("id_unesco",)
    nom: tuple[str, ...] = ("nom",)
    kind: tuple[str, ...] = ()
    status: tuple[str, ...] = ()


OBJECT_LAYERS: dict[str, _Words] = {
    "property_elements": _Words(("no_element",), kind=("section",)),
    "terrils": _Words(("no_terril",), kind=("forme",)),
    "cavaliers": _Words(("id_troncon", "id_unesco"), status=("id_unesco",)),
    "pits": _Words((), ("puits", "fosse"), kind=("compagnie",)),
    "estates": _Words(("id_unesco", "id_lsm"), kind=("type",), status=("interet",)),
    "listed_buildings": _Words(kind=("typologie",), status=("protection",)),
    "water_bodies": _Words(("id_unesco", "id")),
    "farmland": _Words(("id_parvis",), (), kind=("qualite_vue",), status=("vue_sur",)),
}
"""Layers whose objects are listed, and the columns from which `list_objects` names them."""


def list_objects(
    communes: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Return one row for each object and commune that holds a part of it.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``insee``; made a partition first
        (`tvb.geometry.partition_communes`).
    layers : mapping of str to geopandas.GeoDataFrame
        Any of `OBJECT_LAYERS`, and ``property`` and ``buffer``; an absent layer counts as empty.

    Returns
    -------
    pandas.DataFrame
        In order of commune, layer, id and name:

        - ``insee``, or « hors communes » for what lies outside all of them;
        - ``layer``, ``feature`` (label in the index of the layer, or the position of the row
          where labels occur twice), ``id`` and ``nom`` as published,
          null where they are not;
        - ``kind`` (section, shape, type, company, quality of the view) and ``status`` (interest of
          an estate, protection of a building, which object of the property a railway is, what
          farmland has a view of);
        - ``part_m2`` of polygons and ``part_m`` of railways, not a number for others;
          ``counted_m``, the length for which the part counts in a sum (see
          `tvb.heritage.measure_counted_m`); ``share`` of the object;
        - ``main``: the one commune in which the object counts (the largest share of what lies in
          communes, see `tvb.geometry.attribute_to_commune`);
        - ``brushed``: not the main part, under 0.1 ha or 100 m, and under a tenth of the object;
        - ``perimeter`` of the whole object (see `PERIMETERS`), ``property_share`` and
          ``buffer_share`` of it.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    LayerError
        If a code of a commune is missing or given twice.

    Notes
    -----
    The parts of an object add up to the whole of it. Objects of a layer that lie over each other
    are listed each for itself.
    """
    require_crs(communes, "communes")
    communes = partition_communes(communes)
    tables = []
    for layer, words in OBJECT_LAYERS.items():
        frame = layers.get(layer)
        if frame is None or frame.empty:
            continue
        require_crs(frame, layer)
        plain = frame.reset_index(drop=True)
        parts = _parts(layer, plain, communes)
        told = _describe(plain, words).join(place_in_perimeters(plain, layers))
        parts = parts.join(told, on="feature").assign(layer=layer)
        if frame.index.is_unique:
            parts["feature"] = frame.index.take(parts["feature"])
        tables.append(parts)
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _DTYPES.items()})
    table = pd.concat(tables, ignore_index=True)
    table["insee"] = table["insee"].fillna(OUTSIDE)
    table["brushed"] = _is_brushed(table)
    order = ["insee", "layer", "id", "nom", "kind", "status", "part_m2", "part_m"]
    return table.sort_values(order, kind="stable", ignore_index=True)[list(_DTYPES)]


def place_in_perimeters(
    frame: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Return in which set each object lies: in the property, in its buffer zone, or beyond.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Points, lines or polygons in EPSG:2154.
    layers : mapping of str to geopandas.GeoDataFrame
        ``property`` and ``buffer``; where they lie over each other, it is property.

    Returns
    -------
    pandas.DataFrame
        On the index of the frame: ``perimeter``, ``property_share`` and ``buffer_share`` of the
        area or length (for points 0 or 1; on a border, inside).

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    """
    require_crs(frame, "objects")
    inside, around = (areas_of(layers.get(name), name) for name in ("property", "buffer"))
    geometry = frame.geometry.to_numpy()
    in_property = share_inside(geometry, inside)
    in_both = share_inside(geometry, np.concatenate([inside, around]))
    in_buffer = np.maximum(in_both - in_property, 0.0)
    beyond = 1.0 - in_property - in_buffer
    # One whole in the rounding of areas is one whole.
    shares = np.round(np.column_stack([in_property, in_buffer, beyond]), 9)
    return pd.DataFrame(
        {
            "perimeter": pd.array(np.array(PERIMETERS)[shares.argmax(axis=1)], dtype="str"),
            "property_share": shares[:, 0],
            "buffer_share": shares[:, 1],
        },
        index=frame.index,
    )


def share_inside(geometry: GeometryArray, areas: GeometryArray) -> FloatArray:
    """Return how much of each geometry lies in the union of some polygons.

    Parameters
    ----------
    geometry : numpy.ndarray
        Valid points, lines and polygons.
    areas : numpy.ndarray
        Valid single polygons (`tvb.geometry.arrays.polygon_parts`), which may overlap.

    Returns
    -------
    numpy.ndarray
        Share of the area or length, 0 to 1; for points 0 or 1, on a border to a millimetre 1.
    """
    share = np.zeros(len(geometry))
    area, length = shapely.area(geometry), shapely.length(geometry)
    wide = np.flatnonzero(area > 0)
    share[wide] = measure_overlap(geometry[wide], areas) / area[wide]
    tree = shapely.STRtree(areas)
    long = np.flatnonzero((area == 0) & (length > 0))
    _, met = tree.query(geometry[long], predicate="intersects")
    union = shapely.union_all(areas[np.unique(met)])
    share[long] = shapely.length(shapely.intersection(geometry[long], union)) / length[long]
    rest = np.flatnonzero(length == 0)
    on, _ = tree.query(geometry[rest], predicate="dwithin", distance=_ON_BORDER_M)
    share[rest[on]] = 1.0
    return share


def areas_of(frame: gpd.GeoDataFrame | None, name: str) -> GeometryArray:
    """Return the polygons of a layer; none where there is no layer.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame or None
        Polygons in EPSG:2154.
    name : str
        Name of the layer in messages.

    Returns
    -------
    numpy.ndarray
        Valid single polygons.

    Raises
    ------
    CrsError
        If the layer is not in EPSG:2154.
    """
    if frame is None:
        return np.empty(0, dtype=object)
    require_crs(frame, name)
    return polygon_parts(frame.geometry.to_numpy())[0]


def _parts(layer: str, frame: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the parts of each object in the communes."""
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    wide = (dimension == 2) & (frame.area > 0).to_numpy()
    long = dimension == 1
    none = frame[~wide & ~long]
    main = attribute_to_commune(frame, communes)
    parts = pd.concat(
        [
            share_by_commune(frame[wide], communes).rename(columns={"area_m2": "part_m2"}),
            share_by_commune(frame[long], communes).rename(columns={"length_m": "part_m"}),
            pd.DataFrame({"feature": none.index, "insee": main[none.index], "share": 1.0}),
        ],
        ignore_index=True,
    ).reindex(columns=["feature", "insee", "share", "part_m2", "part_m"])
    parts["counted_m"] = parts["part_m"]
    if layer == "cavaliers":
        whole = {"part_m": measure_length_m(frame), "counted_m": measure_counted_m(frame)}
        for name, length_m in whole.items():
            parts[name] = parts["share"] * length_m.loc[parts["feature"]].to_numpy()
    parts["main"] = parts["insee"].to_numpy() == main.loc[parts["feature"]].to_numpy()
    nowhere = ~parts.groupby("feature")["main"].transform("any")
    parts["main"] |= nowhere & parts["insee"].isna()
    return parts


def _describe(frame: gpd.GeoDataFrame, words: _Words) -> pd.DataFrame:
    """Return what each object is called, and of which kind and status it is."""
    told = {}
    for name in ("id", "nom", "kind", "status"):
        text = pd.Series(None, index=frame.index, dtype="str")
        for column in getattr(words, name):
            if column in frame.columns:
                text = text.fillna(frame[column].astype("str"))
        told[name] = text
    return pd.DataFrame(told)


def _is_brushed(table: pd.DataFrame) -> BoolArray:
    """Whether a part may be the trace of two borders drawn apart."""
    small = (table["part_m2"] < BRUSHED_M2) | (table["part_m"] < BRUSHED_M)
    return (small & (table["share"] < BRUSHED_SHARE) & ~table["main"]).to_numpy()
