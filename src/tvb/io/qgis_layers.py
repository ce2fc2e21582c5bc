"""The layers of a file as QGIS shows them: named, styled, in a tree of groups."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import numpy as np
import pyproj

from tvb.io.fields import Field
from tvb.io.qgis_rasters import QgisRaster
from tvb.io.styles import Style, style_for

__all__ = [
    "Entry",
    "Group",
    "QgisLayer",
    "Relation",
    "build_tree",
    "find_relations",
    "home_extent",
    "tree_data",
]

Lang = Literal["fr", "en"]
Bounds = tuple[float, float, float, float]

_OPTIONS = frozenset({"shown", "from_scale", "label", "label_from_scale"})
_MARGIN = 0.03


@dataclass(frozen=True, slots=True)
class QgisLayer:
    """One layer or table of a file.

    Parameters
    ----------
    name : str
        Of the table.
    title : str
        What people call it.
    styles : tuple of Style
        One for each family of geometry that it holds; none for a table.
    fields : tuple of Field
        Its columns.
    crs : pyproj.CRS, optional
        Of its geometry.
    bounds : tuple of float, optional
        West, south, east, north in its CRS; None where there is no geometry.
    origin : str
        Where the content comes from.
    """

    name: str
    title: str
    styles: tuple[Style, ...] = ()
    fields: tuple[Field, ...] = ()
    crs: pyproj.CRS | None = None
    bounds: Bounds | None = None
    origin: str = ""

    @property
    def named(self) -> tuple[Field, ...]:
        """Columns that have another name for people."""
        return tuple(field for field in self.fields if field.alias)

    @property
    def has_style(self) -> bool:
        """Whether there is anything that a style would say."""
        return bool(self.styles or self.named)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the tree: a raster, a layer, or the part of it of one family of geometry.

    Parameters
    ----------
    key : str
        Unlike that of any other entry.
    title : str
        Shown in the tree.
    layer : QgisLayer or QgisRaster
        Where the features or the cells come from.
    style : Style, optional
        How features are drawn; None for a table and for a raster.
    partial : bool
        Whether the layer holds other families too.
    shown : bool
        Whether it is drawn when the project opens.
    from_scale : int, optional
        Denominator of the scale from which it is drawn.
    label, label_from_scale : str and int, optional
        Column written on the map, and denominator of the scale from which it is.
    """

    key: str
    title: str
    layer: QgisLayer | QgisRaster
    style: Style | None = None
    partial: bool = False
    shown: bool = False
    from_scale: int | None = None
    label: str | None = None
    label_from_scale: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one title, the first drawn on top.

    Parameters
    ----------
    title : str
        Of the group.
    entries : tuple of Entry
        One at least.
    """

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of one entry that belong to a row of another.

    Parameters
    ----------
    parent, child : Entry
        The one row and the many.
    column : str
        That both have.
    """

    parent: Entry
    child: Entry
    column: str


def build_tree(
    layers: Sequence[QgisLayer], rasters: Sequence[QgisRaster] = (), *, lang: Lang
) -> tuple[Group, ...]:
    """Return the groups of a project, those without layer left out.

    Parameters
    ----------
    layers : sequence of QgisLayer
        Of one file.
    rasters : sequence of QgisRaster, optional
        Beside it.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    tuple of Group
        From top to bottom. Layers that no group knows come small before large, by family, then
        the rasters that none knows.
    """
    data = tree_data()
    by_name = {layer.name: layer for layer in layers}
    specs = [spec for group in data["groups"] for spec in group["layers"]]
    known = {spec.get("table") for spec in specs}
    kinds = {spec.get("raster") for spec in specs}
    spatial = [layer for layer in layers if layer.styles]
    others = [layer.name for layer in spatial if layer.name not in known]
    others.sort(key=lambda name: ("point", "line", "polygon").index(by_name[name].styles[0].family))
    unknown: list[dict[str, Any]] = [{"table": name, "shown": True} for name in others]
    unknown += [{"raster": kind} for kind in dict.fromkeys(r.kind for r in rasters)
                if kind not in kinds]  # fmt: skip
    groups = [(group, group["layers"] or unknown) for group in data["groups"]]
    tables = [{"table": layer.name} for layer in layers if not layer.styles]
    groups.append((data["tables"], tables))
    keys: set[str] = set()
    tree = []
    for group, specs in groups:
        entries: list[Entry] = []
        for spec in specs:
            entries += _raster_entries(rasters, spec, keys)
            if spec.get("table") in by_name:
                entries += _entries(by_name[spec["table"]], spec, lang=lang, keys=keys)
        if entries:
            tree.append(Group(_say(group["title"], lang), tuple(entries)))
    return tuple(tree)


def _raster_entries(
    rasters: Sequence[QgisRaster], spec: Mapping[str, Any], keys: set[str]
) -> list[Entry]:
    """Return the lines of the tree that the rasters of a kind give, and take their keys."""
    mine = [raster for raster in rasters if raster.kind == spec.get("raster")]
    shown = bool(spec.get("shown"))
    return [Entry(_free_key(r.name, keys), r.title, r, shown=shown) for r in mine]


def _entries(
    layer: QgisLayer, spec: Mapping[str, Any], *, lang: Lang, keys: set[str]
) -> tuple[Entry, ...]:
    """Return the lines of the tree that a layer gives, and take their keys."""
    styles: tuple[Style | None, ...] = layer.styles or (None,)
    bears_results = any(style is not None and style.kind == "graduated" for style in styles)
    if spec.get("results") and not bears_results:
        return ()
    title = _say(tree_data()["tables"]["names"].get(layer.name), lang) or layer.title
    if bears_results and spec.get("outlined"):
        styles = (style_for(layer.name, lang=lang),)
    options = {name: spec[name] for name in _OPTIONS & set(spec)}
    if options.get("label") not in {field.name for field in layer.fields}:
        options.pop("label", None)
    entries = []
    for style in styles:
        entry = Entry("", title, layer, style, len(styles) > 1, **options)
        wanted = layer.name
        if style is not None and entry.partial:
            wanted = f"{layer.name}_{style.family}"
            shape = _say(tree_data()["shapes"][style.family], lang)
            entry = replace(entry, title=f"{title} ({shape})")
        if style is not None and style.kind == "graduated":
            entry = replace(entry, title=style.title or entry.title)
        entries.append(replace(entry, key=_free_key(wanted, keys)))
    return tuple(entries)


def _free_key(wanted: str, taken: set[str]) -> str:
    plain = "tvb_layer_" + re.sub(r"\W", "_", wanted)  # QGIS drops layers with shorter keys
    key, number = plain, 1
    while key in taken:
        key, number = f"{plain}_{number}", number + 1
    taken.add(key)
    return key


def find_relations(tree: Sequence[Group]) -> tuple[Relation, ...]:
    """Return the relations between entries whose layers the file has.

    Parameters
    ----------
    tree : sequence of Group
        From `build_tree`.

    Returns
    -------
    tuple of Relation
        A layer that gives several entries takes part with the last.
    """
    last = {entry.layer.name: entry for group in tree for entry in group.entries}
    relations = []
    for spec in tree_data()["relations"]:
        ends = [last.get(spec["parent"]), last.get(spec["child"])]
        column = spec["column"]
        if all(end and column in {field.name for field in end.layer.fields} for end in ends):
            parent, child = (end for end in ends if end)
            relations.append(Relation(parent, child, column))
    return tuple(relations)


def home_extent(layers: Sequence[QgisLayer | QgisRaster], crs: pyproj.CRS) -> Bounds | None:
    """Return what the project opens on, with a margin.

    Parameters
    ----------
    layers : sequence of QgisLayer or QgisRaster
        Of one project.
    crs : pyproj.CRS
        System of the answer.

    Returns
    -------
    tuple of float or None
        West, south, east, north; None without any geometry.
    """
    spatial = {layer.name: layer for layer in layers if layer.bounds is not None}
    chosen = next(
        ([spatial[n]] for n in tree_data()["extent"] if n in spatial), [*spatial.values()]
    )
    boxes = [
        pyproj.Transformer.from_crs(layer.crs, crs, always_xy=True).transform_bounds(*layer.bounds)
        for layer in chosen
        if layer.crs is not None and layer.bounds is not None
    ]
    if not boxes:
        return None
    corners = np.array(boxes)
    west, south = (float(value) for value in corners[:, :2].min(axis=0))
    east, north = (float(value) for value in corners[:, 2:].max(axis=0))
    margin = _MARGIN * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


def _say(pair: Sequence[str] | None, lang: Lang) -> str:
    return pair[("fr", "en").index(lang)] if pair else ""


@lru_cache(maxsize=1)
def tree_data() -> dict[str, Any]:
    """Return what the file of the project holds.

    Returns
    -------
    dict
        As the TOML file has it.
    """
    text = resources.files("tvb.io").joinpath("qgis.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
