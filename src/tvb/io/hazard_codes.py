"""Codes of flood hazard as files write them → those of `tvb.schema.hazard`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd

from tvb.io.report import KEPT_IDS, Entry
from tvb.schema.hazard import DEPTH_CLASSES, DRY, SCENARIO_OF_OCCURRENCE

__all__ = ["translate"]

_SCENARIOS = {code.casefold(): code for code in SCENARIO_OF_OCCURRENCE.values()}
_SCENARIOS |= {code.casefold(): known for code, known in SCENARIO_OF_OCCURRENCE.items()}
# Names of files write the medium scenario of a changed climate as the CNIG does, with a number.
_SCENARIOS |= {
    f"02{code.casefold()}": known
    for code, known in SCENARIO_OF_OCCURRENCE.items()
    if code.startswith("Moycc")
}
_CLASSES = {code.casefold(): code for code in (*DEPTH_CLASSES, DRY)}
# In the old code list of a PPR these kinds of rules concern land, not building permits.
_LAND_RULES = ("05", "06")


def translate(frame: gpd.GeoDataFrame, layer: str) -> tuple[gpd.GeoDataFrame, list[Entry]]:
    """Return a frame of a hazard with the codes of the schema, and what was changed.

    Every reader ends here, so that a file says the same whatever it is read with.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Frame of any layer, with the columns of its schema.
    layer : str
        Its name; a layer that is not of a hazard stays as it is.

    Returns
    -------
    tuple of (geopandas.GeoDataFrame, list of Entry)
        A new frame. ``scenario``: of `SCENARIO_OF_OCCURRENCE`, whatever the case; where that
        changed it, the code as delivered in ``scenario_livre``. ``classe``, ``niveau`` and bounds
        of depth: each from the other. ``typealea``: ``coderisque`` without its trailing zeros.
        ``domaine`` of rules that state none. Codes that are not known stay as they are, for
        `tvb.flood.check_hazard` to tell. A frame translated before stays as it is.
    """
    entries = []
    for step in _STEPS.get(layer, ()):
        columns, reason = step(frame)
        changed = _changed(frame, columns)
        if changed.any():
            frame = frame.assign(**columns)
            ids = frame.loc[changed, "id_zone"].dropna().astype("str").head(KEPT_IDS)
            entries.append(Entry(reason, int(changed.sum()), tuple(ids)))
    return frame, entries


def _changed(frame: pd.DataFrame, columns: dict[str, pd.Series[Any]]) -> pd.Series[bool]:
    changed = pd.Series(data=False, index=frame.index)
    for name, values in columns.items():
        before = frame[name]
        changed |= ~((before == values).fillna(value=False) | (before.isna() & values.isna()))
    return changed


def _scenarios(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    delivered = frame["scenario"]
    known = _recoded(delivered, _SCENARIOS)
    other = (known != delivered).fillna(value=False)
    columns = {"scenario": known, "scenario_livre": frame["scenario_livre"].mask(other, delivered)}
    return columns, "code of « scenario » read as that of the schema"


def _classes(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    return {"classe": _recoded(frame["classe"], _CLASSES)}, "spelling of « classe » corrected"


def _levels(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    return {"niveau": _recoded(frame["niveau"], _CLASSES)}, "spelling of « niveau » corrected"


def _recoded(values: pd.Series[Any], codes: dict[str, str]) -> pd.Series[Any]:
    """Return the codes of the schema for those that are known, the others as they are."""
    known = values.str.strip().str.casefold().map(codes).astype(values.dtype)
    return known.fillna(values)


def _bounds_of_classes(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    return _bounds(frame, frame["classe"]), "bounds of depth taken from « classe »"


def _bounds_of_levels(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    return _bounds(frame, frame["niveau"]), "bounds of depth taken from « niveau »"


def _bounds(frame: pd.DataFrame, classes: pd.Series[Any]) -> dict[str, pd.Series[Any]]:
    """Return the bounds of depth, those of the class where the file says none."""
    absent = frame["ht_min_m"].isna() & frame["ht_max_m"].isna()
    columns = {}
    for side, name in enumerate(("ht_min_m", "ht_max_m")):
        bound = {code: bounds[side] for code, bounds in DEPTH_CLASSES.items()}
        told = classes.map(bound).astype("float64")
        columns[name] = frame[name].mask(absent, told)
    return columns


def _classes_of_bounds(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    classes = frame["classe"]
    for code, (low, high) in DEPTH_CLASSES.items():
        top = frame["ht_max_m"].isna() if high is None else frame["ht_max_m"] == high
        classes = classes.mask(classes.isna() & top & (frame["ht_min_m"] == low), code)
    return {"classe": classes}, "« classe » taken from bounds of depth"


def _hazard_types(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    told = frame["coderisque"].str.rstrip("0")
    return {"typealea": frame["typealea"].fillna(told)}, "« typealea » taken from « coderisque »"


def _domains(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    kind = frame["typereglement"]
    told = kind.where(kind.isna(), "urba").mask(kind.isin(_LAND_RULES), "foncier")
    return {"domaine": frame["domaine"].fillna(told)}, "« domaine » taken from « typereglement »"


_Step: TypeAlias = Callable[[gpd.GeoDataFrame], tuple[dict[str, Any], str]]

_STEPS: dict[str, tuple[_Step, ...]] = {
    "flood_zones": (_scenarios, _levels, _bounds_of_levels),
    "depth_classes": (_scenarios, _classes, _bounds_of_classes, _classes_of_bounds),
    "protected_zones": (_scenarios,),
    "over_hazard": (_scenarios,),
    "ppr_hazard": (_hazard_types,),
    "ppr_regulation": (_domains,),
}
