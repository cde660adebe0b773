"""Where an xarray object comes from: its record, its description and their sources, its citation, its store.

Half of ``.fair``; the other half, where pixels lie and what they cost, is in :mod:`fairlab.accessor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xarray as xr

from fairlab.citation import Citation, cite
from fairlab.errors import QueryError, SelectionError
from fairlab.fair.description import Description
from fairlab.fair.fact import Fact, fact
from fairlab.provenance import records_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.store import Store
    from fairlab.net.traffic import Traffic
    from fairlab.ngff.omexml import OmeXml
    from fairlab.record import Record


class Origin:
    """What an object knows of where it comes from, read from its attributes whenever it is asked.

    Parameters
    ----------
    obj : DataTree, Dataset or DataArray
        Opened by fairlab, or made from that.
    """

    def __init__(self, obj: Any):
        self._obj = obj

    def __repr__(self) -> str:
        # A notebook that ends a cell with tree.fair asks what there is.
        offers = ", ".join(name for name in dir(type(self)) if not name.startswith("_"))
        return f".fair of a {type(self._obj).__name__} has {offers}\n  help(….fair.at) says what one of them does"

    @property
    def record(self) -> Record:
        """What is known about the image: identity, licence, organism, and where each value was read.

        Raises
        ------
        QueryError
            kind ``"no-provenance"``; ``"records"``: several images went into this object.

        Examples
        --------
        >>> import fairlab
        >>> record = fairlab.open_image("sample:nuclei").fair.record
        >>> record.id, record.title
        ('sample:nuclei', 'Synthetic nuclei in 3D, two channels, two moments')
        """
        records = records_of(self._obj)
        if len(records) > 1:
            raise QueryError(
                f"{len(records)} images went into this object: {', '.join(r.id for r in records)}\n"
                "  .fair.cite() names them all",
                kind="records",
            )
        return records[0]

    @property
    def description(self) -> Description:
        """What the object carries of its image, as statements with their sources; nothing is fetched.

        :meth:`describe` asks for the documents beside the image as well.

        Raises
        ------
        QueryError
            As :attr:`record` does.

        Examples
        --------
        >>> import fairlab
        >>> fairlab.open_image("sample:nuclei").fair.description.get("citation.license")["spdx"]
        'CC0-1.0'
        """
        return Description.of(self.record)

    def describe(self) -> Description:
        """Everything that is stated of the image: its documents are fetched again; see :func:`fairlab.fair.describe`.

        Raises
        ------
        QueryError
            As :attr:`record` does.
        NotFoundError, AccessError, Unavailable
            The image is not where it was.

        Examples
        --------
        >>> import fairlab
        >>> told = fairlab.open_image("sample:nuclei").fair.describe().statements_of("citation.title")
        >>> [one.kind for one in told]
        ['catalogue', 'crate']
        """
        import fairlab  # fetching stands above: it opens images, too

        return fairlab.fair.describe(self.record)

    def provenance(self, field: str) -> Fact:
        """One value of the record, and the document, place and time that it was read from.

        Parameters
        ----------
        field : str
            ``"organism"``, ``"license"``, ``"title"`` … (fields of :class:`fairlab.Record`), or a path of
            :data:`fairlab.fair.PATHS`, such as ``"biosample.organism"``.

        Raises
        ------
        QueryError
            kind ``"field-unknown"``: records have no such field; ``"path-unknown"``.

        Examples
        --------
        >>> import fairlab
        >>> told = fairlab.open_image("sample:nuclei").fair.provenance("license")
        >>> told.value, told.document
        ('https://creativecommons.org/publicdomain/zero/1.0/', 'fairlab.samples.scenes.nuclei')
        """
        return fact(self.record, field)

    def cite(self) -> Citation:
        """How to cite the images that went into this object; see :func:`fairlab.cite`.

        Raises
        ------
        QueryError
            kind ``"no-provenance"``.

        Examples
        --------
        >>> import fairlab
        >>> print(fairlab.open_image("sample:nuclei").fair.cite())
        fairlab (unknown year): Synthetic nuclei in 3D, two channels, two moments. fairlab samples. ...
        """
        return cite(self._obj)

    def traffic(self) -> Traffic:
        """Requests, bytes, seconds and missing chunks so far, of all that this process read from the store.

        Raises
        ------
        SelectionError
            kind ``"source-unknown"``: the object no longer says where it was opened from.

        Examples
        --------
        >>> import fairlab
        >>> image = fairlab.open_image("sample:nuclei")["scale2/image"]
        >>> before = image.fair.traffic().bytes
        >>> _ = image.isel(t=0, z=0).load()
        >>> image.fair.traffic().bytes > before
        True
        """
        from fairlab.net.traffic import ledger

        return ledger(self._source()).snapshot()

    def ome_xml(self) -> OmeXml | None:
        """The OME-XML of the file that the image was made from; one request or a few, now.

        Returns
        -------
        OmeXml or None
            None when the conversion did not keep it; see :func:`fairlab.net.ome_xml.ome_xml`.

        Raises
        ------
        SelectionError
            As :meth:`traffic`.

        Examples
        --------
        >>> import fairlab
        >>> fairlab.open_image("sample:nuclei").fair.ome_xml() is None
        True
        """
        from fairlab.net.ome_xml import ome_xml

        return ome_xml(self._source(), store=self._store())

    def _store(self) -> Store | None:
        """What it is read from, as long as some of it is not read yet."""
        from fairlab.lazy import parts_of

        variables = (getattr(holder, "variable", holder) for holder in self._holders())
        parts = (part for one in variables for part in parts_of(getattr(one, "_data", None)))
        return next((part.pixels.store for part in parts if hasattr(part.pixels, "store")), None)

    def _source(self) -> str:
        for holder in self._holders():
            if "source" in holder.encoding:
                return str(holder.encoding["source"])
        raise SelectionError(
            "this object no longer says which store it was read from\n"
            "  ask the tree, or a selection of it: tree.fair.traffic()",
            kind="source-unknown",
        )

    def _holders(self) -> Iterator[Any]:
        """Whatever may say which store it was read from."""
        for node in self._obj.subtree if isinstance(self._obj, xr.DataTree) else (self._obj,):
            yield node
            yield from getattr(node, "variables", {}).values()
