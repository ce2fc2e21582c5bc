"""The progress bar: for eyes only, and only if the work lasts."""

from __future__ import annotations

import sys
import time

import pytest

from tvb import progress
from tvb.progress import Bar


def test_shown_at_once(capsys):
    with Bar("Counting", unit="sheep", total=3, shown=True) as bar:
        bar.advance(2)
    out, err = capsys.readouterr()
    assert "Counting" in err
    assert "2 sheep" in err
    assert not out


@pytest.mark.parametrize("shown", [None, False])
def test_nobody_looks(capsys, shown):
    """Kills a bar in logs and pipes."""
    with Bar("Counting", unit="sheep", shown=shown) as bar:
        bar.advance(2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("patience_s", "appears"), [(0.0, True), (60.0, False)])
def test_appears_by_itself_when_the_work_lasts(monkeypatch, patience_s, appears):
    """Before anything is counted: kills a bar that waits for the end of a compilation."""
    monkeypatch.setattr(progress, "_PATIENCE_S", patience_s)
    monkeypatch.setattr(progress, "_someone_looks", lambda: True)
    with Bar("Compiling", unit="kernels") as bar:
        deadline = time.monotonic() + 5
        while appears and bar._progress is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (bar._progress is not None) is appears


def test_more_is_expected_as_files_are_opened():
    """Kills a total that is the last file's."""
    with Bar("Reading", unit="rows", shown=False) as bar:
        bar.expect(4)
        bar.advance(3)
        bar.expect(6)
        assert bar.total == 10
        bar.expect(None)
        assert bar.total is None


@pytest.mark.parametrize("widgets", [True, False])
def test_a_notebook_without_widgets_shows_no_warning_instead(monkeypatch, widgets):
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(progress, "find_spec", lambda _: object() if widgets else None)
    assert progress._someone_looks() is widgets
    monkeypatch.setenv("TVB_PROGRESS", "0")
    assert not progress._someone_looks()
