"""Columns of modelled buildings, as full and as empty as those of BD TOPO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.datasets.noise import hash_uniform

__all__ = ["ANNEXE", "HOUSE", "LARGE", "describe"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUSE, ANNEXE, LARGE = range(3)

_NATURE = {
    HOUSE: {"Indifférenciée": 0.996, "Chapelle": 0.001, "Eglise": 0.003},
    ANNEXE: {"Indifférenciée": 0.985, "Serre": 0.015},
    LARGE: {"Industriel, agricole ou commercial": 0.7, "Indifférenciée": 0.27, "Silo": 0.03},
}
_USAGE = {
    HOUSE: {"Résidentiel": 0.93, "Indifférencié": 0.035, "Commercial et services": 0.035},
    ANNEXE: {"Annexe": 0.8, "Indifférencié": 0.2},
    LARGE: {
        "Commercial et services": 0.42, "Industriel": 0.3, "Agricole": 0.14, "Sportif": 0.07,
        "Indifférencié": 0.07,
    },
}  # fmt: skip
_STATE = {"En service": 0.986, "En construction": 0.006, "En ruine": 0.006, "En projet": 0.002}

# Shares of empty cells measured on public extracts: dwellings 41 %, storeys 64 %, height 6 %.
_NO_DWELLINGS = {HOUSE: 0.16, ANNEXE: 1.0, LARGE: 0.62}
_NO_STOREYS = {HOUSE: 0.48, ANNEXE: 1.0, LARGE: 0.7}
_NO_HEIGHT, _ZERO_HEIGHT = 0.06, 0.03
_LIGHT = {HOUSE: 0.002, ANNEXE: 0.12, LARGE: 0.03}
_KEY = 501


def describe(*, kind: Ints, estate: Ints, key: Ints, area_m2: Floats, seed: int) -> pd.DataFrame:
    """Return the columns of the layer ``buildings`` but its identifier and geometry.

    Parameters
    ----------
    kind : numpy.ndarray of int
        `HOUSE`, `ANNEXE` or `LARGE`.
    estate : numpy.ndarray of int
        Kind of the block: 0 coron, 1 garden city, 2 detached houses, 3 old centre.
    key : numpy.ndarray of int
        Identifies the building in any territory.
    area_m2 : numpy.ndarray
        Area of the footprint.
    seed : int
        Seed of the model.

    Returns
    -------
    pandas.DataFrame
        ``nature``, ``usage_1``, ``construction_legere``, ``etat_de_l_objet``,
        ``nombre_de_logements``, ``nombre_d_etages``, ``hauteur``.
    """

    def chance(number: int) -> Floats:
        return hash_uniform(key, number, seed + _KEY)

    storeys = np.where(estate == 3, 2 + (chance(0) < 0.4), 1 + (chance(0) < 0.45))
    storeys[kind != HOUSE] = 1
    dwellings = np.where((estate == 3) & (chance(1) < 0.25), 2 + (chance(1) * 16).astype(int), 1)
    dwellings[kind == LARGE] = 0
    height = 2.9 * storeys + 1.2 + 1.8 * chance(2)
    height[kind == ANNEXE] = 2.1 + 0.9 * chance(2)[kind == ANNEXE]
    large = kind == LARGE
    height[large] = 4.5 + 5.0 * chance(2)[large] + np.sqrt(area_m2[large]) / 20
    height = np.round(height, 1)
    height[chance(3) < _NO_HEIGHT + _ZERO_HEIGHT] = 0.0
    height[chance(3) < _NO_HEIGHT] = np.nan
    return pd.DataFrame(
        {
            "nature": _drawn(_NATURE, kind, chance(4)),
            "usage_1": _drawn(_USAGE, kind, chance(5)),
            "construction_legere": pd.array(chance(6) < _by_kind(_LIGHT, kind), dtype="boolean"),
            "etat_de_l_objet": _drawn(dict.fromkeys(_NATURE, _STATE), kind, chance(7)),
            "nombre_de_logements": _with_gaps(dwellings, chance(8) < _by_kind(_NO_DWELLINGS, kind)),
            "nombre_d_etages": _with_gaps(storeys, chance(9) < _by_kind(_NO_STOREYS, kind)),
            "hauteur": height,
        }
    )


def _by_kind(share: Mapping[int, float], kind: Ints) -> Floats:
    return np.array([share[k] for k in range(len(share))])[kind]


def _with_gaps(values: NDArray[Any], missing: NDArray[np.bool_]) -> Any:
    return pd.arrays.IntegerArray(values.astype(np.int64), missing)


def _drawn(shares: Mapping[int, Mapping[str, float]], kind: Ints, chance: Floats) -> pd.Series[Any]:
    """Return a word for each building, drawn with the shares of its kind."""
    words = sorted({word for share in shares.values() for word in share})
    code = np.empty(len(kind), dtype=np.int64)
    for k, share in shares.items():
        mine = kind == k
        steps = np.cumsum(list(share.values()))[:-1]
        drawn = np.searchsorted(steps, chance[mine], side="right")
        code[mine] = np.array([words.index(word) for word in share])[drawn]
    return pd.Series(pd.Categorical.from_codes(code, pd.Index(words))).astype("str")
