"""Key figures of a place beside those of its intercommunality and of the whole study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from tvb.display import frame_table
from tvb.dossier.results import Results
from tvb.dossier.texts import amount, percent, tell
from tvb.facts import HECTARE_M2
from tvb.heritage import OUTSIDE, Register
from tvb.maps.texts import Lang, number, scenario_name
from tvb.plan import LEVELS

__all__ = [
    "GROUPS",
    "INDICATORS",
    "Figure",
    "Indicator",
    "Measures",
    "Place",
    "figures_of",
    "group_label",
    "measure",
]

Kind = Literal["commune", "epci", "basin"]

_COUNTED_ONCE = {
    "property_elements_met": "property_elements",
    "terrils_met": "terrils",
    "estates_met": "estates",
    "listed_buildings_met": "listed_buildings",
    "pits_met": "pits",
}
_HELD = _COUNTED_ONCE | {
    "property_ha": "property", "buffer_ha": "buffer", "cavaliers_km": "cavaliers",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure that every place has.

    Parameters
    ----------
    key : str
        Its name, and that of its label.
    group : str
        Section that it belongs to.
    decimals : int
        Digits after the mark.
    layers : tuple of str
        Layers from which it comes.
    over : tuple of str, optional
        Numerator and denominator; the indicator is then a share or a density, which is not summed.
    shown_as : {"amount", "percent"}
        How it is written.
    ranked : bool
        Whether a rank says something.
    """

    key: str
    group: str
    decimals: int = 0
    layers: tuple[str, ...] = ()
    over: tuple[str, str] | None = None
    shown_as: Literal["amount", "percent"] = "amount"
    ranked: bool = True

    def write(self, value: float | None, lang: Lang) -> str:
        """Return a value as the tables print it.

        Parameters
        ----------
        value : float or None
            Null where it was not assessed.
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            With its digits.
        """
        if self.shown_as == "percent":
            return percent(value, lang, self.decimals)
        return amount(value, lang, self.decimals)


_COUNT = ("communes", "buildings", "flood_zones")
_GRAPH = ("communes", "core_areas", "terrils", "property_elements", "water_bodies")
_ROUTES = ("communes", "cycle_routes")

INDICATORS: tuple[Indicator, ...] = (
    Indicator("population", "land"),
    Indicator("area_km2", "land", 1, ranked=False),
    Indicator("density", "land", over=("population", "area_km2")),
    Indicator("property_ha", "property", 1, ("property",)),
    Indicator("property_share", "property", 1, ("property",), ("property_ha", "area_ha"),
              "percent"),
    Indicator("buffer_ha", "property", 1, ("buffer",)),
    Indicator("buffer_share", "property", 1, ("buffer",), ("buffer_ha", "area_ha"), "percent"),
    Indicator("property_elements_met", "property", 0, ("property_elements",)),
    Indicator("terrils_met", "heritage", 0, ("terrils",)),
    Indicator("estates_met", "heritage", 0, ("estates",)),
    Indicator("listed_buildings_met", "heritage", 0, ("listed_buildings",)),
    Indicator("pits_met", "heritage", 0, ("pits",)),
    Indicator("core_areas_ha", "network", 1, ("core_areas",)),
    Indicator("patches_ha", "network", 1, _GRAPH),
    Indicator("ec_share", "network", 1, _GRAPH, shown_as="percent"),
    Indicator("buildings_counted", "flood", 0, ("buildings",), ranked=False),
    Indicator("exposed", "flood", 0, _COUNT),
    Indicator("exposed_share", "flood", 1, _COUNT, ("exposed", "buildings_counted"), "percent"),
    Indicator("dwellings_exposed", "flood", 0, _COUNT),
    Indicator("cycle_open_km", "cycling", 1, _ROUTES),
    Indicator("cycle_planned_km", "cycling", 1, _ROUTES),
    Indicator("cavaliers_km", "cycling", 1, ("cavaliers",)),
    Indicator("findings", "plan", ranked=False),
    Indicator("findings_blocking", "plan", ranked=False),
)  # fmt: skip
"""Key figures, in the order in which they are printed."""

GROUPS = tuple(dict.fromkeys(i.group for i in INDICATORS))
"""Sections that have key figures, in order."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a dossier is about.

    Parameters
    ----------
    kind : {"commune", "epci", "basin"}
        A commune, an intercommunality, or the whole study.
    code : str
        INSEE code or SIREN; empty for the whole.
    name : str
        As published.
    insee : tuple of str
        Codes of its communes.
    epci : str
        SIREN of its intercommunality; empty where there is none or it is not known.
    epci_name : str
        Its name.
    """

    kind: Kind
    code: str
    name: str
    insee: tuple[str, ...]
    epci: str = ""
    epci_name: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure of a place, with what it is compared to; null where it was not assessed.

    Parameters
    ----------
    indicator : Indicator
        What is measured.
    label : str
        In the language of the dossier.
    value, epci, basin : float or None
        Of the place, of its intercommunality and of the whole study.
    partial : tuple of bool
        Whether some communes of the place, the intercommunality, the study were not assessed.
    share : float or None
        Value over that of the study, 0 to 1; null for shares and densities, and where that of the
        study is partial.
    rank : int or None
        1 for the largest; null where the value is nil, not known, or has no rank.
    ranked : int
        How many were ranked.
    nature : {"real", "schematic", "modelled"}
        What the figure is worth.
    """

    indicator: Indicator
    label: str
    value: float | None
    epci: float | None
    basin: float | None
    partial: tuple[bool, bool, bool]
    share: float | None
    rank: int | None
    ranked: int
    nature: str

    def cell(self, which: Literal["value", "epci", "basin"], lang: Lang) -> str:
        """Return one of the three values as text.

        Parameters
        ----------
        which : {"value", "epci", "basin"}
            Which one.
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            « non évalué » where it is not known; « (partiel) » where communes are missing in it.
        """
        text = self.indicator.write(getattr(self, which), lang)
        at = ("value", "epci", "basin").index(which)
        known = getattr(self, which) is not None
        return tell("partial", lang, text) if self.partial[at] and known else text

    def share_cell(self, lang: Lang) -> str:
        """Return the share of the study as text.

        Parameters
        ----------
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            A dash where there is none.
        """
        return tell("none", lang) if self.share is None else percent(self.share, lang)

    def rank_cell(self, lang: Lang) -> str:
        """Return the rank as text.

        Parameters
        ----------
        lang : {"fr", "en"}
            Language.

        Returns
        -------
        str
            A dash where there is none.
        """
        if self.rank is None:
            return tell("none", lang)
        return f"{number(self.rank, lang)} / {number(self.ranked, lang)}"


@dataclass(frozen=True, repr=False)
class Measures:
    """Every indicator of every commune, of every intercommunality and of the whole.

    Parameters
    ----------
    communes : pandas.DataFrame
        On ``insee``; null where it was not assessed.
    epci : pandas.DataFrame
        On ``epci_siren``.
    basin : pandas.Series
        Of the whole.
    partial : pandas.DataFrame
        On ``epci_siren`` and then ``""`` for the whole: whether communes are missing in the value.
    """

    communes: pd.DataFrame
    epci: pd.DataFrame
    basin: pd.Series[Any]
    partial: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Measures: {len(self.communes)} communes, {len(self.communes.columns)} indicators>"

    def _repr_html_(self) -> str:
        return frame_table(self, self.communes, then=(".communes", ".epci", ".basin"))


def measure(results: Results) -> Measures:
    """Return every indicator of every commune, intercommunality and of the whole.

    Parameters
    ----------
    results : Results
        What the study found.

    Returns
    -------
    Measures
        Sums skip what was not assessed and are told to be partial; objects that several communes
        hold count once in a sum; shares and densities are those of the sums.
    """
    communes = _additive(results)
    siren = _siren(results)
    epci = communes.groupby(siren).sum(min_count=1)
    basin = communes.sum(min_count=1).to_frame("").T
    unknown = communes.isna()
    partial = unknown.groupby(siren).any()
    partial.loc[""] = unknown.any()
    if results.register is not None:
        _count_once(results.register, epci, basin)
    for indicator in INDICATORS:
        if indicator.over is not None:
            above, below = indicator.over
            for table in (communes, epci, basin):
                table[indicator.key] = table[above] / table[below].where(table[below] > 0)
            partial[indicator.key] = partial[above] | partial[below]
    return Measures(communes, epci, basin.iloc[0], partial)


def _siren(results: Results) -> pd.Series[Any]:
    if "epci_siren" not in results.table:
        return pd.Series(None, index=results.table.index, dtype="str")
    siren: pd.Series[Any] = results.table["epci_siren"]
    return siren


def _count_once(register: Register, epci: pd.DataFrame, basin: pd.DataFrame) -> None:
    """Put in the sums the objects that several communes hold, counted once."""
    objects = register.objects
    met = objects[~objects["brushed"] & (objects["insee"] != OUTSIDE)]
    for key in basin.columns[basin.notna().all()].intersection(list(_COUNTED_ONCE)):
        layer = _COUNTED_ONCE[key]
        epci[key] = register.epci[key].reindex(epci.index).astype("float64")
        basin[key] = float(met.loc[met["layer"] == layer, "feature"].nunique())


def _additive(results: Results) -> pd.DataFrame:
    """Return what can be summed, one row for each commune."""
    table = results.table
    index = table.index
    held = results.register.communes if results.register is not None else table
    columns: dict[str, pd.Series[Any]] = {
        "population": _take(table, "population", index),
        "area_km2": table.area / 1e6,
        "area_ha": table.area / HECTARE_M2,
    }
    kept = ("patches_ha", "ec_share", "buildings_counted")
    columns |= {key: _take(table, key, index) for key in kept}
    columns |= {
        key: _take(held, key, index)
        for key, layer in _HELD.items()
        if results.has_source(layer)  # a register counts a layer that is absent as empty
    }
    if results.has_layer("core_areas"):
        columns["core_areas_ha"] = _sum(results.core_parts, "area_m2", index) / HECTARE_M2
    columns |= _flood(results, index) | _cycling(results, index) | _plan(results, index)
    keys = [i.key for i in INDICATORS if i.over is None] + ["area_ha"]
    return pd.DataFrame(columns, index=index).reindex(columns=keys).astype("float64")


def _take(frame: pd.DataFrame, column: str, index: pd.Index[Any]) -> pd.Series[Any]:
    if column not in frame:
        return pd.Series(np.nan, index=index)
    return frame[column].reindex(index).astype("float64")


def _sum(parts: pd.DataFrame, column: str, index: pd.Index[Any]) -> pd.Series[Any]:
    return parts.groupby("insee")[column].sum().reindex(index, fill_value=0.0)


def _flood(results: Results, index: pd.Index[Any]) -> dict[str, pd.Series[Any]]:
    if results.exposure is None:
        return {}
    mine = results.exposure.index.get_level_values("scenario") == results.scenario
    here = results.exposure[mine].droplevel("scenario")
    columns = {"exposed": "buildings", "dwellings_exposed": "dwellings"}
    return {key: _take(here, column, index) for key, column in columns.items()}


def _cycling(results: Results, index: pd.Index[Any]) -> dict[str, pd.Series[Any]]:
    if not results.has_layer("cycle_routes"):
        return {}
    parts = results.route_parts
    states = results.layer("cycle_routes")["statut"].reset_index(drop=True)
    is_open = parts["feature"].map(states).fillna("existant") == "existant"
    return {
        "cycle_open_km": _sum(parts[is_open], "length_m", index) / 1000,
        "cycle_planned_km": _sum(parts[~is_open], "length_m", index) / 1000,
    }


def _plan(results: Results, index: pd.Index[Any]) -> dict[str, pd.Series[Any]]:
    if results.plan_findings is None:
        return {}
    reviewed = results.reviewed
    counts = {"findings": dict.fromkeys(reviewed, 0.0), "findings_blocking": {}}
    for insee in reviewed:
        mine = results.findings_of(insee)
        counts["findings"][insee] = float(len(mine))
        counts["findings_blocking"][insee] = float((mine["level"] == LEVELS[0]).sum())
    return {
        key: pd.Series(values, dtype="float64").reindex(index) for key, values in counts.items()
    }


def figures_of(
    results: Results, measures: Measures, place: Place, *, lang: Lang = "fr"
) -> tuple[Figure, ...]:
    """Return the key figures of a place.

    Parameters
    ----------
    results : Results
        What the study found.
    measures : Measures
        From `measure`, of the same results.
    place : Place
        Of the study.
    lang : {"fr", "en"}
        Language of the labels.

    Returns
    -------
    tuple of Figure
        One for each of `INDICATORS`.
    """
    values, peers = _rows(measures, place)
    epci = measures.epci.loc[place.epci] if place.epci in measures.epci.index else None
    found = []
    for indicator in INDICATORS:
        key = indicator.key
        value, whole = _known(values[key]), _known(measures.basin[key])
        partial = _partial(measures, place, key)
        additive = indicator.over is None and indicator.shown_as == "amount" and not partial[2]
        ranked = peers[key].dropna() if indicator.ranked and peers is not None else None
        found.append(
            Figure(
                indicator,
                tell(f"fig_{key}", lang),
                value,
                _known(epci[key]) if epci is not None else None,
                whole,
                partial,
                value / whole if additive and value is not None and whole else None,
                _rank(value, ranked),
                0 if ranked is None else len(ranked),
                _worst(results.natures_of(*indicator.layers)),
            )
        )
    return tuple(found)


def _rows(measures: Measures, place: Place) -> tuple[dict[Any, Any], pd.DataFrame | None]:
    """Return the values of a place and those among which it is ranked."""
    if place.kind == "basin":
        return dict(measures.basin), None
    peers = measures.communes if place.kind == "commune" else measures.epci
    return {key: peers[key].loc[place.code] for key in peers}, peers


def _partial(measures: Measures, place: Place, key: str) -> tuple[bool, bool, bool]:
    flags = measures.partial[key]
    own = {"commune": None, "epci": place.code, "basin": ""}[place.kind]
    return (
        own is not None and bool(flags.get(own, False)),
        place.epci != "" and bool(flags.get(place.epci, False)),
        bool(flags[""]),
    )


def _rank(value: float | None, peers: pd.Series[Any] | None) -> int | None:
    if not value or peers is None:
        return None
    return int((peers > value).sum()) + 1


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _worst(natures: set[str]) -> str:
    return next((n for n in ("modelled", "schematic") if n in natures), "real")


def group_label(group: str, results: Results, lang: Lang) -> str:
    """Return the heading of a group of figures.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    results : Results
        Whose scenario is named.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        A few words.
    """
    values: Sequence[str] = (scenario_name(results.scenario, lang),) if group == "flood" else ()
    return tell(f"group_{group}", lang, *values)
