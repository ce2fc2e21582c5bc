"""The folder of a run: where each step leaves its results and where the next one finds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from tvb.grid import Grid
from tvb.io import atomic_path, read_grid, write_csv, write_geoparquet, write_grid
from tvb.territory import Source, Territory, describe_origin

__all__ = ["Store"]


@dataclass
class Store:
    """Reads and writes the files of a run and remembers what was written.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the run.
    written : list of str
        Files written through this object, relative to the folder, in order.
    journal : pathlib.Path, optional
        File that receives each name before the file is written, so that a run that was killed
        leaves no file that nobody knows of.
    """

    folder: Path
    written: list[str] = field(default_factory=list)
    journal: Path | None = None

    def path(self, name: str) -> Path:
        """Return the path of an output that is about to be written, and remember it.

        Parameters
        ----------
        name : str
            Relative to the folder of the run.

        Returns
        -------
        pathlib.Path
            Its parent folder exists.
        """
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name not in self.written:
            self.written.append(name)
            if self.journal is not None:
                with self.journal.open("a", encoding="utf-8") as stream:
                    stream.write(f"{name}\n")
        return path

    def write_layer(self, name: str, frame: gpd.GeoDataFrame, sources: Iterable[Source]) -> None:
        """Write one layer as GeoParquet.

        Parameters
        ----------
        name : str
            Name of the layer.
        frame : geopandas.GeoDataFrame
            In EPSG:2154.
        sources : iterable of Source
            Of what it is made from; the file says so.
        """
        path = self.path(f"layers/{name}.parquet")
        write_geoparquet(frame, path, origin=describe_origin(sources))

    def read_layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer written by an earlier step.

        Parameters
        ----------
        name : str
            Name of the layer.

        Returns
        -------
        geopandas.GeoDataFrame
            In EPSG:2154.
        """
        return gpd.read_parquet(self.folder / "layers" / f"{name}.parquet")

    def layer_names(self) -> list[str]:
        """Return the names of the layers that the first step wrote.

        Returns
        -------
        list of str
            In the order of the territory.
        """
        return list(self.read_json("layers/territory.json")["layers"])

    def write_raster(self, name: str, grid: Grid, sources: Iterable[Source]) -> None:
        """Write one raster as GeoTIFF.

        Parameters
        ----------
        name : str
            Name of the raster.
        grid : Grid
            In EPSG:2154.
        sources : iterable of Source
            Of what it is made from; the file says so.
        """
        path = self.path(f"rasters/{name}.tif")
        write_grid(grid, path, origin=describe_origin(sources))

    def read_raster(self, name: str) -> Grid:
        """Return a raster written by an earlier step.

        Parameters
        ----------
        name : str
            Name of the raster.

        Returns
        -------
        Grid
            In EPSG:2154.
        """
        return read_grid(self.folder / "rasters" / f"{name}.tif", name)

    def write_table(self, name: str, table: pd.DataFrame, *, index: bool = True) -> None:
        """Write one table as CSV for people and as Parquet for the next step.

        Parameters
        ----------
        name : str
            Path without suffix, relative to the folder.
        table : pandas.DataFrame
            Any table.
        index : bool
            Whether the index holds something.
        """
        write_csv(table, self.path(f"{name}.csv"), index=index)
        with atomic_path(self.path(f"{name}.parquet")) as path:
            table.to_parquet(path, index=index)

    def read_table(self, name: str) -> pd.DataFrame:
        """Return a table written by an earlier step.

        Parameters
        ----------
        name : str
            As given to `write_table`.

        Returns
        -------
        pandas.DataFrame
            With its index.
        """
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def write_json(self, name: str, content: Any) -> None:
        """Write a small structure as JSON, keys in the order given.

        Parameters
        ----------
        name : str
            Relative to the folder.
        content : object
            Anything that JSON can hold.
        """
        self.write_text(name, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text in UTF-8.

        Parameters
        ----------
        name : str
            Relative to the folder.
        text : str
            Its content.
        """
        with atomic_path(self.path(name)) as path:
            path.write_text(text, encoding="utf-8", newline="\n")

    def read_json(self, name: str) -> Any:
        """Return a structure written by an earlier step.

        Parameters
        ----------
        name : str
            Relative to the folder.

        Returns
        -------
        object
            What the file holds.
        """
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def write_sources(self, name: str, sources: Iterable[Source]) -> None:
        """Write where the layers come from.

        Parameters
        ----------
        name : str
            Relative to the folder.
        sources : iterable of Source
            In the order wanted.
        """
        self.write_json(name, [{**asdict(s), "dropped": dict(s.dropped)} for s in sources])

    def territory(self, *layers: str, rasters: Sequence[str] = ()) -> Territory:
        """Return the territory that the first step wrote, with some of its layers and rasters.

        Parameters
        ----------
        *layers : str
            Names of the layers wanted; those that the study does not have are left out.
        rasters : sequence of str
            Names of the rasters wanted, in the same way.

        Returns
        -------
        Territory
            With the sources of all layers of the study.
        """
        content = self.read_json("layers/territory.json")
        return Territory(
            content["name"],
            {name: self.read_layer(name) for name in layers if name in content["layers"]},
            {name: self.read_raster(name) for name in rasters if name in content["rasters"]},
            sources=tuple(Source(**s) for s in self.read_json("layers/sources.json")),
        )
