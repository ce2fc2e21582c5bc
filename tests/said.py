"""Every text that tvb may say, found in its sources: templates of messages, with their holes.

A walk of the syntax trees: what reaches `explain`, the account of a reading, the details of the
reading of a plan and warnings. Names are followed to what is assigned to them, to the callers of
the function whose parameter they are, to what helper functions return, to constants of other
modules. What cannot be followed is told as `Beyond`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeAlias

import tvb

ROOT = Path(tvb.__file__).parent
_DEPTH = 6  # names followed
_DATA = {"_one_line", "lower", "name_of", "repr", "str"}
"""Functions that return data, not words."""
_TEXT_METHODS = {"format", "removesuffix", "rstrip", "strip"}

Sinks: TypeAlias = dict[str, tuple[tuple[int | str, ...], ...]]


@dataclass(frozen=True)
class Said:
    """A template, and where it stands; `pieces` are what is known to fill a hole, by its number."""

    template: str
    place: str
    pieces: tuple[frozenset[str], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Beyond:
    """An expression that the walk cannot follow."""

    place: str
    expression: str


# Functions whose arguments are said: name → numbers and keywords of the arguments.
SINKS: Sinks = {
    "explain": ((1, "problem"), ("required",), ("remedy",)),
    "note": ((1, "reason"),),
    "remark": ((0, "text"),),
    "drop": ((0, "reason"),),
    "replace": ((0, "reason"), ("lost",)),
    "add": ((1, "reason"),),
    "Entry": ((0, "reason"),),
    "refuse": ((1, "problem"), ("required",)),
    "error": ((0, "problem"), ("required",), ("remedy",)),
    "Fault": ((0, "problem"), ("remedy",)),
    "_rows": ((0, "problem"),),
    "complain": ((2, "problem"),),
    "Finding": ((3, "detail"),),
    "Identity": ((1, "remark"),),
    "_Outcome": ((3, "remark"),),
    "warn": ((0, "message"),),
    "StudyError": ((0,),),
}
# Names of what is at fault: mostly identifiers, which are the same in any language.
NAMES: Sinks = {"explain": ((0, "layer"),)}
# Sinks with a common name count in these files only.
ONLY_IN = {
    "error": {"io/download.py", "io/sources.py"},
    "note": {"io/assembly.py"},
    "remark": {"io/assembly.py", "io/read.py", "io/database_reading.py", "io/footprints.py"},
    "drop": {"io/repair.py"},
    "replace": {"io/repair.py"},
    "add": {"io/assembly.py", "io/plan_tables.py", "io/database_reading.py",
            "io/footprint_chunks.py", "io/footprints.py"},
    "Entry": {"io/hazard.py", "io/hazard_codes.py", "io/footprint_chunks.py"},
    "_rows": {"schema/validate.py"},
    "Identity": {"io/hazard_tables.py"},
}  # fmt: skip
# Keys of these dictionaries are reasons of an account.
REASON_KEYS = {"checks", "remarks", "repairs"}
REASON_FILES = {"flood/damage.py", "io/assembly.py", "io/plan_tables.py", "io/values.py"}
# Functions of these files return columns and a reason of an account.
REASONS_RETURNED = {"io/hazard_codes.py", "io/plan_version.py"}
# Lists of these names hold remarks of a reader.
NOTES = {"evidence", "notes"}
# Tables of texts: every text that their values hold is said.
TABLES = {
    "heritage/sight.py": {"wrong"},
    "io/database_session.py": {"_NO_SERVER", "_NO_ENTRY", "_ABSENT", "_CUT", "_REASONS", "_OTHER"},
    "io/database_write.py": {"refused"},
    "io/hazard_tables.py": {"ABSENT"},
    "schema/validate.py": {"remedy"},
}


def names() -> list[Said]:
    """Return the templates of the names of what is at fault."""
    return _collect(NAMES)[0]


def texts() -> tuple[list[Said], list[Beyond]]:
    """Return every template said by the sources, and what cannot be followed."""
    return _collect(SINKS)


def _collect(
    sinks: dict[str, tuple[tuple[int | str, ...], ...]],
) -> tuple[list[Said], list[Beyond]]:
    said: dict[tuple[str, str], Said] = {}
    beyond: dict[tuple[str, str], Beyond] = {}
    for name, text in _sources().items():
        if name not in {*TABLES, *REASONS_RETURNED} and not any(f"{s}(" in text for s in sinks):
            continue
        module = _module(name)
        for node, expression in module.said_by(sinks):
            place = f"{module.name}:{node.lineno}"
            for found in _Walk(module).follow(expression, node):
                if isinstance(found, str):
                    beyond.setdefault((place, found), Beyond(place, found))
                else:
                    said.setdefault((found.template, place), replace(found, place=place))
    return list(said.values()), list(beyond.values())


@cache
def _sources() -> dict[str, str]:
    files = sorted(ROOT.rglob("*.py"))
    return {f.relative_to(ROOT).as_posix(): f.read_text(encoding="utf-8") for f in files}


@cache
def _module(name: str) -> _Module:
    return _Module(name, _sources()[name])


class _Module:
    """One source file: its tree, its functions, its constants, its imports."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.tree = ast.parse(text)
        self.parent: dict[ast.AST, ast.AST] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.constants: dict[str, ast.expr] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.calls: dict[str, list[ast.Call]] = {}
        self.nodes = list(ast.walk(self.tree))
        for node in self.nodes:
            if isinstance(node, ast.Call):
                self.calls.setdefault(_name_of(node.func), []).append(node)
            for child in ast.iter_child_nodes(node):
                self.parent[child] = node
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, node)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tvb"):
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (node.module, alias.name)
        for statement in self.tree.body:
            for target, value in _assignments(statement):
                if isinstance(target, ast.Name):
                    self.constants[target.id] = value

    def said_by(self, sinks: Sinks) -> Iterator[tuple[ast.AST, ast.expr]]:
        """Yield each expression that is said, with the call that says it."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                name = _name_of(node.func)
                if name in sinks and self.name in ONLY_IN.get(name, {self.name}):
                    for argument in sinks[name]:
                        yield from ((node, e) for e in _arguments(node, argument))
            if sinks is NAMES:
                continue
            if self.name in REASON_FILES:
                yield from ((node, key) for key in _reason_keys(node))
            if self.name in REASONS_RETURNED:
                yield from ((node, reason) for reason in _reasons_returned(node))
            if self.name.startswith("io/"):
                yield from ((node, note) for note in _notes(node))
            for target, value in _assignments(node):
                if _name_of(target) in TABLES.get(self.name, ()):
                    yield from ((node, text) for text in _values(value))

    def function_around(self, node: ast.AST) -> ast.FunctionDef | None:
        while node in self.parent:
            node = self.parent[node]
            if isinstance(node, ast.FunctionDef):
                return node
        return None


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _arguments(call: ast.Call, names: Iterable[int | str]) -> Iterator[ast.expr]:
    for name in names:
        if isinstance(name, int):
            if name < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args):
                yield call.args[name]
        else:
            yield from (k.value for k in call.keywords if k.arg == name)


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the target and the value of an assignment."""
    if isinstance(node, ast.Assign):
        yield node.targets[0], node.value
    if isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value


def _reason_keys(node: ast.AST) -> Iterator[ast.expr]:
    """Yield keys of dictionaries of reasons: built, subscripted, or given as an argument."""
    given: list[ast.expr] = []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        if _name_of(node.value) in REASON_KEYS:
            yield node.slice
    elif isinstance(node, ast.Call) and _name_of(node.func) == "Cast":
        given = [k.value for k in node.keywords if k.arg in REASON_KEYS] + node.args[2:]
    elif isinstance(node, ast.BinOp) and _name_of(node.left) in REASON_KEYS:
        given = [node.right]
    else:
        given = [value for target, value in _assignments(node) if _name_of(target) in REASON_KEYS]
    for value in given:
        if isinstance(value, ast.Dict):
            yield from (key for key in value.keys if key is not None)


def _reasons_returned(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the reason that a function returns or yields beside something else."""
    value = node.value if isinstance(node, ast.Return | ast.Yield) else None
    if isinstance(value, ast.Tuple) and isinstance(value.elts[-1], ast.Constant | ast.JoinedStr):
        yield value.elts[-1]


def _notes(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the items of lists of remarks, where they are made; a call is a sink of its own."""
    items: list[ast.expr] = []
    for target, value in _assignments(node):
        if _name_of(target) in NOTES and isinstance(value, ast.Tuple | ast.List):
            items = value.elts
    if _appends_to(node) in NOTES:
        items = node.args  # type: ignore[attr-defined]
    yield from (item for item in items if not isinstance(item, ast.Starred | ast.Call))


def _appends_to(node: ast.AST) -> str:
    """Return the name of the list that a call appends to."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _name_of(node.func.value) if node.func.attr == "append" else ""
    return ""


def _values(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the texts of a table, without its keys and the arguments of calls."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield node
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _values(value)
    elif isinstance(node, ast.Tuple | ast.List):
        for value in node.elts:
            yield from _values(value)
    elif isinstance(node, ast.IfExp):
        yield from _values(node.body)
        yield from _values(node.orelse)
    elif isinstance(node, ast.Subscript):
        yield from _values(node.value)


class _Walk:
    """Follows an expression to the templates that it may be."""

    def __init__(self, module: _Module, depth: int = 0) -> None:
        self.module = module
        self.depth = depth

    def follow(self, node: ast.expr, at: ast.AST) -> list[Said | str]:
        """Return templates; a text stands for an expression that cannot be followed."""
        match node:
            case ast.Constant():
                text = node.value if isinstance(node.value, str) else None
                found: list[Said | str] = [] if text is None else [Said(_escape(text), "")]
            case ast.JoinedStr():
                found = self._join([self._part(part, at) for part in node.values])
            case ast.IfExp():
                found = self.follow(node.body, at) + self.follow(node.orelse, at)
            case ast.BoolOp():
                found = [f for value in node.values for f in self.follow(value, at)]
            case ast.BinOp(op=ast.Add()):
                found = self._join([self._or_hole(node.left, at), self._or_hole(node.right, at)])
            case ast.Call():
                found = self._call(node, at)
            case ast.Subscript():
                found = self._item(node, at)
            case ast.Name():
                found = self._named(node.id, at)
            case _:
                found = [ast.unparse(node)]
        return found

    def _part(self, node: ast.expr, at: ast.AST) -> list[Said]:
        """Return the alternatives of a part of an f-string: a literal, or a hole and its pieces."""
        if isinstance(node, ast.Constant):
            return [Said(_escape(str(node.value)), "")]
        assert isinstance(node, ast.FormattedValue)
        return self._hole(node.value, at)

    def _hole(self, node: ast.expr, at: ast.AST) -> list[Said]:
        found = [] if isinstance(node, ast.Constant) else self.follow(node, at)
        pieces = {f.template for f in found if isinstance(f, Said)}
        pieces |= {p for f in found if isinstance(f, Said) for one in f.pieces for p in one}
        return [Said("{}", "", (frozenset(pieces - {"{}"}),))]

    def _or_hole(self, node: ast.expr, at: ast.AST) -> list[Said]:
        found = self.follow(node, at)
        if all(isinstance(f, Said) for f in found) and found:
            return [f for f in found if isinstance(f, Said)]
        return self._hole(node, at)

    def _join(self, parts: list[list[Said]]) -> list[Said | str]:
        joined: list[Said | str] = []
        for chosen in product(*parts):
            text = "".join(s.template for s in chosen)
            joined.append(Said(text, "", tuple(p for s in chosen for p in s.pieces)))
        return joined

    def _call(self, node: ast.Call, at: ast.AST) -> list[Said | str]:
        name = _name_of(node.func)
        if name == "explain":  # a sink of its own
            return []
        if name == "join":  # data in a row; what the items are made of are pieces
            return list(self._hole_of_items(node, at))
        if name in _DATA:
            return [Said("{}", "", (frozenset(),))]
        if isinstance(node.func, ast.Attribute) and name in _TEXT_METHODS:
            found = self.follow(node.func.value, at)
            return self._formatted(found) if name == "format" else found
        return self._returned(name) or [ast.unparse(node)]

    def _formatted(self, found: list[Said | str]) -> list[Said | str]:
        """Return templates that were written for `str.format`, with plain holes."""
        return [
            Said(re.sub(r"\{[^{}]*\}", "{}", f.template.replace("{{", "{").replace("}}", "}")), "")
            if isinstance(f, Said) else f
            for f in found
        ]  # fmt: skip

    def _hole_of_items(self, node: ast.Call, at: ast.AST) -> list[Said]:
        """Return a hole, and what the items that fill it may be."""
        items = node.args[0]
        match items:
            case ast.GeneratorExp() | ast.ListComp():
                elements = [items.elt]
            case ast.List() | ast.Tuple():
                elements = items.elts
            case ast.Name():
                elements = list(self._appended(items.id, at))
            case _:
                elements = [items]
        pieces: set[str] = set()
        for element in elements:
            made = element.value if isinstance(element, ast.Starred) else element
            if isinstance(made, ast.Call):
                found = self._returned(_name_of(made.func))
            elif isinstance(made, ast.JoinedStr | ast.Constant | ast.IfExp | ast.BinOp):
                found = self.follow(made, at)
            else:
                found = []
            pieces |= {f.template for f in found if isinstance(f, Said)}
        return [Said("{}", "", (frozenset(pieces - {"{}"}),))]

    def _appended(self, name: str, at: ast.AST) -> Iterator[ast.expr]:
        """Yield what a local list is made of."""
        function = self.module.function_around(at)
        for node in ast.walk(function) if function else ():
            if _appends_to(node) == name:
                yield from node.args  # type: ignore[attr-defined]
            made = [value for target, value in _assignments(node) if _name_of(target) == name]
            if isinstance(node, ast.AugAssign) and _name_of(node.target) == name:
                made = [node.value]
            for value in made:
                yield from value.elts if isinstance(value, ast.List) else ()
                yield from [value.elt] if isinstance(value, ast.ListComp) else ()

    def _item(self, node: ast.Subscript, at: ast.AST) -> list[Said | str]:
        """Return the values of a dictionary of texts."""
        if isinstance(node.value, ast.Name):
            value, module = self._constant(node.value.id)
            if isinstance(value, ast.Dict):
                walk = _Walk(module, self.depth + 1)
                return [f for v in value.values for f in walk.follow(v, module.tree)]
        if isinstance(node.value, ast.Dict):
            return [f for v in node.value.values for f in self.follow(v, at)]
        return [ast.unparse(node)]

    def _constant(self, name: str) -> tuple[ast.expr | None, _Module]:
        if name in self.module.constants:
            return self.module.constants[name], self.module
        if name in self.module.imports:
            source, original = self.module.imports[name]
            file = source.removeprefix("tvb").lstrip(".").replace(".", "/")
            for candidate in (f"{file}.py", f"{file}/__init__.py"):
                if candidate in _sources():
                    return _Walk(_module(candidate))._constant(original)
        return None, self.module

    def _named(self, name: str, at: ast.AST) -> list[Said | str]:
        if self.depth > _DEPTH:
            return [name]
        function = self.module.function_around(at)
        found: list[Said | str] = []
        while function is not None:
            found = [f for e in _assigned(function, name) for f in self._assigned(e, function)]
            found += self._lengthened(function, name, found)
            if not found and name in _parameters(function):
                found = self._given(function, name)
            if found:
                return found
            function = self.module.function_around(function)
        value, module = self._constant(name)
        if value is not None:
            return _Walk(module, self.depth + 1).follow(value, module.tree)
        return [name]

    def _lengthened(
        self, function: ast.FunctionDef, name: str, found: list[Said | str]
    ) -> list[Said | str]:
        """Return what becomes of a text that more is added to."""
        starts = [f for f in found if isinstance(f, Said)]
        for node in ast.walk(function):
            if isinstance(node, ast.AugAssign) and _name_of(node.target) == name and starts:
                ends = [f for f in self.follow(node.value, node) if isinstance(f, Said)]
                return self._join([starts, ends])
        return []

    def _assigned(self, assigned: tuple[ast.expr, int | None], at: ast.AST) -> list[Said | str]:
        """Return what a value assigned is; a number tells which item of a tuple."""
        value, number = assigned
        inside = next(ast.walk(at))
        body = at.body[0] if isinstance(at, ast.FunctionDef) else inside
        if number is None:
            return _Walk(self.module, self.depth + 1).follow(value, body)
        if isinstance(value, ast.Tuple):
            return _Walk(self.module, self.depth + 1).follow(value.elts[number], body)
        if isinstance(value, ast.IfExp):
            return self._assigned((value.body, number), at) + self._assigned(
                (value.orelse, number), at
            )
        if isinstance(value, ast.Call):
            return self._returned(_name_of(value.func), number)
        if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
            table, module = self._constant(value.value.id)
            if isinstance(table, ast.Dict):
                walk = _Walk(module, self.depth + 1)
                return [
                    f for v in table.values if isinstance(v, ast.Tuple)
                    for f in walk.follow(v.elts[number], module.tree)
                ]  # fmt: skip
        return [ast.unparse(value)]

    def _given(self, function: ast.FunctionDef, name: str) -> list[Said | str]:
        """Return what the callers in the module give for a parameter."""
        found: list[Said | str] = []
        arguments = function.args
        names = [a.arg for a in arguments.args]
        if names[:1] in (["self"], ["cls"]):
            names = names[1:]
        for call in self.module.calls.get(function.name, []):
            given = [k.value for k in call.keywords if k.arg == name]
            if name in names and names.index(name) < len(call.args):
                value = call.args[names.index(name)]
                given += [] if isinstance(value, ast.Starred) else [value]
            for value in given:
                found += _Walk(self.module, self.depth + 1).follow(value, call)
        found += _Walk(self.module, self.depth + 1)._defaults(function, name)
        return found

    def _defaults(self, function: ast.FunctionDef, name: str) -> list[Said | str]:
        arguments = function.args
        keyword = dict(
            zip((a.arg for a in arguments.kwonlyargs), arguments.kw_defaults, strict=True)
        )
        value = keyword.get(name)
        return self.follow(value, function) if value is not None else []

    def _returned(self, name: str, number: int | None = None) -> list[Said | str]:
        """Return what a helper of the module returns."""
        module = self.module
        if name in module.imports and name not in module.functions:
            source, name = module.imports[name]
            file = source.removeprefix("tvb").lstrip(".").replace(".", "/") + ".py"
            module = _module(file) if file in _sources() else module
        function = module.functions.get(name)
        if function is None or self.depth > _DEPTH:
            return []
        found: list[Said | str] = []
        walk = _Walk(module, self.depth + 1)
        for node in ast.walk(function):
            value = node.value if isinstance(node, ast.Return | ast.Yield) else None
            if value is None:
                continue
            if number is not None:
                found += (
                    walk._assigned((value, number), node)
                    if isinstance(value, ast.Tuple | ast.IfExp)
                    else [ast.unparse(value)]
                )
            else:
                found += walk.follow(value, node)
        return found


def _assigned(function: ast.FunctionDef, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    """Yield what a function assigns to a name, and its place where a tuple is taken apart."""
    for node in ast.walk(function):
        for target, value in _assignments(node):
            yield from ((value, number) for number in _places(target, name))
        if isinstance(node, ast.For | ast.comprehension):
            yield from _looped(node.target, node.iter, name)


def _places(target: ast.expr, name: str) -> Iterator[int | None]:
    """Yield where a name stands in a target: None for the target itself."""
    if isinstance(target, ast.Name) and target.id == name:
        yield None
    if isinstance(target, ast.Tuple):
        yield from (
            i for i, e in enumerate(target.elts) if isinstance(e, ast.Name) and e.id == name
        )


def _looped(target: ast.expr, source: ast.expr, name: str) -> Iterator[tuple[ast.expr, int | None]]:
    """Yield what a loop over a literal gives to a name."""
    for row in source.elts if isinstance(source, ast.Tuple | ast.List) else ():
        yield from ((row, number) for number in _places(target, name))


def _parameters(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
