"""A progress bar for long readings, where someone is looking."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["Bar"]

_PATIENCE_S = 2.0


class Bar:
    """Counts rows; shows itself on stderr once the work has lasted two seconds.

    Parameters
    ----------
    label : str
        What is being read.
    shown : bool, optional
        True: at once, whatever stderr is. False: never. None: after two seconds, if stderr is a
        terminal or a notebook.
    """

    def __init__(self, label: str, shown: bool | None = None) -> None:
        self.label = label
        self.shown = shown
        self.total: int | None = None
        self._done = 0
        self._start = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        return self

    def expect(self, rows: int | None) -> None:
        """Add to the number of rows to come; None when the file does not tell.

        Parameters
        ----------
        rows : int or None
            Rows of one more file.
        """
        self.total = None if rows is None else (self.total or self._done) + rows

    def advance(self, rows: int) -> None:
        """Count rows that have been read.

        Parameters
        ----------
        rows : int
            Rows of one batch.
        """
        self._done += rows
        if self._progress is None and self._wanted():
            self._begin()
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=self._done, total=self.total)

    def _wanted(self) -> bool:
        if self.shown is not None:
            return self.shown
        if time.monotonic() - self._start < _PATIENCE_S:
            return False
        console = Console(stderr=True)
        self.shown = console.is_terminal or console.is_jupyter
        return self.shown

    def _begin(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(self.label, total=self.total)
        self._progress.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
