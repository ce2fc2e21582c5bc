"""A town plan as it was read, a delivery as it will be written, and the identifiers of plans."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import geopandas as gpd
import pandas as pd

from tvb.display import parts_table
from tvb.schema.plan import PlanKind
from tvb.territory import Source

__all__ = [
    "FINDING_COLUMNS",
    "LEVELS",
    "Idurba",
    "Level",
    "Plan",
    "PlanDelivery",
    "parse_date",
    "parse_idurba",
]

Level = Literal["bloquant", "à corriger", "à vérifier", "information"]

LEVELS: tuple[Level, ...] = ("bloquant", "à corriger", "à vérifier", "information")
"""How much a finding matters, from most to least."""

FINDING_COLUMNS = ("kind", "level", "table", "count", "detail", "objects")
"""Columns of the findings of a reading."""

_OWNER = r"(?P<owner>[0-9]{9}|[0-9][0-9AB][0-9]{3})"
_IDURBA = {
    2: re.compile(
        rf"{_OWNER}_(?P<type>PLUI|PLU|POS|CC|PSMV)_(?P<date>[0-9]{{8}})(?:_(?P<du>\w+))?",
        re.IGNORECASE,
    ),
    1: re.compile(rf"{_OWNER}_?(?P<date>[0-9]{{8}})", re.IGNORECASE),
}
_SPELLING = {"PLUI": "PLUi"}


@dataclass(frozen=True, slots=True)
class Idurba:
    """An identifier of a plan, taken apart.

    Parameters
    ----------
    owner : str
        INSEE code of the commune, or SIREN of the intercommunality.
    date : datetime.date
        Date in the identifier.
    form : {1, 2}
        1 until 2014 (owner and date), 2 since 2017 (with the type between them).
    type : str or None
        PLU, PLUi, POS, CC or PSMV; None in form 1.
    suffix : str or None
        What follows the date in form 2.
    """

    owner: str
    date: dt.date
    form: Literal[1, 2]
    type: str | None = None
    suffix: str | None = None


def parse_idurba(text: str) -> Idurba | None:
    """Return the parts of an identifier of a plan.

    Parameters
    ----------
    text : str
        In any case: ``PLUi`` and ``PLUI`` are the same.

    Returns
    -------
    Idurba or None
        None where the text fits neither form, or its date is no day.

    Examples
    --------
    >>> parse_idurba("62637_PLU_20180523").date
    datetime.date(2018, 5, 23)
    >>> parse_idurba("6263720180523").form
    1
    >>> parse_idurba("62637_PLU_20181323") is None
    True
    """
    for form, pattern in _IDURBA.items():
        found = pattern.fullmatch(text.strip())
        date = parse_date(found["date"]) if found else None
        if found is None or date is None:
            continue
        owner = found["owner"].upper()
        if form == 1:
            return Idurba(owner, date, 1)
        kind = found["type"].upper()
        return Idurba(owner, date, 2, _SPELLING.get(kind, kind), found["du"])
    return None


def parse_date(text: object) -> dt.date | None:
    """Return the day that eight digits tell.

    Parameters
    ----------
    text : object
        ``AAAAMMJJ``; what is not text is no date.

    Returns
    -------
    datetime.date or None
        None where the text is no day.

    Examples
    --------
    >>> parse_date("20240229"), parse_date("20230229")
    (datetime.date(2024, 2, 29), None)
    """
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{8}", text.strip()):
        return None
    try:
        return dt.datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError:
        return None


@dataclass(frozen=True, repr=False)
class Plan:
    """A town plan, in EPSG:2154, whatever version of the standard it was delivered in.

    Every frame has the columns of its table in `tvb.schema.plan.PLAN_TABLES`, null where the
    delivery lacks them, then the columns that tvb does not know, and these: ``objet`` names the row
    in findings; ``table`` is the table that it comes from; ``geometrie`` is S, L or P; ``code`` is
    type and sub-type as ``07-01``, null where either is missing.

    Parameters
    ----------
    name : str
        Owner, type and date, for example ``62637_PLU_20180523``.
    kind : {"PLU", "PLUi"}
        Of one commune, or of several.
    version : str
        Version of the standard: the latest that the delivery may be of.
    versions : tuple of str
        All the versions that it may be of.
    version_evidence : tuple of str
        What tells so.
    zones : geopandas.GeoDataFrame
        Polygons of ``ZONE_URBA``.
    prescriptions, infos : geopandas.GeoDataFrame
        Areas, lines and points of ``PRESCRIPTION_*`` and ``INFO_*`` together.
    habillage : geopandas.GeoDataFrame
        Areas, lines, points and texts of ``HABILLAGE_*`` together.
    sup : geopandas.GeoDataFrame
        Servitudes: ``categorie`` (``AC1``), ``role`` (``generateur`` or ``assiette``), ``nom``, and
        the columns of their tables.
    doc_urba, doc_urba_com : pandas.DataFrame
        The plan, and its communes.
    records : mapping of str to pandas.DataFrame
        Tables of servitudes without geometry, by name.
    communes : tuple of str
        INSEE codes, sorted.
    siren : str or None
        Owner, where it is an intercommunality.
    approved : datetime.date or None
        Date of approval.
    tables : pandas.DataFrame
        One row for each table delivered: ``table``, ``file``, ``rows_read``, ``rows_kept``,
        ``columns`` (tuple of canonical names delivered), ``unknown`` (tuple of other columns),
        ``crs``.
    written_parts : pandas.DataFrame
        One row for each folder of the written parts: ``part``, ``required``, ``present`` (null
        where the delivery cannot tell), ``files`` (tuple of names).
    findings : pandas.DataFrame
        What the reading met, in the columns of `FINDING_COLUMNS`, the gravest first.
    sources : tuple of tvb.territory.Source
        One for each table.
    """

    name: str
    kind: PlanKind
    version: str
    versions: tuple[str, ...]
    version_evidence: tuple[str, ...]
    zones: gpd.GeoDataFrame
    prescriptions: gpd.GeoDataFrame
    infos: gpd.GeoDataFrame
    habillage: gpd.GeoDataFrame
    sup: gpd.GeoDataFrame
    doc_urba: pd.DataFrame
    doc_urba_com: pd.DataFrame
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    communes: tuple[str, ...] = ()
    siren: str | None = None
    approved: dt.date | None = None
    tables: pd.DataFrame = field(default_factory=pd.DataFrame)
    written_parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    findings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FINDING_COLUMNS))
    sources: tuple[Source, ...] = ()

    def has_table(self, name: str) -> bool:
        """Tell whether the delivery holds a table, be it empty.

        Parameters
        ----------
        name : str
            For example ``info_surf``; a beginning such as ``info`` stands for all that begin so.

        Returns
        -------
        bool
            False also for a table that could not be read.
        """
        delivered = list(self.tables["table"]) if len(self.tables) else []
        return any(t == name or t.startswith(f"{name}_") for t in delivered)

    def summary(self) -> str:
        """Return what was read, for people.

        Returns
        -------
        str
            Several lines: the plan, its version and why, rows of each part, findings by level.
        """
        communes = ", ".join(self.communes) or "unknown"
        parts = {
            "zones": self.zones, "prescriptions": self.prescriptions, "infos": self.infos,
            "habillage": self.habillage, "sup": self.sup,
        }  # fmt: skip
        levels = self.findings["level"].value_counts()
        return "\n".join(
            [
                f"{self.name} ({self.kind}, standard {self.version})",
                f"  communes: {communes}; approved: {self.approved or 'unknown'}",
                *(f"  version: {reason}" for reason in self.version_evidence),
                *(f"  {name}: {len(frame)}" for name, frame in parts.items()),
                *(f"  findings, {level}: {levels[level]}" for level in LEVELS if level in levels),
            ]
        )

    def __repr__(self) -> str:
        return (
            f"<Plan {self.name}: {self.kind} {self.version}, {len(self.communes)} communes, "
            f"{len(self.zones)} zones, {len(self.prescriptions)} prescriptions, "
            f"{len(self.infos)} infos, {len(self.findings)} findings>"
        )

    def _repr_html_(self) -> str:
        shown = ("zones", "prescriptions", "infos", "habillage", "sup", "findings")
        parts = {
            "communes": ", ".join(self.communes),
            "approved": self.approved,
            **{name: getattr(self, name) for name in shown},
        }
        then = (".summary()", ".findings", "tvb.plu.review_plan(plan, reference)")
        return parts_table(self, parts, then=then)


@dataclass(frozen=True, repr=False)
class PlanDelivery:
    """The tables of a plan before they are files: names and columns as the standard writes them.

    Parameters
    ----------
    name : str
        Name of the delivery.
    kind : {"PLU", "PLUi"}
        Of one commune, or of several.
    version : str
        Version of the standard that it follows.
    tables : mapping of str to pandas.DataFrame
        Frames by file name, without folder and suffix; those without geometry are attributes.
    layout : {"shapefile", "geopackage"}
        How it is delivered.
    encoding : str
        Of the texts of shapefiles.
    written_parts : tuple of str
        Files of ``Pieces_ecrites``, with their folder.
    """

    name: str
    kind: PlanKind
    version: str
    tables: Mapping[str, pd.DataFrame]
    layout: Literal["shapefile", "geopackage"]
    encoding: str = "UTF-8"
    written_parts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<PlanDelivery {self.name}: {self.kind} {self.version}, {len(self.tables)} tables, "
            f"{self.layout}>"
        )

    def _repr_html_(self) -> str:
        parts = {**self.tables, "written parts": len(self.written_parts)}
        return parts_table(self, parts, then=(".tables", "tvb.io.write_plan(delivery, folder)"))


def __dir__() -> list[str]:
    return sorted(__all__)
