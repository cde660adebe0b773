"""The one door to pydicom: headers of DICOM files and datasets, for the audit. Pixels are not read."""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError, missing_extra
from fairlab.fair.privacy.headers import MAX_DEPTH, Element, audit_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.fair.privacy.places import Notes

MAX_BYTES: Final = 64 * 1024 * 1024
"""A header of a slide with 100,000 frames takes about 40 MB; what follows the pixels' tag is not read anyway."""
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_BINARY: Final = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV", "AT"}
)
_PREAMBLE: Final = 128
_CLEAR_PREAMBLE: Final = "fill the first 128 bytes with zeros, or with the TIFF header that belongs there"


def is_dicom(head: bytes) -> bool:
    """Whether a file begins as DICOM files do: 128 bytes, then ``DICM``; or, in old files, with group 0008.

    Examples
    --------
    >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"{}")
    (True, False)
    """
    return head[_PREAMBLE : _PREAMBLE + 4] == b"DICM" or (
        head[:2] == b"\x08\x00" and head[3:4] == b"\x00" and head[4:6].isalpha() and head[4:6].isupper()
    )


def audit_dicom(source: bytes | Any, notes: Notes, *, where: str = "this file") -> None:
    """Note what a DICOM file, or a ``pydicom.Dataset``, holds that identifies somebody.

    Parameters
    ----------
    source : bytes or pydicom.Dataset
        The file, or as much of it as holds its header.
    notes : Notes
        Where places are noted.
    where : str
        Its name, for messages.

    Raises
    ------
    FormatError
        kind ``"not-dicom"``: it cannot be read as DICOM, or is deeper than any header.
    MissingExtraError
        pydicom is not installed.
    """
    try:
        import pydicom
    except ImportError as exc:
        raise missing_extra("dicom", "look into DICOM files", exc) from exc
    if isinstance(source, bytes) and any(source[:_PREAMBLE]) and source[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        tiff = source[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
        if not tiff:
            notes.add("private", "(preamble)", advice=_CLEAR_PREAMBLE)
    with _quiet():
        try:
            dataset = (
                pydicom.dcmread(io.BytesIO(source), stop_before_pixels=True, force=True)
                if isinstance(source, bytes)
                else source
            )
            if not len(dataset):
                raise ValueError("no elements")
            audit_header(_header(dataset), notes)
        except (
            Exception
        ):  # whatever a damaged file makes of a parser; its message would repeat the file's values
            text = f"this is no DICOM that can be read\n  at {where}\n  damaged, cut short, or too deep"
            raise FormatError(text, kind="not-dicom") from None


def _header(dataset: Any) -> Iterator[Element]:
    meta = getattr(dataset, "file_meta", None)
    if meta is not None:
        yield from _elements(meta, 0)
    yield from _elements(dataset, 0)


def _elements(dataset: Any, depth: int) -> Iterator[Element]:
    for tag in sorted(dataset.keys()):
        if int(tag) in _PIXELS:
            continue
        raw = dataset.get_item(tag)
        vr = str(raw.VR or _vr(int(tag)))
        name = f"{int(tag):08X}"
        if vr == "SQ" and depth <= MAX_DEPTH:
            items = tuple(_elements(item, depth + 1) for item in dataset[tag].value or ())
            yield Element(name, vr, "", items)
        else:
            yield Element(name, vr, _text(raw.value, vr))


def _vr(tag: int) -> str:
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


def _text(value: Any, vr: str) -> str:
    """A value as text, good enough for patterns; its character set does not matter to them."""
    if value is None or (hasattr(value, "__len__") and not len(value)):
        return ""
    if vr in _BINARY and not (vr == "OB" and isinstance(value, bytes) and len(value) < 4096):
        return "?"
    if isinstance(value, bytes):
        return value[:65536].decode("latin-1").strip("\0 ")
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        return "\\".join(map(str, value))
    return str(value)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hush: pydicom warns and logs with the values that it finds odd; nothing of that may come through."""
    from pydicom.config import disable_value_validation

    log = logging.getLogger("pydicom")
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings(), disable_value_validation():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = before
