"""What the layers of the embedded territory are, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd

from tvb.territory import Nature, Source

__all__ = ["describe_sources"]

_MINING = "Mission Bassin Minier"
_OPEN = "Licence Ouverte 2.0"
_TVB = "tvb, modèle de démonstration"
_VINTAGE = "2026"

# Title, and whether the facts are true on simplified shapes or the whole is invented.
_LAYERS: Mapping[str, tuple[str, Nature]] = {
    "communes": ("Communes (codes, noms, populations vrais ; limites schématiques)", "schematic"),
    "study_area": ("Périmètre (union des communes schématiques)", "schematic"),
    "property_elements": (
        "Éléments du bien inscrit (surfaces vraies, formes schématiques)",
        "schematic",
    ),
    "property": ("Bien inscrit 1360 (formes schématiques)", "schematic"),
    "buffer": ("Zone tampon (surface publiée, tracé modélisé)", "modelled"),
    "terrils": ("Terrils (surfaces vraies, formes schématiques)", "schematic"),
    "estates": ("Cités minières (surfaces vraies, formes schématiques)", "schematic"),
    "water_bodies": ("Espaces néonaturels (surfaces vraies, formes schématiques)", "schematic"),
    "pits": ("Puits de mine (points vrais)", "schematic"),
    "cavaliers": ("Cavaliers (un point et une longueur vrais par tronçon)", "schematic"),
    "core_areas": ("Réservoirs de biodiversité modélisés", "modelled"),
    "corridors": ("Corridors écologiques modélisés", "modelled"),
    "cycle_routes": ("Itinéraires cyclables modélisés", "modelled"),
    "flood_zones": ("Zones inondables modélisées", "modelled"),
    "buildings": ("Bâtiments modélisés", "modelled"),
    "pumping_stations": ("Stations de relevage modélisées", "modelled"),
    "drained_basins": ("Zones protégées par relevage modélisées", "modelled"),
    "watched_objects": ("Établissements publics et sensibles modélisés", "modelled"),
    "population_grid": ("Population carroyée modélisée", "modelled"),
    "land_cover": ("Occupation du sol modélisée", "modelled"),
    "flood_depth": ("Hauteurs d'eau modélisées", "modelled"),
    "terrain": ("Niveau du sol modélisé", "modelled"),
}


def describe_sources(
    layers: Mapping[str, gpd.GeoDataFrame], grids: Iterable[str]
) -> tuple[Source, ...]:
    """Return one source for each layer and raster of a model.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        Frames by name.
    grids : iterable of str
        Names of rasters.

    Returns
    -------
    tuple of Source
        In the order given.
    """
    rows = {name: len(frame) for name, frame in layers.items()}
    return tuple(_source(name, rows.get(name, 0)) for name in [*layers, *grids])


def _source(name: str, rows: int) -> Source:
    title, nature = _LAYERS["flood_depth" if name.startswith("flood_depth") else name]
    real = nature == "schematic"
    return Source(
        layer=name,
        nature=nature,
        title=title,
        producer=f"{_MINING}, Géo2France, data.gouv.fr" if real else _TVB,
        licence=_OPEN if real else "MIT",
        vintage=_VINTAGE,
        rows_read=rows,
        rows_kept=rows,
    )
