"""The layers of a territory, with the names under which public files hold their columns.

Sources of the names: BD TOPO 3, ADMIN EXPRESS 3 and 4, COVADIS Directive inondation and SRCE, CNIG
PPR, schema « aménagements cyclables » 0.3.5, layers of the Mission Bassin Minier.
"""

from __future__ import annotations

from tvb.schema.declare import Column, Family, GridSchema, LayerSchema
from tvb.schema.hazard import delivered_scenario, with_short_names

__all__ = ["GRID_SCHEMAS", "SCENARIOS", "TERRITORY_SCHEMAS"]

SCENARIOS = ("01For", "02Moy", "03Mcc", "04Fai")
"""Flood scenarios of the Directive inondation, from frequent to rare (COVADIS DI v2)."""

_AREA: frozenset[Family] = frozenset({"polygon"})
_LINE: frozenset[Family] = frozenset({"line"})
_LINE_OR_AREA: frozenset[Family] = frozenset({"line", "polygon"})
_POINT: frozenset[Family] = frozenset({"point"})


def _name(description: str, *aliases: str) -> Column:
    return Column("nom", "text", description, aliases=aliases)


def _communes_met(number: int) -> tuple[Column, ...]:
    return tuple(
        Column(f"commune_{i}", "text", "Name of a commune that the object meets, as delivered")
        for i in range(1, number + 1)
    )


_UNESCO_ID = Column("id_unesco", "text", "Object of the World Heritage property, null outside it")

COMMUNES = LayerSchema(
    "communes", "Communes", "Communes", "One commune", _AREA, key="insee",
    on_duplicate="join",
    columns=(
        Column("insee", "text", "INSEE code", required=True, nullable=False, width=5,
               aliases=("code_insee", "insee_com", "codgeo", "code_commune", "insee_commune",
                        "depcom", "code")),
        Column("nom", "text", "Official name", required=True, nullable=False, fallback="insee",
               aliases=("nom_officiel", "nom_com", "libgeo", "nom_commune", "nom_m")),
        Column("population", "integer", "Municipal population", unit="inhabitants",
               aliases=("pop", "pmun", "population_municipale")),
        Column("epci_siren", "text", "SIREN of the intercommunality", width=9,
               aliases=("siren_epci", "codes_siren_des_epci", "code_epci")),
        Column("epci_nom", "text", "Name of the intercommunality", aliases=("nom_epci",)),
    ),
)  # fmt: skip

STUDY_AREA = LayerSchema(
    "study_area", "Périmètre d'étude", "Study area", "Outline of the study area", _AREA,
    columns=(_name("Name of the area"),),
)  # fmt: skip

PROPERTY = LayerSchema(
    "property", "Bien inscrit", "World Heritage property",
    "One polygon of the inscribed property", _AREA,
    columns=(_name("Name of the part"),),
)  # fmt: skip

BUFFER = LayerSchema(
    "buffer", "Zone tampon", "Buffer zone",
    "One polygon of the buffer zone, the property excluded", _AREA,
    columns=(Column("surface_ha", "number", "Area as published", unit="ha"),),
)  # fmt: skip

PROPERTY_ELEMENTS = LayerSchema(
    "property_elements", "Éléments du bien", "Elements of the property",
    "One of the 109 elements inscribed", _AREA, key="no_element",
    columns=(
        Column("no_element", "text", "Number of the element", required=True, nullable=False,
               aliases=("element",)),
        _name("Name of the element"),
        Column("section", "text", "Section of the nomination (mining company)"),
        Column("surface_ha", "number", "Area as published", unit="ha"),
    ),
)  # fmt: skip

TERRILS = LayerSchema(
    "terrils", "Terrils", "Terrils (slag heaps)", "One slag heap", _AREA, key="no_terril",
    columns=(
        Column("no_terril", "text", "Identifier, such as T074a", required=True, nullable=False,
               aliases=("id_terril", "numero", "id")),
        _name("Name of the terril"),
        Column("forme", "text", "Shape: Conique, Plat, Arasé, …"),
        Column("hauteur_m", "number", "Height of the top above the ground around", unit="m",
               aliases=("hauteur", "hauteur_relative")),
        _UNESCO_ID,
        *_communes_met(3),
    ),
)  # fmt: skip

CORRIDORS = LayerSchema(
    "corridors", "Corridors écologiques", "Ecological corridors",
    "One corridor of the Trame verte et bleue", _LINE_OR_AREA,
    columns=(
        Column("id_corridor", "text", "Identifier", aliases=("id_corr",)),
        _name("Name of the corridor", "nom_corr"),
        Column("milieu", "text", "Sub-network: wooded, open, wetland, …",
               aliases=("milmaj_nat", "milmaj_reg")),
        Column("objectif", "text", "Preserve or restore", aliases=("obj_assi",)),
    ),
)  # fmt: skip

CORE_AREAS = LayerSchema(
    "core_areas", "Réservoirs de biodiversité", "Core areas",
    "One core area (réservoir) of the Trame verte et bleue", _AREA,
    columns=(
        Column("id_reservoir", "text", "Identifier", aliases=("id_resv", "id")),
        _name("Name of the core area", "nom_resv"),
        Column("milieu", "text", "Sub-network: wooded, open, wetland, …",
               aliases=("milmaj_nat", "milmaj_reg")),
        *_communes_met(3),
    ),
)  # fmt: skip

CAVALIERS = LayerSchema(
    "cavaliers", "Cavaliers", "Cavaliers (former mine railways)",
    "One section of a former mine railway", _LINE_OR_AREA, key="id_troncon", on_duplicate="keep",
    columns=(
        Column("id_troncon", "text", "Identifier of the section"),
        _name("Name of the line"),
        _UNESCO_ID,
        Column("longueur_m", "number", "Length as published", unit="m"),
        *_communes_met(6),
    ),
)  # fmt: skip

CYCLE_ROUTES = LayerSchema(
    "cycle_routes", "Itinéraires cyclables", "Cycle routes", "One section of a cycle route",
    _LINE, key="id_local", on_duplicate="keep",
    columns=(
        Column("id_local", "text", "Identifier of the section"),
        _name("Name of the route", "nom_loc"),
        Column("num_iti", "text", "Routes that use the section, joined by « : »"),
        Column("ame_d", "text", "Facility on the right side"),
        Column("ame_g", "text", "Facility on the left side"),
        Column("revet_d", "text", "Surface: LISSE, RUGUEUX, MEUBLE", aliases=("revetement_d",)),
        Column("statut", "text", "State: existant, travaux, projet, à étudier"),
    ),
)  # fmt: skip

FLOOD_ZONES = LayerSchema(
    "flood_zones", "Zones inondables", "Flood zones",
    "One polygon flooded in one scenario, possibly of one depth class", _AREA,
    columns=(
        Column("id_zone", "text", "Identifier of the zone",
               aliases=with_short_names("id_s_inond", "idsurfaceinondable",
                                        "id_surface_inondable", "idzonealea")),
        Column("scenario", "text", "Scenario code, for example 02Moy", required=True,
               nullable=False, aliases=with_short_names("occurrence", "scenario_inondation")),
        delivered_scenario(),
        Column("niveau", "text", "Level of hazard or class of depth",
               aliases=with_short_names("nivalea_std", "niveaualea", "niveau_alea",
                                        "classehauteur", "classe_hauteur", "isoclassehauteur",
                                        "classe")),
        Column("ht_min_m", "number", "Lower bound of the depth class", unit="m",
               aliases=with_short_names("ht_min", "hauteurmin", "hauteur_min")),
        Column("ht_max_m", "number", "Upper bound of the depth class, null when open", unit="m",
               aliases=with_short_names("ht_max", "hauteurmax", "hauteur_max")),
        Column("typ_inond", "text", "01 river, 02 run-off, 03 marine, 04 groundwater", width=2,
               aliases=with_short_names("typeinondation", "type_inondation")),
    ),
)  # fmt: skip

BUILDINGS = LayerSchema(
    "buildings", "Bâtiments", "Buildings", "One building footprint", _AREA, key="cleabs",
    columns=(
        Column("cleabs", "text", "Identifier", required=True, nullable=False,
               aliases=("id", "id_bat", "identifiant", "rnb_id")),
        Column("nature", "text", "Nature in BD TOPO"),
        Column("usage_1", "text", "Main use", aliases=("usage1",)),
        Column("construction_legere", "boolean", "Light construction", aliases=("leger",)),
        Column("etat_de_l_objet", "text", "En service, En construction, En projet, En ruine",
               aliases=("etat",)),
        Column("nombre_de_logements", "integer", "Dwellings; null when unknown", unit="dwellings",
               aliases=("nb_logts",)),
        Column("nombre_d_etages", "integer", "Storeys; null when unknown", unit="storeys",
               aliases=("nb_etages",)),
        Column("hauteur", "number", "Height; null or 0 when unknown", unit="m"),
    ),
)  # fmt: skip

LISTED_BUILDINGS = LayerSchema(
    "listed_buildings", "Bâtis remarquables", "Remarkable buildings",
    "One building of the property, or an inscribed or listed one", _AREA,
    columns=(
        _name("Name of the building", "denomination"),
        _UNESCO_ID,
        Column("typologie", "text", "Type: Fosse, Chevalement, École, …"),
        Column("protection", "text", "Protection as published"),
        *_communes_met(2),
    ),
)  # fmt: skip

PUMPING_STATIONS = LayerSchema(
    "pumping_stations", "Stations de relevage", "Pumping stations",
    "One station that keeps a subsidence basin dry", _POINT, key="id_station",
    columns=(
        Column("id_station", "text", "Identifier", required=True, nullable=False,
               aliases=("id", "code_station")),
        _name("Name of the station"),
        Column("debit_m3_s", "number", "Pumping capacity", unit="m³/s"),
    ),
)  # fmt: skip

DRAINED_BASINS = LayerSchema(
    "drained_basins", "Zones protégées par relevage", "Basins kept dry by pumping",
    "Ground that one pumping station keeps dry", _AREA,
    columns=(
        Column("id_station", "text", "Station that drains the basin", required=True,
               nullable=False),
        Column("id_bassin", "text", "Basin, where several stations serve it: a row for each"),
        Column("debit_requis_m3_s", "number", "Flow that keeps the basin dry", unit="m³/s"),
    ),
)  # fmt: skip

PITS = LayerSchema(
    "pits", "Puits de mine", "Mine shafts", "One shaft", _POINT,
    columns=(
        Column("fosse", "text", "Pit to which the shaft belongs"),
        Column("puits", "text", "Name or number of the shaft"),
        Column("compagnie", "text", "Mining company"),
        Column("commune", "text", "Name of the commune, as delivered"),
        Column("cote", "number", "Spot height; 0 means unknown", unit="m"),
        Column("profondeur", "number", "Depth of the shaft; 0 means unknown", unit="m"),
        Column("creusement", "text", "Year of sinking, as delivered"),
        Column("fermeture", "text", "Year of closing, as delivered; 1 is not a year"),
    ),
)  # fmt: skip

ESTATES = LayerSchema(
    "estates", "Cités minières", "Mining estates", "One mining estate", _AREA,
    columns=(
        _name("Name of the estate"),
        _UNESCO_ID,
        Column("type", "text", "Corons, Cité pavillonnaire, Cité jardin, Cité moderne, …"),
        Column("interet", "text", "Exceptionnelle, Remarquable, Témoin"),
        *_communes_met(3),
    ),
)  # fmt: skip

WATER_BODIES = LayerSchema(
    "water_bodies", "Espaces néonaturels", "Neo-natural water bodies",
    "One water body or wetland made by mining subsidence", _AREA,
    columns=(
        _name("Name of the water body"),
        _UNESCO_ID,
        Column("profondeur_m", "number", "Depth of water that it can store", unit="m"),
        *_communes_met(3),
    ),
)  # fmt: skip

TERRITORY_SCHEMAS = (
    COMMUNES, STUDY_AREA, PROPERTY, BUFFER, PROPERTY_ELEMENTS, TERRILS, CORRIDORS, CORE_AREAS,
    CAVALIERS, CYCLE_ROUTES, FLOOD_ZONES, BUILDINGS, LISTED_BUILDINGS, PUMPING_STATIONS,
    DRAINED_BASINS, PITS, ESTATES, WATER_BODIES,
)  # fmt: skip

LAND_COVER = GridSchema(
    "land_cover", "Occupation du sol", "Land cover", "Code of the class of land cover",
    legend={
        1: "eau", 2: "zone humide", 3: "bois", 4: "prairie", 5: "culture", 6: "route",
        7: "bâti", 8: "terril",
    },
)  # fmt: skip

FLOOD_DEPTH = GridSchema(
    "flood_depth", "Hauteur d'eau", "Water depth",
    "Depth of water above ground in one scenario; 0 is dry ground that was modelled, and so is "
    "what resampling left a little below 0, which is counted",
    unit="m", minimum=-1.0, maximum=30.0,
)  # fmt: skip

TERRAIN = GridSchema(
    "terrain", "Niveau du sol", "Ground level",
    "Level of the ground, without buildings and trees (NGF IGN69)",
    unit="m", minimum=-200.0, maximum=5_000.0,
)  # fmt: skip

GRID_SCHEMAS = (LAND_COVER, FLOOD_DEPTH, TERRAIN)
