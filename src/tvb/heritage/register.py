"""The register: what each commune and each intercommunality holds, object by object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.display import frame_table
from tvb.errors import ParameterError, explain
from tvb.facts import HECTARE_M2
from tvb.heritage.measures import measure_heritage
from tvb.heritage.objects import (
    BRUSHED_M,
    BRUSHED_M2,
    BRUSHED_SHARE,
    OBJECT_LAYERS,
    OUTSIDE,
    PERIMETERS,
    list_objects,
)
from tvb.heritage.sights import list_sights
from tvb.territory import Source

__all__ = ["NO_EPCI", "Register", "build_register"]

NO_EPCI = "sans EPCI"
"""Code under which communes without an intercommunality are added up."""

_IDENTITY = ["nom", "epci_siren", "epci_nom"]
_EQUAL = 1e-9
_SURFACES = [name for name in OBJECT_LAYERS if name not in ("cavaliers", "pits")]


@dataclass(frozen=True, repr=False)
class Register:
    """What communes and intercommunalities hold of the mining heritage.

    Parameters
    ----------
    communes : pandas.DataFrame
        One row for each commune on ``insee``, then « hors communes »; see `build_register`.
    epci : pandas.DataFrame
        The same for each intercommunality, on ``epci_siren``; « sans EPCI » if a commune has none,
        then « hors communes ».
    estates : pandas.DataFrame
        One row for each commune, type and interest of estates that occurs: ``insee``, ``type``,
        ``interet`` (null where not published), ``estates`` counted once, ``estates_ha``.
    objects : pandas.DataFrame
        One row for each object and commune, from `tvb.heritage.list_objects`.
    parameters : mapping of str to float
        Below which a part of an object is not counted as met.
    sources : tuple of Source
        Where the layers come from.
    """

    communes: pd.DataFrame
    epci: pd.DataFrame
    estates: pd.DataFrame
    objects: pd.DataFrame
    parameters: Mapping[str, float]
    sources: tuple[Source, ...] = field(default=())

    def of_commune(self, insee: str) -> pd.DataFrame:
        """Return every object that has a part in a commune.

        Parameters
        ----------
        insee : str
            Code of the commune, or « hors communes ».

        Returns
        -------
        pandas.DataFrame
            Rows of ``objects``, with a new index.

        Raises
        ------
        ParameterError
            If the register has no such commune.
        """
        if insee not in self.communes.index:
            raise ParameterError(
                explain(
                    f"commune « {insee} »",
                    "not in the register",
                    required=f"one of its {len(self.communes) - 1} codes, or « {OUTSIDE} »",
                )
            )
        return self.objects[self.objects["insee"] == insee].reset_index(drop=True)

    def summary(self) -> pd.DataFrame:
        """Return the whole of each layer.

        Returns
        -------
        pandas.DataFrame
            On ``layer``: ``objects``, how many of them lie in the property, in the buffer and
            beyond, ``outside`` (in no commune), ``several`` (met by several communes), ``ha`` and
            ``km`` of all parts.
        """
        rows = {}
        for layer in OBJECT_LAYERS:
            parts = self.objects[self.objects["layer"] == layer]
            whole = parts[parts["main"]]
            met = parts[~parts["brushed"] & (parts["insee"] != OUTSIDE)].groupby("feature").size()
            rows[layer] = {
                "objects": len(whole),
                **{name: int((whole["perimeter"] == name).sum()) for name in PERIMETERS},
                "outside": int((whole["insee"] == OUTSIDE).sum()),
                "several": int((met > 1).sum()),
                "ha": parts["part_m2"].sum() / HECTARE_M2,
                "km": parts["counted_m"].sum() / 1000.0,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")

    def __repr__(self) -> str:
        objects = int(self.objects["main"].sum())
        return (
            f"<Register: {len(self.communes) - 1} communes, "
            f"{int((self.epci.index != OUTSIDE).sum())} EPCI, {objects} objects in "
            f"{len(self.objects)} parts>"
        )

    def _repr_html_(self) -> str:
        one = [f'.of_commune("{insee}")' for insee in self.communes.index[:1] if insee != OUTSIDE]
        then = (".communes", ".epci", ".estates", ".objects", *one)
        return frame_table(self, self.summary(), then=then)


def build_register(
    communes: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    sources: tuple[Source, ...] = (),
) -> Register:
    """Return what each commune and intercommunality holds of the property and the mining heritage.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``, EPSG:2154; a partition, as `tvb.geometry.partition_communes` makes.
    layers : mapping of str to geopandas.GeoDataFrame
        Any of ``property``, ``buffer`` and `tvb.heritage.OBJECT_LAYERS`; an absent layer counts as
        empty.
    sources : tuple of Source
        Where they come from; kept with the result.

    Returns
    -------
    Register
        Columns of its ``communes`` and ``epci``:

        - ``nom``, ``epci_siren``, ``epci_nom``; ``area_ha``;
        - ``property_ha``, ``property_share``, ``buffer_ha``, ``buffer_share`` (of the area; places
          under two polygons once; not a number outside the communes);
        - for each layer its objects counted once, in their main commune (``terrils``), those met
          (``terrils_met``: at least a part that is not just brushed), and hectares of the parts
          (``terrils_ha``, objects over each other counted each);
        - ``terrils_property``, ``terrils_buffer``, ``terrils_beyond``, counted once;
        - ``cavaliers_km`` (a railway drawn twice counted once) and ``cavaliers_inscribed_km`` (in
          the property);
        - ``mh_classes`` and ``mh_inscrits``: buildings listed and inscribed as historic monuments;
        - ``farmland_terril_ha``: farmland with a published view of a terril.

        Columns other than shares and ``_met`` add up to the whole.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    LayerError
        If a code of a commune is missing or given twice.
    """
    objects = list_objects(communes, layers)
    identity = communes.set_index("insee").reindex(columns=_IDENTITY).astype("str").sort_index()
    identity.loc[OUTSIDE] = [OUTSIDE, OUTSIDE, OUTSIDE]
    identity["epci_siren"] = identity["epci_siren"].fillna(NO_EPCI)
    identity["epci_nom"] = identity["epci_nom"].fillna(identity["epci_siren"])
    siren = identity["epci_siren"]
    viewing = _with_terril_view(layers)
    areas = _measure_areas(communes, layers)
    by_commune = areas.join(_tally(objects, objects["insee"], viewing)).reindex(identity.index)
    by_epci = (
        areas.groupby(siren)
        .sum(min_count=1)
        .join(_tally(objects, objects["insee"].map(siren), viewing))
    )
    return Register(
        _finish(by_commune, identity),
        _finish(by_epci, _epci_identity(identity)),
        _count_estates(objects),
        objects,
        {"brushed_m2": BRUSHED_M2, "brushed_m": BRUSHED_M, "brushed_share": BRUSHED_SHARE},
        tuple(sources),
    )


def _epci_identity(identity: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each intercommunality, those that are none last."""
    table = identity.groupby("epci_siren")[["epci_nom"]].min().rename(columns={"epci_nom": "nom"})
    last = [code for code in (NO_EPCI, OUTSIDE) if code in table.index]
    return table.loc[[code for code in table.index if code not in last] + last]


def _measure_areas(
    communes: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Return hectares of communes, property and buffer on ``insee``, what lies outside last."""
    within = {name: layers[name] for name in ("property", "buffer") if name in layers}
    table = measure_heritage(communes, within)[["property_ha", "buffer_ha"]]
    table.insert(0, "area_ha", communes.area.to_numpy() / HECTARE_M2)
    whole = {
        f"{name}_ha": shapely.union_all(frame.geometry.to_numpy()).area / HECTARE_M2
        for name, frame in within.items()
    }
    whole_ha = pd.Series(whole).reindex(["property_ha", "buffer_ha"], fill_value=0.0)
    outside_ha = whole_ha - table[whole_ha.index].sum()
    rounding = outside_ha <= _EQUAL * whole_ha
    table.loc[OUTSIDE] = {"area_ha": np.nan, **outside_ha.mask(rounding, 0.0)}
    return table


def _with_terril_view(layers: Mapping[str, gpd.GeoDataFrame]) -> list[Any]:
    """Return the farmland that is published to have a view of a terril, known or not."""
    if "farmland" not in layers:
        return []
    terrils = layers.get("terrils", gpd.GeoDataFrame({"no_terril": []}))
    sights = list_sights(layers["farmland"], terrils)
    return sights["feature"][sights["no_terril"].notna()].tolist()


def _tally(objects: pd.DataFrame, unit: pd.Series[Any], viewing: list[Any]) -> pd.DataFrame:
    """Return the counts and sums of each unit, a commune or an intercommunality."""
    main, met = objects["main"], ~objects["brushed"]
    part_ha = objects["part_m2"].fillna(0.0) / HECTARE_M2
    part_km, counted_km = (objects[name].fillna(0.0) / 1000.0 for name in ("part_m", "counted_m"))
    status = objects["status"].fillna("")
    of = {layer: objects["layer"] == layer for layer in OBJECT_LAYERS}
    columns = {}
    for layer, rows in of.items():
        columns[layer] = (rows & main).groupby(unit).sum()
        columns[f"{layer}_met"] = objects[rows & met].groupby(unit)["feature"].nunique()
        if layer in _SURFACES:
            columns[f"{layer}_ha"] = part_ha.where(rows, 0.0).groupby(unit).sum()
        if layer == "terrils":
            for name in PERIMETERS:
                there = rows & main & (objects["perimeter"] == name)
                columns[f"terrils_{name}"] = there.groupby(unit).sum()
    railways, buildings = of["cavaliers"], of["listed_buildings"] & main
    viewing_farms = of["farmland"] & objects["feature"].isin(viewing)
    columns |= {
        "cavaliers_km": counted_km.where(railways, 0.0).groupby(unit).sum(),
        "cavaliers_inscribed_km": part_km.where(railways & (status != ""), 0.0)
        .groupby(unit).sum(),
        "mh_classes": (buildings & status.str.startswith("Classé")).groupby(unit).sum(),
        "mh_inscrits": (buildings & status.str.startswith("Inscrit")).groupby(unit).sum(),
        "farmland_terril_ha": part_ha.where(viewing_farms, 0.0).groupby(unit).sum(),
    }  # fmt: skip
    return pd.DataFrame(columns)


def _finish(measured: pd.DataFrame, identity: pd.DataFrame) -> pd.DataFrame:
    """Return a table with names, shares, and zeros where there is nothing."""
    table = identity.join(measured)
    counts = [c for c in measured.columns if not c.endswith(("_ha", "_km"))]
    sums = [c for c in measured.columns if c.endswith(("_ha", "_km")) and c != "area_ha"]
    table[sums] = table[sums].fillna(0.0).astype("float64")
    table[counts] = table[counts].fillna(0).astype("int64")
    for name in ("property", "buffer"):
        after = list(table.columns).index(f"{name}_ha") + 1
        table.insert(after, f"{name}_share", table[f"{name}_ha"] / table["area_ha"])
    return table


def _count_estates(objects: pd.DataFrame) -> pd.DataFrame:
    """Return the estates of each commune by type and interest."""
    estates = objects[objects["layer"] == "estates"]
    named = estates.rename(columns={"kind": "type", "status": "interet"}).assign(
        estates=estates["main"].astype("int64"), estates_ha=estates["part_m2"] / HECTARE_M2
    )
    groups = named.groupby(["insee", "type", "interet"], dropna=False, as_index=False)
    return groups[["estates", "estates_ha"]].sum()
