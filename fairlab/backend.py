"""``engine="fairlab"`` for xarray: ``xr.open_datatree(url, engine="fairlab")`` and ``xr.open_dataset``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from xarray.backends import BackendEntrypoint

from fairlab.errors import FormatError, SelectionError
from fairlab.image import open_image
from fairlab.ngff import documents, group
from fairlab.plate import open_plate

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

    from fairlab.net.checksums import Verify
    from fairlab.net.fetch import Missing
    from fairlab.record import Record

    Location = str | os.PathLike[str] | Record

_ENDINGS = (".ome.zarr", ".ome.zarr.zip", ".ozx")
_LARGEST_DOCUMENT = 1024 * 1024


class FairlabBackend(BackendEntrypoint):
    """Opens OME-Zarr images and plates for xarray, as :func:`fairlab.open_image` and ``open_plate`` do.

    ``series=``, ``missing=`` and ``verify=`` are those of :func:`fairlab.open_image`. xarray keeps what it has loaded
    of an array that was opened by an engine; ``cache=False`` reads again.

    Examples
    --------
    >>> import xarray as xr
    >>> tree = xr.open_datatree("sample:nuclei", engine="fairlab")
    >>> xr.open_dataset("sample:nuclei", engine="fairlab", group="scale1").image.dims
    ('t', 'c', 'z', 'y', 'x')
    """

    description: ClassVar[str] = "Open OME-Zarr images and plates, local or remote (fairlab)"
    url: ClassVar[str] = "https://github.com/fairlab/fairlab"
    supports_groups: ClassVar[bool] = True
    open_dataset_parameters: ClassVar[tuple[str, ...]] = (
        "filename_or_obj",
        "drop_variables",
        "group",
        "series",
        "missing",
        "verify",
    )

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether this is OME-Zarr for sure: by its ending, or by the metadata of a local folder.

        Other zarr stores are xarray's own to open, so a remote ``.zarr`` needs ``engine="fairlab"``.
        """
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        text = os.fspath(filename_or_obj)
        text = text.decode() if isinstance(text, bytes) else text
        if text.partition("?")[0].rstrip("/").lower().endswith(_ENDINGS):
            return True
        return "://" not in text and _is_ome_folder(Path(text))

    def open_datatree(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        series: int | str | None = None,
        missing: Missing = "warn",
        verify: Verify | None = None,
    ) -> xr.DataTree:
        """All levels and label images, as :func:`fairlab.open_image` gives them."""
        tree = open_any(filename_or_obj, series=series, missing=missing, verify=verify)
        if drop_variables is not None:
            dropped = [drop_variables] if isinstance(drop_variables, str) else list(drop_variables)
            for node in tree.subtree:
                node.dataset = node.to_dataset(inherit=False).drop_vars(dropped, errors="ignore")
        return tree

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        series: int | str | None = None,
        missing: Missing = "warn",
        verify: Verify | None = None,
    ) -> dict[str, xr.Dataset]:
        """The same by path: ``"/scale0"``, ``"/labels/nuclei/scale0"``."""
        tree = self.open_datatree(
            filename_or_obj, drop_variables=drop_variables, series=series, missing=missing, verify=verify
        )
        return {node.path: node.to_dataset() for node in tree.subtree}

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        group: str | None = None,
        series: int | str | None = None,
        missing: Missing = "warn",
        verify: Verify | None = None,
    ) -> xr.Dataset:
        """One level.

        Parameters
        ----------
        group : str, optional
            ``"scale1"``, ``"labels/nuclei/scale0"``; full resolution by default.

        Raises
        ------
        SelectionError
            kind ``"group-unknown"``.
        """
        groups = self.open_groups_as_dict(
            filename_or_obj, drop_variables=drop_variables, series=series, missing=missing, verify=verify
        )
        path = "/" + (group or "scale0").strip("/")
        if path not in groups:
            known = [name.lstrip("/") for name, dataset in groups.items() if dataset.data_vars]
            raise SelectionError(
                f'there is no group "{group}"\n  groups are: {", ".join(known)}',
                kind="group-unknown",
                group=str(group),
            )
        return groups[path]


def open_any(
    source: Location,
    *,
    series: int | str | None = None,
    missing: Missing = "warn",
    verify: Verify | None = None,
) -> xr.DataTree:
    """An image or a plate, whichever is there; see :func:`fairlab.open_image` and ``open_plate``."""
    try:
        return open_image(source, series=series, missing=missing, verify=verify)
    except FormatError as exc:
        if exc.kind != "plate":
            raise
    return open_plate(source, missing=missing, verify=verify)


def _is_ome_folder(folder: Path) -> bool:
    for name in ("zarr.json", ".zattrs"):
        try:
            with (folder / name).open("rb") as file:
                value, _ = documents.parse(file.read(_LARGEST_DOCUMENT), where=str(folder / name))
        except (OSError, FormatError):
            continue
        attributes = value.get("attributes") if isinstance(value, dict) and name == "zarr.json" else value
        if isinstance(attributes, dict) and group.kind_of(attributes) in ("image", "plate"):
            return True
    return False
