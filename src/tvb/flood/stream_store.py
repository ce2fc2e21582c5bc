"""What was counted in each chunk, kept in a folder, so that an interrupted run can go on."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tvb.errors import SourceError, explain

__all__ = ["FolderStore"]

Arrays = Mapping[str, NDArray[Any]]


class FolderStore:
    """Keeps one small file for each chunk, whole or not at all.

    Parameters
    ----------
    folder : str or os.PathLike
        Made if it is not there. Runs on other zones, communes, rules or files have files of their
        own in it; it can be deleted when all is done.

    Examples
    --------
    >>> store = FolderStore(".tvb-cache/exposure")  # doctest: +SKIP
    >>> tvb.flood.count_exposure_stream(footprints, zones, communes, store=store)  # doctest: +SKIP
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"FolderStore({str(self.folder)!r})"

    def load(self, identity: str) -> dict[int, Arrays]:
        """Return what was kept of a run, by chunk.

        Parameters
        ----------
        identity : str
            Of all that the run depends on.

        Returns
        -------
        dict of int to mapping of str to numpy.ndarray
            Files that cannot be read are left out: their chunks are counted again.
        """
        found: dict[int, Arrays] = {}
        for path in sorted(self._run(identity).glob("*.npz")):
            try:
                with np.load(path, allow_pickle=False) as file:
                    found[int(path.stem)] = {name: file[name] for name in file.files}
            except (OSError, ValueError, zipfile.BadZipFile):
                continue
        return found

    def save(self, identity: str, number: int, arrays: Arrays) -> None:
        """Keep what was counted in a chunk.

        Parameters
        ----------
        identity : str
            Of all that the run depends on.
        number : int
            The chunk.
        arrays : mapping of str to numpy.ndarray
            What to keep.

        Raises
        ------
        SourceError
            If the folder cannot be written to.
        """
        run = self._run(identity)
        try:
            run.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=run, suffix=".part", delete=False) as file:
                np.savez(file, allow_pickle=False, **arrays)
            Path(file.name).replace(run / f"{number}.npz")
        except OSError as error:
            raise SourceError(
                explain(
                    str(self.folder), f"cannot be written ({error.strerror})",
                    remedy="check the rights and the free space of the folder",
                )
            ) from error  # fmt: skip

    def _run(self, identity: str) -> Path:
        return self.folder / hashlib.sha256(identity.encode()).hexdigest()[:32]
