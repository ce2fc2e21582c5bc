"""What does not hold together in the flood zones of a study: the step, and a line about it."""

from __future__ import annotations

import pandas as pd

from tvb import flood
from tvb.messages import Lang, translate
from tvb.messages.typography import Counted, format_number
from tvb.study.config import Study
from tvb.study.store import Store
from tvb.territory import worst_nature

__all__ = ["describe_coherence", "write_coherence"]

_NOTHING: dict[Lang, str] = {
    "fr": "Cohérence des zones inondables : aucun défaut par {rules} règles.",
    "en": "Coherence of the flood zones: no defect by {rules} rules.",
}
_FOUND: dict[Lang, str] = {
    "fr": "Cohérence des zones inondables : {defects} défaut{defects:|s}, "
    "{slivers} éclat{slivers:|s} ({by_rule}) ; voir tables/coherence.csv.",
    "en": "Coherence of the flood zones: {defects} defect{defects:|s}, "
    "{slivers} sliver{slivers:|s} ({by_rule}); see tables/coherence.csv.",
}


def write_coherence(study: Study, store: Store) -> None:
    """Write ``tables/coherence`` and the layer ``hazard_defects``: a row for each defect.

    Parameters
    ----------
    study : Study
        Its language.
    store : Store
        Folder of the run, with the layers of the first step.
    """
    territory = store.territory("flood_zones", "depth_classes")
    sources = territory.sources_of(*territory.layers)
    defects = flood.check_hazard(territory)
    told = [translate(message, study.study.lang) for message in defects["message"]]
    defects = defects.assign(
        message=pd.Series(told, index=defects.index, dtype="str"), nature=worst_nature(sources)
    )
    store.write_layer("hazard_defects", defects, sources)
    store.write_table("tables/coherence", defects.drop(columns="geometry"), index=False)


def describe_coherence(store: Store, *, lang: Lang) -> list[str]:
    """Return how many defects the flood zones of a study have, in one line.

    Parameters
    ----------
    store : Store
        Folder of a run.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    list of str
        A sentence, with the number for each rule; slivers are counted apart. None where the run did
        not make the step ``coherence``.
    """
    if not (store.folder / "tables/coherence.parquet").is_file():
        return []
    table = store.read_table("tables/coherence")
    if table.empty:
        return [_NOTHING[lang].format(rules=len(flood.COHERENCE_RULES))]
    is_sliver = table["kind"] == "slivers"
    numbers = {"defects": int((~is_sliver).sum()), "slivers": int(table["count"][is_sliver].sum())}
    counted = {k: Counted(n, lang, format_number(n, lang=lang)) for k, n in numbers.items()}
    by_rule = table["rule"].value_counts().sort_index()
    named = ", ".join(f"{rule} × {number}" for rule, number in by_rule.items())
    return [_FOUND[lang].format(**counted, by_rule=named)]
