"""Raw batches → one valid frame, with an account of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.io.batches import BATCH_ROWS, Batch, Window
from tvb.io.columns import ColumnPlan, plan_columns
from tvb.io.crs import Projector, inside_france
from tvb.io.hazard_codes import translate
from tvb.io.repair import flatten, repair_geometry
from tvb.io.report import KEPT_IDS, Kind, Ledger
from tvb.io.text import find_lost_characters, repair_mojibake, settle
from tvb.io.values import Cast, cast_values, final_dtype, null_values
from tvb.schema import CRS, Column, LayerSchema
from tvb.schema.validate import validate_repaired

__all__ = ["Assembly", "find_twins", "may_repeat"]

# Values that stand for nothing in the published layers. They are left as delivered, and counted.
_VERBS = {
    "drop": "only the first kept",
    "keep": "all kept",
    "join": "geometry joined to the first row",
}
_HOLLOW: dict[tuple[str, str], Any] = {
    ("pits", "cote"): 0, ("pits", "profondeur"): 0, ("pits", "fermeture"): "1",
}  # fmt: skip

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Names of the rows of a batch: their key, or their number in the file."""

    ledger: Ledger
    keys: pd.Series[Any] | None
    numbers: NDArray[np.int64]
    prefix: str

    def note(self, kind: Kind, reason: str, rows: Mask) -> None:
        """Enter the rows of a mask into the account, if there are any."""
        if rows.any():
            names = [self._name(int(place)) for place in np.flatnonzero(rows)[:KEPT_IDS]]
            self.ledger.add(kind, reason, int(rows.sum()), ids=names)

    def _name(self, place: int) -> str:
        key = None if self.keys is None else self.keys.iloc[place]
        if key is None or pd.isna(key):
            return f"{self.prefix}row {self.numbers[place]}"
        return str(key)


class Assembly:
    """Takes batches of one or several files, gives one frame and its account.

    Parameters
    ----------
    schema : LayerSchema
        Declaration of the layer.
    extra_columns : bool
        Whether columns that the schema does not declare are kept.
    bbox : tuple of float, optional
        Window in EPSG:2154; what does not meet it is not counted as read.
    many : bool
        Whether several files follow each other: their rows are then named with the file.
    """

    def __init__(
        self, schema: LayerSchema, *, extra_columns: bool, bbox: Window | None, many: bool
    ) -> None:
        self.schema = schema
        self.extra_columns = extra_columns
        self.ledger = Ledger(schema.name)
        self.rows_read = 0
        self.files: list[str] = []
        self._window = None if bbox is None else shapely.box(*bbox)
        self._many = many
        self._tables: list[pd.DataFrame] = []
        self._geometry: list[NDArray[Any]] = []
        self._file_of: list[NDArray[np.int16]] = []
        self._numbers: list[NDArray[np.int64]] = []  # of rows without a key
        self._null_only: dict[str, bool] = {}
        self._row = 0

    def begin(
        self, label: str, names: tuple[str, ...], *, crs: pyproj.CRS, fill: Mapping[str, str]
    ) -> ColumnPlan:
        """Start a file.

        Parameters
        ----------
        label : str
            Its name.
        names : tuple of str
            Its columns.
        crs : pyproj.CRS
            Its system.
        fill : mapping of str to str
            Values of canonical columns where the file has none.

        Returns
        -------
        ColumnPlan
            Which columns are needed.

        Raises
        ------
        LayerError
            If a required column is missing.
        """
        self.files.append(label)
        self._label = label
        self._fill = fill
        self._row = 0
        self._plan = plan_columns(names, self.schema, label, given=fill)
        self._project = Projector(crs, label)
        if self._project.rough:
            self.remark("converted without the grid of the accurate conversion: some metres off")
        self._note_plan(fill)
        return self._plan

    @property
    def reprojects(self) -> bool:
        """Whether the file begun last is converted to EPSG:2154."""
        return not self._project.same

    def remark(self, text: str) -> None:
        """Note something about the file begun last.

        Parameters
        ----------
        text : str
            The remark.
        """
        self.ledger.add("notes", f"{self._label}: {text}" if self._many else text)

    def _note_plan(self, fill: Mapping[str, str]) -> None:
        plan = self._plan
        renamed = [f"{src} → {name}" for name, src in plan.source_of.items() if src != name]
        if renamed:
            self.remark(f"columns renamed: {', '.join(renamed)}")
        for name, others in plan.unused.items():
            shown = ", ".join(f"« {other} »" for other in others)
            text = f"« {name} » read from « {plan.source_of[name]} »; {shown} could also be it"
            self.remark(text)
        absent = [name for name in plan.absent if name not in fill]
        if absent:
            self.remark(f"columns absent, left null: {', '.join(absent)}")

    def add(self, batch: Batch) -> None:
        """Add rows.

        Parameters
        ----------
        batch : Batch
            Rows of the file begun last.

        Raises
        ------
        CrsError
            If the coordinates contradict the system of the file.
        """
        flat, deep = flatten(batch.geometry)
        geometry = self._project(flat)
        inside = self._in_window(geometry)
        numbers = self._row + np.flatnonzero(inside)
        self._row += len(batch)
        table = batch.table
        if not inside.all():
            table = table[inside].reset_index(drop=True)
            geometry, deep = geometry[inside], deep[inside]
        self.rows_read += len(table)
        prefix = f"{self._label} " if self._many else ""
        casts = {c.name: self._cast(table, c) for c in self.schema.columns}
        keys = casts[self.schema.key].values if self.schema.key else None
        rows = _Rows(self.ledger, keys, numbers, prefix)
        self._note_values(casts, rows)
        columns = {name: cast.values for name, cast in casts.items()}
        if self.extra_columns:
            columns |= self._extra(table)
        rows.note("notes", "heights or measures (Z, M) left out", deep)
        rows.note("repaired", "ring closed", batch.healed[inside])
        geometry, keep = self._repair(geometry, batch.unreadable[inside], rows)
        keep = self._drop_null(columns, keep, rows)
        settled = {name: settle(values) for name, values in columns.items()}
        whole = pd.DataFrame(settled, index=table.index)  # copies numbers, which Arrow may lend
        self._tables.append(whole if keep.all() else whole[keep])
        self._geometry.append(geometry[keep])
        self._file_of.append(np.full(int(keep.sum()), len(self.files) - 1, dtype=np.int16))
        if keys is None:
            self._numbers.append(numbers[keep])

    def _in_window(self, geometry: NDArray[Any]) -> Mask:
        if self._window is None:
            return np.ones(len(geometry), dtype=bool)
        shapely.prepare(self._window)
        meets: Mask = shapely.intersects(self._window, geometry)
        return meets

    def _cast(self, table: pd.DataFrame, column: Column) -> Cast:
        """Return one column in its declared type, filled and decoded."""
        source = self._plan.source_of.get(column.name)
        if source is None:
            cast = Cast(null_values(column, table.index), np.zeros(len(table), dtype=bool))
        else:
            cast = cast_values(table[source], column)
        if column.name in self._fill:
            value = self._fill[column.name]
            reason = f"« {column.name} » taken to be {value}"
            cast.remarks[reason] = cast.values.isna().to_numpy()
            cast = replace(cast, values=cast.values.fillna(value))
        if column.dtype == "text" and source is not None:
            values, changed = repair_mojibake(cast.values)
            cast.repairs["text of the wrong encoding read again (« Ã© » is « é »)"] = changed
            cast = replace(cast, values=values)
        return cast

    def _note_values(self, casts: Mapping[str, Cast], rows: _Rows) -> None:
        for name, cast in casts.items():
            rows.note("repaired", f"impossible value of « {name} » made null", cast.wrong)
            for reason, changed in cast.repairs.items():
                rows.note("repaired", reason, changed)
            for reason, changed in cast.remarks.items():
                rows.note("notes", reason, changed)
            if self.schema.column(name).dtype == "text":
                lost = find_lost_characters(cast.values)
                rows.note("notes", f"characters lost in « {name} »", lost)
            hollow = _HOLLOW.get((self.schema.name, name))
            if hollow is not None:
                unknown = (cast.values == hollow).fillna(False).to_numpy(dtype=bool)
                rows.note("notes", f"« {name} » is {hollow}, which means unknown", unknown)

    def _extra(self, table: pd.DataFrame) -> dict[str, Any]:
        """Return the columns that the schema does not declare, under names that do not clash."""
        extra: dict[str, Any] = {}
        for name in self._plan.extra:
            kept = name if name != "geometry" else "geometry_attribute"
            values = table[name]
            if isinstance(values.dtype, pd.StringDtype):
                values, changed = repair_mojibake(values)
                if changed.any():
                    reason = f"text of the wrong encoding read again in « {name} »"
                    self.ledger.add("repaired", reason, int(changed.sum()))
            extra[kept] = values
        return extra

    def _repair(
        self, geometry: NDArray[Any], unreadable: Mask, rows: _Rows
    ) -> tuple[NDArray[Any], Mask]:
        rows.note("dropped", "unreadable geometry", unreadable)
        repair = repair_geometry(geometry, self.schema.families)
        for reason, mask in repair.repaired.items():
            rows.note("repaired", reason, mask)
        for reason, mask in repair.dropped.items():
            rows.note("dropped", reason, mask & ~unreadable)
        keep = repair.keep & ~unreadable
        far = keep.copy()
        far[keep] = ~inside_france(shapely.bounds(repair.geometry[keep]))
        rows.note("notes", "outside metropolitan France", far)
        return repair.geometry, keep

    def _drop_null(self, columns: dict[str, Any], keep: Mask, rows: _Rows) -> Mask:
        for column in self.schema.columns:
            if column.nullable:
                continue
            null = columns[column.name].isna().to_numpy()
            if column.fallback and null.any() and not null.all():
                rows.note(
                    "repaired", f"no « {column.name} »: {column.fallback} put in", null & keep
                )
                columns[column.name] = columns[column.name].fillna(columns[column.fallback])
                continue
            if len(null):
                self._null_only[column.name] = self._null_only.get(column.name, True) and null.all()
            rows.note("dropped", f"no « {column.name} »", null & keep)
            keep = keep & ~null
        return keep

    def finish(self) -> gpd.GeoDataFrame:
        """Return the valid frame.

        Returns
        -------
        geopandas.GeoDataFrame
            In EPSG:2154, on an index from 0: the columns of the schema, then the others, then
            ``geometry``.

        Raises
        ------
        LayerError
            If a column that may not be null is null on every row, or a fault is left.
        """
        for name in [name for name, nothing in self._null_only.items() if nothing]:
            raise LayerError(
                explain(
                    f"{self.schema.name} ← {', '.join(self.files)}",
                    f"column « {name} » holds no value that can be read",
                    required=self.schema.column(name).description,
                    remedy="check that this is the right column and the right file",
                )
            )
        table = self._join()
        geometry = np.concatenate(self._geometry) if self._geometry else np.empty(0, dtype=object)
        file_of = np.concatenate(self._file_of) if self._file_of else np.empty(0, dtype=np.int16)
        self._geometry, self._file_of = [], []
        keep = self._unique(table, file_of)
        if self.schema.key is None:
            self._note_twins(table, geometry, file_of)
        if self.schema.on_duplicate == "join":
            geometry = _joined(geometry, table[self.schema.key], ~keep)
        if not keep.all():
            table, geometry = table[keep].reset_index(drop=True), geometry[keep]
        for column in self.schema.columns:
            table[column.name] = table[column.name].astype(final_dtype(column))
        frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, crs=CRS), copy=False)
        frame, entries = translate(frame, self.schema.name)
        for entry in entries:
            self.ledger.add("notes", entry.reason, entry.count, ids=entry.ids)
        return validate_repaired(frame, self.schema.name)

    def _join(self) -> pd.DataFrame:
        """Return the tables one below the other; extra integers and booleans lose their null."""
        tables, self._tables = self._tables, []
        tables = [t for t in tables if len(t)] or tables[:1]
        if not tables:
            empty = pd.RangeIndex(0)
            return pd.DataFrame({c.name: null_values(c, empty) for c in self.schema.columns})
        table = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
        table = table.reset_index(drop=True)
        declared = {c.name for c in self.schema.columns}
        plain: dict[str, Any] = {"Int64": "int64", "boolean": "bool"}
        for name in [n for n in table.columns if n not in declared]:
            dtype = str(table[name].dtype)
            if dtype in plain and not table[name].isna().any():
                table[name] = table[name].astype(plain[dtype])
        return table

    def _unique(self, table: pd.DataFrame, file_of: NDArray[np.int16]) -> Mask:
        """Return the rows to keep; keys given twice are reported with the files that hold them."""
        keep = np.ones(len(table), dtype=bool)
        if self.schema.key is None:
            return keep
        keys = table[self.schema.key]
        if not may_repeat(keys):
            return keep
        again = (keys.duplicated() & keys.notna()).to_numpy()
        if not again.any():
            return keep
        drop = self.schema.on_duplicate != "keep"
        kind: Kind = "dropped" if drop else "notes"
        verb = _VERBS[self.schema.on_duplicate]
        doubled = pd.DataFrame({"key": keys, "file": file_of})[keys.isin(keys[again])]
        doubled["first"] = doubled.groupby("key")["file"].transform("first")
        for _, rows in doubled[again[doubled.index]].groupby(["first", "file"], sort=True):
            where = self._files_of_pair(int(rows["first"].iloc[0]), int(rows["file"].iloc[0]))
            names = rows["key"].unique()[:KEPT_IDS]
            self.ledger.add(kind, f"key given twice{where}; {verb}", len(rows), ids=names)
        return ~again if drop else keep

    def _note_twins(
        self, table: pd.DataFrame, geometry: NDArray[Any], file_of: NDArray[np.int16]
    ) -> None:
        """Enter features without a key that were given before: two files may hold the same one."""
        first = find_twins(table[[column.name for column in self.schema.columns]], geometry)
        again = np.flatnonzero(first != np.arange(len(first)))
        if not len(again):
            return
        numbers = np.concatenate(self._numbers)
        pairs = pd.DataFrame({"first": file_of[first[again]], "file": file_of[again], "at": again})
        for _, rows in pairs.groupby(["first", "file"], sort=True):
            one, two = int(rows["first"].iloc[0]), int(rows["file"].iloc[0])
            prefix = f"{self.files[two]} " if self._many else ""
            names = [f"{prefix}row {number}" for number in numbers[rows["at"][:KEPT_IDS]]]
            where = self._files_of_pair(one, two)
            self.ledger.add("notes", f"feature given twice{where}; all kept", len(rows), ids=names)

    def _files_of_pair(self, first: int, again: int) -> str:
        if not self._many:
            return ""
        if first == again:
            return f" in {self.files[first]}"
        return f", in {self.files[first]} and again in {self.files[again]}"


def _joined(geometry: NDArray[Any], keys: pd.Series[Any], again: Mask) -> NDArray[Any]:
    """Return the geometry with that of the rows of a key given before joined to its first row."""
    joined = geometry.copy()
    for key in keys[again].unique():
        rows = np.flatnonzero((keys == key).to_numpy())
        joined[rows[0]] = shapely.union_all(geometry[rows])
    return joined


def find_twins(values: pd.DataFrame, geometry: NDArray[Any]) -> NDArray[np.int64]:
    """Return the first row that is the same as each row.

    Parameters
    ----------
    values : pandas.DataFrame
        Columns that are compared, texts in any case; null equals null.
    geometry : numpy.ndarray
        Compared too, wherever a ring begins.

    Returns
    -------
    numpy.ndarray
        Positions; its own for a row without a twin before it.
    """
    first = np.arange(len(geometry), dtype=np.int64)
    # Few outlines share their box: only those are looked at closely.
    at = np.flatnonzero(pd.DataFrame(shapely.bounds(geometry)).duplicated(keep=False))
    if len(at):
        shape = shapely.to_wkb(shapely.normalize(geometry[at]))
        same = values.iloc[at].reset_index(drop=True).assign(_shape=shape)
        for name in values.columns:
            if isinstance(same[name].dtype, pd.StringDtype):
                same[name] = same[name].str.casefold()
        group = same.groupby(list(same.columns), dropna=False, sort=False, observed=True).ngroup()
        first[at] = pd.Series(at).groupby(group).transform("first")
    return first


def may_repeat(keys: pd.Series[Any]) -> bool:
    """Tell whether two keys may be equal; False is certain, True is not.

    Their hashes take a tenth of the memory that the keys themselves would.

    Parameters
    ----------
    keys : pandas.Series
        Null ones do not count.

    Returns
    -------
    bool
        Whether two hashes are equal.
    """
    given = keys[keys.notna().to_numpy()]
    parts = [
        pd.util.hash_array(given.iloc[i : i + BATCH_ROWS].to_numpy(dtype=object), categorize=False)
        for i in range(0, len(given), BATCH_ROWS)
    ]
    return bool(parts) and not pd.Index(np.concatenate(parts)).is_unique
