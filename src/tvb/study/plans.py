"""Town plans held against the layers of a study: what they forget, and where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from tvb import connectivity, io, plu
from tvb.study.config import Study
from tvb.study.steps import lacking
from tvb.study.store import Store

__all__ = ["PlanReviews", "review_plans"]

_LAYERS = (
    "communes", "property", "buffer", "property_elements", "terrils", "corridors", "core_areas",
    "flood_zones", "buildings", "farmland", "cycle_routes",
)  # fmt: skip
_RASTERS = ("terrain",)
_ZONES = "zone_urba"  # the one table that every plan has


@dataclass(frozen=True)
class PlanReviews:
    """What became of some deliveries.

    Parameters
    ----------
    portfolio : tvb.plu.Portfolio
        Where each commune stands, and all findings.
    reviews : tuple of tvb.plu.Reviewed
        One for each delivery, in order of name.
    folder : pathlib.Path
        Where files were written.
    """

    portfolio: plu.Portfolio
    reviews: tuple[plu.Reviewed, ...]
    folder: Path

    @property
    def is_blocking(self) -> bool:
        """Whether a finding blocks, or a delivery could not be read."""
        return any(r.review is None or r.review.is_blocking for r in self.reviews)

    def summary(self) -> str:
        """Return where the plans stand, for a terminal.

        Returns
        -------
        str
            The summary of each plan; of several, first that of all.
        """
        told = [r.review.summary() if r.review else f"{r.name}: {r.error}" for r in self.reviews]
        return "\n\n".join([self.portfolio.summary(), *told] if len(told) > 1 else told)


def review_plans(study: Study, store: Store, deliveries: Sequence[Path]) -> PlanReviews:
    """Review plans against the layers of a run, and write what was found.

    In the folder ``plu`` of the run: for each plan a GeoPackage that opens styled, a GeoJSON and a
    CSV of its findings and a CSV of its synthesis; ``portefeuille.csv``, who has transcribed what.
    A plan that did not change is not reviewed again.

    Parameters
    ----------
    study : Study
        Language, dispersal.
    store : Store
        Folder of a run that made the step ``layers`` and, for the loss of the graph, the step
        ``connectivity``.
    deliveries : sequence of pathlib.Path
        Folders, zips or GeoPackages; a folder of deliveries stands for all of them.

    Returns
    -------
    PlanReviews
        Findings and what was written.

    Raises
    ------
    SourceError
        If nothing is there.
    """
    found = [one for path in deliveries for one in _deliveries(path)]
    found.sort(key=lambda one: one.name)
    reference = _reference(study, store)
    cache = io.ReviewStore(store.folder / ".tvb" / "reviews")
    lang = study.study.lang
    reviews = tuple(plu.iter_reviews(found, reference, cache=cache, lang=lang))
    portfolio = plu.gather_reviews(reviews, reference)
    folder = store.folder / "plu"
    folder.mkdir(parents=True, exist_ok=True)
    for reviewed in reviews:
        if reviewed.review is not None:
            _write(reviewed.review, folder / reviewed.name, excel=study.study.excel)
    for name, frame in (
        ("constats", portfolio.findings.drop(columns="geometry")),
        ("synthese", portfolio.synthesis),
    ):
        with io.atomic_path(folder / f"{name}.parquet") as path:
            pd.DataFrame(frame).to_parquet(path, index=False)
    io.write_csv(
        portfolio.communes, folder / "portefeuille.csv", index=False, excel=study.study.excel
    )
    return PlanReviews(portfolio, reviews, folder)


def _deliveries(path: Path) -> tuple[io.StoredDelivery, ...]:
    """Return a path that is a delivery, or those that lie in it."""
    if path.is_dir() and not _holds_tables(path):
        return io.find_deliveries(path)
    return (io.StoredDelivery(path, "real"),)


def _holds_tables(folder: Path) -> bool:
    """Tell whether tables lie in a folder itself, or in its folder of geographical data."""
    inner = [f for f in folder.iterdir() if f.is_dir() and f.name.lower().startswith("donnees")]
    return any(
        _ZONES in file.name.lower() for place in (folder, *inner) for file in place.iterdir()
    )


def _reference(study: Study, store: Store) -> plu.Reference:
    territory = store.territory(*_LAYERS, rasters=_RASTERS)
    graph = None
    distance = study.graph.dispersal_m
    if not lacking(study, "connectivity"):
        patches, links = store.read_layer("patches"), store.read_layer("links")
        length = "distance_m" if study.graph.links == "edge" else "cost"
        graph = connectivity.HabitatGraph.from_frames(patches, links, length=length)
        distance = float(store.read_json("tables/connectivity.json")["dispersal"])
    return plu.Reference.of(
        territory, graph=graph, dispersal=distance, probability=study.graph.probability
    )


def _write(review: plu.Review, stem: Path, *, excel: bool) -> None:
    layers: dict[str, gpd.GeoDataFrame | pd.DataFrame] = dict(review.to_layers())
    io.write_geopackage(layers, stem.with_name(f"{stem.name}.gpkg"), lang=review.lang)
    plain = pd.DataFrame(review.findings.drop(columns="geometry"))
    io.write_csv(plain, stem.with_name(f"{stem.name}_constats.csv"), index=False, excel=excel)
    io.write_csv(
        review.synthesis, stem.with_name(f"{stem.name}_synthese.csv"), index=False, excel=excel
    )
    with io.atomic_path(stem.with_name(f"{stem.name}_constats.geojson")) as path:
        path.write_text(review.to_geojson(), encoding="utf-8")
