"""One table of a plan, read without failing on what it does not expect."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from tvb.errors import SourceError, explain
from tvb.io.columns import plan_columns
from tvb.io.locate import Located, checksum, locate
from tvb.io.plan_files import Dataset
from tvb.io.read import Request, conform_request, read_request
from tvb.io.report import LayerReport, Ledger
from tvb.io.text import repair_mojibake, sniff_csv_encoding, sniff_dbf_encoding
from tvb.io.values import cast_values, final_dtype, null_values
from tvb.plan import Level
from tvb.schema.plan import ATTRIBUTE_TABLES, PLAN_TABLES

__all__ = ["Finding", "TableRead", "read_table"]

_SHOWN = 5
_NO_CODE = "impossible value of « {} » made null"
_ISO_DATE = r"(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the reading of a plan met.

    Parameters
    ----------
    kind : str
        What it is, in one word.
    level : str
        How much it matters.
    table : str
        Table concerned, or empty.
    detail : str
        What exactly.
    count : int
        Rows concerned; 0 for the whole table.
    objects : tuple of str
        The first of them.
    """

    kind: str
    level: Level
    table: str
    detail: str
    count: int = 0
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRead:
    """One table as it was read.

    Parameters
    ----------
    dataset : Dataset
        What was read.
    frame : pandas.DataFrame
        Columns of the table, then the others.
    report : LayerReport
        Account of the rows.
    delivered : tuple of str
        Canonical columns that the delivery holds.
    unknown : tuple of str
        Columns that tvb does not declare.
    findings : tuple of Finding
        What was met.
    """

    dataset: Dataset
    frame: pd.DataFrame
    report: LayerReport
    delivered: tuple[str, ...]
    unknown: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def table(self) -> str:
        """Name of the table."""
        return self.dataset.table


def read_table(dataset: Dataset, *, crs: Any, encoding: str | None) -> TableRead:
    """Return one table of a plan, in EPSG:2154 where it has geometry.

    Parameters
    ----------
    dataset : Dataset
        What to read.
    crs : str, int or pyproj.CRS, optional
        System of the coordinates, where the file does not say it or says it wrongly.
    encoding : str, optional
        Encoding of the texts; found by itself otherwise.

    Returns
    -------
    TableRead
        Codes have their zeros back, dates are eight digits, geometry is valid.

    Raises
    ------
    SourceError, CrsError, LayerError
        If the table cannot be read at all.
    """
    if dataset.table in ATTRIBUTE_TABLES:
        raw, found = _raw_attributes(dataset, encoding)
        names = [str(name) for name in raw.columns]
        frame, report = _conform_attributes(raw, dataset, found)
    else:
        names, frame, report = _read_layer(dataset, crs, encoding)
    schema = PLAN_TABLES[dataset.table].schema
    source_of = plan_columns(names, schema, dataset.name).source_of
    frame, dated = _with_plain_dates(frame, dataset.table)
    odd = _impossible_codes(dataset, frame, source_of, encoding=encoding)
    told = {_NO_CODE.format(name) for name in odd}
    findings = [
        *(f for f in _findings_of(report) if f.detail not in told),
        *odd.values(),
        *dated,
    ]
    known = {c.name for c in schema.columns} | {"geometry"}
    unknown = tuple(str(c) for c in frame.columns if c not in known)
    return TableRead(dataset, frame, report, tuple(source_of), unknown, tuple(findings))


def _read_layer(
    dataset: Dataset, crs: Any, encoding: str | None
) -> tuple[list[str], gpd.GeoDataFrame, LayerReport]:
    """Return the columns delivered, the valid frame and its account."""
    request = Request(dataset.table, dataset.layer, crs, encoding, progress=False)
    if isinstance(dataset.source, pd.DataFrame):
        frame, report = conform_request(dataset.source, request, dataset.name)
        geometry = getattr(dataset.source, "active_geometry_name", None)
        names = [str(c) for c in dataset.source.columns if c != geometry]
    else:
        found = locate(dataset.source, dataset.table, dataset.layer)
        names = _field_names(found)
        frame, report = read_request(dataset.source, request)
    return names, frame, report


def _field_names(found: Located) -> list[str]:
    try:
        return [
            str(n) for n in pyogrio.read_info(found.address, layer=found.source_layer)["fields"]
        ]
    except Exception as error:  # pyogrio raises its own and the plain ones of Python
        raise _unreadable(found, error) from error


def _unreadable(found: Located, error: Exception) -> SourceError:
    reason = " ".join(str(error).split())[:200]
    return SourceError(
        explain(found.label, f"cannot be read: {reason}", remedy="open it in QGIS and export it")
    )


def _raw_attributes(dataset: Dataset, encoding: str | None) -> tuple[pd.DataFrame, Located | None]:
    """Return a table without geometry as it is delivered."""
    if isinstance(dataset.source, pd.DataFrame):
        frame = dataset.source
        geometry = getattr(frame, "active_geometry_name", None)
        return pd.DataFrame(frame.drop(columns=geometry) if geometry else frame), None
    found = locate(dataset.source, dataset.table, dataset.layer)
    return _read_columns(found, encoding), found


def _read_columns(
    found: Located, encoding: str | None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return attributes of a file, its geometry left alone."""
    sniffed: dict[str, Callable[[Located], str | None]] = {
        ".csv": sniff_csv_encoding,
        ".tsv": sniff_csv_encoding,
    }
    sniffed |= dict.fromkeys((".dbf", ".shp"), sniff_dbf_encoding)
    sniff = sniffed.get(found.suffix)
    chosen = encoding or (sniff(found) if sniff else None)
    options: dict[str, Any] = {"encoding": chosen.removesuffix("-sig")} if chosen else {}
    try:
        return pd.DataFrame(
            pyogrio.read_dataframe(
                found.address, layer=found.source_layer, read_geometry=False,
                columns=None if columns is None else list(columns), **options,
            )
        )  # fmt: skip
    except Exception as error:  # pyogrio raises its own and the plain ones of Python
        raise _unreadable(found, error) from error


def _conform_attributes(
    raw: pd.DataFrame, dataset: Dataset, found: Located | None
) -> tuple[pd.DataFrame, LayerReport]:
    """Return a table without geometry in its declared columns, and its account."""
    start = time.perf_counter()
    schema = ATTRIBUTE_TABLES[dataset.table]
    raw = raw.rename(columns=str).reset_index(drop=True)
    plan = plan_columns(list(raw.columns), schema, dataset.name)
    ledger = Ledger(dataset.table)
    columns: dict[str, Any] = {}
    for column in schema.columns:
        if column.name not in plan.source_of:
            columns[column.name] = null_values(column, raw.index)
            continue
        cast = cast_values(raw[plan.source_of[column.name]], column)
        values, changed = repair_mojibake(cast.values) if column.dtype == "text" else (cast.values,
            np.zeros(len(raw), dtype=bool))  # fmt: skip
        repairs = {
            _NO_CODE.format(column.name): cast.wrong,
            **cast.repairs,
            "text of the wrong encoding read again (« Ã© » is « é »)": changed,
        }
        for reason, rows in repairs.items():
            if rows.any():
                ids = [f"row {i}" for i in np.flatnonzero(rows)[:_SHOWN]]
                ledger.add("repaired", reason, int(rows.sum()), ids=ids)
        columns[column.name] = values.astype(final_dtype(column))
    frame = pd.DataFrame(columns | {name: raw[name] for name in plan.extra}, index=raw.index)
    report = ledger.close(
        (len(raw), len(frame)),
        files=(found.label if found else dataset.name,),
        checksums=(checksum(found.path),) if found else (),
        crs_in="",
        seconds=time.perf_counter() - start,
    )
    return frame, report


def _findings_of(report: LayerReport) -> list[Finding]:
    """Return what the reader did to rows; remarks on the whole file stay in its report."""
    levels: tuple[tuple[Any, str, Level], ...] = (
        (report.dropped, "dropped", "à corriger"),
        (report.repaired, "repaired", "à corriger"),
        (tuple(e for e in report.notes if e.count), "note", "information"),
    )
    return [
        Finding(kind, level, report.layer, entry.reason, entry.count, entry.ids)
        for entries, kind, level in levels
        for entry in entries
    ]


def _impossible_codes(
    dataset: Dataset, frame: pd.DataFrame, source_of: Mapping[str, str], *, encoding: str | None
) -> dict[str, Finding]:
    """Return the values of code columns that could be no code, as they are delivered.

    The reader makes them null; a planner wants to know what stands there.
    """
    suspects = [
        c for c in PLAN_TABLES[dataset.table].schema.columns
        if c.width and c.name in source_of and frame[c.name].isna().any()
    ]  # fmt: skip
    if not suspects:
        return {}
    if isinstance(dataset.source, pd.DataFrame):
        raw = dataset.source
    else:
        found = locate(dataset.source, dataset.table, dataset.layer)
        raw = _read_columns(found, encoding, [source_of[c.name] for c in suspects])
    findings = {}
    for column in suspects:
        values = raw[source_of[column.name]].reset_index(drop=True)
        rows = np.flatnonzero(cast_values(values, column).wrong)
        if len(rows):
            written = values.iloc[rows].astype(str).str.removesuffix(".0")
            shown = ", ".join(f"« {v} »" for v in sorted(set(written))[:_SHOWN])
            detail = f"{column.name}: {shown}, no code of {column.width} characters"
            ids = tuple(f"row {i}" for i in rows[:_SHOWN])
            findings[column.name] = Finding(
                "impossible_code", "à corriger", dataset.table, detail, len(rows), ids
            )
    return findings


def _with_plain_dates(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the table with dates such as 2018-05-23 turned into eight digits."""
    findings = []
    for column in PLAN_TABLES[table].columns:
        if not column.name.startswith("dat") or column.name not in frame:
            continue
        dashed = frame[column.name].str.fullmatch(_ISO_DATE).fillna(False).to_numpy(dtype=bool)
        if not dashed.any():
            continue
        plain = frame[column.name].str.replace(_ISO_DATE, r"\1\2\3", regex=True)
        frame = frame.assign(**{column.name: plain})
        findings.append(
            Finding("date_form", "à corriger", table, f"{column.name}: written with hyphens",
                    int(dashed.sum()))
        )  # fmt: skip
    return frame, findings
