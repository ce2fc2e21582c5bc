"""Habitat graphs in the files of Conefor and in the project folders of Graphab.

Readers return a table of patches and a table of links, as
`tvb.connectivity.HabitatGraph.from_frames` takes them.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from tvb.display import parts_table
from tvb.errors import LayerError, ParameterError, SourceError, explain
from tvb.io.atomic import atomic_path
from tvb.schema import CRS

__all__ = [
    "GraphabSettings",
    "read_conefor",
    "read_graphab_project",
    "read_graphab_settings",
    "write_conefor",
]

StrPath = str | os.PathLike[str]

_NODES, _LINKS = "nodes.txt", "distances.txt"
_LINK_KINDS = {1: "euclidean", 2: "cost", 3: "circuit"}
_GRAPH_KINDS = {1: "complete", 2: "threshold", 3: "spanning tree"}


@dataclass(frozen=True)
class GraphabSettings:
    """What a Graphab project was made with.

    Parameters
    ----------
    name : str
        Name of the project.
    resolution_m : float
        Size of a cell.
    landscape_area_m2 : float
        Area of the rectangle of the land-cover raster, by which Graphab divides PC and IIC.
    linksets : pandas.DataFrame
        Indexed by ``linkset``: ``kind`` (euclidean, cost, circuit) and ``habitat_cost``, cost of a
        cell of habitat (null without costs).
    graphs : pandas.DataFrame
        Indexed by ``graph``: ``kind`` (complete, threshold, spanning tree), ``threshold`` and
        ``intra_patch``, whether crossing a patch has a length.
    """

    name: str
    resolution_m: float
    landscape_area_m2: float
    linksets: pd.DataFrame = field(repr=False)
    graphs: pd.DataFrame = field(repr=False)

    def _repr_html_(self) -> str:
        parts = {
            "name": self.name,
            "resolution (m)": self.resolution_m,
            "landscape (m²)": self.landscape_area_m2,
            **{f"linkset {name}": kind for name, kind in self.linksets["kind"].items()},
            **{f"graph {name}": kind for name, kind in self.graphs["kind"].items()},
        }
        return parts_table(self, parts, then=(".linksets", ".graphs"))


def read_conefor(
    nodes: StrPath, links: StrPath, *, values: Literal["distance", "probability"] = "distance"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the patches and links of a pair of Conefor files.

    Parameters
    ----------
    nodes : str or os.PathLike
        One line for each patch: id, attribute; a third column is kept as ``recruited``.
    links : str or os.PathLike
        One line for each link: id, id, distance or probability.
    values : {"distance", "probability"}
        What the third column of the links is. A probability p becomes the cost −ln p, which gives p
        back at ``distance=1, probability=exp(-1)``.

    Returns
    -------
    patches : pandas.DataFrame
        ``patch`` (int64, or text if one id is not a whole number), ``capacity``; order of the file.
    links : pandas.DataFrame
        ``i``, ``j`` and ``distance_m``, or ``cost`` from probabilities; order of the file. Pairs
        that the file does not list have no link.

    Raises
    ------
    SourceError
        If a file cannot be read.
    LayerError
        If a line has too few columns or a value is not a number, or a probability is outside 0…1.

    References
    ----------
    Saura, S. & Torné, J. (2009). Conefor Sensinode 2.2: a software package for quantifying the
    importance of habitat patches for landscape connectivity. Environmental Modelling & Software 24,
    135-139.
    """
    if values not in {"distance", "probability"}:
        raise ParameterError(
            explain("values", f"« {values} » is unknown", required="distance or probability")
        )
    rows = _read_columns(nodes, least=2, ids=1)
    patches = pd.DataFrame({"patch": rows[0], "capacity": _numbers(rows[1], nodes)})
    if 2 in rows:
        patches["recruited"] = _numbers(rows[2], nodes)
    ends = _read_columns(links, least=3, ids=2)
    number = _numbers(ends[2], links)
    if values == "distance":
        table = pd.DataFrame({"i": ends[0], "j": ends[1], "distance_m": number})
    else:
        table = pd.DataFrame({"i": ends[0], "j": ends[1], "cost": _cost_of(number, links)})
    columns = (patches["patch"], table["i"], table["j"])
    if all(_whole(column) for column in columns):
        return patches.astype({"patch": np.int64}), table.astype({"i": np.int64, "j": np.int64})
    return patches, table


def write_conefor(
    patches: pd.DataFrame, links: pd.DataFrame, folder: StrPath, *, length: str = "distance_m"
) -> tuple[Path, Path]:
    """Write patches and links as Conefor reads them.

    Parameters
    ----------
    patches : pandas.DataFrame
        With ``patch``, whole numbers, and ``capacity``.
    links : pandas.DataFrame
        With ``i``, ``j`` and the length. Infinite links are left out: Conefor knows no such number.
    folder : str or os.PathLike
        Where ``nodes.txt`` and ``distances.txt`` are written or replaced.
    length : str
        Column of ``links`` that is their length.

    Returns
    -------
    nodes, distances : pathlib.Path
        The two files: values apart by tabulations, without header, numbers with all their digits.
        `read_conefor` gives the tables back.

    Raises
    ------
    LayerError
        If a column is missing or an id is not a whole number.
    SourceError
        If a file cannot be written.
    """
    for name, table, columns in (
        ("patches", patches, ["patch", "capacity"]),
        ("links", links, ["i", "j", length]),
    ):
        missing = [column for column in columns if column not in table.columns]
        if missing:
            problem = f"no column {', '.join(missing)}"
            raise LayerError(explain(name, problem, required=", ".join(columns)))
    ids = patches["patch"]
    if len(ids) and ids.dtype.kind not in "iu":
        raise LayerError(
            explain(
                "patches",
                "ids are not whole numbers, and Conefor takes no others",
                remedy="number the patches, and keep the table that says which is which",
            )
        )
    finite = links[np.isfinite(links[length].to_numpy(dtype=np.float64))]
    paths = Path(folder) / _NODES, Path(folder) / _LINKS
    _write_columns(paths[0], patches[["patch", "capacity"]])
    _write_columns(paths[1], finite[["i", "j", length]])
    return paths


def read_graphab_settings(folder: StrPath) -> GraphabSettings:
    """Return what a Graphab project was made with.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder of the project.

    Returns
    -------
    GraphabSettings
        From its XML file.

    Raises
    ------
    SourceError
        If the folder holds no project, or several, or the XML cannot be read.
    """
    root = _project_xml(Path(folder))
    codes = [int(code.text or 0) for code in root.findall("patchCodes/int")]
    linksets = []
    for entry in root.findall("costLinks/entry/Linkset"):
        costs = [float(cost.text or "nan") for cost in entry.findall("costs/double")]
        habitat = costs[codes[0]] if codes and codes[0] < len(costs) else np.nan
        kind = _LINK_KINDS.get(int(_text(entry, "type__dist", "0")), "unknown")
        linksets.append((_text(entry, "name"), kind, habitat))
    graphs = []
    for graph in root.findall("graphs/entry/*[name]"):
        kind = _GRAPH_KINDS.get(int(_text(graph, "type", "0")), "unknown")
        threshold = float(_text(graph, "threshold", "nan"))
        graphs.append((_text(graph, "name"), kind, threshold, _text(graph, "intraPatchDist")))
    table = pd.DataFrame(graphs, columns=["graph", "kind", "threshold", "intra_patch"])
    table["intra_patch"] = table["intra_patch"] == "true"
    return GraphabSettings(
        name=_text(root, "name"),
        resolution_m=float(_text(root, "resolution", "nan")),
        landscape_area_m2=float(_text(root, "zone/width", "nan"))
        * float(_text(root, "zone/height", "nan")),
        linksets=pd.DataFrame(linksets, columns=["linkset", "kind", "habitat_cost"]).set_index(
            "linkset"
        ),
        graphs=table.set_index("graph"),
    )


def read_graphab_project(
    folder: StrPath, linkset: str | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the patches and the links of a Graphab project.

    Parameters
    ----------
    folder : str or os.PathLike
        Folder of the project, as Graphab 2 writes it: the XML, ``patches.shp`` with
        ``patches.csv``, and ``<linkset>-links.csv`` with or without its shapefile.
    linkset : str, optional
        Name of the link set; may be left out if there is one.

    Returns
    -------
    patches : geopandas.GeoDataFrame
        In EPSG:2154: ``patch``, ``capacity`` (as in the project; m² where it is an area),
        ``area_m2``, ``perimeter_m``, the metrics that the project holds, geometry.
    links : geopandas.GeoDataFrame
        In EPSG:2154: ``i``, ``j``, ``cost`` (what Graphab measures paths in), ``distance_m``
        (length of the line), geometry (null where the project saved no lines). Make the graph of
        Graphab with ``HabitatGraph.from_frames(patches, links, length="cost")``.

    Raises
    ------
    SourceError
        If a file is missing or cannot be read.
    ParameterError
        If the link set does not exist, or there are several and none is named.
    """
    root = Path(folder)
    names = list(read_graphab_settings(root).linksets.index)
    if linkset is None and len(names) == 1:
        linkset = names[0]
    if linkset not in names:
        problem = "is not named" if linkset is None else f"« {linkset} » is not in the project"
        raise ParameterError(explain("linkset", problem, required=", ".join(names) or "a link set"))
    known = {"Id": "patch", "Area": "area_m2", "Perim": "perimeter_m", "Capacity": "capacity"}
    table = _read_csv(root / "patches.csv", list(known)).rename(columns=known)
    shapes = _read_shapes(root / "patches.shp").set_index("Id").geometry
    patches = gpd.GeoDataFrame(
        table, geometry=shapes.reindex(table["patch"]).to_numpy(), crs=shapes.crs
    )
    known = {"ID1": "i", "ID2": "j", "Dist": "cost", "DistM": "distance_m"}
    rows = _read_csv(root / f"{linkset}-links.csv", list(known)).rename(columns=known)
    return _in_lambert(patches), _in_lambert(_with_lines(rows, root / f"{linkset}-links.shp"))


def _with_lines(rows: pd.DataFrame, path: Path) -> gpd.GeoDataFrame:
    if not path.exists():
        return gpd.GeoDataFrame(rows, geometry=[None] * len(rows), crs=CRS)
    shapes = _read_shapes(path)
    pairs = np.sort(shapes[["ID1", "ID2"]].to_numpy(), axis=1)
    lines = gpd.GeoSeries(
        shapes.geometry.to_numpy(), index=pd.MultiIndex.from_arrays(list(pairs.T)), crs=shapes.crs
    )
    wanted = pd.MultiIndex.from_arrays(list(np.sort(rows[["i", "j"]].to_numpy(), axis=1).T))
    return gpd.GeoDataFrame(rows, geometry=lines.reindex(wanted).to_numpy(), crs=shapes.crs)


def _in_lambert(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame in EPSG:2154; a project without a system is taken to be in it already."""
    return frame.set_crs(CRS) if frame.crs is None else frame.to_crs(CRS)


def _read_shapes(path: Path) -> gpd.GeoDataFrame:
    try:
        return pyogrio.read_dataframe(path)
    except (DataSourceError, DataLayerError) as error:
        raise SourceError(explain(str(path), f"cannot be read ({error})")) from error


def _read_csv(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise SourceError(explain(str(path), f"cannot be read ({error})")) from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        problem = f"no column {', '.join(missing)}"
        raise SourceError(explain(str(path), problem, required=", ".join(columns)))
    return table


def _project_xml(folder: Path) -> ET.Element:
    files = sorted(folder.glob("*.xml"))
    if len(files) != 1:
        problem = f"holds {len(files)} XML files" if folder.is_dir() else "is not a folder"
        raise SourceError(
            explain(str(folder), problem, required="the folder of one Graphab project")
        )
    text = files[0].read_text(encoding="utf-8", errors="replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # Graphab writes none; they can hide a bomb
        raise SourceError(explain(str(files[0]), "declares entities", required="plain XML"))
    try:
        root = ET.fromstring(text)  # noqa: S314 (entities are refused above)
    except ET.ParseError as error:
        raise SourceError(explain(str(files[0]), f"is not XML ({error})")) from error
    if root.tag.rsplit(".", 1)[-1] != "Project":
        raise SourceError(
            explain(str(files[0]), f"starts with <{root.tag}>", required="a Graphab project")
        )
    return root


def _text(element: ET.Element, path: str, default: str = "") -> str:
    return (element.findtext(path) or default).strip()


def _read_columns(path: StrPath, *, least: int, ids: int) -> dict[int, pd.Series[Any]]:
    """Return the columns of a file whose values are apart by blanks; ids stay text."""
    try:
        table = pd.read_csv(
            path, sep=r"\s+", header=None, dtype=dict.fromkeys(range(ids), "str"), comment=None
        )
    except pd.errors.EmptyDataError:
        return {n: pd.Series([], dtype="str" if n < ids else np.float64) for n in range(least)}
    except (OSError, ValueError) as error:
        raise SourceError(explain(str(path), f"cannot be read ({error})")) from error
    columns = {n: table[n] for n in range(table.shape[1])}
    if len(columns) < least or any(columns[n].isna().any() for n in range(least)):
        required = f"{least} values on each line, apart by tabulations or blanks"
        raise LayerError(explain(str(path), "a line is too short", required=required))
    return columns


def _numbers(values: pd.Series[Any], path: StrPath) -> pd.Series[float]:
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    wrong = numbers.isna().to_numpy()
    if wrong.any():
        raise LayerError(
            explain(
                str(path),
                "value that is not a number",
                count=int(wrong.sum()),
                ids=[f"line {n + 1}" for n in np.flatnonzero(wrong)],
                required="no header, decimal points",
            )
        )
    return numbers


def _cost_of(probability: pd.Series[float], path: StrPath) -> pd.Series[float]:
    wrong = ~probability.between(0, 1).to_numpy()
    if wrong.any():
        lines = [f"line {n + 1}" for n in np.flatnonzero(wrong)]
        raise LayerError(
            explain(str(path), "probability outside 0 and 1", count=len(lines), ids=lines)
        )
    with np.errstate(divide="ignore"):  # a link that is never passed has an infinite cost
        return pd.Series(np.abs(np.log(probability.to_numpy())))


def _whole(values: pd.Series[Any]) -> bool:
    return bool(values.str.fullmatch(r"-?\d+").all())


def _write_columns(path: Path, table: pd.DataFrame) -> None:
    columns = [table.iloc[:, n].tolist() for n in range(table.shape[1])]
    text = "".join("\t".join(map(repr, row)) + "\n" for row in zip(*columns, strict=True))
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="ascii")
