"""What lies beside the pixels in a folder that is shared: further files, and the RO-Crate that describes it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.errors import warn
from fairlab.fair.crate_writer import FILE_NAME, crate_json, image_crate
from fairlab.licenses import license
from fairlab.sharing import manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fairlab.record import Record


def write_companions(folder: Path, files: Mapping[str, tuple[bytes, str]], record: Record | None) -> None:
    """Lay files into a folder and, with a record, the RO-Crate that names them and the manifest to come.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.
    files : mapping of str to (bytes, str)
        Content, and one line on what it is.
    record : Record or None
        What is known of the image or plate; without it there is no crate.

    Warns
    -----
    FairlabWarning
        As :func:`usage_note`.
    """
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    if record is None:
        return
    described = {name: about for name, (_, about) in files.items()}
    described[manifest.FILE_NAME] = "SHA-256 checksum of every other file in this folder"
    crate = crate_json(image_crate(record, files=described, usage=usage_note(record)))
    (folder / FILE_NAME).write_text(crate, encoding="utf-8")


def usage_note(record: Record) -> str | None:
    """What must be stamped on what is made from an image whose licence forbids to share changed versions.

    Warns
    -----
    FairlabWarning
        There is such a note.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> usage_note(Record(id="x:1", kind="image", repository="X", license="CC0-1.0")) is None
    True
    """
    known = license(record.license or record.license_as_listed)
    if known is None or known.restriction is None:
        return None
    warn(f"{record.id} is under {known.name}: {known.restriction}")
    return f"{known.name}: {known.restriction}"
