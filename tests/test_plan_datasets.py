"""The modelled plans hold the faults that they say, and no other that matters.

The rules of the review are not used here: each fault is measured again with plain shapely.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from tvb.datasets import bassin_minier
from tvb.datasets.plan_zones import find_crossing
from tvb.datasets.plans import (
    PLAN_COMMUNES,
    PLANTED,
    model_plans,
    planted_table,
)
from tvb.errors import ParameterError
from tvb.io.plan import read_plan
from tvb.io.plan_write import write_plan
from tvb.plan import LEVELS, Plan, PlanDelivery
from tvb.plu import judge_pair, measure_zone_faults
from tvb.territory import Territory

OLD, MIDDLE, NEW = "62637_PLU_20140312", "200072460_PLUi_20190925", "59153_PLU_20240318"


@pytest.fixture(scope="module")
def territory() -> Territory:
    return bassin_minier(communes=PLAN_COMMUNES, rasters=False)


@pytest.fixture(scope="module")
def deliveries(territory) -> tuple[PlanDelivery, ...]:
    return model_plans(territory)


@pytest.fixture(scope="module")
def plans(deliveries, tmp_path_factory) -> dict[str, Plan]:
    folder = tmp_path_factory.mktemp("plans")
    paths = [write_plan(d, folder, archive=d.name == MIDDLE) for d in deliveries]
    return {d.name: read_plan(p, nature="modelled") for d, p in zip(deliveries, paths, strict=True)}


def communes_of(territory: Territory, plan: Plan) -> gpd.GeoDataFrame:
    communes = territory["communes"]
    return communes[communes["insee"].isin(plan.communes)]


def part(territory: Territory, plan: Plan, layer: str):
    """Return a layer inside the communes of a plan, as one shape."""
    outline = communes_of(territory, plan).union_all()
    return territory[layer].union_all().intersection(outline)


def union(frame: gpd.GeoDataFrame, *codes: str):
    return shapely.union_all(frame.geometry[frame["code"].isin(codes)].to_numpy())


def named(frame: gpd.GeoDataFrame, libelle: str):
    return shapely.union_all(frame.geometry[frame["libelle"] == libelle].to_numpy())


def test_three_versions_two_layouts_one_plui(deliveries, plans) -> None:
    assert [(d.kind, d.version, d.layout, d.encoding) for d in deliveries] == [
        ("PLU", "2014", "shapefile", "ISO-8859-1"),
        ("PLUi", "2017", "shapefile", "UTF-8"),
        ("PLU", "2024", "geopackage", "UTF-8"),
    ]
    for delivery in deliveries:
        plan = plans[delivery.name]
        assert (plan.kind, plan.version) == (delivery.kind, delivery.version)
        assert plan.name == delivery.name
        assert str(plan.approved).replace("-", "") == delivery.name.rsplit("_", 1)[1]
    assert sorted(c for p in plans.values() for c in p.communes) == list(PLAN_COMMUNES)


def test_accents_survive_latin_1(plans) -> None:
    assert "Continuité écologique" in set(plans[OLD].prescriptions["libelle"])


def test_no_reading_is_blocking(plans) -> None:
    for plan in plans.values():
        assert "bloquant" not in set(plan.findings["level"])
        assert not {"unreadable", "dropped", "column_missing", "table_missing"} & set(
            plan.findings["kind"]
        )
        assert plan.written_parts.loc[plan.written_parts["required"], "present"].all()


def test_planted_faults_are_well_said(plans) -> None:
    table = planted_table()
    assert len(table) == len(PLANTED) == table.drop_duplicates(["plan", "what"]).shape[0]
    assert set(table["plan"]) == set(plans)
    assert set(table["rule"]) == {"U1", "U2", "U3", "T1", "T2", "R1", "C1", "S1"}
    assert set(table["level"]) <= set(LEVELS)
    for fault in PLANTED:
        plan = plans[fault.plan]
        frame = {"z": plan.zones, "p": plan.prescriptions, "i": plan.infos}.get(fault.table[0])
        if fault.libelle:
            assert (frame["libelle"] == fault.libelle).any(), fault


def test_property_and_buffer_are_transcribed_or_not(plans, territory) -> None:
    """U1: missing, shifted, wrong code, partial; the rest is transcribed as it is."""
    wanted = {n: (part(territory, p, "property"), part(territory, p, "buffer"))
              for n, p in plans.items()}  # fmt: skip
    infos = {n: p.infos for n, p in plans.items()}
    inscribed, buffer = wanted[OLD]
    assert union(infos[OLD], "40-01").symmetric_difference(inscribed).area < 1
    assert union(infos[OLD], "40-02").is_empty
    inscribed, buffer = wanted[MIDDLE]
    moved = union(infos[MIDDLE], "40-01")
    assert moved.area == pytest.approx(inscribed.area)
    assert moved.centroid.distance(inscribed.centroid) == pytest.approx(65.0)
    assert union(infos[MIDDLE], "40-02").symmetric_difference(buffer).area < 1
    inscribed, buffer = wanted[NEW]
    transcribed = union(infos[NEW], "40-01")
    assert transcribed.difference(inscribed).area < 1
    assert 0.1 < transcribed.area / inscribed.area < 0.999
    assert union(infos[NEW], "40-02").is_empty
    assert union(infos[NEW], "31-00").symmetric_difference(buffer).area < 1


def test_one_element_alone_is_unprotected(plans, territory) -> None:
    """U2."""
    for plan in plans.values():
        cover = union(plan.prescriptions, "07-01", "07-02", "07-04", "25-00", "01-00", "18-05")
        cover = shapely.get_parts(cover)
        cover = shapely.union_all(cover[shapely.get_dimensions(cover) == 2])
        outline = communes_of(territory, plan).union_all()
        for row in territory["property_elements"].itertuples():
            here = row.geometry.intersection(outline)
            if here.area < 10:
                continue
            share = here.intersection(cover).area / here.area
            expected = 0.0 if (plan.name, row.no_element) == (MIDDLE, "101") else 1.0
            assert share == pytest.approx(expected, abs=1e-6), (plan.name, row.no_element)


def test_building_zones_keep_clear_but_for_the_planted_ones(plans, territory) -> None:
    """U3: AU zones and reserved sites in property, buffer, corridors, core areas, flood zones."""
    for plan in plans.values():
        au = plan.zones[plan.zones["classe"] == "AU"]
        sites = plan.prescriptions[plan.prescriptions["code"].str.startswith("05")]
        watched = pd.concat([au, sites])
        assert len(au) >= len(plan.communes)
        held = shapely.union_all(
            [part(territory, plan, n) for n in ("property", "buffer", "core_areas", "flood_zones")]
        )
        corridors = part(territory, plan, "corridors")
        hit = watched[watched.intersection(held).area.gt(1).to_numpy()
                      | watched.intersects(corridors).to_numpy()]  # fmt: skip
        expected = {f.libelle for f in PLANTED if f.plan == plan.name and f.rule == "U3"}
        assert set(hit["libelle"]) == expected
    over = named(plans[OLD].zones, "1AUp")
    assert over.within(part(territory, plans[OLD], "property").buffer(1e-6))
    assert over.area == pytest.approx(150**2)
    site = named(plans[NEW].prescriptions, "ER9")
    assert site.within(part(territory, plans[NEW], "core_areas").buffer(1e-6))


def test_corridors_are_covered_but_in_the_planted_zone(plans, territory) -> None:
    """T1 and T2."""
    for plan in plans.values():
        cover = union(plan.prescriptions, "25-00", "07-04", "05-04", "18-15")
        corridors = part(territory, plan, "corridors")
        bare = corridors.difference(cover.buffer(0.01))
        if plan.name != NEW:
            # the forgotten element takes a piece out of what protects corridors
            element = territory["property_elements"].set_index("no_element").geometry["101"]
            assert bare.difference(element.buffer(0.1)).length < 1
            continue
        across = named(plan.zones, "1AUt")
        assert bare.length == pytest.approx(corridors.intersection(across).length, abs=1)
        assert bare.length > 150
        zones = plan.zones[plan.zones.intersects(bare.buffer(-0.1).union(bare))]
        assert "1AUt" in set(zones["libelle"])


def test_flooded_building_ground_has_conditions_but_in_one_zone(plans, territory) -> None:
    """R1."""
    for plan in plans.values():
        build = plan.zones[plan.zones["classe"].isin(["U", "AU"])]
        cover = union(plan.prescriptions, "02-01", "02-02", "37-01")
        bare = part(territory, plan, "flood_zones").difference(cover)
        hit = build[build.intersection(bare).area.gt(1).to_numpy()]
        assert set(hit["libelle"]) == ({"UAi"} if plan.name == MIDDLE else set())
        if plan.name == MIDDLE:
            assert hit.intersection(bare).area.sum() > 10_000


def test_planned_cycle_routes_are_reserved_but_one(plans, territory) -> None:
    """C1."""
    routes = territory["cycle_routes"].sort_values("id_local")
    planned = routes[routes["statut"].isin(["projet", "à étudier"])]
    for plan in plans.values():
        outline = communes_of(territory, plan).union_all()
        lines = plan.prescriptions[plan.prescriptions["code"].isin(["24-03", "05-01"])]
        cover = shapely.union_all(lines.geometry.to_numpy()).buffer(0.1)
        inside = planned.set_index("id_local").geometry.intersection(outline)
        inside = inside[inside.length > 1]
        bare = inside[inside.difference(cover).length > 1]
        assert list(bare.index) == ([inside.index[0]] if plan.name == NEW else [])


def test_zones_are_a_partition_but_for_the_planted_faults(plans, territory) -> None:
    """S1: overlap, hole, zone outside; nothing else above a square metre."""
    found = {
        name: measure_zone_faults(plan.zones, communes_of(territory, plan))
        for name, plan in plans.items()
    }
    assert found[OLD][["kind", "area_m2"]].round(3).values.tolist() == [["overlap", 10_000.0]]
    assert found[MIDDLE][["kind", "insee", "area_m2"]].round(3).values.tolist() == [
        ["gap", "62194", 14_400.0]
    ]
    assert found[NEW]["kind"].tolist() == ["outside"]
    zone = plans[NEW].zones.set_index("objet").loc[found[NEW]["zone"][0]]
    assert zone["libelle"] == "Ne"


def test_faults_of_the_standard_are_there(plans) -> None:
    """S1: zeros, invalid ring, IDURBA, pair too new, duplicate, rules without a file."""
    old, middle, new = plans[OLD], plans[MIDDLE], plans[NEW]
    repairs = old.findings[old.findings["table"] == "prescription_surf"]["detail"]
    assert repairs.str.contains("leading zeros put back in « typepsc »").any()
    invalid = middle.findings[middle.findings["detail"] == "invalid geometry repaired"]
    assert invalid["table"].tolist() == ["zone_urba"]
    assert named(middle.zones, "Nl").area == pytest.approx(10_000.0)
    other = middle.findings[middle.findings["kind"] == "idurba_other"]
    assert other["table"].tolist() == ["prescription_lin"]
    for plan in plans.values():
        judged = {
            (code, judge_pair(family, code, plan.versions, geometry=shape))
            for family, frame in (("psc", plan.prescriptions), ("inf", plan.infos))
            for code, shape in zip(frame["code"], frame["geometrie"], strict=True)
        }
        odd = {j for j in judged if j[1] != "known"}
        assert odd == ({("18-15", "newer")} if plan.name == MIDDLE else set())
        keys = plan.prescriptions.assign(wkb=plan.prescriptions.to_wkb()["geometry"])
        twice = keys[keys.duplicated(["code", "libelle", "wkb"])]
        assert twice["libelle"].tolist() == (["ER1"] if plan.name == NEW else [])
    assert new.doc_urba[["nomreg", "urlreg"]].isna().all(axis=None)
    assert old.doc_urba["nomreg"].notna().all()


def test_servitudes_come_with_the_new_plan(plans) -> None:
    assert sorted(plans[NEW].sup["categorie"]) == ["AC1", "AC2", "EL3", "I6", "PM1"]
    assert plans[NEW].sup["code_alea"].dropna().tolist() == ["11"]


def test_the_same_territory_gives_the_same_bytes(territory, deliveries, tmp_path: Path) -> None:
    again = model_plans(territory)
    for first, second in zip(deliveries, again, strict=True):
        one = write_plan(first, tmp_path / "a", archive=True)
        two = write_plan(second, tmp_path / "b", archive=True)
        assert one.read_bytes() == two.read_bytes()


def test_a_territory_without_the_communes_is_refused(territory) -> None:
    small = {n: f[f["insee"] != "59153"] if n == "communes" else f
             for n, f in territory.layers.items()}  # fmt: skip
    with pytest.raises(ParameterError, match=r"lacks communes of the modelled plans.*59153"):
        model_plans(Territory("petit", small))


def test_the_crossing_is_the_square_that_holds_most_of_the_lines() -> None:
    """A strip 240 m wide: squares of 200 m have their centre at y = 120, at x = 120, 160, ….

    Kills a ground eroded by a disc that covers the square, of which nothing is left here, and the
    first square that a line touches: the line of the west clips a corner, that of the east crosses.
    """
    strip = shapely.box(0, 0, 1000, 240)
    corner = shapely.LineString([(0, 150), (90, 240)])
    across = shapely.LineString([(700, -50), (700, 300)])
    found = find_crossing(strip, shapely.union_all([corner, across]), 200.0)
    assert found.equals(shapely.box(580, 20, 780, 220))  # by x = 600 the line runs along the edge
    with pytest.raises(ParameterError, match="no line crosses a square of 200 m that is free"):
        find_crossing(strip, corner, 200.0)
    for narrow in (shapely.box(0, 0, 1000, 190), shapely.Polygon()):
        with pytest.raises(ParameterError, match="no room for a square of 200 m"):
            find_crossing(narrow, across, 200.0)


def test_a_zone_across_a_corridor_is_found_where_little_ground_is_dry(territory, plans) -> None:
    """Around every corridor of Condé water, but for 270 m by 270 m: kills « no point is 150 m from
    the water » taken for « no room », as it was on the official layers."""
    corridors = part(territory, plans[NEW], "corridors")
    room = named(plans[NEW].zones, "1AUt").buffer(35.0, join_style="mitre")
    water = corridors.buffer(160.0).difference(room)
    floods = territory["flood_zones"]
    row = floods[floods["scenario"] == "04Fai"].head(1).set_geometry([water], crs=floods.crs)
    wet = pd.concat([floods, row], ignore_index=True)
    held = Territory("humide", {**territory.layers, "flood_zones": wet})
    found = named(read_plan(model_plans(held)[2].tables, nature="modelled").zones, "1AUt")
    assert found.area == pytest.approx(200.0**2)
    assert found.within(room)
    assert found.intersection(corridors).length > 150
