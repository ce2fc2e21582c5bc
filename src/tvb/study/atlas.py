"""The atlas of a study in one call: what it needs is run, then ten plates are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tvb.study.config import Study
from tvb.study.products import write_series
from tvb.study.runner import run_study
from tvb.study.store import Store
from tvb.study.themes import Extras, series_steps

if TYPE_CHECKING:
    from tvb.maps import Atlas

__all__ = ["draw_atlas"]


def draw_atlas(
    study: Study,
    folder: str | Path,
    *,
    plan: str | None = None,
    against: str | None = None,
    commune: str | None = None,
    each: Sequence[str] = (),
    dpi: int = 300,
    jobs: int = 1,
) -> Atlas:
    """Write an atlas of a study, one plate for each theme.

    The property and its buffer zone, terrils, corridors and core areas, the graph, least-cost
    corridors, exposure, depth, cycle routes, findings on a plan, change between two studies.

    Parameters
    ----------
    study : Study
        Read by `tvb.study.read_study`; its section ``maps`` says paper and orientation.
    folder : path-like
        Folder of the run: steps that it lacks are run. The atlas is its ``maps/atlas.pdf``.
    plan : str, optional
        A delivery of a town plan, or ``"modelled"`` for an invented one. Without it there is no
        plate of a plan.
    against : str, optional
        What the study is compared with: the folder of another run, a counting rule (touches,
        centroid, share), or a distance of dispersal such as ``"300m"``; by default another rule or,
        without flood zones, half of the distance.
    commune : str, optional
        INSEE code or name of the commune that the plates are about; by default everything.
    each : sequence of {"pdf", "png", "svg"}
        Formats in which every plate is also written alone, beside the atlas.
    dpi : int
        Resolution of the PNG among them.
    jobs : int
        Processes that draw.

    Returns
    -------
    tvb.maps.Atlas
        What was drawn; `Atlas.failed` tells what the study cannot draw, and why.

    Raises
    ------
    StudyError
        If another run works in the folder.
    UnknownNameError
        If the study has no such commune.
    ParameterError
        If a format is unknown.
    """
    run_study(study, folder, only=series_steps(study))
    store = Store(Path(folder))
    extras = Extras(plan, against, commune)
    path = store.path("maps/atlas.pdf")
    return write_series(study, store, path, extras=extras, each=each, dpi=dpi, jobs=jobs)
