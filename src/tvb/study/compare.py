"""Plates that need more than one study: a plan held against it, another run beside it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from tvb import connectivity, flood, io, plu
from tvb.errors import StudyError, explain
from tvb.study.config import Study
from tvb.study.counting import counting_rule
from tvb.study.plans import review_plans
from tvb.study.sample_plan import model_plan
from tvb.study.store import Store
from tvb.study.tables import add_connectivity
from tvb.territory import Source

if TYPE_CHECKING:
    from tvb.maps import Plate

__all__ = ["draw_change", "draw_plan"]

Draw = Callable[..., "Plate"]

_SAMPLE = "62637"  # Oignies, where the territory holds it
_POINTS, _PERCENT = (1.0, 5.0, 20.0), (0.1, 0.5, 2.0)  # limits of classes
_METRES = re.compile(r"(\d+(?:[.,]\d+)?)\s*m")
_RULES = ("touches", "centroid", "share")

_WORDS = {
    "buildings": ("Bâtiments exposés", "Exposed buildings"),
    "share": ("Part de la connectivité (%)", "Share of connectivity (%)"),
    "folders": ("Avant : {} ; après : {}", "Before: {}; after: {}"),
    "touches": ("bâtiment touché par une zone inondable", "building touched by a flood zone"),
    "centroid": ("centre du bâtiment en zone inondable", "centre of the building in a zone"),
    "share_rule": ("au moins {} % de l'emprise en zone inondable",
                   "at least {}% of the footprint in a flood zone"),
    "dispersal": ("dispersion à {} m", "dispersal over {} m"),
    "ec": ("{} (connectivité équivalente {} ha)", "{} (equivalent connectivity {} ha)"),
}  # fmt: skip


def _say(key: str, lang: Literal["fr", "en"], *values: object) -> str:
    return _WORDS[key][lang == "en"].format(*values)


def draw_plan(
    study: Study, store: Store, *, plan: str | None, commune: str | None, modelled: bool
) -> Draw:
    """Return what draws a plan and the findings of its review.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made the step ``layers``.
    plan : str, optional
        Path of a delivery.
    commune : str, optional
        INSEE code or name of the commune whose plan is modelled.
    modelled : bool
        Whether the plan is to be modelled; ``plan`` is then no path.

    Returns
    -------
    callable
        From the keywords of `tvb.maps.PageOptions` to a plate.

    Raises
    ------
    StudyError
        If no plan is given, or it cannot be reviewed.
    """
    from tvb import maps

    if plan is None:
        raise StudyError(
            explain("plan", "none was given", remedy="give a delivery, or « modelled »")
        )
    communes = store.territory("communes")
    if modelled:
        territory = store.territory(*store.layer_names(), rasters=("terrain",))
        drawn = model_plan(territory, _chosen(territory["communes"], commune))
        review = plu.review_plan(drawn, plu.Reference.of(territory), lang=study.study.lang)
    else:
        reviewed = review_plans(study, store, [Path(plan)]).reviews
        if len(reviewed) != 1 or reviewed[0].review is None:
            told = reviewed[0].error if reviewed else "there is no delivery"
            problem = f"{len(reviewed)} deliveries" if len(reviewed) > 1 else told
            raise StudyError(explain(plan, problem, required="one delivery that can be read"))
        drawn, review = io.read_plan(Path(plan)), reviewed[0].review
    return functools.partial(
        maps.plot_plan_findings,
        drawn,
        review.findings,
        communes.sources_of("communes"),
        communes=communes["communes"],
    )


def _chosen(communes: Any, commune: str | None) -> str:
    """Return the commune whose plan is modelled."""
    from tvb.study.products import find_commune

    if commune is not None:
        return str(find_commune(communes, commune).insee)
    codes = communes["insee"].tolist()
    return _SAMPLE if _SAMPLE in codes else str(min(codes))


@dataclass(frozen=True)
class _Side:
    """One side of a comparison: values by commune, and what it is called."""

    values: pd.Series[float]
    name: str
    sources: tuple[Source, ...] = ()


def draw_change(study: Study, store: Store, against: str | None) -> Draw:
    """Return what draws the change between two studies.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of its run, with the step ``flood`` or ``connectivity``.
    against : str, optional
        The folder of another run, the state before; or a counting rule or a distance of dispersal
        that the same study is counted again with, the state after.

    Returns
    -------
    callable
        From the keywords of `tvb.maps.PageOptions` to a plate.

    Raises
    ------
    StudyError
        If there is nothing to compare, or ``against`` is none of these.
    """
    floods = (store.folder / "tables/exposure.parquet").is_file()
    graph = (store.folder / "layers/patches.parquet").is_file()
    if against is None:
        other = "centroid" if study.flood.rule != "centroid" else "touches"
        against = other if floods else f"{study.graph.dispersal_m / 2:g}m"
    metres = _METRES.fullmatch(against)
    if against in _RULES:
        _require(floods, "exposure")
        return _by_rule(study, store, against)
    if metres:
        _require(graph, "habitat graph")
        return _by_dispersal(study, store, float(metres[1].replace(",", ".")))
    if not (Path(against) / "layers/territory.json").is_file():
        raise StudyError(
            explain("against", f"« {against} » is not the folder of a run",
                    required=", ".join(_RULES) + ", a distance such as 300m, or such a folder")
        )  # fmt: skip
    return _by_folder(study, store, Store(Path(against)))


def _require(there: bool, what: str) -> None:
    if not there:
        raise StudyError(explain("change", f"the study has no {what} to compare"))


def _by_rule(study: Study, store: Store, rule: str) -> Draw:
    territory = store.territory("buildings", "flood_zones", "communes")
    flags_by = replace(counting_rule(study), exposure=rule)  # type: ignore[arg-type]
    buildings = territory["buildings"]
    measures = flood.measure_exposure(buildings, territory["flood_zones"])
    exposure = flood.count_by_commune(buildings, measures, territory["communes"], rule=flags_by)
    sources = territory.sources_of("communes", "buildings", "flood_zones")
    before = _Side(_counts(store.read_table("tables/exposure"), study),
                   _rule_name(study, study.flood.rule), sources)  # fmt: skip
    after = _Side(_counts(exposure, study), _rule_name(study, rule))
    return _plate(study, store, (before, after))


def _rule_name(study: Study, rule: str) -> str:
    lang = study.study.lang
    if rule == "share":
        return _say("share_rule", lang, f"{100 * study.flood.min_share:g}")
    return _say(rule, lang)


def _counts(exposure: pd.DataFrame, study: Study) -> pd.Series[float]:
    chosen = exposure.xs(study.flood.map_scenario, level="scenario")["buildings"]
    return chosen.astype("float64")


def _by_dispersal(study: Study, store: Store, metres: float) -> Draw:
    own, other = (_dispersed(study, store, m) for m in (study.graph.dispersal_m, metres))
    return _plate(study, store, (own, other), rate=True)


def _dispersed(study: Study, store: Store, metres: float) -> _Side:
    """Return the share of connectivity of each commune, for a distance of dispersal."""
    territory = store.territory("communes", *study.patches.layers)
    patches, links = store.read_layer("patches"), store.read_layer("links")
    edge = study.graph.links == "edge"
    graph = connectivity.HabitatGraph.from_frames(
        patches, links, length="distance_m" if edge else "cost"
    )
    distance = metres
    if not edge and len(links):
        distance = connectivity.cost_to_distance(links["cost"], links["length_m"]).cost_of(metres)
    how = {"distance": distance, "probability": study.graph.probability}
    share = connectivity.share_of_pc(graph, **how)
    ec = connectivity.compute_ec(graph, "PC", **how)
    ranked = patches.assign(pc_share=share.reindex(patches["patch"]).to_numpy())
    table = add_connectivity(territory["communes"], ranked).set_index("insee")["ec_share"]
    from tvb.maps.texts import number

    lang = study.study.lang
    over = _say("dispersal", lang, number(metres, lang, None))
    name = _say("ec", lang, over, number(ec, lang))
    return _Side(100 * table, name, territory.sources_of(*territory.layers))


def _by_folder(study: Study, store: Store, other: Store) -> Draw:
    """Compare the exposure of two runs, or without it the connectivity of their communes."""
    files = [s.folder / "tables/exposure.parquet" for s in (other, store)]
    floods = all(path.is_file() for path in files)
    sides = []
    for one in (other, store):
        territory = one.territory()
        if floods:
            values = _counts(one.read_table("tables/exposure"), study)
            used = ["communes", "buildings", "flood_zones"]
        else:
            values = 100 * one.read_layer("communes_results").set_index("insee")["ec_share"]
            used = ["communes", *(n for n in study.patches.layers if n in one.layer_names())]
        name = str(one.read_json("manifest.json")["study"])
        sides.append(_Side(values, name, territory.sources_of(*used)))
    before, after = sides
    if before.name == after.name:  # two runs of one file are told apart by their folders
        before, after = (replace(side, name=f"{side.name} ({one.folder.name})")
                         for side, one in zip(sides, (other, store), strict=True))  # fmt: skip
    return _plate(study, store, (before, after), rate=not floods)


def _plate(study: Study, store: Store, sides: tuple[_Side, _Side], *, rate: bool = False) -> Draw:
    from tvb import maps

    before, after = sides
    lang = study.study.lang
    totals = None if rate else store.read_table("tables/buildings")["buildings"]
    sources = before.sources + tuple(s for s in after.sources if s not in before.sources)
    return functools.partial(
        maps.plot_change,
        store.territory("communes")["communes"],
        pd.DataFrame({"before": before.values, "after": after.values}),
        sources,
        indicator=_say("share" if rate else "buildings", lang),
        totals=totals,
        rate=rate,
        breaks=_PERCENT if rate else _POINTS,
        compared=_say("folders", lang, before.name, after.name),
    )
