#!/usr/bin/env python3
"""One line for each chore, on a machine that has only Python, pip and git.

    python3 dev.py demo     run the main job on the embedded territory, into out/
    python3 dev.py test     run the tests
    python3 dev.py check    lint, types, import contracts, docstrings
    python3 dev.py bench    run the benchmarks
    python3 dev.py docs     build the pages of docs/, all of them run, into out/docs
    python3 dev.py wheel    install the wheel in an empty environment, run its demo, check README

The first call makes the environment .venv and installs the project with the pinned versions of
constraints.txt; later calls reuse it until either file changes. What follows the chore is passed
on: ``python3 dev.py test -k flood``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"


def main(words: list[str]) -> int:
    chores = {
        "demo": demo,
        "test": test,
        "check": check,
        "bench": bench,
        "docs": docs,
        "wheel": wheel,
    }
    if sys.version_info < (3, 11):  # noqa: UP036 (the one file that an old Python may meet)
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
        return 2
    if not words or words[0] not in chores:
        print(__doc__)
        return 0 if words and words[0] in ("-h", "--help") else 2
    os.chdir(ROOT)
    try:
        chores[words[0]](words[1:])
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    return 0


def demo(rest: list[str]) -> None:
    run(installed("tvb"), "demo", "--out", "out", *rest)


def test(rest: list[str]) -> None:
    run(installed("pytest"), *rest)


def check(rest: list[str]) -> None:
    del rest
    run(installed("ruff"), "check", ".")
    run(installed("ruff"), "format", "--check", ".")
    run(installed("mypy"))
    run(installed("lint-imports"))
    modules = [str(p.relative_to(ROOT)) for p in sorted((ROOT / "src").rglob("*.py"))]
    run(installed("python"), "-m", "numpydoc.hooks.validate_docstrings", *modules)
    notebooks = [str(p.relative_to(ROOT)) for p in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    run(installed("nbstripout"), "--verify", *notebooks)


def bench(rest: list[str]) -> None:
    run(installed("pytest"), "benchmarks", "--benchmark-enable", "-s", *rest)
    run(installed("python"), "benchmarks/bench_exposure.py")


def docs(rest: list[str]) -> None:
    python = installed("python")
    extra = [python, "-m", "pip", "install", "-q", "-c", CONSTRAINTS, "-e", f"{ROOT}[docs]"]
    run(*extra)
    run(python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "out/docs", *rest)


def wheel(rest: list[str]) -> None:
    del rest
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(installed("python"), "-m", "pip", "wheel", "-q", "--no-deps", "-w", name, ROOT)
        (built,) = folder.glob("*.whl")
        make_environment(folder / "empty")
        python = program(folder / "empty", "python")
        run(python, "-m", "pip", "install", "-q", "-c", CONSTRAINTS, built)
        run(program(folder / "empty", "tvb"), "demo", "--out", folder / "out", cwd=folder)
        tool = ROOT / "tools" / "build_docs.py"
        run(installed("python"), tool, "--check", "--demo", folder / "out")


def installed(name: str) -> Path:
    """Return a program of the environment, made or renewed when its inputs changed."""
    digest = hashlib.sha256()
    for file in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(file.read_bytes())
    stamp = ENVIRONMENT / "tvb-stamp"
    if not stamp.is_file() or stamp.read_text() != digest.hexdigest():
        if not stamp.is_file():  # absent, or left half made
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            make_environment(ENVIRONMENT)
        print("Installing the project and its pinned dependencies into .venv …", flush=True)
        python = program(ENVIRONMENT, "python")
        run(python, "-m", "pip", "install", "-q", "-c", CONSTRAINTS, "-e", f"{ROOT}[test]")
        stamp.write_text(digest.hexdigest())
    return program(ENVIRONMENT, name)


def make_environment(folder: Path) -> None:
    """Make a virtual environment, also where the system's Python came without ensurepip."""
    try:
        run(sys.executable, "-m", "venv", folder, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory() as tools:
            pip = [sys.executable, "-m", "pip", "install", "-q", "--target", tools, "virtualenv"]
            run(*pip)
            path = {**os.environ, "PYTHONPATH": tools}
            run(sys.executable, "-m", "virtualenv", "-q", folder, env=path)


def program(environment: Path, name: str) -> Path:
    folder = "Scripts" if os.name == "nt" else "bin"
    return environment / folder / (f"{name}.exe" if os.name == "nt" else name)


def run(*words: str | Path, **options: object) -> None:
    environment = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", **os.environ}
    subprocess.run([str(w) for w in words], check=True, **{"env": environment, **options})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
