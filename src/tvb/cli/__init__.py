"""The command line: ``tvb run``, ``tvb flood``, ``tvb atlas``, …

Exit codes: 0 done; 1 the data or the study is wrong, or ``--strict`` found something; 2 the command
is wrong; 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from tvb.cli import dossiers, drawing, plans, reading, studies
from tvb.cli.help import Command, Group
from tvb.cli.options import Language, stop
from tvb.cli.words import language, say
from tvb.errors import TvbError
from tvb.messages import translate

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Group,
    subcommand_metavar=say("COMMAND [ARGS]..."),
    help=say("Green-blue network, flood exposure and heritage of the Bassin minier."),
    epilog=say(
        "Exit codes: 0 done; 1 the data or the study is wrong, or --strict found something; "
        "2 the command is wrong; 130 interrupted. Language: --lang, else TVB_LANG, else the locale."
    ),
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "run": (
        studies.run,
        "Run a study. Example: tvb run study.toml --layers couches --out resultats.",
    ),
    "demo": (
        studies.demo,
        "Run the main job on the embedded territory. Example: tvb demo --out out --lang en.",
    ),
    "check": (
        reading.check,
        "Say what the reader makes of a file. Example: tvb check bati.shp --as buildings.",
    ),
    "layers": (
        reading.layers,
        "List the layers, or the columns of one. Example: tvb layers buildings.",
    ),
    "connectivity": (
        studies.connectivity,
        "Rank the habitat graph. Example: tvb connectivity --study study.toml --links lcp.",
    ),
    "flood": (
        studies.flood,
        "Count exposed buildings, by every rule. Example: tvb flood --study study.toml.",
    ),
    "heritage": (
        studies.heritage,
        "List what each commune holds. Example: tvb heritage --study study.toml.",
    ),
    "plu": (
        plans.plu,
        "Review a town plan. Example: tvb plu 62637_PLU_20240101.zip --study study.toml.",
    ),
    "map": (
        drawing.draw_map,
        "Draw a plate, or the web map. Example: tvb map --study study.toml --theme graph.",
    ),
    "atlas": (
        drawing.atlas,
        "Draw a sheet for each place. Example: tvb atlas --study study.toml --by commune.",
    ),
    "dossier": (
        dossiers.dossier,
        "Write the dossiers of communes. Example: tvb dossier --study study.toml --commune 62528.",
    ),
    "report": (
        dossiers.report,
        "Write the report of the territory. "
        "Example: tvb report --study study.toml --epci 200033579.",
    ),
}

for _name, (_function, _help) in _COMMANDS.items():
    app.command(_name, cls=Command, help=say(_help))(_function)


@app.callback()
def choose(context: typer.Context, *, lang: Language = None) -> None:
    """Give the language asked for before the command to the command: `tvb --lang fr run`."""
    if lang is not None:
        context.default_map = {name: {"lang": lang} for name in _COMMANDS}


def main() -> None:
    """Run the command line and turn errors of tvb into one message and exit code 1."""
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    # Stopped by the system, a run cleans up as it does when the user stops it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = app(standalone_mode=False)
    except TvbError as error:
        stop(error.in_language(language), 1)
    except TyperException as error:
        _refuse(error)
    except OSError as error:
        stop(f"{error.filename or say('the system')}: {error.strerror or error}", 1)
    except (KeyboardInterrupt, typer.Abort):
        stop(say("interrupted; the same command takes up where it stopped"), 130)
    sys.exit(code)


def _refuse(error: TyperException) -> NoReturn:
    """End the process with what is wrong in a command, and where to look."""
    where = getattr(error, "ctx", None)
    path = where.command_path if where is not None else "tvb"
    told = translate(str(error.format_message()).rstrip("."), language)
    stop(say("{}. See « {} --help ».", told, path), 2)


def _show_warning(message: Warning | str, *_: object) -> None:
    """Show a warning to a person, without the line of code that raised it."""
    typer.echo(f"tvb: {translate(str(message), language)}", err=True)
