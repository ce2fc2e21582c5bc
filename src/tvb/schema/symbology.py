"""The types of plan zones and the colours that the CNIG prescribes for them: one table for all.

References
----------
.. [1] CNIG, Standard de dématérialisation des documents d'urbanisme, symbolisation.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "OTHER_ZONES",
    "ZONE_OPACITY",
    "ZONE_OUTLINE",
    "ZONE_OUTLINE_PT",
    "ZONE_TYPES",
    "ZoneType",
]

ZONE_OUTLINE, ZONE_OUTLINE_PT = "#343434", 0.8
ZONE_OPACITY = 0.6
"""Of the ground at scales smaller than 1:2500: 40 % transparent."""


@dataclass(frozen=True, slots=True)
class ZoneType:
    """A type of zone.

    Parameters
    ----------
    fr, en : str
        What it is.
    small, large : str
        Colours at scales smaller than 1:2500, and from there on.
    today : str
        Type that took its place in 2017; empty for those of today.
    """

    fr: str
    en: str
    small: str
    large: str
    today: str = ""


_FARM, _NATURE = ("#ffff00", "#fff000"), ("#56aa02", "#23a600")

ZONE_TYPES: dict[str, ZoneType] = {
    "U": ZoneType("urbaine", "urban", "#e60000", "#b00006"),
    "AUc": ZoneType("à urbaniser, ouverte", "to be urbanised, open", "#ff6565", "#d40006"),
    "AUs": ZoneType("à urbaniser, bloquée", "to be urbanised, blocked", "#feccbe", "#e88766"),
    "A": ZoneType("agricole", "agricultural", *_FARM),
    "N": ZoneType("naturelle et forestière", "natural and forest", *_NATURE),
    "Ah": ZoneType("agricole habitée", "agricultural, inhabited", *_FARM, today="A"),
    "Nd": ZoneType("naturelle", "natural", *_NATURE, today="N"),
    "Nh": ZoneType("naturelle habitée", "natural, inhabited", *_NATURE, today="N"),
}
"""By ``TYPEZONE``; versions 2013 and 2014 also have the last three."""

OTHER_ZONES = ZoneType("Autre type de zone", "Other type of zone", "#b0b0b0", "#808080")
"""What the standard does not know."""
