"""The dossiers of many communes in one run, which can be taken up where it stopped."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, get_args

import pandas as pd

from tvb.display import frame_table
from tvb.dossier.build import build_dossier
from tvb.dossier.figures import Measures, measure
from tvb.dossier.render import require_pdf
from tvb.dossier.results import Results
from tvb.dossier.texts import tell
from tvb.errors import ParameterError, explain
from tvb.heritage import Register
from tvb.maps.texts import Lang, check_lang
from tvb.plu.reference import hash_frame
from tvb.progress import Bar
from tvb.territory import Territory

__all__ = ["Batch", "Form", "Journal", "build_dossiers"]

Form = Literal["html", "pdf"]
State = Literal["écrit", "inchangé", "échec"]


class Journal(Protocol):
    """What remembers, from one run to the next, from which inputs each dossier was made."""

    def checksum(self, key: str) -> str | None:
        """Return the checksum recorded for a dossier, or None."""

    def record(self, key: str, checksum: str) -> None:
        """Keep the checksum of a dossier that is complete on the disk."""


@dataclass(frozen=True)
class Batch:
    """What became of each dossier of a run.

    Parameters
    ----------
    folder : pathlib.Path
        Where they are.
    dossiers : pandas.DataFrame
        One row for each commune on ``insee``: ``nom``, ``state`` (« écrit », « inchangé »,
        « échec »), ``seconds`` of work, ``error`` (empty without one).
    """

    folder: Path
    dossiers: pd.DataFrame

    @property
    def failed(self) -> pd.DataFrame:
        """Communes without a dossier, and why."""
        return self.dossiers[self.dossiers["state"] == "échec"]

    def __repr__(self) -> str:
        counts = self.dossiers["state"].value_counts()
        told = ", ".join(f"{counts[s]} {s}" for s in get_args(State) if s in counts)
        return f"<Batch « {self.folder.name} »: {told or 'no dossier'}>"

    def _repr_html_(self) -> str:
        return frame_table(self, self.dossiers, then=(".folder", ".failed"))


class _Task(NamedTuple):
    """A dossier to be made."""

    insee: str
    stem: Path


class _Done(NamedTuple):
    """What became of it."""

    insee: str
    seconds: float
    error: str


@dataclass(frozen=True)
class _Workshop:
    """All that a worker needs, sent once."""

    results: Results
    forms: tuple[Form, ...]
    lang: Lang
    producer: str
    date: str

    @cached_property
    def measures(self) -> Measures:
        return measure(self.results)

    def make(self, task: _Task) -> _Done:
        """Write a dossier; whatever goes wrong with it is told, and the others go on."""
        begin = time.perf_counter()
        error = ""
        try:
            dossier = build_dossier(
                self.results, task.insee, measures=self.measures, lang=self.lang,
                producer=self.producer, date=self.date,
            )  # fmt: skip
            for form in self.forms:
                dossier.save(task.stem.with_suffix(f".{form}"))
        except Exception as fault:
            error = f"{type(fault).__name__}: {fault}"
        return _Done(task.insee, time.perf_counter() - begin, error)


_here: dict[str, _Workshop] = {}


def _open_workshop(workshop: _Workshop) -> None:
    _here["workshop"] = workshop
    gc.freeze()  # what stays until the end need not be searched for garbage at each dossier


def _make_here(task: _Task) -> _Done:
    return _here["workshop"].make(task)


def build_dossiers(
    results: Results,
    folder: str | Path,
    *,
    insee: Iterable[str] | None = None,
    forms: Sequence[Form] = ("html", "pdf"),
    journal: Journal | None = None,
    jobs: int = 2,
    lang: Lang = "fr",
    imprint: tuple[str, str] = ("", ""),
) -> Batch:
    """Write the dossiers of communes, each in files named by its code.

    Parameters
    ----------
    results : Results
        What the study found.
    folder : str or pathlib.Path
        Where they go; it exists.
    insee : iterable of str, optional
        Codes of the communes; all of the results by default.
    forms : sequence of {"html", "pdf"}
        Files of each dossier.
    journal : Journal, optional
        With it, a dossier whose files are there and whose inputs are the same is not made again.
    jobs : int
        Processes that work. The files are the same for any number.
    lang : {"fr", "en"}
        Language.
    imprint : tuple of str
        Producer and date, printed on each.

    Returns
    -------
    Batch
        What was written, what had not changed, what failed and why.

    Raises
    ------
    ParameterError
        If a form, the language, the folder or a commune is unknown.
    MissingExtraError
        If a PDF is wanted and WeasyPrint or one of its libraries is not installed.
    """
    folder = Path(folder)
    _check(folder, forms, lang)
    codes = _codes(results, insee)
    workshop = _Workshop(results, tuple(forms), lang, *imprint)
    tasks = [_Task(code, folder / code) for code in codes]
    if journal is not None:
        digest = _digest(workshop)
        tasks = [t for t in tasks if not _is_current(t, forms, journal.checksum(t.insee) == digest)]
    done = {code: _Done(code, 0.0, "") for code in codes}
    with Bar(tell("batch", lang), unit=tell("batch_unit", lang), total=len(tasks)) as bar:
        for one in _work(workshop, tasks, jobs):
            done[one.insee] = one
            if journal is not None and not one.error:
                journal.record(one.insee, digest)
            bar.advance(1)
    return Batch(folder, _table(results, done, {t.insee for t in tasks}))


def _codes(results: Results, insee: Iterable[str] | None) -> list[str]:
    chosen = results.table.index if insee is None else map(results.require_commune, insee)
    return sorted(set(chosen))


def _check(folder: Path, forms: Sequence[Form], lang: str) -> None:
    check_lang(lang)
    known = get_args(Form)
    if not forms or not set(forms) <= set(known):
        problem = f"« {', '.join(forms) or 'nothing'} » cannot be written"
        raise ParameterError(explain("forms", problem, required=" or ".join(known)))
    if not folder.is_dir():
        raise ParameterError(
            explain(str(folder), "there is no such folder", remedy="create the folder first")
        )
    if "pdf" in forms:
        require_pdf()


def _is_current(task: _Task, forms: Sequence[Form], same: bool) -> bool:
    return same and all(task.stem.with_suffix(f".{form}").is_file() for form in forms)


def _work(workshop: _Workshop, tasks: Sequence[_Task], jobs: int) -> Iterator[_Done]:
    """Yield what became of each task, in the order in which they end."""
    if min(jobs, len(tasks)) < 2:
        yield from map(workshop.make, tasks)
        return
    # Forked processes would inherit the locks of the threads of this one.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        min(jobs, len(tasks)), context, initializer=_open_workshop, initargs=(workshop,)
    )
    try:
        running: dict[Future[_Done], _Task] = {pool.submit(_make_here, t): t for t in tasks}
        for future in as_completed(running):
            try:
                yield future.result()
            except BrokenProcessPool as fault:
                # A worker was killed; with a journal, the next run makes what is lacking.
                yield _Done(running[future].insee, 0.0, f"{type(fault).__name__}: {fault}")
    finally:  # stopped, it does not go on with what is still waiting
        pool.shutdown(cancel_futures=True)


def _table(results: Results, done: dict[str, _Done], tried: set[str]) -> pd.DataFrame:
    def state(one: _Done) -> State:
        if one.insee not in tried:
            return "inchangé"
        return "échec" if one.error else "écrit"

    rows = list(done.values())
    return pd.DataFrame(
        {
            "nom": results.table["nom"].reindex([one.insee for one in rows]).to_numpy(),
            "state": pd.array([state(one) for one in rows], dtype="str"),
            "seconds": [one.seconds for one in rows],
            "error": pd.array([one.error for one in rows], dtype="str"),
        },
        index=pd.Index([one.insee for one in rows], name="insee", dtype="str"),
    )


def _digest(workshop: _Workshop) -> str:
    """Return what changes with anything that a dossier is made from, this code included.

    Every dossier compares its commune to all others: it is made from all of the results.
    """
    wishes = (workshop.forms, workshop.lang, workshop.producer, workshop.date)
    total = hashlib.sha256(repr(wishes).encode())
    for text in (*_parts(workshop.results), *_code()):
        total.update(text.encode())
    return total.hexdigest()


def _parts(results: Results) -> Iterator[str]:
    for name, value in sorted(vars(results).items()):
        if name in Results.__dataclass_fields__:
            yield f"{name}={_told(value)}"


def _told(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        levels = [n for n in value.index.names if n is not None]
        return hash_frame(value.reset_index() if levels else value)
    if isinstance(value, Territory):
        layers = {name: _told(frame) for name, frame in value.layers.items()}
        return repr((value.name, sorted(layers.items()), value.sources))
    if isinstance(value, Register):
        return " ".join(_told(t) for t in (value.communes, value.epci, value.objects))
    return repr(value)


def _code() -> Iterator[str]:
    """Yield the files that make a dossier what it is, its maps included."""
    for package in ("tvb.dossier", "tvb.maps"):
        waiting = [resources.files(package)]
        while waiting:
            for file in sorted(waiting.pop().iterdir(), key=lambda f: f.name):
                if file.is_dir():
                    waiting.append(file)
                elif file.name.endswith((".py", ".j2", ".css")):
                    yield file.read_text(encoding="utf-8")
