"""The words in which a layer is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tvb.display import rows_table

__all__ = ["CRS", "Column", "Dtype", "Family", "GridSchema", "LayerSchema", "OnDuplicate"]

CRS = "EPSG:2154"
"""The one working system: RGF93 v1 / Lambert-93, metres."""

Dtype = Literal["text", "integer", "number", "boolean"]
Family = Literal["point", "line", "polygon"]
OnDuplicate = Literal["drop", "keep", "join"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layer.

    Parameters
    ----------
    name : str
        Canonical name: French, snake_case, with its unit where it has one.
    dtype : {"text", "integer", "number", "boolean"}
        In the frame: ``str``; ``int64`` or, where nullable, ``Int64``; ``float64``; ``bool`` or,
        where nullable, ``boolean``.
    description : str
        What it means, in English.
    unit : str, optional
        Unit of a number.
    required : bool
        The file must hold the column. An optional one that is absent is added, all null.
    nullable : bool
        Whether a row may lack the value.
    allowed : tuple of str
        The only values accepted, if any; other values are faults.
    aliases : tuple of str
        Other names under which public files hold it, compared without case, in order of preference.
    fallback : str, optional
        Column that stands in where the value is missing, so that no row is lost for want of it.
    width : int, optional
        Number of characters of a code; shorter all-digit values get their leading zeros back.
    """

    name: str
    dtype: Dtype
    description: str
    unit: str | None = None
    required: bool = False
    nullable: bool = True
    allowed: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    width: int | None = None
    fallback: str | None = None

    def __repr__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        return f"<Column {self.name}: {self.dtype}{unit}{', required' if self.required else ''}>"


@dataclass(frozen=True, slots=True)
class LayerSchema:
    """What a vector layer must look like.

    Parameters
    ----------
    name : str
        Name of the layer in the code, in study files and on the command line.
    title_fr, title_en : str
        Name of the layer in legends.
    description : str
        What one row is.
    families : frozenset of {"point", "line", "polygon"}
        Geometry accepted, single or multiple.
    columns : tuple of Column
        In canonical order.
    key : str, optional
        Column that identifies a row; None when public files hold no identifier.
    on_duplicate : {"drop", "keep", "join"}
        What the reader does with a key given twice: keep the first row and report the others,
        keep all and report them, or join the geometry of the others to the first.
    cells : str, optional
        Column of texts that name squares of 200 m of EPSG:3035: a table without geometry is given
        that of its squares.
    """

    name: str
    title_fr: str
    title_en: str
    description: str
    families: frozenset[Family]
    columns: tuple[Column, ...]
    key: str | None = None
    on_duplicate: OnDuplicate = "drop"
    cells: str | None = None

    def column(self, name: str) -> Column:
        """Return one column by its canonical name.

        Parameters
        ----------
        name : str
            Canonical name.

        Returns
        -------
        Column
            Its declaration.

        Raises
        ------
        KeyError
            If the layer declares no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __repr__(self) -> str:
        return (
            f"<LayerSchema {self.name}: {' or '.join(sorted(self.families))}, "
            f"{len(self.columns)} columns, {f'key {self.key}' if self.key else 'no key'}>"
        )

    def _repr_html_(self) -> str:
        heads = ("column", "type", "unit", "required", "meaning", "aliases")
        rows = [
            (c.name, c.dtype, c.unit, "yes" if c.required else "", c.description,
             ", ".join(c.aliases))
            for c in self.columns
        ]  # fmt: skip
        then = (
            f'tvb.schema.schema_table("{self.name}")',
            f'tvb.io.read_layer(path, "{self.name}")',
        )
        return rows_table(self, heads, rows, then=then)


@dataclass(frozen=True, slots=True)
class GridSchema:
    """What a raster must look like.

    Parameters
    ----------
    name : str
        Name of the raster in the code and in study files.
    title_fr, title_en : str
        Name in legends.
    description : str
        What a cell holds.
    unit : str, optional
        Unit of the values.
    minimum, maximum : float, optional
        Range outside which a value is a fault.
    legend : mapping of int to str
        Codes of a classified raster; empty when any code is accepted.
    """

    name: str
    title_fr: str
    title_en: str
    description: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    legend: Mapping[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        codes = f", {len(self.legend)} codes" if self.legend else ""
        return f"<GridSchema {self.name}: {self.description}{unit}{codes}>"

    def _repr_html_(self) -> str:
        return rows_table(self, ("code", "meaning"), self.legend.items())
