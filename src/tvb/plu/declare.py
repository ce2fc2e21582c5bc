"""What a rule of the plan review is: a question, a law, thresholds, and a function that answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tvb.display import parts_table, rows_table
from tvb.messages.typography import Counted, mark_number
from tvb.plan import Level

if TYPE_CHECKING:
    from tvb.plu.case import Case

__all__ = ["Found", "Lang", "Outcome", "Rule", "Threshold", "Words", "format_fact"]

Lang = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages.

    Parameters
    ----------
    fr, en : str
        The text.
    """

    fr: str
    en: str

    def say(self, lang: Lang) -> str:
        """Return the text in one language.

        Parameters
        ----------
        lang : {"fr", "en"}
            Which.

        Returns
        -------
        str
            The text.
        """
        return self.fr if lang == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number on which the answer of a rule depends.

    Parameters
    ----------
    name : str
        By which `tvb.plu.review_plan` takes another value; it ends with its unit.
    value : float
        Unless told otherwise.
    unit : str
        As people write it.
    meaning : Words
        What it decides.
    source : Words
        Where the value comes from, or why it was chosen.
    """

    name: str
    value: float
    unit: str
    meaning: Words
    source: Words

    def __repr__(self) -> str:
        return f"<Threshold {self.name}: {self.value:g} {self.unit}, {self.meaning.en}>"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a rule found.

    Parameters
    ----------
    insee : str or None
        Commune; None where it concerns the whole plan.
    objet : str
        Zone, row or object of the reference that is at fault.
    measure : float or None
        How much.
    unit : str
        Of the measure.
    geometry : shapely.Geometry or None
        Where.
    facts : mapping of str to object
        What the message of the rule tells beside ``measure`` and ``objet``.
    table, libelle : str
        Table of the plan and label of the row, where there is one.
    level : str, optional
        Instead of that of the rule.
    message : Words, optional
        Instead of that of the rule.
    """

    insee: str | None
    objet: str
    measure: float | None = None
    unit: str = ""
    geometry: Any = None
    facts: Mapping[str, object] = field(default_factory=dict)
    table: str = ""
    libelle: str = ""
    level: Level | None = None
    message: Words | None = None

    def __repr__(self) -> str:
        where = self.insee or "whole plan"
        measure = "" if self.measure is None else f", {self.measure:g} {self.unit}".rstrip()
        return f"<Found: {self.objet}, {where}{measure}>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule answers for a plan.

    Parameters
    ----------
    found : sequence of Found
        What is to be told.
    communes : collection of str, optional
        Communes where there was something to judge; by default all those of the plan.
    """

    found: Sequence[Found] = ()
    communes: Collection[str] | None = None

    def __repr__(self) -> str:
        return f"<Outcome: {len(self.found)} found>"

    def _repr_html_(self) -> str:
        heads = ("insee", "objet", "measure", "unit", "table", "libelle", "level")
        rows = [[getattr(one, name) for name in heads] for one in self.found]
        return rows_table(self, heads, rows)


@dataclass(frozen=True, slots=True)
class Rule:
    """One question put to a plan.

    Parameters
    ----------
    id : str
        Such as ``U1.2``; the part before the point names the family.
    question : Words
        Put so that « yes » is well.
    message : Words
        What a finding says, and what to do: a pattern filled with ``objet``, ``measure``, ``unit``
        and the facts of `Found`. ``{measure:|s}`` is what agrees with a number: what stands before
        the bar in the singular, what stands after it in the plural.
    law : str
        Articles; of the Code de l'urbanisme unless said.
    level : {"bloquant", "à corriger", "à vérifier", "information"}
        How much a finding matters.
    needs : tuple of str
        Layers of the reference (such as ``property``) and parts of the plan (such as
        ``plan.zones``) without which there is no answer.
    find : callable
        From a `tvb.plu.case.Case` to an `Outcome`.
    thresholds : tuple of Threshold
        Numbers that the answer depends on.
    """

    id: str
    question: Words
    message: Words
    law: str
    level: Level
    needs: tuple[str, ...]
    find: Callable[[Case], Outcome]
    thresholds: tuple[Threshold, ...] = ()

    @property
    def family(self) -> str:
        """Letters and number before the point."""
        return self.id.split(".", 1)[0]

    def explain(self, found: Found, lang: Lang) -> str:
        """Return what a finding says.

        Parameters
        ----------
        found : Found
            The finding.
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            One or two sentences.
        """
        facts = {"objet": found.objet, "measure": found.measure, "unit": found.unit} | dict(
            found.facts
        )
        told = {name: _counted(value, lang) for name, value in facts.items()}
        return (found.message or self.message).say(lang).format_map(told)

    def __repr__(self) -> str:
        return f"<Rule {self.id} ({self.level}): {self.question.en}>"

    def _repr_html_(self) -> str:
        parts = {
            "level": self.level,
            "question": self.question.fr,
            "law": self.law,
            "needs": ", ".join(self.needs),
            **{one.name: f"{one.value:g} {one.unit}" for one in self.thresholds},
        }
        then = ("tvb.plu.rules_table()", "tvb.plu.thresholds_table()")
        return parts_table(self, parts, then=then)


def _counted(value: object, lang: Lang) -> str:
    """Return a value as a message writes it, a number such that words agree with what is shown."""
    text = format_fact(value, lang)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Counted(round(float(value), 1), lang, text) if is_number else text  # type: ignore[arg-type]


def format_fact(value: object, lang: Lang) -> str:
    """Return a value as a message writes it.

    Parameters
    ----------
    value : object
        Words, a number, or anything else.
    lang : {"fr", "en"}
        Language; French has a decimal comma and thin spaces between thousands.

    Returns
    -------
    str
        Numbers of 100 or more without decimals, smaller ones with one, those below 1 with two
        significant digits.

    Examples
    --------
    >>> format_fact(65.04, "fr"), format_fact(12345.6, "en"), format_fact(0.0214, "fr")
    ('65', '12,346', '0,021')
    """
    if isinstance(value, Words):
        return value.say(lang)
    if value is None or isinstance(value, (str, bool)):
        return "" if value is None else str(value)
    if not isinstance(value, (int, float)):
        return str(value)
    size = abs(round(value, 6))
    text = f"{value:,.0f}" if size >= 100 or size == 0 else f"{value:.1f}".removesuffix(".0")
    if 0 < size < 1:
        text = f"{value:.2g}"
    return mark_number(text, lang)
