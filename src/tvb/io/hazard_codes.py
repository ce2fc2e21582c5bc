"""Codes of flood hazard as files write them → those of `tvb.schema.hazard`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Valid frame of one of the layers of a hazard.
    layer : str
        Its name.

    Returns
    -------
    tuple of (geopandas.GeoDataFrame, list of Entry)
        A new frame. ``scenario``: of `SCENARIO_OF_OCCURRENCE`, whatever the case; the code as
        delivered in ``scenario_livre``. ``classe`` and bounds of depth: each from the other.
        ``typealea``: ``coderisque`` without its trailing zeros. ``domaine`` of rules that state
        none. Codes that are not known stay as they are, for `tvb.flood.check_hazard` to tell.
    """
    steps: dict[str, list[Callable[[gpd.GeoDataFrame], tuple[dict[str, Any], str]]]] = {
        "flood_zones": [_scenarios],
        "depth_classes": [_scenarios, _classes, _bounds_of_classes, _classes_of_bounds],
        "protected_zones": [_scenarios],
        "over_hazard": [_scenarios],
        "ppr_hazard": [_hazard_types],
        "ppr_regulation": [_domains],
    }
    entries = []
    for step in steps.get(layer, []):
        columns, reason = step(frame)
        changed = _changed(frame, columns)
        frame = frame.assign(**columns)
        if changed.any():
            ids = frame.loc[changed, "id_zone"].dropna().astype("str").head(KEPT_IDS)
            entries.append(Entry(reason, int(changed.sum()), tuple(ids)))
    return frame, entries


def _changed(frame: pd.DataFrame, columns: dict[str, pd.Series[Any]]) -> pd.Series[bool]:
    changed = pd.Series(data=False, index=frame.index)
    for name, values in columns.items():
        if name != "scenario_livre":
            before = frame[name]
            changed |= ~((before == values).fillna(value=False) | (before.isna() & values.isna()))
    return changed


def _scenarios(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    delivered = frame["scenario"]
    known = delivered.str.casefold().map(_SCENARIOS).astype("str")
    columns = {"scenario": known.fillna(delivered), "scenario_livre": delivered}
    return columns, "code of « scenario » read as that of the schema"


def _classes(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    known = frame["classe"].str.casefold().map(_CLASSES).astype("str")
    return {"classe": known.fillna(frame["classe"])}, "spelling of « classe » corrected"


def _bounds_of_classes(frame: pd.DataFrame) -> tuple[dict[str, Any], str]:
    absent = frame["ht_min_m"].isna() & frame["ht_max_m"].isna()
    columns = {}
    for side, name in enumerate(("ht_min_m", "ht_max_m")):
        bound = {code: bounds[side] for code, bounds in DEPTH_CLASSES.items()}
        told = frame["classe"].map(bound).astype("float64")
        columns[name] = frame[name].mask(absent, told)
    return columns, "bounds of depth taken from « classe »"


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
