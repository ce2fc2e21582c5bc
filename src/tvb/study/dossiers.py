"""Dossiers of communes and reports of territories, made from a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from tvb import dossier, heritage, io
from tvb.schema import SCHEMAS
from tvb.study.config import Study
from tvb.study.products import find_commune
from tvb.study.steps import lacking
from tvb.study.store import Store

__all__ = [
    "STEPS_OF_DOSSIERS",
    "FileJournal",
    "gather_results",
    "write_dossiers",
    "write_report_of",
]

STEPS_OF_DOSSIERS = ("layers", "heritage", "connectivity", "flood", "stations", "dashboard")
"""Steps whose results a dossier holds, where the study has the layers for them."""

_PARAMETERS = {
    "fr": ("Dispersion (m)", "Probabilité à cette distance", "Surface minimale d'une tache (ha)",
           "Règle de comptage"),
    "en": ("Dispersal (m)", "Probability at that distance", "Smallest patch (ha)",
           "Counting rule"),
}  # fmt: skip
_WANTING = {
    "fr": "l'étude n'a pas la couche « {} ».",
    "en": "the study does not have the layer “{}”.",
}
_OR = {"fr": " » ou « ", "en": "” or “"}


@dataclass
class FileJournal:
    """A journal of dossiers in a file.

    Parameters
    ----------
    path : pathlib.Path
        The file, JSON; one that cannot be read counts as empty.
    """

    path: Path
    _known: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        try:
            self._known = dict(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self._known = {}

    def checksum(self, key: str) -> str | None:
        """See `tvb.dossier.Journal`.

        Parameters
        ----------
        key : str
            Of a dossier.

        Returns
        -------
        str or None
            What was recorded.
        """
        return self._known.get(key)

    def record(self, key: str, checksum: str) -> None:
        """See `tvb.dossier.Journal`.

        Parameters
        ----------
        key : str
            Of a dossier.
        checksum : str
            Of what it was made from.
        """
        self._known[key] = checksum
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with io.atomic_path(self.path) as path:
            path.write_text(json.dumps(self._known, indent=0, sort_keys=True), encoding="utf-8")


def gather_results(study: Study, store: Store) -> dossier.Results:
    """Return what a run found, as dossiers want it.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made `STEPS_OF_DOSSIERS`.

    Returns
    -------
    Results
        With the findings of plans, where plans were reviewed in this folder.
    """
    lang = study.study.lang
    lack = {step: layer for step in ("connectivity", "flood") if (layer := lacking(study, step))}
    chapters = {"connectivity": "network", "flood": "flood"}
    more: dict[str, Any] = {}
    if "flood" not in lack:
        more["exposure"] = store.read_table("tables/exposure")
        more["sensitivity"] = store.read_table("tables/sensitivity_communes")
    if not lacking(study, "stations"):
        more["stations"] = store.read_table("tables/stations")
        more["stations_communes"] = store.read_table("tables/stations_communes")
    if "connectivity" not in lack:
        more["patches"], more["links"] = store.read_layer("patches"), store.read_layer("links")
        more["patch_layers"] = tuple(store.read_json("tables/connectivity.json")["layers"])
    territory = store.territory(*(n for n in store.layer_names() if n not in _HEAVY))
    return dossier.Results(
        name=study.study.name,
        communes=store.read_layer("communes_results"),
        territory=territory,
        register=_register(store),
        scenario=study.flood.map_scenario,
        sources=store.territory().sources,
        parameters=_parameters(study),
        reasons={chapters[step]: _wanting(layer, lang) for step, layer in lack.items()},
        **more,
        **_plans(store),
    )


def _wanting(layers: str, lang: Literal["fr", "en"]) -> str:
    """Return why there is no result, with the names of layers that readers know."""
    titles = [
        getattr(SCHEMAS[name], f"title_{lang}") if name in SCHEMAS else name
        for name in layers.split(" or ")
    ]
    return _WANTING[lang].format(_OR[lang].join(titles))


_HEAVY = ("buildings", "flood_zones")


def _register(store: Store) -> heritage.Register:
    parts: dict[str, Any] = {
        name: store.read_table(f"tables/register_{name}")
        for name in ("communes", "epci", "estates", "objects")
    }
    return heritage.Register(**parts, parameters={})


def _parameters(study: Study) -> dict[str, Any]:
    graph = study.graph
    lang = study.study.lang
    rule = dossier.rule_name(study.flood.rule, lang)
    values = (graph.dispersal_m, graph.probability, study.patches.min_area_ha, rule)
    return dict(zip(_PARAMETERS[lang], values, strict=True))


def _plans(store: Store) -> dict[str, Any]:
    folder = store.folder / "plu"
    if not (folder / "constats.parquet").is_file():
        return {}
    return {"plan_findings": pd.read_parquet(folder / "constats.parquet"),
            "plan_synthesis": pd.read_parquet(folder / "synthese.parquet")}  # fmt: skip


def write_dossiers(
    study: Study,
    store: Store,
    folder: Path,
    *,
    communes: Sequence[str] = (),
    forms: Sequence[Literal["html", "pdf"]] = ("html", "pdf"),
    jobs: int = 2,
) -> dossier.Batch:
    """Write the dossiers of communes; those that are up to date are left as they are.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made `STEPS_OF_DOSSIERS`.
    folder : pathlib.Path
        Where they go.
    communes : sequence of str
        INSEE codes or names; all by default.
    forms : sequence of {"html", "pdf"}
        Files of each.
    jobs : int
        Processes that work.

    Returns
    -------
    Batch
        What was written and what failed.

    Raises
    ------
    UnknownNameError
        If the study has no such commune.
    MissingExtraError
        If a PDF is wanted and what lays it out is not installed.
    """
    results = gather_results(study, store)
    chosen = [find_commune(results.communes, wanted).insee for wanted in communes]
    folder.mkdir(parents=True, exist_ok=True)
    return dossier.build_dossiers(
        results, folder, insee=chosen or None, forms=forms, jobs=jobs, lang=study.study.lang,
        journal=FileJournal(folder / ".tvb-dossiers.json"),
        imprint=(study.study.producer, study.study.date),
    )  # fmt: skip


def write_report_of(study: Study, store: Store, path: Path, *, epci: str | None = None) -> Path:
    """Write the report of an intercommunality, or of the whole territory.

    Parameters
    ----------
    study : Study
        The study.
    store : Store
        Folder of a run that made `STEPS_OF_DOSSIERS`.
    path : pathlib.Path
        A file ``.html`` or ``.pdf``.
    epci : str, optional
        SIREN; the whole territory by default.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ParameterError
        If no commune belongs to the intercommunality.
    """
    made = dossier.build_report(
        gather_results(study, store), epci, lang=study.study.lang, producer=study.study.producer,
        date=study.study.date,
    )  # fmt: skip
    return made.save(path)
