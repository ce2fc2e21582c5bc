"""The embedded territory, and modelled layers on the communes of the user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from tvb.datasets.buildings import share_out
from tvb.datasets.model import FACTS, GRIDS, MODELLED, Model, partition
from tvb.datasets.provenance import describe_sources
from tvb.errors import ParameterError, UnknownNameError, explain
from tvb.schema import require_crs
from tvb.territory import Territory

__all__ = ["bassin_minier", "model_buildings", "model_missing_layers"]

SEED = 1360
_MAX_BUILDINGS = 3_000_000


def bassin_minier(
    *,
    communes: Sequence[str] | None = None,
    buildings: int = 100_000,
    seed: int = SEED,
    cell_m: float = 20.0,
    detail: float = 1.0,
    rasters: bool = True,
) -> Territory:
    """Return the embedded territory: true facts on schematic shapes, the rest modelled.

    Codes, names, populations, areas and points are true; shapes are schematic; relief, land cover,
    floods, buildings, the grid of people, schools and other watched objects, stations, corridors,
    cycle routes and core areas are invented, from a fixed seed. Each layer says which in its
    source.

    Parameters
    ----------
    communes : sequence of str, optional
        INSEE codes of the communes wanted; all 330 by default. What touches them is kept whole
        (terrils, elements, estates, cavaliers, …); surfaces and lines that are modelled are cut at
        their outline. A commune has the same shape, buildings and floods in any selection.
    buildings : int
        Number of buildings of the 330 communes together, up to 3 000 000, shared out by
        population; a selection has its share of them, so that its density is that of the whole.
        The grid of people and the watched objects are those of these buildings: a cell across the
        border of a selection holds the people inside it only.
    seed : int
        Another seed gives another model of the same facts.
    cell_m : float
        Side of the cells of the rasters and of the model of the floods, from 5 to 100 m.
    detail : float
        Raggedness of the edges of the floods, from 0 to 10. Zones have about 200 000 vertices in
        all by default, 670 000 with ``detail=4`` and ``cell_m=10``.
    rasters : bool
        Whether to return ``land_cover``, ``flood_depth_<scenario>`` and ``terrain``.

    Returns
    -------
    Territory
        Layers valid for `tvb.schema`, in EPSG:2154.

    Raises
    ------
    ParameterError
        If a number is out of range, no commune is given, or the selection cannot hold its share of
        the buildings (above one million, a few dense communes are full and pass the rest on).
    UnknownNameError
        If a code is not one of the territory.
    SourceError
        If the data of the package are not found.

    Examples
    --------
    >>> import tvb
    >>> lens = tvb.datasets.bassin_minier(communes=["62498"], buildings=10_000, rasters=False)
    >>> lens["communes"]["nom"].tolist()
    ['Lens']
    """
    _require_number_of(buildings)
    everywhere = partition(seed)
    chosen = _choose(everywhere, communes)
    counts = share_out(buildings, everywhere["population"].to_numpy(dtype=float))
    selection = everywhere[chosen].reset_index(drop=True)
    model = Model(selection, counts[chosen], seed, cell_m, detail, everywhere)
    names = [n for n in (*FACTS, *MODELLED) if rasters or n not in GRIDS]
    return _territory("Bassin minier (schématique et modélisé)", model, names)


def model_missing_layers(
    communes: gpd.GeoDataFrame,
    missing: Sequence[str],
    *,
    buildings: int = 100_000,
    seed: int = SEED,
    cell_m: float = 20.0,
    detail: float = 1.0,
) -> Territory:
    """Return modelled layers on the communes of the user, for lack of real ones.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes`` in EPSG:2154; may overlap a little, as published ones do.
    missing : sequence of str
        Names among `MODELLED`.
    buildings : int
        Number of buildings of these communes together.
    seed : int
        Another seed gives another model.
    cell_m : float
        Side of the cells of the rasters, from 5 to 100 m.
    detail : float
        Raggedness of the edges of the floods.

    Returns
    -------
    Territory
        The layers and rasters named, each with a source that says ``modelled``.

    Raises
    ------
    CrsError
        If the communes are not in EPSG:2154.
    ParameterError
        If a name cannot be modelled, a number is out of range, or there is no commune.
    SourceError
        If the data of the package are not found.
    """
    require_crs(communes, "communes")
    unknown = [name for name in missing if name not in MODELLED]
    if unknown:
        raise ParameterError(
            explain(
                f"layer « {unknown[0]} »", "cannot be modelled",
                required="one of " + ", ".join(MODELLED),
            )
        )  # fmt: skip
    ordered, counts = _prepare(communes, buildings)
    model = Model(ordered, counts, seed, cell_m, detail, ordered)
    return _territory("Couches modélisées", model, missing)


def model_buildings(n: int, communes: gpd.GeoDataFrame, seed: int = SEED) -> gpd.GeoDataFrame:
    """Return modelled buildings on the communes of the user.

    Parameters
    ----------
    n : int
        How many, shared out by population.
    communes : geopandas.GeoDataFrame
        Layer ``communes`` in EPSG:2154.
    seed : int
        Another seed gives other buildings.

    Returns
    -------
    geopandas.GeoDataFrame
        Layer ``buildings`` in EPSG:2154, commune by commune in order of code.

    Raises
    ------
    CrsError
        If the communes are not in EPSG:2154.
    ParameterError
        If the communes cannot hold so many, or there is no commune.
    SourceError
        If the data of the package are not found.
    """
    require_crs(communes, "communes")
    ordered, counts = _prepare(communes, n)
    return Model(ordered, counts, seed, 20.0, 1.0, ordered).buildings


def _prepare(communes: gpd.GeoDataFrame, buildings: int) -> tuple[gpd.GeoDataFrame, NDArray[Any]]:
    """Return the communes in order of code, and the buildings of each."""
    if len(communes) == 0:
        raise ParameterError(explain("communes", "none is given", required="at least one"))
    _require_number_of(buildings)
    ordered = communes.sort_values("insee", ignore_index=True)
    people = ordered["population"].to_numpy(dtype=float, na_value=0.0)
    return ordered, share_out(buildings, people)


def _require_number_of(buildings: int) -> None:
    if not 0 <= buildings <= _MAX_BUILDINGS:
        raise ParameterError(
            explain("buildings", f"{buildings} asked for", required=f"0 to {_MAX_BUILDINGS}")
        )


def _choose(communes: gpd.GeoDataFrame, codes: Sequence[str] | None) -> NDArray[np.bool_]:
    """Tell which communes are wanted."""
    if codes is None:
        return np.ones(len(communes), dtype=bool)
    if len(codes) == 0:
        raise ParameterError(explain("communes", "none is given", required="at least one code"))
    unknown = sorted(set(map(str, codes)) - set(communes["insee"]))
    if unknown:
        raise UnknownNameError(
            explain(
                "communes", "code not in the territory", count=len(unknown), ids=unknown,
                required="INSEE codes", remedy="see tvb.datasets.load_facts('communes')",
            )
        )  # fmt: skip
    return np.asarray(communes["insee"].isin(list(map(str, codes))), dtype=bool)


def _territory(name: str, model: Model, names: Sequence[str]) -> Territory:
    """Return some layers of a model, with their sources."""
    layers = {n: model.layer(n) for n in names if n not in GRIDS}
    grids = {n: model.grid(n) for n in names if n in GRIDS}
    return Territory(name, layers, grids, describe_sources(layers, grids))
