"""Constants of the domain, each with its value, unit, source and date."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BUFFER_COMMUNES",
    "COLLIERIES",
    "ELEMENTS",
    "ESTATES",
    "EXPOSED_BUILDINGS",
    "EXPOSED_COMMUNES",
    "HECTARE_M2",
    "INSCRIBED_RAILWAY",
    "PROPERTY_AND_BUFFER_AREA",
    "PROPERTY_AREA",
    "PROPERTY_COMMUNES",
    "PROPERTY_TERRILS",
    "PUMPING_STATIONS",
    "Fact",
]


HECTARE_M2 = 10_000.0
"""Square metres of a hectare."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A published figure.

    Parameters
    ----------
    value : float
        The figure.
    unit : str
        Its unit.
    meaning, meaning_fr : str
        What is counted, in English and in French.
    source : str
        Who published it.
    date : str
        Year or date of the figure.
    """

    value: float
    unit: str
    meaning: str
    meaning_fr: str
    source: str
    date: str


_LIST = "UNESCO 1360, Mission Bassin Minier"
_REPORT = "Mission Bassin Minier"


def _listed(value: float, unit: str, *meanings: str) -> Fact:
    """Return a figure of the inscription on the World Heritage List, 2012."""
    english, french = meanings
    return Fact(value, unit, english, french, _LIST, "2012")


def _reported(value: float, unit: str, *meanings: str) -> Fact:
    """Return a figure of the report that the flood theme serves; it bears no date."""
    english, french = meanings
    return Fact(value, unit, english, french, _REPORT, "s. d.")


ELEMENTS = _listed(109, "", "Elements of the property", "Éléments du bien inscrit")
PROPERTY_TERRILS = _listed(51, "", "Terrils inside the property", "Terrils du bien")
ESTATES = _listed(124, "", "Mining estates inside the property", "Cités minières du bien")
COLLIERIES = _listed(17, "", "Collieries inside the property", "Fosses du bien")
INSCRIBED_RAILWAY = _listed(54, "km", "Former mine railway inscribed", "Cavaliers inscrits")
PROPERTY_AREA = _listed(3943, "ha", "Area of the property", "Surface du bien")
PROPERTY_AND_BUFFER_AREA = _listed(
    18804, "ha", "Area of property and buffer", "Surface du bien et de sa zone tampon"
)
PROPERTY_COMMUNES = _listed(
    87, "communes", "Communes with a part of the property", "Communes concernées par le bien"
)
BUFFER_COMMUNES = _listed(
    124, "communes", "Communes with a part of the buffer", "Communes concernées par la zone tampon"
)
EXPOSED_COMMUNES = _reported(
    29,
    "communes",
    "Communes with flooded constructions",
    "Communes ayant des constructions exposées",
)
EXPOSED_BUILDINGS = _reported(
    2233, "", "Constructions possibly flooded", "Constructions potentiellement inondées"
)
PUMPING_STATIONS = _reported(40, "", "Pumping stations, about", "Stations de relevage, environ")


def __dir__() -> list[str]:
    return sorted(__all__)
