"""Deliveries of plans in a folder, and reviews of them kept from one run to the next."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from tvb.errors import ParameterError, SourceError, explain
from tvb.io.atomic import atomic_path
from tvb.io.plan import read_plan
from tvb.io.write import write_geoparquet
from tvb.plan import Plan
from tvb.territory import Nature

__all__ = ["ReviewStore", "StoredDelivery", "find_deliveries"]

_PACKED = (".zip", ".gpkg")
_WRITTEN_PART = ".pdf"
_KEY = re.compile(r"[0-9a-f]{64}")
_LIST = "tables.json"


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery of a plan on disk, read when its turn comes.

    Parameters
    ----------
    path : pathlib.Path
        Folder, zip archive or GeoPackage.
    nature : {"real", "schematic", "modelled"}
        What the plan is worth.
    """

    path: Path
    nature: Nature = "real"

    @property
    def name(self) -> str:
        """Name of the folder or file, without suffix."""
        return self.path.stem if self.path.is_file() else self.path.name

    def checksum(self) -> str:
        """Return a digest of the files.

        Returns
        -------
        str
            SHA-256, hexadecimal: names and contents; of written parts the names alone, because the
            review does not read them.

        Raises
        ------
        SourceError
            If a file cannot be read.
        """
        files = [self.path] if self.path.is_file() else sorted(self.path.rglob("*"))
        digest = hashlib.sha256()
        for file in files:
            if file.is_file():
                told = file.suffix.lower() == _WRITTEN_PART
                content = "" if told else _hash(file)
                name = file.relative_to(self.path.parent).as_posix()
                digest.update(f"{name} {content}\n".encode())
        return digest.hexdigest()

    def read(self) -> Plan:
        """Return the plan.

        Returns
        -------
        tvb.plan.Plan
            As `tvb.io.read_plan` reads it.

        Raises
        ------
        SourceError
            If no table can be read.
        """
        return read_plan(self.path, nature=self.nature, progress=False)


def find_deliveries(
    folder: str | os.PathLike[str], *, nature: Nature = "real"
) -> tuple[StoredDelivery, ...]:
    """Return the deliveries that lie in a folder.

    Parameters
    ----------
    folder : str or os.PathLike
        Each folder, zip archive and GeoPackage in it is one delivery; hidden ones are left out.
    nature : {"real", "schematic", "modelled"}
        What the plans are worth.

    Returns
    -------
    tuple of StoredDelivery
        In order of name; nothing was read yet.

    Raises
    ------
    SourceError
        If the folder does not exist.
    """
    place = Path(folder)
    if not place.is_dir():
        raise SourceError(explain(str(place), "is no folder", required="a folder of deliveries"))
    found = [
        path
        for path in sorted(place.iterdir())
        if not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() in _PACKED)
    ]
    return tuple(StoredDelivery(path, nature) for path in found)


def _hash(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(explain(str(file), f"cannot be read ({error.strerror})")) from error


class ReviewStore:
    """Frames of reviews, by key, in a folder.

    Parameters
    ----------
    folder : str or os.PathLike
        Made at the first review that is kept.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def load(self, key: str) -> dict[str, pd.DataFrame] | None:
        """Return the frames kept under a key.

        Parameters
        ----------
        key : str
            SHA-256, hexadecimal.

        Returns
        -------
        dict of str to pandas.DataFrame
            Or None where there are none, or a run was stopped while it wrote them.

        Raises
        ------
        ParameterError
            If the key is no digest.
        """
        place = self._place(key)
        try:
            names = json.loads((place / _LIST).read_text(encoding="utf-8"))
            return {
                name: (gpd.read_parquet if drawn else pd.read_parquet)(place / f"{name}.parquet")
                for name, drawn in names.items()
            }
        except (OSError, ValueError, AttributeError):
            return None

    def save(self, key: str, tables: Mapping[str, pd.DataFrame]) -> None:
        """Keep frames under a key.

        Parameters
        ----------
        key : str
            SHA-256, hexadecimal.
        tables : mapping of str to pandas.DataFrame
            By name.

        Raises
        ------
        ParameterError
            If the key is no digest.
        SourceError
            If a file cannot be written.
        """
        place = self._place(key)
        place.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            path = place / f"{name}.parquet"
            if isinstance(table, gpd.GeoDataFrame):
                write_geoparquet(table, path)
            else:
                with atomic_path(path) as temporary:
                    table.to_parquet(temporary)
        drawn = {name: isinstance(table, gpd.GeoDataFrame) for name, table in tables.items()}
        # Written last: without it, what lies there is not whole.
        with atomic_path(place / _LIST) as temporary:
            temporary.write_text(json.dumps(drawn), encoding="utf-8")

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ParameterError(explain("key", f"« {key} »", required="64 hexadecimal digits"))
        return self.folder / key

    def __repr__(self) -> str:
        return f"<ReviewStore {self.folder}>"
