"""Layers of the heritage theme that no national standard describes.

Sources of the names: the layer « zt-parvis-agricoles » of the Mission Bassin Minier; the table of
watched objects is tvb's own, for an analyst to keep.
"""

from __future__ import annotations

from tvb.schema.declare import Column, LayerSchema

__all__ = ["FARMLAND", "HERITAGE_SCHEMAS", "WATCHED_OBJECTS"]

FARMLAND = LayerSchema(
    "farmland", "Parvis agricoles", "Farmland with a view",
    "One stretch of farmland from which a terril or a colliery is seen", frozenset({"polygon"}),
    key="id_parvis",
    columns=(
        Column("id_parvis", "text", "Identifier", aliases=("id",)),
        Column("qualite_vue", "text", "Quality of the view, as published"),
        Column("vue_sur", "text", "What is seen: codes of terrils or names, joined by commas"),
    ),
)  # fmt: skip

WATCHED_OBJECTS = LayerSchema(
    "watched_objects", "Objets sous surveillance", "Watched objects",
    "One pit head, building or estate that an analyst watches",
    frozenset({"point", "polygon"}), key="id_objet",
    columns=(
        Column("id_objet", "text", "Identifier", required=True, nullable=False,
               aliases=("id", "identifiant", "numero", "id_unesco")),
        Column("categorie", "text", "Kind: chevalement, fosse, bâti, cité, …",
               aliases=("kind", "type", "typologie", "nature")),
        Column("nom", "text", "Name of the object", aliases=("name", "denomination")),
        Column("insee", "text", "INSEE code of the commune", width=5,
               aliases=("code_insee", "insee_com", "code_commune")),
        Column("etat", "text", "State: bon, moyen, mauvais, ruine, …",
               aliases=("etat_sanitaire", "state")),
        Column("proprietaire", "text", "Owner", aliases=("owner", "propriete")),
        Column("protection", "text", "Protection: Classé MH, Inscrit MH, non, …",
               aliases=("protege",)),
        Column("date_observation", "text", "Day of the last observation: 31/12/2024, 2024-12-31",
               aliases=("date", "date_visite", "derniere_observation", "observe_le")),
        Column("note", "text", "Remarks", aliases=("notes", "remarque", "commentaire")),
    ),
)  # fmt: skip

HERITAGE_SCHEMAS = (FARMLAND, WATCHED_OBJECTS)
