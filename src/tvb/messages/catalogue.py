"""A catalogue of messages: English template → French template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from string import Formatter

from tvb.messages.typography import agree

__all__ = ["Catalogue", "french_catalogue", "holes_of", "read_entries", "typeset"]

_NO_BREAK, _THIN = "\u00a0", "\u202f"
_APART = re.compile(r"[,\s]")  # what stands between thousands
_FOLDER = Path(__file__).parent


def typeset(text: str) -> str:
    """Return a French text with the spaces that may not break.

    Parameters
    ----------
    text : str
        With ordinary spaces.

    Returns
    -------
    str
        With a no-break space before the colon and inside quotation marks, and a thin one before
        other high punctuation.
    """
    text = re.sub(r" (?=:(?:\s|$))|(?<=«) | (?=»)", _NO_BREAK, text)
    return re.sub(r" (?=[;?!](?:\s|$))", _THIN, text)


def holes_of(template: str) -> list[tuple[str, str]]:
    """Return the holes of a template.

    Parameters
    ----------
    template : str
        In the syntax of `str.format`: ``{}``, ``{1}``, ``{:fr}``, ``{:w}``; ``{{`` is a brace.

    Returns
    -------
    list of tuple of str
        Name (empty, or a number) and what follows the colon.
    """
    parts = Formatter().parse(template)
    return [(name, form or "") for _, name, form, _ in parts if name is not None]


class _Template:
    """One English template that has holes, with its French twin."""

    def __init__(self, english: str, french: str) -> None:
        self.english = english
        self._french = [
            (literal, name, form) for literal, name, form, _ in Formatter().parse(french)
        ]
        self._literals = [""]
        self._holes: list[str] = []
        for literal, name, form, _ in Formatter().parse(english):
            self._literals[-1] += literal
            if name is not None:
                self._holes.append(r"(\S*)" if form == "w" else "(.*?)")
                self._literals.append("")

    @property
    def weight(self) -> int:
        """How much of a text it fixes."""
        return sum(map(len, self._literals))

    @property
    def begins_with_a_hole(self) -> bool:
        return not self._literals[0]

    def leading(self, values: tuple[str, ...]) -> str:
        """Return what fills the holes that it begins with."""
        count = next((i for i, literal in enumerate(self._literals) if literal), len(values))
        return "".join(values[:count])

    @property
    def translates_its_first_hole(self) -> bool:
        return next(form for _, name, form in self._french if name in ("", "0")) == "fr"

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        holes = [*self._holes, ""]
        text = "".join(re.escape(a) + b for a, b in zip(self._literals, holes, strict=True))
        return re.compile(text, re.DOTALL if "\n" in self.english else 0)

    def match(self, text: str) -> tuple[str, ...] | None:
        """Return what fills the holes, or None where the text is of another template."""
        if not (text.startswith(self._literals[0]) and text.endswith(self._literals[-1])):
            return None
        place = 0
        for literal in self._literals:
            place = text.find(literal, place) + len(literal)
            if place < len(literal):
                return None  # most patterns are never compiled
        found = self._pattern.fullmatch(text)
        return found.groups() if found else None

    def fill(self, values: tuple[str, ...], inner: Callable[[str], str]) -> str:
        """Return the French text."""
        text, following = "", 0
        for literal, name, form in self._french:
            text += literal
            if name is not None:
                value = values[int(name) if name else following]
                following += 1
                text += _fill(value, form or "", inner)
        return text


def _fill(value: str, form: str, inner: Callable[[str], str]) -> str:
    """Return what a French hole becomes: a value, its translation, or what agrees with it."""
    if form == "fr":
        return inner(value)
    one, bar, many = form.partition("|")
    if not bar:
        return value
    try:
        return agree(float(_APART.sub("", value)), one, many, lang="fr")
    except ValueError:  # not a number: « several »
        return many


class Catalogue:
    """Templates of messages and their translation.

    Parameters
    ----------
    entries : mapping of str to str
        English template to French template, with the same holes. A hole ``{:w}`` of the English
        one takes one word only; a hole ``{:fr}`` of the French one holds a piece that is translated
        in its turn, ``{0:|s}`` is no number but what agrees with it, before the bar in the singular
        and after it in the plural; the others hold names and numbers.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._plain: dict[str, str] = {}
        templates = []
        for english, french in entries.items():
            if holes_of(english):
                templates.append(_Template(english, typeset(french)))
            else:
                self._plain[_unescape(english)] = _unescape(typeset(french))
        # What fixes most of a text goes first: « no column {} » before « no {} ».
        self._templates = sorted(templates, key=lambda t: (-t.weight, t.english))

    def find(self, text: str, inner: Callable[[str], str], *, loosely: bool = False) -> str | None:
        """Return a text in French.

        Parameters
        ----------
        text : str
            The whole text, in English.
        inner : callable
            Translates a piece.
        loosely : bool
            Whether a template that begins with a hole may take « name: beginning » into it.
            Otherwise what stands after the colon is a message of its own, not the end of one.

        Returns
        -------
        str or None
            None where no template fits.
        """
        if text in self._plain:
            return self._plain[text]
        for template in self._templates:
            values = template.match(text)
            if values is not None and (loosely or not self._swallows(template, values)):
                return template.fill(values, inner)
        return None

    def _swallows(self, template: _Template, values: tuple[str, ...]) -> bool:
        """Tell whether a template takes « name: beginning » for a value."""
        first = template.leading(values)
        if ": " not in first:
            return False
        # A message of ours may have a colon, and another one that goes on after it.
        return not (template.translates_its_first_hole and self._is_message(first))

    def _is_message(self, text: str) -> bool:
        others = (t for t in self._templates if not t.begins_with_a_hole)
        return text in self._plain or any(t.match(text) is not None for t in others)


def _unescape(template: str) -> str:
    return template.replace("{{", "{").replace("}}", "}")


def read_entries() -> Iterator[tuple[str, str, str]]:
    """Yield the entries of the data files.

    Yields
    ------
    tuple of str
        Name of the file, English template, French template.
    """
    import tomllib  # only where something is said in French

    for file in sorted(_FOLDER.glob("*.toml")):
        for english, french in tomllib.loads(file.read_text(encoding="utf-8")).items():
            yield file.name, english, french


@lru_cache(maxsize=1)
def french_catalogue() -> Catalogue:
    """Return the catalogue of the package, read on first use.

    Returns
    -------
    Catalogue
        English to French.
    """
    return Catalogue({english: french for _, english, french in read_entries()})
