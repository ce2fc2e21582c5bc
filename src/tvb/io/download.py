"""Files over HTTP: bounded in size, checked, and never half there."""

from __future__ import annotations

import html
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tvb.errors import ParameterError, SourceError, explain

__all__ = ["Client", "save_features"]

_CHUNK = 1 << 16
_PAGE = 5000
"""Features asked for at once: what the Géoplateforme of IGN gives at most."""

_EXCEPTION = re.compile(r"<(?:\w+:)?(?:ServiceException|ExceptionText)\b[^>]*>([^<]*)<")
_SHOWN = 300
_LATER = "try again later, or take the file from the producer by hand"


@dataclass
class Client:
    """Downloads within one budget of bytes.

    Parameters
    ----------
    label : str
        What is fetched, for messages.
    max_bytes : int
        Bytes to accept in all.
    timeout_s : float
        Longest wait for an answer, in seconds.
    """

    label: str
    max_bytes: int
    timeout_s: float

    def save(self, address: str, path: Path, *, kind: str) -> None:
        """Save what an address answers.

        Parameters
        ----------
        address : str
            HTTP or HTTPS.
        path : pathlib.Path
            File to write.
        kind : {"json", "zip"}
            What it must be.

        Raises
        ------
        ParameterError
            If the address is neither HTTP nor HTTPS.
        SourceError
            If there is no answer, it stops half way, is too large, or is something else.
        """
        with self._answer(address) as answer, path.open("wb") as target:
            announced = answer.headers.get("Content-Length")
            received = self._copy(answer, target)
        if announced is not None and int(announced) != received:
            raise self.error(f"only {received} of {announced} bytes came", remedy=_LATER)
        self._check_kind(path, kind)

    def read_json(self, address: str, path: Path) -> Any:
        """Return the JSON that an address answers.

        Parameters
        ----------
        address : str
            HTTP or HTTPS.
        path : pathlib.Path
            Scratch file.

        Returns
        -------
        object
            What was sent.

        Raises
        ------
        ParameterError, SourceError
            As `save`.
        """
        self.save(address, path, kind="json")
        try:
            return json.loads(path.read_bytes())
        except ValueError as error:
            raise self.error(f"the answer is not JSON ({error})", remedy=_LATER) from error

    @contextmanager
    def _answer(self, address: str) -> Iterator[http.client.HTTPResponse]:
        if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
            raise ParameterError(
                explain(self.label, f"address « {address} »", required="http or https")
            )
        request = urllib.request.Request(  # noqa: S310 (the scheme was checked)
            address, headers={"User-Agent": "tvb-bassin-minier"}
        )
        try:
            with _opener().open(request, timeout=self.timeout_s) as answer:
                yield answer
        except SourceError:  # ours, and an OSError too
            raise
        except urllib.error.HTTPError as error:
            said = _exception_text(error.read(_CHUNK))
            problem = f"the service answers {error.code} {error.reason}"
            raise self.error(f"{problem}: {said}" if said else problem, remedy=_LATER) from error
        except (http.client.HTTPException, OSError) as error:
            raise self.error(f"no answer, or not all of it ({error})", remedy=_LATER) from error

    def _copy(self, answer: http.client.HTTPResponse, target: IO[bytes]) -> int:
        received = 0
        while chunk := answer.read(_CHUNK):
            received += len(chunk)
            self.max_bytes -= len(chunk)
            if self.max_bytes < 0:
                raise self.error(
                    "the answer is larger than allowed", remedy="a smaller bbox or larger max_bytes"
                )
            target.write(chunk)
        return received

    def _check_kind(self, path: Path, kind: str) -> None:
        """Raise if the file does not begin as its kind does, whatever the header said of it."""
        with path.open("rb") as stream:
            head = stream.read(_CHUNK)
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith(b"PK") if kind == "zip" else start[:1] in (b"{", b"["):
            return
        said = _exception_text(head)
        if said:
            raise self.error(
                f"the service refuses: {said}",
                remedy="the producer may have renamed the layer: look at its service",
            )
        sort = "a web page" if start[:1] == b"<" else "something else"
        raise self.error(f"the answer is {sort}", required=kind, remedy=_LATER)

    def error(self, problem: str, *, remedy: str, required: str | None = None) -> SourceError:
        """Return an error that names what is fetched.

        Parameters
        ----------
        problem : str
            What is wrong.
        remedy : str
            What to do.
        required : str, optional
            What would be accepted.

        Returns
        -------
        SourceError
            To raise.
        """
        return SourceError(explain(self.label, problem, required=required, remedy=remedy))


def save_features(client: Client, address: str, query: Mapping[str, str], *, path: Path) -> int:
    """Save all features of a WFS 2.0 layer, asked for page by page, as one GeoJSON file.

    Parameters
    ----------
    client : Client
        Where the bytes are counted.
    address : str
        Of the service.
    query : mapping of str to str
        What to add to a GetFeature request.
    path : pathlib.Path
        File to write.

    Returns
    -------
    int
        Number of features.

    Raises
    ------
    ParameterError
        If the address is neither HTTP nor HTTPS.
    SourceError
        If the service refuses, answers something else, or does not give all that it announces.

    References
    ----------
    .. [1] OGC 09-025r2, Web Feature Service 2.0, section 7.7.4.4 (response paging)
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as target:
        for number, page in enumerate(
            _pages(client, address, query, scratch=path.with_suffix(".page"))
        ):
            if number == 0:
                crs = f'"crs": {json.dumps(page["crs"])}, ' if page.get("crs") else ""
                target.write(f'{{"type": "FeatureCollection", {crs}"features": [')
            for feature in page["features"]:
                text = json.dumps(feature, ensure_ascii=False)
                target.write((",\n" if count else "\n") + text)
                count += 1
        target.write("\n]}\n")
    return count


def _pages(
    client: Client, address: str, query: Mapping[str, str], *, scratch: Path
) -> Iterator[dict[str, Any]]:
    """Yield pages until the service has given all that it announces."""
    received, before = 0, None
    while True:
        page = client.read_json(_page_address(address, query, received), scratch)
        features = page.get("features") if isinstance(page, dict) else None
        if not isinstance(features, list):
            raise client.error("the answer holds no features", remedy=_LATER)
        if features and features == before:
            raise client.error("the service repeats its first page", remedy=_LATER)
        yield page
        received, before = received + len(features), features
        matched = page.get("numberMatched")
        if received == matched or (not isinstance(matched, int) and len(features) < _PAGE):
            return
        if not features:
            raise client.error(f"{received} of {matched} features came", remedy=_LATER)


def _page_address(address: str, query: Mapping[str, str], start: int) -> str:
    """Return the address of a page.

    The first page names no start: GeoServer refuses to page a layer without a primary key, and most
    layers fit in one page.
    """
    parameters = {
        "service": "WFS", "version": "2.0.0", "request": "GetFeature",
        "outputFormat": "application/json", "count": str(_PAGE), **query,
    }  # fmt: skip
    if start:
        parameters["startIndex"] = str(start)
    return f"{address}?{urllib.parse.urlencode(parameters)}"


def _exception_text(head: bytes) -> str:
    """Return what an OGC exception report says, in one line, or nothing."""
    found = _EXCEPTION.search(head.decode("utf-8", errors="replace"))
    return " ".join(html.unescape(found[1]).split())[:_SHOWN] if found else ""


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener that follows redirections to HTTP and HTTPS only, never to a file or FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(), urllib.request.UnknownHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener
