"""The symbols that the CNIG prescribes for town plans, as data.

Colours, widths and distances are those of the published symbology. Glyphs of fonts that only one
system has are drawn shapes here, and a circle of a pattern shrinks in the legend. One thing is
added: zones to be urbanised are ruled with lines, because their colours and that of natural zones
are one grey on paper printed in black.

References
----------
.. [1] CNIG, Standard de dématérialisation des documents d'urbanisme, symbolisation.
"""

from __future__ import annotations

from dataclasses import dataclass

from tvb.maps.patterns import Band, Circles, Pattern, Ruling, Ticks
from tvb.maps.symbols import Fill, Marker, Stroke
from tvb.maps.texts import Lang, typeset
from tvb.schema.symbology import (
    OTHER_ZONES,
    ZONE_OPACITY,
    ZONE_OUTLINE,
    ZONE_OUTLINE_PT,
    ZONE_TYPES,
)

__all__ = [
    "INFORMATIONS", "LARGE_SCALE", "OUTLINE", "PRESCRIPTIONS", "ZONES", "Item", "Zone",
    "find_item", "zone_symbol", "zone_type",
]  # fmt: skip

LARGE_SCALE = 2500.0
"""Denominator from which zones have a band along their outline instead of a ground."""
OUTLINE = ZONE_OUTLINE
_WIDTH_PT, _OPACITY = ZONE_OUTLINE_PT, ZONE_OPACITY
_BAND_PT, _OFFSET_PT, _LARGE_PT = 7.0, 3.0, 2.5
# Level lines: no prescription but « other » has them, which is wider apart and grey.
_RULED: dict[str, tuple[float, ...]] = {"AUc": (), "AUs": (4.0, 3.0)}
_RULING_PT, _RULE_PT = 3.0, 0.5


@dataclass(frozen=True, slots=True)
class Zone:
    """A type of zone.

    Parameters
    ----------
    small, large : str
        Colours at scales smaller than 1:2500, and from there on.
    fr, en : str
        What it is.
    """

    small: str
    large: str
    fr: str
    en: str

    def label(self, lang: Lang) -> str:
        """Return what it is.

        Parameters
        ----------
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            Text of the legend.
        """
        return typeset(self.fr if lang == "fr" else self.en, lang)


ZONES: dict[str, Zone] = {
    code: Zone(kind.small, kind.large, f"{code} : {kind.fr}", f"{code}: {kind.en}")
    for code, kind in ZONE_TYPES.items()
    if not kind.today
} | {"": Zone(OTHER_ZONES.small, OTHER_ZONES.large, OTHER_ZONES.fr, OTHER_ZONES.en)}
"""By ``TYPEZONE``; the empty type is for what the standard does not know."""
_BEFORE_2017 = {code: kind.today for code, kind in ZONE_TYPES.items() if kind.today}


def zone_symbol(kind: str, *, large: bool) -> Fill:
    """Return the symbol of a type of zone.

    Parameters
    ----------
    kind : str
        Key of `ZONES`.
    large : bool
        For scales from 1:2500 on.

    Returns
    -------
    Fill
        A transparent ground, or a band along the outline; ruled for zones to be urbanised.
    """
    zone = ZONES[kind]
    ruled: tuple[Pattern, ...] = ()
    if kind in _RULED:
        ruled = (Ruling(zone.large, 0.0, _RULING_PT, _RULE_PT, _RULED[kind]),)
    if large:
        band = Band(zone.large, _BAND_PT, _OFFSET_PT)
        return Fill(None, OUTLINE, _LARGE_PT, patterns=(*ruled, band))
    return Fill(zone.small, OUTLINE, _WIDTH_PT, alpha=_OPACITY, patterns=ruled)


def zone_type(kind: object) -> str:
    """Return the key of `ZONES` for a type as delivered.

    Parameters
    ----------
    kind : object
        Value of ``TYPEZONE``; types of before 2017 join those of today.

    Returns
    -------
    str
        Empty for an unknown or missing one.
    """
    text = str(kind)
    return text if text in ZONES else _BEFORE_2017.get(text, "")


@dataclass(frozen=True, slots=True)
class Item:
    """A prescription or an information.

    Parameters
    ----------
    codes : tuple of str
        Type and sub-type such as ``07-01``, or a type for all its sub-types.
    fr, en : str
        What it is.
    colour : str
        Of outline, line and point.
    width_pt : float
        Of outline and line.
    patterns : tuple of Pattern
        Inside areas.
    ticks : tuple of Ticks
        Along outlines and lines.
    dashes : tuple of float
        Of outline and line, in widths.
    face : str, optional
        Ground of areas.
    """

    codes: tuple[str, ...]
    fr: str
    en: str
    colour: str
    width_pt: float = _WIDTH_PT
    patterns: tuple[Pattern, ...] = ()
    ticks: tuple[Ticks, ...] = ()
    dashes: tuple[float, ...] = ()
    face: str | None = None

    @property
    def area(self) -> Fill:
        """Symbol of an area."""
        return Fill(
            self.face, self.colour, self.width_pt, alpha=_OPACITY,
            patterns=(*self.patterns, *self.ticks), dashes=self.dashes,
        )  # fmt: skip

    @property
    def line(self) -> Stroke:
        """Symbol of a line."""
        return Stroke(self.colour, max(self.width_pt, 1.2), self.dashes, patterns=self.ticks)

    @property
    def point(self) -> Marker:
        """Symbol of a point."""
        return Marker("diamond", 2.4, self.colour, "#ffffff", 0.5)

    def label(self, lang: Lang) -> str:
        """Return codes and meaning.

        Parameters
        ----------
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            Text of the legend.
        """
        mark = " : " if lang == "fr" else ": "
        codes = ", ".join(self.codes)
        text = self.fr if lang == "fr" else self.en
        return typeset(f"{codes}{mark}{text}" if codes else text, lang)


def _ruled(colour: str, angle: float, spacing_pt: float) -> tuple[Pattern, ...]:
    return (Ruling(colour, angle, spacing_pt, 0.6),)


PRESCRIPTIONS: tuple[Item, ...] = (
    Item(("01",), "espace boisé classé", "classified woodland", "#268c00",
         patterns=(Circles("#56aa02", 6.0, 9.0),)),
    Item(("02-01",), "construction interdite (environnement, risque)",
         "building forbidden (environment, risk)", "#df73e1", patterns=_ruled("#df73e1", 45, 5)),
    Item(("02-02",), "construction sous conditions (environnement, risque)",
         "building under conditions (environment, risk)", "#ffa77f",
         patterns=_ruled("#ffa77f", 45, 5)),
    Item(("02",), "constructibilité limitée", "building limited", "#6e6e6e"),
    Item(("05",), "emplacement réservé", "reserved site", "#e600a9",
         patterns=(*_ruled("#e600a9", 45, 5), *_ruled("#e600a9", 135, 5))),
    Item(("07-04", "07-05"), "élément de paysage protégé pour motif écologique",
         "landscape element protected on ecological grounds", "#38a800", 1.2,
         patterns=_ruled("#38a800", 45, 7)),
    Item(("07",), "patrimoine bâti ou paysager à protéger",
         "built or landscape heritage to protect", "#730000", 1.2,
         patterns=_ruled("#730000", 135, 7)),
    Item(("18",), "orientation d'aménagement (OAP)", "development guideline (OAP)", "#ff5500",
         patterns=_ruled("#ff5500", 90, 9)),
    Item(("24",), "voie ou chemin à conserver ou à créer", "way to keep or to create", "#000000",
         1.0, ticks=(Ticks("#000000", 4.0, 6.0),)),
    Item(("25",), "continuité écologique", "ecological continuity", "#004da8", 1.0,
         ticks=(Ticks("#004da8", 6.0, 13.0),)),
    Item((), "Autre prescription", "Other prescription", "#6e6e6e",
         patterns=(Ruling("#9c9c9c", 0, 7, 0.4),)),
)  # fmt: skip
"""The first whose codes fit is meant; the last one is for all others."""

INFORMATIONS: tuple[Item, ...] = (
    Item(("40-01",), "bien inscrit au Patrimoine mondial", "World Heritage property", "#ffc476",
         1.6, patterns=(Circles("#ffc476", 30.0, 15.0, 0.8),)),
    Item(("40-02",), "zone tampon du Patrimoine mondial", "World Heritage buffer zone", "#ffc493",
         1.6, patterns=(Circles("#ffc493", 60.0, 30.0, 0.8),)),
    Item(("09",), "périmètre minier", "mining perimeter", "#cdaa66"),
    Item(("21",), "projet de plan de prévention des risques", "draft risk prevention plan",
         "#8400a8", patterns=(Ruling("#8400a8", 100, 5, 0.6, (3.0, 3.0)),)),
    Item(("31",), "périmètre patrimonial", "heritage perimeter", "#895a44", 2.0, face="#ffffff"),
    Item((), "Autre information", "Other information", "#6e6e6e", dashes=(4.0, 2.0)),
)  # fmt: skip
"""As `PRESCRIPTIONS`."""


def find_item(items: tuple[Item, ...], code: object) -> int:
    """Return which item a code is.

    Parameters
    ----------
    items : tuple of Item
        `PRESCRIPTIONS` or `INFORMATIONS`.
    code : object
        Such as ``07-01``; a null one is none of the known.

    Returns
    -------
    int
        Position of the item.
    """
    text = str(code)
    for position, item in enumerate(items):
        if text in item.codes or text[:2] in item.codes:
            return position
    return len(items) - 1
