"""A variable that says in its own attributes which of its chunks were not there when it was read.

xarray copies attributes whenever it makes an object of another, and reads afterwards: what was noted on the
object that was opened never reaches ``.compute()`` or ``.isel(…).load()``, which is what the user holds. Only
the variable that is being read knows itself, so it is a class of its own for as long as it is lazy.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import xarray as xr

from fairlab.lazy import parts_of
from fairlab.net.traffic import missing_chunks
from fairlab.provenance import note_missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self


class LazyVariable(xr.Variable):
    """What datasets hold of pixels that were not read; once read, it is an ordinary variable.

    ``attrs["missing_chunks"]`` then names the chunks that this very read did not find, and is absent when all
    were there. What dask computed is told of all chunks that its sources did not find in this process.

    Examples
    --------
    >>> import fairlab
    >>> image = fairlab.open_image("sample:nuclei")["scale1/image"]
    >>> type(image.variable).__name__, type(image.isel(c=0).compute().variable).__name__
    ('LazyVariable', 'Variable')
    """

    __slots__ = ()

    def load(self, **kwargs: Any) -> Self:
        """Read the pixels."""
        with self._noting():
            super().load(**kwargs)
        return self

    async def load_async(self, **kwargs: Any) -> Self:
        """Read the pixels in a thread while others go on."""
        with self._noting():
            await super().load_async(**kwargs)
        return self

    @property
    def data(self) -> Any:
        """The pixels, read now; of a dask array, the array."""
        if hasattr(self._data, "__dask_graph__"):
            return self._data
        with self._noting():
            return super().data

    @data.setter
    def data(self, data: Any) -> None:
        # This is also how xarray hands over what dask has computed.
        with self._noting():
            xr.Variable.data.fset(self, data)  # type: ignore[attr-defined]  # to mypy, a property that is inherited

    def to_base_variable(self) -> Self:
        """No index: itself, as xarray asks for it after pointwise selections."""
        return self._replace()

    to_variable = to_base_variable

    @contextmanager
    def _noting(self) -> Iterator[None]:
        parts, by_dask = parts_of(self._data), hasattr(self._data, "__dask_graph__")
        with missing_chunks() as missing:
            yield
        if by_dask:  # its threads read; of them only the sources know
            missing = dict.fromkeys(itertools.chain.from_iterable(p.pixels.missing_chunks for p in parts))
        if parts:
            note_missing(self.attrs, list(missing))
        if not parts_of(self._data):
            self.__class__ = xr.Variable  # type: ignore[assignment]  # pickles of it then need no fairlab


def note_missing_in(opened: xr.DataTree | xr.Dataset) -> None:
    """Let what is opened name, on top of that, whatever reads of its selections do not find.

    It binds lazy arrays to the attributes of their variables, so it is the last thing done to what is opened.
    """
    datasets = [node.dataset for node in opened.subtree] if hasattr(opened, "subtree") else [opened]
    for variable in itertools.chain.from_iterable(dataset.variables.values() for dataset in datasets):
        for part in parts_of(variable._data):
            part.attrs = variable.attrs
