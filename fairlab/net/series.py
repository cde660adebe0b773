"""Collections as bioformats2raw lays them out: several images below one group, in series."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FairlabError, FormatError, SelectionError
from fairlab.net.documents import attributes_of, group_key
from fairlab.ngff import group
from fairlab.ngff.paths import inner_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlab.net.documents import Documents
    from fairlab.net.store import Store
    from fairlab.ngff.omexml import OmeXml

Series = int | str | None
OME_XML: Final = "OME/METADATA.ome.xml"
"""Where a collection keeps the metadata of the file that it was made from."""
_PROBED_AT_ONCE: Final = 16
_MOST_PROBED: Final = 4096  # some servers answer every address
_LISTED: Final = 12


def series_path(found: Documents, zarr_format: int, wanted: Series) -> str:
    """Place of the image of a collection that ``series=`` names; of the only one when it names none.

    Raises
    ------
    FormatError
        kind ``"bioformats2raw"``: there are several, or none; the message lists them.
    SelectionError
        kind ``"series-unknown"``: there is no such one.
    """
    store = found.store
    key = group_key("OME", zarr_format)
    found.ask([key])
    listed = group.series(attributes_of(found.beside(key), zarr_format))
    paths = [inner_path(path, where=f"{store.location}/{key}") for path in listed or ()]
    if len(paths) == 1 and wanted is None:
        return paths[0]
    if wanted in paths:
        return str(wanted)
    if (index := _index(wanted)) is not None and index in range(len(paths)):
        return paths[index]
    xml = ome_xml(store)
    names = [image.name or "" for image in xml.images] if xml else []
    paths = paths or [str(number) for number in range(len(names))] or _probed(found, zarr_format)
    names += [""] * (len(paths) - len(names))
    if not paths:
        raise FormatError(
            f"this collection of images is empty\n  at {store.location}\n"
            "  it names no series, and there is none at 0",
            kind="bioformats2raw",
            url=store.location,
        )
    if wanted is None and len(paths) > 1:
        raise FormatError(
            f"this is a collection of {len(paths)} images; say which one\n  at {store.location}\n"
            f'{_list(paths, names)}\n  for example fairlab.open_image("{store.location}", series=0)',
            kind="bioformats2raw",
            url=store.location,
            series=paths,
            names=names[: len(paths)],
        )
    return paths[picked(wanted, paths, names, where=store.location)]


def picked(wanted: Series, paths: Sequence[str], names: Sequence[str], *, where: str) -> int:
    """Number of the series that an index, a path or a name means; the first for None.

    Raises
    ------
    SelectionError
        kind ``"series-unknown"``: there is none, or several have this name.

    Examples
    --------
    >>> picked("overview", ["0", "1"], ["scan", "overview"], where="here")
    1
    """
    if wanted is None:
        return 0
    if (index := _index(wanted)) is not None:
        found = [index] if 0 <= index < len(paths) else []
    else:
        found = [n for n, path in enumerate(paths) if path == wanted] or [
            n for n, name in enumerate(names) if name == wanted
        ]
    if len(found) == 1:
        return found[0]
    raise SelectionError(
        f"{'several images are' if found else 'no image is'} the series {wanted!r}\n  at {where}\n"
        f"{_list(paths, names)}\n  give its number, its path or a name that only it has",
        kind="series-unknown",
        series=list(paths),
    )


def _index(wanted: Series) -> int | None:
    """A whole number, numpy's too; a path or a name is none."""
    return int(wanted) if isinstance(wanted, Integral) and not isinstance(wanted, bool) else None


def ome_xml(store: Store) -> OmeXml | None:
    """The OME-XML of a collection, where there is one that can be read."""
    from fairlab.ngff import omexml

    try:
        body = store.get(OME_XML, max_bytes=omexml.MAX_BYTES)
        return omexml.parse(body) if body else None
    except FairlabError:
        # It only adds names: the images are there without it.
        return None


def _probed(found: Documents, zarr_format: int) -> list[str]:
    """Images at ``0``, ``1`` …, the consecutive names of the layout, as far as they go."""
    paths: list[str] = []
    while len(paths) < _MOST_PROBED:
        batch = [str(number) for number in range(len(paths), len(paths) + _PROBED_AT_ONCE)]
        keys = [group_key(path, zarr_format) for path in batch]
        found.ask(keys)
        there: list[Mapping[str, Any] | None] = [found[key] for key in keys]
        known = there.index(None) if None in there else len(there)
        paths += batch[:known]
        if known < _PROBED_AT_ONCE:
            break
    return paths


def _list(paths: Sequence[str], names: Sequence[str]) -> str:
    lines = [
        f'    series={number}: "{path}"{f", {name}" if name else ""}'
        for number, (path, name) in enumerate(zip(paths[:_LISTED], names, strict=False))
    ]
    more = len(paths) - _LISTED
    return "\n".join([*lines, f"    … and {more} more"] if more > 0 else lines)
