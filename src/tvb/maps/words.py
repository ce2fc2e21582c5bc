"""Every word that a plate prints, in French and in English."""

from __future__ import annotations

__all__ = ["PLURALS", "SCENARIOS", "TEXTS"]

TEXTS: dict[str, tuple[str, str]] = {
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
    # property
    "property_title": (
        "{0} ha inscrit{0:|s} au Patrimoine mondial dans {1}, entouré{0:|s} de {2} ha de zone "
        "tampon",
        "{} ha of World Heritage in {}, and {} ha of buffer zone around",
    ),
    "property_here": (
        "{0} ha inscrit{0:|s} au Patrimoine mondial, {1} ha de zone tampon",
        "{} ha of World Heritage, {} ha of buffer zone",
    ),
    "property_none": (
        "Ni bien inscrit ni zone tampon",
        "Neither World Heritage nor buffer zone",
    ),
    "property_subtitle": (
        "Bien inscrit au Patrimoine mondial (n° 1360) et zone tampon",
        "World Heritage property (no. 1360) and buffer zone",
    ),
    "property_subtitle_elements": (
        "Bien inscrit au Patrimoine mondial (n° 1360), en {0} élément{0:|s}, et zone tampon",
        "World Heritage property (no. 1360), in {0} element{0:|s}, and buffer zone",
    ),
    "inscribed": ("Objets inscrits", "Inscribed objects"),
    "inscribed_estates": ("Cité minière", "Mining housing estate"),
    "inscribed_terrils": ("Terril", "Terril (slag heap)"),
    "inscribed_cavaliers": ("Cavalier (ancienne voie minière)", "Cavalier (former mine railway)"),
    "inscribed_listed_buildings": ("Bâtiment", "Building"),
    "elements_table": ("Éléments du bien (ha)", "Elements of the property (ha)"),
    "property_table": (
        "Communes par surface inscrite (ha)",
        "Communes by area inscribed (ha)",
    ),
    # terrils
    "terrils_title": (
        "{} dont {} dans le bien inscrit, sur {} ha",
        "{}, {} of them in the property, on {} ha",
    ),
    "terrils_none": ("Aucun terril", "No terril"),
    "terrils_subtitle": (
        "Terrils selon leur forme et leur surface",
        "Terrils (slag heaps) by shape and area",
    ),
    "terrils_in": ("Terrils du bien inscrit", "Terrils of the property"),
    "terrils_out": ("Autres terrils", "Other terrils"),
    "terril_area": ("Surface du terril (ha)", "Area of the terril (ha)"),
    "form_cone": ("Conique, tronqué, grand moderne", "Conical, truncated, large modern"),
    "form_flat": ("Plat, en terrasses", "Flat, terraced"),
    "form_levelled": ("Arasé", "Levelled"),
    "form_other": ("Cavalier, bassin, forme particulière", "Embankment, basin, other shape"),
    # network
    "network_subtitle": (
        "Trame verte et bleue : réservoirs de biodiversité et corridors écologiques",
        "Green-blue network: core areas and ecological corridors",
    ),
    "core_ha": ("{} ha de réservoirs de biodiversité", "{} ha of core areas"),
    "core_none": ("aucun réservoir de biodiversité", "no core area"),
    "corridor_none": ("aucun corridor", "no corridor"),
    "corridor_km": ("{} km de corridors", "{} km of corridors"),
    "corridor_ha": ("{} ha de corridors", "{} ha of corridors"),
    "of_which_restore": (
        "{} dont {} {} à remettre en bon état",
        "{}, {} {} of them to be restored",
    ),
    "core_block": ("Réservoirs de biodiversité", "Core areas"),
    "water": ("Plans d'eau", "Water"),
    "core_wooded": ("Boisé", "Wooded"),
    "core_wet": ("Humide", "Wetland"),
    "core_other": ("Autre milieu", "Other habitat"),
    "corridor_block": ("Corridors écologiques", "Ecological corridors"),
    "corridor_keep": ("À préserver", "To be kept"),
    "corridor_restore": ("À remettre en bon état", "To be restored"),
    "corridor_any": ("Sans objectif connu", "Aim unknown"),
    "largest_core_areas": ("Plus grands réservoirs (ha)", "Largest core areas (ha)"),
    "around": ("autour {}", "around {}"),
    "property_area": ("bien inscrit {} ha", "property {} ha"),
    "buffer_area": ("zone tampon {} ha", "buffer zone {} ha"),
    "n_terrils": ("{0} terril{0:|s}", "{0} terril{0:|s}"),
    "n_communes": ("{0} commune{0:|s}", "{0} commune{0:|s}"),
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
        "Importance : part de la connectivité perdue si la tache disparaît (dPC)",
        "Importance: share of connectivity lost when the patch disappears (dPC)",
    ),
    "graph_plain": ("Graphe d'habitat", "Habitat graph"),
    "importance": ("Importance de la tache (dPC, %)", "Importance of the patch (dPC, %)"),
    "connector_subtitle": (
        "Relais : ce que les autres taches perdent si l'on ne passe plus par celle-ci",
        "Stepping stones: what the other patches lose when none can pass through this one",
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
        "Les dix premières taches portent leur rang.",
        "The ten foremost patches bear their rank.",
    ),
    "numbered_all": (
        "Les taches qui comptent portent leur rang.",
        "Patches that matter bear their rank.",
    ),
    "shared_breaks": (
        "Limites fixes d'une planche à l'autre.",
        "Limits fixed from plate to plate.",
    ),
    "graph_finding": (
        "Sans « {} », la connectivité perd {} %",
        "Without “{}”, connectivity loses {}%",
    ),
    "passage_finding": (
        "Sans passage par « {} », les autres taches perdent {} % de connectivité",
        "With no way through “{}”, the other patches lose {}% of connectivity",
    ),
    "graph_here": (
        "{}, dont parmi les dix premières : n° {}",
        "{}, among the ten foremost: no. {}",
    ),
    "graph_here_none": (
        "{}, aucune parmi les dix premières",
        "{}, none among the ten foremost",
    ),
    "patch_id": ("tache {}", "patch {}"),
    "links_lost": ("Importance du lien (dPC, %)", "Importance of the link (dPC, %)"),
    "links": ("Liens, distance de bord à bord (m)", "Links, edge-to-edge distance (m)"),
    "named_patch": ("{}. {}", "{}. {}"),
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
    "corridors_left_out": (
        "Hors de l'occupation du sol et laissé de côté : {}.",
        "Beyond the land cover and left out: {}.",
    ),
    "corridors_table": ("Communes traversées (ha)", "Communes crossed (ha)"),
    # depth
    "depth_table": ("Communes sous l'eau (ha)", "Communes under water (ha)"),
    "depth_title": (
        "{} ha sous l'eau, dont {} ha sous plus d'un mètre",
        "{} ha under water, {} ha of them under more than one metre",
    ),
    "depth_title_shallow": (
        "{} ha sous l'eau, nulle part sous plus d'un mètre",
        "{} ha under water, nowhere under more than one metre",
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
        "Véloroutes et voies vertes, {}",
        "Cycle routes and greenways, {}",
    ),
    "cycling_terrils": ("terrils", "terrils"),
    "cycling_stations": ("gares", "railway stations"),
    "cycling_both": ("terrils et gares", "terrils and railway stations"),
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
    "plan_modelled": (
        "Plan modélisé, avec des fautes volontaires : il ne dit rien du plan réel de la commune",
        "Modelled plan with planted faults: it says nothing about the real plan of the commune",
    ),
    "plan_source": ("Document d'urbanisme {}", "Town plan {}"),
    "plan_zones": ("Zonage", "Zones"),
    "plan_prescriptions": ("Prescriptions", "Prescriptions"),
    "plan_infos": ("Informations", "Informations"),
    "plan_findings": ("Constats", "Findings"),
    "plan_list": ("Constats, du plus grave au moindre", "Findings, the gravest first"),
    "plan_rest": ("et {}", "and {}"),
    "plan_numbers": ("n° {}", "nos. {}"),
    "plan_for_instance": ("{} (premier de ces constats)", "{} (the first of these findings)"),
    "range": ("{} à {}", "{} to {}"),
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
    "change_only_up": ("En hausse dans {}", "Up in {}"),
    "change_only_down": ("En baisse dans {}", "Down in {}"),
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
    "atlas_subtitle": (
        "Tableau d'assemblage : {0} feuille{0:|s}",
        "Index of sheets: {0} sheet{0:|s}",
    ),
    "atlas_index": ("Feuilles", "Sheets"),
    "atlas_sheet": ("Feuille de l'atlas, avec son numéro", "Sheet of the atlas, with its number"),
    "atlas_failed": ("Feuille qui n'a pu être dessinée", "Sheet that could not be drawn"),
    "atlas_missing": ("non produite", "not drawn"),
    "atlas_overview": ("Tableau d'assemblage", "Index of sheets"),
    "atlas_contents": ("Sommaire", "Contents"),
    "atlas_bar": ("Atlas", "Atlas"),
    "atlas_sheets": ("feuilles", "sheets"),
    "series_sources": (
        "Sources et nature des données : au pied de chaque planche.",
        "Sources and nature of the data: at the foot of each sheet.",
    ),
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

PLURALS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "building": (("bâtiment exposé", "bâtiments exposés"),
                 ("exposed building", "exposed buildings")),
    "commune": (("commune", "communes"), ("commune", "communes")),
    "terril": (("terril", "terrils"), ("terril", "terrils")),
    "patch": (("tache d'habitat", "taches d'habitat"), ("habitat patch", "habitat patches")),
    "link": (("lien", "liens"), ("link", "links")),
    "other": (("autre", "autres"), ("more", "more")),
    "gap": (("discontinuité", "discontinuités"), ("gap", "gaps")),
    "finding": (("constat", "constats"), ("finding", "findings")),
    "blocking": (("bloquant", "bloquants"), ("blocking", "blocking")),
}  # fmt: skip

SCENARIOS: dict[str, tuple[str, str]] = {
    "01For": ("scénario fréquent (forte probabilité)", "frequent scenario (high probability)"),
    "02Moy": ("scénario moyen (probabilité moyenne)", "medium scenario (medium probability)"),
    "03Mcc": (
        "scénario moyen avec changement climatique",
        "medium scenario with climate change",
    ),
    "04Fai": ("scénario extrême (faible probabilité)", "extreme scenario (low probability)"),
}
