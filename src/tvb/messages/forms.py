"""The forms that messages are put into: the house form of errors, entries of an account, lists.

`tvb.errors.explain` and `tvb.io.report` write them in English; here they are taken apart, each part
is looked up, and the French form is put together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tvb.messages.catalogue import french_catalogue, typeset

__all__ = ["put_into_french"]

_WITH_REMARK = re.compile(r"(.+?) (\((?:[^()]|\([^()]*\))*\))", re.DOTALL)
_FEATURES = re.compile(r"(.*) \((\d+) features?(?:: (.*))?\)", re.DOTALL)
_ENTRY = re.compile(r"(.+): (\d+)(?: \((.*)\))?", re.DOTALL)
_LONGEST = 4000  # of a line; what is longer is not ours, and would take long
_REQUIRED, _REMEDY = ". Required: ", ". Remedy: "
_ROW = re.compile(r"^(|.* )row (\d+)$")
_LIST = re.compile(r"(, | or | and | from )")
_LINKS = {" or ": " ou ", " and ": " et ", " from ": " et "}
_WORD = re.compile(r"«[^«»]*»|[^\s,;:()]+")


@lru_cache(maxsize=4096)
def put_into_french(text: str) -> str | None:
    """Return a text in French.

    Parameters
    ----------
    text : str
        An error, a warning, a reason of an account, or a piece of one of them, in English.

    Returns
    -------
    str or None
        None where nothing of it is known. What is known is translated, the rest stays.
    """
    if len(text) > _LONGEST:
        return _lines(text)
    forms: tuple[Callable[[str], str | None], ...] = (
        _message, _message_marked, _look_up, _rows, _lines, _entry, _after_a_name, _series,
        _with_remark, _message_unknown, _names_in_a_row, _loosely,
    )  # fmt: skip
    return next((told for form in forms if (told := form(text)) is not None), None)


def _look_up(text: str) -> str | None:
    return french_catalogue().find(text, _inner)


def _loosely(text: str) -> str | None:
    return french_catalogue().find(text, _inner, loosely=True)


def _part(text: str) -> str:
    """Return a part of a message in French, or as it is."""
    return put_into_french(text) or text


def _inner(text: str) -> str:
    """Return what fills a hole in French, or as it is."""
    return _words(text, _look_up) or put_into_french(text) or text


def _lines(text: str) -> str | None:
    """Several messages, one on each line, which may be set in."""
    if "\n" not in text:
        return None
    told, known = [], False
    for line in text.split("\n"):
        found = put_into_french(line.lstrip(" "))
        known = known or found is not None
        told.append(" " * (len(line) - len(line.lstrip(" "))) + (found or line.lstrip(" ")))
    return "\n".join(told) if known else None


def _message(text: str) -> str | None:
    """Form of `explain`: layer: problem (2 features: 7, 9). Required: ... . Remedy: ... ."""
    return _put_together(text, _layer_and_problem)


def _message_marked(text: str) -> str | None:
    """The same form, with a problem that is not ours, recognised by what is required or to do."""
    return _message_unknown(text) if _REMEDY in text or _REQUIRED in text else None


def _message_unknown(text: str) -> str | None:
    """The same form, with a problem that is not ours: the form at least is French."""
    return _put_together(text, _layer_and_any_problem)


def _put_together(text: str, told_of: Callable[[str], str | None]) -> str | None:
    marked = _REMEDY in text or _REQUIRED in text
    end = "." if text.endswith(".") else ""
    if not (end or marked) or ".\n" in text:
        return None
    rest, required, remedy = _parts(text.removesuffix("."))
    counted = _FEATURES.fullmatch(rest)
    told = told_of(counted[1] if counted else rest)
    if told is None:
        return None
    if counted:
        number = int(counted[2])
        ids = f" : {_ids(counted[3])}" if counted[3] else ""
        told += f" ({number} objet{'s' if number > 1 else ''}{ids})"
    told += f". Attendu : {_part(required)}" if required else ""
    told += f". Remède : {_part(remedy)}" if remedy else ""
    return _typeset_frame(told if told.endswith((".", "?")) else told + end)


def _parts(text: str) -> tuple[str, str, str]:
    """Return what is wrong, what is required, what to do.

    What is wrong may be another message; the last marks are those of the outer one.
    """
    rest, mark, remedy = text.rpartition(_REMEDY)
    rest, remedy = (rest, remedy) if mark else (text, "")
    head, mark, required = rest.rpartition(_REQUIRED)
    inner = not mark or _REMEDY in required
    return (rest, "", remedy) if inner else (head, required, remedy)


def _layer_and_problem(text: str) -> str | None:
    """A name, a colon, what is wrong: the first colon after which a known problem stands."""
    for found in re.finditer(": ", text):
        rest = text[found.end() :]
        problem = _look_up(rest) or _with_remark(rest)
        if problem is not None:
            return f"{_name(text[: found.start()])} : {problem}"
    return None


def _layer_and_any_problem(text: str) -> str | None:
    layer, mark, problem = text.partition(": ")
    return f"{_name(layer)} : {_part(problem)}" if mark else None


def _name(text: str) -> str:
    """Return the name of what is at fault: mostly an identifier, which stays."""
    return _look_up(text) or text.replace(": ", " : ")


def _entry(text: str) -> str | None:
    """Form of an entry of an account: reason: 3 (ids)."""
    found = _ENTRY.fullmatch(text)
    reason = put_into_french(found[1]) if found else None
    if found is None or reason is None:
        return None
    ids = f" ({_ids(found[3])})" if found[3] else ""
    return typeset(" : ").join((reason, f"{found[2]}{ids}"))


def _rows(text: str) -> str | None:
    """Rows that have no key, with the file before them where there are several: row 12, row 15."""
    names = text.split(", ")
    if not any(_ROW.fullmatch(name) for name in names):
        return None
    return ", ".join(_ROW.sub(r"\1ligne \2", name) for name in names)


def _ids(text: str) -> str:
    return _rows(text) or text


def _series(text: str) -> str | None:
    """Pieces joined by a semicolon, which may stand inside a piece too: the longest known first."""
    pieces = text.split("; ")
    if len(pieces) == 1:
        return None
    told: list[str] = []
    known = False
    while pieces:
        for length in (2, 1):
            piece = "; ".join(pieces[:length])
            found = None if piece == text else _reason(piece)
            if found is not None or length == 1:
                known = known or found is not None
                told.append(found or piece)
                del pieces[:length]
                break
    return typeset(" ; ").join(told) if known else None


def _with_remark(text: str) -> str | None:
    """What is known, then what another program or the data say of it, in parentheses."""
    found = _WITH_REMARK.fullmatch(text)
    told = _look_up(found[1]) if found else None
    return f"{told} {found[2]}" if found and told else None


def _reason(text: str) -> str | None:
    return _look_up(text) or _entry(text) or _with_remark(text) or _after_a_name(text)


def _after_a_name(text: str) -> str | None:
    """What is known, after the name of a file and a colon."""
    for found in re.finditer(": ", text):
        rest = _look_up(text[found.end() :])
        if rest is not None:
            return typeset(" : ").join((_name(text[: found.start()]), rest))
    return None


def _names_in_a_row(text: str) -> str | None:
    """Identifiers in a row, which stay: a, b or c."""
    return _words(text, lambda name: name)


def _words(text: str, word_of: Callable[[str], str | None]) -> str | None:
    pieces = _LIST.split(text)
    words = pieces[::2]
    if len(words) == 1 or not all(_WORD.fullmatch(word) for word in words):
        return None
    links = ["", *(_LINKS.get(link, link) for link in pieces[1::2])]
    return "".join(link + (word_of(word) or word) for link, word in zip(links, words, strict=True))


def _typeset_frame(text: str) -> str:
    """Return a message with no-break spaces where its own form put colons."""
    return re.sub(r" (?=: )", "\u00a0", text)
