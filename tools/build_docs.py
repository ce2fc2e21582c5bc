"""Write the pages of docs/ that are made from declarations: layers.md and study.md.

python tools/build_docs.py            write them
python tools/build_docs.py --check    exit 1 if one of them is not up to date
python tools/build_docs.py --demo OUT  also the table and the pictures of README, from a demo

The ten plates of docs/plates.md are drawn by the page itself when it is built.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from tvb.schema import SCHEMAS, schema_table
from tvb.schema.layers import GRID_SCHEMAS
from tvb.study import parameter_rows
from tvb.study.report import markdown_table

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BEGIN, END = "<!-- communes.csv -->", "<!-- end -->"
SHOWN = [
    "insee", "nom", "population", "property_ha", "terrils", "cavaliers_km", "patches_ha",
    "ec_share", "buildings_counted", "buildings_exposed_02Moy",
]  # fmt: skip
MADE = (
    "<!-- Made by tools/build_docs.py from the declarations in the code: edit them, not this. -->"
)


def layers_page() -> str:
    """Return the page of the layers: what each must hold, and under which names it is read."""
    parts = [
        "# Layers",
        MADE,
        "Every layer is read by `tvb.io.read_layer(path, layer)` or by a `tvb.load_…` function, "
        "and comes out in EPSG:2154 with the columns below, in lower case, whatever the case and "
        "the accents in the file. Other columns of the file are kept.",
    ]
    for schema in SCHEMAS.values():
        key = f"key `{schema.key}`" if schema.key else "no key"
        families = " or ".join(sorted(schema.families))
        parts += [
            f"## {schema.name}",
            f"{schema.title_fr} / {schema.title_en}. {schema.description}. "
            f"Geometry: {families}; {key}.",
            markdown_table(schema_table(schema.name), lang="en"),
        ]
    parts += ["## Rasters"]
    for grid in GRID_SCHEMAS:
        unit = f", in {grid.unit}" if grid.unit else ""
        legend = ", ".join(f"{code} {meaning}" for code, meaning in grid.legend.items())
        parts += [f"**{grid.name}**: {grid.description}{unit}. {legend}".strip()]
    return "\n\n".join(parts) + "\n"


def study_page() -> str:
    """Return the page of the study file: every key with its default, unit and meaning."""
    rows = pd.DataFrame(parameter_rows())
    parts = [
        "# The study file",
        MADE,
        "A study is one TOML file: `tvb run study.toml`. Every key has a default; a wrong one is "
        "refused with its line. Section `[layers]` gives, for each layer of "
        "[layers.md](layers.md), a path, a list of paths, a table (`path`, `source_layer`, `crs`, "
        '`encoding`, `title`, `producer`, `licence`, `vintage`, `nature`) or `"modelled"`. '
        "Paths are relative to "
        "`--layers`, else to `folder` in `[layers]`, else to the environment variable "
        "`TVB_LAYERS`, else to the study file.",
    ]
    for section, table in rows.groupby("section", sort=False):
        shown = table.drop(columns="section")
        parts += [f"## [{section}]", markdown_table(shown, lang="en")]
    return "\n\n".join(parts) + "\n"


def readme(out: Path) -> str:
    """Return README.md with the first ten lines of the table that a demo wrote."""
    table = pd.read_csv(out / "communes.csv", dtype={"insee": str})[SHOWN].head(10)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown_table(table, lang='en')}\n{END}{after}"


def write_pictures(out: Path) -> None:
    """Write the maps of a demo that README shows, at the size of a screen."""
    from PIL import Image

    folder = DOCS / "images"
    folder.mkdir(exist_ok=True)
    shown = set(re.findall(r"docs/images/(\w+\.png)", (ROOT / "README.md").read_text("utf-8")))
    for name in sorted(shown):
        with Image.open(out / "maps" / name) as picture:
            picture.thumbnail((1600, 1600))
            flat = picture.convert("P", palette=Image.Palette.ADAPTIVE)
            flat.save(folder / name, optimize=True)


def main(words: list[str]) -> int:
    """Write or check the pages."""
    pages = {DOCS / "layers.md": layers_page(), DOCS / "study.md": study_page()}
    if "--demo" in words:
        out = Path(words[words.index("--demo") + 1])
        pages[ROOT / "README.md"] = readme(out)
        if "--check" not in words:
            write_pictures(out)
    stale = []
    for path, text in pages.items():
        if "--check" not in words:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(ROOT))
    for path in stale:
        print(f"{path} is not up to date: run python tools/build_docs.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
