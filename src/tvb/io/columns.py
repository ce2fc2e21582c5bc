"""Which column of a file is which column of a schema."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tvb.errors import LayerError, explain
from tvb.schema import LayerSchema

__all__ = ["ColumnPlan", "fold", "plan_columns"]

_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How the columns of one file become those of a layer.

    Parameters
    ----------
    source_of : mapping of str to str
        Column of the file for each canonical column found.
    absent : tuple of str
        Canonical columns that the file lacks.
    extra : tuple of str
        Columns of the file that the schema does not declare, in the order of the file.
    unused : mapping of str to tuple of str
        Columns that could also have been each canonical column.
    """

    source_of: Mapping[str, str]
    absent: tuple[str, ...]
    extra: tuple[str, ...]
    unused: Mapping[str, tuple[str, ...]]


def fold(name: str) -> str:
    """Return a column name without case, accents, spaces and hyphens.

    Parameters
    ----------
    name : str
        Any name.

    Returns
    -------
    str
        For comparison only.

    Examples
    --------
    >>> fold(" Code INSÉE ")
    'code_insee'
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\s\-]+", "_", plain.strip()).casefold()


def plan_columns(
    names: Sequence[str], schema: LayerSchema, label: str, *, given: Iterable[str] = ()
) -> ColumnPlan:
    """Return which column of a file stands for which column of a schema.

    Parameters
    ----------
    names : sequence of str
        Columns of the file, geometry excluded.
    schema : LayerSchema
        Declaration of the layer.
    label : str
        Name of the file in messages.
    given : iterable of str
        Canonical columns that the caller fills where the file lacks them.

    Returns
    -------
    ColumnPlan
        The canonical name wins over any alias; then the first alias in order of preference.

    Raises
    ------
    LayerError
        If a required column is neither in the file nor given; all are listed.
    """
    by_fold: dict[str, list[str]] = {}
    for name in names:
        by_fold.setdefault(fold(name), []).append(name)
    source_of: dict[str, str] = {}
    unused: dict[str, tuple[str, ...]] = {}
    canonical = {column.name for column in schema.columns}
    for column in schema.columns:
        # A column that bears the canonical name of another is never taken as an alias.
        accepted = [column.name, *(fold(a) for a in column.aliases if fold(a) not in canonical)]
        candidates = [name for word in accepted for name in by_fold.get(word, ())]
        exact = [name for name in candidates if name == column.name]
        candidates = exact + [name for name in candidates if name != column.name]
        free = [name for name in candidates if name not in source_of.values()]
        if free:
            source_of[column.name] = free[0]
            if free[1:]:
                unused[column.name] = tuple(free[1:])
    absent = tuple(c.name for c in schema.columns if c.name not in source_of)
    _refuse_missing(names, schema, set(absent) - set(given), label=label)
    used = set(source_of.values())
    extra = tuple(name for name in names if name not in used)
    return ColumnPlan(source_of, absent, extra, unused)


def _refuse_missing(
    names: Sequence[str], schema: LayerSchema, absent: set[str], *, label: str
) -> None:
    missing = [c for c in schema.columns if c.required and c.name in absent]
    if not missing:
        return
    found = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    accepted = "; ".join(
        f"{c.name}" + (f" (or {', '.join(c.aliases)})" if c.aliases else "") for c in missing
    )
    plural = "s" if len(missing) > 1 else ""
    raise LayerError(
        explain(
            f"{schema.name} ← {label}",
            f"required column{plural} {', '.join(f'« {c.name} »' for c in missing)} not found "
            f"among: {found or 'no column at all'}",
            required=accepted,
            remedy="rename a column, or check that this is the right file",
        )
    )
