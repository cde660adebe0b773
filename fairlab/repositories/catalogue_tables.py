"""The catalogue's shipped tables, made from lists of facts that repositories publish.

``build_tables`` reads five CSV files (images, studies, IDR containers, FBbi, taxa), adds fairlab's own lists
(everyday words, more images, the same study in two archives), gives every record its identifier, and writes
compressed tables of less than a megabyte. The same sources give the same bytes.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.errors import FormatError, OutputError, QueryError
from fairlab.repositories import catalogue_rows as rows
from fairlab.repositories import catalogue_words as words

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, str]

SOURCES = {
    "known_images.csv": {
        "source",
        "accession",
        "url",
        "license",
        "organism_id",
        "imaging_method_id",
        "provenance",
    },
    "known_studies.csv": {
        "source",
        "accession",
        "url",
        "title",
        "organism_ids",
        "imaging_method_ids",
        "authors",
    },
    "idr_containers.csv": {"study", "kind", "images"},
    "ontologies/fbbi_terms.csv": {"id", "label", "synonyms", "parents"},
    "ontologies/taxa_seen.csv": {"id", "scientific_name", "other_spellings"},
}
OWN = {
    "method_words.csv": {"id", "label", "parents", "words"},
    "common_names.csv": {"name", "ids"},
    "more_images.csv": {"accession", "listed_url", "provenance"},
    "more_studies.csv": {"source", "accession", "document"},
    "study_links.csv": {"study", "same_as", "document"},
    "data_dois.csv": {"study", "doi", "document"},
}
"""fairlab's own lists: everyday words, and facts that public lists state besides those of ``SOURCES``."""
TABLES = ("images.csv.gz", "studies.csv.gz", "methods.csv.gz", "taxa.csv.gz")
PROVENANCE = "catalogue.json"


def build_tables(
    source_dir: str | os.PathLike[str], out_dir: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Make the compressed tables of the catalogue.

    Parameters
    ----------
    source_dir : path
        Folder with ``known_images.csv``, ``known_studies.csv``, ``idr_containers.csv`` and
        ``ontologies/{fbbi_terms,taxa_seen}.csv``.
    out_dir : path, optional
        Where to write; the package's own ``data`` folder by default.

    Returns
    -------
    dict
        As :func:`catalogue_info` gives for the tables just written.

    Raises
    ------
    QueryError
        kind ``"catalogue-source"``: a list is missing from ``source_dir``.
    FormatError
        kind ``"table-columns"``: a list lacks a column or is not text.
    OutputError
        kind ``"output-unwritable"``: ``out_dir`` cannot be written.
    """
    source, out = Path(source_dir), Path(out_dir) if out_dir is not None else terms.DATA
    lists = {name: _read_list(source / name, columns) for name, columns in SOURCES.items()}
    images_list, studies_list, containers, fbbi, taxa_seen = lists.values()
    own = {name: _read_list(terms.DATA / name, columns) for name, columns in OWN.items()}
    methods = words.method_rows(fbbi, own["method_words.csv"])
    taxa = words.taxon_rows(
        [*taxa_seen, *rows.unlisted_taxa(images_list, taxa_seen)], own["common_names.csv"]
    )
    known = words.Vocabularies(
        organisms=terms.Vocabulary(terms.entries(taxa)),
        imaging_methods=terms.Vocabulary(terms.entries(methods)),
    )
    same = rows.same_studies(own["study_links.csv"])
    studies_list = [*studies_list, *rows.undescribed_studies(own["more_studies.csv"])]
    studies = rows.study_rows(studies_list, containers, same, own["data_dois.csv"], known)
    images_list = [*images_list, *rows.more_images(own["more_images.csv"], studies)]
    images = rows.image_rows(images_list, studies, containers, same, known)
    tables = dict(zip(TABLES, (images, studies, methods, taxa), strict=True))
    packed = {name: _packed(table) for name, table in tables.items()}
    provenance = {
        "sources": {
            **{name: _digest((source / name).read_bytes()) for name in SOURCES},
            **{name: _digest((terms.DATA / name).read_bytes()) for name in OWN},
        },
        "counts": {name.split(".")[0]: len(table) for name, table in tables.items()},
        "images_by_repository": dict(sorted(Counter(row["repository"] for row in images).items())),
        "labels_without_term": known.unresolved(),
        "tables": {
            name: {"bytes": len(content), "sha256": _digest(content)} for name, content in packed.items()
        },
    }
    _write(out, packed, provenance)
    return catalogue_info(out)


def catalogue_info(folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """What the shipped tables hold and where they come from.

    Returns
    -------
    dict
        ``counts`` (rows by table), ``built`` (ISO date of the last change), ``sources`` (SHA-256 of each
        list), ``tables`` (size in bytes and SHA-256), ``bytes`` (all tables together), and more.

    Raises
    ------
    FormatError
        kind ``"table-damaged"``.

    Examples
    --------
    >>> info = catalogue_info()
    >>> info["counts"]["images"], info["counts"]["studies"], info["bytes"] < 1_000_000
    (6581, 1355, True)
    """
    path = Path(folder) if folder is not None else terms.DATA
    try:
        info: dict[str, Any] = json.loads((path / PROVENANCE).read_text(encoding="utf-8"))
        return info | {"bytes": sum(table["bytes"] for table in info["tables"].values()), "folder": str(path)}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise FormatError(
            f"the description of the catalogue's tables cannot be read ({exc})\n"
            "  reinstall fairlab, or make the tables again with: fairlab catalogue build",
            kind="table-damaged",
        ) from exc


def tables_key(folder: Path | None = None) -> str:
    """Short fingerprint of the shipped tables, for whatever is made from them."""
    digest = hashlib.sha256()
    for name in TABLES:
        try:
            digest.update(((folder or terms.DATA) / name).read_bytes())
        except OSError as exc:
            raise FormatError(
                f'the table "{name}" that comes with fairlab cannot be read ({exc}); reinstall fairlab',
                kind="table-damaged",
                table=name,
            ) from exc
    return digest.hexdigest()[:16]


def _read_list(path: Path, columns: set[str]) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            found = list(reader)
    except FileNotFoundError as exc:
        raise QueryError(
            f"{path} is missing; the folder to build from needs: {', '.join(SOURCES)}",
            kind="catalogue-source",
        ) from exc
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise FormatError(f"{path} cannot be read as CSV in UTF-8 ({exc})", kind="table-columns") from exc
    missing = columns - set(reader.fieldnames or ())
    if missing:
        raise FormatError(f"{path} lacks the columns: {', '.join(sorted(missing))}", kind="table-columns")
    return found


def _packed(table: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(table[0]) if table else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    # No time and no name in the header: the same facts must give the same bytes.
    return gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(out: Path, packed: dict[str, bytes], provenance: dict[str, Any]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in packed.items():
            _replace(out / name, content)
        described = {"built": _date_of_change(out, provenance), **provenance}
        _replace(out / PROVENANCE, (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as exc:
        raise OutputError(f"the tables cannot be written to {out} ({exc})", kind="output-unwritable") from exc


def _date_of_change(out: Path, provenance: dict[str, Any]) -> str:
    try:
        before = catalogue_info(out)
    except FormatError:
        before = {}
    if before.get("tables") == provenance["tables"]:
        return str(before.get("built"))
    return dt.datetime.now(dt.UTC).date().isoformat()


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
