"""One reader for town plans of every version of the standard, in whatever they are delivered."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tvb.errors import CrsError, LayerError, ParameterError, SourceError, explain
from tvb.io.plan_files import Delivered, list_written_parts, match_table, open_delivery
from tvb.io.plan_shape import (
    Identity,
    gather,
    gather_servitudes,
    identify,
    mark_zones,
    with_idurba,
    with_pairs,
)
from tvb.io.plan_tables import Finding, TableRead, read_table
from tvb.io.plan_version import Verdict, detect_version
from tvb.io.read import PathLike
from tvb.io.values import null_values
from tvb.plan import FINDING_COLUMNS, LEVELS, Plan, parse_idurba
from tvb.progress import Bar
from tvb.schema.plan import ATTRIBUTE_TABLES, PLAN_TABLES, VERSIONS
from tvb.territory import Nature, Source

__all__ = ["read_plan"]

_RECORDS = ("servitude", "acte_sup", "servitude_acte_sup", "gestionnaire_sup")
_LEFT = {
    "stranger": "no table of the standard has this name",
    "twice": "the same table in another format; not read",
}


def read_plan(
    source: PathLike | Mapping[str, pd.DataFrame],
    *,
    crs: Any = None,
    encoding: str | None = None,
    version: str | None = None,
    only: str | None = None,
    nature: Nature = "real",
    progress: bool | None = None,
) -> Plan:
    """Return a town plan read from a delivery; what is odd in it is a finding, not an error.

    Parameters
    ----------
    source : str, os.PathLike, or mapping of str to pandas.DataFrame
        Folder (tables may lie at any depth, in any case), zip archive, GeoPackage or other file of
        tables; or frames by name of table, such as layers of a database. Names may carry the
        owner and the date (``62637_ZONE_URBA_20180523``) or not. Servitudes are named as
        ``AC1_ASSIETTE_SUP_S``.
    crs : str, int or pyproj.CRS, optional
        System of the coordinates, where a file does not say it or says it wrongly.
    encoding : str, optional
        Encoding of the texts; found by itself for each table otherwise.
    version : str, optional
        Version of the standard, where the detection is not wanted.
    only : str, optional
        Read only the tables whose path holds this text, where a folder holds several plans.
    nature : {"real", "schematic", "modelled"}
        What the plan is worth, for its sources.
    progress : bool, optional
        Whether to show a progress bar; by default after two seconds, on a terminal or notebook.

    Returns
    -------
    tvb.plan.Plan
        Frames in EPSG:2154 with valid geometry, whatever the version; and what the reading met.

    Raises
    ------
    SourceError
        If the path does not exist, the archive is unsafe, no table is found or can be read, or the
        delivery holds several plans.
    ParameterError
        If `version` is unknown.

    Notes
    -----
    A table that cannot be read is left out, with a finding that says why: ``bloquant`` for
    ZONE_URBA. Missing sub-types (until 2014) are taken to be ``00``; a missing IDURBA is made from
    INSEE and DATAPPRO.

    Examples
    --------
    >>> plan = read_plan("62637_PLU_20180523.zip")  # doctest: +SKIP
    >>> print(plan.summary())  # doctest: +SKIP
    """
    if version is not None and version not in VERSIONS["PLU"]:
        raise ParameterError(
            explain("version", f"« {version} » is unknown", required=", ".join(VERSIONS["PLU"]))
        )
    with _open(source, only) as delivered:
        tables, findings = _read_all(delivered, crs, encoding, progress=progress)
    if not tables:
        raise SourceError(
            explain(
                _name_of(source),
                "no table of the plan can be read: " + "; ".join(f.detail for f in findings[:3]),
                remedy="see each reason",
            )
        )
    findings += [
        Finding("left_out", "information", "", f"{name}: {_LEFT[why]}")
        for name, why in delivered.left
    ]
    given = _Given(_name_of(source), version, nature, delivered.files)
    return _assemble(tables, findings, given)


@dataclass(frozen=True, slots=True)
class _Given:
    """What is known of a delivery beside its tables."""

    name: str
    version: str | None
    nature: Nature
    files: tuple[str, ...] | None


def _name_of(source: PathLike | Mapping[str, pd.DataFrame]) -> str:
    return "frames" if isinstance(source, Mapping) else Path(os.fspath(source)).stem


def _open(
    source: PathLike | Mapping[str, pd.DataFrame], only: str | None
) -> AbstractContextManager[Delivered]:
    if not isinstance(source, Mapping):
        return open_delivery(source, only)
    matched = {name: match_table(name, frame) for name, frame in source.items()}
    found = tuple(m for m in matched.values() if m is not None)
    if not found:
        raise SourceError(
            explain(
                "frames",
                f"no table of a plan among {len(matched)}: {', '.join(list(matched)[:5])}",
                required="names such as zone_urba, prescription_surf, doc_urba",
            )
        )
    strangers = tuple((name, "stranger") for name, m in matched.items() if m is None)
    return nullcontext(Delivered(found, strangers))


def _read_all(
    delivered: Delivered, crs: Any, encoding: str | None, *, progress: bool | None
) -> tuple[list[TableRead], list[Finding]]:
    """Return the tables that can be read, and why the others cannot."""
    tables, findings = [], []
    total = len(delivered.datasets)
    with Bar("plan", unit="tables", total=total, shown=progress) as bar:
        for dataset in delivered.datasets:
            try:
                tables.append(read_table(dataset, crs=crs, encoding=encoding))
            except (SourceError, CrsError, LayerError) as error:
                level = LEVELS[0] if dataset.table == "zone_urba" else LEVELS[1]
                findings.append(Finding("unreadable", level, dataset.table, str(error)))
            bar.advance(1)
    return tables, findings


def _assemble(tables: list[TableRead], findings: list[Finding], given: _Given) -> Plan:
    """Return the plan made of its tables."""
    tables, mapped = with_idurba(tables)
    identity = identify(tables, given.name)
    verdict = detect_version(identity.kind, tables, stated=given.version)
    tables, paired = with_pairs(tables)
    by_name: dict[str, list[TableRead]] = {}
    for table in tables:
        by_name.setdefault(table.table, []).append(table)
    findings = [
        *findings,
        *(f for t in tables for f in t.findings),
        *mapped,
        *paired,
        *_version_findings(tables, verdict, identity.kind),
        *_idurba_findings(tables, identity.idurba),
    ]
    parts = list_written_parts(given.files)
    findings += [
        Finding("part_missing", "à vérifier", "", f"no file in Pieces_ecrites/{row.part}")
        for row in parts[parts["required"] & ~parts["present"].fillna(True)].itertuples()
    ]
    return Plan(
        name=identity.name,
        kind=identity.kind,
        version=verdict.version,
        versions=verdict.versions,
        version_evidence=verdict.evidence,
        zones=mark_zones(gather(by_name, "zone_urba")),
        prescriptions=gather(by_name, "prescription_"),
        infos=gather(by_name, "info_"),
        habillage=gather(by_name, "habillage_"),
        sup=gather_servitudes(by_name),
        doc_urba=_records(by_name, "doc_urba"),
        doc_urba_com=_records(by_name, "doc_urba_com"),
        records={name: _records(by_name, name) for name in _RECORDS if name in by_name},
        communes=identity.communes,
        siren=identity.siren,
        approved=identity.approved,
        tables=_tables_frame(tables),
        written_parts=parts,
        findings=_findings_frame(findings),
        sources=_sources(tables, given.nature, identity),
    )


def _records(by_name: Mapping[str, Sequence[TableRead]], name: str) -> pd.DataFrame:
    """Return a table without geometry."""
    frames = [t.frame for t in by_name.get(name, ())]
    if frames:
        return pd.concat(frames, ignore_index=True)
    nothing = pd.RangeIndex(0)
    return pd.DataFrame({c.name: null_values(c, nothing) for c in ATTRIBUTE_TABLES[name].columns})


def _version_findings(tables: Sequence[TableRead], verdict: Verdict, kind: Any) -> list[Finding]:
    """Return tables and columns that the version asks for, and those that it does not know."""
    present = {t.table for t in tables}
    found = [
        Finding("version_clue", "à vérifier", "", f"does not fit the other clues: {text}")
        for text in verdict.contradictions
    ]
    for name, declared in PLAN_TABLES.items():
        if name not in present and set(verdict.versions) <= set(declared.mandatory):
            level = LEVELS[0] if name == "zone_urba" else LEVELS[1]
            found.append(Finding("table_missing", level, name, "the standard asks for it"))
    for table in tables:
        found += _column_findings(table, verdict.versions)
        named = isinstance(table.dataset.source, Path) and verdict.versions[0] >= "2017"
        pattern = PLAN_TABLES[table.table].name_pattern(kind)
        mine = not PLAN_TABLES[table.table].is_servitude
        if named and mine and not re.fullmatch(pattern, table.dataset.name, re.IGNORECASE):
            detail = f"{table.dataset.name}: the standard names it {pattern}"
            found.append(Finding("table_name", "information", table.table, detail))
    return found


def _column_findings(table: TableRead, versions: tuple[str, ...]) -> list[Finding]:
    declared = PLAN_TABLES[table.table]
    about = f"{table.dataset.category}: " if table.dataset.category else ""
    found = []
    for column in declared.columns:
        here = column.name in table.delivered
        # Servitudes have a standard of their own, and of 2013 and 2014 no complete list of columns
        # was read: there, only what cannot do without can be called missing.
        sure = bool(column.required) if declared.is_servitude else versions[0] >= "2017"
        asked = sure and not column.optional and set(versions) <= set(column.versions)
        if asked and not here:
            detail = f"{about}{column.name.upper()}: {column.meaning}"
            found.append(Finding("column_missing", "à corriger", table.table, detail))
        if here and not set(versions) & set(column.versions):
            detail = f"{about}{column.name.upper()}: a column of {', '.join(column.versions)}"
            found.append(Finding("column_unknown", "information", table.table, detail))
    if declared.complete:
        found += [
            Finding("column_unknown", "information", table.table, f"{about}{n}: kept as delivered")
            for n in table.unknown
        ]
    return found


def _idurba_findings(tables: Sequence[TableRead], idurba: str | None) -> list[Finding]:
    """Return identifiers that cannot be taken apart, and those of another plan."""
    found = []
    for table in tables:
        if "idurba" not in table.frame.columns:
            continue
        values = table.frame["idurba"].dropna()
        for text, count in values.value_counts().sort_index().items():
            if parse_idurba(str(text)) is None:
                kind, detail = "idurba_form", f"« {text} » fits no form of IDURBA"
            elif idurba is not None and str(text).casefold() != idurba.casefold():
                kind, detail = "idurba_other", f"« {text} », where the plan is « {idurba} »"
            else:
                continue
            found.append(Finding(kind, "à corriger", table.table, detail, int(count)))
    return found


def _tables_frame(tables: Sequence[TableRead]) -> pd.DataFrame:
    rows = [
        (
            t.table, t.dataset.category, t.dataset.name, " + ".join(t.report.files),
            t.report.rows_read, t.report.rows_kept, t.delivered, t.unknown, t.report.crs_in,
        )
        for t in tables
    ]  # fmt: skip
    columns = [
        "table", "category", "name", "file", "rows_read", "rows_kept", "columns", "unknown", "crs",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return the findings as a table, the gravest first and otherwise in the order met."""
    rows = [(f.kind, f.level, f.table, f.count, f.detail, f.objects) for f in findings]
    table = pd.DataFrame(rows, columns=list(FINDING_COLUMNS))
    rank = table["level"].map({level: i for i, level in enumerate(LEVELS)})
    return table.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def _sources(tables: Sequence[TableRead], nature: Nature, plan: Identity) -> tuple[Source, ...]:
    vintage = str(plan.approved or "s. d.")
    return tuple(
        t.report.source(
            nature, f"{plan.name}, {t.table.upper()}", producer="", licence="", vintage=vintage
        )
        for t in tables
    )
