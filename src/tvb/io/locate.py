"""From what the user names to what can be opened."""

from __future__ import annotations

import difflib
import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tvb.errors import SourceError, explain
from tvb.io.archive import ARCHIVE_SUFFIXES, choose_member
from tvb.io.virtual_raster import VIRTUAL_SUFFIX, read_virtual

__all__ = ["Located", "changed_meanwhile", "check_layer_name", "checksum", "locate", "read_head"]

_TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_PARQUET_SUFFIXES = frozenset({".parquet", ".geoparquet", ".pq"})

# Files that are nothing but the address of other files or services.
_POINTERS = (b"<OGRVRTDataSource", b"<VRTDataset", b"<OGRWFSDataSource", b"gdal_streamed_alg")
_HEAD_BYTES = 4096
_BLOCK_BYTES = 1024**2

_PARTS = {
    ".shp": (".cpg", ".dbf", ".prj", ".shp", ".shx"),
    ".tab": (".dat", ".id", ".ind", ".map", ".tab"),
    ".mif": (".mid", ".mif"),
}
_NEEDED = {".shp": (".dbf", ".shx"), ".mif": (".mid",)}

_MAX_NAME = 120
_PUNCTUATION = frozenset(" _-.:()'’&+°@")


@dataclass(frozen=True, slots=True)
class Located:
    """A dataset that exists.

    Parameters
    ----------
    path : pathlib.Path
        File or folder on disk.
    member : str or None
        Name inside the archive, if the file is one.
    source_layer : str or None
        Layer asked for inside the dataset.
    """

    path: Path
    member: str | None = None
    source_layer: str | None = None

    @property
    def label(self) -> str:
        """Name in messages and reports."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    @property
    def stem(self) -> str:
        """Name of the dataset without folder and suffix."""
        return PurePosixPath(self.member).stem if self.member else self.path.stem

    @property
    def suffix(self) -> str:
        """Suffix of the dataset, in lower case."""
        return PurePosixPath(self.member or self.path.name).suffix.lower()

    @property
    def address(self) -> str:
        """What GDAL opens; braces keep a name with « .zip » in a folder from confusing it."""
        if self.member is None:
            return str(self.path.absolute())
        return f"/vsizip/{{{self.path.absolute()}}}/{self.member}"

    @property
    def is_text(self) -> bool:
        """Whether it is a table with separators."""
        return self.suffix in _TEXT_SUFFIXES

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file."""
        return self.suffix in _PARQUET_SUFFIXES


def locate(path: str | os.PathLike[str], layer: str, source_layer: str | None = None) -> Located:
    """Return the dataset that a path names.

    Parameters
    ----------
    path : str or os.PathLike
        A file, a file geodatabase (folder) or a zip archive.
    layer : str
        Name of the schema.
    source_layer : str, optional
        Layer of the dataset, or dataset of the archive.

    Returns
    -------
    Located
        What can be opened.

    Raises
    ------
    SourceError
        If the file is absent, is a folder, lacks a part, is unsafe, or only points elsewhere.
    """
    if source_layer is not None:
        check_layer_name(source_layer, "source_layer")
    where = Path(path).expanduser()
    if not where.exists():
        raise SourceError(explain(str(where), "no such file", remedy=_near_names(where)))
    if where.is_dir():
        if where.suffix.lower() != ".gdb":
            raise SourceError(
                explain(
                    str(where), "is a folder", remedy="name one of its files", required="a file"
                )
            )
        return Located(where, None, source_layer)
    if where.suffix.lower() in ARCHIVE_SUFFIXES:
        found = Located(where, choose_member(where, layer, source_layer), source_layer)
    else:
        found = Located(where, None, source_layer)
        _refuse_incomplete(where)
    _refuse_pointer(found)
    return found


def _near_names(where: Path) -> str:
    folder = where.parent
    if not folder.is_dir():
        return f"the folder « {folder} » does not exist either; check the path"
    names = sorted(entry.name for entry in folder.iterdir())
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(where.name.casefold(), folded, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(f"« {folded[name]} »" for name in near) + "?"
    return f"check the path; the folder holds {len(names)} other files"


def _refuse_incomplete(where: Path) -> None:
    suffix = where.suffix.lower()
    present = {part.suffix.lower() for part in _siblings(where)}
    absent = [part for part in _NEEDED.get(suffix, ()) if part not in present]
    if absent:
        raise SourceError(
            explain(
                where.name,
                f"the file comes without its {' and '.join(absent)}",
                remedy="copy all the parts of the delivery into the same folder",
            )
        )


def _refuse_pointer(found: Located) -> None:
    """Refuse a file that would make GDAL open other files, a database or a web service."""
    head = read_head(found, _HEAD_BYTES)
    if found.suffix == ".vrt" or any(mark in head for mark in _POINTERS):
        raise SourceError(
            explain(
                found.label,
                "is a virtual file, which only points to other data",
                remedy="convert it with ogr2ogr, then read the result",
            )
        )


def read_head(found: Located, size: int, *, suffix: str | None = None) -> bytes:
    """Return the first bytes of a dataset.

    Parameters
    ----------
    found : Located
        The dataset.
    size : int
        Bytes wanted.
    suffix : str, optional
        Read the part of this suffix instead, for example ``.dbf``.

    Returns
    -------
    bytes
        At most `size`; empty for a folder or an absent part.

    Raises
    ------
    SourceError
        If the file cannot be opened.
    """
    try:
        if found.member is not None:
            with zipfile.ZipFile(found.path) as archive:
                name = PurePosixPath(found.member)
                wanted = str(name.with_suffix(suffix) if suffix else name).casefold()
                parts = [n for n in archive.namelist() if n.casefold() == wanted]
                if not parts:
                    return b""
                with archive.open(parts[0]) as file:
                    return file.read(size)
        parts_on_disk = [
            p for p in _siblings(found.path) if p.suffix.lower() == (suffix or found.suffix)
        ]
        if found.path.is_dir() or not parts_on_disk:
            return b""
        with (parts_on_disk[0] if suffix else found.path).open("rb") as file:
            return file.read(size)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise SourceError(
            explain(
                found.label, f"cannot be opened: {error}", remedy="check the file and its rights"
            )
        ) from error


def check_layer_name(name: str, where: str) -> str:
    """Return a layer name that is safe to pass on and to print.

    Parameters
    ----------
    name : str
        Name of a layer.
    where : str
        File or argument that gives it.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    SourceError
        If it is empty, longer than 120 characters, holds anything but letters, digits, spaces and
        plain punctuation, or reads like a path.
    """
    odd = not all(c.isalnum() or c in _PUNCTUATION for c in name)
    if not name.strip() or len(name) > _MAX_NAME or odd or ".." in name or name.startswith("."):
        raise SourceError(
            explain(
                where,
                f"layer name {name[:60]!r} refused",
                required=f"1 to {_MAX_NAME} letters, digits, spaces, - _ . :",
                remedy="rename the layer in QGIS",
            )
        )
    return name


def _siblings(path: Path) -> list[Path]:
    stem = path.stem.casefold()
    return sorted(p for p in path.parent.iterdir() if p.stem.casefold() == stem)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a dataset.

    Parameters
    ----------
    path : pathlib.Path
        A file, or the folder of a file geodatabase.

    Returns
    -------
    str
        Hexadecimal. Over the parts in alphabetical order where the dataset has several files; over
        a mosaic of rasters and then its files.

    Raises
    ------
    SourceError
        If a mosaic may not be opened.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
    elif path.suffix.lower() in _PARTS:
        kinds = _PARTS[path.suffix.lower()]
        files = [p for p in _siblings(path) if p.suffix.lower() in kinds]
    elif path.suffix.lower() == VIRTUAL_SUFFIX:
        files = [path, *read_virtual(path).sources]
    else:
        files = [path]
    digest = hashlib.sha256()
    for part in files:
        with part.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def changed_meanwhile(label: str) -> SourceError:
    """Return the error of a file that another program writes to.

    Parameters
    ----------
    label : str
        Its name in messages.

    Returns
    -------
    SourceError
        To be raised.
    """
    return SourceError(
        explain(
            label,
            "was written to while it was read",
            remedy="close it in the other program, then run this again",
        )
    )
