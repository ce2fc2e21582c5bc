"""What is to be read of a table: its columns, its systems, its rows; shared by all readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pyproj
import shapely

from tvb.errors import CrsError, explain
from tvb.io.assembly import Assembly
from tvb.io.batches import Batch, Window
from tvb.io.columns import plan_columns
from tvb.io.crs import Projector, name_of, resolve_crs, window_in
from tvb.io.database_query import SridWindow, describe_table, find_srids
from tvb.io.database_rows import RowQuery
from tvb.io.report import Ledger
from tvb.io.scenarios import fill_of_name
from tvb.schema import CRS, LayerSchema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

__all__ = ["Systems", "TableOptions", "TableReading"]


class TableOptions(TypedDict, total=False):
    """Which rows and columns of a table are read, and how.

    Parameters
    ----------
    where : mapping of str to object
        Rows to keep: column and value; a list of values keeps any of them, None keeps nulls.
    geometry : str
        Geometry column; needed when there are several.
    bbox : tuple of float
        West, south, east, north in EPSG:2154; only what meets the window is read.
    crs : str, int or pyproj.CRS
        System of the coordinates, where the table does not say it or says it wrongly.
    extra_columns : bool
        Whether to keep the columns that the schema does not declare; True by default.
    """

    where: Mapping[str, Any]
    geometry: str
    bbox: Window
    crs: Any
    extra_columns: bool


@dataclass(frozen=True, slots=True)
class Systems:
    """System that rows are read in; where they differ, each is brought to it by itself.

    Parameters
    ----------
    crs : pyproj.CRS
        The system.
    remark : str or None
        Where the user contradicts the table.
    of_srid : mapping of int to pyproj.CRS
        Systems of the rows, by SRID, if there are several.
    """

    crs: pyproj.CRS
    remark: str | None = None
    of_srid: Mapping[int, pyproj.CRS] = field(default_factory=dict)

    @property
    def names(self) -> str:
        """Short names, for the account."""
        return ", ".join(map(name_of, self.of_srid.values())) or name_of(self.crs)


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table, and how it becomes a layer.

    Parameters
    ----------
    table : str
        Its name, as the user gives it.
    schema : LayerSchema
        Of the layer.
    options : TableOptions
        What is asked for.
    rows : RowQuery
        Columns read, and their order.
    systems : Systems
        Of the rows.
    window : tuple or None
        West, south, east, north and SRID of what the server is asked for.
    """

    table: str
    schema: LayerSchema
    options: TableOptions
    rows: RowQuery
    systems: Systems
    window: SridWindow | None

    @classmethod
    def plan(
        cls,
        session: Connection,
        table: str,
        schema: LayerSchema,
        *,
        options: TableOptions,
        wanted: Sequence[str] | None = None,
    ) -> TableReading:
        """Return how a table is to be read.

        Parameters
        ----------
        session : sqlalchemy.engine.Connection
            Open connection.
        table : str
            As in `tvb.io.read_database`.
        schema : LayerSchema
            Of the layer.
        options : TableOptions
            What is asked for.
        wanted : sequence of str, optional
            Canonical columns to which the reading is restricted.

        Returns
        -------
        TableReading
            Ready to be read.

        Raises
        ------
        SourceError, LayerError, CrsError, ParameterError
            As `tvb.io.iter_database` does.
        """
        info = describe_table(session, table, options.get("geometry"))
        srids = find_srids(session, info, options.get("where", {}))
        systems = _resolve(srids, options.get("crs"), table)
        plan = plan_columns(info.attributes, schema, table, given=_fill(schema, table))
        found = [s for n, s in plan.source_of.items() if wanted is None or n in wanted]
        extra = plan.extra if wanted is None and options.get("extra_columns", True) else ()
        key = plan.source_of.get(schema.key) if schema.key else None
        rows = RowQuery(info, (*found, *extra), key, with_srid=bool(systems.of_srid))
        window = None
        if "bbox" in options and len(srids) == 1:
            window = (*window_in(options["bbox"], systems.crs), srids[0])
        return cls(table, schema, options, rows, systems, window)

    def select(self, after: Any = None) -> Select[Any]:
        """Return the query of the rows.

        Parameters
        ----------
        after : object, optional
            Key after which they begin.

        Returns
        -------
        sqlalchemy.Select
            For `RowQuery.stream`.

        Raises
        ------
        ParameterError
            If a column does not exist, or the rows have no key to begin after.
        """
        where = self.options.get("where", {})
        return self.rows.select(where=where, window=self.window, after=after)

    def empty_assembly(self, *, extra_columns: bool = True) -> Assembly:
        """Return what rows are put together in, before any is there.

        Parameters
        ----------
        extra_columns : bool
            Whether columns that the schema does not declare are kept.

        Returns
        -------
        Assembly
            Not begun.
        """
        bbox = self.options.get("bbox")
        return Assembly(self.schema, extra_columns=extra_columns, bbox=bbox, many=False)

    def begin(self, *more: str) -> Assembly:
        """Return what rows are put together in, with the remarks on the table.

        Parameters
        ----------
        *more : str
            Columns besides those of the table.

        Returns
        -------
        Assembly
            Begun.

        Raises
        ------
        LayerError
            If a required column is missing.
        """
        assembly = self.empty_assembly()
        names, fill = (*self.rows.columns, *more), _fill(self.schema, self.table)
        assembly.begin(self.table, names, crs=self.systems.crs, fill=fill)
        if self.systems.remark:
            assembly.remark(self.systems.remark)
        if assembly.reprojects:
            assembly.remark(f"reprojected from {self.systems.names} to {CRS}")
        return assembly

    def in_one_system(self, batch: Batch, ledger: Ledger) -> Batch:
        """Return rows with those of other systems brought to the one that is read in.

        Parameters
        ----------
        batch : Batch
            With the SRID of each row, if there are several.
        ledger : Ledger
            Where the conversions are noted.

        Returns
        -------
        Batch
            The same one if there is one system.

        Raises
        ------
        CrsError
            If the coordinates contradict their system.
        """
        if not self.systems.of_srid:
            return batch
        geometry = batch.geometry.copy()
        srids = np.where(shapely.is_missing(geometry), 0, shapely.get_srid(geometry))
        for srid, crs in self.systems.of_srid.items():
            rows = srids == srid
            project = Projector(crs, self.table)
            if rows.any() and not project.same:
                geometry[rows] = project(geometry[rows])
                ledger.add("notes", f"reprojected from {name_of(crs)} to {CRS}", int(rows.sum()))
        return replace(batch, geometry=geometry)


def _fill(schema: LayerSchema, table: str) -> Mapping[str, str]:
    """Return the values of canonical columns that the name of the table tells."""
    fill = fill_of_name(schema.name)
    return fill(table) if fill else {}


def _resolve(srids: Sequence[int], declared: Any, table: str) -> Systems:
    """Return the system or systems of the rows; what the user declares wins over all."""
    if declared is None and not srids:  # no geometry, hence no coordinates to understand
        return Systems(pyproj.CRS(CRS))
    if declared is not None or len(srids) < 2:
        told = f"EPSG:{srids[0]}" if srids and srids[0] > 0 else None
        return Systems(*resolve_crs(told, declared, table))
    if min(srids) <= 0:
        raise CrsError(
            explain(
                table,
                "some rows do not say their coordinate reference system, others do",
                required="one SRID on each row",
                remedy="UPDATE … ST_SetSRID(…), or declare one for all with crs=",
            )
        )
    each = {srid: resolve_crs(f"EPSG:{srid}", None, table)[0] for srid in srids}
    return Systems(pyproj.CRS(CRS), of_srid=each)
