"""Official sources of the layers: where they are, who made them, and how to fetch them."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tomllib
import urllib.parse
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from tvb.errors import ParameterError, SourceError, explain
from tvb.io.atomic import atomic_path
from tvb.io.download import Client, save_features

__all__ = ["OfficialSource", "fetch_layer", "get_source", "list_sources", "source_metadata"]

_MAX_BYTES = 2_000_000_000
_TIMEOUT_S = 60.0
_WORKING = "EPSG:2154"
_SUFFIXES = {"wfs": ".geojson", "http": ".geojson", "dataset": ".zip"}

Bbox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class OfficialSource:
    """One layer that a public service gives.

    Parameters
    ----------
    key : str
        Name by which it is fetched.
    layer : str
        Schema that the layer follows.
    title : str
        What it is, in French.
    producer, licence, vintage : str
        Who made it, under which licence, of which date ("n.d." when the service does not say).
    type : {"wfs", "dataset", "http"}
        A Web Feature Service, a data set of data.gouv.fr, or one file.
    address : str
        Of the service.
    name : str
        Type name, slug of the data set, or path of the file below the address.
    checksum : str
        SHA-256 of the file, empty when the producer republishes it.
    window : bool
        Whether it covers France, so that a bounding box must be given.
    """

    key: str
    layer: str
    title: str
    producer: str
    licence: str
    vintage: str
    type: Literal["wfs", "dataset", "http"]
    address: str
    name: str
    checksum: str = ""
    window: bool = False


def list_sources() -> pd.DataFrame:
    """Return the official sources that tvb knows.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``key``; columns as the attributes of `OfficialSource`.

    Examples
    --------
    >>> list_sources().loc["mbm-communes", "layer"]
    'communes'
    """
    return pd.DataFrame([asdict(s) for s in _sources().values()]).set_index("key")


def get_source(key: str) -> OfficialSource:
    """Return one official source.

    Parameters
    ----------
    key : str
        As in the index of `list_sources`.

    Returns
    -------
    OfficialSource
        Its description.

    Raises
    ------
    ParameterError
        If the key is unknown; the message names those that look like it.
    """
    sources = _sources()
    if key in sources:
        return sources[key]
    near = difflib.get_close_matches(key, sources, n=3, cutoff=0.5)
    raise ParameterError(
        explain(
            f"source « {key} »",
            "unknown",
            required=" or ".join(near) if near else "one of " + ", ".join(sources),
            remedy="tvb.io.list_sources() shows them all",
        )
    )


def source_metadata(file_name: str | os.PathLike[str]) -> dict[str, str]:
    """Return what a map's source line says of a file, if it is an official one.

    Parameters
    ----------
    file_name : str or os.PathLike
        Name or path; only the stem counts, whatever its case.

    Returns
    -------
    dict of str to str
        Keys ``layer`` (empty if no schema fits), ``title``, ``producer``, ``licence``, ``vintage``;
        an empty dict for a file that is not known.

    Examples
    --------
    >>> source_metadata("zt-terrils.geojson")["title"]
    'Terrils hors du bien inscrit'
    """
    stem = Path(file_name).name.split(".")[0].casefold()
    return dict(_files().get(stem, {}))


def fetch_layer(
    key: str,
    folder: str | os.PathLike[str],
    *,
    base_url: str | None = None,
    bbox: Bbox | None = None,
    resource: str | None = None,
    max_bytes: int = _MAX_BYTES,
    timeout_s: float = _TIMEOUT_S,
) -> Path:
    """Download a layer and return the path of its file.

    Beside the file, ``<key>.source.json`` tells where it came from, when, its title, producer,
    licence and SHA-256. A download that fails leaves nothing, and an older file as it was.

    Parameters
    ----------
    key : str
        As in the index of `list_sources`.
    folder : str or os.PathLike
        Existing folder; the file is ``<key>.geojson`` or ``<key>.zip``.
    base_url : str, optional
        Another address of the service, for a mirror.
    bbox : tuple of float, optional
        West, south, east, north in metres, EPSG:2154; for a Web Feature Service only.
    resource : str, optional
        A part of the title of the file wanted, where a data set holds several.
    max_bytes : int
        Bytes to accept in all.
    timeout_s : float
        Longest wait for an answer, in seconds.

    Returns
    -------
    pathlib.Path
        To give to `tvb.io.read_layer`.

    Raises
    ------
    ParameterError
        If the key is unknown, or a bounding box is missing, impossible or out of place.
    SourceError
        If the folder does not exist; if the service does not answer, refuses (exception report),
        answers something else, stops half way or sends too much; if the checksum is wrong.
    """
    source = get_source(key)
    _check_bbox(source, bbox)
    address = base_url or source.address
    client = Client(f"source « {key} »", max_bytes, timeout_s)
    data = Path(folder) / (key + _SUFFIXES[source.type])
    with (
        atomic_path(data) as temporary,
        atomic_path(data.with_name(f"{key}.source.json")) as side,
    ):
        if source.type == "wfs":
            query = {"typeNames": source.name, "srsName": _WORKING}
            if bbox is not None:
                query["bbox"] = ",".join(f"{b:.3f}" for b in bbox) + f",{_WORKING}"
            save_features(client, address, query, path=temporary)
        elif source.type == "dataset":
            page = urllib.parse.urljoin(address, f"{source.name}/")
            address = _file_of_dataset(client, page, resource, scratch=temporary)
            client.save(address, temporary, kind="zip")
        else:
            address = urllib.parse.urljoin(address, source.name)
            client.save(address, temporary, kind="json")
        with temporary.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        if source.checksum and checksum != source.checksum:
            raise client.error(
                f"checksum {checksum} of what came", required=source.checksum, remedy="fetch again"
            )
        record = {**asdict(source), "address": address, "bbox": bbox, "checksum": checksum}
        record["fetched"] = datetime.now(UTC).isoformat(timespec="seconds")
        side.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return data


def _check_bbox(source: OfficialSource, bbox: Bbox | None) -> None:
    label = f"source « {source.key} »"
    if bbox is None:
        if source.window:
            raise ParameterError(
                explain(label, "covers France", required="bbox=, the window to fetch in EPSG:2154")
            )
        return
    if source.type != "wfs":
        raise ParameterError(explain(label, "comes whole", required="no bbox"))
    west, south, east, north = bbox
    if not (west < east and south < north):
        raise ParameterError(explain("bbox", f"{bbox}", required="west < east and south < north"))


def _file_of_dataset(
    client: Client, page_address: str, resource: str | None, *, scratch: Path
) -> str:
    """Return the address of the one file wanted of a data.gouv.fr data set."""
    page = client.read_json(page_address, scratch)
    listed: list[dict[str, Any]] = page.get("resources", []) if isinstance(page, dict) else []
    files = {
        str(r["title"]): str(r["url"])
        for r in listed
        if str(r.get("format", "")).casefold() in ("zip", "shp", "shapefile") and r.get("url")
    }
    wanted = [t for t in files if resource is None or resource.casefold() in t.casefold()]
    if len(wanted) == 1:
        return files[wanted[0]]
    raise SourceError(
        explain(
            client.label,
            f"{len(wanted)} files of the data set fit",
            required="one of " + (" | ".join(files) or "none that is a shapefile"),
            remedy="give a part of its title as resource=",
        )
    )


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Any]:
    text = resources.files("tvb.io").joinpath("sources.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def _sources() -> dict[str, OfficialSource]:
    services = _catalogue()["services"]
    sources = {}
    for entry in _catalogue()["source"]:
        fields = {key: value for key, value in entry.items() if key != "service"}
        fields = {"vintage": "n.d.", **services[entry["service"]], **fields}
        sources[entry["key"]] = OfficialSource(**fields)
    return sources


@lru_cache(maxsize=1)
def _files() -> dict[str, dict[str, str]]:
    defaults = _catalogue()["file_defaults"]
    return {
        entry["stem"]: {
            "layer": entry["layer"],
            "title": entry["title"],
            **defaults,
            **{k: entry[k] for k in defaults if k in entry},
        }
        for entry in _catalogue()["file"]
    }
