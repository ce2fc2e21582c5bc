"""Three modelled deliveries of town plans, with faults planted in them and what should be found.

The communes are real, their shapes schematic and everything else invented: nothing here says
anything about the plan of a commune.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely
from shapely import affinity

from tvb.datasets.plan_tables import Item, PlanSpec, build_tables, servitude_tables
from tvb.datasets.plan_zones import (
    Ground,
    build_zones,
    find_crossing,
    find_place,
    polygons_of,
    square,
)
from tvb.plan import Level, PlanDelivery
from tvb.territory import Territory

__all__ = ["PLANTED", "PLAN_COMMUNES", "PlantedFault", "model_plans", "planted_table"]

PLAN_COMMUNES = ("59153", "62048", "62194", "62555", "62637")
"""Condé-sur-l'Escaut, Auchel, Calonne-Ricouart, Marles-les-Mines and Oignies."""

_OLD = PlanSpec("62637_PLU_20140312", "PLU", "2014", "62637", "20140312", ("62637",),
                "shapefile", "ISO-8859-1")  # fmt: skip
_MIDDLE = PlanSpec("200072460_PLUi_20190925", "PLUi", "2017", "200072460", "20190925",
                   ("62048", "62194", "62555"), "shapefile", "UTF-8")  # fmt: skip
_NEW = PlanSpec("59153_PLU_20240318", "PLU", "2024", "59153", "20240318", ("59153",),
                "geopackage", "UTF-8")  # fmt: skip

_PLANNED = ("projet", "à étudier")
_FORGOTTEN_ELEMENT = "101"
_SHIFT_M = (60.0, 25.0)
_AU_M, _SITE_M, _ACROSS_M = 160.0, 60.0, 200.0
_CLEAR_M = 10.0
_WRITTEN = (
    "0_Procedure/{owner}_deliberation_{date}.pdf",
    "1_Rapport_de_presentation/{owner}_rapport_{date}.pdf",
    "2_PADD/{owner}_padd_{date}.pdf",
    "3_Reglement/{owner}_reglement_{date}.pdf",
    "4_Annexes/{owner}_liste_annexes_{date}.pdf",
)


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """A fault in a modelled plan, and the finding expected.

    Parameters
    ----------
    plan : str
        Name of the delivery.
    rule : str
        Rule of the review that finds it.
    level : str
        How much it matters.
    table : str
        Table where it lies.
    libelle : str
        ``LIBELLE`` of the row at fault; empty where the fault is that there is none.
    what : str
        What is wrong.
    """

    plan: str
    rule: Literal["U1", "U2", "U3", "T1", "T2", "R1", "C1", "S1"]
    level: Level
    table: str
    libelle: str
    what: str


def _fault(
    spec: PlanSpec, rule: Any, level: Level, *, table: str, what: str, libelle: str = ""
) -> PlantedFault:
    return PlantedFault(spec.name, rule, level, table, libelle, what)


PLANTED: tuple[PlantedFault, ...] = (
    _fault(_OLD, "U1", "bloquant", table="info_surf",
           what="buffer zone not transcribed: no INFO 40-02"),
    _fault(_OLD, "U3", "à vérifier", table="zone_urba", libelle="1AUp",
           what="AU zone of 150 m by 150 m inside the property"),
    _fault(_OLD, "S1", "à corriger", table="zone_urba", libelle="UBr",
           what="zone of 100 m by 100 m drawn over another zone"),
    _fault(_OLD, "S1", "à corriger", table="prescription_surf",
           what="TYPEPSC and STYPEPSC are numbers: zeros put back"),
    _fault(_MIDDLE, "U1", "à corriger", table="info_surf", libelle="Bien inscrit",
           what="property transcribed 65 m away: 60 m east, 25 m north"),
    _fault(_MIDDLE, "U2", "bloquant", table="prescription_surf",
           what="element 101 in Marles-les-Mines without any protection"),
    _fault(_MIDDLE, "R1", "bloquant", table="zone_urba", libelle="UAi",
           what="U zone of Marles-les-Mines partly in a flood zone without 02-01, 02-02 or 37-01"),
    _fault(_MIDDLE, "S1", "à corriger", table="zone_urba",
           what="hole of 120 m by 120 m in the zones of Calonne-Ricouart"),
    _fault(_MIDDLE, "S1", "à corriger", table="zone_urba", libelle="Nl",
           what="invalid polygon: its ring runs out and back along one line"),
    _fault(_MIDDLE, "S1", "à corriger", table="prescription_lin",
           what="IDURBA of another date, 20180925"),
    _fault(_MIDDLE, "S1", "à vérifier", table="prescription_surf", libelle="OAP TVB",
           what="pair 18-15, newer than the version 2017"),
    _fault(_NEW, "U1", "bloquant", table="info_surf", libelle="Zone tampon",
           what="buffer zone transcribed under the code 31-00 instead of 40-02"),
    _fault(_NEW, "U1", "à corriger", table="info_surf", libelle="Bien inscrit",
           what="property transcribed in part: only its largest polygon"),
    _fault(_NEW, "U3", "à vérifier", table="prescription_surf", libelle="ER9",
           what="reserved site 05-02 of 60 m by 60 m in a core area"),
    _fault(_NEW, "U3", "à vérifier", table="zone_urba", libelle="1AUt",
           what="AU zone of 200 m by 200 m across a corridor"),
    _fault(_NEW, "T1", "à corriger", table="zone_urba", libelle="1AUt",
           what="corridor in an AU zone without 25-00, 07-04, 05-04 or 18-15"),
    _fault(_NEW, "T2", "à vérifier", table="zone_urba", libelle="1AUt",
           what="building the AU zone cuts a corridor"),
    _fault(_NEW, "C1", "à vérifier", table="prescription_lin",
           what="first planned cycle route in order of id_local without 05-01 or 24-xx"),
    _fault(_NEW, "S1", "à corriger", table="zone_urba", libelle="Ne",
           what="zone outside the commune"),
    _fault(_NEW, "S1", "à corriger", table="prescription_surf", libelle="ER1",
           what="reserved site delivered twice"),
    _fault(_NEW, "S1", "à corriger", table="doc_urba",
           what="neither NOMREG nor URLREG has a value"),
)  # fmt: skip
"""Every fault of the modelled plans; nothing else in them should be reported as blocking."""


def planted_table() -> pd.DataFrame:
    """Return the planted faults as a table.

    Returns
    -------
    pandas.DataFrame
        Columns ``plan``, ``rule``, ``level``, ``table``, ``libelle``, ``what``.
    """
    return pd.DataFrame([asdict(fault) for fault in PLANTED])


def model_plans(territory: Territory) -> tuple[PlanDelivery, PlanDelivery, PlanDelivery]:
    """Return three deliveries of town plans drawn on the embedded territory.

    Parameters
    ----------
    territory : Territory
        Of `tvb.datasets.bassin_minier`, with at least `PLAN_COMMUNES`.

    Returns
    -------
    tuple of tvb.plan.PlanDelivery
        A PLU of 2014 in shapefiles of Latin-1, a PLUi of 2017 in shapefiles, a PLU of 2024 with
        servitudes in a GeoPackage; `tvb.io.write_plan` makes files of them.

    Raises
    ------
    ParameterError
        If the territory lacks one of the communes, or holds no room for a zone.
    LayerError
        If it lacks a layer.

    Examples
    --------
    >>> from tvb.datasets import bassin_minier
    >>> territory = bassin_minier(communes=PLAN_COMMUNES, rasters=False)  # doctest: +SKIP
    >>> model_plans(territory)[0]  # doctest: +SKIP
    <PlanDelivery 62637_PLU_20140312: PLU 2014, 7 tables, shapefile>
    """
    return _model_old(territory), _model_middle(territory), _model_new(territory)


@dataclass
class _Draft:
    """A plan in the making: zones and items without fault, to which faults are then done."""

    ground: Ground
    zones: list[Item] = field(default_factory=list)
    prescriptions: list[Item] = field(default_factory=list)
    infos: list[Item] = field(default_factory=list)

    def zone(self, insee: str, special: Sequence[tuple[str, str, Any]]) -> None:
        """Cover a commune with zones, some of them (name, type, ground) given."""
        ground = self.ground.restrict(insee)
        place = find_place(shapely.buffer(ground.free, -30.0), ground.town, _AU_M)
        types = {"UA": "U", "A": "A", "N": "N", "1AU": "AUc"} | {n: t for n, t, _ in special}
        layers = [*((n, s) for n, _, s in special), ("1AU", place), ("N", ground.nature),
                  ("UA", ground.town)]  # fmt: skip
        table = build_zones(ground.outline, layers, "A")
        self.zones += [
            Item(name, types[name], shape)
            for name, shape in zip(table["name"], table["geometry"], strict=True)
        ]

    def protect(self, *, without: str = "", bare: Any = None) -> None:
        """Protect what the ground holds, but for one element and some ground."""
        elements = self.ground.cut("property_elements").sort_values("no_element")
        forgotten = elements[elements["no_element"] == without].geometry.to_numpy()
        gap = shapely.union_all([*forgotten, *([] if bare is None else [bare])])
        for number, shape in zip(elements["no_element"], elements.geometry, strict=True):
            if number != without:
                protected = shapely.difference(shape, shapely.union_all(forgotten))
                self.prescriptions.append(Item(f"Élément inscrit n° {number}", "07-02", protected))
        for name, shape in (
            ("Continuité écologique", self.ground.corridors),
            ("Réservoir de biodiversité", self.ground.core_areas),
        ):
            self.prescriptions.append(Item(name, "25-00", shapely.difference(shape, gap)))

    def limit_building(self, *, bare: Any = None) -> None:
        """Set conditions to building wherever the ground is flooded, but for some ground."""
        gap = shapely.Polygon() if bare is None else bare
        wet = shapely.difference(self.ground.flooded, gap)
        self.prescriptions.append(Item("Secteur inondable", "02-02", wet))

    def reserve(self, *, without_first: bool = False) -> None:
        """Reserve planned cycle routes and a site; mark pits."""
        routes = self.ground.cut("cycle_routes").sort_values("id_local")
        planned = routes[routes["statut"].isin(_PLANNED)].iloc[int(without_first) :]
        self.prescriptions += [
            Item(f"Liaison cyclable {name}", "24-03", shape)
            for name, shape in zip(planned["id_local"], planned.geometry, strict=True)
        ]
        site = find_place(self.ground.free, self.ground.town, _SITE_M)
        self.prescriptions.append(Item("ER1", "05-01", site))
        pits = self.ground.cut_points("pits")
        self.prescriptions += [
            Item(f"Puits {name}", "07-01", shape)
            for name, shape in zip(pits["puits"], pits.geometry, strict=True)
        ]

    def inform(self, *, inscribed: Any = None, buffer_code: str = "40-02") -> None:
        """Transcribe property, buffer zone and mining perimeter."""
        shape = self.ground.property if inscribed is None else inscribed
        self.infos.append(Item("Bien inscrit", "40-01", shape))
        if buffer_code:
            self.infos.append(Item("Zone tampon", buffer_code, self.ground.buffer))
        self.infos.append(Item("Concession minière", "09-00", self.ground.outline))

    def deliver(self, spec: PlanSpec, **changes: Any) -> PlanDelivery:
        """Return the delivery."""
        items = {"zone_urba": self.zones, "prescription": self.prescriptions, "info": self.infos}
        tables: Mapping[str, pd.DataFrame] = build_tables(spec, items, **changes)
        parts = [p.format(owner=spec.owner, date=spec.date) for p in _WRITTEN]
        return PlanDelivery(
            spec.name, spec.kind, spec.version, tables, spec.layout, spec.encoding, tuple(parts)
        )


def _model_old(territory: Territory) -> PlanDelivery:
    """Return the PLU of 2014."""
    draft = _Draft(Ground.of(territory, _OLD.communes))
    ground = draft.ground
    over = find_place(ground.property, ground.town, 150.0)
    draft.zone("62637", [("1AUp", "AUc", over)])
    planted = find_place(shapely.buffer(ground.free, -60.0), ground.town, 100.0)
    draft.zones.append(Item("UBr", "U", planted))
    draft.protect()
    draft.limit_building()
    draft.reserve()
    draft.inform(buffer_code="")
    return draft.deliver(_OLD)


def _model_middle(territory: Territory) -> PlanDelivery:
    """Return the PLUi of 2017."""
    draft = _Draft(Ground.of(territory, _MIDDLE.communes))
    spot = {c: draft.ground.restrict(c) for c in _MIDDLE.communes}
    inner = {c: shapely.buffer(g.free, -200.0) for c, g in spot.items()}
    lonely = find_place(inner["62048"], spot["62048"].town, 100.0)
    draft.zone("62048", [("Nl", "N", lonely)])
    hole = find_place(inner["62194"], spot["62194"].town, 120.0)
    draft.zone("62194", [("trou", "A", hole)])
    town = polygons_of(spot["62555"].town)
    flooded = shapely.area(shapely.intersection(town, spot["62555"].flooded))
    wet = town[int(flooded.argmax())]
    draft.zone("62555", [("UAi", "U", wet)])
    draft.zones = [
        Item(z.libelle, z.code, _with_spike(z.geometry) if z.libelle == "Nl" else z.geometry)
        for z in draft.zones
        if z.libelle != "trou"
    ]
    draft.protect(without=_FORGOTTEN_ELEMENT)
    draft.limit_building(bare=wet)
    draft.reserve()
    draft.prescriptions.append(Item("OAP TVB", "18-15", spot["62048"].corridors))
    draft.inform(inscribed=affinity.translate(draft.ground.property, *_SHIFT_M))
    return draft.deliver(_MIDDLE, other_date={"prescription_lin": "20180925"})


def _with_spike(shape: shapely.Polygon) -> shapely.Polygon:
    """Return a polygon whose ring runs 20 m out from its first corner and back: invalid."""
    ring = shapely.get_coordinates(shape.exterior)
    out = (
        ring[0] + (ring[0] - ring[1]) / shapely.Point(ring[0]).distance(shapely.Point(ring[1])) * 20
    )
    return shapely.Polygon([ring[0], out, *ring])


def _model_new(territory: Territory) -> PlanDelivery:
    """Return the PLU of 2024."""
    draft = _Draft(Ground.of(territory, _NEW.communes))
    ground = draft.ground
    held = [ground.property, ground.buffer, ground.flooded, ground.core_areas, ground.town]
    dry = shapely.difference(ground.outline, shapely.union_all(held))
    lines = shapely.union_all(ground.cut("corridors").geometry.to_numpy())
    across = find_crossing(shapely.buffer(dry, -_CLEAR_M), lines, _ACROSS_M)
    draft.zone("59153", [("1AUt", "AUc", across)])
    edge = shapely.Point(shapely.get_coordinates(ground.outline)[0])
    beyond = polygons_of(shapely.difference(square(edge.x, edge.y, 160.0), ground.outline))
    draft.zones.append(Item("Ne", "N", beyond[int(shapely.area(beyond).argmax())]))
    draft.protect(bare=across)
    draft.limit_building()
    draft.reserve(without_first=True)
    draft.prescriptions.append(next(p for p in draft.prescriptions if p.libelle == "ER1"))
    core = shapely.difference(
        ground.core_areas, shapely.union_all([ground.property, ground.buffer])
    )
    draft.prescriptions.append(Item("ER9", "05-02", find_place(core, ground.town, _SITE_M)))
    parts = polygons_of(ground.property)
    largest = parts[int(shapely.area(parts).argmax())]
    draft.inform(inscribed=largest, buffer_code="31-00")
    delivery = draft.deliver(_NEW, without_rules=True)
    servitudes = servitude_tables(_servitudes(ground))
    return PlanDelivery(
        delivery.name, delivery.kind, delivery.version, {**delivery.tables, **servitudes},
        delivery.layout, delivery.encoding, (*delivery.written_parts, "5_OAP/59153_oap.pdf"),
    )  # fmt: skip


def _servitudes(ground: Ground) -> gpd.GeoDataFrame:
    """Return invented grounds of servitudes: category, type, name, nature of the protection."""
    pit = ground.cut_points("pits").geometry.iloc[0]
    terrils = shapely.union_all(ground.cut("terrils").geometry.to_numpy())
    bank = ground.cut("corridors").geometry.iloc[0]
    rows = [
        ("AC1", "Périmètre des abords", "Abords d'un monument modélisé", "Inscrit",
         shapely.buffer(pit, 500.0, quad_segs=4)),
        ("AC2", "Enceinte du site", "Site modélisé de terrils", "Classé", terrils),
        ("PM1", "Enveloppe des zonages réglementaires", "PPR modélisé", None, ground.flooded),
        ("I6", "Concession", "Concession modélisée", None, ground.outline),
        ("EL3", "Marchepied", "Marchepied modélisé", None,
         shapely.buffer(bank, 3.25, quad_segs=2)),
    ]  # fmt: skip
    columns = ["category", "typeass", "nomass", "type", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), crs=ground.communes.crs)
