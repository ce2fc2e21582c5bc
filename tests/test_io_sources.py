"""Official sources: what is known of them, and fetching from a server on this machine."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tvb.errors import ParameterError, SourceError
from tvb.io import download, sources
from tvb.io.sources import fetch_layer, get_source, list_sources, source_metadata
from tvb.schema import SCHEMAS

Reply = tuple[int, str, bytes]
REPORT = (
    b'<?xml version="1.0"?><ows:ExceptionReport><ows:Exception><ows:ExceptionText>'
    b"Feature type &lt;x&gt;\n unknown</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
)
OLD_REPORT = b"<ServiceExceptionReport><ServiceException code='x'>No layer</ServiceException>"


@dataclass
class Server:
    """A server on this machine: `reply` decides what it says, `asked` keeps what it was asked."""

    address: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    reply: Callable[[dict[str, str]], Reply] = lambda _: (404, "text/plain", b"")
    cut: int = 0


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            state.asked.append(query)
            state.paths.append(parts.path)
            status, kind, body = state.reply({**query, "path": parts.path})
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", kind)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) - state.cut])

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{http.server_port}/"
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def collection(first: int, count: int, matched: int | str | None) -> bytes:
    features = [
        {"type": "Feature", "properties": {"n": n, "nom": "Nœux"}, "geometry": None}
        for n in range(first, first + count)
    ]
    page: dict[str, object] = {"type": "FeatureCollection", "features": features}
    if matched is not None:
        page["numberMatched"] = matched
    page["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    return json.dumps(page).encode()


def wfs(total: int, *, cap: int, matched: int | str | None) -> Callable[[dict[str, str]], Reply]:
    """Serve `total` features, `cap` at a time."""

    def reply(query: dict[str, str]) -> Reply:
        first = int(query.get("startIndex", 0))
        count = max(0, min(cap, int(query["count"]), total - first))
        return 200, "application/json", collection(first, count, matched)

    return reply


def assert_empty(folder: Path) -> None:
    assert not list(folder.iterdir())


# What is known -----------------------------------------------------------------------------------


def test_sources_are_complete() -> None:
    table = list_sources()
    assert table.index.is_unique
    assert set(table["layer"]) <= set(SCHEMAS)
    told = table[["title", "producer", "licence", "vintage", "address", "name"]]
    assert (told.to_numpy() != "").all()
    assert table["address"].str.match(r"https://[a-z0-9.]+/").all()
    assert get_source("mbm-communes").name == "mission_bassin_minier:communes_mbm"


def test_unknown_key_names_its_neighbours() -> None:
    with pytest.raises(ParameterError, match=r"« mbm-comunes »: unknown\. Required: mbm-communes"):
        get_source("mbm-comunes")


def test_every_official_file_has_its_source_line(official: Path) -> None:
    for path in official.glob("*.geojson"):
        known = source_metadata(path)
        assert known["producer"] == "Mission Bassin Minier"
        assert known["licence"] == "Licence Ouverte 2.0"
        assert known["title"]
        assert known["vintage"].startswith("n.d.")
        assert known["layer"] in ("", *SCHEMAS)


def test_source_line_depends_on_the_stem_only() -> None:
    """Kills: a result shared between calls, so that one caller changes it for the others."""
    known = source_metadata("/data/ZT-Terrils.geojson.zip")
    assert (known["layer"], known["title"]) == ("terrils", "Terrils hors du bien inscrit")
    known.clear()
    assert source_metadata("zt-terrils.shp")["layer"] == "terrils"
    assert source_metadata("mes-batiments.gpkg") == {}


# Fetching ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "cap", "matched"),
    [(0, 9, 0), (3, 9, 3), (3, 9, None), (25, 10, 25), (20, 10, 20), (12, 5, "unknown")],
)
def test_all_pages_of_a_wfs_are_joined(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, cap: int,
    matched: int | str | None,
) -> None:  # fmt: skip
    """Kills: keeping the first page only, which looks like a complete file."""
    monkeypatch.setattr(download, "_PAGE", 5 if matched == "unknown" else 9)
    server.reply = wfs(total, cap=cap, matched=matched)
    path = fetch_layer("mbm-communes", tmp_path, base_url=server.address + "ows")
    assert path == tmp_path / "mbm-communes.geojson"
    content = json.loads(path.read_text(encoding="utf-8"))
    assert [f["properties"]["n"] for f in content["features"]] == list(range(total))
    assert content["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::2154"
    assert server.asked[0]["typeNames"] == "mission_bassin_minier:communes_mbm"
    assert server.asked[0]["srsName"] == "EPSG:2154"
    assert "startIndex" not in server.asked[0]  # GeoServer refuses it on a layer without key
    assert set(server.paths) == {"/ows"}


def test_side_file_tells_where_the_data_come_from(server: Server, tmp_path: Path) -> None:
    server.reply = wfs(2, cap=9, matched=2)
    path = fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    side = json.loads((tmp_path / "mbm-communes.source.json").read_text(encoding="utf-8"))
    assert side["checksum"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert side["address"] == server.address
    assert side["producer"] == "Mission Bassin Minier"
    assert side["fetched"].endswith("+00:00")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "mbm-communes.geojson", "mbm-communes.source.json",
    ]  # fmt: skip


def test_national_layers_need_a_window(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ign-bdtopo-batiment ».*covers France.*bbox="):
        fetch_layer("ign-bdtopo-batiment", tmp_path, base_url=server.address)
    assert server.asked == []
    server.reply = wfs(1, cap=9, matched=1)
    box = (680_000.0, 7_030_000.0, 681_000.0, 7_031_000.5)
    fetch_layer("ign-bdtopo-batiment", tmp_path, base_url=server.address, bbox=box)
    assert server.asked[0]["bbox"] == "680000.000,7030000.000,681000.000,7031000.500,EPSG:2154"


def test_window_must_make_sense(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="west < east"):
        fetch_layer("mbm-communes", tmp_path, bbox=(1.0, 0.0, 0.0, 1.0))
    with pytest.raises(ParameterError, match="comes whole"):
        fetch_layer("geoapi-communes-59", tmp_path, bbox=(0.0, 0.0, 1.0, 1.0))


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((200, "application/json", REPORT), r"service refuses: Feature type <x> unknown\. Remedy"),
        ((200, "text/xml", OLD_REPORT), r"service refuses: No layer"),
        ((400, "text/xml", REPORT), r"answers 400 Bad Request: Feature type <x> unknown"),
        ((500, "text/html", b"<html>"), r"answers 500 Internal Server Error\."),
        ((200, "text/html", b"\n<!DOCTYPE html><p>log in"), r"a web page\. Required: json"),
        ((200, "application/json", b"%PDF"), r"is something else\. Required: json"),
        ((200, "application/json", b'{"features": [1'), r"is not JSON"),
        ((200, "application/json", b'{"error": 1}'), r"holds no features"),
        ((200, "application/json", b"[]"), r"holds no features"),
        ((200, "application/json", b""), r"is something else"),
        ((302, "file:///etc/passwd", b""), r"answers 302"),
    ],
)
def test_refusals_leave_nothing(server: Server, tmp_path: Path, reply: Reply, message: str) -> None:
    """Kills: an exception report or a login page saved as if it were the layer."""
    server.reply = lambda _: reply
    with pytest.raises(SourceError, match=r"source « mbm-communes »: .*" + message):
        fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    assert_empty(tmp_path)


def test_failed_download_keeps_the_older_file(server: Server, tmp_path: Path) -> None:
    server.reply = wfs(2, cap=9, matched=2)
    path = fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    server.cut = 7
    with pytest.raises(SourceError, match=r"only \d+ of \d+ bytes came.*try again"):
        fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert path.name in before


def test_services_that_do_not_page_are_found_out(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: the first page kept ten times, or an endless loop."""
    monkeypatch.setattr(download, "_PAGE", 2)
    server.reply = lambda _: (200, "application/json", collection(0, 2, 20))
    with pytest.raises(SourceError, match="repeats its first page"):
        fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    server.reply = wfs(4, cap=2, matched=20)
    with pytest.raises(SourceError, match="4 of 20 features came"):
        fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    assert_empty(tmp_path)


def test_size_is_bounded_over_all_pages(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_PAGE", 10)
    server.reply = wfs(10_000, cap=10, matched=10_000)
    with pytest.raises(SourceError, match=r"larger than allowed.*max_bytes"):
        fetch_layer("mbm-communes", tmp_path, base_url=server.address, max_bytes=5000)
    assert len(server.asked) < 10
    assert_empty(tmp_path)


def test_dead_server_and_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no answer.*take the file from the producer"):
        fetch_layer("mbm-communes", tmp_path, base_url="http://127.0.0.1:9/", timeout_s=2)
    with pytest.raises(SourceError, match="folder does not exist"):
        fetch_layer("mbm-communes", tmp_path / "none")
    with pytest.raises(ParameterError, match=r"address « file:///etc/passwd.*http or https"):
        fetch_layer("mbm-communes", tmp_path, base_url="file:///etc/passwd")
    assert_empty(tmp_path)


def test_one_file_is_saved_as_it_is(server: Server, tmp_path: Path) -> None:
    body = b'{"type": "FeatureCollection", "features": []}'
    server.reply = lambda _: (200, "application/geo+json", body)
    path = fetch_layer("geoapi-communes-62", tmp_path, base_url=server.address)
    assert path.read_bytes() == body
    assert server.paths == ["/departements/62/communes"]
    assert server.asked[0]["geometry"] == "contour"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("puits.shp", "x")
    return buffer.getvalue()


def dataset(server: Server, titles: list[str]) -> None:
    """Serve a data set of data.gouv.fr that holds a PDF and some zipped shapefiles."""
    listed = [{"title": "notice", "format": "pdf", "url": server.address + "notice"}]
    listed += [{"title": t, "format": "SHP", "url": server.address + "file"} for t in titles]
    page = json.dumps({"resources": listed}).encode()
    server.reply = lambda query: (
        (200, "application/zip", zipped())
        if query["path"] == "/file"
        else (200, "application/json", page)
    )


def test_file_of_a_data_set(server: Server, tmp_path: Path) -> None:
    dataset(server, ["Puits"])
    path = fetch_layer("datagouv-puits", tmp_path, base_url=server.address)
    assert path.name == "datagouv-puits.zip"
    assert path.read_bytes() == zipped()
    assert server.paths == [f"/{get_source('datagouv-puits').name}/", "/file"]


def test_several_files_of_a_data_set_are_not_guessed(server: Server, tmp_path: Path) -> None:
    dataset(server, ["Bien inscrit", "Zone tampon"])
    with pytest.raises(SourceError, match=r"2 files .*Bien inscrit \| Zone tampon.*resource="):
        fetch_layer("datagouv-bien-inscrit", tmp_path, base_url=server.address)
    assert_empty(tmp_path)
    fetch_layer("datagouv-bien-inscrit", tmp_path, base_url=server.address, resource="tampon")
    dataset(server, [])
    with pytest.raises(SourceError, match="none that is a shapefile"):
        fetch_layer("datagouv-bien-inscrit", tmp_path, base_url=server.address)


def test_wrong_checksum_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = dataclasses.replace(get_source("mbm-communes"), checksum="0" * 64)
    known = {"mbm-communes": wrong}
    monkeypatch.setattr(sources, "_sources", lambda: known)
    server.reply = wfs(1, cap=9, matched=1)
    with pytest.raises(SourceError, match=r"checksum [0-9a-f]{64} of what came\. Required: 000"):
        fetch_layer("mbm-communes", tmp_path, base_url=server.address)
    assert_empty(tmp_path)
