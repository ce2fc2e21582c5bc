"""A territory: its layers, its rasters, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

import geopandas as gpd
import pandas as pd

from tvb.display import parts_table, rows_table
from tvb.errors import LayerError, explain
from tvb.grid import Grid

__all__ = ["Nature", "Source", "Territory", "describe_origin", "sources_table", "worst_nature"]

Nature = Literal["real", "schematic", "modelled"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a layer comes from, and what happened to its rows.

    Parameters
    ----------
    layer : str
        Name of the layer in the territory.
    nature : {"real", "schematic", "modelled"}
        Real: surveyed geometry. Schematic: true attributes on a simplified shape. Modelled:
        invented by a program, for demonstration and benchmarks only.
    title : str
        What the layer is, as a map's source line prints it.
    producer, licence, vintage : str
        Who made it, under which licence, of which date.
    file : str, optional
        Name of the file, without its folder.
    checksum : str, optional
        SHA-256 of the file, hexadecimal.
    rows_read, rows_kept : int
        Rows in the file and in the frame.
    dropped : mapping of str to int
        Rows dropped, by reason; ``rows_read = rows_kept + sum(dropped.values())``.
    """

    layer: str
    nature: Nature
    title: str
    producer: str
    licence: str
    vintage: str
    file: str = ""
    checksum: str = ""
    rows_read: int = 0
    rows_kept: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        known = {f.name: getattr(self, f.name) for f in fields(self)}
        known["dropped"] = ", ".join(f"{reason}: {n}" for reason, n in self.dropped.items())
        return parts_table(self, {name: value for name, value in known.items() if value})


@dataclass(frozen=True)
class Territory:
    """The layers of a study area, in EPSG:2154, with their sources.

    Parameters
    ----------
    name : str
        Name of the territory.
    layers : mapping of str to geopandas.GeoDataFrame
        One valid frame for each layer, keyed by the name of its schema.
    grids : mapping of str to Grid
        Rasters: ``land_cover``, and ``flood_depth_<scenario>`` for each scenario.
    sources : tuple of Source
        One for each layer and raster, or several where a layer was read from several files.
    """

    name: str
    layers: Mapping[str, gpd.GeoDataFrame]
    grids: Mapping[str, Grid] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    def __getitem__(self, layer: str) -> gpd.GeoDataFrame:
        """Return one layer.

        Parameters
        ----------
        layer : str
            Name of its schema.

        Returns
        -------
        geopandas.GeoDataFrame
            The frame, in EPSG:2154.

        Raises
        ------
        LayerError
            If the territory has no such layer.
        """
        try:
            return self.layers[layer]
        except KeyError:
            raise LayerError(
                explain(
                    layer,
                    f"not in the territory « {self.name} »",
                    required="one of " + ", ".join(sorted(self.layers)),
                )
            ) from None

    def __contains__(self, layer: object) -> bool:
        return layer in self.layers

    def sources_of(self, *layers: str) -> tuple[Source, ...]:
        """Return the sources of some layers, in the order given.

        Parameters
        ----------
        *layers : str
            Names of layers or rasters.

        Returns
        -------
        tuple of Source
            Their sources.

        Raises
        ------
        LayerError
            If one of them has no source: what is drawn must say where it comes from.
        """
        found: list[Source] = []
        for layer in layers:
            mine = [s for s in self.sources if s.layer == layer]
            if not mine:
                raise LayerError(
                    explain(layer, "no source is known for this layer", remedy="give a Source")
                )
            found += mine
        return tuple(found)

    def summary(self) -> pd.DataFrame:
        """Return one row for each layer: features, nature, source.

        Returns
        -------
        pandas.DataFrame
            Indexed by layer.
        """
        table = sources_table(self.sources).set_index("layer")
        counts = {name: len(frame) for name, frame in self.layers.items()}
        table.insert(0, "features", [counts.get(name, 0) for name in table.index])
        return table

    def __repr__(self) -> str:
        return f"<Territory {self.name}: {len(self.layers)} layers, {len(self.grids)} rasters>"

    def _repr_html_(self) -> str:
        sizes: dict[str, object] = {name: len(frame) for name, frame in self.layers.items()}
        sizes |= {name: "{} × {} cells".format(*g.shape) for name, g in self.grids.items()}
        rows = []
        for name, size in sizes.items():
            mine = [source for source in self.sources if source.layer == name]
            titles = ", ".join(source.title for source in mine)
            rows.append((name, size, worst_nature(mine) if mine else None, titles))
        first = [f'["{name}"]' for name in list(self.layers)[:1]]
        first += [f'.grids["{name}"]' for name in list(self.grids)[:1]]
        then = (*first, ".summary()", ".sources")
        return rows_table(self, ("layer", "features", "nature", "title"), rows, then=then)


def worst_nature(sources: Iterable[Source]) -> Nature:
    """Return what a result made from some layers is worth: no more than the least of them.

    Parameters
    ----------
    sources : iterable of Source
        Of the layers that the result is made from.

    Returns
    -------
    {"modelled", "schematic", "real"}
        The first of these that one of the layers is.

    Examples
    --------
    >>> real = Source("a", "real", "A", "p", "l", "v")
    >>> worst_nature([real, Source("b", "modelled", "B", "p", "l", "v")])
    'modelled'
    """
    natures = {source.nature for source in sources}
    order: tuple[Nature, ...] = ("modelled", "schematic", "real")
    return next((nature for nature in order if nature in natures), "real")


def describe_origin(sources: Iterable[Source]) -> str:
    """Return one line that says where a file comes from, to be kept inside it.

    Parameters
    ----------
    sources : iterable of Source
        Of the layers that the file is made from.

    Returns
    -------
    str
        Nature of the whole, then title, nature, producer, date and licence of each.
    """
    listed = tuple(sources)
    each = "; ".join(
        f"{s.title} [{s.nature}] {s.producer}, {s.vintage}, {s.licence}" for s in listed
    )
    return f"{worst_nature(listed)}: {each}"


def sources_table(sources: Iterable[Source]) -> pd.DataFrame:
    """Return the sources as a table to lay beside any result.

    Parameters
    ----------
    sources : iterable of Source
        In the order wanted.

    Returns
    -------
    pandas.DataFrame
        One row for each source; ``dropped`` is text such as ``null geometry: 1``.
    """
    rows = [
        {
            "layer": s.layer,
            "nature": s.nature,
            "title": s.title,
            "producer": s.producer,
            "licence": s.licence,
            "vintage": s.vintage,
            "file": s.file,
            "checksum": s.checksum,
            "rows_read": s.rows_read,
            "rows_kept": s.rows_kept,
            "dropped": "; ".join(f"{reason}: {n}" for reason, n in s.dropped.items()),
        }
        for s in sources
    ]
    columns = [
        "layer", "nature", "title", "producer", "licence", "vintage", "file", "checksum",
        "rows_read", "rows_kept", "dropped",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def __dir__() -> list[str]:
    return sorted(__all__)
