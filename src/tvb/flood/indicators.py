"""Indicators of flood exposure, named as in the French guides for flood programmes.

The definitions are data: the documentation is made from them. What a reference marks [recalled] was
not read in the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.facts import HECTARE_M2
from tvb.flood.checks import read_numbers, require_columns, require_index
from tvb.flood.classes import flag_wet_zones
from tvb.flood.counting import count_by_commune
from tvb.flood.exposure import choose_scenarios, measure_exposure
from tvb.flood.groups import OUTSIDE, with_text_codes
from tvb.flood.rules import DEFAULT_RULE, CountingRule
from tvb.geometry import attribute_to_commune, partition_communes
from tvb.geometry.arrays import GeometryArray, make_valid, polygon_parts
from tvb.geometry.overlap import measure_overlap
from tvb.geometry.overlay import intersect
from tvb.schema import require_crs

__all__ = [
    "FEATURE_LAYERS",
    "INDICATORS",
    "Indicator",
    "indicator_definitions",
    "measure_indicators",
]

_AMC = "CGDD, Analyse multicritère des projets de prévention des inondations"
_P1 = f"{_AMC}, annexes techniques, 2014, fiche P1"
_AMC_2018 = f"{_AMC}, guide 2018 [recalled]"
_RNV = "DGPR et Cerema, Référentiel national de vulnérabilité aux inondations, 2016 [recalled]"
_STOREY = "Cerema, Ind11-2, 2019 (there for depths above 1 m)"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of the exposure of a commune in a scenario.

    Parameters
    ----------
    name : str
        Column of the table.
    title_fr : str
        As the guides call it.
    definition : str
        What is counted, in English.
    unit : str
        Its unit; "share" for numbers from 0 to 1.
    needs : tuple of str
        What it is made from, besides buildings, zones and communes: ``people``, or a layer.
    reference : str
        Guide that asks for it.
    """

    name: str
    title_fr: str
    definition: str
    unit: str
    needs: tuple[str, ...]
    reference: str


def _features(name: str, title_fr: str, what: str, *, reference: str = _AMC_2018) -> Indicator:
    """Return the indicator that counts the features of a layer of the same name."""
    definition = f"{what} that share a point with the flooded ground, each in one commune"
    return Indicator(name, title_fr, definition, "", (name,), reference)


INDICATORS = (
    Indicator(
        "people", "Nombre de personnes habitant en zone inondable",
        "People living in exposed buildings, those of the upper floors included",
        "people", ("people",), _P1,
    ),
    Indicator(
        "people_share", "Part communale des personnes habitant en zone inondable",
        "The same over the people of all buildings of the commune that a count takes in",
        "share", ("people",), _P1,
    ),
    Indicator(
        "people_0_3", "Enfants de moins de 4 ans habitant en zone inondable",
        "People aged 0 to 3 living in exposed buildings", "people", ("people",), _RNV,
    ),
    Indicator(
        "people_80p", "Personnes de 80 ans et plus habitant en zone inondable",
        "People aged 80 or more living in exposed buildings", "people", ("people",), _RNV,
    ),
    Indicator(
        "low_income_share", "Part des ménages pauvres parmi les ménages en zone inondable",
        "Households below the poverty line over all households, in exposed buildings",
        "share", ("people",), _RNV,
    ),
    Indicator(
        "dwellings", "Nombre de logements en zone inondable",
        "Dwellings of exposed buildings where their number is known", "dwellings", (), _RNV,
    ),
    Indicator(
        "dwellings_unknown", "Bâtiments en zone inondable au nombre de logements inconnu",
        "Exposed buildings of which the number of dwellings is not known", "buildings", (), _RNV,
    ),
    Indicator(
        "dwellings_single_storey", "Nombre de logements de plain-pied en zone inondable",
        "Dwellings of exposed buildings of one storey, where both numbers are known",
        "dwellings", (), _RNV,
    ),
    Indicator(
        "dwellings_storeys_unknown", "Logements en zone inondable au nombre d'étages inconnu",
        "Dwellings of exposed buildings of which the storeys are not known", "dwellings", (), _RNV,
    ),
    Indicator(
        "people_single_storey", "Personnes occupant des logements de plain-pied inondables",
        "People living in exposed buildings known to have one storey",
        "people", ("people",), _STOREY,
    ),
    Indicator(
        "buildings", "Nombre de bâtiments en zone inondable", "Exposed buildings",
        "buildings", (), _RNV,
    ),
    Indicator(
        "buildings_activity", "Bâtiments d'activité en zone inondable",
        "Exposed buildings for trade and services, industry or farming", "buildings", (), _RNV,
    ),
    Indicator(
        "flooded_ha", "Surface communale inondable",
        "Area of the commune under water (Lambert-93), zones that overlap counted once",
        "ha", (), _RNV,
    ),
    Indicator(
        "flooded_share", "Part de la surface communale inondable",
        "The same over the area of the commune", "share", (), _RNV,
    ),
    _features(
        "sensitive_establishments", "Établissements sensibles en zone inondable",
        "Establishments for people who need help to leave: schools, hospitals, homes",
    ),
    _features(
        "crisis_buildings", "Bâtiments participant à la gestion de crise en zone inondable",
        "Town halls, fire and police stations and the like",
    ),
    _features(
        "wastewater_plants", "Stations de traitement des eaux usées en zone inondable",
        "Wastewater plants",
    ),
    _features(
        "hazardous_sites", "Sites dangereux en zone inondable",
        "Industrial sites that could pollute or explode",
    ),
    _features(
        "listed_buildings", "Bâtiments patrimoniaux en zone inondable",
        "Remarkable buildings of the property, inscribed or listed ones",
    ),
    _features(
        "property_elements", "Éléments du bien inscrit en zone inondable",
        "Elements of the World Heritage property", reference=f"{_AMC_2018}; remarkable sites",
    ),
    Indicator(
        "property_flooded_ha", "Surface inondable du bien inscrit",
        "Area of the World Heritage property under water (Lambert-93)",
        "ha", ("property",), f"{_AMC_2018}; remarkable sites",
    ),
)  # fmt: skip
"""Every indicator, in the order of the table."""

FEATURE_LAYERS = tuple(i.name for i in INDICATORS if i.needs == (i.name,) and i.name != "people")
"""Layers of which the flooded features are counted: points, lines or polygons."""

_PEOPLE_COLUMNS = {"ind_0_3": "people_0_3", "ind_80p": "people_80p"}
_ACTIVITY = ("buildings_commercial_et_services", "buildings_industriel", "buildings_agricole")
_COUNTED = (
    "dwellings", "dwellings_unknown", "dwellings_single_storey", "dwellings_storeys_unknown",
    "buildings", "buildings_activity", *FEATURE_LAYERS,
)  # fmt: skip


def indicator_definitions() -> pd.DataFrame:
    """Return the definitions of all indicators as a table for people.

    Returns
    -------
    pandas.DataFrame
        One row for each indicator: name, title, definition, unit, what it needs, reference.
    """
    rows = [
        {
            "indicator": i.name,
            "title": i.title_fr,
            "definition": i.definition,
            "unit": i.unit,
            "needs": ", ".join(i.needs),
            "reference": i.reference,
        }
        for i in INDICATORS
    ]
    return pd.DataFrame(rows)


def measure_indicators(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    exposure: pd.DataFrame | None = None,
    rule: CountingRule = DEFAULT_RULE,
    people: pd.Series[Any] | pd.DataFrame | None = None,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
) -> pd.DataFrame:
    """Return the indicators of each commune and scenario.

    Parameters
    ----------
    buildings, zones, communes
        As in `tvb.flood.count_exposed_buildings`; ``nombre_d_etages`` of the buildings is used
        where it is known.
    exposure : pandas.DataFrame, optional
        From `tvb.flood.measure_exposure` on the same buildings and zones; measured if not given.
        Its scenarios are those of the table.
    rule : CountingRule
        What exposes a building, what is left out, where it counts.
    people : pandas.Series or pandas.DataFrame, optional
        People of each building, or the ``table`` of a `tvb.flood.PopulationSpread`.
    layers : mapping of str to geopandas.GeoDataFrame, optional
        Any of `FEATURE_LAYERS`, and ``property``, in EPSG:2154. A feature is flooded when it shares
        a point with a zone, and counts in the commune with the largest share of it.

    Returns
    -------
    pandas.DataFrame
        One row for each commune and scenario, zeros kept, on ``insee`` ("hors communes" last) and
        ``scenario``; one column for each of `INDICATORS`, then the rule, as in
        `tvb.flood.count_by_commune`. Null where the data are not given (it was not assessed), where
        a share is one of nothing, and for areas outside the communes.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the zones are not polygons, a column is missing or holds something else than the numbers
        that it is for, or a code of a commune is missing or given twice.
    ParameterError
        If a layer is not one that an indicator needs, or the exposure or the people are not on the
        index of the buildings.
    """
    given = dict(layers or {})
    unknown = [name for name in given if name not in (*FEATURE_LAYERS, "property")]
    if unknown:
        raise ParameterError(
            explain(
                "layers", f"« {unknown[0]} » is not needed by any indicator",
                required="any of " + ", ".join((*FEATURE_LAYERS, "property")),
            )
        )  # fmt: skip
    require_crs(buildings, "buildings")
    choose_scenarios(zones, None)
    communes = with_text_codes(communes)
    if exposure is None:
        exposure = measure_exposure(buildings, zones)
    people = people.to_frame("people") if isinstance(people, pd.Series) else people
    numbers = _numbers(buildings, people)
    table = count_by_commune(buildings, exposure, communes, rule=rule, people=numbers)
    table = table.rename(columns=_PEOPLE_COLUMNS)
    table["buildings_activity"] = table[list(_ACTIVITY)].sum(axis=1)
    if people is not None:
        total = _people_of_all(buildings, communes, people=people, rule=rule)
        insee = table.index.get_level_values("insee")
        table["people_share"] = _ratio(table["people"], total.reindex(insee).to_numpy())
        if {"men", "men_pauv"} <= set(people.columns):
            table["low_income_share"] = _ratio(table["men_pauv"], table["men"].to_numpy())
    ground = _Ground(zones, communes, table.index)
    table["flooded_ha"] = ground.measure(ground.communes) / HECTARE_M2
    table["flooded_share"] = _ratio(table["flooded_ha"] * HECTARE_M2, ground.area_m2())
    for name, frame in given.items():
        require_crs(frame, name)
        if name == "property":
            table["property_flooded_ha"] = ground.measure(ground.cut(frame)) / HECTARE_M2
        else:
            table[name] = ground.count(frame)
    names = [indicator.name for indicator in INDICATORS]
    shown = table.reindex(columns=[*names, *rule.describe()])
    return shown.astype(dict.fromkeys(_COUNTED, "Int64"))


def _numbers(buildings: gpd.GeoDataFrame, people: pd.DataFrame | None) -> pd.DataFrame:
    """Return what is added up over the exposed buildings besides what every count adds."""
    require_columns(buildings, "buildings", "nombre_de_logements")
    known = read_numbers(buildings["nombre_de_logements"], "buildings", whole=True)
    dwellings = np.nan_to_num(known)
    storeys = np.full(len(buildings), np.nan)
    if "nombre_d_etages" in buildings.columns:
        storeys = read_numbers(buildings["nombre_d_etages"], "buildings", negative=True)
    numbers = pd.DataFrame(
        {
            "dwellings_single_storey": np.where(storeys == 1, dwellings, 0.0),
            "dwellings_storeys_unknown": np.where(storeys > 0, 0.0, dwellings),
        },
        index=buildings.index,
    )
    if people is None:
        return numbers
    require_index(people, buildings, "people")
    require_columns(people, "people", "people", remedy="the table of tvb.flood.spread_population")
    return people.assign(**numbers, people_single_storey=people["people"].where(storeys == 1, 0.0))


def _people_of_all(
    buildings: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    people: pd.DataFrame,
    rule: CountingRule,
) -> pd.Series[Any]:
    """Return the people of all buildings of each commune that the rule counts."""
    everywhere = pd.DataFrame({"all": True}, index=buildings.index)
    table = count_by_commune(buildings, everywhere, communes, rule=rule, people=people["people"])
    return table.xs("all", level="scenario")["people"]


def _ratio(part: pd.Series[Any], whole: Any) -> pd.Series[Any]:
    """Return shares; null where the whole is nothing."""
    return part / pd.Series(whole, index=part.index, dtype=float).where(lambda w: w > 0)


class _Ground:
    """Flooded ground of each scenario, and the rows of a table by commune and scenario."""

    def __init__(
        self, zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, rows: pd.Index[Any]
    ) -> None:
        wet = zones[flag_wet_zones(zones)]
        polygons, row = polygon_parts(wet.geometry.to_numpy())
        scenario = wet["scenario"].to_numpy(dtype=object)[row]
        self.scenarios = rows.unique("scenario")
        self.flooded = {name: polygons[scenario == name] for name in self.scenarios}
        self._rows = rows
        self._frame = communes
        parts = partition_communes(communes).set_index("insee").geometry
        codes = [code for code in rows.unique("insee") if code != OUTSIDE]
        self.communes: GeometryArray = parts.reindex(codes).to_numpy()

    def area_m2(self) -> Any:
        """Return the area of the commune of each row; 0 outside them."""
        area = np.append(np.nan_to_num(shapely.area(self.communes)), 0.0)
        return np.repeat(area, len(self.scenarios))

    def cut(self, frame: gpd.GeoDataFrame) -> GeometryArray:
        """Return what a layer of areas leaves in each commune, merged."""
        whole = shapely.union_all(make_valid(frame.geometry.to_numpy()))
        return np.asarray(intersect(self.communes, whole))

    def measure(self, areas: GeometryArray) -> pd.Series[float]:
        """Return how many square metres of each area are flooded, on the rows of the table.

        There is no area outside the communes: null.
        """
        flooded = [measure_overlap(areas, z) for z in self.flooded.values()]
        table = np.full((len(areas) + 1, len(self.scenarios)), np.nan)
        if flooded:
            table[:-1] = np.stack(flooded, axis=1)
        return pd.Series(table.ravel(), index=self._rows)

    def count(self, frame: gpd.GeoDataFrame) -> pd.Series[int]:
        """Return how many features of each commune are flooded, on the rows of the table."""
        features = make_valid(frame.geometry.to_numpy())
        insee = attribute_to_commune(frame, self._frame).fillna(OUTSIDE).to_numpy()
        tree = shapely.STRtree(features)
        counts = []
        for scenario, zones in self.flooded.items():
            _, met = tree.query(zones, predicate="intersects")
            here = pd.Series(insee[np.unique(met)]).value_counts()
            here.index = pd.MultiIndex.from_product([here.index, [scenario]])
            counts.append(here)
        found = pd.concat(counts) if counts else pd.Series(dtype="int64")
        return found.reindex(self._rows, fill_value=0).astype("int64")
