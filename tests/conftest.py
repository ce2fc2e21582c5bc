"""Fixtures shared by all themes, and the paths of what the project may not hold."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import postgis_server

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            pytest.fail(f"a test connects to {address[0]}: tests do without a network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


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


@pytest.fixture
def postgres() -> postgis_server.Server:
    """PostGIS server of the tests, emptied."""
    found = postgis_server.server()
    found.empty()
    return found


@pytest.fixture
def real(postgres: postgis_server.Server) -> Iterator[Any]:
    """Engine of SQLAlchemy on it."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(postgres.url())
    yield engine
    engine.dispose()
