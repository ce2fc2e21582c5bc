"""The tables of a town plan (CNIG PLU and PLUi, versions 2013 to 2025).

Only what every version holds is required; the rules of the plan review say what a version asks for.
"""

from __future__ import annotations

from tvb.schema.declare import Column, Family, LayerSchema

__all__ = ["PLAN_SCHEMAS"]

_FAMILY_OF_SUFFIX: dict[str, Family] = {"surf": "polygon", "lin": "line", "pct": "point"}
_TITLES = {"prescription": "Prescriptions", "info": "Informations"}
_IDURBA = Column(
    "idurba", "text", "Plan to which the row belongs; INSEE + DATAPPRO before 2017",
    aliases=("insee",),
)  # fmt: skip
_COMMON = (
    Column("libelle", "text", "Short label"),
    Column("txt", "text", "Label written on the map"),
)

ZONE_URBA = LayerSchema(
    "zone_urba", "Zonage du plan", "Plan zones", "One zone of the plan", frozenset({"polygon"}),
    columns=(
        Column("libelle", "text", "Name of the zone", required=True),
        Column("libelong", "text", "Long name of the zone"),
        Column("typezone", "text", "U, AUc, AUs, A, N (2013 and 2014 also Ah, Nd, Nh)",
               required=True),
        Column("destdomi", "text", "Dominant use (before 2017)"),
        _IDURBA,
    ),
)  # fmt: skip


def _item(table: str, suffix: str, code: str) -> LayerSchema:
    """Return the schema of a prescription or information table."""
    return LayerSchema(
        f"{table}_{suffix}", _TITLES[table], _TITLES[table],
        f"One {table} of the plan, drawn as a {_FAMILY_OF_SUFFIX[suffix]}",
        frozenset({_FAMILY_OF_SUFFIX[suffix]}),
        columns=(
            *_COMMON,
            Column(f"type{code}", "text", "Code", required=True, width=2),
            Column(f"stype{code}", "text", "Sub-code, 00 when there is none", width=2),
            _IDURBA,
        ),
    )  # fmt: skip


PLAN_SCHEMAS = (
    ZONE_URBA,
    *(_item("prescription", s, "psc") for s in _FAMILY_OF_SUFFIX),
    *(_item("info", s, "inf") for s in _FAMILY_OF_SUFFIX),
)
