"""How a building comes to count: what exposes it, what leaves it out, where it counts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import is_number, require_columns, require_index
from tvb.geometry.arrays import BoolArray, FloatArray
from tvb.names import normalise_name
from tvb.schema import require_type

if TYPE_CHECKING:
    from tvb.flood.placing import Placing

__all__ = [
    "DEFAULT_EXCLUDED",
    "DEFAULT_RULE",
    "EXCLUDED_BY",
    "CountingRule",
    "Exclusion",
    "ExposureRule",
    "flag_excluded_buildings",
    "judge_measures",
    "measure_of",
    "require_columns",
    "require_index",
]

ExposureRule = Literal["touches", "centroid", "share"]
Exclusion = Literal["light", "annexe", "not_in_service"]

DEFAULT_EXCLUDED: tuple[Exclusion, ...] = ("light", "annexe", "not_in_service")
"""Buildings that a count leaves out unless told otherwise."""

EXCLUDED_BY = ("construction_legere", "usage_1", "etat_de_l_objet")
"""Columns that say so, in that order."""

_MEASURES: dict[ExposureRule, str] = {
    "touches": "touched", "centroid": "centroid_in", "share": "share",
}  # fmt: skip
# Shares come from coordinates of 7 000 km: one that reaches the threshold may miss it by this.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class CountingRule:
    """The choices that a number of exposed buildings depends on; every table states them.

    Parameters
    ----------
    exposure : {"touches", "centroid", "share"}
        What exposes a building: see `tvb.flood.flag_exposed_buildings`.
    min_share : float
        For "share": the least share of the footprint, above 0 and at most 1.
    exclude : tuple of {"light", "annexe", "not_in_service"}
        Buildings not to count: see `flag_excluded_buildings`.
    attribution : str
        The commune in which a building counts: "largest_share" or "centroid" (see
        `tvb.geometry.attribute_to_commune`), or else the column of the buildings that holds its
        code.

    Raises
    ------
    ParameterError
        If the rule, the share or an exclusion is not accepted.

    Examples
    --------
    >>> CountingRule("share", min_share=0.25, exclude=()).describe()
    {'rule': 'share >= 0.25', 'exclude': 'nothing', 'attribution': 'largest_share'}
    """

    exposure: ExposureRule = "touches"
    min_share: float = 0.5
    exclude: tuple[Exclusion, ...] = DEFAULT_EXCLUDED
    attribution: str = "largest_share"

    def __post_init__(self) -> None:
        if not (is_number(self.min_share) and 0 < self.min_share <= 1):
            raise ParameterError(
                explain(
                    "min_share", f"{self.min_share} is not a share", required="above 0, at most 1"
                )
            )
        accepted = get_args(ExposureRule)
        if self.exposure not in accepted:
            raise ParameterError(
                explain(
                    "rule", f"« {self.exposure} » is unknown",
                    required="one of " + ", ".join(accepted),
                )
            )  # fmt: skip
        _require_exclusions(self.exclude)

    def describe(self) -> dict[str, str]:
        """Return the columns that state the rule in a table.

        Returns
        -------
        dict of str to str
            ``rule``, ``exclude`` (reasons in a fixed order) and ``attribution``.
        """
        reasons = [reason for reason in get_args(Exclusion) if reason in self.exclude]
        share = f"share >= {self.min_share:g}"
        return {
            "rule": share if self.exposure == "share" else self.exposure,
            "exclude": ", ".join(reasons) or "nothing",
            "attribution": self.attribution,
        }

    @property
    def measure(self) -> str:
        """What the rule looks at: a measure of `tvb.flood.measure_exposure`."""
        return _MEASURES[self.exposure]

    def judge(self, placing: Placing) -> BoolArray:
        """Return which buildings of a placing are exposed.

        Parameters
        ----------
        placing : tvb.flood.placing.Placing
            Buildings in the zones of one scenario.

        Returns
        -------
        numpy.ndarray
            One answer for each building.
        """
        measured = getattr(placing, self.measure)()
        exposed: BoolArray = self.reaches(measured) if self.exposure == "share" else measured
        return exposed

    def reaches(self, share: FloatArray) -> BoolArray:
        """Return which shares reach the least one.

        Parameters
        ----------
        share : numpy.ndarray
            Shares of footprints, 0 to 1.

        Returns
        -------
        numpy.ndarray
            True from `min_share` on, to 1e-9.
        """
        return share >= self.min_share * (1 - _EQUAL)


def flag_excluded_buildings(
    buildings: pd.DataFrame, *, exclude: Collection[Exclusion] = DEFAULT_EXCLUDED
) -> pd.DataFrame:
    """Return which buildings a count leaves out, and why.

    Parameters
    ----------
    buildings : pandas.DataFrame
        Columns of the schema ``buildings``.
    exclude : collection of {"light", "annexe", "not_in_service"}
        Light constructions (``construction_legere`` true); annexes (``usage_1`` « Annexe »);
        projects, building sites and ruins (``etat_de_l_objet`` other than « En service », in
        whatever case). A null value excludes nothing.

    Returns
    -------
    pandas.DataFrame
        One boolean column for each reason asked for, on the index of the buildings. A building may
        have several: ``.sum()`` counts by reason, ``.any(axis=1).sum()`` in all.

    Raises
    ------
    LayerError
        If a column is missing, or ``construction_legere`` holds something else than true and false.
    ParameterError
        If a reason is unknown.
    """
    require_type(buildings, pd.DataFrame, "buildings")
    _require_exclusions(exclude)
    reasons: dict[Exclusion, tuple[str, Callable[[pd.Series[Any]], pd.Series[bool]]]] = {
        "light": ("construction_legere", _is_true),
        "annexe": ("usage_1", lambda use: use.eq("Annexe")),
        "not_in_service": ("etat_de_l_objet", lambda state: ~_says(state, "en service")),
    }
    found = {}
    for reason, (column, test) in reasons.items():
        if reason in exclude:
            require_columns(buildings, "buildings", column)
            found[reason] = test(buildings[column]).fillna(value=False).astype(bool)
    return pd.DataFrame(found, index=buildings.index)


def _is_true(values: pd.Series[Any]) -> pd.Series[bool]:
    """Return what is true; a text such as « Oui » is not taken for false."""
    if not pd.api.types.is_bool_dtype(values.dtype):
        wrong = values.notna() & ~values.isin([True, False])
        if wrong.any():
            raise LayerError(
                explain(
                    "buildings", f"« {values.name} » holds « {values[wrong].iloc[0]} »",
                    count=int(wrong.sum()), ids=values.index[wrong],
                    required="true, false or null",
                    remedy="read the file with tvb.io.read_layer, which reads « Oui » and « Non »",
                )
            )  # fmt: skip
    return values.eq(True)


def _says(values: pd.Series[Any], words: str) -> pd.Series[bool]:
    """Return which texts are some words, in any case, accents or not; null and blank say all."""
    meant = [t for t in values.dropna().unique() if normalise_name(str(t)) in (words, "")]
    return values.isna() | values.isin(meant)


def judge_measures(exposure: pd.DataFrame, rule: CountingRule) -> pd.DataFrame:
    """Return which buildings a rule exposes in each scenario.

    Parameters
    ----------
    exposure : pandas.DataFrame
        From `tvb.flood.measure_exposure`; or flags by that very rule, returned as they are.
    rule : CountingRule
        The rule.

    Returns
    -------
    pandas.DataFrame
        One boolean column for each scenario, on the index of the buildings.
    """
    if exposure.columns.nlevels == 1:
        return exposure
    measured = measure_of(exposure, rule.measure)
    if rule.exposure != "share":
        return measured
    flags = rule.reaches(measured.to_numpy(dtype=float))
    return pd.DataFrame(flags, index=measured.index, columns=measured.columns)


def measure_of(exposure: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return one measure of a table of measures, by scenario.

    Parameters
    ----------
    exposure : pandas.DataFrame
        From `tvb.flood.measure_exposure`.
    name : str
        The measure.

    Returns
    -------
    pandas.DataFrame
        One column for each scenario; none if the table does not have the measure.
    """
    mine = exposure.columns.get_level_values("measure") == name
    return exposure.loc[:, mine].droplevel("measure", axis="columns")


def _require_exclusions(exclude: Collection[Exclusion]) -> None:
    unknown = [reason for reason in exclude if reason not in get_args(Exclusion)]
    if unknown:
        raise ParameterError(
            explain(
                "exclude",
                f"« {unknown[0]} » is unknown",
                required="any of " + ", ".join(get_args(Exclusion)),
            )
        )


DEFAULT_RULE = CountingRule()
"""By touch; light buildings, annexes and what is not in service left out; commune by area."""
