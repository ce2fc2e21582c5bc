"""Running the steps of a study: in order, in parallel, from the cache, and resumed.

A step is skipped when its key has not changed and its outputs still have the bytes that it wrote.
The key of a step is a hash of the code, of the parameters that it reads, of the files that it reads
and of the outputs of the steps before it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import multiprocessing
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tvb
from tvb.errors import ParameterError, StudyError, explain
from tvb.io import atomic_path
from tvb.study.config import Study
from tvb.study.steps import STEPS, Step
from tvb.study.store import Store, checksum

__all__ = ["RunResult", "StepResult", "run_study"]

_STATE = ".tvb/steps.json"
_LIBRARIES = ("geopandas", "shapely", "pyproj", "pyogrio", "pandas", "numpy", "scipy", "matplotlib")

Listener = Callable[[str, str, float], None]
"""Called with the step, « start », « done » or « cached », and the seconds it took."""


@dataclass(frozen=True)
class StepResult:
    """What a step did.

    Parameters
    ----------
    step : str
        Its name.
    key : str
        Hash of everything that the result depends on.
    seconds : float
        Time of the work, also when it was done by an earlier run.
    cached : bool
        Whether the work was done by an earlier run.
    outputs : mapping of str to str
        Files written, relative to the folder of the run, with their SHA-256.
    """

    step: str
    key: str
    seconds: float
    cached: bool
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Parameters
    ----------
    folder : pathlib.Path
        Where everything is.
    steps : tuple of StepResult
        In the order of their definition.
    """

    folder: Path
    steps: tuple[StepResult, ...]

    def summary(self) -> str:
        """Return one line for each step.

        Returns
        -------
        str
            Name, seconds, number of files.
        """
        return "\n".join(
            f"{s.step:<16}{'cached' if s.cached else f'{s.seconds:.1f} s':>8}"
            f"{len(s.outputs):>4} files"
            for s in self.steps
        )

    def __repr__(self) -> str:
        return f"<RunResult {self.folder.name}: {len(self.steps)} steps>"


def run_study(
    study: Study,
    folder: str | Path,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    jobs: int = 1,
    listener: Listener | None = None,
) -> RunResult:
    """Run the steps of a study and return what each did.

    Parameters
    ----------
    study : Study
        Read by `tvb.study.read_study`.
    folder : path-like
        Folder of the results; made when absent. An interrupted run leaves whole files only, and
        the next run takes up where it stopped.
    only : sequence of str
        Steps wanted; those that they need are run too, from the cache if it holds them. Empty
        means all.
    force : bool
        Run the steps wanted even if the cache holds them.
    jobs : int
        Steps run at the same time, each in a process of its own; results do not depend on it.
    listener : callable, optional
        Told when a step starts and ends.

    Returns
    -------
    RunResult
        Also written as ``manifest.json``.

    Raises
    ------
    ParameterError
        If a step is unknown or ``jobs`` is less than 1.
    StudyError
        If a step lacks a layer; nothing is run then.
    TvbError
        Whatever a step raises.
    """
    unknown = [name for name in only if name not in STEPS]
    if unknown:
        raise ParameterError(
            explain(f"step « {unknown[0]} »", "unknown", required="one of " + ", ".join(STEPS))
        )
    if jobs < 1:
        raise ParameterError(explain("jobs", f"{jobs}", required="1 or more"))
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    wanted = _with_needs(only or tuple(STEPS))
    _require_layers(study, wanted)
    forced = set(only or STEPS) if force else set()
    run = _Run(study, home, forced=forced, listener=listener or (lambda *_: None))
    with _executor(jobs) as executor:
        run.run_all(wanted, executor)
    result = RunResult(home, tuple(run.results[name] for name in STEPS if name in run.results))
    _write_manifest(study, result)
    return result


def _with_needs(names: Sequence[str]) -> list[str]:
    """Return the steps named and all that they need, in the order of their definition."""
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += STEPS[name].needs
    return [name for name in STEPS if name in wanted]


def _require_layers(study: Study, wanted: Sequence[str]) -> None:
    """Raise before anything runs if a step lacks a layer."""
    if study.territory.embedded:
        return
    habitat = [name for name in study.patches.layers if name in study.layers]
    missing = {name: [k for k in STEPS[name].layers if k not in study.layers] for name in wanted}
    if "connectivity" in wanted and not habitat:
        missing["connectivity"] = [" or ".join(study.patches.layers)]
    lines = [
        explain(
            f"step « {step} »",
            f"no layer {layer}",
            remedy=f'give its file in [layers], write {layer.split()[0]} = "modelled", or name '
            "with --only the steps that do without",
        )
        for step, layers in missing.items()
        for layer in layers
    ]
    if lines:
        raise StudyError("\n".join(lines))


@contextmanager
def _executor(jobs: int) -> Iterator[Executor | None]:
    if jobs == 1:
        yield None
        return
    # Threads of GDAL and BLAS do not survive a fork; a fresh interpreter does not have them.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, mp_context=context)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


class _Run:
    """The state of one run."""

    def __init__(self, study: Study, folder: Path, *, forced: set[str], listener: Listener) -> None:
        self.study = study
        self.folder = folder
        self.forced = forced
        self.listener = listener
        self.code = _code_hash()
        self.results: dict[str, StepResult] = {}
        self.state = _read_state(folder)

    def run_all(self, wanted: Sequence[str], executor: Executor | None) -> None:
        waiting = list(wanted)
        running: dict[Future[tuple[float, list[str]]], tuple[str, str]] = {}
        while waiting or running:
            for name in [n for n in waiting if all(k in self.results for k in STEPS[n].needs)]:
                waiting.remove(name)
                key = self.key(STEPS[name])
                if name not in self.forced and self.take_from_cache(name, key):
                    continue
                self.listener(name, "start", 0.0)
                if executor is None:
                    self.finish(name, key, _run_step(name, self.study, self.folder))
                else:
                    future = executor.submit(_run_step, name, self.study, self.folder)
                    running[future] = (name, key)
            if running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name, key = running.pop(future)
                    self.finish(name, key, future.result())

    def key(self, step: Step) -> str:
        """Return the hash of everything that the outputs of a step depend on."""
        parts = {
            "code": self.code,
            "step": step.name,
            "parameters": {s: self.study.parameters()[s] for s in step.sections},
            "files": step.files(self.study),
            "needs": {name: dict(self.results[name].outputs) for name in step.needs},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def take_from_cache(self, name: str, key: str) -> bool:
        known = self.state.get(name)
        if known is None or known["key"] != key:
            return False
        for file, digest in known["outputs"].items():
            path = self.folder / file
            if not path.is_file() or checksum(path) != digest:
                return False
        self.results[name] = StepResult(name, key, known["seconds"], True, known["outputs"])
        self.listener(name, "cached", known["seconds"])
        return True

    def finish(self, name: str, key: str, work: tuple[float, list[str]]) -> None:
        seconds, written = work
        outputs = {file: checksum(self.folder / file) for file in written}
        self.remove_stale(name, outputs)
        self.results[name] = StepResult(name, key, seconds, False, outputs)
        self.state[name] = {"key": key, "seconds": round(seconds, 3), "outputs": outputs}
        path = self.folder / _STATE
        path.parent.mkdir(exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        self.listener(name, "done", seconds)

    def remove_stale(self, name: str, outputs: Mapping[str, str]) -> None:
        """Remove what an earlier run of the step wrote and this one did not."""
        earlier = self.state.get(name, {"outputs": {}})["outputs"]
        for file in set(earlier) - set(outputs):
            (self.folder / file).unlink(missing_ok=True)


def _run_step(name: str, study: Study, folder: Path) -> tuple[float, list[str]]:
    """Run one step and return its seconds and its files; top level, so that a process can."""
    start = time.perf_counter()
    store = Store(folder)
    STEPS[name].run(study, store)
    return time.perf_counter() - start, store.written


def _code_hash() -> str:
    """Return a hash of the package's own sources: a new version never reuses old results."""
    digest = hashlib.sha256()
    root = Path(tvb.__file__).parent
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".toml", ".csv")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_state(folder: Path) -> dict[str, Any]:
    path = folder / _STATE
    if not path.is_file():
        return {}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StudyError(
            explain(str(path), f"the record of earlier runs is damaged: {error}",
                    remedy="delete the file; every step will run again")
        ) from error  # fmt: skip
    return dict(state)


def _write_manifest(study: Study, result: RunResult) -> None:
    """Write what went in, with what, and what came out."""
    store = Store(result.folder)
    manifest = {
        "study": study.study.name,
        "tvb": tvb.__version__,
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "parameters": study.parameters(),
        "inputs": store.read_json("layers/sources.json"),
        "steps": [
            {"step": s.step, "seconds": round(s.seconds, 3), "cached": s.cached}
            for s in result.steps
        ],
        "outputs": {file: digest for s in result.steps for file, digest in s.outputs.items()},
    }
    store.write_json("manifest.json", manifest)
