"""What a theme gives to be laid on a page: layers, names, legend blocks, lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from tvb.maps.labels import Label
from tvb.maps.legend import Block
from tvb.maps.listing import Listing
from tvb.maps.page import Bounds, View
from tvb.maps.raster import Cells
from tvb.maps.symbols import Fill, Geometries, Stroke, Symbol
from tvb.maps.table import Table
from tvb.territory import Source

__all__ = ["ALL_SCALES", "RASTER_LEVEL", "Content", "MapLayer", "raster_layers"]

ALL_SCALES = (0.0, math.inf)
RASTER_LEVEL = 2.5


def _no_labels(_: View) -> Sequence[Label]:
    return ()


@dataclass(frozen=True, eq=False)
class MapLayer:
    """Geometries drawn with one symbol.

    Parameters
    ----------
    geometry : numpy.ndarray
        In EPSG:2154.
    symbol : Fill, Stroke or Marker
        How.
    level : float
        Drawing order, from below to above.
    label : str
        Text of the legend; without one, the layer explains itself, or its block does.
    block : str
        Heading of the legend block.
    sources : tuple of Source
        Named in the foot when the layer is seen.
    scales : tuple of float
        Drawn only where the denominator of the scale is at least the first and below the second.
    cells : Cells, optional
        Raster that is drawn instead of geometries.
    cell_class : int
        Which of its classes the layer stands for in the legend.
    legend_only : bool
        Whether something else is drawn where the geometries are: numbers, say.
    note : str
        Sentence below the heading of its block, where the layer is seen.
    """

    geometry: Geometries
    symbol: Symbol
    level: float
    label: str = ""
    block: str = ""
    sources: tuple[Source, ...] = ()
    scales: tuple[float, float] = ALL_SCALES
    cells: Cells | None = None
    cell_class: int = 0
    legend_only: bool = False
    note: str = ""

    def is_seen(self, view: Bounds, denominator: float | None = None) -> bool:
        """Tell whether the layer leaves ink in a view.

        Parameters
        ----------
        view : Bounds
            Ground shown.
        denominator : float, optional
            Of the scale, once it is known.

        Returns
        -------
        bool
            False also where the scale is not one of those of the layer.
        """
        if denominator is not None and not self.scales[0] <= denominator < self.scales[1]:
            return False
        if self.cells is not None:
            return self.cell_class in self.cells.classes_in(view)
        return bool(shapely.intersects(self.drawn(), shapely.box(*view)).any())

    def drawn(self) -> Geometries:
        """Return what leaves ink: of a polygon whose outline alone is drawn, the outline.

        Returns
        -------
        numpy.ndarray
            Geometries.
        """
        if not isinstance(self.symbol, Stroke):
            return self.geometry
        areal = np.isin(shapely.get_type_id(self.geometry), (3, 6))
        lines: Geometries = np.where(areal, shapely.boundary(self.geometry), self.geometry)
        return lines


def raster_layers(
    cells: Cells, labels: Sequence[str], *, block: str, sources: tuple[Source, ...] = ()
) -> list[MapLayer]:
    """Return one layer for each class of a raster, the highest first.

    Parameters
    ----------
    cells : Cells
        The raster.
    labels : sequence of str
        Texts of the legend, from the first class.
    block : str
        Heading of the legend block.
    sources : tuple of Source
        Of the raster.

    Returns
    -------
    list of MapLayer
        Those in view are in the legend; the raster is drawn once.
    """
    nothing: Geometries = np.empty(0, dtype=object)
    layers = [
        MapLayer(
            nothing, Fill(colour), RASTER_LEVEL, label, block, sources, cells=cells, cell_class=k
        )
        for k, (colour, label) in enumerate(zip(cells.colours, labels, strict=True), start=1)
    ]
    return layers[::-1]


@dataclass(frozen=True)
class Content:
    """What a theme gives to be laid on a page.

    Parameters
    ----------
    title, subtitle : str
        Unless the user gave others.
    ground : Bounds
        What must be seen, unless the user gave an extent.
    layers : tuple of MapLayer
        In the order of the legend.
    sources : tuple of Source
        Named in the foot whatever is seen, before those of the layers.
    labels : callable
        Makes the names from what the frame shows, by order of importance.
    blocks : mapping of str to Block
        How a legend block differs from a plain list, by heading; its own entries come first, once
        a layer of the block is seen.
    notes : tuple of str
        Sentences for the foot.
    banner : str
        Sentence across the map, when there is nothing to see.
    overview : numpy.ndarray
        Polygons of the whole, for the locator.
    table : Table, optional
        Drawn where the page has room to spare, or else a corner of the map holds nothing.
    listing : Listing, optional
        Numbered remarks: the page makes room for the first of them.
    parameters : mapping
        Kept with the plate.
    """

    title: str
    subtitle: str
    ground: Bounds
    layers: tuple[MapLayer, ...]
    sources: tuple[Source, ...] = ()
    labels: Callable[[View], Sequence[Label]] = _no_labels
    blocks: Mapping[str, Block] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    banner: str = ""
    overview: Geometries | None = None
    table: Table | None = None
    listing: Listing | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
