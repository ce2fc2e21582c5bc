"""From a study file to a territory: files read, the rest modelled, all of it accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import geopandas as gpd
import pandas as pd
import shapely

from tvb import datasets
from tvb.errors import StudyError, explain
from tvb.geometry import partition_communes
from tvb.grid import Grid
from tvb.io import read_grid, read_layer
from tvb.io.report import LayerReport
from tvb.io.sources import source_metadata
from tvb.schema import SCHEMAS
from tvb.study.config import LayerFile, Study
from tvb.study.observe import Observation, observe, observe_partition
from tvb.territory import Source, Territory

__all__ = ["Assembly", "assemble"]


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
    read = [_read(name, file) for name, file in study.layers.items() if not file.modelled]
    layers = {name: frame for name, frame, _, _ in read if isinstance(frame, gpd.GeoDataFrame)}
    grids = {name: grid for name, grid, _, _ in read if isinstance(grid, Grid)}
    sources = [source for *_, found in read for source in found]
    observations: list[Observation] = []
    base = _embedded(study) if study.territory.embedded else None
    if "communes" in layers:
        delivered = _chosen(layers["communes"], study.territory.communes)
        layers["communes"] = partition_communes(delivered)
        observations += observe_partition(delivered, layers["communes"])
    communes = layers["communes"] if base is None or "communes" in layers else base["communes"]
    if study.territory.communes:
        layers, sources = _within(communes, layers, sources)
    observations += observe({**layers, "communes": communes})
    for other in (_modelled(study, communes), base):
        if other is not None:
            new = [name for name in (*other.layers, *other.grids) if name not in (*layers, *grids)]
            layers |= {name: other.layers[name] for name in new if name in other.layers}
            grids |= {name: other.grids[name] for name in new if name in other.grids}
            sources += [source for source in other.sources if source.layer in new]
    territory = Territory(study.study.name, _in_order(layers), grids, tuple(sources))
    reports = tuple(report for *_, report, _ in read if report is not None)
    return Assembly(territory, reports, tuple(observations))


def _read(
    name: str, file: LayerFile
) -> tuple[str, gpd.GeoDataFrame | Grid, LayerReport | None, tuple[Source, ...]]:
    if name not in SCHEMAS:
        grid = read_grid(file.paths[0], name)
        source = Source(name, file.nature, **_metadata(file, name), file=file.paths[0].name)
        return name, grid, None, (source,)
    frame, report = read_layer(
        list(file.paths),
        name,
        source_layer=file.source_layer,
        crs=file.crs,
        encoding=file.encoding,
    )
    return name, frame, report, (report.source(file.nature, **_metadata(file, name)),)


def _metadata(file: LayerFile, name: str) -> _Metadata:
    """Return what the source line prints: the study's words first, then what is known."""
    known = source_metadata(file.paths[0].name)
    titles = [source_metadata(path.name).get("title", "") for path in file.paths]
    return {
        "title": file.title or " ; ".join(filter(None, titles)) or name,
        "producer": file.producer or known.get("producer") or "producteur non précisé",
        "licence": file.licence or known.get("licence") or "licence non précisée",
        "vintage": file.vintage or known.get("vintage") or "s. d.",
    }


def _chosen(communes: gpd.GeoDataFrame, codes: Sequence[str]) -> gpd.GeoDataFrame:
    if not codes:
        return communes
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
    return communes[communes["insee"].isin(codes)].reset_index(drop=True)


def _within(
    communes: gpd.GeoDataFrame, layers: dict[str, gpd.GeoDataFrame], sources: Iterable[Source]
) -> tuple[dict[str, gpd.GeoDataFrame], list[Source]]:
    """Keep the features that meet the communes chosen, and count the others as dropped."""
    area = shapely.union_all(communes.geometry.to_numpy())
    shapely.prepare(area)
    kept = {
        name: frame[shapely.intersects(area, frame.geometry.to_numpy())].reset_index(drop=True)
        for name, frame in layers.items()
    }
    return kept, [
        replace(
            source,
            rows_kept=len(kept[source.layer]),
            dropped={
                **source.dropped,
                "outside the communes chosen": source.rows_kept - len(kept[source.layer]),
            },
        )
        if source.layer in kept and source.rows_kept > len(kept[source.layer])
        else source
        for source in sources
    ]


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


def _in_order(layers: dict[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers in the order of the catalogue, whatever the order of the study file."""
    return {name: layers[name] for name in SCHEMAS if name in layers}


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
