"""Flood scenarios that only the name of a delivery tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["fill_of_name", "scenario_of_name"]

_SCENARIO_NAME = re.compile(
    r"_(?:0\d_)?(0[1-4])?(FOR|MOY|MCC|FAI)(CC)?(_CT|_100)?(?=_|$)", re.IGNORECASE
)
_SCENARIO_OF_WORD = {"FOR": "01For", "MOY": "02Moy", "MCC": "03Mcc", "FAI": "04Fai"}


def scenario_of_name(stem: str) -> str | None:
    """Return the flood scenario that a COVADIS file name tells.

    Parameters
    ----------
    stem : str
        Name of a file without its suffix, such as ``N_DOUAI_INONDABLE_01_02MOY_S_059``.

    Returns
    -------
    str or None
        ``02Moy``; None where the name tells none, or two different ones.

    Examples
    --------
    >>> scenario_of_name("N_LENS_ISO_HT_01_04FAI_S_062")
    '04Fai'
    >>> scenario_of_name("N_LENS_INONDABLE_FOR_S_062")
    '01For'
    """
    told = {
        _SCENARIO_OF_WORD[word.upper()] + climate.lower() + horizon.lower()
        for _, word, climate, horizon in _SCENARIO_NAME.findall(stem)
    }
    return told.pop() if len(told) == 1 else None


def fill_of_name(layer: str) -> Callable[[str], Mapping[str, str]] | None:
    """Return what fills the columns of a layer that the name of a file tells.

    Parameters
    ----------
    layer : str
        Name of the schema.

    Returns
    -------
    callable or None
        From the name of a file without its suffix to values by column; None for a layer of which
        names tell nothing.
    """
    if layer not in ("flood_zones", "depth_classes"):
        return None

    def fill(stem: str) -> Mapping[str, str]:
        told = scenario_of_name(stem)
        return {"scenario": told} if told else {}

    return fill
