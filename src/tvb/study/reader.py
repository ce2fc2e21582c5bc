"""Reading a study file: every fault is listed with its line and key, then one error is raised."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tvb.errors import StudyError
from tvb.schema import SCHEMAS
from tvb.schema.layers import SCENARIOS
from tvb.study.config import SECTIONS, LayerFile, Study, choices_of

__all__ = ["LAYERS_VARIABLE", "read_study"]

LAYERS_VARIABLE = "TVB_LAYERS"
"""Environment variable that names the folder of the layers."""

Section = TypeVar("Section")

_LAYER_KEYS = {
    "path", "source_layer", "crs", "encoding", "title", "producer", "licence", "vintage", "nature",
}  # fmt: skip
_KNOWN_LAYERS = (*SCHEMAS, "land_cover", *(f"flood_depth_{s}" for s in SCENARIOS), "terrain")
_NATURES = ("real", "schematic", "modelled")
_TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def read_study(
    path: str | os.PathLike[str], *, layers: str | os.PathLike[str] | None = None
) -> Study:
    """Return a study file, checked.

    Parameters
    ----------
    path : path-like
        The TOML file.
    layers : path-like, optional
        Folder of the layers; without it ``folder`` of section ``[layers]`` is used, then the
        environment variable ``TVB_LAYERS``, then the folder of the study file.

    Returns
    -------
    Study
        With absolute paths.

    Raises
    ------
    StudyError
        If the file cannot be read, is not TOML, or holds an unknown key, a wrong type, a value out
        of bounds, or a file that does not exist. Every fault is listed with its line and key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: the study file cannot be read: {error}") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path.name}: this is not TOML: {error}") from error
    return _Reader(path, text).read(content, layers)


class _Reader:
    """Reads the tables of one file and collects what is wrong with them."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = _lines_of_keys(text)
        self.found: list[str] = []

    def read(self, content: Mapping[str, Any], layers: str | os.PathLike[str] | None) -> Study:
        for section in content:
            if section not in SECTIONS and section != "layers":
                known = ", ".join([*SECTIONS, "layers"])
                self.complain(section, "", f"unknown section; known ones are {known}")
        sections = {
            name: self.section(kind, name, content.get(name, {})) for name, kind in SECTIONS.items()
        }
        files = self.layers(content.get("layers", {}), layers)
        if not sections["territory"].embedded and "communes" not in files:
            self.complain("layers", "communes", "missing; give its file or [territory] embedded")
        if self.found:
            raise StudyError("\n".join(self.found))
        return Study(**sections, layers=files)

    def complain(self, section: str, key: str, problem: str) -> None:
        line = self.lines.get((section, key)) or self.lines.get((section, ""))
        place = f"line {line}, " if line else ""
        name = f"[{section}] {key}".strip()
        self.found.append(f"{self.path.name}: {place}{name}: {problem}")

    def section(self, kind: type[Section], name: str, table: Any) -> Section:
        if not isinstance(table, dict):
            self.complain(name, "", f"a table [{name}] is needed")
            return kind()
        options = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
        hints = typing.get_type_hints(kind)
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in options:
                self.complain(name, key, f"unknown key; known ones are {', '.join(options)}")
                continue
            problem, converted = _convert(value, hints[key], options[key].metadata)
            if problem:
                self.complain(name, key, problem)
            else:
                values[key] = converted
        return kind(**values)

    def layers(self, table: Any, given: str | os.PathLike[str] | None) -> dict[str, LayerFile]:
        if not isinstance(table, dict):
            self.complain("layers", "", "a table [layers] is needed")
            return {}
        folder = self.folder(table.get("folder"), given)
        files: dict[str, LayerFile] = {}
        for name, entry in table.items():
            if name == "folder":
                continue
            if name not in _KNOWN_LAYERS:
                known = ", ".join(_KNOWN_LAYERS)
                self.complain("layers", name, f"unknown layer; known ones are {known}")
            elif (file := self.layer_file(name, entry, folder)) is not None:
                files[name] = file
        return files

    def folder(self, stated: Any, given: str | os.PathLike[str] | None) -> Path:
        if given is not None:
            return Path(given).resolve()
        if stated is None and os.environ.get(LAYERS_VARIABLE):
            return Path(os.environ[LAYERS_VARIABLE]).resolve()
        if stated is not None and not isinstance(stated, str):
            self.complain("layers", "folder", f"a text is needed, not {stated!r}")
            stated = None
        return (self.path.parent / (stated or ".")).resolve()

    def layer_file(self, name: str, entry: Any, folder: Path) -> LayerFile | None:
        if entry == "modelled":
            return LayerFile(nature="modelled")
        options = dict(entry) if isinstance(entry, dict) else {"path": entry}
        problem = _layer_problem(options) or _raster_problem(name, options)
        if problem:
            self.complain("layers", name, problem)
            return None
        paths = options.pop("path")
        found = tuple(folder / p for p in ([paths] if isinstance(paths, str) else paths))
        for file in found:
            if not file.exists():
                where = f"no such file: {file.name}, in the folder « {folder} »"
                self.complain("layers", name, f"{where}; give the folder with --layers")
        return LayerFile(paths=found, **options)


def _lines_of_keys(text: str) -> dict[tuple[str, str], int]:
    """Return the line of each key and section header; enough for files as flat as these."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w.]+)\s*\]", line):
            section, _, layer = header[1].partition(".")
            lines.setdefault((section, layer), number)
        elif pair := re.match(r"\s*([\w-]+)\s*=", line):
            lines.setdefault((section, pair[1]), number)
    return lines


def _convert(value: Any, hint: Any, rules: Mapping[str, Any]) -> tuple[str, Any]:
    """Return what is wrong with a value (or nothing) and the value in its declared type."""
    listed = typing.get_origin(hint) is tuple
    if listed and not isinstance(value, list):
        return f"a list of texts is needed, not {value!r}", None
    if listed and not value and rules.get("filled"):
        return "at least one is needed", None
    choices = choices_of(hint)
    wanted: type = str if listed or choices else hint
    rules = {**rules, "choices": choices} if choices else rules
    items: Sequence[Any] = value if listed else [value]
    for item in items:
        problem = _problem(item, wanted, rules)
        if problem:
            return problem, None
    return "", tuple(items) if listed else wanted(value)


def _problem(item: Any, wanted: type, rules: Mapping[str, Any]) -> str:
    unit = f" ({rules['unit']})" if "unit" in rules else ""
    if isinstance(item, float) and not math.isfinite(item):
        return f"a finite number{unit} is needed, not {item!r}"
    number = isinstance(item, int | float) and not isinstance(item, bool)
    fits = number if wanted is float else isinstance(item, wanted)
    if not fits or (wanted is int and not number):
        return f"{_TYPE_NAMES[wanted]}{unit} is needed, not {item!r}"
    if "choices" in rules and item not in rules["choices"]:
        return f"{item!r} is not one of {', '.join(rules['choices'])}"
    if "minimum" in rules and item < rules["minimum"]:
        return f"{item!r}{unit} is less than the least allowed, {rules['minimum']:g}"
    if "maximum" in rules and item > rules["maximum"]:
        return f"{item!r}{unit} is more than the most allowed, {rules['maximum']:g}"
    return ""


def _raster_problem(name: str, options: Mapping[str, Any]) -> str:
    if name in SCHEMAS:
        return ""
    if not isinstance(options["path"], str):
        return "a raster is one file; make a mosaic of several with gdal_merge or QGIS"
    useless = {"source_layer", "encoding"} & set(options)
    return f"{sorted(useless)[0]} means nothing for a raster" if useless else ""


def _layer_problem(options: Mapping[str, Any]) -> str:
    unknown = sorted(set(options) - _LAYER_KEYS)
    if unknown:
        return f"unknown key {unknown[0]}; known ones are {', '.join(sorted(_LAYER_KEYS))}"
    paths = options.get("path")
    names = [paths] if isinstance(paths, str) else paths
    if not isinstance(names, list) or not names or not all(isinstance(p, str) for p in names):
        return 'a path, a list of paths, or "modelled" is needed'
    if any(not isinstance(v, str) for k, v in options.items() if k != "path"):
        return "every option of a layer is a text"
    if options.get("nature", "real") not in _NATURES:
        return f"nature is one of {', '.join(_NATURES)}"
    return ""
