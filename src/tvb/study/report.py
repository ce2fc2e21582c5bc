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
from tvb.study.config import Study
from tvb.study.flood_summary import sum_basins, sum_depths, sum_indicators, sum_people
from tvb.study.flooding import compare_exposure
from tvb.study.store import Store

__all__ = [
    "format_number",
    "format_parameter",
    "markdown_table",
    "summarise_exposure",
    "summarise_graph",
    "summarise_heritage",
    "write_report",
]

_THIN_SPACE = "\u202f"
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
    "default": "règle par défaut", "min": "au moins", "max": "au plus", "ratio": "rapport",
    "communes_min": "communes, au moins", "communes_max": "communes, au plus",
    "people": "habitants", "people_imputed": "dont imputés", "ind_0_3": "0 à 3 ans",
    "ind_80p": "80 ans et plus", "men": "ménages", "men_pauv": "ménages pauvres",
    "indicator": "indicateur", "value": "valeur", "source": "hauteur de l'eau",
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
_LEFT_OUT = {
    "fr": "Hors du compte : constructions légères, annexes, bâtiments qui ne sont pas en service.",
    "en": "Left out: light constructions, annexes, buildings that are not in service.",
}
_RULES = {
    "fr": {
        "touches": "le bâtiment a au moins un point dans une zone",
        "centroid": "le centre du bâtiment est dans une zone",
        "share": "une part d'au moins {share} de l'emprise est dans une zone",
    },
    "en": {
        "touches": "the building has at least a point in a zone",
        "centroid": "the centre of the building lies in a zone",
        "share": "a share of at least {share} of the footprint lies in a zone",
    },
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
        **({} if "flood" in missing else _official_exposure(study, store, missing)),
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
    head = (
        f"{number(graph['patches'])} patches, {number(graph['links'])} links, "
        f"{number(graph['components'])} components, EC(PC) {number(graph['ec_ha'])} ha"
    )
    tables = (
        markdown_table(table, lang=lang, escaped=False) for table in (_top_patches(store), shown)
    )
    return "\n\n".join((head, *tables))


def _flood(study: Study, store: Store) -> dict[str, Any]:
    lang = study.study.lang
    share = format_parameter(100 * study.flood.min_share, lang=lang) + " %"
    return {
        "rule": _RULES[lang][study.flood.rule].format(share=share),
        "left_out": _LEFT_OUT[lang],
        "scenarios": _scenarios(store),
        "sensitivity": _sensitivity(store),
        "top_communes": _top_communes(store, study.flood.map_scenario),
        "people": sum_people(store),
        "indicators": sum_indicators(store, study.flood.map_scenario, lang=lang),
        "depths": sum_depths(store),
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


def _official_exposure(study: Study, store: Store, missing: Mapping[str, str]) -> dict[str, Any]:
    stations = None if "stations" in missing else store.read_json("tables/stations.json")
    table = compare_exposure(study, store.read_table("tables/exposure"), stations)
    return {"official_exposure": table}


def _sensitivity(store: Store) -> pd.DataFrame:
    return store.read_table("tables/sensitivity").drop(columns="nature").reset_index()


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
        Exposed buildings by every rule, the communes that have most; people, depths and indicators
        where the study has the layers; the stations whose failure floods most and how high the
        water stands; and the figures of the source report beside those of the run.
    """
    store = Store(folder)
    lang = study.study.lang
    stations = (folder / "tables" / "stations.json").exists()
    tables = [_sensitivity(store), _top_communes(store, study.flood.map_scenario)]
    tables += [sum_people(store), sum_depths(store)]
    tables.append(sum_indicators(store, study.flood.map_scenario, lang=lang).dropna())
    tables += [_top_stations(store), sum_basins(store, lang=lang)] if stations else []
    told = store.read_json("tables/stations.json") if stations else None
    tables.append(compare_exposure(study, store.read_table("tables/exposure"), told))
    return "\n\n".join(markdown_table(t, lang=lang, escaped=False) for t in tables if len(t))


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


def format_number(value: float, digits: int = 0, *, lang: str = "fr") -> str:
    """Return a number as it is written in French or in English.

    Parameters
    ----------
    value : float
        Any number.
    digits : int
        Decimals.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    str
        In French with a narrow space between thousands and a decimal comma.

    Examples
    --------
    >>> format_number(1234.5, 1).replace(chr(0x202F), "_")
    '1_234,5'
    >>> format_number(1234.5, 1, lang="en")
    '1,234.5'
    """
    text = f"{value:,.{digits}f}"
    return text.replace(",", _THIN_SPACE).replace(".", ",") if lang == "fr" else text


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
    return f"{value:g}".replace(".", ",") if lang == "fr" else f"{value:g}"


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
