"""What is drawn from a run: plates, atlases, the web map."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd

from tvb.errors import StudyError, UnknownNameError, explain
from tvb.names import resolve_communes
from tvb.study.config import Study
from tvb.study.store import Store

if TYPE_CHECKING:
    from tvb.maps import Atlas, PageOptions, Plate, WebMap

__all__ = [
    "THEMES",
    "Theme",
    "Zoning",
    "draw_place",
    "find_commune",
    "page_options",
    "plate_of",
    "write_atlas",
    "write_web_map",
]  # fmt: skip

Draw = Callable[..., "Plate"]
Zoning = Literal["commune", "epci", "element"]

_TERRITORY = (
    "communes", "study_area", "property", "buffer", "terrils", "core_areas", "corridors",
    "water_bodies",
)  # fmt: skip
_MARGIN_M = 400.0
_TOLERANCE = 0.05  # a corridor may cost this much more than the best path


@dataclass(frozen=True)
class Theme:
    """A kind of plate.

    Parameters
    ----------
    file : str
        Name of the file of a run.
    steps : tuple of str
        Steps of which it draws the results.
    make : callable
        Returns, from a study and its store, what draws the plate.
    """

    file: str
    steps: tuple[str, ...]
    make: Callable[[Study, Store], Draw]


def _territory(study: Study, store: Store) -> Draw:
    from tvb import maps

    del study
    return functools.partial(maps.plot_territory, store.territory(*_TERRITORY))


def _exposure(study: Study, store: Store) -> Draw:
    from tvb import maps

    territory = store.territory("communes")
    return functools.partial(
        maps.plot_exposure,
        territory["communes"],
        store.read_table("tables/exposure"),
        territory.sources_of("communes", "buildings", "flood_zones"),
        scenario=study.flood.map_scenario,
        totals=store.read_table("tables/buildings")["buildings"],
    )


def _graph(study: Study, store: Store, *, by: Literal["d", "d_connector"]) -> Draw:
    from tvb import maps

    territory = store.territory("communes", *study.patches.layers)
    patches = store.read_layer("patches")
    drawn = [*territory.layers, *(["land_cover"] if study.graph.links != "edge" else [])]
    return functools.partial(
        maps.plot_graph,
        patches,
        store.read_layer("links"),
        territory.sources_of(*drawn),
        communes=territory["communes"],
        ranking=patches.set_index("patch"),
        by=by,
    )


def _depth(study: Study, store: Store) -> Draw:
    from tvb import maps

    scenario = study.flood.map_scenario
    raster = f"flood_depth_{scenario}"
    _require(raster, (store.folder / f"rasters/{raster}.tif").is_file())
    territory = store.territory("communes", "buildings", "protected_zones")
    named = [n for n in ("communes", "buildings", "protected_zones") if n in territory]
    return functools.partial(
        maps.plot_depth,
        store.read_raster(raster),
        store.territory().sources_of(raster, *named),
        scenario=scenario,
        communes=territory["communes"],
        buildings=territory.layers.get("buildings"),
        protected=territory.layers.get("protected_zones"),
    )


def _cycling(study: Study, store: Store) -> Draw:
    from tvb import maps

    del study
    territory = store.territory("communes", "cycle_routes", "terrils")
    _require("cycle_routes", "cycle_routes" in territory)
    return functools.partial(
        maps.plot_cycling,
        territory["cycle_routes"],
        territory.sources_of(*territory.layers),
        communes=territory["communes"],
        terrils=territory.layers.get("terrils"),
    )


def _corridors(study: Study, store: Store) -> Draw:
    from tvb import connectivity, maps

    _require("land_cover", (store.folder / "rasters/land_cover.tif").is_file())
    patches, links = store.read_layer("patches"), store.read_layer("links")
    resistance = connectivity.build_resistance(
        store.read_raster("land_cover"), study.costs.by_code()
    )
    found = connectivity.accumulate_corridors(patches, resistance, links, tolerance=_TOLERANCE)
    territory = store.territory("communes", *study.patches.layers)
    return functools.partial(
        maps.plot_corridors,
        found,
        patches,
        store.territory().sources_of(*territory.layers, "land_cover"),
        links=links,
        communes=territory["communes"],
    )


def _require(layer: str, there: bool) -> None:
    if not there:
        raise StudyError(explain("theme", f"the study has no layer {layer}"))


THEMES: dict[str, Theme] = {
    "territory": Theme("territoire", ("layers",), _territory),
    "exposure": Theme("exposition", ("layers", "flood"), _exposure),
    "graph": Theme("graphe", ("layers", "connectivity"), functools.partial(_graph, by="d")),
    "depth": Theme("hauteurs", ("layers",), _depth),
    "cycling": Theme("velo", ("layers",), _cycling),
    "corridors": Theme("corridors", ("layers", "connectivity"), _corridors),
    "stepping-stones": Theme(
        "relais", ("layers", "connectivity"), functools.partial(_graph, by="d_connector")
    ),
}
"""Every kind of plate that a run can draw."""


def page_options(study: Study) -> PageOptions:
    """Return what a study wishes of every page.

    Parameters
    ----------
    study : Study
        Sections ``study`` and ``maps``.

    Returns
    -------
    dict
        Keywords of the plates.
    """
    return {
        "lang": study.study.lang,
        "paper": study.maps.paper,
        "orientation": study.maps.orientation,
        "producer": study.study.producer,
        "date": study.study.date,
    }


def plate_of(study: Study, store: Store, theme: str) -> Draw:
    """Return what draws the plates of a theme.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made the steps of the theme.
    theme : str
        One of `THEMES`.

    Returns
    -------
    callable
        From the keywords of `tvb.maps.PageOptions` to a plate; it can be sent to other processes.

    Raises
    ------
    StudyError
        If the theme is unknown.
    """
    if theme not in THEMES:
        raise StudyError(
            explain("theme", f"« {theme} » is unknown", required="one of " + ", ".join(THEMES))
        )
    return THEMES[theme].make(study, store)


def draw_place(study: Study, store: Store, theme: str, *, commune: str | None = None) -> Plate:
    """Return the plate of a theme, of everything or around one commune.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made the steps of the theme.
    theme : str
        One of `THEMES`.
    commune : str, optional
        INSEE code or name; without it, everything.

    Returns
    -------
    Plate
        The commune outlined, its neighbours faded.

    Raises
    ------
    StudyError
        If the theme is unknown.
    UnknownNameError
        If the study has no such commune.
    """
    options: dict[str, Any] = {**page_options(study)}
    if commune is not None:
        row = find_commune(store.read_layer("communes"), commune)
        west, south, east, north = row.geometry.bounds
        options |= {
            "place": row.nom,
            "focus": row.geometry,
            "extent": (west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M),
        }
    return plate_of(study, store, theme)(**options)


def find_commune(communes: gpd.GeoDataFrame, wanted: str) -> Any:
    """Return the row of a commune.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``.
    wanted : str
        INSEE code, or name as people write it.

    Returns
    -------
    namedtuple
        Its row, with ``insee``, ``nom`` and ``geometry``.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    rows = communes[communes["insee"] == wanted]
    if not len(rows):
        found = resolve_communes([wanted], communes)
        rows = communes[communes["insee"] == found.insee.iloc[0]]
    if len(rows) != 1:
        raise UnknownNameError(
            explain(f"commune « {wanted} »", "is not in the study", remedy="give its INSEE code")
        )
    return next(rows[["insee", "nom", "geometry"]].itertuples(index=False))


def write_atlas(
    study: Study,
    store: Store,
    path: Path,
    *,
    theme: str = "territory",
    by: Zoning = "commune",
    jobs: int = 2,
) -> Atlas:
    """Write an atlas of a run.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made the steps of the theme.
    path : pathlib.Path
        The PDF.
    theme : str
        One of `THEMES`.
    by : {"commune", "epci", "element"}
        What has a sheet: communes, intercommunalities, elements of the property.
    jobs : int
        Processes that draw.

    Returns
    -------
    Atlas
        What was drawn, and what failed.

    Raises
    ------
    StudyError
        If the theme is unknown or the study has no such zones.
    """
    from tvb import maps

    layer = "property_elements" if by == "element" else "communes"
    territory = store.territory(layer)
    zones, key, name = _zones(territory.layers.get(layer), by)
    return maps.build_atlas(
        plate_of(study, store, theme), zones, path, sources=territory.sources_of(layer), key=key,
        name=name, jobs=jobs, **page_options(study) | {"title": study.study.name},
    )  # fmt: skip


def _zones(frame: gpd.GeoDataFrame | None, by: Zoning) -> tuple[gpd.GeoDataFrame, str, str]:
    key, name = {
        "commune": ("insee", "nom"), "epci": ("epci_siren", "epci_nom"),
        "element": ("no_element", "nom"),
    }[by]  # fmt: skip
    if frame is None or key not in frame or frame[key].isna().all():
        raise StudyError(explain(f"atlas by {by}", "the study has no such zones"))
    named = frame.dropna(subset=[key])
    if name not in named:
        named = named.assign(**{name: named[key]})
    if by == "commune":
        return named, key, name
    return named[[key, name, "geometry"]].dissolve(key, as_index=False), key, name


def write_web_map(study: Study, store: Store, path: Path) -> WebMap:
    """Write the web map of a run, with what was computed.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run.
    path : pathlib.Path
        The HTML file.

    Returns
    -------
    WebMap
        The map.
    """
    from tvb import maps

    territory = store.territory(*(n for n in store.layer_names() if n != "buildings"))
    flooded = (store.folder / "tables/exposure.parquet").is_file()
    graph = (store.folder / "layers/patches.parquet").is_file()
    web = maps.web_map(
        territory,
        title=study.study.name,
        exposure=store.read_table("tables/exposure") if flooded else None,
        scenario=study.flood.map_scenario,
        patches=store.read_layer("patches") if graph else None,
        links=store.read_layer("links") if graph else None,
        sources=store.territory().sources_of("buildings", "flood_zones") if flooded else (),
        lang=study.study.lang,
        producer=study.study.producer,
        date=study.study.date,
    )
    web.save(path)
    return web
