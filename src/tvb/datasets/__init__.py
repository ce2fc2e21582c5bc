"""The embedded territory: facts of ``data/`` on schematic shapes, and modelled layers.

Nothing here is survey data: use it to try the library, to test it and to measure it.
"""

from tvb.datasets.assemble import bassin_minier, model_buildings, model_missing_layers
from tvb.datasets.facts_files import find_data, list_facts, load_facts
from tvb.datasets.model import MODELLED
from tvb.datasets.plans import PLAN_COMMUNES, PLANTED, model_plans, planted_table

__all__ = [
    "MODELLED",
    "PLANTED",
    "PLAN_COMMUNES",
    "bassin_minier",
    "find_data",
    "list_facts",
    "load_facts",
    "model_buildings",
    "model_missing_layers",
    "model_plans",
    "planted_table",
]


def __dir__() -> list[str]:
    return sorted(__all__)
