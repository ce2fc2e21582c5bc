"""Words of the web map that no plate prints: its buttons, and what its popups show of a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tvb.maps.texts import LANGUAGES, Lang, typeset

__all__ = ["POPUPS", "popup_labels", "say_web"]

_ELEMENT = ("Élément du bien", "Element of the property")
_COMMUNES = ("Communes", "Communes")

POPUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "communes": {
        "insee": ("Code INSEE", "INSEE code"),
        "population": ("Population (habitants)", "Population (inhabitants)"),
        "epci_nom": ("Intercommunalité", "Intercommunality"),
    },
    "property_elements": {
        "no_element": ("N° d'élément", "Element no."),
        "section": ("Compagnie", "Company"),
        "surface_ha": ("Surface publiée (ha)", "Area as published (ha)"),
    },
    "property": {"surface_ha": ("Surface publiée (ha)", "Area as published (ha)")},
    "buffer": {"surface_ha": ("Surface publiée (ha)", "Area as published (ha)")},
    "terrils": {
        "no_terril": ("N° de terril", "Terril no."),
        "forme": ("Forme", "Shape"),
        "hauteur_m": ("Hauteur (m)", "Height (m)"),
        "id_unesco": _ELEMENT,
        "communes": _COMMUNES,
    },
    "estates": {
        "type": ("Type", "Type"),
        "interet": ("Intérêt", "Interest"),
        "id_unesco": _ELEMENT,
        "communes": _COMMUNES,
    },
    "water_bodies": {"id_unesco": _ELEMENT, "communes": _COMMUNES},
    "pits": {
        "fosse": ("Fosse", "Pit"),
        "puits": ("Puits", "Shaft"),
        "compagnie": ("Compagnie", "Company"),
        "commune": ("Commune", "Commune"),
        "creusement": ("Année de creusement", "Year of sinking"),
        "fermeture": ("Année de fermeture", "Year of closing"),
        "profondeur": ("Profondeur (m), 0 si inconnue", "Depth (m), 0 if unknown"),
    },
    "cavaliers": {
        "id_unesco": _ELEMENT,
        "longueur_m": ("Longueur publiée (m)", "Length as published (m)"),
    },
    "cycle_routes": {
        "statut": ("État", "State"),
        "ame_d": ("Aménagement à droite", "Facility on the right"),
        "ame_g": ("Aménagement à gauche", "Facility on the left"),
    },
    "corridors": {
        "milieu": ("Milieu", "Habitat"),
        "objectif": ("Objectif", "Objective"),
    },
    "core_areas": {"milieu": ("Milieu", "Habitat"), "communes": _COMMUNES},
    "pumping_stations": {
        "commune": ("Commune", "Commune"),
        "debit_m3_s": ("Débit (m³/s)", "Flow (m³/s)"),
    },
    "patches": {
        "area_m2": ("Surface (m²)", "Area (m²)"),
        "d": ("Importance, dPC (%)", "Importance, dPC (%)"),
        "d_connector": ("dont relais (%)", "of it as stepping stone (%)"),
    },
    "links": {
        "distance_m": ("Distance (m)", "Distance (m)"),
        "d": ("Importance, dPC (%)", "Importance, dPC (%)"),
    },
}
"""By layer, the columns that a popup shows and what they are called, with their units."""

_WORDS: Mapping[str, tuple[str, str]] = {
    "zoom_in": ("Agrandir", "Zoom in"),
    "zoom_out": ("Réduire", "Zoom out"),
    "sources": ("Sources et mentions", "Sources and notices"),
    "patch": ("Tache {}", "Patch {}"),
    "link": ("Lien {} – {}", "Link {} – {}"),
}


def popup_labels(layer: str, columns: Iterable[str], lang: Lang) -> dict[str, str]:
    """Return what a popup shows of a layer.

    Parameters
    ----------
    layer : str
        Name of the layer.
    columns : iterable of str
        Columns that it has.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    dict of str to str
        By column, what it is called.
    """
    at = LANGUAGES.index(lang)
    known = set(columns)
    return {c: typeset(told[at], lang) for c, told in POPUPS[layer].items() if c in known}


def say_web(key: str, lang: Lang, *values: object) -> str:
    """Return a word of the page.

    Parameters
    ----------
    key : str
        Name of the word.
    lang : {"fr", "en"}
        Language.
    *values : object
        What fills its braces.

    Returns
    -------
    str
        With the typography of the language.
    """
    return typeset(_WORDS[key][LANGUAGES.index(lang)].format(*values), lang)
