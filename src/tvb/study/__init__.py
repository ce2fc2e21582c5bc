"""A study: one file that names layers and parameters, and the run that follows from it."""

from tvb.study.atlas import draw_atlas
from tvb.study.config import LayerFile, Study, parameter_rows
from tvb.study.distributed import DistributedExposure, count_exposure_distributed
from tvb.study.reader import read_study
from tvb.study.runner import RunResult, StepResult, run_study

__all__ = [
    "DistributedExposure",
    "LayerFile",
    "RunResult",
    "StepResult",
    "Study",
    "count_exposure_distributed",
    "draw_atlas",
    "parameter_rows",
    "read_study",
    "run_study",
]


def __dir__() -> list[str]:
    return sorted(__all__)
