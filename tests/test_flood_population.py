"""People of the grid on buildings: squares, steps of the spread, totals, edges of the territory."""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb import schema
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import build_population_grid, spread_population
from tvb.flood.population import BASES, VULNERABLE, measure_floor_area, split_commune_codes

# A cell in Lens; the others lie east of it, every other one, so that none are neighbours.
NORTH, EAST = 3_079_000, 3_834_200


def cell_id(column: int, row: int = 0) -> str:
    return f"CRS3035RES200mN{NORTH + 200 * row}E{EAST + 200 * column}"


def grid(people: list[float], **columns: list[object]) -> pd.DataFrame:
    """Return cells in a row, with a tenth of the people in each other variable."""
    ids = [cell_id(2 * i) for i in range(len(people))]
    rest = {name: np.array(people) / 10 for name in VULNERABLE}
    return pd.DataFrame({"idcar_200m": ids, "ind": people, **rest, **columns})


_DEFAULTS: dict[str, object] = {
    "use": "Résidentiel", "dwellings": None, "storeys": None, "height": None, "light": False,
    "side": 10.0, "at": (50.0, 50.0),
}  # fmt: skip


def buildings(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    """Return squares at a place (metres of EPSG:3035) in a cell of `grid`."""
    full = [{**_DEFAULTS, **row} for row in rows]
    table = pd.DataFrame(full)
    corner = [(EAST + 400 * r["cell"] + r["at"][0], NORTH + r["at"][1]) for r in full]  # type: ignore[operator,index]
    centre = gpd.GeoSeries([shapely.Point(c) for c in corner], crs=3035).to_crs(2154)
    half = table["side"].to_numpy(dtype=float) / 2
    return gpd.GeoDataFrame(
        {
            "cleabs": [f"B{i}" for i in range(len(full))],
            "usage_1": table["use"].astype("str"),
            "construction_legere": table["light"].astype(bool),
            "etat_de_l_objet": "En service",
            "nombre_de_logements": table["dwellings"].astype("Int64"),
            "nombre_d_etages": table["storeys"].astype("Int64"),
            "hauteur": table["height"].astype(float),
        },
        geometry=shapely.box(
            centre.x - half, centre.y - half, centre.x + half, centre.y + half
        ),
        crs="EPSG:2154",
    )  # fmt: skip


# The grid -------------------------------------------------------------------------------------


def test_squares_are_rebuilt_from_identifiers() -> None:
    """Kills north and east swapped, centres taken for corners, and squares of Lambert-93."""
    cells = build_population_grid(grid([1.0, 2.0]).set_index(pd.Index([7, 9])))
    assert cells.crs.to_epsg() == 2154
    assert cells.index.tolist() == [7, 9]
    back = cells.to_crs(3035)
    corners = [EAST, NORTH, EAST + 200, NORTH + 200]
    assert back.loc[7].geometry.bounds == pytest.approx(corners, abs=1e-3)
    assert cells.area.tolist() == pytest.approx([40_000] * 2, rel=0.01)


def test_a_square_is_where_a_published_file_draws_it() -> None:
    """Against the corners of a cell of Bray-Dunes in a copy of the grid of 2019 in degrees."""
    cells = pd.DataFrame({"idcar_200m": ["CRS3035RES200mN3132800E3798000"]})
    corners = [
        (2.524193632636162, 51.065504342939775), (2.523903681650588, 51.067291291861004),
        (2.526744393387108, 51.06747482981823), (2.527034236159092, 51.065687872752164),
    ]  # fmt: skip
    square = build_population_grid(cells).to_crs(4326).geometry.iloc[0]
    drawn = np.array(sorted(square.exterior.coords[:-1]))
    assert drawn == pytest.approx(np.array(sorted(corners)), abs=1e-8)


def test_the_layer_of_the_grid_has_a_schema() -> None:
    texts = ["idcar_200m", "idcar_1km", "idcar_nat", "lcog_geo"]
    layer = schema.get_schema("population_grid")
    numbers = {c.name: [1.5] for c in layer.columns if c.dtype == "number"}
    columns = {**{name: ["62498"] for name in texts}, **numbers, "i_est_200": [1], "i_est_1km": [0]}
    table = pd.DataFrame(columns).assign(idcar_200m=cell_id(0))
    cells = build_population_grid(table.astype(dict.fromkeys(texts, "str")))
    assert schema.find_faults(cells, "population_grid") == []
    assert set(VULNERABLE) <= set(numbers)


def test_codes_of_several_communes_are_split() -> None:
    codes = pd.Series(["62498", "591786217862427", "2A0042B033", None], dtype="str")
    assert split_commune_codes(codes).tolist() == [
        ("62498",), ("59178", "62178", "62427"), ("2A004", "2B033"), (),
    ]  # fmt: skip
    with pytest.raises(LayerError, match=r"codes of five characters \(1 feature: 6249\)"):
        split_commune_codes(pd.Series(["62498", "6249"]))


def test_floor_area_takes_storeys_then_height_then_one() -> None:
    here = buildings(
        {"cell": 0, "storeys": 3, "height": 30.0},
        {"cell": 0, "storeys": 0, "height": 8.9},  # 2.97 storeys
        {"cell": 0, "height": 1.2},
        {"cell": 0, "height": 0.0},
        {"cell": 0, "side": 20.0},
    )
    assert measure_floor_area(here).tolist() == pytest.approx([300, 300, 100, 100, 400])
    bare = here.drop(columns=["nombre_d_etages", "hauteur"])
    assert measure_floor_area(bare).tolist() == pytest.approx([100, 100, 100, 100, 400])


# The spread -----------------------------------------------------------------------------------


def test_each_step_of_the_spread() -> None:
    """Six cells, one for each basis; hand-computed."""
    here = buildings(
        {"cell": 0, "dwellings": 3}, {"cell": 0, "dwellings": 1},
        {"cell": 0, "use": "Indifférencié"},  # not for housing: nobody
        {"cell": 0, "dwellings": 9, "light": True},  # left out
        # 4 dwellings on 100 m²; the unknown one has 200 m²: 8.
        {"cell": 1, "dwellings": 4}, {"cell": 1, "storeys": 2},
        {"cell": 1, "dwellings": 0, "side": 50.0},  # known to have none
        {"cell": 2, "storeys": 1}, {"cell": 2, "storeys": 3},
        {"cell": 3, "use": "Indifférencié", "side": 20.0}, {"cell": 3, "use": None},
        {"cell": 3, "use": "Agricole"}, {"cell": 3, "use": "Annexe"},
        {"cell": 4, "use": "Agricole"}, {"cell": 4, "dwellings": 0, "side": 30.0},
        {"cell": 5, "use": "Annexe"},
    )  # fmt: skip
    cells = grid([8.0, 24.0, 10.0, 50.0, 100.0, 7.5], i_est_200=[0, 1, 0, 0, 0, 1],
                 lcog_geo=["62498", "6249862178", "62498", "62498", "62498", "62498"])  # fmt: skip
    spread = spread_population(here, cells)
    expected = [6, 2, 0, 0, 8, 16, 0, 2.5, 7.5, 40, 10, 0, 0, 10, 90, 0]
    assert spread.people.tolist() == pytest.approx(expected, abs=1e-9)
    assert spread.cells["basis"].tolist() == list(BASES)
    assert spread.cells["buildings"].tolist() == [2, 2, 2, 2, 2, 0]
    assert spread.cells["no_building"].tolist() == [0, 0, 0, 0, 0, 7.5]
    assert spread.cells["imputed"].tolist() == [False, True, False, False, False, True]
    assert spread.cells["communes"].iloc[1] == "62498, 62178"
    imputed = spread.table["people_imputed"]
    assert imputed.tolist() == pytest.approx([0] * 4 + [8, 16] + [0] * 10, abs=1e-9)
    assert spread.table["men_pauv"].tolist() == pytest.approx(np.array(expected) / 10, abs=1e-9)
    assert spread.summary()["people"].to_dict() == dict(
        zip(BASES, [8.0, 24.0, 10.0, 50.0, 100.0, 7.5], strict=True)
    )
    assert repr(spread) == "<PopulationSpread: 192 of 200 people of 6 cells on 10 buildings>"
    by_volume = spread_population(here, cells, by="volume")
    assert by_volume.people.tolist()[:6] == pytest.approx([4, 4, 0, 0, 8, 16], abs=1e-9)
    assert by_volume.cells["basis"].tolist()[:2] == ["floor_area"] * 2


def test_a_building_has_the_people_of_the_cell_of_its_centroid_only() -> None:
    """One stands across a side of its cell, one in a cell without people: no row of the grid."""
    here = buildings(
        {"cell": 0, "at": (198.0, 100.0), "side": 40.0, "dwellings": 1},
        {"cell": 0, "at": (202.0, 100.0), "dwellings": 1},
        {"cell": 0, "at": (0.0, 0.0), "dwellings": 1, "side": 1.0},
    )
    spread = spread_population(here, grid([10.0, 5.0]))
    # The corner belongs to its cell up to the rounding of the reprojection; the sum does not care.
    assert spread.people.iloc[:2].tolist() in ([10.0, 0.0], [5.0, 0.0])
    assert spread.cells["no_building"].tolist() == [0.0, 5.0]


def test_a_repeated_building_gets_its_people_once() -> None:
    here = buildings({"cell": 0, "dwellings": 1}, {"cell": 0, "dwellings": 1})
    twice = pd.concat([here, here.iloc[:1]], ignore_index=True)
    people = spread_population(twice, grid([10.0])).people
    assert people.groupby(twice["cleabs"]).sum().to_dict() == {"B0": 5.0, "B1": 5.0}


def test_cells_partly_in_the_territory_give_their_share() -> None:
    """Kills the spread of a whole cell on the few buildings inside."""
    here = buildings(
        {"cell": 0, "at": (50.0, 50.0), "dwellings": 1},  # inside
        {"cell": 0, "at": (150.0, 50.0), "dwellings": 3},  # outside
        {"cell": 1, "dwellings": 1},  # outside, as its whole cell
    )
    west = gpd.GeoSeries([shapely.box(EAST - 900, NORTH - 900, EAST + 80, NORTH + 900)], crs=3035)
    territory = gpd.GeoDataFrame(geometry=west.to_crs(2154))
    spread = spread_population(here, grid([100.0, 30.0]), territory=territory)
    # The side of the territory is straight in Lambert-93: 1 cm off over 1.8 km.
    assert spread.people.tolist() == pytest.approx([40.0, 0.0, 0.0], abs=0.05)
    assert spread.cells["outside"].tolist() == pytest.approx([60.0, 30.0], abs=0.05)
    sums = spread.cells[["spread", "no_building", "outside"]].sum(axis=1)
    assert sums.tolist() == pytest.approx([100.0, 30.0], abs=1e-9)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "cell": st.integers(0, 4),
                "at": st.tuples(st.floats(1, 199), st.floats(1, 199)),
                "use": st.sampled_from(
                    ["Résidentiel", "Indifférencié", "Agricole", "Annexe", None]
                ),
                "dwellings": st.sampled_from([None, 0, 1, 7]),
                "storeys": st.sampled_from([None, 0, 1, 5]),
                "height": st.sampled_from([None, 0.0, 6.5]),
                "light": st.booleans(),
                "side": st.floats(0.5, 60),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.floats(0, 6000), min_size=5, max_size=5),
    st.sampled_from(["dwellings", "volume"]),
)
@settings(max_examples=40, deadline=None)
def test_totals_are_kept_cell_by_cell(
    rows: list[dict[str, object]], people: list[float], by: str
) -> None:
    """Against a loop over cells and buildings; sums hold to 1e-9 and nobody is lost."""
    here, cells = buildings(*rows), grid(people)
    spread = spread_population(here, cells, by=by)  # type: ignore[arg-type]
    expected = np.zeros(len(rows))
    for cell, total in enumerate(people):
        mine = [i for i, r in enumerate(rows) if r["cell"] == cell]
        weights = _weights(here, mine, by)
        for i, weight in weights.items():
            expected[i] = total * weight / sum(weights.values())
        told = spread.cells.iloc[cell]
        assert told["spread"] == pytest.approx(total if weights else 0.0, abs=1e-9)
        assert spread.people.to_numpy()[mine].sum() == pytest.approx(told["spread"], abs=1e-9)
        parts = told["spread"] + told["no_building"] + told["outside"]
        assert parts == pytest.approx(total, abs=1e-9)
    assert spread.people.tolist() == pytest.approx(expected, abs=1e-6)


def _weights(here: gpd.GeoDataFrame, rows: list[int], by: str) -> dict[int, float]:
    """Return the weights of the buildings of a cell, one building after the other."""
    housing, undefined, other = {}, {}, {}
    for i in rows:
        row = here.iloc[i]
        if row["construction_legere"] or row["usage_1"] == "Annexe":
            continue
        storeys, height = row["nombre_d_etages"], row["hauteur"]
        if pd.isna(storeys) or storeys == 0:
            storeys = 1 if pd.isna(height) else max(1, round(height / 3))
        floor = row.geometry.area * float(storeys)
        dwellings = row["nombre_de_logements"]
        if not pd.isna(dwellings) and dwellings == 0:
            other[i] = floor
        elif row["usage_1"] == "Résidentiel" or not pd.isna(dwellings):
            housing[i] = floor
        elif pd.isna(row["usage_1"]) or row["usage_1"] == "Indifférencié":
            undefined[i] = floor
        else:
            other[i] = floor
    known = {i: here.iloc[i]["nombre_de_logements"] for i in housing}
    known = {i: float(n) for i, n in known.items() if not pd.isna(n)}
    if housing and known and by == "dwellings":
        ratio = sum(known.values()) / sum(housing[i] for i in known)
        return {i: known.get(i, floor * ratio) for i, floor in housing.items()}
    return housing or undefined or other


def test_order_of_rows_does_not_matter_and_arguments_are_left_alone() -> None:
    here = buildings(*({"cell": i % 3, "at": (i * 3.0 + 2, 40.0), "dwellings": i % 4 or None}
                       for i in range(60)))  # fmt: skip
    cells = grid([31.7, 0.0, 8.1])
    copies = here.copy(), cells.copy()
    people = spread_population(here, cells).people
    mixed = spread_population(here.sample(frac=1, random_state=1), cells.iloc[::-1]).people
    pd.testing.assert_series_equal(mixed.reindex(here.index), people, rtol=1e-12)
    assert here.equals(copies[0])
    assert cells.equals(copies[1])


def test_nothing_to_spread_or_nothing_to_spread_on() -> None:
    here, cells = buildings({"cell": 0}), grid([4.0])
    empty = spread_population(here.iloc[:0], cells)
    assert empty.people.empty
    assert empty.cells["no_building"].tolist() == [4.0]
    nobody = spread_population(here, cells.iloc[:0])
    assert nobody.people.tolist() == [0.0]
    assert nobody.summary()["cells"].sum() == 0
    null = here.assign(geometry=[None])
    assert spread_population(null, cells).cells["no_building"].tolist() == [4.0]
    unknown = spread_population(here, cells.assign(ind=[None]))
    assert unknown.cells["people"].tolist() == [0.0]


def test_the_spread_of_a_department_takes_seconds() -> None:
    """A loop over cells takes minutes: 50 000 cells and 100 000 buildings within 3 s."""
    rng = np.random.default_rng(2)
    rows, columns = np.divmod(np.arange(50_000), 250)
    cells = pd.DataFrame(
        {"idcar_200m": [cell_id(c, r) for c, r in zip(columns, rows, strict=True)]}
    )
    cells = cells.assign(ind=rng.uniform(1, 300, len(cells)))
    west, south, east, north = build_population_grid(cells).total_bounds
    x, y = rng.uniform(west, east, 100_000), rng.uniform(south, north, 100_000)
    here = gpd.GeoDataFrame(
        {"usage_1": "Résidentiel", "construction_legere": False, "etat_de_l_objet": "En service",
         "nombre_de_logements": pd.array(rng.integers(1, 5, len(x)), dtype="Int64")},
        geometry=shapely.box(x, y, x + 10, y + 10), crs=2154,
    )  # fmt: skip
    start = time.process_time()
    spread = spread_population(here, cells, variables=())
    assert time.process_time() - start < 3
    assert spread.people.sum() == pytest.approx(spread.cells["spread"].sum(), rel=1e-12)


# Errors ---------------------------------------------------------------------------------------


def test_cells_are_checked() -> None:
    here = buildings({"cell": 0})
    for wrong in ("CRS3035RES1000mN3079000E3834000", "CRS3035RES200mN3079100E3834200", "x", None):
        cells = grid([1.0]).assign(idcar_200m=[wrong])
        with pytest.raises(LayerError, match="population_grid: « idcar_200m » is not the name of"):
            spread_population(here, cells)
    twice = pd.concat([grid([1.0]), grid([2.0])])
    with pytest.raises(LayerError, match=r"« idcar_200m » is given twice \(1 feature: CRS3035"):
        build_population_grid(twice)
    with pytest.raises(LayerError, match=r"population_grid: « ind » holds « -1.0 » \(1 feature"):
        spread_population(here, grid([-1.0]))
    with pytest.raises(LayerError, match="population_grid: column « log_soc » is missing"):
        spread_population(here, grid([1.0]), variables=["log_soc"])
    with pytest.raises(ParameterError, match="by: « area » is unknown"):
        spread_population(here, grid([1.0]), by="area")  # type: ignore[arg-type]
    with pytest.raises(CrsError, match="buildings: coordinates are in EPSG:3035"):
        spread_population(here.to_crs(3035), grid([1.0]))
    with pytest.raises(CrsError, match="territory: coordinates are in EPSG:3035"):
        spread_population(here, grid([1.0]), territory=here.to_crs(3035))
