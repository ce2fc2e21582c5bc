"""What the columns of a layer are called where people read them, and what their codes mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tvb.io.styles import style_for
from tvb.schema import SCHEMAS
from tvb.schema.fields import Lang, fields_data, label_column

__all__ = ["Field", "describe_fields"]

_SCENARIO_LAYER = "flood_zones"


@dataclass(frozen=True, slots=True)
class Field:
    """One column as people read it.

    Parameters
    ----------
    name : str
        Of the column.
    alias : str
        What it is called, with its unit; empty where nothing better than its name is known.
    description : str
        What it means; empty where no schema says it in the language asked for.
    values : tuple of (str, str)
        Each code that it may hold, and what the code means.
    """

    name: str
    alias: str = ""
    description: str = ""
    values: tuple[tuple[str, str], ...] = ()


def describe_fields(layer: str, columns: Iterable[str], *, lang: Lang = "fr") -> tuple[Field, ...]:
    """Return the columns of a layer as people read them.

    Parameters
    ----------
    layer : str
        Name of the layer or table.
    columns : iterable of str
        Names of its columns.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    tuple of Field
        One for each column, in their order. Schemas describe their columns in English only.

    Examples
    --------
    >>> describe_fields("terrils", ["hauteur_m"])[0].alias
    'Hauteur (m)'
    """
    return tuple(_describe(layer, column, lang) for column in columns)


def _describe(layer: str, column: str, lang: Lang) -> Field:
    declared = {c.name: c for c in SCHEMAS[layer].columns} if layer in SCHEMAS else {}
    alias = label_column(layer, column, lang=lang, label=_by_pattern(column, lang))
    description = declared[column].description if column in declared and lang == "en" else ""
    return Field(column, alias, description, _values(layer, column, lang))


def _by_pattern(column: str, lang: Lang) -> str:
    """Return the name of a column that is made from a number or a code."""
    for pattern in fields_data()["patterns"]:
        found = re.fullmatch(pattern["regex"], column)
        if found:
            words = dict(_codes(pattern["values"], lang)) if "values" in pattern else {}
            return str(pattern[lang]).format(words.get(found[1], found[1]))
    return ""


def _values(layer: str, column: str, lang: Lang) -> tuple[tuple[str, str], ...]:
    """Return the codes of a column; classes of the layer's own style come first."""
    if layer in SCHEMAS:
        style = style_for(layer, lang=lang)
        if style.column == column:
            return tuple((c.value, c.label) for c in style.classes if c.value is not None)
    if column in _texts("layers", layer):
        return ()
    return _codes(column, lang)


def _codes(name: str, lang: Lang) -> tuple[tuple[str, str], ...]:
    if name == "scenario":
        classes = style_for(_SCENARIO_LAYER, lang=lang).classes
        return tuple((c.value, c.label) for c in classes if c.value is not None)
    return tuple((code, texts[lang]) for code, texts in _texts("values", name).items())


def _texts(*place: str) -> dict[str, dict[str, str]]:
    """Return a table of the file, its pairs of texts by language."""
    table = fields_data()
    for part in place:
        table = table.get(part, {})
    return {key: dict(zip(("fr", "en"), pair, strict=True)) for key, pair in table.items()}
