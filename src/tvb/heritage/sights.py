"""What farmland is published to have a view of: codes of terrils, and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from tvb.names import normalise_name

__all__ = ["list_sights"]

_COLUMNS = ["feature", "sight", "no_terril", "how"]
_CODE = re.compile(r"T(\d{3})([a-z]?)((?:\s*-\s*\d{3}[a-z]?)*)", re.IGNORECASE)
_FOLLOWING = re.compile(r"(\d{3})([a-z]?)", re.IGNORECASE)
_NUMBER = re.compile(r"\b\d+(?:/\d+)+\b")


def list_sights(farmland: pd.DataFrame, terrils: pd.DataFrame) -> pd.DataFrame:
    """Return what is seen from each stretch of farmland, one row for each sight.

    ``T116-117`` is T116 and T117. A name is that of the terrils of the same name, or of the same
    pits in the same commune (« Terrils 11/19 Loos-en-Gohelle »); nothing else is guessed.

    Parameters
    ----------
    farmland : geopandas.GeoDataFrame
        Layer ``farmland``, with ``vue_sur``.
    terrils : geopandas.GeoDataFrame
        Layer ``terrils``.

    Returns
    -------
    pandas.DataFrame
        In the order of the farmland, then by text: ``feature`` (its label in the index of the
        farmland), ``sight`` (the words published), ``no_terril`` (null where they name none), and
        ``how``: ``code``; ``name``; ``absent``, a code that the layer of terrils lacks;
        ``unresolved``.
    """
    known = _Terrils(terrils)
    rows = []
    texts = farmland["vue_sur"] if "vue_sur" in farmland else pd.Series(dtype="str")
    for feature, text in texts.dropna().items():
        sights = {s.strip() for s in str(text).split(",")} - {""}
        rows += [(feature, sight, *found) for sight in sorted(sights) for found in known.of(sight)]
    return pd.DataFrame(rows, columns=_COLUMNS).drop_duplicates(ignore_index=True)


class _Terrils:
    """Terrils by what they are called.

    Parameters
    ----------
    terrils : pandas.DataFrame
        With ``no_terril`` and, if they are known, ``nom``, ``nom_usuel``, ``commune_1``, ….
    """

    def __init__(self, terrils: pd.DataFrame) -> None:
        self._by_code: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = {}
        self._by_pits: list[tuple[str, str, str]] = []
        communes = [c for c in terrils.columns if c.startswith("commune_")]
        for row in terrils.sort_values("no_terril").to_dict("records"):
            code = str(row["no_terril"])
            self._by_code[code.casefold()] = code
            for name in (row.get("nom"), row.get("nom_usuel")):
                if isinstance(name, str):
                    self._by_name.setdefault(normalise_name(name), []).append(code)
                    self._by_pits += _pits(name, (row[c] for c in communes), code)

    def of(self, sight: str) -> list[tuple[str | None, str]]:
        """Return the terrils that some words name, and how; one unresolved row if none."""
        codes = [sight] if sight.casefold() in self._by_code else _codes(sight)
        if codes:
            known = [(code, self._by_code.get(code.casefold())) for code in codes]
            return [(own, "code") if own else (code, "absent") for code, own in known]
        name = normalise_name(sight)
        named = list(self._by_name.get(name, ()))
        pits = _NUMBER.search(sight)
        if pits is not None:
            named += [
                code for number, commune, code in self._by_pits
                if number == pits.group() and name.endswith(commune)
            ]  # fmt: skip
        return [(code, "name") for code in named] or [(None, "unresolved")]


def _codes(sight: str) -> list[str]:
    """Return the codes in « T116-117 »; none where other words stand beside them."""
    found = _CODE.fullmatch(sight)
    if found is None:
        return []
    first, letter, others = found.groups()
    more = [f"T{number}{suffix}" for number, suffix in _FOLLOWING.findall(others)]
    return [f"T{first}{letter}", *more]


def _pits(name: str, communes: Iterator[Any], code: str) -> Iterator[tuple[str, str, str]]:
    """Return the numbers of pits in the name of a terril with each of its communes."""
    number = _NUMBER.search(name)
    for commune in communes:
        if number is not None and isinstance(commune, str):
            yield number.group(), normalise_name(commune), code
