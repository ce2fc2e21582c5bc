"""What is drawn from a run: plates, atlases, the web map."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import geopandas as gpd

from tvb.errors import StudyError, UnknownNameError, explain
from tvb.names import resolve_communes
from tvb.study.config import Study
from tvb.study.store import Store
from tvb.study.themes import ATLAS_THEMES, NOTHING, THEMES, Extras, Theme, plate_of

if TYPE_CHECKING:
    from tvb.maps import Atlas, PageOptions, Plate, WebMap

__all__ = [
    "THEMES",
    "Extras",
    "Theme",
    "Zoning",
    "draw_place",
    "find_commune",
    "page_options",
    "place_options",
    "plate_of",
    "write_atlas",
    "write_series",
    "write_web_map",
]  # fmt: skip

Zoning = Literal["commune", "epci", "element"]

_MARGIN_M = 400.0


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


def draw_place(
    study: Study,
    store: Store,
    theme: str,
    *,
    commune: str | None = None,
    extras: Extras = NOTHING,
) -> Plate:
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
    extras : Extras
        A plan, another study.

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
    extras = replace(extras, commune=commune)
    return plate_of(study, store, theme, extras=extras)(**place_options(study, store, commune))


def place_options(study: Study, store: Store, commune: str | None) -> PageOptions:
    """Return the wishes of a page about everything, or about one commune.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run.
    commune : str, optional
        INSEE code or name.

    Returns
    -------
    dict
        Keywords of the plates.

    Raises
    ------
    UnknownNameError
        If the study has no such commune.
    """
    options = page_options(study)
    if commune is None:
        return options
    row = find_commune(store.read_layer("communes"), commune)
    west, south, east, north = row.geometry.bounds
    around = (west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M)
    return {**options, "place": row.nom, "focus": row.geometry, "extent": around}


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
    extras: Extras = NOTHING,
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
    extras : Extras
        A plan, another study.

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
        plate_of(study, store, theme, extras=extras), zones, path,
        sources=territory.sources_of(layer), key=key, name=name, jobs=jobs,
        **page_options(study) | {"title": study.study.name},
    )  # fmt: skip


def write_series(
    study: Study,
    store: Store,
    path: Path,
    *,
    extras: Extras = NOTHING,
    each: Sequence[str] = (),
    dpi: int = 300,
    jobs: int = 1,
) -> Atlas:
    """Write the atlas of ten plates, one for each theme.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made the steps of the themes.
    path : pathlib.Path
        The PDF.
    extras : Extras
        A plan, another study, the commune that the plates are about.
    each : sequence of {"pdf", "png", "svg"}
        Formats in which every plate is also written alone, beside the atlas.
    dpi : int
        Resolution of the PNG among them.
    jobs : int
        Processes that draw.

    Returns
    -------
    Atlas
        What was drawn, and what the study cannot draw, with the reason.
    """
    from tvb import maps

    lang = study.study.lang
    sheets = []
    for theme in ATLAS_THEMES:
        missing = _missing(study, theme, extras)
        draw = (
            None if missing else functools.partial(_draw_theme, study, store, theme, extras=extras)
        )
        name = THEMES[theme].file
        sheets.append(maps.SeriesSheet(name, THEMES[theme].name(lang), draw, missing))
    options = place_options(study, store, extras.commune) | {"title": study.study.name}
    return maps.build_series(sheets, path, each=each, dpi=dpi, jobs=jobs, **options)


def _missing(study: Study, theme: str, extras: Extras) -> str:
    """Return why a study has no plate of a theme, empty where it may have one."""
    from tvb.study.steps import lacking

    french = study.study.lang == "fr"
    layers = list(filter(None, (lacking(study, step) for step in THEMES[theme].steps)))
    if layers:
        problem = "l'étude n'a pas de couche {}" if french else "the study has no layer {}"
        return problem.format(layers[0])
    if theme == "plan" and extras.plan is None:
        return "aucun plan n'a été donné" if french else "no plan was given"
    return ""


def _draw_theme(
    study: Study, store: Store, theme: str, *, extras: Extras, **options: Unpack[PageOptions]
) -> Plate:
    """Draw a theme; top level, so that another process can."""
    return plate_of(study, store, theme, extras=extras)(**options)


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
