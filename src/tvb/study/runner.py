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
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tvb
from tvb.datasets import find_data
from tvb.display import rows_table
from tvb.errors import ParameterError, SourceError, StudyError, explain
from tvb.io import atomic_path
from tvb.io.locate import checksum
from tvb.study.config import Study
from tvb.study.steps import STEPS, Step, lacking
from tvb.study.store import Store

__all__ = ["RunResult", "StepResult", "run_study"]

_STATE = ".tvb/steps.json"
_LIBRARIES = (
    "contourpy", "geopandas", "matplotlib", "numba", "numpy", "pandas", "pyarrow", "pyogrio",
    "pyproj", "rasterio", "scipy", "shapely",
)  # fmt: skip

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

    def __repr__(self) -> str:
        cached = ", cached" if self.cached else ""
        return f"<StepResult {self.step}: {self.seconds:.1f} s, {len(self.outputs)} files{cached}>"

    def _repr_html_(self) -> str:
        return rows_table(self, ("file", "sha256"), self.outputs.items())


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Parameters
    ----------
    folder : pathlib.Path
        Where everything is.
    steps : tuple of StepResult
        In the order of their definition.
    stale : tuple of str
        Steps not run, because of ``only`` or of an error, whose files, still in the folder, come
        from other parameters or inputs.
    skipped : mapping of str to str
        Steps that the study has no layer for, with the layer that they lack.
    """

    folder: Path
    steps: tuple[StepResult, ...]
    stale: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

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

    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]]
        rows = [(s.step, s.seconds, "yes" if s.cached else "", len(s.outputs)) for s in self.steps]
        rows += [(step, None, f"skipped: no {layer}", None) for step, layer in self.skipped.items()]
        heads = ("step", "seconds", "cached", "files")
        return rows_table(self, heads, rows, then=(".summary()", ".folder"))


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
        means all that the study has the layers for.
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
        If a step named in ``only`` lacks a layer, or another run works in the folder.
    SourceError
        If the folder cannot be made or written.
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
    wanted, skipped = _plan(study, only)
    home = Path(folder)
    forced = set(only or STEPS) if force else set()
    with _locked(home):
        run = _Run(study, home, forced=forced, listener=listener or (lambda *_: None))
        try:
            with _executor(jobs) as executor:
                run.run_all(wanted, executor)
        finally:
            done = tuple(run.results[name] for name in STEPS if name in run.results)
            result = RunResult(home, done, run.stale(), skipped)
            if "layers" in run.results:
                _write_manifest(study, result)
    return result


def _plan(study: Study, only: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the steps to run, in order, and those left out with the layer that they lack."""
    lacks = {name: layer for name in STEPS if (layer := lacking(study, name))}
    asked = [name for name in only if name in lacks]
    if asked:
        raise StudyError(
            "\n".join(
                explain(
                    f"step « {name} »",
                    f"the study has no layer {lacks[name]}",
                    remedy=f"give its file in [layers], or write {lacks[name].split()[0]} = "
                    '"modelled"',
                )
                for name in asked
            )
        )
    wanted: set[str] = set()
    pending = list(only or STEPS)
    while pending:
        name = pending.pop()
        if name not in wanted and name not in lacks:
            wanted.add(name)
            pending += STEPS[name].before
    skipped = {} if only else lacks
    return [name for name in STEPS if name in wanted], skipped


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder of a run: two runs at once would mix their files."""
    from filelock import FileLock, Timeout

    try:
        (folder / ".tvb").mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".tvb" / "lock", timeout=0)
        lock.acquire()
        for left in folder.rglob(".tvb-*"):  # temporary folders of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
    except Timeout:
        raise StudyError(
            explain(
                str(folder), "another run is working in this folder", remedy="wait, or choose --out"
            )
        ) from None
    except OSError as error:
        raise SourceError(
            explain(
                str(folder),
                f"the folder of the results cannot be used ({error.strerror or error})",
                remedy="choose another one with --out",
            )
        ) from error
    try:
        yield
    finally:
        lock.release()


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
        running: dict[Future[tuple[float, dict[str, str]]], tuple[str, str]] = {}
        while waiting or running:
            for name in [n for n in waiting if all(k in self.results for k in self.before(n))]:
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

    def before(self, name: str) -> list[str]:
        """Return the steps whose files a step reads in this study."""
        return [other for other in STEPS[name].before if not lacking(self.study, other)]

    def stale(self) -> tuple[str, ...]:
        """Return the steps not run now whose files in the folder no longer fit."""
        left = [name for name in STEPS if name in self.state and name not in self.results]
        return tuple(name for name in left if self.state[name]["key"] != self.key(STEPS[name]))

    def outputs(self, name: str) -> dict[str, str]:
        """Return the files of a step, of this run or else of an earlier one."""
        if name in self.results:
            return dict(self.results[name].outputs)
        return dict(self.state.get(name, {"outputs": {}})["outputs"])

    def key(self, step: Step) -> str:
        """Return the hash of everything that the outputs of a step depend on."""
        parts = {
            "code": self.code,
            "step": step.name,
            "parameters": {s: self.study.parameters()[s] for s in step.sections},
            "files": step.files(self.study),
            "before": {name: self.outputs(name) for name in self.before(step.name)},
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

    def finish(self, name: str, key: str, work: tuple[float, dict[str, str]]) -> None:
        seconds, outputs = work
        self.remove_stale(name, outputs)
        self.results[name] = StepResult(name, key, seconds, False, outputs)
        self.state[name] = {"key": key, "seconds": round(seconds, 3), "outputs": outputs}
        path = self.folder / _STATE
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        self.listener(name, "done", seconds)

    def remove_stale(self, name: str, outputs: Mapping[str, str]) -> None:
        """Remove what an earlier run of the step wrote, even interrupted, and this one did not."""
        journal = _journal(self.folder, name)
        earlier = set(self.state.get(name, {"outputs": {}})["outputs"])
        earlier |= set(journal.read_text(encoding="utf-8").splitlines())
        for file in earlier - set(outputs):
            (self.folder / file).unlink(missing_ok=True)
        journal.unlink()


def _run_step(name: str, study: Study, folder: Path) -> tuple[float, dict[str, str]]:
    """Run one step and return its seconds and its files; top level, so that a process can."""
    start = time.perf_counter()
    store = Store(folder, journal=_journal(folder, name))
    STEPS[name].run(study, store)
    seconds = time.perf_counter() - start
    return seconds, {file: checksum(folder / file) for file in store.written}


def _journal(folder: Path, step: str) -> Path:
    """Return the file where a step names its outputs before it writes them."""
    return folder / ".tvb" / f"{step}.journal"


def _code_hash() -> str:
    """Return a hash of the code, its data and its libraries: new ones never reuse old results."""
    digest = hashlib.sha256(json.dumps(_versions()).encode())
    for root in (Path(tvb.__file__).parent, find_data("facts")):
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            if path.parent.name == "__pycache__":
                continue
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    """Return the versions of what computes the results."""
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}


def _read_state(folder: Path) -> dict[str, Any]:
    path = folder / _STATE
    if not path.is_file():
        return {}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: {"key": s["key"], "seconds": float(s["seconds"]), "outputs": dict(s["outputs"])}
            for name, s in state.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StudyError(
            explain(
                str(path),
                f"the record of earlier runs is damaged ({error})",
                remedy="delete the file; every step will run again",
            )
        ) from error


def _write_manifest(study: Study, result: RunResult) -> None:
    """Write what went in, with what, and what came out."""
    store = Store(result.folder)
    manifest = {
        "study": study.study.name,
        "tvb": tvb.__version__,
        "python": platform.python_version(),
        "libraries": _versions(),
        "parameters": study.parameters(),
        "inputs": store.read_json("layers/sources.json"),
        "steps": [
            {"step": s.step, "seconds": round(s.seconds, 3), "cached": s.cached}
            for s in result.steps
        ],
        "outputs": {file: digest for s in result.steps for file, digest in s.outputs.items()},
        "stale": list(result.stale),
        "skipped": dict(result.skipped),
    }
    store.write_json("manifest.json", manifest)
