"""Chapters on exposure to floods and on the review of the town plan."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tvb.dossier.chapter import Chapter, join_words
from tvb.dossier.content import Field, Section, Table, table_of
from tvb.dossier.texts import count, percent, tell
from tvb.flood import TOTAL
from tvb.maps.texts import Lang, number, scenario_name
from tvb.plan import LEVELS
from tvb.plu import STATUSES

__all__ = ["flood_section", "plan_section", "rule_name", "way_of_counting"]

_FINDINGS_SHOWN = 40
_STATIONS_SHOWN = 12


def flood_section(chapter: Chapter) -> Section:
    """Return the chapter on exposure to floods.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        Scenarios with what the number owes to the way of counting, pumping stations, and the
        figures of each commune of a territory.
    """
    results, lang, place = chapter.results, chapter.lang, chapter.place
    exposed = chapter.figure("exposed")
    if results.exposure is None or exposed.value is None:
        return chapter.missing("flood")
    never, stations = _is_never_exposed(chapter), _stations(chapter)
    tables = [*stations] if never else [_scenarios(chapter), *stations]
    if place.kind != "commune":
        tables += chapter.breakdown(
            ("buildings_counted", "exposed", "exposed_share", "dwellings_exposed"),
            top_by="exposed",
        )
    notes = []
    if "dwellings" in results.exposure and not never:
        notes.append(tell("note_known_dwellings", lang))
    spread = _spread(chapter)
    if spread is not None and spread["max"].any():
        notes += [tell("note_sensitivity", lang), *_widest(chapter)]
    if results.stations_communes is not None and not stations:
        notes.append(tell("note_no_station", lang, tell(f"in_{place.kind}", lang)))
    lead = chapter.valued(_flood_lead(chapter), exposed)
    return chapter.section("flood", (lead,), tables, notes=tuple(notes))


def plan_section(chapter: Chapter) -> Section:
    """Return the chapter on the review of the town plan.

    Parameters
    ----------
    chapter : Chapter
        Place, figures and language.

    Returns
    -------
    Section
        Findings and answers of a commune, or numbers by commune of a territory; « non évalué »
        where no plan was reviewed.
    """
    lang, place, results = chapter.lang, chapter.place, chapter.results
    found = chapter.figure("findings").value
    if results.plan_findings is None:
        return chapter.missing("plan")
    if found is None:
        return chapter.missing("plan", "lacking_plan_here" if place.kind == "commune" else "")
    blocking = chapter.figure("findings_blocking").value or 0.0
    lead = (
        tell("lead_plan", lang, count(found, "finding", lang), count(blocking, "blocking", lang))
        if found else tell("lead_plan_none", lang)
    )  # fmt: skip
    if place.kind != "commune":
        tables = chapter.breakdown(("findings", "findings_blocking"), top_by="findings")
        return chapter.section("plan", (lead,), tables)
    return chapter.section("plan", (lead,), [*_statuses(chapter), *_findings(chapter)])


def way_of_counting(text: str, lang: Lang) -> str:
    """Return a way of counting in words.

    Parameters
    ----------
    text : str
        Rule, exclusions and attribution, as `tvb.flood.Sensitivity` joins them.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        For example « contact, sans annexes, commune du centre ».
    """
    return ", ".join(_choices(*text.split("; "), lang=lang))


def rule_name(rule: str, lang: Lang) -> str:
    """Return when a building counts as exposed, in words.

    Parameters
    ----------
    rule : str
        As `tvb.flood.count_exposed_buildings` takes it.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        For example « contact »; a rule that is not known stays as it is.
    """
    name, _, given = rule.partition(" >= ")
    if name not in ("touches", "centroid", "share"):
        return rule
    return tell(name, lang, percent(float(given), lang, 0) if given else "")


def _choices(rule: str, exclude: str, attribution: str, *, lang: Lang) -> list[str]:
    left_out = [word for word in exclude.split(", ") if word != "nothing"]
    kept = (
        tell("without", lang, join_words([tell(word, lang) for word in left_out], lang))
        if left_out else tell("all_kept", lang)
    )  # fmt: skip
    place = "by_centroid" if attribution == "centroid" else attribution
    return [rule_name(rule, lang), kept, tell(place, lang)]


def _spread(chapter: Chapter) -> pd.DataFrame | None:
    """Return the least and the most buildings of each scenario, where they are known."""
    spread, place = chapter.results.sensitivity, chapter.place
    code = place.code if place.kind == "commune" else TOTAL
    if spread is None or place.kind == "epci":
        return None
    mine = spread[spread.index.get_level_values("insee") == code]
    return mine.droplevel("insee") if len(mine) else None


def _row_of(spread: pd.DataFrame | None, scenario: str) -> dict[str, Any]:
    if spread is None or scenario not in spread.index:
        return {}
    return {str(name): spread[name].loc[scenario] for name in spread}


def _by_scenario(chapter: Chapter) -> pd.DataFrame:
    """Return the sums of the place, one row for each scenario."""
    exposure = chapter.results.exposure
    assert exposure is not None  # noqa: S101 (checked by the caller)
    columns = [c for c in ("buildings", "dwellings", "dwellings_unknown") if c in exposure]
    mine = exposure[exposure.index.get_level_values("insee").isin(chapter.place.insee)]
    return mine.groupby(level="scenario")[columns].sum().sort_index()


def _is_never_exposed(chapter: Chapter) -> bool:
    """Tell whether none of several scenarios and ways of counting finds a building."""
    spread, buildings = _spread(chapter), _by_scenario(chapter)["buildings"]
    if spread is None or spread["max"].any() or len(buildings) < 2:
        return False
    return not buildings.any()


def _worst(chapter: Chapter, exposed: float) -> str:
    """Return the scenario that exposes most, where it is not the one of the sentence."""
    buildings = _by_scenario(chapter)["buildings"]
    if buildings.max() <= exposed:
        return ""
    worst = scenario_name(str(buildings.idxmax()), chapter.lang)
    return tell("lead_worst", chapter.lang, worst, number(buildings.max(), chapter.lang))


def _flood_lead(chapter: Chapter) -> str:
    lang, inside = chapter.lang, tell(f"in_{chapter.place.kind}", chapter.lang)
    if _is_never_exposed(chapter):
        return tell("lead_flood_never", lang, number(len(_by_scenario(chapter)), lang), inside)
    scenario = scenario_name(chapter.results.scenario, lang)
    exposed, all_of_them = (chapter.figure(k).value for k in ("exposed", "buildings_counted"))
    spread = _spread(chapter)
    here = _row_of(spread, chapter.results.scenario)
    span = ""
    if here and here["max"] > here["min"]:
        span = tell("lead_range", lang, number(here["min"], lang), number(here["max"], lang))
    if not exposed:
        key = "lead_flood_none" if here and here["max"] == 0 else "lead_flood_zero"
        more = [_worst(chapter, 0)] if key == "lead_flood_none" else [span, _worst(chapter, 0)]
        return tell(key, lang, scenario, inside, *more)
    verb = tell("lead_exposed_one" if exposed == 1 else "lead_exposed", lang)
    return tell(
        "lead_flood", lang, scenario, number(exposed, lang),
        tell("missing", lang) if all_of_them is None else count(all_of_them, "building", lang),
        verb,
        percent(chapter.figure("exposed_share").value, lang), span, _worst(chapter, exposed),
    )  # fmt: skip


def _scenarios(chapter: Chapter) -> Table:
    lang, table = chapter.lang, _by_scenario(chapter)
    counted = chapter.figure("buildings_counted").value
    table["share"] = table["buildings"] / counted if counted else None
    table["name"] = [_capital(scenario_name(str(code), lang)) for code in table.index]
    spread = _spread(chapter)
    for name in ("min", "max"):
        table[name] = spread[name] if spread is not None else None
    fields = [
        Field("name", "scenario"), Field("buildings", "exposed", 0),
        Field("share", "exposed_share", percent), Field("min", "least", 0),
        Field("max", "most", 0), Field("dwellings", "dwellings", 0),
        Field("dwellings_unknown", "unknown", 0),
    ]  # fmt: skip
    known = [f for f in fields if f.column in table]
    caption = chapter.caption("cap_scenarios", chapter.figure("exposed"))
    return table_of(caption, table, known, lang=lang)


def _widest(chapter: Chapter) -> list[str]:
    """Return which ways of counting give the least and the most, where they differ."""
    here = _row_of(_spread(chapter), chapter.results.scenario)
    if not here or "lowest" not in here or here["max"] == here["min"]:
        return []
    ways = (way_of_counting(here[name], chapter.lang) for name in ("lowest", "highest"))
    return [tell("note_widest", chapter.lang, *ways)]


def _stations(chapter: Chapter) -> list[Table]:
    by_commune, stations, lang = (
        chapter.results.stations_communes, chapter.results.stations, chapter.lang
    )  # fmt: skip
    if by_commune is None or stations is None:
        return []
    mine = by_commune[by_commune.index.get_level_values("insee").isin(chapter.place.insee)]
    sums = mine.groupby(level="id_station")[["buildings", "dwellings"]].sum()
    sums = sums[sums["buildings"] > 0]
    if sums.empty:
        return []
    sums["nom"] = stations["nom"].reindex(sums.index).fillna(sums.index.to_series())
    sums = sums.sort_values(["buildings", "nom"], ascending=[False, True], kind="stable")
    fields = (Field("nom", "station"), Field("buildings", "buildings_here", 0),
              Field("dwellings", "dwellings_here", 0))  # fmt: skip
    inside = tell(f"in_{chapter.place.kind}", lang)
    caption = chapter.caption("cap_stations", chapter.figure("exposed"), values=(inside,))
    rest = len(sums) - _STATIONS_SHOWN
    note = tell("and_more", lang, number(rest, lang)) if rest > 0 else ""
    shown = sums.head(_STATIONS_SHOWN)
    return [table_of(caption, shown, fields, lang=lang, note=note)]


def _statuses(chapter: Chapter) -> list[Table]:
    synthesis, lang = chapter.results.plan_synthesis, chapter.lang
    if synthesis is None:
        return []
    counts = synthesis.loc[synthesis["insee"] == chapter.place.code, "status"].value_counts()
    frame = pd.DataFrame(
        {"status": [tell(s, lang) for s in STATUSES],
         "n": [int(counts.get(s, 0)) for s in STATUSES]}
    )  # fmt: skip
    fields = (Field("status", "status"), Field("n", "questions", 0))
    return [table_of(tell("cap_statuses", lang), frame, fields, lang=lang)]


def _findings(chapter: Chapter) -> list[Table]:
    lang = chapter.lang
    rows = pd.DataFrame(chapter.results.findings_of(chapter.place.code))
    if rows.empty:
        return []
    order = {level: n for n, level in enumerate(LEVELS)}
    rows = rows.assign(order=rows["level"].map(order), shown=_measured(rows, lang))
    rows = rows.sort_values("order", kind="stable")
    rest = len(rows) - _FINDINGS_SHOWN
    note = ""
    if rest > 0:
        note = tell("and_more", lang, count(rest, "finding", lang))
    fields = (
        Field("level", "level", _level), Field("rule", "rule"), Field("objet", "object"),
        Field("shown", "measure"), Field("message", "message"),
    )  # fmt: skip
    shown = rows.head(_FINDINGS_SHOWN)
    return [table_of(tell("cap_findings", lang), shown, fields, lang=lang, note=note)]


def _measured(rows: pd.DataFrame, lang: Lang) -> list[str]:
    def one(value: Any, unit: Any) -> str:
        if pd.isna(value):
            return ""
        text = number(float(value), lang, None)
        return f"{text}\u00a0{unit}" if isinstance(unit, str) and unit else text

    return [one(value, unit) for value, unit in zip(rows["measure"], rows["unit"], strict=True)]


def _level(value: str, lang: Lang) -> str:
    return tell(value, lang) if value in LEVELS else value


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
