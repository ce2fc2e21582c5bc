"""Tables of a plan brought into one shape, whatever the version: identifiers, codes, row names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.io.plan_tables import Finding, TableRead
from tvb.io.text import TEXT
from tvb.io.values import null_values
from tvb.plan import parse_date, parse_idurba
from tvb.schema import CRS, Column
from tvb.schema.plan import PLAN_TABLES, PlanKind

__all__ = [
    "Identity",
    "gather",
    "gather_servitudes",
    "identify",
    "mark_zones",
    "with_idurba",
    "with_pairs",
]

_SHAPE = {"surf": "S", "lin": "L", "pct": "P", "txt": "P", "s": "S", "l": "L", "p": "P"}
_PAIRS = {"prescription_": ("typepsc", "stypepsc"), "info_": ("typeinf", "stypeinf")}
_ROW_IDS = {"zone_urba": "lib_idzone", "prescription_": "lib_idpsc", "info_": "lib_idinfo",
            "habillage_": "lib_idhab"}  # fmt: skip
_UNDETERMINED = "00"
_MARKS = ("objet", "table", "geometrie")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which plan a delivery is of.

    Parameters
    ----------
    name : str
        Owner, type and date, or the name of the delivery where nothing tells them.
    kind : {"PLU", "PLUi"}
        Of one commune, or of several.
    idurba : str or None
        Identifier of the plan.
    communes : tuple of str
        INSEE codes, sorted.
    siren : str or None
        Owner, where it is an intercommunality.
    approved : datetime.date or None
        Date of approval.
    """

    name: str
    kind: PlanKind
    idurba: str | None
    communes: tuple[str, ...]
    siren: str | None
    approved: dt.date | None


def with_idurba(tables: Sequence[TableRead]) -> tuple[list[TableRead], list[Finding]]:
    """Return the tables with the identifier that those of 2013 and 2014 spread over two columns.

    Parameters
    ----------
    tables : sequence of TableRead
        As read.

    Returns
    -------
    tuple of list
        The tables, and a finding for each that was changed.
    """
    changed, findings = [], []
    for table in tables:
        frame = table.frame
        if {"idurba", "insee", "datappro"} <= set(frame.columns):
            made = frame["insee"] + frame["datappro"]
            rows = (frame["idurba"].isna() & made.notna()).to_numpy(dtype=bool)
            if rows.any():
                frame = frame.assign(idurba=frame["idurba"].where(~rows, made))
                detail = "IDURBA made from INSEE and DATAPPRO"
                findings.append(
                    Finding("old_columns", "information", table.table, detail, int(rows.sum()))
                )
        changed.append(replace(table, frame=frame))
    return changed, findings


def with_pairs(tables: Sequence[TableRead]) -> tuple[list[TableRead], list[Finding]]:
    """Return the tables with type and sub-type joined as ``code``.

    Parameters
    ----------
    tables : sequence of TableRead
        As read. A table that has no column of sub-types gets ``00``, which means undetermined.

    Returns
    -------
    tuple of list
        The tables, and a finding for each that had no sub-types.
    """
    changed, findings = [], []
    for table in tables:
        names = next((n for start, n in _PAIRS.items() if table.table.startswith(start)), None)
        if names is not None:
            frame, (first, second) = table.frame, names
            if second not in table.delivered:
                frame = frame.assign(**{second: pd.Series(_UNDETERMINED, frame.index, dtype=TEXT)})
                detail = f"no column {second.upper()}: {_UNDETERMINED}, undetermined, is taken"
                findings.append(
                    Finding("no_subtype", "information", table.table, detail, len(frame))
                )
            joined = frame[first] + "-" + frame[second]
            changed.append(replace(table, frame=frame.assign(code=joined)))
        else:
            changed.append(table)
    return changed, findings


def identify(tables: Sequence[TableRead], fallback: str) -> Identity:
    """Return which plan a delivery is of.

    Parameters
    ----------
    tables : sequence of TableRead
        With their identifiers.
    fallback : str
        Name where nothing tells it.

    Returns
    -------
    Identity
        From DOC_URBA and DOC_URBA_COM, else from the zones, else from the names of the tables.
    """
    idurba = _most_frequent(tables, ("zone_urba",)) or _most_frequent(
        tables, ("doc_urba", "prescription_", "info_")
    )
    parsed = parse_idurba(idurba) if idurba else None
    row = _row_of_plan(tables, idurba)
    owners = sorted({t.dataset.owner for t in tables if t.dataset.owner and not t.dataset.category})
    owner = parsed.owner if parsed else (owners[0] if owners else None)
    siren = row.get("siren") or (owner if owner and len(owner) == 9 else None)
    communes = _communes(tables, idurba, owner)
    words = {parsed.type if parsed else None, str(row.get("typedoc") or "").replace("I", "i")}
    several = bool(siren) or "PLUi" in words or len(communes) > 1
    kind: PlanKind = "PLUi" if several else "PLU"
    approved = parse_date(row.get("datappro")) or (parsed.date if parsed else None)
    date = f"{parsed.date:%Y%m%d}" if parsed else None
    name = f"{owner}_{kind}_{date}" if owner and date else idurba or owner or fallback
    return Identity(name, kind, idurba, communes, siren, approved)


def _most_frequent(tables: Sequence[TableRead], starts: tuple[str, ...]) -> str | None:
    """Return the identifier that most rows bear, the first in order among equals."""
    columns = [
        t.frame["idurba"]
        for t in tables
        if t.table.startswith(starts) and t.table != "doc_urba_com" and "idurba" in t.frame
    ]
    values = pd.concat(columns).dropna() if columns else pd.Series(dtype="str")
    if values.empty:
        return None
    counts = values.value_counts().sort_index()
    return str(counts.idxmax())


def _row_of_plan(tables: Sequence[TableRead], idurba: str | None) -> dict[str, Any]:
    """Return the row of DOC_URBA about the plan, without nulls; the last one where none fits."""
    rows = pd.concat([t.frame for t in tables if t.table == "doc_urba"] or [pd.DataFrame()])
    if rows.empty:
        return {}
    mine = rows[rows["idurba"].str.casefold().eq((idurba or "").casefold()).to_numpy(dtype=bool)]
    chosen = (mine if len(mine) else rows).iloc[-1]
    return {str(k): v for k, v in chosen.items() if not pd.isna(v)}


def _communes(
    tables: Sequence[TableRead], idurba: str | None, owner: str | None
) -> tuple[str, ...]:
    listed = pd.concat([t.frame for t in tables if t.table == "doc_urba_com"] or [pd.DataFrame()])
    if len(listed):
        mine = listed[listed["idurba"].str.casefold().eq((idurba or "").casefold()).to_numpy(bool)]
        codes = (mine if len(mine) else listed)["insee"]
    else:
        old = [t.frame["insee"] for t in tables if "insee" in t.frame and t.table == "zone_urba"]
        codes = pd.concat(old or [pd.Series(dtype="str")])
    found = tuple(sorted(set(codes.dropna())))
    return found or ((owner,) if owner and len(owner) == 5 else ())


def gather(by_name: Mapping[str, Sequence[TableRead]], start: str) -> gpd.GeoDataFrame:
    """Return the tables of one family as one frame, each row with a name.

    Parameters
    ----------
    by_name : mapping of str to sequence of TableRead
        Tables by name.
    start : str
        Beginning of the names: ``zone_urba``, ``prescription_``, …

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:2154, with ``objet``, ``table`` and ``geometrie``; empty where there is no table.
    """
    frames = [
        _named(t, _ROW_IDS[start], several=len(mine) > 1)
        for name in PLAN_TABLES
        if name.startswith(start)
        for mine in (by_name.get(name, ()),)
        for t in mine
    ]
    marks = [*_MARKS, "code"] if start in _PAIRS else _MARKS
    return _joined(frames, [n for n in PLAN_TABLES if n.startswith(start)], marks)


def gather_servitudes(by_name: Mapping[str, Sequence[TableRead]]) -> gpd.GeoDataFrame:
    """Return all servitudes with geometry as one frame.

    Parameters
    ----------
    by_name : mapping of str to sequence of TableRead
        Tables by name.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:2154, with ``objet``, ``table``, ``geometrie``, ``categorie``, ``role`` and ``nom``.
    """
    names = [n for n in PLAN_TABLES if n.startswith(("generateur_", "assiette_"))]
    frames = []
    for name in names:
        role = name.split("_")[0]
        key, title = ("idgen", "nomgen") if role == "generateur" else ("idass", "nomass")
        for table in by_name.get(name, ()):
            category = pd.Series(table.dataset.category, table.frame.index, dtype=TEXT)
            frames.append(
                _named(table, key, several=True).assign(
                    categorie=category,
                    role=pd.Series(role, table.frame.index, dtype=TEXT),
                    nom=table.frame[title],
                )
            )
    return _joined(frames, names, [*_MARKS, "categorie", "role", "nom"])


def _named(table: TableRead, key: str, *, several: bool) -> gpd.GeoDataFrame:
    """Return the frame of a table with the columns that every row of a plan has."""
    frame = table.frame
    label = table.dataset.name if several else table.table.upper()
    numbers = pd.Series(np.arange(len(frame)), index=frame.index).astype(str)
    number = pd.Series(f"{label} ", frame.index, dtype=TEXT) + numbers.astype(TEXT)
    known = frame[key] if key in frame else pd.Series(np.nan, frame.index, dtype=TEXT)
    unique = known.notna() & ~known.duplicated(keep=False)
    shape = _SHAPE.get(table.table.rsplit("_", 1)[1], "S")
    return gpd.GeoDataFrame(
        frame.assign(
            objet=known.where(unique, number),
            table=pd.Series(table.table, frame.index, dtype=TEXT),
            geometrie=pd.Series(shape, frame.index, dtype=TEXT),
        ),
        geometry="geometry", crs=CRS,
    )  # fmt: skip


def _joined(
    frames: Sequence[gpd.GeoDataFrame], names: Sequence[str], marks: Sequence[str]
) -> gpd.GeoDataFrame:
    """Return frames one below the other: declared columns, marks, the others, the geometry."""
    declared = {c.name: c for name in names for c in PLAN_TABLES[name].schema.columns}
    declared |= {mark: Column(mark, "text", "") for mark in marks}
    geometry: gpd.GeoSeries = gpd.GeoSeries([], crs=CRS)
    table: pd.DataFrame = gpd.GeoDataFrame(geometry=geometry)
    if frames:
        table = pd.concat(frames, ignore_index=True)
    lacking = {n: null_values(c, table.index) for n, c in declared.items() if n not in table}
    others = [c for c in table.columns if c not in declared and c != "geometry"]
    ordered = pd.concat([table, pd.DataFrame(lacking, index=table.index)], axis=1)
    return gpd.GeoDataFrame(ordered[[*declared, *others, "geometry"]], crs=CRS)


def mark_zones(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the zones with their ``classe``: U, AU, A or N, null where the type tells none.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        With ``typezone``, in any case; types of 2013 and 2014 such as ``Nh`` are N.

    Returns
    -------
    geopandas.GeoDataFrame
        With one column more.
    """
    found = zones["typezone"].str.upper().str.extract(r"^(AU|U|A|N)(?:C|S|H|D)?$", expand=False)
    others = [c for c in zones.columns if c != "geometry"]
    return zones.assign(classe=found.astype(TEXT))[[*others, "classe", "geometry"]]
