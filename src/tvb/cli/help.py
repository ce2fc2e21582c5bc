"""Pages of help, whose fixed words typer writes in English, in the language of the process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from tvb.cli.words import say

__all__ = ["Command", "Group"]

_METAVAR = re.compile(r"<([A-Za-z \[\]]+)>")
_MORE = re.compile(r"(.*?)(?:(  |^)\[(.*)\])?", re.DOTALL)
_Formatter: Any = typer.Context.formatter_class


class _Words(_Formatter):  # type: ignore[misc]
    """Writes what the formatter of typer writes; words that are ours were translated before."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, say("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{say('{}:', say(heading))}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        told = [(_METAVAR.sub(_metavar, first), _told(second)) for first, second in rows]
        super().write_dl(told, *args, **options)


def _metavar(found: re.Match[str]) -> str:
    return f"<{say(found[1])}>"


def _told(text: str) -> str:
    """Return what an option does, and what stands in brackets behind it."""
    found = _MORE.fullmatch(text)
    if found is None or found[3] is None:
        return say(text)
    more = say("; ").join(_extra(one) for one in found[3].split("; "))
    return f"{say(found[1])}{found[2]}[{more}]"


def _extra(text: str) -> str:
    name, colon, value = text.partition(": ")
    return say(f"{name}: {{}}", value) if colon else say(name)


class _Context(typer.Context):
    formatter_class = _Words


class Command(TyperCommand):
    """A command whose page of help is in one language."""

    context_class = _Context


class Group(TyperGroup):
    """The commands, listed in one language."""

    context_class = _Context
