"""All schemas by name, and the tables of the documentation made from them."""

from __future__ import annotations

import pandas as pd

from tvb.errors import ParameterError, explain
from tvb.schema.declare import LayerSchema
from tvb.schema.hazard import HAZARD_SCHEMAS
from tvb.schema.heritage import HERITAGE_SCHEMAS
from tvb.schema.layers import TERRITORY_SCHEMAS
from tvb.schema.plan import PLAN_SCHEMAS
from tvb.schema.population import POPULATION_SCHEMAS

__all__ = ["SCHEMAS", "get_schema", "schema_table"]

SCHEMAS: dict[str, LayerSchema] = {
    s.name: s
    for s in (
        *TERRITORY_SCHEMAS,
        *HAZARD_SCHEMAS,
        *HERITAGE_SCHEMAS,
        *POPULATION_SCHEMAS,
        *PLAN_SCHEMAS,
    )
}
"""Every vector layer that tvb knows, keyed by name."""


def get_schema(layer: str) -> LayerSchema:
    """Return the schema of a layer.

    Parameters
    ----------
    layer : str
        Its name, for example ``buildings``.

    Returns
    -------
    LayerSchema
        The declaration.

    Raises
    ------
    ParameterError
        If no layer has this name.
    """
    try:
        return SCHEMAS[layer]
    except KeyError:
        raise ParameterError(
            explain(f"layer « {layer} »", "unknown", required="one of " + ", ".join(SCHEMAS))
        ) from None


def schema_table(layer: str) -> pd.DataFrame:
    """Return the columns of a layer as a table for people.

    Parameters
    ----------
    layer : str
        Its name, for example ``buildings``.

    Returns
    -------
    pandas.DataFrame
        One row for each column: name, type, unit, presence, allowed values, aliases, description.

    Raises
    ------
    ParameterError
        If no layer has this name.
    """
    schema = get_schema(layer)
    rows = [
        {
            "column": c.name + (" (key)" if c.name == schema.key else ""),
            "type": c.dtype,
            "unit": c.unit or "",
            "presence": "required" if c.required else "optional",
            "null": "allowed" if c.nullable else "refused",
            "allowed": ", ".join(c.allowed),
            "also read as": ", ".join(c.aliases),
            "meaning": c.description,
        }
        for c in schema.columns
    ]
    return pd.DataFrame(rows)
