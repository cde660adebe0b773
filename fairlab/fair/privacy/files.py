"""One document or file, looked into as what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError, NotFoundError
from fairlab.fair.privacy.dicom import MAX_BYTES as DICOM_BYTES
from fairlab.fair.privacy.dicom import audit_dicom, is_dicom
from fairlab.fair.privacy.documents import audit_json, inside
from fairlab.fair.privacy.headers import audit_header, elements_of, is_header
from fairlab.fair.privacy.markup import MAX_BYTES as XML_BYTES
from fairlab.fair.privacy.markup import audit_xml
from fairlab.fair.privacy.tables import audit_table, audit_text
from fairlab.ngff import documents as json_documents

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.fair.privacy.places import Notes

_TEXTS: Final = frozenset(
    {".txt", ".md", ".yaml", ".yml", ".ini", ".log", ".cff", ".toml", ".cfg", ".properties"}
)
_TABLES: Final = {".csv": ",", ".tsv": "\t"}
_JSON: Final = frozenset({".json", ".jsonld", ".zattrs", ".zmetadata", ".geojson", ".ipynb"})
_XML: Final = frozenset({".xml", ".ome", ".xmp"})
_DICOM: Final = frozenset({".dcm", ".dicom", ".ima"})
_HEAD: Final = 132


def audit_values(value: Any, notes: Notes) -> None:
    """A document of plain values: DICOM in the JSON model (one header, or a list of them), or any other JSON."""
    headers = [value] if is_header(value) else value if isinstance(value, list) else []
    if headers and all(map(is_header, headers)):
        for header in headers:
            audit_header(elements_of(header), notes)
    else:
        audit_json(value, notes)


def kind_of(path: Path) -> str | None:
    """What a file is to be looked into as; None: not at all."""
    if not path.is_file():  # a pipe would be waited for
        return None
    suffix = path.suffix.lower() or (path.name if path.name.startswith(".") else "")
    for kind, suffixes in (
        ("json", _JSON),
        ("xml", _XML),
        ("dicom", _DICOM),
        ("text", _TEXTS),
        ("table", _TABLES),
    ):
        if suffix in suffixes:
            return kind
    if (
        suffix in ("", ".zarray", ".zgroup") or suffix.strip(".").isdigit()
    ):  # DICOM often has no suffix, or ends in a UID
        return "dicom" if not path.name.startswith(".z") and is_dicom(_read(path, _HEAD)) else None
    return None


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return b""


def audit_file(path: Path, kind: str, notes: Notes) -> None:
    """Note what a file of this kind holds.

    Raises
    ------
    NotFoundError
        kind ``"file"``: it cannot be read.
    FormatError
        It is not of its kind.
    """
    most = {"dicom": DICOM_BYTES, "xml": XML_BYTES + 1}.get(kind, json_documents.MAX_BYTES + 1)
    try:
        with path.open("rb") as file:
            body = file.read(most)
    except OSError as exc:
        raise NotFoundError(f"it cannot be read ({exc.strerror})", kind="file") from None
    audit_body(body, kind, path.suffix.lower(), notes)


def audit_body(body: bytes, kind: str, suffix: str, notes: Notes) -> None:
    """Note what a document of this kind holds; ``suffix`` tells kinds of tables apart.

    Raises
    ------
    FormatError
        It is not of this kind, or larger or deeper than any metadata; nothing of it is repeated.
    """
    if kind == "dicom":
        audit_dicom(body, notes)
    elif kind == "xml":
        audit_xml(body, notes, inside=inside)
    elif kind == "json":
        try:
            value, _ = json_documents.parse(body, where="this document")
        except FormatError:
            raise FormatError(
                "it is no JSON, or larger or deeper than any metadata", kind="not-json"
            ) from None
        audit_values(value, notes)
    elif len(body) > json_documents.MAX_BYTES:
        raise FormatError("it is larger than any table of metadata", kind="too-large")
    elif kind == "table":
        audit_table(body.decode("utf-8-sig", "replace"), notes, delimiter=_TABLES[suffix])
    else:
        audit_text(body.decode("utf-8-sig", "replace"), notes)


def is_array(folder: Path, files: tuple[str, ...]) -> bool:
    """Whether a folder holds the chunks of an array, of which there may be millions."""
    if ".zarray" in files:
        return True
    if "zarr.json" not in files:
        return False
    try:
        return b'"array"' in (folder / "zarr.json").read_bytes()[:1_000_000]
    except OSError:
        return False
