"""Commands that run a study, or one of its themes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tvb.cli.options import (
    Force,
    Jobs,
    Json,
    Language,
    Layers,
    Only,
    Out,
    Quiet,
    StudyFile,
    emit,
    open_study,
    prepare,
)
from tvb.cli.words import language, say
from tvb.messages.typography import format_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from tvb.study import Study
    from tvb.study.runner import RunResult

__all__ = ["connectivity", "demo", "flood", "heritage", "run"]


def run(
    study: Annotated[Path, typer.Argument(help=say("The study file, TOML."))],
    *,
    layers: Layers = None,
    out: Out = Path("out"),
    only: Only = None,
    force: Force = False,
    jobs: Jobs = 1,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a study: `tvb run`."""
    chosen = open_study(study, layers, lang)
    _run_all(chosen, out, only=only, force=force, jobs=jobs, quiet=quiet, as_json=as_json)


def demo(
    *,
    out: Out = Path("out"),
    communes: Annotated[
        list[str] | None,
        typer.Option(help=say("INSEE code of a commune to keep; may be repeated.")),
    ] = None,
    buildings: Annotated[
        int | None, typer.Option(help=say("Buildings to model in the whole territory."), min=0)
    ] = None,
    lang: Language = None,
    only: Only = None,
    force: Force = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run the main job on the embedded territory: `tvb demo`."""
    from tvb.datasets import find_data

    study = open_study(find_data("studies/demo.toml"), None, lang)
    chosen = replace(
        study.territory,
        communes=tuple(communes) if communes else study.territory.communes,
        buildings=study.territory.buildings if buildings is None else buildings,
    )
    study = replace(study, territory=chosen)
    _run_all(study, out, only=only, force=force, jobs=jobs, quiet=quiet, as_json=as_json)


def _run_all(
    study: Study,
    out: Path,
    *,
    only: list[str] | None,
    force: bool,
    jobs: int,
    quiet: bool,
    as_json: bool,
) -> None:
    silent = quiet or as_json
    _, result = prepare(study, out, only=only or (), force=force, jobs=jobs, quiet=silent)
    seconds = sum(s.seconds for s in result.steps if not s.cached)
    where = out / "report.md" if any(s.step == "report" for s in result.steps) else out
    told = format_number(seconds, 1, lang=language)
    text = say("{0} step{0:|s}, {1} s of work. See {2}.", len(result.steps), told, where)
    emit(text, _as_data(result, out), as_json=as_json, quiet=quiet)


def _as_data(result: RunResult, out: Path) -> dict[str, Any]:
    return {
        "out": str(out),
        "steps": [
            {"step": s.step, "seconds": round(s.seconds, 3), "cached": s.cached,
             "outputs": sorted(s.outputs)}
            for s in result.steps
        ],
        "skipped": dict(result.skipped),
        "stale": list(result.stale),
    }  # fmt: skip


def connectivity(
    study: StudyFile,
    *,
    layers: Layers = None,
    out: Out = Path("out"),
    links: Annotated[
        Literal["edge", "allocation", "lcp"] | None,
        typer.Option(help=say("Links, instead of those of the study: straight, or over costs.")),
    ] = None,
    jobs: Jobs = 1,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Rank the habitat graph: `tvb connectivity`."""
    from tvb.study.report import summarise_graph

    chosen = open_study(study, layers, lang)
    chosen = replace(chosen, graph=replace(chosen.graph, links=links or chosen.graph.links))
    steps = ["connectivity", "map_graph"]
    store, _ = prepare(chosen, out, only=steps, jobs=jobs, quiet=quiet or as_json)
    data = {
        "graph": store.read_json("tables/connectivity.json"),
        "patches": _records(store.read_layer("patches").drop(columns="geometry")),
        "links": _records(store.read_layer("links").drop(columns="geometry")),
    }
    emit(summarise_graph(chosen, out), data, as_json=as_json, quiet=quiet)


def flood(
    study: StudyFile,
    *,
    layers: Layers = None,
    out: Out = Path("out"),
    rule: Annotated[
        Literal["touches", "centroid", "share"] | None,
        typer.Option(help=say("Counting rule, instead of that of the study.")),
    ] = None,
    jobs: Jobs = 1,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Count exposed buildings, by every rule: `tvb flood`."""
    from tvb.study.report import summarise_exposure
    from tvb.study.steps import lacking

    chosen = open_study(study, layers, lang)
    chosen = replace(chosen, flood=replace(chosen.flood, rule=rule or chosen.flood.rule))
    stations = not lacking(chosen, "stations")
    steps = ["flood", "coherence", "map_exposure", "official", *(["stations"] if stations else [])]
    store, _ = prepare(chosen, out, only=steps, jobs=jobs, quiet=quiet or as_json)
    tables = ["exposure", "sensitivity", "indicators", *(["stations"] if stations else [])]
    given = ("exposure_epci", "exposure_elements", "people", "depths")
    tables += [name for name in given if (store.folder / f"tables/{name}.parquet").is_file()]
    data: dict[str, Any] = {
        name: _records(store.read_table(f"tables/{name}").reset_index()) for name in tables
    }
    data |= {n: _records(store.read_table(f"tables/{n}")) for n in ("official", "coherence")}
    if "people" in data:
        data["people_spread"] = store.read_json("tables/people.json")
    emit(summarise_exposure(chosen, out), data, as_json=as_json, quiet=quiet)


def heritage(
    study: StudyFile,
    *,
    layers: Layers = None,
    out: Out = Path("out"),
    jobs: Jobs = 1,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """List what each commune holds: `tvb heritage`."""
    from tvb.study.report import summarise_heritage

    chosen = open_study(study, layers, lang)
    store, _ = prepare(chosen, out, only=["heritage"], jobs=jobs, quiet=quiet or as_json)
    data = {"communes": _records(store.read_table("tables/heritage").reset_index())}
    emit(summarise_heritage(chosen, out), data, as_json=as_json, quiet=quiet)


def _records(table: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
