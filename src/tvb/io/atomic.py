"""Files appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tvb.errors import SourceError, explain

__all__ = ["atomic_path"]


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Return a path to write to; the file takes its place when the block ends without error.

    Parameters
    ----------
    path : str or os.PathLike
        File wanted. A symbolic link keeps pointing at the file that it points at.

    Yields
    ------
    pathlib.Path
        A file of the same name in a temporary folder beside it, not created yet. What a driver lays
        beside that file (the journal of SQLite, an ``.aux.xml``) disappears with the folder.

    Raises
    ------
    SourceError
        If the folder does not exist or refuses the file, if the path is a folder, or if the block
        wrote nothing. Whenever the block raises, an older file stays as it was.
    """
    # pathlib's resolve() fails on some network drives where realpath does not.
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise SourceError(
            explain(str(target), "its folder does not exist", remedy="create the folder first")
        )
    if target.is_dir():
        raise SourceError(explain(str(target), "is a folder", required="the name of a file"))
    folder = _temporary_folder(target)
    try:
        temporary = folder / target.name
        yield temporary
        _put_in_place(temporary, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_folder(target: Path) -> Path:
    """Return a new folder beside the target: a rename is atomic within one file system only."""
    try:
        return Path(tempfile.mkdtemp(prefix=".tvb-", dir=target.parent))
    except OSError as error:
        raise SourceError(
            explain(
                str(target),
                f"cannot be written ({error.strerror})",
                remedy="check the rights and the free space of its folder",
            )
        ) from error


def _put_in_place(temporary: Path, target: Path) -> None:
    if not temporary.is_file():
        raise SourceError(explain(str(target), "nothing was written"))
    _flush_to_disk(temporary)
    try:
        temporary.replace(target)
    except OSError as error:
        raise SourceError(
            explain(
                str(target),
                f"cannot be replaced ({error.strerror})",
                remedy="close the program that holds it open",
            )
        ) from error
    if os.name == "posix":  # Windows cannot open a folder
        _flush_to_disk(target.parent)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
