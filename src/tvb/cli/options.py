"""Options that several commands share, and how a study is run from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from tvb.cli.words import say

if TYPE_CHECKING:
    from tvb.study import Study
    from tvb.study.runner import Listener, RunResult
    from tvb.study.store import Store

__all__ = [
    "Force",
    "Jobs",
    "Json",
    "Language",
    "Layers",
    "Only",
    "Out",
    "Quiet",
    "StudyFile",
    "emit",
    "open_study",
    "prepare",
    "stop",
    "tell",
]

Layers = Annotated[
    Path | None,
    typer.Option(
        help=say("Folder of the layers; by default the one the study or TVB_LAYERS names.")
    ),
]
StudyFile = Annotated[Path, typer.Option(help=say("The study file, TOML."))]
Out = Annotated[Path, typer.Option(help=say("Folder of the results."))]
Only = Annotated[
    list[str] | None, typer.Option(help=say("A step to run, with those it needs; may be repeated."))
]
Force = Annotated[bool, typer.Option(help=say("Run again what the cache holds."))]
Jobs = Annotated[int, typer.Option(help=say("Steps run at the same time."), min=1)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=say("Print errors only."))]
Json = Annotated[bool, typer.Option("--json", help=say("Print one JSON document instead of text."))]
Language = Annotated[Literal["fr", "en"] | None, typer.Option(help=say("Language: fr or en."))]


def stop(message: str, code: int) -> NoReturn:
    """End the process with a message.

    Parameters
    ----------
    message : str
        Written to stderr.
    code : int
        Exit code.
    """
    typer.echo(f"tvb: {message}", err=True)
    sys.exit(code)


def emit(text: str, data: Any, *, as_json: bool, quiet: bool = False) -> None:
    """Print a result.

    Parameters
    ----------
    text : str
        For people.
    data : object
        The same for programs, made of what JSON holds.
    as_json : bool
        Whether to print the second.
    quiet : bool
        Print neither text; JSON that was asked for is printed all the same.
    """
    if as_json:
        plain = _plain(data)
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2, default=str, allow_nan=False))
    elif not quiet:
        typer.echo(text)


def _plain(data: Any) -> Any:
    """Return data as JSON holds them: null for what is missing, in any of the ways of pandas."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if hasattr(data, "item"):  # a number of numpy
        data = data.item()
    missing = data is None or type(data).__name__ in ("NAType", "NaTType") or data != data  # noqa: PLR0124
    return None if missing else data


def open_study(file: Path, layers: Path | None, lang: Literal["fr", "en"] | None = None) -> Study:
    """Return a study, in the language asked for.

    Parameters
    ----------
    file : pathlib.Path
        The study file.
    layers : pathlib.Path, optional
        Folder of the layers.
    lang : {"fr", "en"}, optional
        Instead of the language of the file.

    Returns
    -------
    Study
        As it will be run.
    """
    from dataclasses import replace

    from tvb.study import read_study

    study = read_study(file, layers=layers)
    return replace(study, study=replace(study.study, lang=lang or study.study.lang))


def prepare(
    study: Study,
    out: Path,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    jobs: int = 1,
    quiet: bool = False,
) -> tuple[Store, RunResult]:
    """Run steps of a study and say what became of them.

    Parameters
    ----------
    study : Study
        The study.
    out : pathlib.Path
        Folder of the results.
    only : sequence of str
        Steps; all by default.
    force : bool
        Whether to run again what the cache holds.
    jobs : int
        Steps run at the same time.
    quiet : bool
        Whether to say nothing but warnings.

    Returns
    -------
    tuple of Store and RunResult
        The folder of the run, and what ran.
    """
    from tvb.study import run_study
    from tvb.study.store import Store

    try:
        with _listener(quiet=quiet) as listener:
            result = run_study(study, out, only=only, force=force, jobs=jobs, listener=listener)
    except KeyboardInterrupt:
        stop(say("interrupted; the same command takes up where it stopped"), 130)
    for step, layer in result.skipped.items():
        tell(say("step {} left out: the study has no layer {}", step, layer))
    if result.stale:
        tell(say("files of {} are of an earlier run", ", ".join(result.stale)))
    return Store(out), result


def tell(message: str) -> None:
    """Write a remark to stderr.

    Parameters
    ----------
    message : str
        One line.
    """
    typer.echo(f"tvb: {message}", err=True)


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
            how = say("from the cache") if event == "cached" else f"{seconds:6.1f} s"
            (progress.console.print if console.is_terminal else typer.echo)(f"{step:<18}{how}")

        yield listener
