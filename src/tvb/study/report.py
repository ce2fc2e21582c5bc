"""The account of a run, in Markdown, for the person who must answer for its figures.

The words stand in ``templates/report_fr.md`` and ``report_en.md``; this module prepares the tables.
"""

from __future__ import annotations

import functools
import math
import numbers
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import tvb
from tvb.flood import OUTSIDE
from tvb.messages import translate
from tvb.messages.typography import Counted, agree, format_number, mark_number
from tvb.study.coherence import describe_coherence
from tvb.study.config import Study
from tvb.study.counting import describe_counting
from tvb.study.flood_summary import (
    sum_basins,
    sum_classes,
    sum_depths,
    sum_indicators,
    sum_people,
)
from tvb.study.flood_text import describe_floor, describe_people, flood_heading, flood_title
from tvb.study.official import show_official
from tvb.study.store import Store

__all__ = [
    "format_parameter",
    "markdown_table",
    "summarise_exposure",
    "summarise_graph",
    "summarise_heritage",
    "write_report",
]

_SHOWN = 10

_FRENCH = {
    "layer": "couche", "features": "objets", "title": "titre", "producer": "producteur",
    "vintage": "millésime", "rows_read": "lignes lues", "dropped": "rejets",
    "remark": "observation",
    "count": "nombre", "ids": "exemples", "consequence": "suite donnée", "figure": "chiffre",
    "measured": "mesuré", "official": "officiel", "unit": "unité", "how": "mesure",
    "scenario": "scénario", "buildings": "bâtiments", "footprint_ha": "emprise (ha)",
    "dwellings": "logements", "dwellings_unknown": "bâtiments sans nombre de logements connu",
    "outside_communes": "dont hors communes", "buildings_excluded": "bâtiments laissés de côté",
    "nom": "commune", "kind": "action", "reason": "motif", "patch": "tache",
    "area_ha": "surface (ha)",
    "min": "au moins", "max": "au plus", "ratio": "rapport",
    "communes_min": "communes, au moins", "communes_max": "communes, au plus",
    "people": "habitants", "people_imputed": "dont imputés", "ind_0_3": "0 à 3 ans",
    "ind_80p": "80 ans et plus", "men": "ménages", "men_pauv": "ménages pauvres",
    "people_per_dwelling": "habitants par logement connu",
    "indicator": "indicateur", "value": "valeur", "water": "hauteur de l'eau",
    "modelled": "modélisé", "schematic": "schématique", "counted": "ce qui est compté",
    "class_unknown": "classe inconnue", "buildings_protected": "dont protégés par un ouvrage",
    "level_m": "niveau (m NGF)", "volume_m3": "volume (m³)",
    "buildings_above_floor": "au-dessus du plancher",
    "buildings_drawn": "zone dessinée", "buildings_Inf05": "moins de 0,5 m",
    "buildings_05-1m": "0,5 à 1 m", "buildings_1m-2m": "1 à 2 m", "buildings_Sup2m": "2 m et plus",
    "rank": "rang", "id_station": "identifiant", "together": "cumul avec les précédentes",
    "d_intra": "dont intra", "d_flux": "dont flux", "d_connector": "dont connecteur",
}  # fmt: skip
_MARKUP = str.maketrans(
    {"<": "&lt;", ">": "&gt;", "&": "&amp;"} | {mark: "\\" + mark for mark in "\\|*_`[]"}
)
_NATURES = {
    "fr": {"real": "réel", "schematic": "schématique", "modelled": "modélisé"},
    "en": {"real": "real", "schematic": "schematic", "modelled": "modelled"},
}
_GRAPH = {
    "fr": "{0} tache{0:|s} d'habitat, {1} lien{1:|s}, {2} composante{2:|s}, EC(PC) {3} ha",
    "en": "{0} patch{0:|es}, {1} link{1:|s}, {2} component{2:|s}, EC(PC) {3} ha",
}


def write_report(study: Study, store: Store, *, missing: Mapping[str, str]) -> None:
    """Write ``report.md``.

    Parameters
    ----------
    study : Study
        The study; its language is that of the report.
    store : Store
        Folder of the run, with the files of the steps before.
    missing : mapping of str to str
        Steps left out, with the layer that they lack.
    """
    import jinja2

    lang = study.study.lang
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tvb.study"),
        autoescape=False,  # noqa: S701 (Markdown: the cells of tables are escaped one by one)
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["table"] = functools.partial(markdown_table, lang=lang)
    environment.filters["given"] = functools.partial(format_parameter, lang=lang)
    environment.filters["text"] = _escape
    environment.filters["agree"] = functools.partial(agree, lang=lang)
    environment.filters["number"] = functools.partial(format_number, lang=lang)
    text = environment.get_template(f"report_{lang}.md").render(_content(study, store, missing))
    # Sections that were left out leave their blank lines.
    store.write_text("report.md", re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n")


def _content(study: Study, store: Store, missing: Mapping[str, str]) -> dict[str, Any]:
    lang = study.study.lang
    layers = store.read_table("tables/sources").reset_index()
    modelled = bool((layers["nature"] == "modelled").any())
    layers["nature"] = layers["nature"].map(_NATURES[lang])
    rasters = layers["layer"].isin(store.read_json("layers/territory.json")["rasters"])
    layers["features"] = layers["features"].astype("Int64").mask(rasters)
    layers["rows_read"] = layers["rows_read"].astype("Int64").mask(rasters)
    shown = [
        "layer", "nature", "features", "title", "producer", "licence", "vintage", "rows_read",
        "dropped",
    ]  # fmt: skip
    repairs = store.read_table("tables/repairs")
    for texts, name in ((repairs, "reason"), (repairs, "ids"), (layers, "dropped")):
        told = texts[name].astype(object)
        texts[name] = told.map(lambda text: translate(str(text), lang), na_action="ignore")
    return {
        "study": study,
        "version": tvb.__version__,
        "layers": layers[shown],
        "modelled": modelled,
        "repairs": repairs[repairs["kind"] != "note"],
        "notes": repairs.loc[repairs["kind"] == "note", ["layer", "reason", "count", "ids"]],
        "observations": store.read_table("tables/observations").drop(columns="kind"),
        "figures": store.read_table("tables/figures"),
        "missing": missing,
        **({} if "connectivity" in missing else _graph(store)),
        **({} if "flood" in missing else _flood(study, store)),
        **({} if "stations" in missing else _stations(study, store)),
    }


def _graph(store: Store) -> dict[str, Any]:
    return {
        "graph": store.read_json("tables/connectivity.json"),
        "top_patches": _top_patches(store),
    }


def summarise_graph(study: Study, folder: Path) -> str:
    """Return what matters most in the habitat graph of a run, for a terminal.

    Parameters
    ----------
    study : Study
        The study.
    folder : pathlib.Path
        Folder of a run that made the step ``connectivity``.

    Returns
    -------
    str
        The graph in a line, then the ten patches and the ten links whose loss costs most.
    """
    store = Store(folder)
    graph = store.read_json("tables/connectivity.json")
    links = store.read_layer("links").sort_values(["d", "i", "j"], ascending=[False, True, True])
    shown = pd.DataFrame(links[["i", "j", "distance_m", "d"]].head(_SHOWN))
    lang = study.study.lang
    number = functools.partial(format_number, lang=lang)
    counts = (Counted(graph[n], lang, number(graph[n])) for n in ("patches", "links", "components"))
    head = _GRAPH[lang].format(*counts, number(graph["ec_ha"]))
    tables = (
        markdown_table(table, lang=lang, escaped=False) for table in (_top_patches(store), shown)
    )
    return "\n\n".join((head, *tables))


def _flood(study: Study, store: Store) -> dict[str, Any]:
    lang = study.study.lang
    return {
        **describe_counting(study),
        "scenarios": _scenarios(store),
        "sensitivity": _sensitivity(store),
        "top_communes": _top_communes(store, study.flood.map_scenario),
        "classes": sum_classes(store),
        "people": sum_people(store),
        "people_told": describe_people(store, lang=lang),
        "indicators": sum_indicators(store, study.flood.map_scenario, lang=lang),
        "depths": sum_depths(store),
        "floor": describe_floor(study),
        "official_exposure": show_official(store),
    }


def _stations(study: Study, store: Store) -> dict[str, Any]:
    return {
        "stations": store.read_json("tables/stations.json"),
        "top_stations": _top_stations(store),
        "basins": sum_basins(store, lang=study.study.lang),
    }


def _top_stations(store: Store) -> pd.DataFrame:
    table = store.read_table("tables/stations").reset_index()
    shown = ["rank", "id_station", "nom", "buildings", "dwellings", "dwellings_unknown", "communes",
             "together"]  # fmt: skip
    return pd.DataFrame(table[shown].head(_SHOWN)).rename(columns={"nom": "station"})


def _sensitivity(store: Store) -> pd.DataFrame:
    table = store.read_table("tables/sensitivity")
    return table.drop(columns=["rule", "exclude", "attribution", "nature"]).reset_index()


def summarise_heritage(study: Study, folder: Path) -> str:
    """Return what the communes of a run hold, for a terminal.

    Parameters
    ----------
    study : Study
        The study.
    folder : pathlib.Path
        Folder of a run that made the step ``heritage``.

    Returns
    -------
    str
        The communes that hold a part of the property, by its area.
    """
    store = Store(folder)
    names = store.read_layer("communes").set_index("insee")["nom"]
    table = store.read_table("tables/heritage")
    table = table[table["property_ha"] > 0].sort_values(
        ["property_ha"], ascending=False, kind="stable"
    )
    table.insert(0, "nom", names.reindex(table.index))
    return markdown_table(table.reset_index(), lang=study.study.lang, escaped=False)


def summarise_exposure(study: Study, folder: Path) -> str:
    """Return who is exposed in a run and how sure that is, for a terminal.

    Parameters
    ----------
    study : Study
        The study.
    folder : pathlib.Path
        Folder of a run that made the step ``flood``.

    Returns
    -------
    str
        The counting rule; the defects of the zones; exposed buildings by every rule, the communes
        that have most; classes, people, depths and indicators where the study has the layers; the
        stations whose failure floods most and how high the water stands; and the figures of the
        source report beside those of the run.
    """
    from tvb.study.steps import lacking

    store = Store(folder)
    lang, scenario = study.study.lang, study.flood.map_scenario
    told = None if lacking(study, "stations") else store.read_json("tables/stations.json")
    tables = {
        "sensitivity": _sensitivity(store),
        "communes": _top_communes(store, scenario),
        "classes": sum_classes(store),
        "people": sum_people(store),
        "depths": sum_depths(store),
        "indicators": sum_indicators(store, scenario, lang=lang).dropna(),
        **({} if told is None else _station_tables(store, lang)),
        "official": show_official(store),
    }
    notes = {"people": describe_people(store, lang=lang)}
    nature = str(store.read_table("tables/official")["nature"].iloc[0])
    parts = [flood_heading(study, nature), *describe_coherence(store, lang=lang)]
    for name, table in tables.items():
        if len(table):
            lines = [flood_title(study, name, told), *notes.get(name, ())]
            parts += ["\n".join(lines), markdown_table(table, lang=lang, escaped=False)]
    return "\n\n".join(parts)


def _station_tables(store: Store, lang: str) -> dict[str, pd.DataFrame]:
    return {"stations": _top_stations(store), "basins": sum_basins(store, lang=lang)}


def _top_patches(store: Store) -> pd.DataFrame:
    patches = store.read_layer("patches")
    patches["area_ha"] = patches["area_m2"] / 10_000.0
    columns = ["patch", "area_ha", "d", "d_intra", "d_flux", "d_connector"]
    ordered = patches.sort_values(["d", "patch"], ascending=[False, True])
    return pd.DataFrame(ordered[columns].head(_SHOWN))


def _scenarios(store: Store) -> pd.DataFrame:
    exposure = store.read_table("tables/exposure").reset_index()
    inside = (exposure["buildings"] > 0) & (exposure["insee"] != OUTSIDE)
    met = exposure[inside].groupby("scenario").size().rename("communes")
    sums = exposure.groupby("scenario")[
        ["buildings", "footprint_m2", "dwellings", "dwellings_unknown", "buildings_excluded"]
    ].sum()
    sums.insert(1, "footprint_ha", sums.pop("footprint_m2") / 10_000.0)
    outside = exposure[exposure["insee"] == OUTSIDE].set_index("scenario")["buildings"]
    if outside.any():
        sums["outside_communes"] = outside
    return sums.join(met).fillna({"communes": 0}).astype({"communes": "int64"}).reset_index()


def _top_communes(store: Store, scenario: str) -> pd.DataFrame:
    exposure = store.read_table("tables/exposure").reset_index()
    names = store.read_layer("communes")[["insee", "nom"]]
    here = exposure[(exposure["scenario"] == scenario) & (exposure["buildings"] > 0)]
    here = here.merge(names, on="insee").sort_values(
        ["buildings", "insee"], ascending=[False, True]
    )
    columns = ["insee", "nom", "buildings", "dwellings", "dwellings_unknown"]
    return pd.DataFrame(here[columns].head(_SHOWN))


def format_parameter(value: float, *, lang: str = "fr") -> str:
    """Return a parameter as it was given, never rounded.

    Parameters
    ----------
    value : float
        Any number.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        As many digits as needed.

    Examples
    --------
    >>> format_parameter(0.004), format_parameter(3000.0)
    ('0,004', '3000')
    """
    return mark_number(f"{value:g}", lang)


def markdown_table(table: pd.DataFrame, *, lang: str = "fr", escaped: bool = True) -> str:
    """Return a table in Markdown, with what could be read as markup escaped.

    Parameters
    ----------
    table : pandas.DataFrame
        Its columns; the index is left out.
    lang : {"fr", "en"}
        Language of headers and numbers.
    escaped : bool
        Whether a page will be made of it; not for a terminal.

    Returns
    -------
    str
        Numbers are aligned to the right.
    """
    clean = _escape if escaped else _one_line
    words = _FRENCH if lang == "fr" else {}
    numeric = [pd.api.types.is_numeric_dtype(table[c]) for c in table.columns]
    header = [clean(words.get(str(c), str(c).replace("_", " "))) for c in table.columns]
    rows = table.itertuples(index=False)
    cells = [[_cell(value, lang, clean) for value in row] for row in rows]
    lines = [header, ["---:" if n else "---" for n in numeric], *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any, lang: str, clean: Callable[[str], str]) -> str:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 (NaN)
        return ""
    if isinstance(value, numbers.Integral):
        return format_number(int(value), lang=lang)
    if isinstance(value, numbers.Real):
        number = float(value)
        return format_number(number, _digits(abs(number)), lang=lang)
    return clean(str(value))


def _digits(number: float) -> int:
    """Return decimals enough for three significant digits below 1, one above."""
    if number.is_integer():
        return 0
    return 1 if number >= 1 else min(6, 2 - math.floor(math.log10(number)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    return _one_line(text).translate(_MARKUP)
