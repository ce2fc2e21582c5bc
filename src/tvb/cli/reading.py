"""Commands about files and layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tvb.cli.options import Json, Language, emit
from tvb.cli.words import language, say
from tvb.messages import translate

__all__ = ["check", "layers"]


def check(
    file: Annotated[Path, typer.Argument(help=say("Any file that tvb reads."))],
    *,
    layer: Annotated[str, typer.Option("--as", help=say("Layer it should be: see tvb layers."))],
    source_layer: Annotated[str | None, typer.Option(help=say("Layer inside the file."))] = None,
    crs: Annotated[str | None, typer.Option(help=say("CRS of a file that states none."))] = None,
    encoding: Annotated[str | None, typer.Option(help=say("Encoding of its texts."))] = None,
    lang: Language = None,
    as_json: Json = False,
) -> None:
    """Say what the reader makes of a file: `tvb check`."""
    from tvb.io import read_grid, read_layer
    from tvb.schema.layers import GRID_SCHEMAS

    del lang  # it has been seen when the texts were made
    if layer in {grid.name for grid in GRID_SCHEMAS}:
        grid = read_grid(file, layer, crs=crs)
        data: dict[str, Any] = {"layer": layer, "shape": list(grid.shape)}
        emit(repr(grid), data, as_json=as_json)
        return
    frame, report = read_layer(file, layer, source_layer=source_layer, crs=crs, encoding=encoding)
    text, extent = report.summary(language), None
    if len(frame):
        extent = [round(float(side)) for side in frame.total_bounds]
        text += "\n" + say("extent: {} {} {} {} (EPSG:2154, metres)", *extent)
    data = {"layer": layer, "features": len(frame), "extent": extent, "account": report.summary()}
    emit(text, data, as_json=as_json)


def layers(
    layer: Annotated[str | None, typer.Argument(help=say("A layer, to see its columns."))] = None,
    *,
    lang: Language = None,
    as_json: Json = False,
) -> None:
    """List the layers, or the columns of one: `tvb layers`."""
    from tvb.schema import schema_table

    del lang
    if layer is None:
        rows = _all_layers()
        text = "\n".join(_line(row) for row in rows)
        emit(text, rows, as_json=as_json)
        return
    raster = _raster_text(layer)
    if raster:
        emit(raster, {"layer": layer, "description": raster}, as_json=as_json)
        return
    from tvb.schema import get_schema

    schema = get_schema(layer)
    key = say("key {}", schema.key) if schema.key else say("no key")
    lines = [f"{schema.name}: {translate(schema.description, language)} ({key})"]
    table = schema_table(layer)
    for row in table.itertuples(index=False):
        column, dtype, unit, presence, _, _, aliases, meaning = row
        column = column.replace("(key)", say("(key)"))
        kind = translate(dtype, language)
        kind += f" [{translate(unit, language)}]" if unit else ""
        lines.append(f"  {column:<24}{kind:<22}{say(presence):<12}{translate(meaning, language)}")
        if aliases:
            lines.append(f"  {'':<24}" + say("also read as {}", aliases))
    emit("\n".join(lines), table.to_dict("records"), as_json=as_json)


def _line(row: dict[str, str]) -> str:
    geometry, meaning = (translate(row[name], language) for name in ("geometry", "description"))
    return f"{row['layer']:<20}{geometry:<17}{meaning}"


def _all_layers() -> list[dict[str, str]]:
    from tvb.schema import SCHEMAS
    from tvb.schema.layers import GRID_SCHEMAS

    rows = [
        {"layer": schema.name, "geometry": " or ".join(sorted(schema.families)),
         "description": schema.description}
        for schema in SCHEMAS.values()
    ]  # fmt: skip
    return rows + [
        {"layer": grid.name, "geometry": "raster", "description": grid.description}
        for grid in GRID_SCHEMAS
    ]


def _raster_text(layer: str) -> str:
    from tvb.schema.layers import GRID_SCHEMAS

    for grid in GRID_SCHEMAS:
        if grid.name == layer:
            codes = "".join(f"\n  {code:>3} {text}" for code, text in grid.legend.items())
            return f"{grid.name}: {translate(grid.description, language)}{codes}"
    return ""
