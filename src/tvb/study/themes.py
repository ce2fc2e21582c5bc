"""The themes of a study: what draws each plate, from the results of a run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import pandas as pd
import shapely

from tvb.errors import StudyError, explain
from tvb.names import at_place
from tvb.study.config import Study
from tvb.study.store import Store
from tvb.territory import Territory

if TYPE_CHECKING:
    from tvb.maps import Plate

__all__ = [
    "ATLAS_THEMES",
    "MODELLED",
    "NOTHING",
    "THEMES",
    "Extras",
    "Theme",
    "plate_of",
    "series_steps",
    "steps_of",
]

Draw = Callable[..., "Plate"]

_TERRITORY = (
    "communes", "study_area", "property", "buffer", "terrils", "core_areas", "corridors",
    "water_bodies",
)  # fmt: skip
_PROPERTY = (
    "communes", "property", "property_elements", "buffer", "terrils", "estates", "cavaliers",
    "listed_buildings",
)  # fmt: skip
_TERRILS = ("communes", "property", "buffer", "terrils")
_NETWORK = ("communes", "core_areas", "corridors", "water_bodies")
_TOLERANCE = 0.05  # a corridor may cost this much more than the best path
# The same limits in every study, so that two plates can be laid side by side.
_SHARES = (5.0, 10.0, 20.0, 50.0)
_PASSAGES = (0.1, 0.5, 2.0, 5.0)
_CORRIDORS = (2.0, 5.0, 10.0, 20.0)

MODELLED = "modelled"
"""Instead of the path of a plan: one modelled for a commune, with planted faults."""


@dataclass(frozen=True)
class Extras:
    """What some plates need beside the results of a run.

    Parameters
    ----------
    plan : str, optional
        Path of a delivery, or `MODELLED`.
    against : str, optional
        What the study is compared with: the folder of another run, a counting rule (touches,
        centroid, share), or a distance of dispersal such as ``300m``; by default another rule or,
        without flood zones, half of the distance.
    commune : str, optional
        INSEE code or name of the commune that the plates are about.
    """

    plan: str | None = None
    against: str | None = None
    commune: str | None = None


NOTHING = Extras()
"""No plan, the comparison by default, everything in view."""


@dataclass(frozen=True)
class Theme:
    """A kind of plate.

    Parameters
    ----------
    file : str
        Name of the file of a run.
    fr, en : str
        What it is called in an atlas.
    steps : tuple of str
        Steps of which it draws the results.
    make : callable
        Returns, from a study, its store and what else is needed, what draws the plate.
    uses : tuple of str
        Steps whose results it draws where the study has the layers for them.
    """

    file: str
    fr: str
    en: str
    steps: tuple[str, ...]
    make: Callable[[Study, Store, Extras], Draw]
    uses: tuple[str, ...] = ()

    def name(self, lang: Literal["fr", "en"]) -> str:
        """Return what it is called.

        Parameters
        ----------
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            Text of a contents page.
        """
        return self.fr if lang == "fr" else self.en


def _territory(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del study, extras
    return functools.partial(maps.plot_territory, store.territory(*_TERRITORY))


def _property(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del study, extras
    territory = store.territory(*_PROPERTY)
    _require("property", "property" in territory or "property_elements" in territory)
    return functools.partial(maps.plot_property, territory)


def _terrils(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del study, extras
    territory = store.territory(*_TERRILS)
    _require("terrils", "terrils" in territory)
    return functools.partial(maps.plot_terrils, territory)


def _network(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del study, extras
    return functools.partial(maps.plot_network, store.territory(*_NETWORK))


def _exposure(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del extras
    territory = store.territory("communes")
    return functools.partial(
        maps.plot_exposure,
        territory["communes"],
        store.read_table("tables/exposure"),
        territory.sources_of("communes", "buildings", "flood_zones"),
        scenario=study.flood.map_scenario,
        totals=store.read_table("tables/buildings")["buildings"],
        breaks=_SHARES,
    )


def _graph(study: Study, store: Store, extras: Extras, *, by: Literal["d", "d_connector"]) -> Draw:
    from tvb import maps
    from tvb.maps.plates.graph import LINK_BREAKS, PATCH_BREAKS

    del extras
    territory = store.territory("communes", *study.patches.layers)
    patches, links = store.read_layer("patches"), store.read_layer("links")
    drawn = [*territory.layers, *(["land_cover"] if study.graph.links != "edge" else [])]
    ranked = len(links) > 0 and "d" in links
    return functools.partial(
        maps.plot_graph,
        _named(patches, territory, study),
        links,
        territory.sources_of(*drawn),
        communes=territory["communes"],
        ranking=patches.set_index("patch"),
        by=by,
        breaks=PATCH_BREAKS if by == "d" else _PASSAGES,
        link_breaks=LINK_BREAKS if ranked else None,
    )


def _named(patches: gpd.GeoDataFrame, territory: Territory, study: Study) -> gpd.GeoDataFrame:
    """Return patches with a name: of the largest named area in each, else of its commune."""
    from tvb.connectivity import trace_areas
    from tvb.geometry import attribute_to_commune

    layers = {n: territory[n] for n in study.patches.layers if n in territory}
    traced = trace_areas(layers, patches).dropna(subset=["patch"])
    known = {
        (layer, row): name
        for layer, frame in layers.items()
        if "nom" in frame
        for row, name in frame["nom"].dropna().items()
    }
    keys = zip(traced["layer"], traced["row"], strict=True)
    named = pd.Series([known.get(key) for key in keys], index=traced.index, dtype=object)
    traced = traced.assign(nom=named).dropna(subset=["nom"])
    first = traced.sort_values("area_m2", ascending=False, kind="stable").drop_duplicates("patch")
    names = patches["patch"].map(dict(zip(first["patch"], first["nom"], strict=True)))
    communes = territory["communes"]
    codes = attribute_to_commune(patches, communes)
    told = {code: f"tache {at_place(name)}" if study.study.lang == "fr" else f"patch in {name}"
            for code, name in zip(communes["insee"], communes["nom"], strict=True)}  # fmt: skip
    elsewhere = codes.map(told, na_action="ignore")
    return patches.assign(nom=names.where(names.notna(), elsewhere.to_numpy()))


def _depth(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del extras
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


def _cycling(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import maps

    del study, extras
    territory = store.territory("communes", "cycle_routes", "terrils")
    _require("cycle_routes", "cycle_routes" in territory)
    return functools.partial(
        maps.plot_cycling,
        territory["cycle_routes"],
        territory.sources_of(*territory.layers),
        communes=territory["communes"],
        terrils=territory.layers.get("terrils"),
    )


def _corridors(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb import connectivity, maps

    del extras
    _require("land_cover", (store.folder / "rasters/land_cover.tif").is_file())
    land_cover = store.read_raster("land_cover")
    resistance = connectivity.build_resistance(land_cover, study.costs.by_code())
    every, links = store.read_layer("patches"), store.read_layer("links")
    # land cover may end with the communes chosen, patches reach beyond them
    patches = every[every.intersects(shapely.box(*land_cover.bounds))].reset_index(drop=True)
    links = links[links["i"].isin(patches["patch"]) & links["j"].isin(patches["patch"])]
    if study.graph.links == "edge":  # straight links are no paths of least cost
        links = connectivity.build_links(
            patches, resistance, topology="planar", method="allocation",
            max_distance_m=study.graph.max_distance_m,
        )  # fmt: skip
    found = connectivity.accumulate_corridors(patches, resistance, links, tolerance=_TOLERANCE)
    territory = store.territory("communes", *study.patches.layers)
    return functools.partial(
        maps.plot_corridors,
        found,
        patches,
        store.territory().sources_of(*territory.layers, "land_cover"),
        links=links,
        communes=territory["communes"],
        breaks=_CORRIDORS,
        left_out=len(every) - len(patches),
    )


def _plan(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb.study.compare import draw_plan

    return draw_plan(
        study, store, plan=extras.plan, commune=extras.commune, modelled=extras.plan == MODELLED
    )


def _change(study: Study, store: Store, extras: Extras) -> Draw:
    from tvb.study.compare import draw_change

    return draw_change(study, store, extras.against)


def _require(layer: str, there: bool) -> None:
    if not there:
        raise StudyError(explain("theme", f"the study has no layer {layer}"))


_NET = ("layers", "connectivity")
_DPC = functools.partial(_graph, by="d")
_RELAY = functools.partial(_graph, by="d_connector")
THEMES: dict[str, Theme] = {
    "territory": Theme("territoire", "Patrimoine mondial et trame verte et bleue",
                       "World Heritage and green-blue network", ("layers",), _territory),
    "property": Theme("bien-inscrit", "Bien inscrit et zone tampon",
                      "World Heritage property and buffer zone", ("layers",), _property),
    "terrils": Theme("terrils", "Terrils", "Terrils (slag heaps)", ("layers",), _terrils),
    "network": Theme("trame-verte-et-bleue", "Corridors et réservoirs de biodiversité",
                     "Corridors and core areas", ("layers",), _network),
    "graph": Theme("graphe", "Graphe d'habitat : ce qui compte le plus",
                   "Habitat graph: what matters most", _NET, _DPC),
    "stepping-stones": Theme("relais", "Graphe d'habitat : les relais",
                             "Habitat graph: stepping stones", _NET, _RELAY),
    "corridors": Theme("corridors", "Corridors de moindre coût", "Least-cost corridors", _NET,
                       _corridors),
    "exposure": Theme("exposition", "Bâtiments exposés par commune", "Exposed buildings by commune",
                      ("layers", "flood"), _exposure),
    "depth": Theme("hauteurs", "Hauteurs d'eau", "Depth of water", ("layers",), _depth),
    "cycling": Theme("velo", "Itinéraires cyclables et terrils", "Cycle routes and terrils",
                     ("layers",), _cycling),
    "plan": Theme("plu", "Constats sur un plan local d'urbanisme", "Findings on a town plan",
                  ("layers",), _plan, ("connectivity",)),
    "change": Theme("evolution", "Ce qui change entre deux études",
                    "What changes between two studies", ("layers",), _change,
                    ("flood", "connectivity")),
}  # fmt: skip
"""Every kind of plate that a run can draw."""

ATLAS_THEMES = (
    "property", "terrils", "network", "graph", "corridors", "exposure", "depth", "cycling", "plan",
    "change",
)  # fmt: skip
"""The ten plates of an atlas by theme, in order."""


def plate_of(study: Study, store: Store, theme: str, *, extras: Extras = NOTHING) -> Draw:
    """Return what draws the plates of a theme.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made the steps of the theme.
    theme : str
        One of `THEMES`.
    extras : Extras
        A plan, another study.

    Returns
    -------
    callable
        From the keywords of `tvb.maps.PageOptions` to a plate; it can be sent to other processes.

    Raises
    ------
    StudyError
        If the theme is unknown, or what it draws is not there.
    """
    if theme not in THEMES:
        raise StudyError(
            explain("theme", f"« {theme} » is unknown", required="one of " + ", ".join(THEMES))
        )
    return THEMES[theme].make(study, store, extras)


def steps_of(study: Study, theme: str) -> list[str]:
    """Return the steps to run before a theme is drawn.

    Parameters
    ----------
    study : Study
        The study.
    theme : str
        One of `THEMES`.

    Returns
    -------
    list of str
        Those that it needs, and those that it uses and the study has the layers for.
    """
    from tvb.study.steps import lacking

    known = THEMES[theme]
    return [*known.steps, *(step for step in known.uses if not lacking(study, step))]


def series_steps(study: Study) -> list[str]:
    """Return the steps to run before an atlas by theme.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of str
        Those of the themes that the study has the layers for.
    """
    from tvb.study.steps import lacking

    wanted = [step for theme in ATLAS_THEMES for step in steps_of(study, theme)]
    return [step for step in dict.fromkeys(wanted) if not lacking(study, step)]
