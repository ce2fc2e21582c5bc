"""What exposes the buildings of a study: zones, classes of hazard, protected ground; and whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from tvb import flood
from tvb.flood.groups import attribute_buildings
from tvb.flood.rules import judge_measures, measure_of
from tvb.schema.hazard import DEPTH_CLASSES, flag_dry
from tvb.study.store import Store
from tvb.territory import Territory, worst_nature

__all__ = ["HAZARD_LAYERS", "Exposed", "expose_buildings", "write_buildings", "write_groups"]

HAZARD_LAYERS = ("buildings", "flood_zones", "communes", "depth_classes", "protected_zones")
"""Layers that tell which buildings are exposed, to what; the last two where a study has them."""


@dataclass(frozen=True)
class Exposed:
    """Exposed buildings of a study.

    Parameters
    ----------
    territory : Territory
        Its flood zones without the ground that a class of depth calls dry.
    measures : pandas.DataFrame
        From `tvb.flood.measure_exposure` where a class or protected ground is known; else `flags`.
    flags : pandas.DataFrame
        Exposed by the rule, a column for each scenario.
    rule : CountingRule
        Rule of the study.
    people : pandas.Series, optional
        People of each building.
    """

    territory: Territory
    measures: pd.DataFrame
    flags: pd.DataFrame
    rule: flood.CountingRule
    people: pd.Series[float] | None = None

    def nature_with(self, *layers: str) -> str:
        """Return what a table made from these buildings and some other layers is worth.

        Parameters
        ----------
        *layers : str
            Names of layers.

        Returns
        -------
        {"modelled", "schematic", "real"}
            No more than the least of them.
        """
        used = [name for name in HAZARD_LAYERS if name in self.territory]
        return worst_nature(self.territory.sources_of(*used, *layers))


def expose_buildings(
    territory: Territory, rule: flood.CountingRule, *, people: pd.Series[float] | None = None
) -> Exposed:
    """Return the buildings that the zones of a study expose.

    Parameters
    ----------
    territory : Territory
        With `HAZARD_LAYERS`.
    rule : CountingRule
        Rule of the study.
    people : pandas.Series, optional
        People of each building.

    Returns
    -------
    Exposed
        With the class of hazard of each building where the study has ``depth_classes``, or zones
        whose ``niveau`` is a class of depth of the CNIG; with protected buildings where it has
        ``protected_zones``.
    """
    classes = _find_classes(territory)
    zones = territory["flood_zones"]
    if "depth_classes" in territory:
        zones = flood.wet_zones(_hazard(territory))
        territory = replace(territory, layers={**territory.layers, "flood_zones": zones})
    protected = territory.layers.get("protected_zones")
    buildings = territory["buildings"]
    if classes is None and protected is None:
        flags = flood.flag_exposed_buildings(
            buildings, zones, rule=rule.exposure, min_share=rule.min_share
        )
        return Exposed(territory, flags, flags, rule, people)
    measures = flood.measure_exposure(buildings, zones, classes=classes, protected=protected)
    return Exposed(territory, measures, judge_measures(measures, rule), rule, people)


def _hazard(territory: Territory) -> flood.Hazard:
    names = ("flood_zones", "depth_classes")
    return flood.Hazard.from_layers({name: territory[name] for name in names})


def _find_classes(territory: Territory) -> str | gpd.GeoDataFrame | None:
    """Return where the classes of hazard stand; levels whose order nobody told are left out."""
    if "depth_classes" in territory:
        return flood.classified_zones(_hazard(territory))
    zones = territory["flood_zones"]
    told = zones["niveau"].dropna() if "niveau" in zones else pd.Series(dtype="str")
    return "niveau" if len(told) and (told.isin(DEPTH_CLASSES) | flag_dry(told)).all() else None


def write_buildings(exposed: Exposed, store: Store) -> None:
    """Write ``tables/exposed_buildings``: a row for each exposed building and scenario.

    Parameters
    ----------
    exposed : Exposed
        From `expose_buildings`.
    store : Store
        Folder of the run.

    Notes
    -----
    ``left_out`` marks the buildings that are in no count. Rows of one ``cleabs`` are one building.
    """
    buildings = exposed.territory["buildings"]
    some = exposed.flags.any(axis=1).to_numpy()
    here = buildings[some]
    rule = exposed.rule
    shared = pd.DataFrame(here[["cleabs", "usage_1", "nombre_de_logements"]])
    insee = attribute_buildings(here, exposed.territory["communes"], rule.attribution)
    shared.insert(1, "insee", insee.fillna(flood.OUTSIDE))
    left_out = flood.flag_excluded_buildings(here, exclude=rule.exclude).any(axis=1)
    shared["left_out"] = left_out.to_numpy(dtype=bool)
    if exposed.people is not None:
        shared["people"] = exposed.people[some].round(2)
    tables = [
        shared.assign(scenario=scenario, **_of_scenario(exposed.measures, scenario, some))[
            exposed.flags.loc[some, scenario].to_numpy()
        ]
        for scenario in map(str, exposed.flags)
    ]
    table = pd.concat(tables) if tables else shared.assign(scenario="")
    table.insert(1, "scenario", table.pop("scenario"))
    table = table.sort_values(["cleabs", "scenario"], kind="stable")
    told = {**rule.describe(), "nature": exposed.nature_with()}
    store.write_table("tables/exposed_buildings", table.assign(**told), index=False)


def _of_scenario(measures: pd.DataFrame, scenario: str, some: Any) -> dict[str, Any]:
    """Return what is known of the buildings in one scenario besides that they are exposed."""
    if measures.columns.nlevels == 1:
        return {}
    known = {name: measure_of(measures, name) for name in ("share", "hazard_class", "protected")}
    columns = {name: m.loc[some, scenario] for name, m in known.items() if scenario in m}
    if "share" in columns:
        columns["share"] = columns["share"].round(4)
    if "hazard_class" in columns:
        columns["hazard_class"] = columns["hazard_class"].astype("str")
    return columns


def write_groups(exposed: Exposed, exposure: pd.DataFrame, store: Store) -> None:
    """Write the counts by intercommunality and, where they are known, by element of the property.

    Parameters
    ----------
    exposed : Exposed
        From `expose_buildings`.
    exposure : pandas.DataFrame
        Counts by commune.
    store : Store
        Folder of the run.

    Notes
    -----
    ``exposure_epci`` adds communes up. In ``exposure_elements`` a building belongs to every element
    that holds its centroid.
    """
    communes = exposed.territory["communes"]
    if "epci_siren" in communes:
        table = flood.group_counts(exposure, communes, key="epci_siren")
        _name(table, communes, key="epci_siren", name="epci_nom")
        store.write_table("tables/exposure_epci", table.assign(nature=exposed.nature_with()))
    if "property_elements" not in exposed.territory:
        return
    elements = exposed.territory["property_elements"]
    table = flood.count_by_area(
        exposed.territory["buildings"],
        exposed.measures,
        elements,
        key="no_element",
        rule=exposed.rule,
        people=exposed.people,
    )
    _name(table, elements, key="no_element", name="nom")
    nature = exposed.nature_with("property_elements")
    store.write_table("tables/exposure_elements", table.assign(nature=nature))


def _name(table: pd.DataFrame, places: pd.DataFrame, *, key: str, name: str) -> None:
    """Insert the names of places in front of a table made on their key."""
    if name in places:
        first = places.drop_duplicates(key)
        names = pd.Series(first[name].to_numpy(), index=first[key].astype("str"))
        table.insert(0, name, names.reindex(table.index.get_level_values(key)).to_numpy())
