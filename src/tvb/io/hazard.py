"""A delivery of flood hazard, old or new: every table found, read as the layer that it is.

Which layer a table is, its name tells: ``N_LENS_INONDABLE_01_02MOY_S_062`` and
``surface_inondable_s`` are flood zones, ``N_ZONE_ALEA_PPRN_20120001_S_076`` and
``pprn_76ddtm20120001_zonealeareference_117_s`` the hazard of a prevention plan.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from tvb.display import frame_table
from tvb.errors import CrsError, LayerError, SourceError, TvbWarning, explain
from tvb.io.batches import Window
from tvb.io.columns import fold
from tvb.io.hazard_codes import translate
from tvb.io.hazard_tables import ABSENT, Identity, Table, identify, list_tables
from tvb.io.read import Request, read_request
from tvb.io.report import KEPT_IDS, Entry, LayerReport
from tvb.schema import get_schema

__all__ = ["HazardDelivery", "read_hazard"]

_CONTENTS = ("table", "layer", "state", "rows_read", "rows_kept", "remark")


@dataclass(frozen=True, slots=True, repr=False)
class HazardDelivery:
    """What was found in a delivery.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        A valid frame in EPSG:2154 for each layer found, by the name of its schema.
    reports : tuple of LayerReport
        The account of each table read.
    contents : pandas.DataFrame
        A row for each table, and for each layer that nothing was found of. ``table``: its name.
        ``layer``: of the schema, null where none. ``state``: "read"; "empty"; "refused", could
        not be read; "twice", the same table in another format; "not used", a table of the
        standards that a hazard does not need; "unknown"; "absent". ``rows_read``, ``rows_kept``;
        ``remark``: why, and what follows from it.
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    reports: tuple[LayerReport, ...]
    contents: pd.DataFrame

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {len(frame)}" for name, frame in self.layers.items())
        states = self.contents["state"].value_counts()
        others = ", ".join(f"{n} {state}" for state, n in states.items() if state != "read")
        return f"<HazardDelivery: {rows or 'nothing'}{f'; {others}' if others else ''}>"

    def _repr_html_(self) -> str:
        then = (
            ".layers",
            ".reports",
            ".summary()",
            "tvb.flood.Hazard.from_layers(delivery.layers)",
        )
        return frame_table(self, self.contents, then=then)

    def summary(self) -> str:
        """Return the account as a text for people.

        Returns
        -------
        str
            The summary of each report, then a line for each table that was not read.
        """
        other = self.contents[self.contents["state"] != "read"]
        lines = [
            f"{state}: {table or layer}" + (f" ({remark})" if remark else "")
            for state, table, layer, remark in zip(
                *(other[name].fillna("") for name in ("state", "table", "layer", "remark")),
                strict=True,
            )
        ]
        return "\n".join([*(report.summary() for report in self.reports), *lines])


def read_hazard(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    scenario: str | None = None,
    scenario_column: str | None = None,
    class_column: str | None = None,
    crs: Any = None,
    encoding: str | None = None,
    bbox: Window | None = None,
) -> HazardDelivery:
    """Return the layers of a delivery of flood hazard, and what was made of each of its tables.

    Parameters
    ----------
    path : path or sequence of paths
        A folder with its sub-folders (``<prefix>_SIG_DI``), a GeoPackage, a zip archive of
        either, or files. Directive inondation (COVADIS or CNIG) and PPR (old or new) may be mixed.
    scenario : str, optional
        Scenario of the flood zones that say none, neither in a column nor in their name.
    scenario_column, class_column : str, optional
        For plain polygons: columns of any name with the scenario and with the level of hazard.
        Every table of polygons that no standard names is then read as flood zones.
    crs, encoding, bbox
        As in `tvb.io.read_layer`, for all tables.

    Returns
    -------
    HazardDelivery
        Codes are translated as by every reader: occurrences of the CNIG to scenarios (the code as
        delivered in ``scenario_livre``), bounds of depth to classes and back, ``coderisque`` to
        ``typealea``.
        `tvb.flood.Hazard.from_layers` takes its ``layers`` and ``contents``.

    Raises
    ------
    SourceError
        If a path does not exist, or no table of a hazard can be read.
    ParameterError
        If the window is empty or the encoding unknown.

    Warns
    -----
    TvbWarning
        If a table of a hazard could not be read; the others are.

    Examples
    --------
    >>> delivery = read_hazard("LENS_SIG_DI")  # doctest: +SKIP
    >>> hazard = tvb.flood.Hazard.from_layers(delivery.layers)  # doctest: +SKIP
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    tables = [table for one in paths for table in list_tables(Path(one))]
    ask = _Ask(scenario, scenario_column, class_column, crs=crs, encoding=encoding, bbox=bbox)
    single, doubles = _split_doubles(tables)
    outcomes = [*(_read(table, ask) for table in single), *doubles]
    layers = _by_layer(outcomes)
    if not layers:
        raise _nothing(paths, outcomes)
    _warn_of_refusals(outcomes)
    reports = tuple(o.report for o in outcomes if o.report is not None)
    return HazardDelivery(layers, reports, _contents(outcomes, layers))


@dataclass(frozen=True, slots=True)
class _Ask:
    """What the user said of the tables."""

    scenario: str | None
    scenario_column: str | None
    class_column: str | None
    crs: Any
    encoding: str | None
    bbox: Window | None

    @property
    def columns(self) -> dict[str, str]:
        """Columns of any name, by the canonical one that they stand for."""
        given = {"scenario": self.scenario_column, "niveau": self.class_column}
        return {canonical: name for canonical, name in given.items() if name is not None}

    @property
    def is_plain(self) -> bool:
        """Whether tables of unknown names are flood zones."""
        return bool(self.columns) or self.scenario is not None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a table."""

    table: str
    layer: str | None
    state: str
    remark: str = ""
    frame: gpd.GeoDataFrame | None = None
    report: LayerReport | None = None


def _read(table: Table, ask: _Ask) -> _Outcome:
    """Return a table as the layer that it is, or why it is none."""
    identity = identify(table.name)
    if table.fault:
        return _Outcome(table.name, identity.layer, "refused", table.fault)
    if not identity.layer and not identity.remark and (ask.is_plain or table.alone):
        identity = Identity("flood_zones")
    if identity.layer is None:
        state = "not used" if identity.remark else "unknown"
        return _Outcome(table.name, None, state, identity.remark)
    if not table.spatial:
        return _Outcome(table.name, identity.layer, "refused", "a table without geometry")
    try:
        frame, report = _read_as(table, identity, ask)
    except (SourceError, LayerError, CrsError) as error:
        return _Outcome(table.name, identity.layer, "refused", str(error))
    state = "read" if report.rows_read else "empty"
    return _Outcome(table.name, identity.layer, state, frame=frame, report=report)


def _read_as(table: Table, identity: Identity, ask: _Ask) -> tuple[gpd.GeoDataFrame, LayerReport]:
    layer = str(identity.layer)
    given = ask.columns if layer == "flood_zones" else {}
    fill = dict(identity.fill)
    if "scenario" in {column.name for column in get_schema(layer).columns}:
        told = fill.get("scenario") or ask.scenario
        # The column that the user names is read after; until then its name holds the place.
        told = told or (f"« {ask.scenario_column} »" if "scenario" in given else None)
        fill |= {"scenario": told} if told else {}
    request = Request(
        layer, table.source_layer, ask.crs, ask.encoding, bool(given), ask.bbox,
        fill=lambda _: fill,
    )  # fmt: skip
    frame, report = read_request(table.path, request)
    for canonical, name in given.items():
        frame, report = _take_column(frame, report, canonical=canonical, name=name)
    frame, entries = translate(frame, layer)  # what came from columns that the user names
    declared = [column.name for column in get_schema(layer).columns]
    return frame[[*declared, "geometry"]], replace(report, notes=(*report.notes, *entries))


def _take_column(
    frame: gpd.GeoDataFrame, report: LayerReport, *, canonical: str, name: str
) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """Return the frame with a column that the user names in the place of a canonical one."""
    held = _held_as(frame, name, report.files[0])
    values = frame[held].astype("str")
    frame = frame.assign(**{canonical: values})
    if canonical == "scenario" and held != "scenario":
        frame = frame.assign(scenario_livre=pd.Series(None, index=frame.index, dtype="str"))
    notes = [n for n in report.notes if not n.reason.startswith(f"« {canonical} » taken to be")]
    notes.append(Entry(f"« {canonical} » read from « {name} »"))
    lost = values.isna().to_numpy()
    if canonical != "scenario" or not lost.any():
        return frame, replace(report, notes=tuple(notes))
    rows = tuple(f"row {row}" for row in frame.index[lost][:KEPT_IDS])
    dropped = (*report.dropped, Entry(f"no « {name} »", int(lost.sum()), rows))
    kept = report.rows_kept - int(lost.sum())
    report = replace(report, notes=tuple(notes), dropped=dropped, rows_kept=kept)
    return frame[~lost].reset_index(drop=True), report


def _held_as(frame: gpd.GeoDataFrame, name: str, label: str) -> str:
    """Return the column of the frame that holds one of the file, be it renamed by an alias."""
    exact = [c for c in frame.columns if c == name]
    found = exact or [c for c in frame.columns if fold(str(c)) == fold(name)]
    schema = get_schema("flood_zones")
    found += [c.name for c in schema.columns if fold(name) in map(fold, c.aliases)]
    if not found:
        raise LayerError(
            explain(
                f"flood_zones ← {label}",
                f"column « {name} » not found among: {', '.join(map(str, frame.columns))}",
                remedy="name another with scenario_column= or class_column=",
            )
        )
    return str(found[0])


def _split_doubles(tables: list[Table]) -> tuple[list[Table], list[_Outcome]]:
    """Return the tables to read, and those that another format of the same folder gives too."""
    first: dict[tuple[Path, str], Table] = {}
    kept, doubles = [], []
    for table in tables:
        before = first.setdefault((table.path.parent, table.name.casefold()), table)
        if table.suffix == before.suffix:
            kept.append(table)
        else:
            remark = f"read from {before.path.name}; {table.path.name} left out"
            layer = identify(table.name).layer
            doubles.append(_Outcome(table.name, layer, "twice", remark))
    return kept, doubles


def _by_layer(outcomes: Sequence[_Outcome]) -> dict[str, gpd.GeoDataFrame]:
    frames: dict[str, list[gpd.GeoDataFrame]] = {}
    for outcome in outcomes:
        if outcome.frame is not None and outcome.layer is not None:
            frames.setdefault(outcome.layer, []).append(outcome.frame)
    return {name: _joined(parts) for name, parts in sorted(frames.items())}


def _joined(frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]


def _nothing(paths: Sequence[str | os.PathLike[str]], outcomes: Sequence[_Outcome]) -> SourceError:
    refused = [o for o in outcomes if o.state == "refused"]
    others = ", ".join(o.table for o in outcomes if o.state != "refused")
    problem = "holds no table of a flood hazard"
    problem += f" that can be read; {refused[0].remark.rstrip('.')}" if refused else ""
    return SourceError(
        explain(
            ", ".join(Path(path).name for path in paths),
            problem + (f"; it holds: {others}" if others else ""),
            required="tables named as in the Directive inondation or in a PPR",
            remedy="for plain polygons, give scenario= or scenario_column=",
        )
    )


def _warn_of_refusals(outcomes: Sequence[_Outcome]) -> None:
    refused = [o for o in outcomes if o.state == "refused"]
    if refused:
        text = "; ".join(f"{o.table} ({o.remark.rstrip('.')})" for o in refused)
        warnings.warn(f"hazard: tables that could not be read: {text}.", TvbWarning, stacklevel=3)


def _contents(outcomes: Sequence[_Outcome], layers: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for o in outcomes:
        counts = (o.report.rows_read, o.report.rows_kept) if o.report else (0, 0)
        rows.append((o.table, o.layer, o.state, *counts, o.remark))
    told = {o.layer for o in outcomes}
    rows += [(None, layer, "absent", 0, 0, why) for layer, why in ABSENT.items()
             if layer not in layers and layer not in told]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(_CONTENTS))
    return table.astype({"table": "str", "layer": "str"})
