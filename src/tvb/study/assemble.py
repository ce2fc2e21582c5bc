"""From a study file to a territory: files read, the rest modelled, all of it accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

import geopandas as gpd
import pandas as pd
import shapely

from tvb import datasets
from tvb.errors import StudyError, explain
from tvb.geometry import attribute_to_commune, partition_communes
from tvb.grid import Grid
from tvb.heritage import COUNTED_LAYERS
from tvb.io import read_grid, read_layer, read_origin
from tvb.io.locate import checksum
from tvb.io.report import LayerReport
from tvb.io.sources import source_metadata
from tvb.schema import SCHEMAS
from tvb.study.config import LayerFile, Study
from tvb.study.observe import Observation, observe, observe_partition
from tvb.territory import Nature, Source, Territory

__all__ = ["Assembly", "assemble"]


_ATTRIBUTED = (*COUNTED_LAYERS, "buildings", "pumping_stations", "watched_objects")


class _Metadata(TypedDict):
    title: str
    producer: str
    licence: str
    vintage: str


@dataclass(frozen=True)
class Assembly:
    """A territory and the account of how it came about.

    Parameters
    ----------
    territory : Territory
        Valid layers in EPSG:2154; its communes are a partition.
    reports : tuple of LayerReport
        One for each layer read from files.
    observations : tuple of Observation
        What the reader does not repair but the analyst must know.
    """

    territory: Territory
    reports: tuple[LayerReport, ...]
    observations: tuple[Observation, ...]


def assemble(study: Study) -> Assembly:
    """Return the territory of a study.

    Parameters
    ----------
    study : Study
        Read by `tvb.study.read_study`.

    Returns
    -------
    Assembly
        Layers of the embedded territory or of files, files first; layers asked for as
        « modelled » are made on the communes of the study.

    Raises
    ------
    StudyError
        If a commune code of the study is not in its communes.
    TvbError
        Whatever reading a file raises.
    """
    draft = _Draft()
    for name, file in study.layers.items():
        if not file.modelled:
            draft.read(name, file)
    observations: list[Observation] = []
    codes = study.territory.communes
    if "communes" in draft.layers:
        delivered = draft.layers["communes"]
        _require_codes(delivered, codes)
        draft.layers["communes"] = partition_communes(delivered)
        observations += observe_partition(delivered, draft.layers["communes"])
        draft.add(_modelled(study, draft.layers["communes"]))
    if study.territory.embedded:
        draft.add(_embedded(study))
    if codes:
        draft.restrict(codes)
    observations += observe(draft.layers, draft.grids)
    in_order = {name: draft.layers[name] for name in SCHEMAS if name in draft.layers}
    territory = Territory(study.study.name, in_order, draft.grids, tuple(draft.sources))
    return Assembly(territory, tuple(draft.reports), tuple(observations))


@dataclass
class _Draft:
    """A territory in the making. What comes first stays: files, then models."""

    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    grids: dict[str, Grid] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    reports: list[LayerReport] = field(default_factory=list)

    def read(self, name: str, file: LayerFile) -> None:
        """Read one layer or raster."""
        metadata = _metadata(file, name)
        nature = _nature(file)
        if name not in SCHEMAS:
            (path,) = file.paths
            self.grids[name] = read_grid(path, name, crs=file.crs)
            seal = checksum(path)
            self.sources.append(Source(name, nature, **metadata, file=path.name, checksum=seal))
            return
        self.layers[name], report = read_layer(
            list(file.paths),
            name,
            source_layer=file.source_layer,
            crs=file.crs,
            encoding=file.encoding,
        )
        self.reports.append(report)
        self.sources.append(report.source(nature, **metadata))

    def add(self, other: Territory | None) -> None:
        """Add what another territory has and this one lacks."""
        if other is None:
            return
        layers = [name for name in other.layers if name not in self.layers]
        grids = [name for name in other.grids if name not in self.grids]
        self.layers |= {name: other.layers[name] for name in layers}
        self.grids |= {name: other.grids[name] for name in grids}
        self.sources += [s for s in other.sources if s.layer in (*layers, *grids)]

    def restrict(self, codes: Sequence[str]) -> None:
        """Keep what concerns the communes chosen, and count the rest as dropped.

        Objects that are counted stay with the commune that holds most of them among all communes,
        so that a commune has the same counts alone and among the others; layers of areas and lines
        keep what meets the communes chosen.
        """
        communes = self.layers["communes"]
        chosen = communes[communes["insee"].isin(codes)]
        area = shapely.union_all(chosen.geometry.to_numpy())
        shapely.prepare(area)
        before = {name: len(frame) for name, frame in self.layers.items()}
        for name, frame in self.layers.items():
            if name == "communes":
                kept = chosen
            elif name in _ATTRIBUTED:
                kept = frame[attribute_to_commune(frame, communes).isin(codes).to_numpy()]
            else:
                kept = frame[shapely.intersects(area, frame.geometry.to_numpy())]
            self.layers[name] = kept.reset_index(drop=True)
        self.grids = {name: grid.crop(area.bounds) for name, grid in self.grids.items()}
        self.sources = [self._after(source, before) for source in self.sources]

    def _after(self, source: Source, before: Mapping[str, int]) -> Source:
        """Return a source that counts the rows of communes that were not chosen."""
        left = len(self.layers.get(source.layer, ()))
        gone = before.get(source.layer, left) - left
        if not gone:
            return source
        dropped = {**source.dropped, "outside the communes chosen": gone}
        return replace(source, rows_kept=source.rows_kept - gone, dropped=dropped)


def _nature(file: LayerFile) -> Nature:
    """Return what a layer is worth: a file of tvb that says it is modelled is never real."""
    stated: list[str] = [file.nature]
    stated += [read_origin(path).partition(":")[0] for path in file.paths]
    order: tuple[Nature, ...] = ("modelled", "schematic", "real")
    return next(nature for nature in order if nature in stated)


def _metadata(file: LayerFile, name: str) -> _Metadata:
    """Return what the source line prints: the study's words first, then what is known."""
    # Only the very names under which the layers are published say whose they are.
    known = _published(file.paths[0])
    titles = [_published(path).get("title", "") for path in file.paths]
    return {
        "title": file.title or " ; ".join(filter(None, titles)) or name,
        "producer": file.producer or known.get("producer") or "producteur non précisé",
        "licence": file.licence or known.get("licence") or "licence non précisée",
        "vintage": file.vintage or known.get("vintage") or "s. d.",
    }


def _published(path: Path) -> dict[str, str]:
    return source_metadata(path.name) if path.suffix == ".geojson" else {}


def _require_codes(communes: gpd.GeoDataFrame, codes: Sequence[str]) -> None:
    unknown = sorted(set(codes) - set(communes["insee"]))
    if unknown:
        raise StudyError(
            explain(
                "[territory] communes",
                "codes that the layer of communes does not hold",
                count=len(unknown),
                ids=unknown,
                remedy="correct the codes or give another file of communes",
            )
        )


def _embedded(study: Study) -> Territory:
    options = study.territory
    return datasets.bassin_minier(
        communes=options.communes or None,
        buildings=options.buildings,
        seed=options.seed,
        cell_m=options.cell_m,
    )


def _modelled(study: Study, communes: gpd.GeoDataFrame) -> Territory | None:
    names = [name for name, file in study.layers.items() if file.modelled]
    if not names:
        return None
    options = study.territory
    return datasets.model_missing_layers(
        communes, names, buildings=options.buildings, seed=options.seed, cell_m=options.cell_m
    )


def reports_table(reports: Iterable[LayerReport]) -> pd.DataFrame:
    """Return every repair and every drop of the files read.

    Parameters
    ----------
    reports : iterable of LayerReport
        As `assemble` returns them.

    Returns
    -------
    pandas.DataFrame
        One row for each layer and reason.
    """
    frames = [report.to_frame() for report in reports]
    empty = pd.DataFrame(columns=["layer", "kind", "reason", "count", "ids"])
    return pd.concat(frames, ignore_index=True) if frames else empty
