"""The file: one HTML page that opens without a network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from tvb.errors import MissingExtraError, ParameterError, explain
from tvb.maps.compose import frame_page, replace_file
from tvb.maps.furniture import mentions, source_lines
from tvb.maps.page import Page
from tvb.maps.texts import Lang, say, typeset
from tvb.maps.web.encode import DECIMALS
from tvb.maps.web.layers import WebLayer, describe_layer
from tvb.maps.web.words import say_web
from tvb.territory import Source

__all__ = ["WebMap", "build_web_map"]

_LIBRARY = "django-js-lib-leaflet"  # Leaflet as its authors publish it, and nothing else
_FRAME_PX = 560
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True)
class WebMap:
    """A map in one HTML file: no network, no other file.

    Parameters
    ----------
    title : str
        What the map says.
    html : str
        The page.
    layers : tuple of str
        Titles of the layers.
    sources : tuple of Source
        Of the layers.
    """

    title: str
    html: str
    layers: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def size_mb(self) -> float:
        """Size of the file in megabytes."""
        return len(self.html.encode()) / _BYTES_PER_MB

    def save(self, path: str | Path) -> Path:
        """Write the page; the same map gives the same bytes.

        Parameters
        ----------
        path : str or pathlib.Path
            A file ``.html``; its folder exists.

        Returns
        -------
        pathlib.Path
            The file, complete: it replaces an older one in one step.

        Raises
        ------
        ParameterError
            If the suffix is another.
        OSError
            If the folder is absent or cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            problem = f"a web map cannot be saved as « {path.name} »"
            raise ParameterError(explain("path", problem, required=".html"))
        return replace_file(path, self.html.encode())

    def _repr_html_(self) -> str:
        return frame_page(self.html, self.title, height_px=_FRAME_PX)

    def __repr__(self) -> str:
        return f"<WebMap « {self.title} », {len(self.layers)} layers, {self.size_mb:.1f} MB>"


def build_web_map(
    layers: Sequence[WebLayer],
    *,
    title: str,
    subtitle: str = "",
    lang: Lang = "fr",
    producer: str = "",
    date: str = "",
    tolerance_m: float = 8.0,
    max_mb: float = 8.0,
) -> WebMap:
    """Return a map in one HTML file.

    Parameters
    ----------
    layers : sequence of WebLayer
        From above to below, in the order of the legend.
    title, subtitle : str
        Above the map.
    lang : {"fr", "en"}
        Language of everything that the page adds.
    producer, date : str
        In the foot; never the day of the run.
    tolerance_m : float
        What is narrower may vanish from areas and lines.
    max_mb : float
        Largest size of the page.

    Returns
    -------
    WebMap
        With layers that can be turned off, popups, a legend, a scale and a search by name.

    Raises
    ------
    LayerError
        If no layer has a source.
    ParameterError
        If the page would be larger than ``max_mb``.
    MissingExtraError
        If the library of the page is not installed.

    References
    ----------
    The page embeds Leaflet 1.9 (BSD-2-Clause, © Volodymyr Agafonkin), from an installed package.
    """
    page = Page(lang=lang, producer=producer, date=date)
    sources: tuple[Source, ...] = ()
    for layer in layers:
        sources += tuple(s for s in layer.sources if s not in sources)
    made = " · ".join(
        text for text in (producer and say("producer", lang, producer),
                          date and say("dated", lang, date)) if text
    )  # fmt: skip
    described = [describe_layer(la, tolerance_m=tolerance_m, lang=lang) for la in layers]
    data = {
        "unit": 10.0**-DECIMALS,
        "texts": {
            **{key: say(f"web_{key}", lang) for key in ("search", "layers", "unknown", "close")},
            **{key: say_web(key, lang) for key in ("zoom_in", "zoom_out", "sources")},
        },
        "layers": described,
    }
    text = _template().render(
        lang=lang,
        title=typeset(title, lang),
        subtitle=typeset(subtitle, lang),
        warnings=mentions(page, sources),
        sources=source_lines(sources, lang),
        made=made,
        legal=say("no_legal_value", lang),
        texts=data["texts"],
        data=_as_script(data),
        **_assets(),
    )
    found = WebMap(title, text, tuple(layer.title for layer in layers), sources)
    if found.size_mb > max_mb:
        largest = max(described, key=lambda la: len(json.dumps(la)))
        raise ParameterError(
            explain(
                "web map",
                f"the page is of {found.size_mb:.1f} MB, {largest['title']} most of all",
                required=f"at most {max_mb:g} MB",
                remedy=f"tolerance_m={2 * tolerance_m:g}, or fewer layers",
            )
        )
    return found


def _as_script(data: Any) -> str:
    """Return JSON in which no text can close the element that holds it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("tvb.maps", "web")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.j2")


@lru_cache(maxsize=1)
def _assets() -> dict[str, Any]:
    """Return scripts and styles, safe to stand in a page as they are."""
    from markupsafe import Markup

    own = resources.files("tvb.maps") / "web"
    texts = {
        "library_js": _library("leaflet.js").decode(),
        "library_css": _inline_images(_library("leaflet.css").decode()),
        "map_js": (own / "map.js").read_text(encoding="utf-8"),
        "map_css": (own / "map.css").read_text(encoding="utf-8"),
    }
    # A comment at the end of the library names a file that is not there.
    texts["library_js"] = re.sub(r"\n//# sourceMappingURL=.*", "", texts["library_js"])
    return {name: Markup(text) for name, text in texts.items()}  # noqa: S704 (our own, or Leaflet's)


def _library(name: str) -> bytes:
    try:
        files = metadata.files(_LIBRARY) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            return Path(str(file.locate())).read_bytes()
    raise MissingExtraError(
        explain(
            "web map",
            f"the package {_LIBRARY} is not installed",
            remedy='pip install "tvb-bassin-minier[web]"',
        )
    )


def _inline_images(css: str) -> str:
    def inline(match: re.Match[str]) -> str:
        image = _library(match[1].rsplit("/", 1)[-1])
        return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"

    return re.sub(r"url\((images/[^)]+\.png)\)", inline, css)
