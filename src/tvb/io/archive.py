"""Archives read in place: what they hold is checked before anything is opened."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath

from tvb.errors import SourceError, explain

__all__ = [
    "ARCHIVE_SUFFIXES",
    "LAYER_SUFFIXES",
    "MAX_MEMBERS",
    "MAX_RATIO",
    "MAX_TOTAL_BYTES",
    "choose_member",
    "list_members",
]

MAX_TOTAL_BYTES = 32 * 1024**3
"""Largest content of an archive: BD TOPO of the whole region unpacks to about 10 GiB."""

MAX_RATIO = 200
"""Largest expansion of an archive above 100 MiB: GeoJSON text shrinks 5 to 30 times."""

MAX_MEMBERS = 20_000
"""Most files in an archive: a complete town plan holds some hundreds."""

_FREE_BYTES = 100 * 1024**2
_ENCRYPTED = 0x1

ARCHIVE_SUFFIXES = frozenset(
    {".zip", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".rar", ".shz", ".kmz"}
)
"""Suffixes of archives; only zip archives are opened, and none inside another."""

_STRONG = (".shp", ".gpkg", ".fgb", ".geojson", ".gdb", ".tab", ".mif", ".gml", ".parquet")
_WEAK = (".json", ".geojsonl", ".kml", ".sqlite", ".csv", ".dxf")

_CONTAINERS = frozenset({".gpkg", ".gdb", ".gml", ".kml", ".sqlite", ".dxf"})

LAYER_SUFFIXES = frozenset(_STRONG + _WEAK)
"""Suffixes of the files of an archive that may hold a layer."""


def list_members(path: Path) -> list[str]:
    """Return the names of the files of a zip archive, once the archive is known to be safe.

    Parameters
    ----------
    path : pathlib.Path
        The archive.

    Returns
    -------
    list of str
        Names inside the archive, sorted.

    Raises
    ------
    SourceError
        If the archive is unreadable, encrypted, would expand beyond `MAX_TOTAL_BYTES` or
        `MAX_RATIO`, has more than `MAX_MEMBERS` files, or holds a link or a name that leads
        outside of it.
    """
    if path.suffix.lower() in ARCHIVE_SUFFIXES - {".zip", ".shz", ".kmz"}:
        raise _refused(path, "is an archive of a kind that is not read in place", "unpack it")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _refused(path, f"is not a readable zip archive: {error}", "download it again") from (
            error
        )
    _refuse_expansion(path, members)
    for member in members:
        _refuse_member(path, member)
    return sorted(member.filename for member in members if not member.is_dir())


def _refuse_expansion(path: Path, members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    ratio = total / max(path.stat().st_size, 1)
    if len(members) > MAX_MEMBERS:
        problem = f"holds {len(members)} files, more than {MAX_MEMBERS}"
    elif total > MAX_TOTAL_BYTES:
        problem = f"expands to {total / 1024**3:.1f} GiB, more than {MAX_TOTAL_BYTES // 1024**3}"
    elif total > _FREE_BYTES and ratio > MAX_RATIO:
        problem = f"expands {ratio:.0f} times, more than {MAX_RATIO}"
    else:
        return
    raise _refused(path, problem, "check where the archive comes from, then unpack it yourself")


def _refuse_member(path: Path, member: zipfile.ZipInfo) -> None:
    # `filename` is cut at a NUL and has its backslashes turned; the name as written tells more.
    name = member.orig_filename
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name[:1] in ("/", "\\") or re.match(r"[A-Za-z]:", name):
        problem = f"holds a name that leads outside of it: {name[:80]!r}"
    elif not name.isprintable() or "\\" in name:
        problem = f"holds a name with forbidden characters: {name[:80]!r}"
    elif stat.S_ISLNK(member.external_attr >> 16):
        problem = f"holds a link: {name[:80]!r}"
    elif member.flag_bits & _ENCRYPTED:
        problem = f"is encrypted: {name[:80]!r}"
    else:
        return
    raise _refused(path, problem, "check where the archive comes from, then unpack it yourself")


def choose_member(path: Path, layer: str, source_layer: str | None) -> str:
    """Return the name of the one dataset of an archive that holds the layer.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    layer : str
        Name of the schema; a dataset of exactly this name is preferred.
    source_layer : str or None
        Name of the dataset, with or without its folder and suffix.

    Returns
    -------
    str
        A name inside the archive; of a file geodatabase, its folder.

    Raises
    ------
    SourceError
        If the archive is unsafe, holds no dataset, holds several and none is named, or only holds
        other archives.
    """
    members = list_members(path)
    datasets = _datasets(members)
    wanted = (source_layer or layer).casefold()
    named = [name for name in datasets if wanted in _names_of(name)]
    if len(named) == 1:
        return named[0]
    inside = len(datasets) == 1 and PurePosixPath(datasets[0]).suffix.lower() in _CONTAINERS
    if len(datasets) == 1 and (source_layer is None or inside):
        return datasets[0]  # `source_layer` may name a layer inside the dataset
    if datasets:
        shown = ", ".join(PurePosixPath(name).stem for name in datasets[:20])
        asked = f" and none is « {source_layer} »" if source_layer else ""
        plural = "s" if len(datasets) > 1 else ""
        problem = f"holds {len(datasets)} layer{plural}{asked}: {shown}"
        raise _refused(path, problem, "choose one with source_layer= (tvb check: --source-layer)")
    if any(PurePosixPath(name).suffix.lower() in ARCHIVE_SUFFIXES for name in members):
        raise _refused(path, "only holds other archives", "unpack it, then read what it holds")
    raise _refused(path, "holds no layer", f"give one of {', '.join(_STRONG)}")


def _datasets(members: list[str]) -> list[str]:
    """Return the datasets among the members; the weak kinds only where there is no other."""
    visible = [n for n in members if not n.startswith("__MACOSX/") and "/._" not in f"/{n}"]
    folders = {m.group(1) for n in visible if (m := re.match(r"(.*?\.gdb)/", n, re.IGNORECASE))}
    files = [n for n in visible if not any(n.startswith(f"{folder}/") for folder in folders)]
    for kinds in (_STRONG, _WEAK):
        found = [n for n in files if PurePosixPath(n).suffix.lower() in kinds]
        if kinds is _STRONG:
            found += sorted(folders)
        if found:
            return found
    return []


def _names_of(member: str) -> set[str]:
    path = PurePosixPath(member)
    return {member.casefold(), path.name.casefold(), path.stem.casefold()}


def _refused(path: Path, problem: str, remedy: str) -> SourceError:
    return SourceError(explain(path.name, problem, remedy=remedy))
