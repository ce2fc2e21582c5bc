"""Tables of a modelled plan, with the names and columns that a version of the standard gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.schema import CRS
from tvb.schema.plan import PLAN_TABLES, PlanKind

__all__ = ["Item", "PlanSpec", "build_tables", "servitude_tables"]

_SUFFIX = {2: "surf", 1: "lin", 0: "pct"}
_ID_LETTERS = {
    "zone_urba": "ZO", "prescription_surf": "PS", "prescription_lin": "PL",
    "prescription_pct": "PP", "info_surf": "IS", "info_lin": "IL", "info_pct": "IP",
}  # fmt: skip
_MULTIPLE: dict[int, Any] = {
    0: shapely.multipoints,
    1: shapely.multilinestrings,
    2: shapely.multipolygons,
}
_LONG_NAMES = {"U": "Zone urbaine", "AUc": "Zone à urbaniser", "A": "Zone agricole",
               "N": "Zone naturelle et forestière"}  # fmt: skip
_FORBIDDEN = {"U": "10", "AUc": "10", "A": "30-40-47", "N": "20-30-40-47"}
_OLD_USES = {"U": "01", "AUc": "01", "A": "07", "N": "08"}


@dataclass(frozen=True, slots=True)
class Item:
    """One zone, prescription or information.

    Parameters
    ----------
    libelle : str
        Its label.
    code : str
        Type of zone, or type and sub-type such as ``07-02``.
    geometry : shapely.Geometry
        Where it lies; an empty one is not delivered.
    """

    libelle: str
    code: str
    geometry: Any


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """What a delivery is.

    Parameters
    ----------
    name : str
        Its name.
    kind : {"PLU", "PLUi"}
        Of one commune, or of several.
    version : str
        Version of the standard.
    owner, date : str
        INSEE code or SIREN, and date of approval.
    communes : tuple of str
        INSEE codes.
    layout : {"shapefile", "geopackage"}
        How it is delivered.
    encoding : str
        Of its texts.
    """

    name: str
    kind: PlanKind
    version: str
    owner: str
    date: str
    communes: tuple[str, ...]
    layout: Literal["shapefile", "geopackage"]
    encoding: str

    @property
    def is_old(self) -> bool:
        """Whether it follows the standard of 2013 or 2014."""
        return self.version < "2017"

    @property
    def idurba(self) -> str:
        """Identifier of the plan."""
        middle = "" if self.is_old else f"_{self.kind}_"
        return f"{self.owner}{middle}{self.date}"

    def file_name(self, table: str) -> str:
        """Return the name of the file of a table.

        Parameters
        ----------
        table : str
            For example ``zone_urba``.

        Returns
        -------
        str
            With owner and date since 2017.
        """
        upper = table.upper()
        return upper if self.is_old else f"{self.owner}_{upper}_{self.date}"


def build_tables(
    spec: PlanSpec,
    items: Mapping[str, Sequence[Item]],
    *,
    other_date: Mapping[str, str] | None = None,
    without_rules: bool = False,
) -> dict[str, pd.DataFrame]:
    """Return the tables of a plan, by name of file.

    Parameters
    ----------
    spec : PlanSpec
        What the delivery is.
    items : mapping of str to sequence of Item
        Rows of ``zone_urba``, ``prescription`` and ``info``.
    other_date : mapping of str to str, optional
        Dates that tables bear in IDURBA instead of the right one.
    without_rules : bool
        Whether DOC_URBA names no file of rules.

    Returns
    -------
    dict of str to pandas.DataFrame
        Multiple geometry in EPSG:2154; columns in capitals. In 2014 codes are integers.
    """
    tables: dict[str, pd.DataFrame] = {}
    for word, mine in items.items():
        for table, rows in _by_geometry(word, mine).items():
            frame = _drawn(spec, table, rows)
            if other_date and table in other_date:
                frame["IDURBA"] = spec.idurba.replace(spec.date, other_date[table])
            tables[spec.file_name(table)] = frame
    tables[spec.file_name("doc_urba")] = _doc_urba(spec, without_rules)
    communes = pd.DataFrame({"INSEE": list(spec.communes), "IDURBA": spec.idurba}, dtype="str")
    tables[spec.file_name("doc_urba_com")] = communes
    return tables


def _by_geometry(word: str, items: Sequence[Item]) -> dict[str, list[Item]]:
    """Return the items by table."""
    given = [i for i in items if not shapely.is_empty(i.geometry)]
    if word == "zone_urba":
        return {word: given}
    found: dict[str, list[Item]] = {}
    for dimension, suffix in _SUFFIX.items():
        mine = [i for i in given if shapely.get_dimensions(i.geometry) == dimension]
        if mine:
            found[f"{word}_{suffix}"] = mine
    return found


def _drawn(spec: PlanSpec, table: str, rows: Sequence[Item]) -> gpd.GeoDataFrame:
    """Return a table with geometry, with the columns of the version."""
    geometry = [_as_multiple(r.geometry) for r in rows]
    known = pd.DataFrame(
        {"libelle": [r.libelle for r in rows], "txt": [r.libelle[:10] for r in rows]}
    )
    codes = pd.Series([r.code for r in rows])
    known["nomfic"] = f"{spec.owner}_reglement_{spec.date}.pdf"
    known["idurba"], known["insee"], known["datappro"] = spec.idurba, spec.owner, spec.date
    known["datvalid"] = spec.date
    prefix = f"{spec.owner}_{spec.kind}_{spec.date}_{_ID_LETTERS[table]}"
    number = [f"{prefix}{i + 1}" for i in range(len(rows))]
    known = known.assign(lib_idzone=number, lib_idpsc=number, lib_idinfo=number)
    if table == "zone_urba":
        known = known.assign(
            libelong=codes.map(_LONG_NAMES), typezone=codes, destdomi=codes.map(_OLD_USES),
            formdomi="0000", destoui="20-31", destcdt="40", destnon=codes.map(_FORBIDDEN),
            symbole="ZONE_" + codes + "_000",
        )  # fmt: skip
    else:
        code = "psc" if table.startswith("prescription") else "inf"
        shape = table.rsplit("_", 1)[1][0].upper()
        known = known.assign(
            **{f"type{code}": codes.str[:2], f"stype{code}": codes.str[3:]},
            nature="Modélisé",
            symbole=f"{code.upper()}-{shape}_" + codes + "_000",
        )
    return gpd.GeoDataFrame(_in_version(known, table, spec), geometry=geometry, crs=CRS)


def _in_version(known: pd.DataFrame, table: str, spec: PlanSpec) -> pd.DataFrame:
    """Return the columns that the version asks for, in capitals and in its order."""
    frame = pd.DataFrame(index=known.index)
    for column in PLAN_TABLES[table].columns_of(spec.version):
        values = known[column.name] if column.name in known else pd.Series(np.nan, known.index)
        numbers = spec.is_old and column.name.startswith(("typepsc", "stype", "typeinf"))
        frame[column.name.upper()] = values.astype("int64" if numbers else "str")
    return frame


def _as_multiple(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    dimension = int(shapely.get_dimensions(shape))
    return _MULTIPLE[dimension](parts[shapely.get_dimensions(parts) == dimension])


def _doc_urba(spec: PlanSpec, without_rules: bool) -> pd.DataFrame:
    """Return the one row about the plan."""
    rules = None if without_rules else f"{spec.owner}_reglement_{spec.date}.pdf"
    known = pd.DataFrame(
        {
            "idurba": [spec.idurba], "typedoc": [spec.kind.upper()], "etat": ["03"],
            "nomproc": ["E"], "datappro": [spec.date], "dateref": ["20130101"],
            "siren": [spec.owner if spec.kind == "PLUi" else None], "nomreg": [rules],
            "typeref": ["01"], "nomplan": [f"{spec.owner}_plan_{spec.date}.pdf"],
        }
    )  # fmt: skip
    return _in_version(known, "doc_urba", spec)


def servitude_tables(servitudes: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of grounds of servitudes, one for each category.

    Parameters
    ----------
    servitudes : geopandas.GeoDataFrame
        Columns ``category``, ``typeass``, ``nomass``, ``type``; polygons in EPSG:2154.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        By name of file, such as ``AC1_ASSIETTE_SUP_S``.
    """
    tables: dict[str, pd.DataFrame] = {}
    for category, rows in servitudes.groupby("category", sort=True):
        number = [f"{category}-{i + 1}" for i in range(len(rows))]
        table = pd.DataFrame(
            {
                "IDASS": number, "IDGEN": number, "NOMASS": rows["nomass"].to_numpy(),
                "TYPEASS": rows["typeass"].to_numpy(), "TYPE": rows["type"].to_numpy(),
                "MODEGEOASS": "Modélisé",
            }
        ).astype("str")  # fmt: skip
        if category == "PM1":
            table = table.assign(CODE_ALEA="11", ID_GASPAR="59MODELE20240001")
        shapes = [_as_multiple(s) for s in rows.geometry]
        tables[f"{category}_ASSIETTE_SUP_S"] = gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)
    return tables
