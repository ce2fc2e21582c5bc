"""From the content of a dossier to its HTML and its PDF."""

from __future__ import annotations

import hashlib
import importlib
import re
import warnings
from functools import lru_cache
from importlib import resources
from typing import Any

from tvb.dossier.content import Document
from tvb.dossier.drawing import swap_drawings
from tvb.dossier.texts import tell
from tvb.dossier.vector import read_vector
from tvb.errors import MissingExtraError, explain
from tvb.maps.style import Face, font
from tvb.maps.texts import say

__all__ = ["PDF_VARIANT", "render_html", "render_pdf", "require_pdf"]

PDF_VARIANT = "pdf/a-2a"
"""Level A of PDF/A-2: archived for good, and its structure can be read aloud."""

_FACES: tuple[tuple[Face, str], ...] = (
    ("", "font-weight:400"),
    ("bold", "font-weight:700"),
    ("italic", "font-weight:400;font-style:italic"),
)
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def render_html(document: Document) -> str:
    """Return the page of a dossier, complete in one file.

    Parameters
    ----------
    document : Document
        Its content.

    Returns
    -------
    str
        HTML whose texts are escaped: data cannot become markup.
    """
    lang = document.lang
    texts = {
        name: tell(name, lang)
        for name in ("contents", "page", "sub_methods", "sub_limits", "to_remember")
    }
    text = _template().render(
        doc=document,
        texts=texts,
        legal=say("no_legal_value", lang),
        created=document.date if _DAY.fullmatch(document.date) else "",
        css=_styles(),
    )
    return str(text)


def render_pdf(html: str) -> bytes:
    """Return a page as PDF/A with bookmarks, tags and embedded fonts.

    Parameters
    ----------
    html : str
        From `render_html`.

    Returns
    -------
    bytes
        The same for the same page.

    Raises
    ------
    MissingExtraError
        If WeasyPrint or one of its libraries is not installed.
    """
    weasyprint = require_pdf()
    fonts = weasyprint.text.fonts.FontConfiguration()
    # A dossier holds all that it shows; nothing is fetched but the letters.
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data", "file"})
    sheet = weasyprint.CSS(string=_font_faces(), font_config=fonts, url_fetcher=fetcher)
    named, images = swap_drawings(html, lambda svg: read_vector(weasyprint, svg, fonts))
    page = weasyprint.HTML(string=named, url_fetcher=fetcher)
    with warnings.catch_warnings():
        # it leaves the file of its colour profile to be closed by Python
        warnings.simplefilter("ignore", ResourceWarning)
        content: bytes = page.write_pdf(
            stylesheets=[sheet],
            font_config=fonts,
            cache=images,
            pdf_variant=PDF_VARIANT,
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
            custom_metadata=False,
        )
    return content


def require_pdf() -> Any:
    """Return WeasyPrint, or say what it lacks.

    Returns
    -------
    module
        Ready to be used.

    Raises
    ------
    MissingExtraError
        If it or one of its libraries is not installed.
    """
    try:
        with warnings.catch_warnings():
            # it warns where a library is lacking that its own fonts need
            warnings.simplefilter("error", DeprecationWarning)
            weasyprint = importlib.import_module("weasyprint")
            importlib.import_module("weasyprint.text.fonts")
    except (ImportError, OSError, DeprecationWarning) as error:
        raise MissingExtraError(
            explain(
                "PDF",
                f"WeasyPrint cannot be loaded ({str(error).splitlines()[0]})",
                remedy='pip install "tvb-bassin-minier[pdf]" and, on Debian, apt-get install '
                "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
            )
        ) from error
    return weasyprint


@lru_cache(maxsize=1)
def _font_faces() -> str:
    """Return where the letters are: those that matplotlib ships, on every machine the same."""
    from pathlib import Path

    return "".join(
        f'@font-face{{font-family:"tvb";src:url("{Path(_file_of(face)).as_uri()}");{style}}}'
        for face, style in _FACES
    )


def _file_of(face: Face) -> str:
    return str(font(10.0, face).get_file())


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tvb.dossier"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("dossier.html.j2")


@lru_cache(maxsize=1)
def _styles() -> dict[str, Any]:
    from markupsafe import Markup

    folder = resources.files("tvb.dossier") / "templates"
    return {
        name: Markup((folder / f"{name}.css").read_text(encoding="utf-8"))  # noqa: S704 (our own)
        for name in ("dossier", "screen")
    }
