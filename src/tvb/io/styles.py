"""How QGIS and map servers draw each layer, unless told otherwise.

Hues come from the palette of Okabe and Ito, made to stay apart for colour-blind readers [1]_;
ordered classes go from light to dark, so that grey print keeps their order. Plan zones have the
colours that CNIG prescribes.

References
----------
.. [1] Okabe and Ito (2008), Color universal design, https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import ParameterError, explain
from tvb.io.qml import to_qml
from tvb.io.sld import to_sld
from tvb.io.symbols import Hatch, Marker, Style, StyleClass, Symbol
from tvb.messages.typography import mark_number
from tvb.schema import SCHEMAS
from tvb.schema.declare import Family
from tvb.schema.symbology import (
    OTHER_ZONES,
    ZONE_OPACITY,
    ZONE_OUTLINE,
    ZONE_OUTLINE_PT,
    ZONE_TYPES,
)

__all__ = [
    "Hatch",
    "Marker",
    "Style",
    "StyleClass",
    "Symbol",
    "graduated_classes",
    "style_for",
    "styles_for",
    "to_qml",
    "to_sld",
]

Lang = Literal["fr", "en"]

_INK = "#1c1c1c"
_ORANGE, _SKY, _GREEN, _YELLOW, _BLUE, _VERMILION, _PURPLE = (
    "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
)  # fmt: skip
_BROWN, _DARK_BROWN, _DARK_GREEN, _GREY, _PALE = (
    "#b0762c", "#6b3e07", "#00593f", "#5c5c5c", "#eeeeea",
)  # fmt: skip
_GREENS = ("#dbe9a8", "#a5d07e", "#57ad6b", "#1f7f69", "#0b4b55")
_BLUES = ("#d6e6f4", "#a3cae6", "#5f9fd0", "#2a6cae", "#0b3a73")
_VIOLETS = ("#dcd3ec", "#b9a8d8", "#9079bd", "#694f9b", "#432c6f")
_POINT_MM = 25.4 / 72

_NEUTRAL: dict[Family, Symbol] = {
    "point": Symbol("point", fill=_GREY, stroke="#ffffff"),
    "line": Symbol("line", stroke=_GREY, stroke_mm=0.5),
    "polygon": Symbol("polygon", fill=_GREY, stroke=_INK, opacity=0.3),
}

_CORRIDOR = Hatch(_GREEN, angle=45, distance_mm=1.6, width_mm=0.35)
_SYMBOLS: dict[str, tuple[Symbol, ...]] = {
    "communes": (Symbol("polygon", stroke=_GREY, stroke_mm=0.2),),
    "study_area": (Symbol("polygon", stroke=_INK, stroke_mm=0.6, dash_mm=(4.0, 2.0)),),
    "property": (
        Symbol("polygon", fill=_ORANGE, opacity=0.55, stroke=_DARK_BROWN, stroke_mm=0.3),
    ),
    "buffer": (
        Symbol("polygon", stroke=_BROWN, stroke_mm=0.4, dash_mm=(2.0, 1.0),
               hatch=Hatch(_BROWN, angle=135, distance_mm=2.4, width_mm=0.2)),
    ),
    "property_elements": (Symbol("polygon", stroke=_DARK_BROWN, stroke_mm=0.5),),
    "terrils": (Symbol("polygon", fill="#3d3d3d", opacity=0.85, stroke=_INK, stroke_mm=0.15),),
    "corridors": (
        Symbol("polygon", fill=_GREEN, opacity=0.15, stroke=_GREEN, hatch=_CORRIDOR),
        Symbol("line", stroke=_GREEN, stroke_mm=1.2, dash_mm=(4.0, 1.5)),
    ),
    "core_areas": (Symbol("polygon", fill=_DARK_GREEN, opacity=0.6, stroke=_DARK_GREEN),),
    "cavaliers": (
        Symbol("line", stroke=_DARK_BROWN, stroke_mm=0.5, dash_mm=(2.5, 0.8)),
        Symbol("polygon", fill=_DARK_BROWN, opacity=0.7, stroke=_DARK_BROWN),
    ),
    "cycle_routes": (Symbol("line", stroke=_PURPLE, stroke_mm=0.9),),
    "buildings": (Symbol("polygon", fill="#7d7d7d", stroke=_GREY, stroke_mm=0.1),),
    "listed_buildings": (Symbol("polygon", fill=_VERMILION, stroke=_INK, stroke_mm=0.15),),
    "pumping_stations": (
        Symbol("point", fill=_BLUE, stroke="#ffffff", marker="triangle", size_mm=3.2),
    ),
    "drained_basins": (
        Symbol("polygon", stroke=_BLUE, stroke_mm=0.4,
               hatch=Hatch(_BLUE, angle=0, distance_mm=1.8, width_mm=0.25)),
    ),
    "pits": (Symbol("point", fill="#ffffff", stroke=_INK, marker="square", size_mm=1.8),),
    "estates": (
        Symbol("polygon", fill=_YELLOW, opacity=0.7, stroke=_BROWN, stroke_mm=0.15),
    ),
    "water_bodies": (Symbol("polygon", fill=_SKY, stroke=_BLUE, stroke_mm=0.2),),
    "prescription_surf": (
        Symbol("polygon", stroke=_PURPLE, hatch=Hatch(_PURPLE, angle=45, distance_mm=2.4)),
    ),
    "prescription_lin": (Symbol("line", stroke=_PURPLE, stroke_mm=0.7),),
    "prescription_pct": (Symbol("point", fill=_PURPLE, stroke=_INK, marker="diamond"),),
    "info_surf": (
        Symbol("polygon", stroke=_BROWN, hatch=Hatch(_BROWN, angle=90, distance_mm=2.4)),
    ),
    "info_lin": (Symbol("line", stroke=_BROWN, stroke_mm=0.7),),
    "info_pct": (Symbol("point", fill=_BROWN, stroke=_INK, marker="diamond"),),
    "protected_zones": (
        Symbol("polygon", stroke=_GREEN, stroke_mm=0.4,
               hatch=Hatch(_GREEN, angle=135, distance_mm=2.0, width_mm=0.25)),
    ),
    "over_hazard": (
        Symbol("polygon", stroke=_VERMILION, stroke_mm=0.4,
               hatch=Hatch(_VERMILION, angle=45, distance_mm=1.6, width_mm=0.25)),
    ),
    "protective_works": (Symbol("line", stroke=_INK, stroke_mm=1.0),),
    "farmland": (Symbol("polygon", fill="#f3e9b5", stroke="#b59f3b", stroke_mm=0.15),),
    "watched_objects": (
        Symbol("point", fill=_VERMILION, stroke=_INK, marker="square", size_mm=2.6),
        Symbol("polygon", fill=_VERMILION, opacity=0.6, stroke=_INK, stroke_mm=0.2),
    ),
    "population_grid": (Symbol("polygon", fill=_VIOLETS[1], opacity=0.6, stroke=_VIOLETS[3]),),
    "habillage_surf": (Symbol("polygon", stroke=_GREY, stroke_mm=0.2),),
    "habillage_lin": (Symbol("line", stroke=_GREY, stroke_mm=0.3),),
    "habillage_pct": (Symbol("point", fill=_GREY, stroke=_INK, size_mm=1.2),),
    "habillage_txt": (Symbol("point", fill=_GREY, stroke=_GREY, size_mm=0.8),),
    "generateur_sup_s": (Symbol("polygon", fill=_DARK_BROWN, opacity=0.6, stroke=_INK),),
    "generateur_sup_l": (Symbol("line", stroke=_DARK_BROWN, stroke_mm=0.6),),
    "generateur_sup_p": (Symbol("point", fill=_DARK_BROWN, stroke=_INK, marker="diamond"),),
    "assiette_sup_s": (
        Symbol("polygon", stroke=_VERMILION, stroke_mm=0.4, dash_mm=(2.0, 1.0),
               hatch=Hatch(_VERMILION, angle=0, distance_mm=3.0, width_mm=0.15)),
    ),
    "assiette_sup_l": (Symbol("line", stroke=_VERMILION, stroke_mm=0.5, dash_mm=(2.0, 1.0)),),
    "assiette_sup_p": (Symbol("point", fill=_VERMILION, stroke=_INK, marker="diamond"),),
    "patches": (Symbol("polygon", fill=_GREENS[2], stroke=_DARK_GREEN, stroke_mm=0.15),),
    "links": (Symbol("line", stroke=_VIOLETS[3], stroke_mm=0.4),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Categories:
    """Classes of a column of text: value, French and English label, colour.

    Without a stroke, an area is outlined in the colour of its class.
    """

    column: str
    opacity: float
    stroke: str
    stroke_mm: float
    entries: tuple[tuple[str | None, str, str, str], ...]
    family: Family = "polygon"


_LEVELS = (
    ("bloquant", "Bloquant", "Blocking", _VERMILION),
    ("à corriger", "À corriger", "To correct", _ORANGE),
    ("à vérifier", "À vérifier", "To check", _SKY),
    ("information", "Information", "Information", _GREY),
    (None, "Autre", "Other", "#b0b0b0"),
)

_CATEGORIES: dict[str, _Categories] = {
    "constats_surf": _Categories("level", 0.35, "", 0.5, _LEVELS),
    "constats_lin": _Categories("level", 1.0, "", 0.9, _LEVELS, "line"),
    "constats_pct": _Categories("level", 1.0, "", 0.2, _LEVELS, "point"),
    "flood_zones": _Categories(
        "scenario", 0.7, _BLUES[4], 0.1,
        (
            ("04Fai_100", "Faible, climat changé, 100 ans", "Low, changed climate, 100 years",
             "#d6e6f4"),
            ("04Faicc_ct", "Faible, climat changé, court terme", "Low, changed climate, near",
             "#bcd8ed"),
            ("04Fai", "Probabilité faible", "Low probability", "#a3cae6"),
            ("03Mcc", "Moyenne, climat changé", "Medium, changed climate", "#81b4db"),
            ("03Mcc_ct", "Moyenne, climat changé, court terme", "Medium, changed climate, near",
             "#5f9fd0"),
            ("02Moy", "Probabilité moyenne", "Medium probability", "#4486bf"),
            ("01Forcc_100", "Forte, climat changé, 100 ans", "High, changed climate, 100 years",
             "#2a6cae"),
            ("01Forcc_ct", "Forte, climat changé, court terme", "High, changed climate, near",
             "#1a5390"),
            ("01For", "Probabilité forte", "High probability", "#0b3a73"),
            (None, "Autre scénario", "Other scenario", "#b0b0b0"),
        ),
    ),
    "depth_classes": _Categories(
        "classe", 0.7, _BLUES[4], 0.1,
        (
            ("Emerg", "Émergé", "Dry", "#f1efe8"),
            ("Inf05", "Moins de 0,5 m", "Below 0.5 m", _BLUES[0]),
            ("05-1m", "De 0,5 à 1 m", "0.5 to 1 m", _BLUES[1]),
            ("1m-2m", "De 1 à 2 m", "1 to 2 m", _BLUES[2]),
            ("Sup2m", "Plus de 2 m", "Above 2 m", _BLUES[4]),
            (None, "Autre", "Other", "#b0b0b0"),
        ),
    ),
    # CNIG standard for PPR, 2025: hazard and regulation.
    "ppr_hazard": _Categories(
        "niveaualea", 0.7, "#343434", 0.15,
        (
            ("01", "Aléa faible", "Low hazard", "#8fbc8f"),
            ("02", "Aléa moyen", "Medium hazard", "#87cefa"),
            ("03", "Aléa moyen plus", "Medium hazard plus", "#87cefa"),
            ("04", "Aléa fort", "High hazard", "#f5deb3"),
            ("05", "Aléa fort plus", "High hazard plus", "#f5deb3"),
            ("06", "Aléa très fort", "Very high hazard", "#e9967a"),
            ("07", "Aléa très fort aggravé", "Very high hazard, aggravated", "#f08080"),
            (None, "Autre", "Other", "#b0b0b0"),
        ),
    ),
    "ppr_regulation": _Categories(
        "typereglement", 0.6, "#343434", 0.15,
        (
            ("01", "Prescriptions hors aléa", "Rules outside the hazard", "#89d9e7"),
            ("02", "Prescriptions", "Rules", "#0000ff"),
            ("03", "Interdiction", "Ban", "#ff6060"),
            ("04", "Interdiction stricte", "Strict ban", "#e00000"),
            ("05", "Recommandations", "Advice", "#b2df8a"),
            (None, "Autre", "Other", "#b0b0b0"),
        ),
    ),
    # CNIG symbology for scales smaller than 1:2500.
    "zone_urba": _Categories(
        "typezone", ZONE_OPACITY, ZONE_OUTLINE, ZONE_OUTLINE_PT * _POINT_MM,
        (
            *((code, f"{code} : {kind.fr}", f"{code}: {kind.en}", kind.small)
              for code, kind in ZONE_TYPES.items()),
            (None, "Autre", "Other", OTHER_ZONES.small),
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ramp:
    """Classes of a number: the first of the columns that the frame has, from light to dark."""

    columns: tuple[str, ...]
    colours: tuple[str, ...]
    title_fr: str
    title_en: str


_RAMPS: dict[str, _Ramp] = {
    "patches": _Ramp(
        ("d", "dPC", "dIIC", "pc_share", "capacity"), _GREENS,
        "Réservoirs : importance pour la connectivité",
        "Patches: importance for connectivity",
    ),
    "links": _Ramp(
        ("d", "dPC", "dIIC", "distance_m"), _VIOLETS[1:],
        "Liens entre réservoirs", "Links between patches",
    ),
    "communes": _Ramp(
        ("buildings_exposed_02Moy", "buildings_exposed_01For", "buildings_exposed_04Fai"), _BLUES,
        "Bâtiments exposés par commune", "Exposed buildings per commune",
    ),
}  # fmt: skip


def style_for(layer: str, frame: gpd.GeoDataFrame | None = None, *, lang: Lang = "fr") -> Style:
    """Return the style of a layer.

    Parameters
    ----------
    layer : str
        Name of a schema of `tvb.schema.SCHEMAS`, or ``patches``, ``links`` of a habitat graph.
    frame : geopandas.GeoDataFrame, optional
        The layer itself. Its values give the classes of a graduated style, its geometry decides
        where a layer may hold lines or polygons. Any other name is accepted with a frame and gets
        a neutral symbol.
    lang : {"fr", "en"}
        Language of the legend.

    Returns
    -------
    Style
        Single, categorised or graduated. The columns that it reads are in the frame. Where a layer
        mixes lines and polygons, the style draws those that are most numerous.

    Raises
    ------
    ParameterError
        If the layer is unknown and no frame is given.

    Examples
    --------
    >>> style_for("zone_urba").classes[0].symbol.fill
    '#e60000'
    """
    family = None if frame is None else _family_of(frame)
    if layer in _RAMPS and frame is not None:
        ramp = _RAMPS[layer]
        column = next((c for c in ramp.columns if _holds_numbers(frame, c)), None)
        if column is not None and family is not None:
            title = ramp.title_fr if lang == "fr" else ramp.title_en
            classes = graduated_classes(
                frame[column], family=family, colours=ramp.colours, lang=lang
            )
            return Style("graduated", classes, column, title)
    title = getattr(SCHEMAS[layer], f"title_{lang}") if layer in SCHEMAS else layer
    if layer in _CATEGORIES and (frame is None or _CATEGORIES[layer].column in frame.columns):
        return _categorised(_CATEGORIES[layer], title, lang)
    symbols = _SYMBOLS.get(layer, ())
    if not symbols and frame is None:
        raise ParameterError(
            explain(
                f"layer « {layer} »",
                "has no style of its own",
                required=", ".join([*_SYMBOLS, *_CATEGORIES]),
                remedy="give its frame too, or a Style",
            )
        )
    fitting = [s for s in symbols if family in (None, s.family)]
    symbol = fitting[0] if fitting else _NEUTRAL[family or "polygon"]
    return Style("single", (StyleClass(symbol, title),), title=title)


def styles_for(layer: str, frame: gpd.GeoDataFrame, *, lang: Lang = "fr") -> tuple[Style, ...]:
    """Return the styles of a layer, one for each family of geometry that it holds.

    Parameters
    ----------
    layer : str
        As for `style_for`.
    frame : geopandas.GeoDataFrame
        The layer itself.
    lang : {"fr", "en"}
        Language of the legend.

    Returns
    -------
    tuple of Style
        Points before lines before polygons; a single one for a layer without geometry.
    """
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    present = np.unique(dimension[dimension >= 0])
    if len(present) < 2:
        return (style_for(layer, frame, lang=lang),)
    return tuple(style_for(layer, frame[dimension == number], lang=lang) for number in present)


def graduated_classes(
    values: Sequence[float] | NDArray[np.float64] | pd.Series[float],
    *,
    family: Family = "polygon",
    colours: Sequence[str] = _BLUES,
    lang: Lang = "fr",
) -> tuple[StyleClass, ...]:
    """Return classes of about equal size with round bounds, from light to dark.

    Parameters
    ----------
    values : sequence of float
        Numbers to class; missing and infinite ones are left out.
    family : {"point", "line", "polygon"}
        What the symbols draw.
    colours : sequence of str
        One for each class.
    lang : {"fr", "en"}
        Decimal mark and thousands separator of the labels.

    Returns
    -------
    tuple of StyleClass
        They touch and hold every value. Zero has a class of its own, almost without colour. Bounds
        have two significant digits; equal ones are merged, so there may be fewer classes.

    Raises
    ------
    ParameterError
        If there is no number.
    """
    numbers = pd.to_numeric(pd.Series(values)).to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        raise ParameterError(explain("values", "no number among them", required="at least one"))
    has_zero = bool((numbers == 0).any()) and bool((numbers >= 0).all())
    ranked = numbers[numbers > 0] if has_zero else numbers
    classes = [StyleClass(_shade(_PALE, family), "0", lower=0.0, upper=0.0)] if has_zero else []
    if not len(ranked):
        return tuple(classes)
    bounds = _round_bounds(ranked, len(colours))
    labels = list(bounds)
    if has_zero:
        bounds[0] = 0.0
    used = [colours[round(i)] for i in np.linspace(0, len(colours) - 1, len(bounds) - 1)]
    for i, colour in enumerate(used):
        label = f"{_number(labels[i], lang)} – {_number(labels[i + 1], lang)}"
        classes.append(
            StyleClass(_shade(colour, family), label, lower=bounds[i], upper=bounds[i + 1])
        )
    return tuple(classes)


def _round_bounds(numbers: NDArray[np.float64], classes: int) -> list[float]:
    """Return ascending bounds, two at least, that enclose the numbers."""
    quantiles = np.quantile(numbers, np.linspace(0, 1, classes + 1))
    inner = {_two_digits(q, ROUND_HALF_EVEN) for q in quantiles[1:-1]}
    first, last = _two_digits(quantiles[0], ROUND_FLOOR), _two_digits(quantiles[-1], ROUND_CEILING)
    return [first, *sorted(b for b in inner if first < b < last), last]


def _two_digits(value: float, rounding: str) -> float:
    """Return a number rounded to two significant digits."""
    return float(Context(prec=2, rounding=rounding).create_decimal(repr(float(value))))


def _number(value: float, lang: Lang) -> str:
    text = f"{value:,.10g}" if value == 0 or abs(value) >= 1e-4 else f"{value:.2g}"
    return mark_number(text, lang)


def _shade(colour: str, family: Family) -> Symbol:
    if family == "line":
        return Symbol("line", stroke=colour, stroke_mm=0.5)
    return Symbol(family, fill=colour, stroke=_GREY, stroke_mm=0.1)


def _categorised(spec: _Categories, title: str, lang: Lang) -> Style:
    classes = tuple(
        StyleClass(_of_class(spec, colour), label_fr if lang == "fr" else label_en, value)
        for value, label_fr, label_en, colour in spec.entries
    )
    return Style("categorised", classes, spec.column, title)


def _of_class(spec: _Categories, colour: str) -> Symbol:
    if spec.family == "line":
        return Symbol("line", stroke=colour, stroke_mm=spec.stroke_mm)
    if spec.family == "point":
        return Symbol("point", fill=colour, stroke=_INK, size_mm=2.6)
    stroke = spec.stroke or colour
    return Symbol(
        "polygon", fill=colour, opacity=spec.opacity, stroke=stroke, stroke_mm=spec.stroke_mm
    )


def _holds_numbers(frame: gpd.GeoDataFrame, column: str) -> bool:
    if column not in frame.columns or not pd.api.types.is_numeric_dtype(frame[column].dtype):
        return False
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return bool(np.isfinite(values).any())


def _family_of(frame: gpd.GeoDataFrame) -> Family | None:
    """Return the most frequent family, None if there is no geometry."""
    families: tuple[Family, ...] = ("point", "line", "polygon")
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    counts = np.bincount(dimension[dimension >= 0], minlength=3)
    return families[int(counts.argmax())] if counts.sum() else None
