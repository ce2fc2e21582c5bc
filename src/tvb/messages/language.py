"""Which language the user reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

__all__ = ["Lang", "preferred_language"]

Lang = Literal["en", "fr"]


def preferred_language(environment: Mapping[str, str] | None = None) -> Lang:
    """Return the language that the environment asks for.

    Parameters
    ----------
    environment : mapping of str to str, optional
        ``TVB_LANG``, then the variables of the locale; by default those of the process.

    Returns
    -------
    {"en", "fr"}
        English unless French is asked for.
    """
    known = os.environ if environment is None else environment
    for name in ("TVB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := known.get(name):
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"
