"""Sentences of a dossier, in French and in English."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES: dict[str, tuple[str, str]] = {
    # leads
    "lead_property": (
        "Le bien inscrit au Patrimoine mondial couvre {} {}{}, soit {} de sa superficie. Sa zone "
        "tampon couvre {} ({}).",
        "The World Heritage property covers {} {}{}, {} of its area. Its buffer zone covers {} "
        "({}).",
    ),
    "lead_rank": (" ({}\u00a0rang sur\u00a0{})", " (rank\u00a0{} of\u00a0{})"),
    "lead_buffer_only": (
        "Aucune part du bien inscrit {} ; sa zone tampon y couvre {}, soit {} de la superficie.",
        "No part of the property {}; its buffer zone covers {}, {} of the area.",
    ),
    "lead_property_none": (
        "Ni bien inscrit ni zone tampon {}.",
        "Neither property nor buffer zone {}.",
    ),
    "lead_heritage": ("Le patrimoine minier {} compte {}.", "The mining heritage {} includes {}."),
    "lead_heritage_none": (
        "Aucun objet du patrimoine minier n'est recensé {}.",
        "No object of the mining heritage is recorded {}.",
    ),
    "lead_network": (
        "Les taches d'habitat couvrent {} {}, soit {} de sa superficie ; elles portent {} de la "
        "connectivité régionale.",
        "Habitat patches cover {} {}, {} of its area; they hold {} of regional connectivity.",
    ),
    "lead_network_basin": (
        "Les taches d'habitat couvrent {} {}, soit {} de sa superficie.",
        "Habitat patches cover {} {}, {} of its area.",
    ),
    "lead_network_none": ("Aucune tache d'habitat {}.", "No habitat patch {}."),
    "lead_flood": (
        "Dans le {}, {} sur {} {} ({}){}{}.",
        "In the {}, {} of {} {} ({}){}{}.",
    ),
    "lead_worst": (" ; dans le {}, {}", "; in the {}, {}"),
    "lead_exposed": ("sont exposés", "are exposed"),
    "lead_exposed_one": ("est exposé", "is exposed"),
    "lead_range": (
        " ; selon la façon de compter, de {} à {}",
        "; from {} to {}, according to the way of counting",
    ),
    "lead_flood_none": (
        "Dans le {}, aucun bâtiment n'est exposé {}, quelle que soit la façon de compter{}.",
        "In the {}, no building is exposed {}, whatever the way of counting{}.",
    ),
    "lead_flood_zero": (
        "Dans le {}, aucun bâtiment n'est exposé {} par la règle retenue{}{}.",
        "In the {}, no building is exposed {} by the rule chosen{}{}.",
    ),
    "lead_flood_never": (
        "Dans {0:le seul scénario étudié|les {0} scénarios étudiés}, aucun bâtiment n'est exposé "
        "{1}, quelle que soit la façon de compter.",
        "In {0:the one scenario|all {0} scenarios} studied, no building is exposed {1}, whatever "
        "the way of counting.",
    ),
    "lead_cycling": (
        "Les itinéraires cyclables mesurent {} en service et {} à venir {}{}{}.",
        "Cycle routes are {} long in service and {} to come {}{}{}.",
    ),
    "lead_cycling_none": ("Aucun itinéraire cyclable {}{}{}.", "No cycle route {}{}{}."),
    "lead_cavaliers": (
        " ; les cavaliers, anciennes voies minières, y mesurent {}{}",
        "; cavaliers, former mine railways, are {} long there{}",
    ),
    "lead_inscribed": (
        ", dont {0} inscrit{0:|s} comme éléments du bien",
        ", {} of it inscribed as elements of the property",
    ),
    "lead_cavaliers_only": (
        "Les cavaliers, anciennes voies minières, mesurent {} {}{}.",
        "Cavaliers, former mine railways, are {} long {}{}.",
    ),
    "lead_plan": (
        "L'examen du document d'urbanisme donne {}, dont {}.",
        "The review of the town plan gives {}, {} of them blocking.",
    ),
    "lead_plan_none": (
        "L'examen du document d'urbanisme ne donne aucun constat.",
        "The review of the town plan gives no finding.",
    ),
    "worth": (" [{}]", " [{}]"),
    # why a section has nothing
    "lacking": ("Non évalué : {}", "Not assessed: {}"),
    "lacking_property": (
        "l'étude n'a pas mesuré le bien inscrit et sa zone tampon.",
        "the study has not measured the property and its buffer zone.",
    ),
    "lacking_heritage": (
        "l'étude n'a pas de registre du patrimoine minier.",
        "the study has no register of the mining heritage.",
    ),
    "lacking_network": (
        "l'étude n'a pas de graphe d'habitat.",
        "the study has no habitat graph.",
    ),
    "lacking_flood": (
        "l'étude n'a pas compté les bâtiments en zone inondable.",
        "the study has not counted the buildings in flood zones.",
    ),
    "lacking_cycling": (
        "l'étude n'a pas de couche d'itinéraires cyclables.",
        "the study has no layer of cycle routes.",
    ),
    "lacking_plan": (
        "l'étude n'a pas examiné de document d'urbanisme.",
        "the study has reviewed no town plan.",
    ),
    "lacking_plan_here": (
        "aucun document d'urbanisme de la commune n'a été examiné.",
        "no town plan of the commune has been reviewed.",
    ),
    "lacking_maps": (
        "l'étude n'a pas les couches de ces cartes : {}.",
        "the study lacks the layers of these maps: {}.",
    ),
    # notes
    "note_parts": (
        "Un objet à cheval sur plusieurs communes figure dans chacune, avec la part qui s'y "
        "trouve.",
        "An object that lies in several communes is listed in each, with the part that lies there.",
    ),
    "note_rank": (
        "Rang parmi les {} du graphe. dPC : ce que perd la connectivité du territoire si la tache "
        "disparaît ; relais : la part perdue parce que des trajets passent par elle.",
        "Rank among the {} of the graph. dPC: what the connectivity of the territory loses when "
        "the patch disappears; stepping stone: the part lost because routes pass through it.",
    ),
    "note_sensitivity": (
        "« Au moins » et « au plus » : le plus petit et le plus grand nombre donnés par toutes les "
        "façons de compter les mêmes bâtiments dans les mêmes zones (contact, centre ou part de "
        "l'emprise ; avec ou sans annexes et constructions légères ; rattachement à la commune).",
        "“At least” and “at most”: smallest and largest number given by every way of counting the "
        "same buildings in the same zones (touch, centre or share of the footprint; with or "
        "without annexes and light constructions; attribution to the commune).",
    ),
    "note_widest": (
        "Le nombre le plus faible vient de : {}. Le plus fort : {}.",
        "The smallest number comes from: {}. The largest: {}.",
    ),
    "note_known_dwellings": (
        "Logements : somme des nombres connus ; les bâtiments dont le nombre de logements n'est "
        "pas connu sont comptés à part.",
        "Dwellings: sum of the known numbers; buildings whose number of dwellings is not known "
        "are counted apart.",
    ),
    "note_no_station": (
        "Aucune station de relevage étudiée n'inonde de bâtiment {} en s'arrêtant.",
        "No pumping station studied floods a building {} when it fails.",
    ),
    "note_questionable": (
        "Un nom précédé d'un point d'interrogation est publié ainsi par le producteur.",
        "A name after a question mark is published so by its producer.",
    ),
    "note_mh": ("MH : monument historique.", "MH: historic monument (monument historique)."),
    # ways to count
    "touches": ("bâtiment touché par une zone", "building touched by a zone"),
    "centroid": ("centre du bâtiment dans une zone", "centre of the building in a zone"),
    "share": ("part de l'emprise d'au moins {}", "share of the footprint of at least {}"),
    "all_kept": ("tous les bâtiments", "every building"),
    "without": ("sans {}", "without {}"),
    "light": ("constructions légères", "light constructions"),
    "annexe": ("annexes", "annexes"),
    "not_in_service": ("bâtiments hors service", "buildings out of service"),
    "largest_share": ("commune de la plus grande part", "commune of the largest share"),
    "by_centroid": ("commune du centre", "commune of the centre"),
    # plates
    "plate": ("Planche {} – {}", "Sheet {} – {}"),
    "plate_territory": (
        "Patrimoine mondial et trame verte et bleue",
        "World Heritage and the green-blue network",
    ),
    "plate_graph": ("{} et {}", "{} and {}"),
    "alt_territory": (
        "Carte au 1:{} : périmètres du Patrimoine mondial, terrils, cavaliers, réservoirs et "
        "corridors autour {}. Les chiffres sont dans les tableaux des sections 2 à 6.",
        "Map at 1:{}: World Heritage perimeters, terrils, cavaliers, core areas and corridors "
        "around {}. The figures are in the tables of sections 2 to 6.",
    ),
    "alt_exposure": (
        "Carte au 1:{} : bâtiments exposés aux inondations par commune, {}, autour {}. Les "
        "chiffres sont dans les tableaux de la section 5.",
        "Map at 1:{}: buildings exposed to floods by commune, {}, around {}. The figures are in "
        "the tables of section 5.",
    ),
    "alt_graph": (
        "Carte au 1:{} : taches d'habitat classées par ce que leur perte coûterait à la "
        "connectivité, et liens entre elles, autour {}. Les chiffres sont dans les tableaux de "
        "la section 4.",
        "Map at 1:{}: habitat patches classed by what their loss would cost to connectivity, and "
        "links between them, around {}. The figures are in the tables of section 4.",
    ),
    # methods
    "sub_methods": ("Comment les chiffres sont faits", "How the figures are made"),
    "sub_limits": ("Limites", "Limits"),
    "m_areas": ("Surfaces et longueurs", "Areas and lengths"),
    "m_areas_text": (
        "Mesurées en projection Lambert-93 (EPSG:2154), qui les agrandit ici de 0,3 % (surfaces) "
        "et de 0,14 % (longueurs). Ce qui est recouvert deux fois compte une fois.",
        "Measured in the Lambert-93 projection (EPSG:2154), which enlarges them here by 0.3% "
        "(areas) and 0.14% (lengths). What is covered twice counts once.",
    ),
    "m_objects": ("Objets du patrimoine", "Objects of the heritage"),
    "m_objects_text": (
        "Un objet est présent dans une commune qui en porte une part ; la trace d'une limite "
        "dessinée deux fois (moins de 0,1 ha ou 100 m, et moins du dixième de l'objet) n'en est "
        "pas une. Les totaux comptent chaque objet une fois.",
        "An object is present in a commune that holds a part of it; the trace of a border drawn "
        "twice (under 0.1 ha or 100 m, and under a tenth of the object) is none. Totals count "
        "each object once.",
    ),
    "m_network": ("Connectivité", "Connectivity"),
    "m_network_text": (
        "Indice de probabilité de connectivité (PC) d'un graphe de taches d'habitat ; la part "
        "d'une commune est la somme des parts de ses taches, réparties selon leur surface "
        "(Saura et Pascual-Hortal 2007 ; Saura et Rubio 2010).",
        "Probability of connectivity (PC) of a graph of habitat patches; the share of a commune is "
        "the sum of the shares of its patches, spread by area (Saura and Pascual-Hortal 2007; "
        "Saura and Rubio 2010).",
    ),
    "m_flood": ("Bâtiments exposés", "Buildings exposed"),
    "m_flood_text": (
        "Règle retenue : {}. Un bâtiment compte une fois par scénario et dans une seule commune. "
        "Les chiffres clés sont ceux du {}.",
        "Rule chosen: {}. A building counts once in each scenario and in one commune only. Key "
        "figures are those of the {}.",
    ),
    "m_cycling": ("Itinéraires cyclables", "Cycle routes"),
    "m_cycling_text": (
        "Longueur de la couche, découpée aux limites des communes ; un tronçon sans état publié "
        "est compté en service. « À venir » réunit travaux, projets et tracés à étudier.",
        "Length of the layer, cut at the borders of communes; a section without published state "
        "counts as in service. “To come” joins works, projects and lines to be studied.",
    ),
    "m_plan": ("Document d'urbanisme", "Town plan"),
    "m_plan_text": (
        "Règles appliquées au document numérisé au standard CNIG ; une règle à laquelle il manque "
        "une donnée répond « non évalué », jamais « conforme ».",
        "Rules applied to the plan digitised in the CNIG standard; a rule that lacks a layer "
        "answers “not assessed”, never “compliant”.",
    ),
    "limit_legal": (
        "Document d'information, sans valeur juridique : il ne remplace ni les servitudes, ni le "
        "document d'urbanisme, ni un plan de prévention des risques.",
        "For information only, without legal value: it replaces neither easements, nor the town "
        "plan, nor a risk prevention plan.",
    ),
    "limit_generalised": (
        "Des couches publiées sont généralisées : une surface de moins de 0,1 ha ou une longueur "
        "de moins de 100 m le long d'une limite peut venir du dessin.",
        "Some published layers are generalised: an area under 0.1 ha or a length under 100 m along "
        "a border may come from the drawing.",
    ),
    "limit_footprint": (
        "Être en zone inondable n'est pas être inondé : ni le niveau du plancher, ni la hauteur "
        "d'eau, ni les ouvrages de protection n'entrent dans le compte.",
        "To lie in a flood zone is not to be flooded: neither floor level, nor depth of water, nor "
        "protection works enter the count.",
    ),
    "limit_epci": (
        "Les chiffres d'une intercommunalité portent sur ses communes présentes dans l'étude, pas "
        "toujours sur toutes.",
        "Figures of an intercommunality are those of its communes in the study, not always all of "
        "them.",
    ),
    "limit_outside": (
        "Les totaux sont ceux des communes de l'étude : ce qui déborde de leurs limites n'y est "
        "pas, alors que les cartes le montrent.",
        "Totals are those of the communes of the study: what lies beyond their borders is not in "
        "them, although the maps show it.",
    ),
    "limit_habitat": (
        "La connectivité est celle d'un habitat générique ; une espèce donnée peut s'en écarter.",
        "Connectivity is that of a generic habitat; a given species may differ.",
    ),
    # batch
    "batch": ("Dossiers", "Dossiers"),
    "batch_unit": ("dossiers", "dossiers"),
}  # fmt: skip
"""By key: French, English."""
