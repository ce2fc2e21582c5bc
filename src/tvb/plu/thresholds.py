"""Numbers that the rules depend on, each with what it decides and where it comes from."""

from __future__ import annotations

from tvb.plu.declare import Threshold, Words

__all__ = [
    "BORDER_WIDTH",
    "COVERED_SHARE",
    "CYCLE_COVER",
    "CYCLE_TOLERANCE",
    "EC_LOSS",
    "LINK_CROSSED",
    "MATCH_SHARE",
    "NETWORK_COVER",
    "OVERLAP_WIDTH",
    "PARTIAL_SHARE",
    "PATCH_SHARE",
    "POINT_AREA",
    "PROTECTED_SHARE",
    "SHIFT_EXPLAINED",
    "TOLERANCE",
    "VIEW_AREA",
    "ZONE_WIDTH",
]

_CHOICE = Words("choix de tvb, à adapter", "choice of tvb, to be adapted")
_GENERALISED = Words(
    "couches de référence publiées par la Mission Bassin Minier, généralisées à environ 10 m ; "
    "marge de 5 m pour le cadastre",
    "reference layers of the Mission Bassin Minier, generalised to about 10 m; 5 m for the "
    "cadastre",
)

TOLERANCE = Threshold(
    "tolerance_m", 15.0, "m",
    Words("écart de tracé admis entre la transcription et la référence",
          "distance accepted between what is transcribed and the reference"),
    _GENERALISED,
)  # fmt: skip
PARTIAL_SHARE = Threshold(
    "missing_share", 0.01, "",
    Words("part du périmètre de la commune qui peut manquer, ou être en trop, au-delà de la "
          "tolérance",
          "share of the perimeter in the commune that may be lacking, or too much, beyond the "
          "tolerance"),
    _CHOICE,
)  # fmt: skip
SHIFT_EXPLAINED = Threshold(
    "shift_explained_share", 0.5, "",
    Words("part de la différence symétrique qu'une translation doit faire disparaître pour être "
          "un décalage",
          "share of the symmetric difference that a translation has to undo to be a shift"),
    _CHOICE,
)  # fmt: skip
MATCH_SHARE = Threshold(
    "match_share", 0.8, "",
    Words("intersection sur union à partir de laquelle un objet d'un autre code est le périmètre",
          "intersection over union from which an object of another code is the perimeter"),
    _CHOICE,
)  # fmt: skip
OVERLAP_WIDTH = Threshold(
    "overlap_width_m", 10.0, "m",
    Words("diamètre du cercle que doit contenir une surface, ou longueur d'une ligne, pour compter",
          "diameter of the circle that an area has to hold, or length of a line, to count"),
    _GENERALISED,
)  # fmt: skip
PROTECTED_SHARE = Threshold(
    "protected_share", 0.95, "",
    Words("part de l'élément à partir de laquelle il est protégé",
          "share of the element from which it is protected"),
    _CHOICE,
)  # fmt: skip
COVERED_SHARE = Threshold(
    "unprotected_share", 0.01, "",
    Words("part de l'élément en deçà de laquelle il est sans protection",
          "share of the element below which it has no protection"),
    _CHOICE,
)  # fmt: skip
POINT_AREA = Threshold(
    "point_area_m2", 2000.0, "m²",
    Words("surface jusqu'à laquelle un point ou une ligne peut protéger un élément inscrit",
          "area up to which a point or a line may protect an inscribed element"),
    Words("choix de tvb : un bâtiment ou un chevalement, non une cité ni un terril",
          "choice of tvb: a building or a headframe, neither an estate nor a terril"),
)  # fmt: skip
NETWORK_COVER = Threshold(
    "network_share", 0.8, "",
    Words("part des corridors ou réservoirs de la commune que le plan doit couvrir",
          "share of the corridors or core areas of the commune that the plan should cover"),
    _CHOICE,
)  # fmt: skip
LINK_CROSSED = Threshold(
    "link_crossed_m", 1.0, "m",
    Words("longueur d'un lien du graphe dans une zone AU à partir de laquelle il est coupé",
          "length of a link of the graph in an AU zone from which it is cut"),
    _CHOICE,
)  # fmt: skip
PATCH_SHARE = Threshold(
    "patch_share", 0.01, "",
    Words("part d'une tache d'habitat que la zone AU prend pour être signalée",
          "share of a habitat patch that an AU zone takes to be told"),
    _CHOICE,
)  # fmt: skip
EC_LOSS = Threshold(
    "ec_loss_percent", 0.1, "%",
    Words("perte de surface équivalente connexe, EC(PC), signalée",
          "loss of equivalent connected area, EC(PC), that is told"),
    _CHOICE,
)  # fmt: skip
CYCLE_TOLERANCE = Threshold(
    "cycle_tolerance_m", 15.0, "m",
    Words("distance à laquelle une réservation sert une liaison cyclable",
          "distance at which a reservation serves a cycle link"),
    _CHOICE,
)  # fmt: skip
CYCLE_COVER = Threshold(
    "cycle_share", 0.9, "",
    Words("part de la liaison à partir de laquelle elle est réservée",
          "share of the link from which it is reserved"),
    _CHOICE,
)  # fmt: skip
VIEW_AREA = Threshold(
    "view_area_m2", 500.0, "m²",
    Words("surface de parvis agricole prise par une zone AU à partir de laquelle la vue est "
          "signalée",
          "area of viewing farmland taken by an AU zone from which the view is told"),
    _CHOICE,
)  # fmt: skip
ZONE_WIDTH = Threshold(
    "zone_width_m", 1.0, "m",
    Words("largeur (deux fois la surface sur le périmètre) à partir de laquelle un chevauchement "
          "ou un trou entre zones compte",
          "width (twice the area over the perimeter) from which an overlap or a gap between zones "
          "counts"),
    Words("classe de précision des plans cadastraux, de l'ordre du mètre ; choix de tvb",
          "accuracy of cadastral plans, about a metre; choice of tvb"),
)  # fmt: skip
BORDER_WIDTH = Threshold(
    "border_width_m", 10.0, "m",
    Words("même largeur le long de la limite communale, qui peut être généralisée",
          "the same width along the border of the commune, which may be generalised"),
    _GENERALISED,
)  # fmt: skip
