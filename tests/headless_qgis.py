"""QGIS without a window, where Debian's ``python3-qgis`` is installed: asked by a program."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_PRELUDE = r"""
import json, sys
from qgis.core import *
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

application = QgsApplication([], False)
application.initQgis()
messages = []
QgsApplication.messageLog().messageReceived.connect(lambda text, tag, level: messages.append(text))


def render(layers, extent, width, height):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:2154"))
    settings.setOutputSize(QSize(width, height))
    settings.setBackgroundColor(QColor("white"))
    settings.setExtent(extent)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()
"""
_END = r"""
print("ANSWER" + json.dumps(answer))
project.clear()
application.exitQgis()
"""


@functools.cache
def qgis_python() -> str | None:
    """Return a Python that has QGIS: that of the system, not the one of these tests."""
    for candidate in ("/usr/bin/python3", shutil.which("python3")):
        if candidate is None or not Path(candidate).exists():
            continue
        command = [candidate, "-c", "import qgis.core"]
        if (
            subprocess.run(
                command, capture_output=True, env=clean_environment(), check=False
            ).returncode
            == 0
        ):
            return candidate
    return None


def clean_environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GDAL", "PROJ"))}
    return {**kept, "QT_QPA_PLATFORM": "offscreen", **more}


def ask_qgis(program: str, *arguments: str, home: Path) -> dict[str, Any]:
    """Return what a program puts into ``answer``, its project being ``project``.

    The program has `render` and the ``messages`` of QGIS. Without QGIS, the test is skipped.
    """
    python = qgis_python()
    if python is None:
        pytest.skip("QGIS is not on this machine (Debian: apt-get install python3-qgis)")
    (home / "run").mkdir(mode=0o700)
    environment = clean_environment(HOME=str(home), XDG_RUNTIME_DIR=str(home / "run"))
    command = [python, "-c", _PRELUDE + program + _END, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=120
    )
    assert "ANSWER" in done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.partition("ANSWER")[2])
    return answer
