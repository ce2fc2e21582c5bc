"""The layers of a web map: what is drawn, how, and what a click tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.maps.symbols import Fill, Marker, Stroke, Symbol
from tvb.maps.texts import Lang, number, say, typeset
from tvb.maps.web.encode import encode, simplify
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["WebLayer", "describe_layer"]

_PX_PER_PT = 96 / 72
_PX_PER_MM = 96 / 25.4
_LEAST = 0.01


@dataclass(frozen=True)
class WebLayer:
    """A layer of a web map.

    Parameters
    ----------
    title : str
        Its name in the legend.
    frame : geopandas.GeoDataFrame
        Features in EPSG:2154; null and empty geometries are left out.
    symbol : Fill, Stroke, Marker or sequence of them
        One, or one for each class.
    sources : tuple of Source
        Named in the foot.
    popup : mapping of str to str
        Columns shown on a click, and how they are called; a null value is not shown.
    heading : str
        Column that heads the popup.
    classes : sequence of str
        Texts of the classes, when there are several symbols.
    of_class : numpy.ndarray, optional
        Position of the class of each feature; −1 leaves it out.
    shown : bool
        Whether it is drawn when the page opens.
    coverage : bool
        Whether its areas are neighbours, whose borders are simplified together.
    search : str
        Column by which a feature can be looked for.
    """

    title: str
    frame: gpd.GeoDataFrame
    symbol: Symbol | Sequence[Symbol]
    sources: tuple[Source, ...] = ()
    popup: Mapping[str, str] = field(default_factory=dict)
    heading: str = ""
    classes: Sequence[str] = ()
    of_class: NDArray[np.integer[Any]] | None = None
    shown: bool = True
    coverage: bool = False
    search: str = ""

    def __post_init__(self) -> None:
        require_crs(self.frame, self.title)
        wanted = {*self.popup, self.heading, self.search} - {""}
        missing = sorted(wanted - set(self.frame.columns))
        if missing:
            raise LayerError(explain(self.title, f"column « {missing[0]} » is missing"))
        symbols = 1 if isinstance(self.symbol, Fill | Stroke | Marker) else len(self.symbol)
        if symbols != max(len(self.classes), 1) or (self.of_class is None and self.classes):
            problem = f"{symbols} symbols for {len(self.classes)} classes"
            raise ParameterError(
                explain(self.title, problem, required="one for each, and the class of each feature")
            )

    def __repr__(self) -> str:
        return f"<WebLayer « {self.title} »: {len(self.frame)} features>"


def describe_layer(layer: WebLayer, *, tolerance_m: float, lang: Lang) -> dict[str, Any]:
    """Return a layer as the page reads it.

    Parameters
    ----------
    layer : WebLayer
        The layer.
    tolerance_m : float
        What is narrower may vanish.
    lang : {"fr", "en"}
        How numbers are written.

    Returns
    -------
    dict
        Of texts, numbers and lists only.
    """
    geometry = np.asarray(layer.frame.geometry.to_numpy(), dtype=object)
    of_class = np.zeros(len(geometry), dtype=np.int64)
    if layer.of_class is not None:
        of_class = np.asarray(layer.of_class, dtype=np.int64)
    kept = np.flatnonzero(
        ~(shapely.is_missing(geometry) | shapely.is_empty(geometry)) & (of_class >= 0)
    )
    shapes = simplify(geometry[kept], tolerance_m, coverage=layer.coverage)
    rows = layer.frame.iloc[kept]
    columns = [column for column in (layer.heading, layer.search, *layer.popup) if column]
    texts = {c: [_text(v, lang) for v in rows[c].tolist()] for c in dict.fromkeys(columns)}
    features = []
    for k, shape in enumerate(encode(shapes)):
        values = [texts[c][k] for c in layer.popup]
        head = texts[layer.heading][k] if layer.heading else ""
        features.append([int(of_class[kept[k]]), head, values, *shape])
    symbols = (
        [layer.symbol] if isinstance(layer.symbol, Fill | Stroke | Marker) else [*layer.symbol]
    )
    return {
        "title": layer.title,
        "worth": _worth(layer.sources, lang),
        "shown": layer.shown,
        "labels": [*layer.popup.values()],
        "classes": [*layer.classes],
        "styles": [_style(s) for s in symbols],
        "find": texts[layer.search] if layer.search else [],
        "features": features,
    }


def _worth(sources: Sequence[Source], lang: Lang) -> str:
    """Return a remark where a layer does not come from real data alone."""
    natures = {source.nature for source in sources}
    nature = next((n for n in ("modelled", "schematic") if n in natures), "")
    return f"[{say(nature, lang)}]" if nature else ""


def _text(value: Any, lang: Lang) -> str:
    """Return a value as the reader of the map reads it, empty where there is none."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return {"fr": ("non", "oui"), "en": ("no", "yes")}[lang][bool(value)]
    if isinstance(value, int | float | np.integer | np.floating):
        figure = float(value)
        if 0 < figure < _LEAST:
            return f"<\u00a0{number(_LEAST, lang, 2)}"
        decimals = 0 if figure.is_integer() or abs(figure) >= 1000 else 2 if abs(figure) < 10 else 1
        return number(figure, lang, decimals)
    text = str(value)
    # a code of a standard in capitals, such as « VOIE VERTE », is read as words
    return typeset(text.capitalize() if text.isupper() and " " in text else text, lang)


def _style(symbol: Symbol) -> dict[str, Any]:
    """Return a symbol in the words of the map library; hatches become plain colours."""
    if isinstance(symbol, Stroke):
        dashes = " ".join(f"{d * symbol.width_pt * _PX_PER_PT:.1f}" for d in symbol.dashes)
        width = max(symbol.width_pt * _PX_PER_PT * 1.5, 1.2)
        return {"color": symbol.colour, "weight": round(width, 1), "fill": False,
                "dashArray": dashes or None}  # fmt: skip
    if isinstance(symbol, Marker):
        size = float(np.max(symbol.size_mm)) * _PX_PER_MM
        return {"color": symbol.edge, "weight": 1, "fillColor": symbol.face, "fill": True,
                "fillOpacity": symbol.alpha, "radius": round(size / 2, 1)}  # fmt: skip
    return {
        "color": symbol.edge or symbol.face,
        "weight": round(symbol.width_pt * _PX_PER_PT * 1.5, 1) if symbol.edge else 0,
        "fill": symbol.face is not None,
        "fillColor": symbol.face,
        "fillOpacity": round(0.75 * symbol.alpha, 2) if symbol.hatch is None else 0.45,
    }
