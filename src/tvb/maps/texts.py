"""Every word that a plate prints, in French and in English, and the typography of numbers."""

from __future__ import annotations

import re
from typing import Literal

from tvb.errors import ParameterError, explain

__all__ = ["LANGUAGES", "Lang", "number", "plural", "say", "scenario_name", "signed", "typeset"]

Lang = Literal["fr", "en"]
LANGUAGES: tuple[Lang, ...] = ("fr", "en")

_NO_BREAK, _THIN = "\u00a0", "\u202f"

_TEXTS: dict[str, tuple[str, str]] = {
    # furniture
    "sources": ("Sources : ", "Sources: "),
    "real": ("réel", "real"),
    "schematic": ("schématique", "schematic"),
    "modelled": ("modélisé", "modelled"),
    "scale": ("Échelle 1:{} ({})", "Scale 1:{} ({})"),
    "projection": (
        "Projection : RGF93 v1 / Lambert-93 (EPSG:2154)",
        "Projection: RGF93 v1 / Lambert-93 (EPSG:2154)",
    ),
    "north": ("N", "N"),
    "sheet": ("Planche {}", "Sheet {}"),
    "producer": ("Réalisation : {}", "Produced by {}"),
    "dated": ("Date : {}", "Date: {}"),
    "no_legal_value": (
        "Document d'information, sans valeur juridique.",
        "For information only, without legal value.",
    ),
    "srce": (
        "annulé, donnée d'étude, sans portée juridique",
        "annulled, study data, without legal force",
    ),
    "srce_note": ("SRCE : {}.", "SRCE: {}."),
    "percent": (" %", "%"),
    "some_modelled": (
        "Données en partie modélisées, pour démonstration : ne décrit pas la réalité.",
        "Partly modelled data, for demonstration: does not describe reality.",
    ),
    "some_schematic": (
        "Certaines formes sont schématiques : attributs vrais, contours simplifiés.",
        "Some shapes are schematic: true attributes, simplified outlines.",
    ),
    "projected_areas": (
        "Surfaces mesurées dans la projection Lambert-93.",
        "Areas measured in the Lambert-93 projection.",
    ),
    "locator": ("Situation", "Location"),
    # base map
    "base": ("Fond de carte", "Base map"),
    "commune": ("Commune", "Commune"),
    "epci": ("Intercommunalité (EPCI)", "Intercommunality (EPCI)"),
    "study_area": ("Périmètre d'étude", "Study area"),
    # territory
    "heritage": ("Patrimoine mondial", "World Heritage"),
    "property": ("Bien inscrit", "Inscribed property"),
    "buffer": ("Zone tampon", "Buffer zone"),
    "terrils": ("Terrils", "Terrils (slag heaps)"),
    "terril_in": ("Terril dans le bien inscrit", "Terril inside the property"),
    "terril_out": ("Autre terril", "Other terril"),
    "network": ("Trame verte et bleue", "Green-blue network"),
    "core_areas": ("Réservoir de biodiversité", "Core area"),
    "corridors": ("Corridor écologique", "Ecological corridor"),
    "cavaliers": ("Cavalier (ancienne voie minière)", "Cavalier (former mine railway)"),
    "water_bodies": ("Étang d'affaissement", "Water body made by subsidence"),
    "cycle_routes": ("Itinéraire cyclable", "Cycle route"),
    "territory_title": (
        "Patrimoine mondial et trame verte et bleue",
        "World Heritage and the green-blue network",
    ),
    "around": ("autour de {}", "around {}"),
    "property_area": ("bien inscrit {} ha", "property {} ha"),
    "buffer_area": ("zone tampon {} ha", "buffer zone {} ha"),
    "n_terrils": ("{} terrils", "{} terrils"),
    "n_communes": ("{} communes", "{} communes"),
    # exposure
    "exposure_title": ("{} dans {}", "{} in {}"),
    "no_exposure_title": ("Aucun bâtiment exposé", "No building exposed"),
    "no_exposure": (
        "Aucun bâtiment exposé dans ce scénario",
        "No building exposed in this scenario",
    ),
    "scenario": ("Exposition aux inondations, {}", "Exposure to floods, {}"),
    "buildings": ("Bâtiments exposés", "Exposed buildings"),
    "share": ("Part des bâtiments exposés", "Share of buildings exposed"),
    "density": ("Bâtiments exposés par km²", "Exposed buildings per km²"),
    "none_exposed": ("Aucun bâtiment exposé", "No building exposed"),
    "most_exposed": ("Communes les plus exposées", "Most exposed communes"),
    "largest_terrils": ("Plus grands terrils (ha)", "Largest terrils (ha)"),
    "foremost": ("Taches les plus importantes (dPC, %)", "Foremost patches (dPC, %)"),
    "not_assessed": ("Commune non évaluée", "Commune not assessed"),
    "counting_rule": ("Règle de comptage : {}.", "Counting rule: {}."),
    "rule_touches": ("bâtiment touché par une zone inondable", "building touched by a flood zone"),
    "rule_centroid": (
        "centre du bâtiment en zone inondable",
        "centre of the building in a flood zone",
    ),
    "rule_share": (
        "au moins {} % de l'emprise en zone inondable",
        "at least {}% of the footprint in a flood zone",
    ),
    # graph
    "graph_title": ("{} et {}", "{} and {}"),
    "graph_subtitle": (
        "Graphe d'habitat : ce que la connectivité perd si la tache disparaît (dPC)",
        "Habitat graph: what connectivity loses when the patch disappears (dPC)",
    ),
    "graph_plain": ("Graphe d'habitat", "Habitat graph"),
    "importance": ("Importance de la tache (dPC, %)", "Importance of the patch (dPC, %)"),
    "connector_subtitle": (
        "Graphe d'habitat : ce que les autres taches perdent si l'on ne passe plus par celle-ci",
        "Habitat graph: what the other patches lose when none can pass through this one",
    ),
    "passage": (
        "Rôle de relais de la tache (dPC connector, %)",
        "Patch as a stepping stone (dPC connector, %)",
    ),
    "foremost_passages": (
        "Premiers relais (dPC connector, %)",
        "Foremost stepping stones (dPC connector, %)",
    ),
    "no_passage": ("Aucun passage par la tache", "No passage through the patch"),
    "patch": ("Tache d'habitat", "Habitat patch"),
    "patch_number": ("{}. tache {}", "{}. patch {}"),
    "patches": ("Taches d'habitat", "Habitat patches"),
    "unranked": ("Tache non classée", "Patch not ranked"),
    "connector": (
        "Tache relais : surtout utile au passage",
        "Stepping stone: matters mostly as a passage",
    ),
    "numbered": (
        "Les dix premières taches sont numérotées.",
        "The ten foremost patches are numbered.",
    ),
    "links_lost": ("Importance du lien (dPC, %)", "Importance of the link (dPC, %)"),
    "links": ("Liens, distance de bord à bord (m)", "Links, edge-to-edge distance (m)"),
    "named_patch": ("{}. {} (tache {})", "{}. {} (patch {})"),
    # corridors
    "corridors_title": (
        "{} ha de corridors entre les taches d'habitat, jusqu'à {} au même endroit",
        "{} ha of corridors between habitat patches, up to {} in one place",
    ),
    "corridors_title_weight": (
        "{} ha de corridors entre les taches d'habitat",
        "{} ha of corridors between habitat patches",
    ),
    "corridors_title_none": (
        "Aucun corridor entre les taches d'habitat",
        "No corridor between habitat patches",
    ),
    "corridors_subtitle": (
        "Corridors de moindre coût : terrain où passer coûte à peine plus que le meilleur chemin",
        "Least-cost corridors: ground where passing costs little more than the best path",
    ),
    "corridors_count": ("Corridors au même endroit", "Corridors in one place"),
    "corridors_weight": (
        "Importance des corridors, cumulée",
        "Importance of the corridors, added up",
    ),
    "corridors_cost": ("Coût du passage", "Cost of passing"),
    "least_cost_link": ("Chemin de moindre coût", "Least-cost path"),
    "corridors_table": ("Communes traversées (ha)", "Communes crossed (ha)"),
    # depth
    "depth_table": ("Communes sous l'eau (ha)", "Communes under water (ha)"),
    "depth_title": (
        "{} ha sous l'eau, dont {} ha sous plus d'un mètre",
        "{} ha under water, {} ha of them under more than one metre",
    ),
    "depth_title_none": ("Aucun terrain sous l'eau", "No ground under water"),
    "depth_subtitle": ("Hauteur d'eau, {}", "Depth of water, {}"),
    "depth": ("Hauteur d'eau (m)", "Depth of water (m)"),
    "buildings_layer": ("Bâtiments", "Buildings"),
    "building_wet": ("Bâtiment touché par l'eau", "Building touched by water"),
    "building_dry": ("Autre bâtiment", "Other building"),
    "protected": ("Zone protégée (digue, relevage)", "Protected area (dyke, pumping)"),
    "protection": ("Protection", "Protection"),
    # cycling
    "cycling_title": (
        "{} km d'itinéraires cyclables en service, {} km à venir",
        "{} km of cycle routes in service, {} km to come",
    ),
    "cycling_gaps_title": (
        "{} km d'itinéraires cyclables en service, {} km à venir, {}",
        "{} km of cycle routes in service, {} km to come, {}",
    ),
    "cycling_subtitle": (
        "Véloroutes et voies vertes, terrils et gares",
        "Cycle routes and greenways, terrils and railway stations",
    ),
    "cycling_plain": ("Véloroutes et voies vertes", "Cycle routes and greenways"),
    "cycling_open": ("Aménagements en service", "Facilities in service"),
    "cycling_planned": ("Aménagements à venir", "Facilities to come"),
    "greenway": ("Voie verte", "Greenway"),
    "track": ("Piste cyclable", "Cycle track"),
    "lane": ("Bande cyclable", "Cycle lane"),
    "shared": ("Voie partagée ou autre aménagement", "Shared road or other facility"),
    "works": ("En travaux", "Under construction"),
    "project": ("En projet", "Planned"),
    "to_study": ("À étudier", "To be studied"),
    "gap": ("Discontinuité", "Gap"),
    "station": ("Gare ou halte ferroviaire", "Railway station"),
    "terril": ("Terril", "Terril (slag heap)"),
    "places": ("Lieux desservis", "Places served"),
    "longest_routes": ("Plus longs itinéraires (km)", "Longest routes (km)"),
    # plan
    "plan_title": ("{} dans le {}", "{} in the {}"),
    "plan_title_none": (
        "Aucun constat dans le {}",
        "No finding in the {}",
    ),
    "of_which": ("{} dont {}", "{}, {}"),
    "plan_subtitle": (
        "Zonage, prescriptions et informations du document d'urbanisme",
        "Zones, prescriptions and informations of the town plan",
    ),
    "plan_zones": ("Zonage", "Zones"),
    "plan_prescriptions": ("Prescriptions", "Prescriptions"),
    "plan_infos": ("Informations", "Informations"),
    "plan_findings": ("Constats", "Findings"),
    "plan_list": ("Constats, du plus grave au moindre", "Findings, the gravest first"),
    "plan_rest": ("et {}", "and {}"),
    "plan_unplaced": (
        "Constats sans place sur la carte : {}.",
        "Findings without a place on the map: {}.",
    ),
    "bloquant": ("Bloquant", "Blocking"),
    "à corriger": ("À corriger", "To be corrected"),
    "à vérifier": ("À vérifier", "To be checked"),
    "information": ("Information", "Information"),
    # change
    "change_title": ("{} : {} ({} → {})", "{}: {} ({} → {})"),
    "change_rate_title": (
        "{} : en hausse dans {}, en baisse dans {}",
        "{}: up in {}, down in {}",
    ),
    "change_subtitle": (
        "En hausse dans {}, en baisse dans {}",
        "Up in {}, down in {}",
    ),
    "change_none": ("{} : aucun changement", "{}: no change"),
    "change_gain": ("Écart par commune", "Change by commune"),
    "change_density": ("Écart par km²", "Change by km²"),
    "change_share": ("Écart, en points de pourcentage", "Change, in percentage points"),
    "change_rate": ("Écart", "Change"),
    "change_up": ("Hausse", "Rise"),
    "change_down": ("Baisse", "Fall"),
    "no_change": ("Sans changement", "No change"),
    "greatest_changes": ("Plus grands écarts", "Greatest changes"),
    # atlas
    "atlas_title": ("Atlas", "Atlas"),
    "atlas_subtitle": ("Tableau d'assemblage : {} feuilles", "Index of sheets: {} sheets"),
    "atlas_index": ("Feuilles", "Sheets"),
    "atlas_sheet": ("Feuille de l'atlas, avec son numéro", "Sheet of the atlas, with its number"),
    "atlas_failed": ("Feuille qui n'a pu être dessinée", "Sheet that could not be drawn"),
    "atlas_missing": ("non produite", "not drawn"),
    "atlas_overview": ("Tableau d'assemblage", "Index of sheets"),
    "atlas_contents": ("Sommaire", "Contents"),
    "atlas_bar": ("Atlas", "Atlas"),
    "atlas_sheets": ("feuilles", "sheets"),
    # web
    "web_search": ("Chercher une commune", "Find a commune"),
    "web_layers": ("Couches et légende", "Layers and legend"),
    "web_unknown": ("Nom inconnu", "Unknown name"),
    "web_close": ("Fermer", "Close"),
    # classes
    "all_values": ("toutes valeurs", "all values"),
    "below": ("moins de {}", "below {}"),
    "between": ("de {} à {}", "{} to {}"),
    "above": ("{} et plus", "{} and more"),
    "and_less": ("{} et moins", "{} and less"),
}

_PLURALS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "building": (("bâtiment exposé", "bâtiments exposés"),
                 ("exposed building", "exposed buildings")),
    "commune": (("commune", "communes"), ("commune", "communes")),
    "patch": (("tache d'habitat", "taches d'habitat"), ("habitat patch", "habitat patches")),
    "link": (("lien", "liens"), ("link", "links")),
    "other": (("autre", "autres"), ("more", "more")),
    "gap": (("discontinuité", "discontinuités"), ("gap", "gaps")),
    "finding": (("constat", "constats"), ("finding", "findings")),
    "blocking": (("bloquant", "bloquants"), ("blocking", "blocking")),
}  # fmt: skip

_SCENARIOS: dict[str, tuple[str, str]] = {
    "01For": ("scénario fréquent (forte probabilité)", "frequent scenario (high probability)"),
    "02Moy": ("scénario moyen (probabilité moyenne)", "medium scenario (medium probability)"),
    "03Mcc": (
        "scénario moyen avec changement climatique",
        "medium scenario with climate change",
    ),
    "04Fai": ("scénario extrême (faible probabilité)", "extreme scenario (low probability)"),
}


def say(key: str, lang: Lang, *values: object) -> str:
    """Return a text of the table.

    Parameters
    ----------
    key : str
        Name of the text.
    lang : {"fr", "en"}
        Language.
    *values : object
        What fills its braces.

    Returns
    -------
    str
        With the typography of the language.
    """
    return typeset(_TEXTS[key][LANGUAGES.index(lang)].format(*values), lang)


def number(value: float, lang: Lang, decimals: int | None = 0) -> str:
    """Return a number as the language writes it.

    Parameters
    ----------
    value : float
        Any finite number.
    lang : {"fr", "en"}
        French parts thousands by a thin no-break space and decimals by a comma.
    decimals : int, optional
        Digits after the mark; None keeps those that are needed, six significant at most.

    Returns
    -------
    str
        For example ``12 345,6``.
    """
    text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,.6g}"
    if decimals is None and "e" in text:
        text = f"{value:,.10f}".rstrip("0").rstrip(".")
    if lang == "fr":
        text = text.replace(",", _THIN).replace(".", ",")
    return text.replace("-", "\u2212")


def signed(value: float, lang: Lang, decimals: int | None = 0) -> str:
    """Return a difference with its sign.

    Parameters
    ----------
    value : float
        Any finite number.
    lang : {"fr", "en"}
        As `number`.
    decimals : int, optional
        As `number`.

    Returns
    -------
    str
        For example ``+12``; 0 has no sign.
    """
    return ("+" if value > 0 else "") + number(value or 0.0, lang, decimals)  # no « −0 »


def plural(count: int, noun: str, lang: Lang) -> str:
    """Return a count and its noun, in agreement.

    Parameters
    ----------
    count : int
        How many; French treats 0 as a singular, English as a plural.
    noun : str
        Name of the noun in the table.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        For example ``1 lien``, joined by a no-break space.
    """
    forms = _PLURALS[noun][LANGUAGES.index(lang)]
    many = count > 1 if lang == "fr" else count != 1
    return typeset(f"{number(count, lang)}{_NO_BREAK}{forms[many]}", lang)


def scenario_name(code: str, lang: Lang) -> str:
    """Return what a scenario code of the Directive inondation means.

    Parameters
    ----------
    code : str
        For example ``02Moy``; another code is returned after the word scenario.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        In lower case.
    """
    if code in _SCENARIOS:
        return typeset(_SCENARIOS[code][LANGUAGES.index(lang)], lang)
    return f"scénario {code}" if lang == "fr" else f"scenario {code}"


def typeset(text: str, lang: Lang) -> str:
    """Return a text with the no-break spaces and the apostrophe of its language.

    Parameters
    ----------
    text : str
        As typed on a keyboard.
    lang : {"fr", "en"}
        Only French sets spaces before double marks.

    Returns
    -------
    str
        Of the same words.
    """
    text = text.replace("'", "\u2019")
    if lang != "fr":
        return text
    text = re.sub(r"[ \u00a0](?=[;!?%])", _THIN, text)
    text = re.sub(r" (?=[:»])", _NO_BREAK, text)
    return re.sub(r"« ", f"«{_NO_BREAK}", text)


def check_lang(lang: str) -> None:
    """Raise unless the language is one of the table.

    Parameters
    ----------
    lang : str
        As given by the user.

    Raises
    ------
    ParameterError
        If it is neither ``fr`` nor ``en``.
    """
    if lang not in LANGUAGES:
        raise ParameterError(explain("lang", f"« {lang} » is unknown", required="fr or en"))
