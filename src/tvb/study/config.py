"""The study file: what may stand in it.

Each section is a frozen dataclass whose fields carry their unit, bounds and meaning. The reader,
its messages and the page of the documentation are all made from them.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tvb.display import parts_table
from tvb.names import normalise_name
from tvb.schema import SCHEMAS
from tvb.schema.layers import LAND_COVER

__all__ = [
    "SECTIONS",
    "CostParameters",
    "FloodParameters",
    "GraphParameters",
    "LayerFile",
    "MapParameters",
    "PatchParameters",
    "Study",
    "StudyParameters",
    "TerritoryParameters",
    "choices_of",
    "parameter_rows",
]


HABITAT_LAYERS = tuple(name for name, s in SCHEMAS.items() if s.families == {"polygon"})
"""Layers of which habitat patches can be made."""


def _option(default: Any, meaning: str, **rules: Any) -> Any:
    """Declare a key: default, meaning, and rules.

    Rules: unit, minimum, maximum, choices, and filled for a list that may not be empty.
    """
    metadata = {"meaning": meaning, **rules}
    if isinstance(default, list):
        return field(default_factory=lambda: tuple(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class StudyParameters:
    """Section ``[study]``."""

    name: str = _option("Étude", "Name of the study, printed on every page")
    lang: Literal["fr", "en"] = _option("fr", "Language of what is printed")
    producer: str = _option("Mission Bassin Minier", "Who signs the maps")
    date: str = _option("2026", "Date printed on the maps (never the day of the run)")
    excel: bool = _option(False, "Write communes.csv as a French Excel opens it")


@dataclass(frozen=True)
class TerritoryParameters:
    """Section ``[territory]``."""

    embedded: bool = _option(False, "Use the embedded territory; [layers] may still replace layers")
    communes: tuple[str, ...] = _option([], "INSEE codes to keep; empty means all")
    buildings: int = _option(
        100_000, "Buildings to model in the whole territory", unit="buildings", minimum=0
    )
    seed: int = _option(1360, "Seed of everything modelled", minimum=0)
    cell_m: float = _option(
        20.0, "Cell of the modelled rasters", unit="m", minimum=5.0, maximum=100.0
    )


@dataclass(frozen=True)
class PatchParameters:
    """Section ``[patches]``."""

    layers: tuple[str, ...] = _option(
        ["core_areas", "terrils", "property_elements", "water_bodies"],
        "Layers whose polygons are habitat",
        choices=HABITAT_LAYERS,
        filled=True,
    )
    min_area_ha: float = _option(1.0, "Smaller patches are left out", unit="ha", minimum=0.0)
    merge_distance_m: float = _option(
        20.0, "Polygons closer than this form one patch", unit="m", minimum=0.0
    )


@dataclass(frozen=True)
class GraphParameters:
    """Section ``[graph]``."""

    links: Literal["edge", "allocation", "lcp"] = _option(
        "edge",
        "Straight from edge to edge, or over the costs below: in one sweep, or true least cost",
    )
    max_distance_m: float = _option(
        3000.0, "Longest link, measured along it", unit="m", minimum=0.0
    )
    dispersal_m: float = _option(
        1000.0, "Distance of dispersal, crossed with the probability below", unit="m", minimum=1e-9
    )
    probability: float = _option(
        0.5, "Probability of dispersal over that distance", minimum=1e-12, maximum=1 - 1e-12
    )


@dataclass(frozen=True)
class CostParameters:
    """Section ``[costs]``: cost of crossing a cell, by class of land cover."""

    eau: float = _option(50.0, "Water; all are examples, to be set for the species", minimum=0.0)
    zone_humide: float = _option(5.0, "Wetland", minimum=0.0)
    bois: float = _option(1.0, "Wood", minimum=0.0)
    prairie: float = _option(5.0, "Grass", minimum=0.0)
    culture: float = _option(20.0, "Crop", minimum=0.0)
    route: float = _option(100.0, "Road", minimum=0.0)
    bati: float = _option(200.0, "Built", minimum=0.0)
    terril: float = _option(2.0, "Terril", minimum=0.0)

    def by_code(self) -> dict[int, float]:
        """Return the costs by code of `tvb.schema.layers.LAND_COVER`.

        Returns
        -------
        dict of int to float
            One for each class of the legend.
        """
        names = {code: normalise_name(text) for code, text in LAND_COVER.legend.items()}
        return {code: getattr(self, name.replace(" ", "_")) for code, name in names.items()}


@dataclass(frozen=True)
class FloodParameters:
    """Section ``[flood]``."""

    rule: Literal["touches", "centroid", "share"] = _option("touches", "When a building is exposed")
    min_share: float = _option(
        0.5, "Least share of the footprint, for rule « share »", minimum=1e-9, maximum=1.0
    )
    exclude: tuple[Literal["light", "annexe", "not_in_service"], ...] = _option(
        ["light", "annexe", "not_in_service"],
        "Buildings left out: light constructions, annexes, those not in service; empty means none",
    )
    attribution: Literal["largest_share", "centroid"] = _option(
        "largest_share",
        "The commune in which a building counts: of its largest share, or of its centroid",
    )
    map_scenario: str = _option(
        "02Moy", "Scenario shown on the map: a code that the flood zones hold"
    )
    basin_water: Literal["outline", "relief", "drawn"] = _option(
        "outline",
        "Where the layer terrain is given, how high water stands in a basin that is no longer "
        "drained: to the spill level over its own outline; to that of the whole relief; or, as "
        "without the layer, over all the ground that was drawn",
    )
    min_depth_m: float = _option(
        0.1, "Hollows of the terrain less deep than this are left out", unit="m", minimum=0.0
    )
    floor_height_m: float = _option(
        0.0, "Height of ground floors above the ground at the door", unit="m", minimum=0.0
    )


@dataclass(frozen=True)
class MapParameters:
    """Section ``[maps]``."""

    paper: Literal["A4", "A3"] = _option("A4", "Size of the sheet")
    orientation: Literal["landscape", "portrait"] = _option("landscape", "Way of the sheet")
    formats: tuple[Literal["pdf", "png", "svg"], ...] = _option(
        ["pdf", "png"], "Files to write", filled=True
    )


@dataclass(frozen=True)
class LayerFile:
    """One layer of section ``[layers]``: its files and what cannot be read in them.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        Files, read one after the other. Empty when the layer is to be modelled.
    source_layer, crs, encoding : str, optional
        Passed to `tvb.io.read_layer`.
    title, producer, licence, vintage : str, optional
        Printed in the source line; known already for the layers of the Mission Bassin Minier.
    nature : {"real", "schematic", "modelled"}
        Printed in the source line.
    """

    paths: tuple[Path, ...] = ()
    source_layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    title: str | None = None
    producer: str | None = None
    licence: str | None = None
    vintage: str | None = None
    nature: Literal["real", "schematic", "modelled"] = "real"

    @property
    def modelled(self) -> bool:
        """Whether the layer has no file and is to be modelled."""
        return not self.paths


@dataclass(frozen=True)
class Study:
    """A study, read and checked.

    Parameters
    ----------
    study, territory, patches, graph, costs, flood, maps
        The sections of the file.
    layers : mapping of str to LayerFile
        Files of the layers, by name of the schema.
    """

    study: StudyParameters = field(default_factory=StudyParameters)
    territory: TerritoryParameters = field(default_factory=TerritoryParameters)
    patches: PatchParameters = field(default_factory=PatchParameters)
    graph: GraphParameters = field(default_factory=GraphParameters)
    costs: CostParameters = field(default_factory=CostParameters)
    flood: FloodParameters = field(default_factory=FloodParameters)
    maps: MapParameters = field(default_factory=MapParameters)
    layers: Mapping[str, LayerFile] = field(default_factory=dict)

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return every parameter by section, for the manifest and the cache.

        Returns
        -------
        dict
            Section, key, value; tuples as lists. Layers are told apart from parameters.
        """
        return {
            name: {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in dataclasses.asdict(getattr(self, name)).items()
            }
            for name in SECTIONS
        }

    def __repr__(self) -> str:
        return f"<Study {self.study.name}: {len(self.layers)} layers>"

    def _repr_html_(self) -> str:
        parts = {
            section: ", ".join(f"{key} = {_shown(value)}" for key, value in keys.items())
            for section, keys in self.parameters().items()
        }
        then = (".parameters()", "tvb.study.run_study(study, folder)")
        return parts_table(self, {**parts, "layers": ", ".join(self.layers)}, then=then)


SECTIONS: dict[str, type[Any]] = {
    "study": StudyParameters,
    "territory": TerritoryParameters,
    "patches": PatchParameters,
    "graph": GraphParameters,
    "costs": CostParameters,
    "flood": FloodParameters,
    "maps": MapParameters,
}
"""The sections of a study file, apart from ``[layers]``."""


def parameter_rows() -> list[dict[str, str]]:
    """Return every parameter of a study file, for the documentation.

    Returns
    -------
    list of dict
        Keys ``section``, ``key``, ``default``, ``unit``, ``allowed``, ``meaning``.
    """
    return [
        {
            "section": name,
            "key": f.name,
            "default": _shown(getattr(kind(), f.name)),
            "unit": f.metadata.get("unit", ""),
            "allowed": _allowed(kind, f),
            "meaning": f.metadata["meaning"],
        }
        for name, kind in SECTIONS.items()
        for f in dataclasses.fields(kind)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{v}"' for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def _allowed(kind: type[Any], option: dataclasses.Field[Any]) -> str:
    rules = option.metadata
    if choices := choices_of(typing.get_type_hints(kind)[option.name]):
        return ", ".join(choices)
    if "choices" in rules:
        return "names of layers"
    low, high = rules.get("minimum"), rules.get("maximum")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else ""


def choices_of(hint: Any) -> tuple[str, ...]:
    """Return the texts that a type allows: those of a ``Literal``, or of a tuple of them.

    Parameters
    ----------
    hint : type
        Type of a field.

    Returns
    -------
    tuple of str
        Empty when any value is allowed.
    """
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
