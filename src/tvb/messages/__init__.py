"""What tvb says, in French.

Errors, warnings, reasons of an account and details of the reading of a plan are written in English
where they arise; their English text is what manifests, JSON and tests know. `translate` finds the
template that a text was made from in a catalogue, the ``*.toml`` files beside this one, and fills
its French twin. A test walks the sources: each message has its entry.
"""

from __future__ import annotations

from tvb.messages.forms import put_into_french
from tvb.messages.language import Lang, preferred_language

__all__ = ["Lang", "preferred_language", "translate"]


def translate(text: str, lang: str) -> str:
    """Return a message of tvb in a language.

    Parameters
    ----------
    text : str
        In English, as tvb made it: a whole error or warning, a reason, a detail, or several of
        them, one on each line.
    lang : {"en", "fr"}
        Language wanted.

    Returns
    -------
    str
        The text itself in English, or where tvb knows no translation.

    Examples
    --------
    >>> translate("invalid geometry repaired", "fr")
    'géométrie invalide réparée'
    """
    if lang != "fr":
        return text
    return put_into_french(text) or text
