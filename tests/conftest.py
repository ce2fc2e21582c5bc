"""Fixtures shared by all themes, and the paths of what the project may not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _folder(variable: str, default: Path, what: str) -> Path:
    path = Path(os.environ.get(variable, default))
    if not path.is_dir():
        pytest.skip(f"{what} are not on this machine (set {variable})")
    return path


@pytest.fixture(scope="session")
def official() -> Path:
    """Folder of the official layers."""
    return _folder("TVB_LAYERS", _SHARED / "bassin-minier", "the official layers")


@pytest.fixture(scope="session")
def peers() -> Path:
    """Folder of the answers of other tools."""
    return _folder("TVB_PEERS", _SHARED / "peers", "the answers of other tools")
