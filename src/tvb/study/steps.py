"""The steps of a study. Each reads what earlier steps wrote and writes its own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from tvb import heritage, io
from tvb.errors import StudyError, explain
from tvb.io.locate import checksum
from tvb.study.assemble import assemble, reports_table
from tvb.study.coherence import write_coherence
from tvb.study.config import Study
from tvb.study.counting import counting_rule
from tvb.study.flooding import write_exposure, write_stations
from tvb.study.graph import write_graph
from tvb.study.observe import observations_table
from tvb.study.official import is_whole, write_official
from tvb.study.products import THEMES, page_options, plate_of
from tvb.study.report import write_report
from tvb.study.store import Store
from tvb.study.tables import (
    add_connectivity,
    add_exposure,
    build_dashboard,
    compare_with_facts,
    round_measures,
)
from tvb.territory import Territory, worst_nature

__all__ = ["STEPS", "Step", "lacking"]


@dataclass(frozen=True)
class Step:
    """One step of a study.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    needs : tuple of str
        Steps whose files it reads.
    uses : tuple of str
        Steps whose files it reads where the study has the layers for them.
    layers : tuple of str
        Layers without which it cannot run.
    sections : tuple of str
        Sections of the study file that change its result.
    run : callable
        Does the work.
    reads_files : bool
        Whether it reads the files of the layers.
    """

    name: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    layers: tuple[str, ...]
    sections: tuple[str, ...]
    run: Callable[[Study, Store], None]
    reads_files: bool = False

    @property
    def before(self) -> tuple[str, ...]:
        """Steps that come before it, where they run."""
        return (*self.needs, *self.uses)

    def files(self, study: Study) -> dict[str, object]:
        """Return the files read by the step with their checksum and how they are read.

        Parameters
        ----------
        study : Study
            The study.

        Returns
        -------
        dict
            By layer; empty for a step that reads no file of the user.
        """
        if not self.reads_files:
            return {}
        return {
            name: [
                repr({**vars(file), "paths": [path.name for path in file.paths]}),
                *(checksum(path) for path in file.paths),
            ]
            for name, file in study.layers.items()
        }


def lacking(study: Study, name: str) -> str:
    """Return the layer for want of which a step cannot run.

    Parameters
    ----------
    study : Study
        The study.
    name : str
        A step.

    Returns
    -------
    str
        Name of the layer, or of several of which one is enough; empty when the step can run.
    """
    if study.territory.embedded:
        return ""
    if name == "connectivity" and not set(study.patches.layers) & set(study.layers):
        return " or ".join(study.patches.layers)
    if name == "connectivity" and study.graph.links != "edge" and "land_cover" not in study.layers:
        return "land_cover"
    mine = next((layer for layer in STEPS[name].layers if layer not in study.layers), "")
    return mine or next(filter(None, (lacking(study, need) for need in STEPS[name].needs)), "")


def _layers(study: Study, store: Store) -> None:
    assembly = assemble(study)
    territory = assembly.territory
    if not lacking(study, "flood"):
        _require_scenario(study, territory)
    for name, frame in territory.layers.items():
        store.write_layer(name, frame, territory.sources_of(name))
    for name, grid in territory.grids.items():
        store.write_raster(name, grid, territory.sources_of(name))
    content = {
        "name": territory.name,
        "layers": list(territory.layers),
        "rasters": list(territory.grids),
    }
    store.write_json("layers/territory.json", content)
    store.write_sources("layers/sources.json", territory.sources)
    store.write_table("tables/sources", territory.summary())
    store.write_table("tables/repairs", reports_table(assembly.reports), index=False)
    observations = observations_table(assembly.observations, study.study.lang)
    store.write_table("tables/observations", observations, index=False)


def _require_scenario(study: Study, territory: Territory) -> None:
    """Raise before any work if the map of exposure has no scenario to show."""
    known = sorted(territory["flood_zones"]["scenario"].unique())
    if known and study.flood.map_scenario not in known:
        raise StudyError(
            explain(
                "[flood] map_scenario",
                f"« {study.flood.map_scenario} » is in none of the flood zones",
                required="one of " + ", ".join(known),
            )
        )


def _heritage(study: Study, store: Store) -> None:
    del study
    territory = store.territory(
        "communes", "property", "buffer", *(n for n in heritage.OBJECT_LAYERS if n != "communes")
    )
    communes = territory["communes"]
    store.write_table("tables/heritage", heritage.measure_heritage(communes, territory.layers))
    register = heritage.build_register(communes, territory.layers, sources=territory.sources)
    store.write_table("tables/register_communes", register.communes)
    store.write_table("tables/register_epci", register.epci)
    store.write_table("tables/register_estates", register.estates, index=False)
    store.write_table("tables/register_objects", register.objects, index=False)
    store.write_table("tables/register", register.summary())


def _dashboard(study: Study, store: Store) -> None:
    territory = store.territory(
        "communes", "property", "buffer", "property_elements", "terrils", "cavaliers", "estates",
        "listed_buildings",
    )  # fmt: skip
    measured = store.read_table("tables/heritage")
    table = build_dashboard(territory["communes"], measured)
    if not lacking(study, "connectivity"):
        table = add_connectivity(table, store.read_layer("patches"))
    if not lacking(study, "flood"):
        buildings = store.read_table("tables/buildings")["buildings"]
        exposure = store.read_table("tables/exposure")
        table = add_exposure(table, buildings, exposure).assign(**counting_rule(study).describe())
    # Whatever the communes are, a row holds no more than the least of what it is made from.
    sources = territory.sources
    table = round_measures(table.assign(nature=worst_nature(sources)))
    store.write_layer("communes_results", table, sources)
    plain = pd.DataFrame(table.drop(columns="geometry"))
    io.write_csv(plain, store.path("communes.csv"), index=False, excel=study.study.excel)
    figures = compare_with_facts(_official(territory), measured, study.study.lang)
    store.write_table("tables/figures", figures, index=False)


def _official(territory: Territory) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that can be held against figures of the whole property."""
    producers = {s.layer: s.producer for s in territory.sources}
    whole = is_whole(territory.sources)
    return {
        name: frame
        for name, frame in territory.layers.items()
        if whole and (producers[name].startswith("Mission Bassin Minier") or name == "buffer")
    }


def _geopackage(study: Study, store: Store) -> None:
    layers = {name: store.read_layer(name) for name in store.layer_names()}
    layers["communes"] = store.read_layer("communes_results")
    if not lacking(study, "connectivity"):
        layers |= {name: store.read_layer(name) for name in ("patches", "links")}
    if not lacking(study, "flood"):
        layers["exposure"] = store.read_table("tables/exposure").reset_index()
        layers["sensitivity"] = store.read_table("tables/sensitivity_communes").reset_index()
    if not lacking(study, "coherence"):
        defects = store.read_layer("hazard_defects")
        layers |= {"hazard_defects": defects} if len(defects) else {}
    if not lacking(study, "stations"):
        layers["station_failures"] = store.read_table("tables/stations").reset_index()
    layers["register"] = store.read_table("tables/register_objects")
    layers["sources"] = store.read_table("tables/sources").reset_index()
    origins = {name: frame.attrs["origin"] for name, frame in layers.items() if frame.attrs}
    io.write_geopackage(
        layers,
        store.path("tvb.gpkg"),
        lang=study.study.lang,
        origins=origins,
        project=study.study.name,
        rasters={
            name: store.folder / f"rasters/{name}.tif"
            for name in store.read_json("layers/territory.json")["rasters"]
        },
    )


def _draw(*themes: str) -> Callable[[Study, Store], None]:
    """Return the step that draws some themes."""

    def draw(study: Study, store: Store) -> None:
        for theme in themes:
            plate = plate_of(study, store, theme)(**page_options(study))
            for suffix in study.maps.formats:
                plate.save(store.path(f"maps/{THEMES[theme].file}.{suffix}"))

    return draw


def _report(study: Study, store: Store) -> None:
    missing = {name: lacking(study, name) for name in _REPORTED}
    write_report(study, store, missing={name: layer for name, layer in missing.items() if layer})


_MAP_SECTIONS = ("study", "maps")
_RESULTS = ("connectivity", "flood")
_REPORTED = (*_RESULTS, "stations")

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("layers", (), (), (), ("study", "territory"), _layers, reads_files=True),
        Step("heritage", ("layers",), (), (), (), _heritage),
        Step("connectivity", ("layers",), (), (), ("patches", "graph", "costs"),
             write_graph),
        Step("flood", ("layers",), (), ("buildings", "flood_zones"), ("flood",),
             write_exposure),
        Step("coherence", ("layers",), (), ("flood_zones",), ("study",), write_coherence),
        Step("stations", ("layers",), (), ("buildings", "drained_basins", "pumping_stations"),
             ("flood",), write_stations),
        Step("official", ("layers", "flood"), ("stations",), (), ("study", "flood"),
             write_official),
        Step("dashboard", ("layers", "heritage"), _RESULTS, (), ("study", "flood"), _dashboard),
        Step("geopackage", ("layers", "heritage", "dashboard"), (*_REPORTED, "coherence"), (),
             ("study",), _geopackage),
        Step("map_territory", ("layers",), (), (), _MAP_SECTIONS, _draw("territory")),
        Step("map_exposure", ("layers", "flood"), (), (), (*_MAP_SECTIONS, "flood"),
             _draw("exposure")),
        Step("map_graph", ("layers", "connectivity"), (), (), (*_MAP_SECTIONS, "patches", "graph"),
             _draw("graph", "stepping-stones")),
        Step("report", ("layers", "dashboard"), (*_REPORTED, "official"), (),
             ("study", "territory", "patches", "graph", "flood"), _report),
    )
}  # fmt: skip
"""Every step, in the order of a run."""
