"""Many plans, one at a time: who has transcribed what, and since when."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd

from tvb.display import frame_table, tell_count
from tvb.plan import LEVELS, Plan
from tvb.plu.declare import Lang, Rule
from tvb.plu.reference import Reference, hash_frame
from tvb.plu.review import FINDING_COLUMNS, Review, review_plan
from tvb.plu.rules import RULES, RULES_VERSION, check_thresholds, select_rules
from tvb.plu.transcription import FAULT_OF_RULE
from tvb.progress import Bar
from tvb.schema import CRS

__all__ = [
    "Delivery",
    "Portfolio",
    "ReviewCache",
    "Reviewed",
    "gather_reviews",
    "iter_reviews",
    "review_portfolio",
]

_WORDS = {
    "missing": "absent", "miscoded": "autre code", "shifted": "décalé", "partial": "partiel",
    "beyond": "débordant",
}  # fmt: skip
_PERIMETERS = ("property", "buffer")
_COUNTS = {"bloquant": "bloquant", "à corriger": "a_corriger", "à vérifier": "a_verifier",
           "information": "information"}  # fmt: skip
_OWNER = re.compile(r"[0-9][0-9AB][0-9]{3}(?=_|$)")
_NO_PLAN = "sans plan"
_ORDER = ("state", "plan", "version", "approved")
_TEXTS = ("insee", "commune", *_ORDER, *_PERIMETERS, "error")


class Delivery(Protocol):
    """A plan that can be read when its turn comes, such as `tvb.io.StoredDelivery`."""

    @property
    def name(self) -> str:
        """Name of the delivery."""

    def checksum(self) -> str:
        """Return a digest that changes with the delivery."""

    def read(self) -> Plan:
        """Return the plan."""


class ReviewCache(Protocol):
    """Where reviews are kept from one run to the next, such as `tvb.io.ReviewStore`."""

    def load(self, key: str) -> Mapping[str, pd.DataFrame] | None:
        """Return the frames kept under a key, or None."""

    def save(self, key: str, tables: Mapping[str, pd.DataFrame]) -> None:
        """Keep frames under a key."""


@dataclass(frozen=True, slots=True)
class _InHand:
    """A plan that was read already."""

    plan: Plan

    @property
    def name(self) -> str:
        return self.plan.name

    def checksum(self) -> str:
        plan = self.plan
        frames = (plan.zones, plan.prescriptions, plan.infos, plan.habillage, plan.sup,
                  plan.doc_urba, plan.doc_urba_com, plan.findings)  # fmt: skip
        texts = [repr((plan.name, plan.versions, plan.communes)), *map(hash_frame, frames)]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    def read(self) -> Plan:
        return self.plan


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of one delivery.

    Parameters
    ----------
    name : str
        The delivery.
    state : {"revu", "inchangé", "échec"}
        Reviewed now; taken from the cache; or not reviewed because of an error.
    review : Review or None
        None where there was an error.
    error : str
        Its message.
    """

    name: str
    state: str
    review: Review | None = None
    error: str = ""

    def __repr__(self) -> str:
        told = self.error if self.review is None else repr(self.review)
        return f"<Reviewed {self.name}: {self.state}, {told}>"


@dataclass(frozen=True, repr=False)
class Portfolio:
    """Where each commune stands with its plan.

    Parameters
    ----------
    communes : pandas.DataFrame
        One row for each commune, in order of code: ``insee``, ``commune``, ``state`` (``revu``,
        ``inchangé``, ``échec``, ``sans plan``), ``plan``, ``version``, ``approved``, ``property``
        and ``buffer`` (``transcrit``, ``absent``, ``autre code``, ``décalé``, ``partiel``,
        ``débordant``, ``sans objet``, ``non évalué``; null without plan),
        ``elements_unprotected``, numbers of findings by level, ``plans`` (how many reviewed
        deliveries cover the commune: the latest approved one counts) and ``error``.
    plans : pandas.DataFrame
        One row for each delivery: ``delivery``, ``state``, ``plan``, ``version``, ``approved``,
        ``communes``, numbers of findings by level, ``error``.
    findings : geopandas.GeoDataFrame
        Findings of all plans, with ``plan`` before them.
    synthesis : pandas.DataFrame
        Synthesis of all plans, with ``plan`` before it.
    """

    communes: pd.DataFrame
    plans: pd.DataFrame
    findings: gpd.GeoDataFrame
    synthesis: pd.DataFrame

    def summary(self) -> str:
        """Return how many communes stand where.

        Returns
        -------
        str
            Several lines.
        """
        sizes = ((len(self.communes), "commune"), (len(self.plans), "plan"))
        lines = [", ".join(tell_count(*size) for size in sizes)]
        for column in ("state", *_PERIMETERS):
            counts = self.communes[column].value_counts().sort_index()
            lines.append(f"  {column}: " + ", ".join(f"{word} ({n})" for word, n in counts.items()))
        lines += [f"  {row.delivery}: {row.error}"
                  for row in self.plans[self.plans["state"] == "échec"].itertuples()]  # fmt: skip
        return "\n".join(lines)

    def __repr__(self) -> str:
        states = self.plans["state"].value_counts().sort_index()
        told = ", ".join(f"{n} {word}" for word, n in states.items())
        return f"<Portfolio: {len(self.communes)} communes, {told or 'no plan'}>"

    def _repr_html_(self) -> str:
        counted = ("elements_unprotected", _COUNTS[LEVELS[0]])
        shown = ["insee", "commune", "state", "plan", "approved", *_PERIMETERS, *counted]
        return frame_table(
            self, self.communes[shown], then=(".summary()", ".communes", ".plans", ".findings")
        )


def iter_reviews(
    deliveries: Iterable[Delivery | Plan],
    reference: Reference,
    *,
    cache: ReviewCache | None = None,
    rules: Iterable[str | Rule] | None = None,
    thresholds: Mapping[str, float] | None = None,
    lang: Lang = "fr",
    progress: bool | None = None,
) -> Iterator[Reviewed]:
    """Yield the review of each plan; one plan at a time is in memory.

    Parameters
    ----------
    deliveries : iterable of Delivery or tvb.plan.Plan
        In the order wanted.
    reference : Reference
        What plans are held against.
    cache : ReviewCache, optional
        Reviews kept. A plan is not reviewed again as long as its checksum, the reference, the
        rules, the thresholds and the language are the same. Not used with rules of one's own, whose
        code may have changed.
    rules, thresholds, lang
        As `review_plan` takes them.
    progress : bool, optional
        Whether to show a progress bar; by default after two seconds, where someone looks.

    Yields
    ------
    Reviewed
        An error of one delivery is told, and the others go on.

    Raises
    ------
    ParameterError
        If a rule or a threshold is unknown.
    """
    chosen, values = select_rules(rules), check_thresholds(thresholds)
    kept = cache if all(rule in RULES for rule in chosen) else None
    salt = repr((RULES_VERSION, [r.id for r in chosen], sorted(values.items()), lang))
    listed = list(deliveries)
    with Bar("plans", unit="plans", total=len(listed), shown=progress) as bar:
        for given in listed:
            delivery = _InHand(given) if isinstance(given, Plan) else given
            try:
                key = hashlib.sha256(
                    "\n".join([delivery.checksum(), reference.checksum(), salt]).encode()
                ).hexdigest()
                tables = kept.load(key) if kept is not None else None
                if tables is not None:
                    yield Reviewed(delivery.name, "inchangé", Review.from_tables(tables, lang))
                else:
                    review = review_plan(
                        delivery.read(), reference, rules=chosen, thresholds=values, lang=lang
                    )
                    if kept is not None:
                        kept.save(key, review.to_tables())
                    yield Reviewed(delivery.name, "revu", review)
            # Deliveries come from many hands: whatever is wrong with one, the others count.
            except Exception as error:
                yield Reviewed(delivery.name, "échec", error=f"{type(error).__name__}: {error}")
            bar.advance(1)


def review_portfolio(
    deliveries: Iterable[Delivery | Plan],
    reference: Reference,
    *,
    communes: Sequence[str] | None = None,
    cache: ReviewCache | None = None,
    rules: Iterable[str | Rule] | None = None,
    thresholds: Mapping[str, float] | None = None,
    lang: Lang = "fr",
    progress: bool | None = None,
) -> Portfolio:
    """Return where each commune stands with its plan, in one pass over the deliveries.

    Parameters
    ----------
    deliveries : iterable of Delivery or tvb.plan.Plan
        Such as `tvb.io.find_deliveries` lists; they are taken in order of name.
    reference : Reference
        What plans are held against.
    communes : sequence of str, optional
        INSEE codes of the table, those of an intercommunality for instance; by default all those of
        the reference and of the plans.
    cache : ReviewCache, optional
        Such as `tvb.io.ReviewStore`: plans that did not change are not reviewed again.
    rules, thresholds, lang, progress
        As `iter_reviews` takes them.

    Returns
    -------
    Portfolio
        Tables of communes and plans, all findings.

    Raises
    ------
    ParameterError
        If a rule or a threshold is unknown.
    """
    ordered = sorted(deliveries, key=lambda d: d.name)
    found = list(
        iter_reviews(ordered, reference, cache=cache, rules=rules, thresholds=thresholds,
                     lang=lang, progress=progress)
    )  # fmt: skip
    return gather_reviews(found, reference, communes=communes)


def gather_reviews(
    found: Sequence[Reviewed], reference: Reference, *, communes: Sequence[str] | None = None
) -> Portfolio:
    """Return where each commune stands, from reviews at hand.

    Parameters
    ----------
    found : sequence of Reviewed
        What `iter_reviews` yields.
    reference : Reference
        What the plans were held against.
    communes : sequence of str, optional
        As `review_portfolio` takes them.

    Returns
    -------
    Portfolio
        As `review_portfolio` gives it.

    Examples
    --------
    >>> reviews = list(iter_reviews(deliveries, reference))  # doctest: +SKIP
    >>> portfolio = gather_reviews(reviews, reference)  # doctest: +SKIP
    """
    reviews = [r.review for r in found if r.review is not None]
    synthesis = _stack([(r.name, r.synthesis) for r in reviews])
    findings = _stack([(r.name, r.findings) for r in reviews])
    if not isinstance(findings, gpd.GeoDataFrame):
        empty: dict[str, list[object]] = {c: [] for c in ("plan", *FINDING_COLUMNS)}
        findings = gpd.GeoDataFrame(empty, geometry=[], crs=CRS)
    return Portfolio(_communes(found, reference, communes), _plans(found), findings, synthesis)


def _stack(tables: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Return tables one below the other, with the name of the plan of each before it."""
    named = []
    for name, table in tables:
        copy = table.copy(deep=False)
        copy.insert(0, "plan", pd.Series(name, index=table.index, dtype="str"))
        named.append(copy)
    stacked: pd.DataFrame = pd.concat(named, ignore_index=True) if named else pd.DataFrame()
    return stacked


def _levels(levels: pd.Series[str]) -> dict[str, int]:
    counts = levels.value_counts()
    return {_COUNTS[level]: int(counts.get(level, 0)) for level in LEVELS}


def _plans(found: Sequence[Reviewed]) -> pd.DataFrame:
    rows = []
    for one in found:
        row: dict[str, object] = {"delivery": one.name, "state": one.state}
        if one.review is not None:
            told = one.review.plan.iloc[0]
            row |= {"plan": told["name"], "version": told["version"],
                    "approved": told["approved"], "communes": told["communes"],
                    **_levels(one.review.findings["level"])}  # fmt: skip
        rows.append(row | {"error": one.error})
    columns = ["delivery", "state", "plan", "version", "approved", "communes",
               *_COUNTS.values(), "error"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    counts = dict.fromkeys(_COUNTS.values(), "Int64")
    texts = dict.fromkeys([c for c in columns if c not in counts], "str")
    return table.astype({**texts, **counts})


def _communes(
    found: Sequence[Reviewed], reference: Reference, wanted: Sequence[str] | None
) -> pd.DataFrame:
    """Return one row for each commune."""
    layer = reference.layer("communes") if reference.has("communes") else None
    names = {} if layer is None else dict(zip(layer["insee"], layer["nom"], strict=True))
    rows = _rows_of_plans(found)
    for one in found:
        owner = _OWNER.match(one.name)
        if one.review is None and owner and owner[0] not in rows:
            rows[owner[0]] = {"state": one.state, "error": one.error}
    codes = sorted(set(wanted) if wanted is not None else set(names) | set(rows))
    table = pd.DataFrame(
        [
            {"insee": c, "commune": names.get(c), "state": _NO_PLAN, "plans": 0} | rows.get(c, {})
            for c in codes
        ],
        columns=["insee", "commune", *_ORDER, *_PERIMETERS, "elements_unprotected",
                 *_COUNTS.values(), "plans", "error"],
    )  # fmt: skip
    counts = dict.fromkeys(("elements_unprotected", *_COUNTS.values(), "plans"), "Int64")
    return table.astype({**dict.fromkeys(_TEXTS, "str"), **counts})


def _rows_of_plans(found: Sequence[Reviewed]) -> dict[str, dict[str, object]]:
    """Return what the latest plan of each commune says."""
    rows: dict[str, dict[str, object]] = {}
    dated = sorted((r for r in found if r.review is not None), key=_age)
    for one in dated:
        review = one.review
        assert review is not None  # noqa: S101 (chosen so above)
        told = review.plan.iloc[0]
        for insee, mine in review.synthesis.groupby("insee", sort=True):
            findings = review.findings
            here = findings["insee"].isna() | (findings["insee"] == insee)
            number = int(rows.get(str(insee), {}).get("plans", 0))  # type: ignore[call-overload]
            rows[str(insee)] = {
                "state": one.state, "plan": told["name"], "version": told["version"],
                "approved": told["approved"], "plans": number + 1,
                **{p: _transcription(mine, p) for p in _PERIMETERS},
                "elements_unprotected": int(mine.loc[mine["rule"] == "U2.1", "findings"].sum()),
                **_levels(findings.loc[here, "level"]),
            }  # fmt: skip
    return rows


def _age(one: Reviewed) -> tuple[str, str]:
    """Return date of approval and name, the unknown date first."""
    approved = one.review.plan["approved"].iloc[0] if one.review is not None else None
    return (approved if isinstance(approved, str) else "", one.name)


def _transcription(synthesis: pd.DataFrame, perimeter: str) -> str:
    """Return in one word how a commune's plan transcribes a perimeter."""
    status = synthesis.set_index("rule")["status"]
    mine: dict[str, Any] = {
        fault: status.get(rule)
        for rule, (layer, fault) in FAULT_OF_RULE.items()
        if layer == perimeter
    }
    for fault, word in _WORDS.items():
        if mine.get(fault) == "constat":
            return word
    if mine["missing"] in ("conforme", "sans objet"):
        return "transcrit" if mine["missing"] == "conforme" else "sans objet"
    return "non évalué"
