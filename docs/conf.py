"""Sphinx configuration: warnings are errors (`python dev.py docs`)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import tvb

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "tvb"
os.environ["TVB_PROGRESS"] = "0"  # a bar would leave its empty place in the pages

author = "The tvb developers"
copyright = "The tvb developers, MIT licence"  # noqa: A001 (the name that Sphinx reads)
version = release = tvb.__version__
html_last_updated_fmt = None  # the same sources give the same pages

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
]
intersphinx_mapping: dict[str, tuple[str, str | None]] = {}  # the build asks nothing of a network
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build", "README.md"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_output_stderr = "remove"  # progress and the talk of the kernel

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
default_role = "code"

html_theme = "pydata_sphinx_theme"
html_title = "tvb"
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars: dict[str, list[str]] = {"**": []}  # every page is in the bar above
html_show_sourcelink = False


def copy_notebooks(_: object) -> None:
    """Bring the notebooks under the folder of the pages: Sphinx reads nothing outside it."""
    target = HERE / "notebooks"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(HERE.parent / "notebooks", target, ignore=shutil.ignore_patterns(".*"))


def setup(app: object) -> None:
    """Register what runs before the pages are read."""
    app.connect("builder-inited", copy_notebooks)  # type: ignore[attr-defined]
