"""Rebuild data/facts/*.csv from the layers published by the Mission Bassin Minier.

Usage: ``python tools/build_facts.py ../shared/data/bassin-minier [data/facts]``

Only facts are kept: names, codes, figures, and one point for each object, rounded to the metre.
Names of communes that fit no commune of the territory, or several, get no code: none is guessed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb import facts
from tvb.names import resolve_communes

CRS = "EPSG:2154"


def read(folder: Path, name: str) -> gpd.GeoDataFrame:
    """Return one layer in EPSG:2154, valid, without its null geometries."""
    frame = gpd.read_file(folder / f"{name}.geojson").to_crs(CRS)
    frame = frame[frame.geometry.notna()].reset_index(drop=True)
    return frame.set_geometry(shapely.make_valid(frame.geometry.to_numpy()), crs=CRS)


def points_inside(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return x and y in metres: the centroid where it lies inside, else another point inside."""
    geometry = frame.geometry.to_numpy()
    longest = np.array([max(shapely.get_parts(g), key=lambda p: p.length) for g in geometry])
    is_line = np.isin(shapely.get_type_id(longest), [1])
    centre = shapely.centroid(geometry)
    point = np.where(
        shapely.contains_properly(geometry, centre), centre, shapely.point_on_surface(geometry)
    )
    if is_line.any():
        middle = shapely.line_interpolate_point(longest[is_line], 0.5, normalized=True)
        point[is_line] = middle
    xy = shapely.get_coordinates(point).round().astype(int)
    return pd.DataFrame(xy, columns=["x", "y"], index=frame.index)


def area_ha(frame: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Return the areas measured in EPSG:2154, to a square metre."""
    return (frame.area / 1e4).round(4).rename("area_ha")


def codes_met(frame: pd.DataFrame, communes: pd.DataFrame) -> pd.Series[Any]:
    """Return the codes of the communes named in ``commune…`` columns, joined by a space."""
    columns = [c for c in frame.columns if c == "commune" or c.startswith("commune_")]
    codes = pd.DataFrame({c: resolve_communes(frame[c], communes).insee for c in columns})
    return codes.apply(lambda row: " ".join(dict.fromkeys(row.dropna())), axis=1)


def build_communes(folder: Path) -> pd.DataFrame:
    """Return the 330 communes."""
    frame = read(folder, "communes-mbm")
    columns = ["insee", "nom", "population", "epci_siren", "epci_nom"]
    table = frame[columns].assign(area_ha=(frame["surface_km2"] * 100).round(1))
    return table.join(points_inside(frame)).sort_values("insee")


def build_terrils(folder: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the 161 distinct terrils of two files of 51 and 111; T140 stands in both."""
    inside = read(folder, "terrils").assign(in_property=True)
    others = read(folder, "zt-terrils").rename(columns={"id": "no_terril"})
    both = pd.concat([inside, others.assign(in_property=False)], ignore_index=True)
    table = both[["no_terril", "nom", "forme", "id_unesco", "in_property"]].assign(
        communes=codes_met(both, communes), area_ha=area_ha(both)
    )
    table = table.join(points_inside(both))
    table["files"] = table.groupby("no_terril")["nom"].transform("size")
    return table.drop_duplicates("no_terril").sort_values("no_terril")


def build_elements(folder: Path) -> pd.DataFrame:
    """Return the 109 elements of the property."""
    frame = read(folder, "bien-inscrit")
    table = frame[["no_element", "nom", "section", "surface_ha"]].assign(area_ha=area_ha(frame))
    order = frame["no_element"].astype(int).argsort()
    return table.join(points_inside(frame)).iloc[order]


def build_pits(folder: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the 636 shafts, text and figures as delivered."""
    frame = read(folder, "puits-de-mines")
    columns = [
        "commune", "fosse", "puits", "compagnie", "cote", "profondeur", "creusement", "fermeture",
    ]  # fmt: skip
    table = frame[columns].assign(insee=codes_met(frame, communes)).join(points_inside(frame))
    return table.sort_values([*columns[:3], "x", "y"], na_position="first")


def build_estates(folder: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the estates inside the property, then those of its buffer zone."""
    parts = [read(folder, "cites-minieres"), read(folder, "zt-cites-minieres")]
    both = pd.concat(parts, ignore_index=True)
    table = both[["nom", "id_unesco", "type", "compagnie", "interet"]].assign(
        communes=codes_met(both, communes), area_ha=area_ha(both)
    )
    return table.join(points_inside(both)).sort_values(["nom", "x", "y"])


def build_water_bodies(folder: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the water bodies and wetlands made by mining."""
    names = ["espace-neonaturel", "zt-espaces-neonaturels"]
    both = pd.concat([read(folder, n) for n in names], ignore_index=True)
    table = both[["nom", "id_unesco"]].assign(
        communes=codes_met(both, communes), area_ha=area_ha(both)
    )
    return table.join(points_inside(both)).sort_values("nom")


def build_cavaliers(folder: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the sections of former mine railway of the basin, and the 14 inscribed ones."""
    lines = read(folder, "zt-cavaliers")
    lines = lines.assign(longueur_m=lines.length.round(), inscribed=False)
    areas = read(folder, "cavaliers")
    areas = areas.assign(id_troncon=areas["id_unesco"], inscribed=True)
    both = pd.concat([lines, areas], ignore_index=True)
    table = both[["id_troncon", "nom", "inscribed"]].assign(
        communes=codes_met(both, communes), longueur_m=both["longueur_m"].astype(int)
    )
    return table.join(points_inside(both)).sort_values(["inscribed", "id_troncon", "x", "y"])


def build_official() -> pd.DataFrame:
    """Return the published figures of `tvb.facts`."""
    rows = [
        {"name": name, "value": f.value, "unit": f.unit, "meaning": f.meaning,
         "source": f.source, "date": f.date}
        for name, f in sorted(vars(facts).items())
        if isinstance(f, facts.Fact)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def build_all(folder: Path) -> dict[str, pd.DataFrame]:
    """Return every table, keyed by the name of its file."""
    communes = build_communes(folder)
    return {
        "communes": communes,
        "terrils": build_terrils(folder, communes),
        "elements": build_elements(folder),
        "pits": build_pits(folder, communes),
        "estates": build_estates(folder, communes),
        "water_bodies": build_water_bodies(folder, communes),
        "cavaliers": build_cavaliers(folder, communes),
        "official": build_official(),
    }


def main() -> None:
    """Write the tables."""
    root = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layers", type=Path, help="folder of the published GeoJSON files")
    parser.add_argument("out", type=Path, nargs="?", default=root / "data" / "facts")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, table in build_all(arguments.layers).items():
        table.to_csv(arguments.out / f"{name}.csv", index=False, lineterminator="\n")
        print(f"{name}: {len(table)} rows")


if __name__ == "__main__":
    main()
