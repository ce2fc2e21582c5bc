"""The project itself: made pages are up to date, examples run, nothing private is in it."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import tvb

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    m.name for m in pkgutil.walk_packages(tvb.__path__, "tvb.") if not m.name.endswith("__main__")
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_the_page_of_the_architecture_is_the_contract() -> None:
    """Kills a layer that the page forgets or puts elsewhere, and one that it does not explain."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in project["tool"]["importlinter"]["contracts"] if "layers" in c)
    drawn = re.findall(r"^    (.+)$", page, re.MULTILINE)
    layers = " ".join(drawn).replace("    ", " ").split(" > ")
    assert ["__main__", *(" ".join(layer.split()) for layer in layers)] == contract["layers"]
    told = page.split("from the bottom:")[1]
    names = {name for layer in contract["layers"][1:] for name in layer.split(" | ")}
    assert not {name for name in names if f"`{name}`" not in told}


def test_pages_made_from_the_code_are_up_to_date() -> None:
    words = [sys.executable, str(ROOT / "tools" / "build_docs.py"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_notebooks_run(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "strip the outputs"
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [o.text for o in outputs if o.output_type == "stream"] == [], "a warning, or print"
    shown = [output.data for output in outputs if "data" in output]
    assert any("image/png" in data for data in shown)
    assert max(data.get("text/html", "").count("<tr") for data in shown) <= 35, "too long to read"
    assert len(nbformat.writes(notebook)) < 3e6


def _tracked() -> list[Path]:
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_file_holds_a_path_of_a_machine_or_a_registry() -> None:
    private = re.compile(rb"/tm" rb"p/|/ro" rb"ot/|/wor" rb"k/|pypi\.or" rb"g|pythonhost" rb"ed")
    wrong = [
        p.relative_to(ROOT).as_posix()
        for p in _tracked()
        if p.is_file() and private.search(p.read_bytes())
    ]
    assert wrong == []


def test_the_repository_is_small() -> None:
    sizes = {p: p.stat().st_size for p in _tracked() if p.is_file()}
    assert sum(sizes.values()) < 30e6
    assert max(sizes.values()) < 3e6
