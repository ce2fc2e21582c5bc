"""What the columns of a layer are called where people read them: one table for files and maps."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from tvb.schema.catalogue import SCHEMAS

__all__ = ["fields_data", "label_column"]

Lang = Literal["fr", "en"]


def label_column(layer: str, column: str, *, lang: Lang, label: str = "") -> str:
    """Return what a column is called, with its unit.

    Parameters
    ----------
    layer : str
        Name of the layer or table.
    column : str
        Name of the column.
    lang : {"fr", "en"}
        Language.
    label : str
        Name to be used where the table has none.

    Returns
    -------
    str
        Empty where nothing better than the name of the column is known.

    Examples
    --------
    >>> label_column("terrils", "hauteur_m", lang="fr"), label_column("terrils", "x", lang="fr")
    ('Hauteur (m)', '')
    """
    table = fields_data()
    own = table["layers"].get(layer, {})
    pair = own.get(column) or table["columns"].get(column)
    label = pair[_at(lang)] if pair else label
    unit = _unit(layer, column)
    shown = table["units"][unit][_at(lang)] if unit in table["units"] else unit
    return f"{label} ({shown})" if label and shown else label


def _unit(layer: str, column: str) -> str | None:
    """Return the unit that the schema declares, or else that of the end of the name."""
    declared = {c.name: c for c in SCHEMAS[layer].columns} if layer in SCHEMAS else {}
    if column in declared:
        return declared[column].unit
    endings = fields_data()["suffixes"]
    return next((unit for ending, unit in endings.items() if column.endswith(ending)), None)


def _at(lang: Lang) -> int:
    return ("fr", "en").index(lang)


@lru_cache(maxsize=1)
def fields_data() -> dict[str, Any]:
    """Return what the file of names of columns holds.

    Returns
    -------
    dict
        As the TOML file has it.
    """
    text = resources.files("tvb.schema").joinpath("fields.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
