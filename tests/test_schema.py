"""Schemas and their one validator."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import pytest
import shapely

import tvb
import worlds
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.schema import SCHEMAS, get_schema, schema_table, validate


def test_the_town_is_valid() -> None:
    communes = worlds.communes()
    assert validate(communes, "communes") is communes


def test_every_fault_is_listed_at_once() -> None:
    """Kills a validator that stops at the first fault and makes the user run it ten times."""
    frame = worlds.communes().drop(columns="nom")
    frame["insee"] = ["62001", "62001", "6203", None]
    frame.loc[0, "geometry"] = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    frame.loc[1, "geometry"] = None
    with pytest.raises(LayerError) as caught:
        validate(frame, "communes")
    text = str(caught.value)
    assert "column « nom » is missing" in text
    assert "key given twice (1 feature: 62001)" in text
    assert "is not 5 characters (1 feature: 6203)" in text
    assert "column « insee » is null (1 feature" in text
    assert "null geometry (1 feature: 62001)" in text
    assert "invalid geometry (1 feature: 62001)" in text


def test_a_frame_in_degrees_is_refused() -> None:
    with pytest.raises(CrsError, match=r"coordinates are in EPSG:4326.*to_crs\(2154\)"):
        validate(worlds.communes().to_crs(4326), "communes")
    with pytest.raises(CrsError, match=r"not known.*set_crs"):
        validate(worlds.communes().set_crs(None, allow_override=True), "communes")


def test_points_are_not_communes() -> None:
    frame = worlds.communes()
    frame["geometry"] = frame.centroid
    with pytest.raises(LayerError, match="geometry that is not polygon"):
        validate(frame, "communes")


def test_a_third_dimension_is_a_fault() -> None:
    frame = worlds.communes()
    frame["geometry"] = shapely.force_3d(frame.geometry.to_numpy(), z=3.0)
    with pytest.raises(LayerError, match="third dimension"):
        validate(frame, "communes")


def test_an_empty_layer_is_valid() -> None:
    assert len(validate(worlds.communes().iloc[:0], "communes")) == 0


def test_wrong_types_are_named() -> None:
    frame = worlds.communes()
    frame["insee"] = [62001, 62002, 62003, 62004]
    with pytest.raises(LayerError, match="column « insee » holds int64, not text"):
        validate(frame, "communes")


def test_unknown_layers_are_named() -> None:
    with pytest.raises(ParameterError, match=r"« batiments ».*one of communes"):
        get_schema("batiments")


@pytest.mark.parametrize("layer", SCHEMAS)
def test_schemas_are_consistent(layer: str) -> None:
    """A key is a column; no name or alias stands for two columns of a layer, except a key's own."""
    schema = get_schema(layer)
    names = [c.name for c in schema.columns]
    assert len(names) == len(set(names))
    assert schema.key is None or schema.key in names
    claimed = [n for c in schema.columns for n in (c.name, *c.aliases)]
    twice = {n for n in claimed if claimed.count(n) > 1}
    assert not twice - {"id_unesco", "insee"}
    assert len(schema_table(layer)) == len(names)


def test_import_stays_light() -> None:
    """``import tvb`` must not load what takes a second to load."""
    code = "import sys, tvb; print([m for m in sys.modules if '.' not in m])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"matplotlib", "rasterio", "numba", "scipy", "geopandas", "pandas", "networkx"}
    assert not heavy & set(eval(loaded.stdout))  # noqa: S307


def test_public_names_exist() -> None:
    for name in tvb.__all__:
        assert getattr(tvb, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tvb.nothing  # noqa: B018


def test_the_town_is_a_partition() -> None:
    communes = worlds.communes()
    assert isinstance(communes, gpd.GeoDataFrame)
    assert communes.area.sum() == communes.union_all().area == 4_000_000
