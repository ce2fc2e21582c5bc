"""The review of one plan: what the rules found, and where each commune stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.display import frame_table
from tvb.errors import ParameterError, explain
from tvb.messages.typography import agree
from tvb.plan import LEVELS, Plan
from tvb.plu.case import Case
from tvb.plu.declare import Found, Lang, Outcome, Rule
from tvb.plu.reference import Reference
from tvb.plu.rules import check_thresholds, select_rules
from tvb.schema import CRS
from tvb.territory import sources_table

__all__ = ["FINDING_COLUMNS", "STATUSES", "Review", "review_plan"]

FINDING_COLUMNS = (
    "rule", "level", "insee", "commune", "objet", "libelle", "table", "measure", "unit",
    "reference", "message",
)  # fmt: skip
"""Columns of the findings, before their geometry."""

STATUSES = ("conforme", "constat", "non évalué", "sans objet")
"""What a rule may answer for a commune."""

_SYNTHESIS = ("insee", "commune", "rule", "family", "question", "status", "level", "findings",
              "note")  # fmt: skip
_FAMILY_NAMES = {2: "constats_surf", 1: "constats_lin", 0: "constats_pct"}
_DIGITS = 6
_ABSENT = {"fr": "il manque : ", "en": "lacking: "}
_UNKNOWN = {"fr": "commune absente de la référence", "en": "commune not in the reference"}


@dataclass(frozen=True, repr=False)
class Review:
    """What a plan says of the territory, rule by rule.

    Parameters
    ----------
    name : str
        The plan.
    lang : {"fr", "en"}
        Language of the texts.
    findings : geopandas.GeoDataFrame
        One row for each finding, in EPSG:2154, in the columns of `FINDING_COLUMNS`: in the order of
        the rules, of the communes and of the objects. ``insee`` is null for what concerns the whole
        of a plan of several communes; the geometry is null where there is no place to show.
    synthesis : pandas.DataFrame
        One row for each commune and rule: ``status`` is one of `STATUSES`; ``level`` is that of the
        gravest finding; ``note`` says why a rule has no answer. Findings of the whole plan count in
        each of its communes.
    plan : pandas.DataFrame
        One row: ``name``, ``kind``, ``version``, ``approved``, ``siren``, ``communes``, numbers of
        zones, prescriptions, informations and servitudes.
    sources : pandas.DataFrame
        Tables of the plan, then layers of the reference.
    """

    name: str
    lang: Lang
    findings: gpd.GeoDataFrame
    synthesis: pd.DataFrame
    plan: pd.DataFrame
    sources: pd.DataFrame

    def count_levels(self) -> pd.Series[int]:
        """Return the number of findings of each level.

        Returns
        -------
        pandas.Series
            Indexed by level, the gravest first, zeros kept.
        """
        counts = self.findings["level"].value_counts()
        every: pd.Series[int] = counts.reindex(list(LEVELS), fill_value=0).astype("int64")
        return every.rename("findings")

    @property
    def is_blocking(self) -> bool:
        """Whether one finding at least is « bloquant »."""
        return bool(self.count_levels()["bloquant"])

    def summary(self) -> str:
        """Return where the plan stands, for people.

        Returns
        -------
        str
            Findings by level, the gravest ones, and how many answers there are of each status.
        """
        counts, lang = self.count_levels(), self.lang
        noun = ("constat", "constats") if lang == "fr" else ("finding", "findings")
        of = agree(counts.sum(), *noun, lang=lang)
        status = self.synthesis["status"].value_counts().reindex(list(STATUSES), fill_value=0)
        lines = [
            f"{self.name} : {counts.sum()} {of}" if lang == "fr" else
            f"{self.name}: {counts.sum()} {of}",
            *(f"  {level}: {n}" for level, n in counts.items() if n),
            "  " + ", ".join(f"{name}: {n}" for name, n in status.items()),
        ]  # fmt: skip
        grave = self.findings[self.findings["level"] == LEVELS[0]]
        lines += [
            f"  {row.rule} {row.commune if isinstance(row.commune, str) else ''} {row.message}"
            for row in grave.itertuples()
        ]
        return "\n".join(lines)

    def to_layers(self) -> dict[str, pd.DataFrame]:
        """Return findings and synthesis as layers to be written to a file.

        Returns
        -------
        dict of str to pandas.DataFrame
            ``constats_surf``, ``constats_lin``, ``constats_pct`` (findings by geometry),
            ``constats_sans_lieu`` (without any), ``synthese``, ``plan``, ``sources``. Layers of
            findings without a row are left out.
        """
        dimension = shapely.get_dimensions(self.findings.geometry.to_numpy())
        layers: dict[str, pd.DataFrame] = {}
        for number, name in _FAMILY_NAMES.items():
            mine = self.findings[dimension == number].reset_index(drop=True)
            if len(mine):
                layers[name] = mine
        nowhere = self.findings[dimension < 0]
        if len(nowhere):
            plain = pd.DataFrame(nowhere.drop(columns="geometry"))
            layers["constats_sans_lieu"] = plain.reset_index(drop=True)
        return layers | {"synthese": self.synthesis, "plan": self.plan, "sources": self.sources}

    def to_geojson(self) -> str:
        """Return the findings as GeoJSON, for web maps.

        Returns
        -------
        str
            A feature collection in longitude and latitude, as the standard asks; findings without a
            place have a null geometry.

        References
        ----------
        .. [1] RFC 7946, The GeoJSON Format.
        """
        plain = self.findings.to_crs("EPSG:4326")
        columns = {
            c: plain[c].astype(object).where(plain[c].notna(), None) for c in FINDING_COLUMNS
        }
        return str(plain.assign(**columns).to_json(drop_id=True, ensure_ascii=False))

    def to_tables(self) -> dict[str, pd.DataFrame]:
        """Return the frames of the review, to be kept.

        Returns
        -------
        dict of str to pandas.DataFrame
            `from_tables` makes the review of them again.
        """
        return {"findings": self.findings, "synthesis": self.synthesis, "plan": self.plan,
                "sources": self.sources}  # fmt: skip

    @classmethod
    def from_tables(cls, tables: Mapping[str, pd.DataFrame], lang: Lang) -> Review:
        """Return the review that `to_tables` gave the frames of.

        Parameters
        ----------
        tables : mapping of str to pandas.DataFrame
            The frames.
        lang : {"fr", "en"}
            Language of their texts.

        Returns
        -------
        Review
            The same.
        """
        findings = gpd.GeoDataFrame(tables["findings"], geometry="geometry", crs=CRS)
        name = str(tables["plan"]["name"].iloc[0])
        return cls(name, lang, findings, tables["synthesis"], tables["plan"], tables["sources"])

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {level}" for level, n in self.count_levels().items() if n)
        communes = self.synthesis["insee"].nunique()
        return f"<Review {self.name}: {communes} communes, {counts or 'no finding'}>"

    def _repr_html_(self) -> str:
        shown = self.findings[["rule", "level", "commune", "objet", "message"]]
        then = (".summary()", ".findings", ".synthesis", ".to_layers()")
        return frame_table(self, shown, then=then)


def review_plan(
    plan: Plan,
    reference: Reference,
    *,
    rules: Iterable[str | Rule] | None = None,
    thresholds: Mapping[str, float] | None = None,
    lang: Lang = "fr",
) -> Review:
    """Return what a plan forgets, misplaces or endangers, and what to do about it.

    Parameters
    ----------
    plan : tvb.plan.Plan
        From `tvb.io.read_plan`.
    reference : Reference
        From `Reference.of`. A rule that needs a layer which is lacking answers « non évalué ».
    rules : iterable of str or Rule, optional
        Ids (``U1.2``) or families (``U1``), or rules of one's own; by default all.
    thresholds : mapping of str to float, optional
        Other values of thresholds, by name: see `tvb.plu.thresholds_table`.
    lang : {"fr", "en"}
        Language of messages and questions. Levels and statuses stay French: they are codes.

    Returns
    -------
    Review
        Findings, synthesis, sources.

    Raises
    ------
    ParameterError
        If a rule, a threshold or the language is unknown.

    Notes
    -----
    Two runs give the same rows in the same order, whatever the order of the rows of the plan and of
    the reference.

    Examples
    --------
    >>> review = review_plan(plan, Reference.of(territory))  # doctest: +SKIP
    >>> print(review.summary())  # doctest: +SKIP
    """
    if lang not in ("fr", "en"):
        raise ParameterError(explain("lang", f"« {lang} »", required="fr or en"))
    chosen = select_rules(rules)
    case = Case(plan, reference, check_thresholds(thresholds))
    names = _names(reference)
    answers = [(rule, *_ask(rule, case, lang)) for rule in chosen]
    findings = _findings([(r, f) for r, o, _ in answers if o for f in o.found], names, lang)
    known = set(case.communes["insee"]) if reference.has("communes") else set()
    return Review(
        plan.name,
        lang,
        findings,
        _synthesis(answers, plan, known=known, names=names, lang=lang),
        _describe(plan),
        _sources(plan, reference),
    )


def _names(reference: Reference) -> dict[str, str]:
    if not reference.has("communes"):
        return {}
    table = reference.layer("communes")
    return dict(zip(table["insee"], table["nom"], strict=True)) if "nom" in table else {}


def _ask(rule: Rule, case: Case, lang: Lang) -> tuple[Outcome | None, str]:
    """Return the answer of a rule, or None and what it lacks."""
    lacking = [need for need in rule.needs if case.lacks(need)]
    if lacking:
        return None, _ABSENT[lang] + ", ".join(lacking)
    if "communes" in rule.needs and case.communes.empty:
        return None, _UNKNOWN[lang]
    return rule.find(case), ""


def _rounded(measure: float | None) -> float | None:
    """Return a measure without what the overlay of coordinates of 7 000 km leaves behind it."""
    return None if measure is None else round(measure, _DIGITS) + 0.0


def _findings(
    found: Sequence[tuple[Rule, Found]], names: Mapping[str, str], lang: Lang
) -> gpd.GeoDataFrame:  # fmt: skip
    rows = [
        (
            rule.id, f.level or rule.level, f.insee, names.get(f.insee or ""), f.objet, f.libelle,
            f.table, _rounded(f.measure), f.unit, rule.law, rule.explain(f, lang),
        )
        for rule, f in found
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(FINDING_COLUMNS))
    texts = dict.fromkeys([c for c in FINDING_COLUMNS if c != "measure"], "str")
    table = table.astype({**texts, "measure": "float64"})
    shapes = np.array([f.geometry for _, f in found] + [None], dtype=object)[:-1]
    shapes[shapely.is_empty(shapes)] = None
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)
    rank = {name: at for at, name in enumerate(dict.fromkeys(r.id for r, _ in found))}
    keys = table.assign(
        rank=[rank[name] for name in table["rule"]], insee=table["insee"].fillna(""),
        shape=shapely.to_wkb(shapes, hex=True),
    )  # fmt: skip
    keys["shape"] = keys["shape"].fillna("")
    order = keys.sort_values(["rank", "insee", "table", "objet", "measure", "message", "shape"],
                             kind="stable").index  # fmt: skip
    return frame.loc[order].reset_index(drop=True)


def _synthesis(
    answers: Sequence[tuple[Rule, Outcome | None, str]],
    plan: Plan,
    *,
    known: set[str],
    names: Mapping[str, str],
    lang: Lang,
) -> pd.DataFrame:
    """Return one row for each commune and rule."""
    rows = []
    for insee in plan.communes:
        for rule, outcome, lacking in answers:
            status, level, count, note = _judge(rule, outcome, insee, lacking=lacking)
            if outcome is not None and "communes" in rule.needs and insee not in known:
                status, level, count, note = "non évalué", None, 0, _UNKNOWN[lang]
            rows.append((insee, names.get(insee), rule.id, rule.family, rule.question.say(lang),
                         status, level, count, note))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(_SYNTHESIS))
    texts = dict.fromkeys([c for c in _SYNTHESIS if c != "findings"], "str")
    return table.astype({**texts, "findings": "int64"})


def _judge(
    rule: Rule, outcome: Outcome | None, insee: str, *, lacking: str
) -> tuple[str, str | None, int, str]:
    """Return status, gravest level, number of findings and note."""
    if outcome is None:
        return "non évalué", None, 0, lacking
    mine = [f for f in outcome.found if f.insee in (insee, None)]
    if mine:
        levels = [f.level or rule.level for f in mine]
        return "constat", min(levels, key=LEVELS.index), len(mine), ""
    judged = outcome.communes is None or insee in outcome.communes
    return ("conforme" if judged else "sans objet"), None, 0, ""


def _describe(plan: Plan) -> pd.DataFrame:
    row: dict[str, Any] = {
        "name": plan.name, "kind": plan.kind, "version": plan.version,
        "approved": plan.approved.isoformat() if plan.approved else None, "siren": plan.siren,
        "communes": " ".join(plan.communes), "zones": len(plan.zones),
        "prescriptions": len(plan.prescriptions), "infos": len(plan.infos), "sup": len(plan.sup),
    }  # fmt: skip
    texts = dict.fromkeys(("name", "kind", "version", "approved", "siren", "communes"), "str")
    return pd.DataFrame([row]).astype(texts)


def _sources(plan: Plan, reference: Reference) -> pd.DataFrame:
    return sources_table((*plan.sources, *reference.sources))
