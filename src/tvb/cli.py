"""The command line: ``tvb run``, ``tvb demo``, ``tvb check``, ``tvb layers``.

Exit codes: 0 done; 1 the data or the study is wrong; 2 the command is wrong; 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
import warnings
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from tvb.errors import TvbError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tvb.study import Study
    from tvb.study.runner import Listener

__all__ = ["app", "main"]

app = typer.Typer(
    help="Green-blue network, flood exposure and heritage of the Bassin minier.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Layers = Annotated[
    Path | None,
    typer.Option(help="Folder of the layers; by default the one the study or TVB_LAYERS names."),
]
Out = Annotated[Path, typer.Option(help="Folder of the results.")]
Only = Annotated[
    list[str] | None, typer.Option(help="A step to run, with those it needs; may be repeated.")
]
Force = Annotated[bool, typer.Option(help="Run again what the cache holds.")]
Jobs = Annotated[int, typer.Option(help="Steps run at the same time.", min=1)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]


_INTERRUPTED = "interrupted; the same command takes up where it stopped"


def main() -> None:
    """Run the command line and turn errors of tvb into one message and exit code 1."""
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    # Stopped by the system, a run cleans up as it does when the user stops it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except TvbError as error:
        _stop(str(error), 1)
    except OSError as error:
        _stop(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        _stop(_INTERRUPTED, 130)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"tvb: {message}", err=True)
    sys.exit(code)


def _show_warning(message: Warning | str, *_: object) -> None:
    """Show a warning to a person, without the line of code that raised it."""
    typer.echo(f"tvb: {message}", err=True)


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="The study file, TOML.")],
    *,
    layers: Layers = None,
    out: Out = Path("out"),
    only: Only = None,
    force: Force = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Run a study. Example: tvb run study.toml --layers couches --out resultats."""
    from tvb.study import read_study

    _run(read_study(study, layers=layers), out, only=only, force=force, jobs=jobs, quiet=quiet)


@app.command()
def demo(
    *,
    out: Out = Path("out"),
    communes: Annotated[
        list[str] | None, typer.Option(help="INSEE code of a commune to keep; may be repeated.")
    ] = None,
    buildings: Annotated[
        int | None, typer.Option(help="Buildings to model in the whole territory.", min=0)
    ] = None,
    lang: Annotated[Literal["fr", "en"] | None, typer.Option(help="Language: fr or en.")] = None,
    only: Only = None,
    force: Force = False,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Run the main job on the embedded territory. Example: tvb demo --out out --lang en."""
    from tvb.datasets import find_data
    from tvb.study import read_study

    study = read_study(find_data("studies/demo.toml"))
    chosen = replace(
        study.territory,
        communes=tuple(communes) if communes else study.territory.communes,
        buildings=study.territory.buildings if buildings is None else buildings,
    )
    words = replace(study.study, lang=lang or study.study.lang)
    study = replace(study, territory=chosen, study=words)
    _run(study, out, only=only, force=force, jobs=jobs, quiet=quiet)


@app.command()
def connectivity(
    study: Annotated[Path, typer.Option(help="The study file, TOML.")],
    *,
    layers: Layers = None,
    out: Out = Path("out"),
    links: Annotated[
        Literal["edge", "allocation", "lcp"] | None,
        typer.Option(help="Links, instead of those of the study: straight, or over costs."),
    ] = None,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Rank the habitat graph. Example: tvb connectivity --study study.toml --links lcp."""
    from tvb.study import read_study
    from tvb.study.report import summarise_graph

    chosen = read_study(study, layers=layers)
    chosen = replace(chosen, graph=replace(chosen.graph, links=links or chosen.graph.links))
    steps = ["connectivity", "map_graph"]
    _run(chosen, out, only=steps, force=False, jobs=jobs, quiet=quiet)
    typer.echo(summarise_graph(chosen, out))


def _run(
    study: Study, out: Path, *, only: list[str] | None, force: bool, jobs: int, quiet: bool
) -> None:
    from tvb.study import run_study

    try:
        with _listener(quiet=quiet) as listener:
            result = run_study(
                study, out, only=only or (), force=force, jobs=jobs, listener=listener
            )
    except KeyboardInterrupt:
        _stop(_INTERRUPTED, 130)
    for step, layer in result.skipped.items():
        typer.echo(f"tvb: step {step} left out: the study has no layer {layer}", err=True)
    if result.stale:
        typer.echo(f"tvb: files of {', '.join(result.stale)} are of an earlier run", err=True)
    if not quiet:
        seconds = sum(s.seconds for s in result.steps if not s.cached)
        where = out / "report.md" if any(s.step == "report" for s in result.steps) else out
        typer.echo(f"{len(result.steps)} steps, {seconds:.1f} s of work. See {where}.")


@contextmanager
def _listener(*, quiet: bool) -> Iterator[Listener | None]:
    """Show a bar in a terminal, a line for each step elsewhere, nothing when quiet."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        running: dict[str, object] = {}

        def listener(step: str, event: str, seconds: float) -> None:
            if event == "start":
                running[step] = progress.add_task(step, total=None)
                return
            if step in running:
                progress.remove_task(running.pop(step))  # type: ignore[arg-type]
            how = "from the cache" if event == "cached" else f"{seconds:6.1f} s"
            (progress.console.print if console.is_terminal else typer.echo)(f"{step:<18}{how}")

        yield listener


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Any file that tvb reads.")],
    *,
    layer: Annotated[str, typer.Option("--as", help="Layer it should be: see tvb layers.")],
    source_layer: Annotated[str | None, typer.Option(help="Layer inside the file.")] = None,
    crs: Annotated[str | None, typer.Option(help="CRS of a file that states none.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of its texts.")] = None,
) -> None:
    """Say what the reader makes of a file. Example: tvb check bati.shp --as buildings."""
    from tvb.io import read_grid, read_layer
    from tvb.schema.layers import GRID_SCHEMAS

    if layer in {grid.name for grid in GRID_SCHEMAS}:
        typer.echo(repr(read_grid(file, layer, crs=crs)))
        return
    frame, report = read_layer(file, layer, source_layer=source_layer, crs=crs, encoding=encoding)
    typer.echo(report.summary())
    if len(frame):
        west, south, east, north = frame.total_bounds
        typer.echo(f"extent: {west:.0f} {south:.0f} {east:.0f} {north:.0f} (EPSG:2154, metres)")


@app.command()
def layers(
    layer: Annotated[str | None, typer.Argument(help="A layer, to see its columns.")] = None,
) -> None:
    """List the layers, or the columns of one. Example: tvb layers buildings."""
    from tvb.schema import SCHEMAS, get_schema, schema_table
    from tvb.schema.layers import GRID_SCHEMAS

    if layer is None:
        for schema in SCHEMAS.values():
            families = " or ".join(sorted(schema.families))
            typer.echo(f"{schema.name:<20}{families:<16}{schema.description}")
        for grid in GRID_SCHEMAS:
            typer.echo(f"{grid.name:<20}{'raster':<16}{grid.description}")
        return
    for grid in GRID_SCHEMAS:
        if grid.name == layer:
            codes = "".join(f"\n  {code:>3} {text}" for code, text in grid.legend.items())
            typer.echo(f"{grid.name}: {grid.description}{codes}")
            return
    schema = get_schema(layer)
    key = f"key {schema.key}" if schema.key else "no key"
    typer.echo(f"{schema.name}: {schema.description} ({key})")
    for row in schema_table(layer).itertuples(index=False):
        column, dtype, unit, presence, _, _, aliases, meaning = row
        kind = f"{dtype} [{unit}]" if unit else dtype
        typer.echo(f"  {column:<24}{kind:<22}{presence:<10}{meaning}")
        if aliases:
            typer.echo(f"  {'':<24}also read as {aliases}")
