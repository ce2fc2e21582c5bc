"""A progress bar for long work, where someone is looking."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar"]

_PATIENCE_S = 2.0


class Bar:
    """Counts what is done; shows itself on stderr once the work has lasted two seconds.

    It does so by itself, were nothing counted yet: while code is being compiled, for instance.

    Parameters
    ----------
    label : str
        What is being done.
    unit : str
        What is counted.
    total : int, optional
        How many there are.
    shown : bool, optional
        True: at once, whatever stderr is. False: never. None: after two seconds, if stderr is a
        terminal, or a notebook with ipywidgets; never where ``TVB_PROGRESS`` is 0, as when nobody
        looks at a notebook that runs.
    """

    def __init__(
        self, label: str, *, unit: str, total: int | None = None, shown: bool | None = None
    ) -> None:
        self.label = label
        self.unit = unit
        self.total = total
        self.shown = shown
        self._done = 0
        self._timer: Timer | None = None
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        if self.shown:
            self._begin()
        elif self.shown is None and _someone_looks():
            self._timer = Timer(_PATIENCE_S, self._begin)
            self._timer.daemon = True
            self._timer.start()
        return self

    def expect(self, count: int | None) -> None:
        """Add to what there is to do; None where nobody knows.

        Parameters
        ----------
        count : int or None
            In the unit of the bar.
        """
        self.total = None if count is None else (self.total or self._done) + count
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=self.total)

    def advance(self, count: int) -> None:
        """Count what has been done since the last call.

        Parameters
        ----------
        count : int
            In the unit of the bar.
        """
        self._done += count
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=self._done)

    def _begin(self) -> None:
        from rich.console import Console  # short work does without
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} " + self.unit),
            TimeRemainingColumn(),
            console=Console(stderr=True, force_terminal=self.shown),
            transient=True,
        )
        self._task = progress.add_task(self.label, total=self.total, completed=self._done)
        progress.start()
        self._progress = progress

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._progress is not None:
            self._progress.stop()


def _someone_looks() -> bool:
    if os.environ.get("TVB_PROGRESS") == "0":
        return False
    if "ipykernel" in sys.modules:  # where rich draws with widgets, and complains without
        return find_spec("ipywidgets") is not None
    return sys.stderr.isatty()
