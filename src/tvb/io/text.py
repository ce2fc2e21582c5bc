"""Encodings: which one a file uses, and text that was once read with the wrong one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tvb.io.locate import Located, read_head

__all__ = [
    "TEXT",
    "find_lost_characters",
    "repair_mojibake",
    "settle",
    "sniff_csv_encoding",
    "sniff_dbf_encoding",
]

TEXT = pd.StringDtype(na_value=np.nan)
"""The dtype of text columns: pandas 3 calls it ``str``."""

_SAMPLE_BYTES = 8 * 1024**2
_UTF8_SEQUENCE = re.compile(
    rb"[\xC2-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF]{2}|[\xF0-\xF4][\x80-\xBF]{3}"
)
_HIGH_BYTE = re.compile(rb"[\x80-\xFF]")
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

# Names of Latin-1 in « .cpg » files. Windows programs mean cp1252, which has « œ » besides.
_LATIN = frozenset({"ISO-8859-1", "ISO8859-1", "ISO88591", "88591", "LATIN1", "1252", "ANSI 1252"})

# UTF-8 read as cp1252 turns « é » into « Ã© »: a lead character, then one that is no letter of
# French but stands for a continuation byte.
_MOJIBAKE = (
    "[ÂÃâÅ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]"
)


# The same in the bytes of UTF-8: whatever matches the former matches this. A search through the
# bytes of a whole column takes a tenth of the time.
_MOJIBAKE_BYTES = re.compile(rb"\xC3[\x82\x83\x85\xA2][\xC2\xC5\xC6\xCB\xE2]")

_LOST_CHARACTER = "\ufffd"
_LOST_BYTES = re.compile(re.escape(_LOST_CHARACTER.encode()))

_NOTHING = pa.array([], pa.large_string())

# « Â’ » would decode to a control character, which no text holds.
_CONTROL = re.compile("[\u0080-\u009f]")


def sniff_dbf_encoding(found: Located) -> str | None:
    """Return the encoding of the texts of a shapefile, whatever its ``.cpg`` says.

    Parameters
    ----------
    found : Located
        The shapefile.

    Returns
    -------
    str or None
        ``UTF-8`` or ``CP1252``; None where every byte is ASCII, or where the ``.cpg`` names
        another encoding of single bytes.
    """
    head = read_head(found, _SAMPLE_BYTES, suffix=".dbf")
    # The header, whose length it tells, holds numbers that could pass for letters.
    guess = _guess(head[int.from_bytes(head[8:10], "little") :])
    declared = read_head(found, 64, suffix=".cpg").decode("ascii", "replace").strip().upper()
    known = not declared or "UTF" in declared or declared in _LATIN
    return None if guess == "CP1252" and not known else guess


def sniff_csv_encoding(found: Located) -> str:
    """Return the encoding of a text file.

    Parameters
    ----------
    found : Located
        The file.

    Returns
    -------
    str
        From the byte order mark, else ``UTF-8`` or ``CP1252``.
    """
    sample = read_head(found, _SAMPLE_BYTES)
    for mark, encoding in _BOMS.items():
        if sample.startswith(mark):
            return encoding
    return _guess(sample) or "UTF-8"


def _guess(sample: bytes) -> str | None:
    """Tell UTF-8 from cp1252 by counting; a DBF field may end in the middle of a character."""
    sequences = len(_UTF8_SEQUENCE.findall(sample))
    strays = len(_HIGH_BYTE.findall(_UTF8_SEQUENCE.sub(b"", sample)))
    if sequences == strays == 0:
        return None
    return "UTF-8" if sequences > strays else "CP1252"


def repair_mojibake(values: pd.Series[str]) -> tuple[pd.Series[str], NDArray[np.bool_]]:
    """Return the texts with « Ã© » turned back into « é », and which ones were changed.

    Parameters
    ----------
    values : pandas.Series
        Of dtype ``str``.

    Returns
    -------
    tuple of (pandas.Series, numpy.ndarray)
        The texts, and True where a text was repaired. A text that does not decode entirely is
        left as it is.
    """
    changed = np.zeros(len(values), dtype=bool)
    if not _may_hold(values, _MOJIBAKE_BYTES):
        return values, changed
    suspect = values.str.contains(_MOJIBAKE, regex=True).fillna(False).to_numpy(dtype=bool)
    if not suspect.any():
        return values, changed
    texts = values.to_numpy(dtype=object, copy=True)
    for i in np.flatnonzero(suspect):
        better = _decode_again(texts[i])
        changed[i] = better != texts[i]
        texts[i] = better
    return pd.Series(texts, index=values.index, dtype=TEXT, name=values.name), changed


def _decode_again(text: str) -> str:
    for encoding in ("cp1252", "latin-1"):
        try:
            better = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return text if _CONTROL.search(better) else better
    return text


def find_lost_characters(values: pd.Series[str]) -> NDArray[np.bool_]:
    """Tell which texts hold the character that stands for one that could not be read.

    Parameters
    ----------
    values : pandas.Series
        Of dtype ``str``.

    Returns
    -------
    numpy.ndarray of bool
        False where there is no text.
    """
    if not _may_hold(values, _LOST_BYTES):
        return np.zeros(len(values), dtype=bool)
    found = values.str.contains(_LOST_CHARACTER, regex=False)
    return found.fillna(False).to_numpy(dtype=bool)


def _may_hold(values: pd.Series[str], pattern: re.Pattern[bytes]) -> bool:
    """Tell whether bytes occur in the texts, taken as one; False is certain, True is not."""
    for chunk in _chunks(values):
        _, offsets, data = chunk.buffers()
        if len(chunk) == 0:
            continue
        ends = np.frombuffer(offsets, dtype=np.int64)[[chunk.offset, chunk.offset + len(chunk)]]
        if data is not None and pattern.search(memoryview(data)[ends[0] : ends[1]]):
            return True
    return False


def _chunks(values: pd.Series[str]) -> list[pa.Array]:
    texts = pa.array(values, from_pandas=True)
    return list(pa.chunked_array(texts).cast(pa.large_string()).chunks)


def settle(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return values that stay, in memory of their own where they are texts.

    The buffers that a reader gives hang together: a text kept as it came would keep the bytes of
    the geometry alive with it. And what stays is laid apart from what comes and goes, which would
    otherwise leave holes as large as a fifth of the whole.

    Parameters
    ----------
    values : pandas.Series
        A column of a batch.

    Returns
    -------
    pandas.Series
        Equal to it.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a text is not UTF-8: its file was read in a wrong encoding.
    """
    if values.dtype != TEXT:
        return values
    # `combine_chunks` would not copy a lone chunk.
    own = pa.concat_arrays(_chunks(values) or [_NOTHING], pa.system_memory_pool())
    own.validate(full=True)  # bytes that are not UTF-8 would fail much later, far from the file
    dtype: Any = TEXT  # pandas-stubs do not know that a dtype takes Arrow arrays
    return pd.Series(dtype.__from_arrow__(own), index=values.index, name=values.name)
