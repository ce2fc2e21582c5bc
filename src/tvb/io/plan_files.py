"""Where the tables of a plan lie in a folder, an archive or a GeoPackage."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd
import pyogrio

from tvb.errors import SourceError, explain
from tvb.io.archive import ARCHIVE_SUFFIXES, list_members
from tvb.io.columns import fold
from tvb.io.read import PathLike
from tvb.schema.plan import PLAN_TABLES, WRITTEN_PARTS

__all__ = ["Dataset", "Delivered", "list_written_parts", "match_table", "open_delivery"]

_CONTAINERS = (".gpkg", ".gdb", ".sqlite")
_SINGLE = (".shp", ".tab", ".mif", ".fgb", ".geojson", ".json", ".gml", ".dbf", ".csv", ".tsv")
_PREFERENCE = (*_CONTAINERS, *_SINGLE)
_SIDECARS = (".shx", ".prj", ".cpg", ".dat", ".map", ".id", ".ind", ".mid")

_PLAN_NAMES = sorted(
    (t.name for t in PLAN_TABLES.values() if not t.is_servitude), key=len, reverse=True
)
_PLAN_TABLE = re.compile(rf"(?:^|_)({'|'.join(_PLAN_NAMES)})(?=_|$)")
_SUP_TABLE = re.compile(
    r"(?:^|_)(?P<category>[a-z]{1,3}\d{0,2}(?:bis)?)_"
    r"(?P<role>generateur|assiette)_sup_(?P<shape>[slp])(?=_|$)"
)
_SUP_ATTRIBUTES = re.compile(
    r"(?:^|_)(servitude_acte_sup|acte_sup|gestionnaire_sup|servitude)(?=_|$)"
)
_OWNER = re.compile(r"(?:^|_)([0-9]{9}|[0-9][0-9ab][0-9]{3})(?=_|$)")
_DATE = re.compile(r"(?:^|_)((?:19|20)[0-9]{6})(?=_|$)")
_PART_WORDS = {
    "0_Procedure": "procedure",
    "1_Rapport_de_presentation": "rapport",
    "2_PADD": "padd",
    "3_Reglement": "reglement",
    "4_Annexes": "annexe",
    "5_OAP": "oap|orientation",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table of a delivery, not read yet.

    Parameters
    ----------
    table : str
        Name in `tvb.schema.plan.PLAN_TABLES`.
    name : str
        As delivered, without folder and suffix.
    source : pathlib.Path or pandas.DataFrame
        File, or frame in memory.
    layer : str, optional
        Layer of a file of several.
    owner, date : str, optional
        Code and date that the name tells.
    category : str, optional
        Category of a servitude, such as ``AC1``.
    """

    table: str
    name: str
    source: Path | pd.DataFrame
    layer: str | None = None
    owner: str | None = None
    date: str | None = None
    category: str | None = None

    @property
    def plan_key(self) -> tuple[str | None, str | None]:
        """What tells one plan from another."""
        return self.owner, self.date


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery holds.

    Parameters
    ----------
    datasets : tuple of Dataset
        Tables to read.
    left : tuple of (str, str)
        Datasets not read: name and why (``stranger`` or ``twice``).
    files : tuple of str or None
        All files with their folders; None where the delivery has none of its own.
    """

    datasets: tuple[Dataset, ...]
    left: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] | None = field(default=None)


def match_table(name: str, source: Path | pd.DataFrame, layer: str | None = None) -> Dataset | None:
    """Return the dataset that a name announces.

    Parameters
    ----------
    name : str
        Such as ``62637_ZONE_URBA_20180523``, ``zone_urba`` or ``AC1_ASSIETTE_SUP_S_062``, in any
        case.
    source : pathlib.Path or pandas.DataFrame
        What it names.
    layer : str, optional
        Layer of a file of several.

    Returns
    -------
    Dataset or None
        None where the name is that of no table.
    """
    folded = fold(name)
    owner, date = _OWNER.search(folded), _DATE.search(folded)
    told = (owner[1].upper() if owner else None, date[1] if date else None)
    if found := _SUP_TABLE.search(folded):
        table = f"{found['role']}_sup_{found['shape']}"
        return Dataset(table, name, source, layer, *told, category=found["category"].upper())
    if found := _PLAN_TABLE.search(folded) or _SUP_ATTRIBUTES.search(folded):
        return Dataset(found[1], name, source, layer, *told)
    return None


@contextmanager
def open_delivery(path: PathLike, only: str | None) -> Iterator[Delivered]:
    """Yield the tables of a delivery; those of an archive lie in a temporary folder meanwhile.

    Parameters
    ----------
    path : str or os.PathLike
        Folder, zip archive, GeoPackage, or any file that holds tables.
    only : str, optional
        Read only the datasets whose path holds this text.

    Yields
    ------
    Delivered
        At least one table.

    Raises
    ------
    SourceError
        If the path does not exist, the archive is unsafe, no table is found, or several plans are.
    """
    where = Path(path).expanduser()
    if not where.exists():
        raise SourceError(explain(str(where), "no such file or folder", remedy="check the path"))
    if where.is_file() and where.suffix.lower() in ARCHIVE_SUFFIXES:
        members = list_members(where)
        with tempfile.TemporaryDirectory(prefix="tvb-") as folder:
            _unpack(where, members, folder)
            yield _choose(_scan(Path(folder)), where.name, members, only=only)
    elif where.is_dir() and where.suffix.lower() != ".gdb":
        files = [p.relative_to(where).as_posix() for p in sorted(where.rglob("*")) if p.is_file()]
        yield _choose(_scan(where), where.name, files, only=only)
    else:
        yield _choose([(where.name, where)], where.name, None, only=only)


def _unpack(archive: Path, members: Sequence[str], folder: str) -> None:
    """Lay the tables of an archive, already found to be safe, into a folder."""
    wanted = [m for m in members if _may_hold_table(PurePosixPath(m))]
    try:
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder, wanted)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise SourceError(
            explain(archive.name, f"cannot be unpacked: {error}", remedy="download it again")
        ) from error


def _may_hold_table(member: PurePosixPath) -> bool:
    inside = any(part.lower().endswith(".gdb") for part in member.parts)
    return inside or member.suffix.lower() in (*_PREFERENCE, *_SIDECARS)


def _scan(folder: Path) -> list[tuple[str, Path]]:
    """Return the files that may hold tables, with their path inside the folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(p.startswith((".", "__MACOSX")) for p in inside.parts)
        nested = any(p.lower().endswith(".gdb") for p in inside.parts[:-1])
        if hidden or nested or path.suffix.lower() not in _PREFERENCE:
            continue
        if path.suffix.lower() == ".dbf" and _has_shapes(path):
            continue
        found.append((inside.as_posix(), path))
    return found


def _has_shapes(dbf: Path) -> bool:
    """Tell whether a DBF file is a part of a shapefile or of a TAB file."""
    stem = dbf.stem.casefold()
    return any(
        p.stem.casefold() == stem and p.suffix.lower() in (".shp", ".tab")
        for p in dbf.parent.iterdir()
    )


def _choose(
    found: Sequence[tuple[str, Path]], name: str, files: Sequence[str] | None, *, only: str | None
) -> Delivered:
    """Return the tables among some files, each once."""
    datasets: list[tuple[str, Dataset]] = []
    left: list[tuple[str, str]] = []
    for inside, path in found:
        for layer in _layers(path):
            address = f"{inside}/{layer}" if layer else inside
            if only is not None and only.casefold() not in address.casefold():
                continue
            dataset = match_table(layer or path.stem, path, layer)
            if dataset is None:
                left.append((address, "stranger"))
            else:
                datasets.append((address, dataset))
    kept, twice = _keep_best_format(datasets)
    if not kept:
        raise SourceError(
            explain(
                name,
                f"holds no table of a plan among {len(found)} datasets",
                required="ZONE_URBA, PRESCRIPTION_SURF, …, named as the CNIG standard does",
                remedy="name the folder that holds Donnees_geographiques",
            )
        )
    _refuse_several_plans(name, kept)
    return Delivered(
        tuple(d for _, d in kept),
        (*left, *((address, "twice") for address in twice)),
        None if files is None else tuple(files),
    )


def _layers(path: Path) -> list[str | None]:
    """Return the layers of a file of several; None for a file that is one table."""
    if path.suffix.lower() not in _CONTAINERS:
        return [None]
    try:
        listed = pyogrio.list_layers(path)
    except Exception as error:  # pyogrio raises its own and the plain ones of Python
        raise SourceError(
            explain(path.name, f"cannot be read: {error}", remedy="open it in QGIS and export it")
        ) from error
    return [str(name) for name, _ in listed if not str(name).startswith(("layer_styles", "qgis_"))]


def _keep_best_format(
    datasets: Sequence[tuple[str, Dataset]],
) -> tuple[list[tuple[str, Dataset]], list[str]]:
    """Return the datasets without the copies of the same table in another format."""
    ranked = sorted(datasets, key=lambda d: (_rank(d[1]), d[0]))
    kept: list[tuple[str, Dataset]] = []
    twice: list[str] = []
    seen: dict[str, int] = {}
    for address, dataset in ranked:
        key = fold(dataset.name)
        if seen.setdefault(key, _rank(dataset)) < _rank(dataset):
            twice.append(address)
        else:
            kept.append((address, dataset))
    order = list(PLAN_TABLES)
    kept.sort(key=lambda d: (order.index(d[1].table), d[0]))
    return kept, sorted(twice)


def _rank(dataset: Dataset) -> int:
    path = dataset.source
    return _PREFERENCE.index(path.suffix.lower()) if isinstance(path, Path) else 0


def _refuse_several_plans(name: str, datasets: Sequence[tuple[str, Dataset]]) -> None:
    """Raise if a table stands there for two owners, two dates, or twice under one name."""
    by_table: dict[str, list[tuple[str, Dataset]]] = {}
    for address, dataset in datasets:
        if dataset.category is None and dataset.table in _PLAN_NAMES:
            by_table.setdefault(dataset.table, []).append((address, dataset))
    for table, mine in by_table.items():
        keys = {d.plan_key for _, d in mine}
        names = [fold(d.name) for _, d in mine]
        if len(keys) > 1 or len(set(names)) < len(names):
            raise SourceError(
                explain(
                    name,
                    f"holds several plans: {table.upper()} stands there {len(mine)} times "
                    f"({', '.join(address for address, _ in mine[:3])})",
                    required="one plan",
                    remedy="name the folder of one plan, or a part of its path with only=",
                )
            )


def list_written_parts(files: Sequence[str] | None) -> pd.DataFrame:
    """Return which folders of written parts a delivery holds.

    Parameters
    ----------
    files : sequence of str or None
        Files with their folders; None where the delivery cannot hold any.

    Returns
    -------
    pandas.DataFrame
        Columns ``part``, ``required``, ``present`` (``boolean``, null where nobody can tell) and
        ``files`` (tuple of names).
    """
    rows = []
    for part, required in WRITTEN_PARTS.items():
        word = re.compile(_PART_WORDS[part])
        mine = tuple(f for f in files or () if word.search(fold(_part_folder(f))))
        rows.append((part, required, None if files is None else bool(mine), mine))
    table = pd.DataFrame(rows, columns=["part", "required", "present", "files"])
    return table.astype({"present": "boolean"})


def _part_folder(file: str) -> str:
    """Return the folder of a file just below that of the written parts; empty elsewhere."""
    parts = PurePosixPath(file).parts
    places = [i for i, p in enumerate(parts[:-2]) if re.search("pieces?_?ecrites?", fold(p))]
    return parts[places[0] + 1] if places else ""
