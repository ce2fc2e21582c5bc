"""What each layer must look like, and the one function that says whether it does."""

from tvb.schema.catalogue import SCHEMAS, get_schema, schema_table
from tvb.schema.declare import CRS, Column, GridSchema, LayerSchema
from tvb.schema.validate import (
    Fault,
    find_faults,
    require_crs,
    require_polygons,
    require_type,
    validate,
)

__all__ = [
    "CRS",
    "SCHEMAS",
    "Column",
    "Fault",
    "GridSchema",
    "LayerSchema",
    "find_faults",
    "get_schema",
    "require_crs",
    "require_polygons",
    "require_type",
    "schema_table",
    "validate",
]


def __dir__() -> list[str]:
    return sorted(__all__)
