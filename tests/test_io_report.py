"""The account: rows add up, entries of one reason are added, texts can be read."""

from __future__ import annotations

import pytest

from tvb.errors import ParameterError
from tvb.io import Entry, LayerReport
from tvb.io.report import KEPT_IDS, Ledger


def _report(**changes: object) -> LayerReport:
    values: dict[str, object] = {
        "layer": "terrils",
        "files": ("a.gpkg", "b.gpkg"),
        "rows_read": 5,
        "rows_kept": 3,
        "dropped": (Entry("null geometry", 1, ("row 4",)), Entry("key given twice", 1, ("T140",))),
        "repaired": (Entry("invalid geometry repaired", 1, ("T002",)),),
        "notes": (Entry("reprojected from EPSG:4326 to EPSG:2154"),),
        "checksums": ("00", "ff"),
        "crs_in": "EPSG:4326",
    }
    return LayerReport(**(values | changes))  # type: ignore[arg-type]


def test_rows_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ParameterError, match="5 rows read, 4 kept, 2 dropped"):
        _report(rows_kept=4)


def test_repr_is_one_line() -> None:
    assert repr(_report()) == "<LayerReport terrils: 5 rows read, 3 kept, 2 dropped, 1 repairs>"


def test_summary_names_files_reasons_and_ids() -> None:
    assert _report().summary().splitlines() == [
        "terrils ← a.gpkg, b.gpkg (EPSG:4326)",
        "  5 rows read, 3 kept, 2 dropped",
        "  dropped: null geometry: 1 (row 4)",
        "  dropped: key given twice: 1 (T140)",
        "  repaired: invalid geometry repaired: 1 (T002)",
        "  note: reprojected from EPSG:4326 to EPSG:2154",
    ]


def test_to_frame_has_one_row_for_each_entry() -> None:
    table = _report().to_frame()
    assert table["kind"].tolist() == ["dropped", "dropped", "repaired", "note"]
    assert table["count"].sum() == 3
    assert table["ids"].tolist() == ["row 4", "T140", "T002", ""]
    assert LayerReport("pits", (), 0, 0).to_frame().empty


def test_source_carries_the_account() -> None:
    source = _report().source(
        "real", "Terrils", producer="MBM", licence="Licence Ouverte 2.0", vintage="2024"
    )
    assert source.file == "a.gpkg + b.gpkg"
    assert source.checksum == "00 + ff"
    assert source.rows_read == source.rows_kept + sum(source.dropped.values())


def test_ledger_adds_up_entries_of_one_reason_and_keeps_ten_ids() -> None:
    """Kills: one entry for each batch of a large file."""
    ledger = Ledger("pits")
    for batch in range(3):
        names = [f"row {8 * batch + i}" for i in range(8)]
        ledger.add("dropped", "null geometry", 8, ids=names)
    (entry,) = ledger.entries("dropped")
    assert entry.count == 24
    assert entry.ids == tuple(f"row {i}" for i in range(KEPT_IDS))
    assert str(entry) == "null geometry: 24 (row 0, row 1, row 2, …)"
