"""The facts that come with the package: where they lie, and how they are read."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import pandas as pd

from tvb.errors import ParameterError, SourceError, explain

__all__ = ["find_data", "list_facts", "load_facts"]

_TEXT = dict.fromkeys(
    (
        "insee", "epci_siren", "no_element", "no_terril", "id_unesco", "id_troncon", "communes",
        "fosse", "puits", "creusement", "fermeture", "date",
    ),
    "str",
)  # fmt: skip


def find_data(name: str) -> Path:
    """Return the path of a file that comes with the package.

    Parameters
    ----------
    name : str
        Path inside ``data/``, for example ``studies/demo.toml``.

    Returns
    -------
    pathlib.Path
        In ``tvb/datasets/_data`` of an installed package, or in ``data`` of a checkout.

    Raises
    ------
    SourceError
        If neither holds it.
    """
    installed = Path(str(resources.files("tvb.datasets"))) / "_data"
    checkout = Path(__file__).resolve().parents[3] / "data"
    for folder in (installed, checkout):
        if (folder / name).exists():
            return folder / name
    raise SourceError(
        explain(
            f"data file « {name} »",
            f"found neither in {installed} nor in {checkout}",
            remedy="install the package again; in a checkout, tools/build_facts.py makes the facts",
        )
    )


def list_facts() -> list[str]:
    """Return the names of the tables of facts.

    Returns
    -------
    list of str
        In alphabetical order.

    Raises
    ------
    SourceError
        If the data of the package are not found.
    """
    return sorted(path.stem for path in find_data("facts").glob("*.csv"))


def load_facts(name: str) -> pd.DataFrame:
    """Return one table of facts about the territory.

    Parameters
    ----------
    name : str
        For example ``communes``, ``terrils`` or ``official``; see `list_facts`.

    Returns
    -------
    pandas.DataFrame
        Columns as described in ``data/README.md``; ``x`` and ``y`` are in EPSG:2154, metres.

    Raises
    ------
    ParameterError
        If there is no such table.
    SourceError
        If the data of the package are not found.

    Examples
    --------
    >>> from tvb.datasets import load_facts
    >>> len(load_facts("terrils"))
    161
    """
    if name not in list_facts():
        raise ParameterError(
            explain(f"facts « {name} »", "unknown", required="one of " + ", ".join(list_facts()))
        )
    return _read(find_data(f"facts/{name}.csv")).copy()


@cache
def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=_TEXT, encoding="utf-8")
