"""The tables of a delivery of flood hazard: where they are, and which layer each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pyogrio
from pyogrio.errors import DataSourceError

from tvb.errors import SourceError, explain
from tvb.io.archive import LAYER_SUFFIXES, list_members
from tvb.io.locate import locate
from tvb.io.scenarios import scenario_of_name

__all__ = ["ABSENT", "Identity", "Table", "identify", "list_tables"]

ABSENT = {
    "flood_zones": "no scenario can be counted, except from classes of depth",
    "depth_classes": "no class of depth for buildings",
    "protected_zones": "protection by works is not known",
    "over_hazard": "danger behind works is not known",
    "protective_works": "works cannot be drawn",
    "ppr_hazard": "no level of hazard of a prevention plan",
    "ppr_regulation": "no rules of a prevention plan",
}
"""What follows when nothing is delivered of each layer of a hazard."""

_LAYERS = (
    (r"(?:surface_?)?inondable", "flood_zones"),
    (r"iso_?ht|zone_?iso_?classe_?hauteur", "depth_classes"),
    (r"zone_?proteg(?:ee)?", "protected_zones"),
    (r"(?:zone_?)?suralea|zone_?danger_?specifique", "over_hazard"),
    (r"ouv_?protec|ouvrage_?protecteur", "protective_works"),
    (r"zone_alea_pprn|zone_?alea_?(?:reference|echeance100ans|exceptionnel|(?:naturel)?synthese)",
     "ppr_hazard"),
    (r"zone_reg_pprn|zone_?reglementaire_?(?:urba|foncier)", "ppr_regulation"),
)  # fmt: skip
_NOT_USED = (
    r"tri|communes?|quartier|carte_inond|carte_risq|enjeu\w*|iso_cote|iso_deb|ecoul|champ_vit|"
    r"cote_vit_deb|soust_inond|document_ppr\w|perimetre(?:_ppr\w)?|procedure|referenceinternet|"
    r"orig_risq\w*|originerisque|multialea_ppr\w|zonemultialea\w*|zoneregmultialea|"
    r"zonealeatechno\w*|zone_\w+_pprt|type\w+"
)
_KIND = re.compile(r"_([slp])(?:_r?\d{2,3}[ab]?)?$")
_FLOOD_TYPE = re.compile(r"(?:inondable|iso_ht)_(0[1-4])(?=_)")
_HORIZON = re.compile(r"alea_?(echeance100ans|exceptionnel|(?:naturel)?synthese)")
_CONTAINERS = frozenset({".gpkg", ".gdb", ".sqlite"})
_GEOMETRY = {"s": "surfaces", "l": "lines", "p": "points"}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a delivery.

    Parameters
    ----------
    path : pathlib.Path
        File, file geodatabase or archive.
    name : str
        Name of the table: of the layer in a file of several, of the file otherwise.
    source_layer : str or None
        What `tvb.io.read_layer` needs to find it in the file.
    suffix : str
        Format.
    spatial : bool
        Whether it has a geometry.
    alone : bool
        Whether the user named the file, and this is the only table in it.
    fault : str
        Why the file cannot be listed.
    """

    path: Path
    name: str
    source_layer: str | None = None
    suffix: str = ""
    spatial: bool = True
    alone: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the name of a table tells.

    Parameters
    ----------
    layer : str or None
        Name of the schema; None for a table that is no layer of a hazard.
    remark : str
        Why it is none; empty when its name is not known.
    fill : mapping of str to str
        Values of canonical columns that the name tells.
    """

    layer: str | None
    remark: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)


def identify(name: str) -> Identity:
    """Return which layer a table is, from its name in any of the standards.

    Parameters
    ----------
    name : str
        Name of the table, without folder and suffix.

    Returns
    -------
    Identity
        Layer, and what the name tells of its rows.

    Examples
    --------
    >>> identify("N_LENS_ISO_HT_01_02MOY_S_062").layer
    'depth_classes'
    >>> identify("pprn_76ddtm20120001_zonealeareference_117_s").layer
    'ppr_hazard'
    """
    plain = re.sub(r"[\s\-.]+", "_", name.strip()).casefold()
    if plain in ABSENT:  # a table that tvb wrote
        return Identity(plain)
    kind = _KIND.search(plain)
    for pattern, layer in _LAYERS:
        if re.search(rf"(?:^|_)(?:{pattern})(?=_|$)", plain):
            wanted = "l" if layer == "protective_works" else "s"
            if kind and kind[1] != wanted:
                drawn, needed = _GEOMETRY[kind[1]], _GEOMETRY[wanted]
                return Identity(None, f"{drawn} of {layer}, which is read as {needed}")
            return Identity(layer, fill=_told(name, plain, layer))
    if re.search(rf"(?:^|_)(?:{_NOT_USED})(?=_|$)", plain):
        return Identity(None, "a table of the standards that a hazard does not need")
    return Identity(None)


def _told(name: str, plain: str, layer: str) -> dict[str, str]:
    """Return the values of columns that the name of a table tells."""
    if layer == "ppr_hazard":
        horizon = _HORIZON.search(plain)
        return {"table_alea": horizon[1].removeprefix("naturel") if horizon else "reference"}
    if layer == "ppr_regulation":
        new = re.search(r"reglementaire_?(urba|foncier)", plain)
        return {"domaine": new[1]} if new else {}
    if layer == "protective_works":
        return {}
    scenario, flood = scenario_of_name(name), _FLOOD_TYPE.search(plain)
    told = {"scenario": scenario, "typ_inond": flood[1] if flood else None}
    return {column: value for column, value in told.items() if value}


def list_tables(path: Path) -> list[Table]:
    """Return the tables of a folder, file or archive, in order of their names.

    Parameters
    ----------
    path : pathlib.Path
        What the user named.

    Returns
    -------
    list of Table
        One for each file or layer; a file that cannot be listed is one with a fault.

    Raises
    ------
    SourceError
        If there is nothing at the path, or a file named by the user cannot be listed.
    """
    path = path.expanduser()
    if not path.exists():
        raise SourceError(explain(str(path), "no such file or folder", remedy="check the path"))
    if path.is_dir() and path.suffix.lower() != ".gdb":
        return [table for file in _files(path) for table in _listed(file)]
    tables = _tables_of(path)
    if len(tables) == 1:
        (only,) = tables
        return [Table(only.path, only.name, only.source_layer, only.suffix, only.spatial, True)]
    return tables


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those below it that may hold a table."""
    for entry in sorted(folder.iterdir(), key=lambda p: p.name.casefold()):
        suffix = entry.suffix.lower()
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and suffix != ".gdb":
            yield from _files(entry)
        elif suffix in LAYER_SUFFIXES | {".zip", ".dbf"} and not _is_part(entry):
            yield entry


def _is_part(file: Path) -> bool:
    """Tell whether a file is the table of attributes of a shapefile."""
    others = (".shp", ".SHP", ".tab", ".TAB")
    return file.suffix.lower() == ".dbf" and any(file.with_suffix(s).exists() for s in others)


def _listed(file: Path) -> list[Table]:
    try:
        return _tables_of(file)
    except SourceError as error:
        return [Table(file, file.stem, suffix=file.suffix.lower(), fault=str(error))]


def _tables_of(file: Path) -> list[Table]:
    suffix = file.suffix.lower()
    if suffix == ".zip":
        return [table for member in list_members(file) for table in _tables_of_member(file, member)]
    if suffix in _CONTAINERS:
        return _layers_of(file, str(file), suffix)
    return [Table(file, file.stem, suffix=suffix, spatial=suffix != ".dbf")]


def _tables_of_member(archive: Path, member: str) -> list[Table]:
    suffix = PurePosixPath(member).suffix.lower()
    if suffix in _CONTAINERS:
        return _layers_of(
            archive, locate(archive, "hazard", PurePosixPath(member).stem).address, suffix
        )
    if suffix not in LAYER_SUFFIXES:
        return []
    name = PurePosixPath(member).stem
    return [Table(archive, name, name, suffix)]


def _layers_of(file: Path, address: str, suffix: str) -> list[Table]:
    try:
        listed = pyogrio.list_layers(address)
    except DataSourceError as error:
        problem = f"cannot be read: {' '.join(str(error).split())[:200]}"
        raise SourceError(explain(file.name, problem, remedy="open it in QGIS")) from error
    return [
        Table(file, str(name), str(name), suffix, spatial=geometry is not None)
        for name, geometry in sorted(listed, key=lambda pair: str(pair[0]))
    ]
