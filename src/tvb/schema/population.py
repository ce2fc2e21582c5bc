"""The grid of 200 m on which INSEE gives the population and its income (Filosofi).

Source of the names: columns of the grid of 2019; their meanings, the dates of building and the
names of the grids of 2015 and 2017 are [recalled]. Values are estimates with a decimal, not counts
of heads; where too few households live in a cell they are imputed from a larger one.
"""

from __future__ import annotations

from tvb.schema.declare import Column, LayerSchema

__all__ = ["POPULATION_GRID", "POPULATION_SCHEMAS", "POPULATION_VARIABLES"]

POPULATION_VARIABLES = {
    "ind": "People",
    "men": "Households",
    "men_pauv": "Households below the poverty line",
    "men_1ind": "Households of one person",
    "men_5ind": "Households of five persons or more",
    "men_prop": "Households that own their dwelling",
    "men_fmp": "One-parent families",
    "ind_snv": "Sum of the standards of living of the people (winsorised)",
    "men_surf": "Sum of the floor areas of the dwellings",
    "men_coll": "Households in blocks of flats",
    "men_mais": "Households in houses",
    "log_av45": "Dwellings built before 1945",
    "log_45_70": "Dwellings built from 1945 to 1969",
    "log_70_90": "Dwellings built from 1970 to 1989",
    "log_ap90": "Dwellings built since 1990",
    "log_inc": "Dwellings of unknown date",
    "log_soc": "Social dwellings",
    "ind_0_3": "People aged 0 to 3",
    "ind_4_5": "People aged 4 and 5",
    "ind_6_10": "People aged 6 to 10",
    "ind_11_17": "People aged 11 to 17",
    "ind_18_24": "People aged 18 to 24",
    "ind_25_39": "People aged 25 to 39",
    "ind_40_54": "People aged 40 to 54",
    "ind_55_64": "People aged 55 to 64",
    "ind_65_79": "People aged 65 to 79",
    "ind_80p": "People aged 80 or more",
    "ind_inc": "People of unknown age",
}
"""Numbers of each cell that can be added up, with their meaning."""

_UNITS = {"ind": "people", "men": "households", "log": "dwellings"}


def _variable(name: str, meaning: str) -> Column:
    unit = {"ind_snv": "€", "men_surf": "m²"}.get(name, _UNITS[name[:3]])
    # Everything else may be absent from a file; without people there is nothing to spread.
    return Column(name, "number", meaning, unit=unit, required=name == "ind")


POPULATION_GRID = LayerSchema(
    "population_grid", "Population carroyée à 200 m", "Population on a grid of 200 m",
    "One inhabited cell of the grid of INSEE, a square of 200 m in EPSG:3035",
    frozenset({"polygon"}), key="idcar_200m", cells="idcar_200m",
    columns=(
        Column("idcar_200m", "text", "CRS3035RES200mN…E…: south-west corner in EPSG:3035",
               required=True, nullable=False, aliases=("idinspire", "id_carr_200m")),
        Column("idcar_1km", "text", "Cell of 1 km that holds it", aliases=("id_carr1km",)),
        Column("idcar_nat", "text", "Cell of the size at which enough households are found",
               aliases=("id_carr_n",)),
        Column("i_est_200", "integer", "1 where the values are imputed from a larger cell",
               aliases=("i_est_cr",)),
        Column("i_est_1km", "integer", "1 where those of the cell of 1 km are"),
        Column("lcog_geo", "text", "INSEE codes of the communes, one after the other",
               aliases=("lcog_geo_2019", "depcom")),
        *(_variable(name, meaning) for name, meaning in POPULATION_VARIABLES.items()),
    ),
)  # fmt: skip

POPULATION_SCHEMAS = (POPULATION_GRID,)
