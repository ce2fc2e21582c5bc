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
    "INSCRIBED_RAILWAY",
    "PROPERTY_AND_BUFFER_AREA",
    "PROPERTY_AREA",
    "PROPERTY_COMMUNES",
    "PROPERTY_TERRILS",
    "PUMPING_STATIONS",
    "Fact",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """A published figure.

    Parameters
    ----------
    value : float
        The figure.
    unit : str
        Its unit.
    meaning : str
        What is counted.
    source : str
        Who published it.
    date : str
        Year or date of the figure.
    """

    value: float
    unit: str
    meaning: str
    source: str
    date: str


_LIST = "UNESCO, inscription 1360, as published by the Mission Bassin Minier"
_TVB = "Mission Bassin Minier, report on flood knowledge and the Trame verte et bleue"

ELEMENTS = Fact(109, "elements", "Elements of the World Heritage property", _LIST, "2012")
PROPERTY_TERRILS = Fact(51, "terrils", "Terrils inside the property", _LIST, "2012")
ESTATES = Fact(124, "estates", "Mining estates inside the property", _LIST, "2012")
COLLIERIES = Fact(17, "collieries", "Collieries (fosses) inside the property", _LIST, "2012")
INSCRIBED_RAILWAY = Fact(54, "km", "Former mine railway inside the property", _LIST, "2012")
PROPERTY_AREA = Fact(3943, "ha", "Area of the property", _LIST, "2012")
PROPERTY_AND_BUFFER_AREA = Fact(18804, "ha", "Property and buffer zone together", _LIST, "2012")
PROPERTY_COMMUNES = Fact(87, "communes", "Communes with a part of the property", _LIST, "2012")
BUFFER_COMMUNES = Fact(124, "communes", "Communes with a part of the buffer", _LIST, "2012")
EXPOSED_COMMUNES = Fact(29, "communes", "Communes with flooded constructions", _TVB, "n.d.")
EXPOSED_BUILDINGS = Fact(2233, "constructions", "Constructions possibly flooded", _TVB, "n.d.")
PUMPING_STATIONS = Fact(40, "stations", "Pumping stations, about", _TVB, "n.d.")
