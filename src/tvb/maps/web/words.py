"""Words of the web map that no plate prints: its buttons, and what its popups show of a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tvb.maps.texts import LANGUAGES, Lang, typeset
from tvb.schema.fields import label_column

__all__ = ["POPUPS", "popup_labels", "say_web"]

_ELEMENT = ("Élément du bien", "Element of the property")
_COMMUNES = ("Communes", "Communes")
_IMPORTANCE = ("Importance, dPC (%)", "Importance, dPC (%)")
_SHARED = None  # called as in every other place: `tvb.schema.fields`

POPUPS: Mapping[str, Mapping[str, tuple[str, str] | None]] = {
    "communes": {
        "insee": _SHARED,
        "population": ("Population (habitants)", "Population (inhabitants)"),
        "epci_nom": _SHARED,
    },
    "property_elements": {
        "no_element": _SHARED,
        "section": ("Compagnie", "Company"),
        "surface_ha": _SHARED,
    },
    "property": {"surface_ha": _SHARED},
    "buffer": {"surface_ha": _SHARED},
    "terrils": {
        "no_terril": _SHARED,
        "forme": _SHARED,
        "hauteur_m": _SHARED,
        "id_unesco": _ELEMENT,
        "communes": _COMMUNES,
    },
    "estates": {
        "type": _SHARED,
        "interet": _SHARED,
        "id_unesco": _ELEMENT,
        "communes": _COMMUNES,
    },
    "water_bodies": {"id_unesco": _ELEMENT, "communes": _COMMUNES},
    "pits": {
        "fosse": _SHARED,
        "puits": _SHARED,
        "compagnie": ("Compagnie", "Company"),
        "commune": _SHARED,
        "creusement": _SHARED,
        "fermeture": _SHARED,
        "profondeur": ("Profondeur (m), 0 si inconnue", "Depth (m), 0 if unknown"),
    },
    "cavaliers": {"id_unesco": _ELEMENT, "longueur_m": _SHARED},
    "cycle_routes": {"statut": _SHARED, "ame_d": _SHARED, "ame_g": _SHARED},
    "corridors": {"milieu": _SHARED, "objectif": _SHARED},
    "core_areas": {"milieu": _SHARED, "communes": _COMMUNES},
    "pumping_stations": {"commune": _SHARED, "debit_m3_s": _SHARED},
    "patches": {
        "area_m2": _SHARED,
        "d": _IMPORTANCE,
        "d_connector": ("dont relais (%)", "of it as stepping stone (%)"),
    },
    "links": {"distance_m": _SHARED, "d": _IMPORTANCE},
}
"""By layer, the columns that a popup shows, and what it calls them where it has its own words."""

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
    shown = {column: POPUPS[layer][column] for column in POPUPS[layer] if column in set(columns)}
    told = {c: own[at] if own else label_column(layer, c, lang=lang) for c, own in shown.items()}
    return {column: typeset(label, lang) for column, label in told.items()}


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
