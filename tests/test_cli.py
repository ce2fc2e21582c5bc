"""The command line, as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import worlds
from tvb import cli


def tvb(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "tvb", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def _in_process(*words: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command here, which is faster, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["tvb", *map(str, words)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_help_shows_an_example_for_each_command() -> None:
    assert "demo" in tvb("--help").stdout
    for command in ("run", "demo", "check", "layers"):
        text = " ".join(tvb(command, "--help").stdout.split())
        assert f"Example: tvb {command}" in text


def test_demo_from_another_folder(tmp_path: Path) -> None:
    """Piped, it prints a line for each step and no bar; the results are where it says."""
    done = tvb("demo", "--communes", "62510", "--buildings", "500", "--only", "dashboard",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[:2]] == ["layers", "heritage"]
    assert (tmp_path / "out" / "communes.csv").is_file()


def test_check_says_what_the_reader_makes_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "communes.gpkg"
    worlds.communes().to_file(path, VERSION="1.2")
    assert _in_process("check", path, "--as", "communes", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "4" in shown
    assert "extent: 700000 7000000 702000 7002000 (EPSG:2154, metres)" in shown


def test_an_error_is_one_message_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "absent.shp"
    assert _in_process("check", path, "--as", "communes", monkeypatch=monkeypatch) == 1
    error = capsys.readouterr().err
    assert error.startswith("tvb: ")
    assert "absent.shp" in error
    assert "Traceback" not in error


def test_a_wrong_command_is_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _in_process("rum", monkeypatch=monkeypatch) == 2


def test_an_interruption_is_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    assert _in_process("demo", monkeypatch=monkeypatch) == 130
    assert "takes up where it stopped" in capsys.readouterr().err


def test_layers_lists_schemas_and_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _in_process("layers", monkeypatch=monkeypatch) == 0
    assert "buildings" in capsys.readouterr().out
    assert _in_process("layers", "buildings", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "key cleabs" in shown
    assert "also read as nb_logts" in shown
    assert _in_process("layers", "batiments", monkeypatch=monkeypatch) == 1
    assert "« batiments »" in capsys.readouterr().err
