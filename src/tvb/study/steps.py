"""The steps of a study. Each reads what earlier steps wrote and writes its own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import pandas as pd

from tvb import flood, heritage, io
from tvb.errors import StudyError, explain
from tvb.geometry import attribute_to_commune
from tvb.io.locate import checksum
from tvb.study.assemble import assemble, reports_table
from tvb.study.config import Study
from tvb.study.graph import write_graph
from tvb.study.observe import observations_table
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

if TYPE_CHECKING:
    from tvb.maps import PageOptions, Plate

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
        "communes", "property", "buffer", "property_elements", "terrils", "cavaliers", "pits",
        "estates",
    )  # fmt: skip
    store.write_table(
        "tables/heritage", heritage.measure_heritage(territory["communes"], territory.layers)
    )


def _flood(study: Study, store: Store) -> None:
    territory = store.territory("buildings", "flood_zones", "communes")
    exposure = flood.count_exposed_buildings(
        territory["buildings"],
        territory["flood_zones"],
        territory["communes"],
        rule=study.flood.rule,
        min_share=study.flood.min_share,
    )
    nature = worst_nature(territory.sources_of("buildings", "flood_zones", "communes"))
    store.write_table("tables/exposure", exposure.assign(nature=nature))
    counted = territory["buildings"][
        ~flood.flag_excluded_buildings(territory["buildings"]).any(axis=1).to_numpy()
    ]
    insee = attribute_to_commune(counted, territory["communes"])
    totals = insee.value_counts().reindex(territory["communes"]["insee"], fill_value=0)
    store.write_table("tables/buildings", totals.rename_axis("insee").to_frame("buildings"))


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
        table = add_exposure(table, buildings, store.read_table("tables/exposure"))
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
    whole = not any("outside the communes chosen" in s.dropped for s in territory.sources)
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
    layers["sources"] = store.read_table("tables/sources").reset_index()
    origins = {name: frame.attrs["origin"] for name, frame in layers.items() if frame.attrs}
    io.write_geopackage(layers, store.path("tvb.gpkg"), lang=study.study.lang, origins=origins)


def _map_territory(study: Study, store: Store) -> None:
    from tvb import maps

    layers = (
        "communes", "study_area", "property", "buffer", "terrils", "core_areas", "corridors",
        "water_bodies",
    )  # fmt: skip
    plate = maps.plot_territory(store.territory(*layers), **_map_options(study))
    _save(plate, study, store, name="territoire")


def _map_exposure(study: Study, store: Store) -> None:
    from tvb import maps

    territory = store.territory("communes")
    plate = maps.plot_exposure(
        territory["communes"],
        store.read_table("tables/exposure"),
        territory.sources_of("communes", "buildings", "flood_zones"),
        scenario=study.flood.map_scenario,
        totals=store.read_table("tables/buildings")["buildings"],
        **_map_options(study),
    )
    _save(plate, study, store, name="exposition")


_GRAPH_MAPS: dict[str, Literal["d", "d_connector"]] = {"graphe": "d", "relais": "d_connector"}


def _map_graph(study: Study, store: Store) -> None:
    from tvb import maps

    territory = store.territory("communes", *study.patches.layers)
    patches = store.read_layer("patches")
    for name, measure in _GRAPH_MAPS.items():
        plate = maps.plot_graph(
            patches,
            store.read_layer("links"),
            territory.sources_of(
                *territory.layers, *(["land_cover"] if study.graph.links != "edge" else [])
            ),
            communes=territory["communes"],
            ranking=patches.set_index("patch"),
            by=measure,
            **_map_options(study),
        )
        _save(plate, study, store, name=name)


def _map_options(study: Study) -> PageOptions:
    return {
        "lang": study.study.lang,
        "paper": study.maps.paper,
        "orientation": study.maps.orientation,
        "producer": study.study.producer,
        "date": study.study.date,
    }


def _save(plate: Plate, study: Study, store: Store, *, name: str) -> None:
    for suffix in study.maps.formats:
        plate.save(store.path(f"maps/{name}.{suffix}"))


def _report(study: Study, store: Store) -> None:
    missing = {name: lacking(study, name) for name in _RESULTS}
    write_report(study, store, missing={name: layer for name, layer in missing.items() if layer})


_MAP_SECTIONS = ("study", "maps")
_RESULTS = ("connectivity", "flood")

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("layers", (), (), (), ("study", "territory"), _layers, reads_files=True),
        Step("heritage", ("layers",), (), (), (), _heritage),
        Step("connectivity", ("layers",), (), (), ("patches", "graph", "costs"),
             write_graph),
        Step("flood", ("layers",), (), ("buildings", "flood_zones"), ("flood",), _flood),
        Step("dashboard", ("layers", "heritage"), _RESULTS, (), ("study",), _dashboard),
        Step("geopackage", ("layers", "dashboard"), _RESULTS, (), ("study",), _geopackage),
        Step("map_territory", ("layers",), (), (), _MAP_SECTIONS, _map_territory),
        Step("map_exposure", ("layers", "flood"), (), (), (*_MAP_SECTIONS, "flood"),
             _map_exposure),
        Step("map_graph", ("layers", "connectivity"), (), (), (*_MAP_SECTIONS, "patches", "graph"),
             _map_graph),
        Step("report", ("layers", "dashboard"), _RESULTS, (),
             ("study", "territory", "patches", "graph", "flood"), _report),
    )
}  # fmt: skip
"""Every step, in the order of a run."""
