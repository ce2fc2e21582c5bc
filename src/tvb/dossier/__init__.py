"""Dossiers: what a study says of one commune, of an intercommunality, or of everything.

`build_dossier` and `build_report` return a `Dossier`, which saves itself as HTML and PDF/A and
shows itself in Jupyter; `build_dossiers` writes those of all communes.
"""

from tvb.dossier.batch import Batch, Journal, build_dossiers
from tvb.dossier.build import Dossier, build_dossier, build_report
from tvb.dossier.figures import Figure, Measures, measure
from tvb.dossier.results import Results
from tvb.dossier.risk_parts import rule_name

__all__ = [
    "Batch",
    "Dossier",
    "Figure",
    "Journal",
    "Measures",
    "Results",
    "build_dossier",
    "build_dossiers",
    "build_report",
    "measure",
    "rule_name",
]


def __dir__() -> list[str]:
    return sorted(__all__)
