"""Plans and references of the squared town of `worlds`, small enough to be judged by hand.

The plan is that of the commune « Sud » (62001), the square from (0, 0) to (1000, 1000).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import worlds
from tvb import connectivity
from tvb.io import read_plan
from tvb.plan import Plan
from tvb.plu import Reference

IDURBA = "62001_PLU_20180523"
COMMUNE = worlds.box(0, 0, 1000, 1000)
_SUFFIX = {2: "surf", 1: "lin", 0: "pct"}

Item = tuple[str, Any]


def line(*points: tuple[float, float]) -> Any:
    """Return a line in local metres, moved to the origin of the town."""
    return worlds.at(shapely.LineString(points))


def point(x: float, y: float) -> Any:
    """Return a point in local metres, moved to the origin of the town."""
    return worlds.at(shapely.Point(x, y))


def frame(shapes: Sequence[Any], **columns: Any) -> gpd.GeoDataFrame:
    """Return a layer of the reference."""
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=2154)


def zones_around(*special: Item) -> list[Item]:
    """Return zones given by type and shape, and an N zone on what is left of the commune."""
    rest = shapely.difference(COMMUNE, shapely.union_all([s for _, s in special]))
    return [*special, *([] if rest.is_empty else [("N", rest)])]


def make_tables(
    zones: Sequence[Item] = (), psc: Sequence[Item] = (), inf: Sequence[Item] = ()
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the tables of a delivery of 2017 without any fault of form."""
    known = {"LIBELONG": "x", "NOMFIC": "r.pdf", "URLFIC": "", "IDURBA": IDURBA,
             "DATVALID": "20180523"}  # fmt: skip
    drawn = list(zones) or [("N", COMMUNE)]
    tables: dict[str, pd.DataFrame] = {
        "62001_ZONE_URBA_20180523": frame(
            [s for _, s in drawn], TYPEZONE=[t for t, _ in drawn],
            LIBELLE=[f"{t}{i}" for i, (t, _) in enumerate(drawn)], **known,
        ),
        "62001_DOC_URBA_20180523": pd.DataFrame(
            {"IDURBA": [IDURBA], "TYPEDOC": "PLU", "ETAT": "03", "NOMPROC": "E",
             "DATAPPRO": "20180523", "DATEFIN": None, "SIREN": None, "NOMREG": "r.pdf",
             "URLREG": None, "NOMPLAN": "p.pdf", "URLPLAN": None, "URLPE": None,
             "SITEWEB": None, "TYPEREF": "01", "DATEREF": "20170101"}
        ),
        "62001_DOC_URBA_COM_20180523": pd.DataFrame({"INSEE": ["62001"], "IDURBA": IDURBA}),
    }  # fmt: skip
    for word, letters, items in (("PRESCRIPTION", "PSC", psc), ("INFO", "INF", inf)):
        for dimension, suffix in _SUFFIX.items():
            mine = [i for i in items if shapely.get_dimensions(i[1]) == dimension]
            if mine:
                tables[f"62001_{word}_{suffix.upper()}_20180523"] = frame(
                    [s for _, s in mine], LIBELLE=[f"{c} {i}" for i, (c, _) in enumerate(mine)],
                    TXT="", **{f"TYPE{letters}": [c[:2] for c, _ in mine],
                               f"STYPE{letters}": [c[3:] for c, _ in mine]},
                    **{k: v for k, v in known.items() if k != "LIBELONG"},
                )  # fmt: skip
    return tables


def make_plan(
    zones: Sequence[Item] = (),
    psc: Sequence[Item] = (),
    inf: Sequence[Item] = (),
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    sup: Mapping[str, Any] | None = None,
) -> Plan:
    """Return the plan of these zones, prescriptions and informations, read."""
    given = dict(tables if tables is not None else make_tables(zones, psc, inf))
    for category, shape in (sup or {}).items():
        given[f"{category}_ASSIETTE_SUP_S"] = frame(
            [shape], IDASS=["a"], IDGEN=["g"], NOMASS=["n"], TYPEASS=["t"], MODEGEOASS=["m"],
        )  # fmt: skip
    plan = read_plan(given, nature="modelled", progress=False)
    return plan if not plan.communes else replace(plan, communes=("62001",))


def with_reading(plan: Plan, kind: str, level: str, detail: str, table: str = "") -> Plan:
    """Return the plan as if its reading had met one thing more."""
    met = pd.DataFrame(
        {"kind": [kind], "level": [level], "table": [table], "count": [1], "detail": [detail],
         "objects": [()]}
    )  # fmt: skip
    return replace(plan, findings=pd.concat([plan.findings, met], ignore_index=True))


def buildings(*corners: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return houses of 10 m by 10 m with their lower left corner there."""
    shapes = [worlds.box(x, y, x + 10, y + 10) for x, y in corners]
    count = len(shapes)
    return frame(
        shapes, cleabs=[f"B{i}" for i in range(count)], usage_1=["Résidentiel"] * count,
        construction_legere=pd.array([False] * count, dtype="boolean"),
        etat_de_l_objet=["En service"] * count,
        nombre_de_logements=pd.array([1] * count, dtype="Int64"),
    )  # fmt: skip


def flood(*shapes: Any) -> gpd.GeoDataFrame:
    """Return flood zones of medium probability."""
    return frame(shapes, scenario=["02Moy"] * len(shapes), niveau=[None] * len(shapes))


def two_patches() -> connectivity.HabitatGraph:
    """Return two patches of 1 ha, 800 m apart, and the straight link between them at y = 50."""
    patches = frame(
        [worlds.box(0, 0, 100, 100), worlds.box(900, 0, 1000, 100)],
        patch=[1, 2], capacity=[1.0, 1.0],
    )  # fmt: skip
    links = frame([line((100, 50), (900, 50))], i=[1], j=[2], distance_m=[800.0])
    return connectivity.HabitatGraph.from_frames(patches, links)


def make_reference(**layers: Any) -> Reference:
    """Return a reference of the four communes and some layers."""
    return Reference(**{"communes": worlds.communes(), **layers})


def only(review: Any, rule: str) -> pd.DataFrame:
    """Return the findings of one rule."""
    found = review.findings[review.findings["rule"] == rule]
    return pd.DataFrame(found.reset_index(drop=True))


def measures(review: Any, rule: str) -> list[float]:
    """Return the measures of the findings of one rule."""
    return [float(v) for v in np.asarray(only(review, rule)["measure"])]
