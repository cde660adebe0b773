"""``.fair`` on xarray objects: where a picture lies, which level serves, what reading it costs; and its origin.

Importing this module makes the accessor; opening an image does so too. It keeps no state of its own:
everything is read from the object's coordinates, attributes and lazy arrays, so it stays right after
selections and in other processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import xarray as xr

from fairlab import level_choice, levels, pixel_sizes, regions, wells
from fairlab.costs import cost_of
from fairlab.errors import QueryError, SelectionError, warn
from fairlab.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.net.fetch import Cost
    from fairlab.regions import Center, Quantity
    from fairlab.widgets.plate_grid import PlateGrid


class Fair(Origin):
    """What every object knows of itself: ``array.fair``, ``dataset.fair``.

    Examples
    --------
    >>> import fairlab
    >>> image = fairlab.open_image("sample:nuclei")["scale0/image"]
    >>> image.fair.at(c="DAPI", x="350 um").sizes["y"] == image.sizes["y"]
    True
    """

    def _array(self, level: int | str | None = None, pixel_size: Quantity | None = None) -> xr.DataArray:
        if level is not None or pixel_size is not None:
            raise SelectionError(
                "this is one level already; choose a level from the whole tree: tree.fair.level(…)",
                kind="level-unknown",
            )
        return levels.variable(self._obj)

    @property
    def pixel_size(self) -> dict[str, float]:
        """Size of a pixel along each axis of space, in micrometer.

        Raises
        ------
        SelectionError
            kind ``"unitless"``, ``"spacing-unknown"`` or ``"spacing-irregular"``.

        Examples
        --------
        >>> import fairlab
        >>> fairlab.open_image("sample:nuclei").fair.pixel_size
        {'z': 1.0, 'y': 0.25, 'x': 0.25}
        """
        return pixel_sizes.pixel_size_um(self._array())

    def crop(
        self,
        *,
        center: Center,
        width: Quantity | Mapping[str, Quantity],
        level: int | str | None = None,
        pixel_size: Quantity | None = None,
    ) -> xr.DataArray:
        """The samples inside a physical box, lazily; see :func:`fairlab.regions.crop`.

        Parameters
        ----------
        center : mapping or sequence
            ``{"x": 12.3, "y": "4 um"}``, or ``(y, x)``, ``(z, y, x)``, in the units of the coordinates.
        width : float, str or mapping
            Full width; a number is micrometer.
        level, pixel_size : optional
            Which level of a tree; full resolution by default. See :meth:`FairTree.level`.

        Raises
        ------
        SelectionError
            kind ``"outside"``: the box and the image do not meet; and as :func:`fairlab.regions.crop`.

        Warns
        -----
        FairlabWarning
            The licence permits the crop for your own use and forbids to share it; its attribute
            ``license_restriction`` says so wherever it is saved.

        Examples
        --------
        >>> import fairlab
        >>> tree = fairlab.open_image("sample:nuclei")
        >>> dict(tree.fair.crop(center={"x": 360, "y": "140 um"}, width=10).sizes)
        {'t': 2, 'c': 2, 'z': 20, 'y': 40, 'x': 40}
        """
        found = regions.crop(self._array(level, pixel_size), center=center, width=width)
        if restriction := found.attrs.get("license_restriction"):
            warn(f"{found.attrs.get('id', 'this image')} ({found.attrs.get('license')}): {restriction}")
        return found

    def at(
        self, *, level: int | str | None = None, pixel_size: Quantity | None = None, **positions: Any
    ) -> xr.DataArray:
        """The samples nearest to positions, lazily; see :func:`fairlab.regions.at`.

        Parameters
        ----------
        level, pixel_size : optional
            Which level of a tree; full resolution by default. See :meth:`FairTree.level`.
        **positions
            ``x=12.3`` (in the unit of the coordinate), ``y="4 um"``, ``c="DAPI"``; a slice takes a range.

        Raises
        ------
        SelectionError
            kind ``"outside"``: a position is beyond the image; and as :func:`fairlab.regions.at`.

        Examples
        --------
        >>> import fairlab
        >>> tree = fairlab.open_image("sample:nuclei")
        >>> dict(tree.fair.at(c="DAPI", z=5, x=slice(350, 360)).sizes)
        {'t': 2, 'y': 224, 'x': 41}
        """
        return regions.at(self._array(level, pixel_size), positions)

    def estimate(
        self,
        selection: xr.DataTree | xr.Dataset | xr.DataArray | Mapping[str, Any] | None = None,
        *,
        level: int | str | None = None,
        pixel_size: Quantity | None = None,
        **positions: Any,
    ) -> Cost:
        """Requests and bytes that loading would take; nothing is read.

        Parameters
        ----------
        selection : DataArray, Dataset, DataTree or mapping, optional
            What would be loaded: an object selected from this one (by index: ``image.isel(z=3)``), or
            positions as for :meth:`at`; by default the object itself.
        level, pixel_size : optional
            Which level of a tree the positions are for; full resolution by default.
        **positions
            The same as a mapping: ``x=slice(0, 50)``, ``c="DAPI"``.

        Returns
        -------
        Cost
            ``requests`` (exact unless arrays are sharded or dask's), ``bytes`` at most, ``result_bytes``.

        Raises
        ------
        QueryError
            kind ``"estimate"``: a selected object and positions were given, or what is neither.
        SelectionError
            As :meth:`at`; kind ``"cost-unknown"``: see :func:`fairlab.costs.cost_of`.

        Examples
        --------
        >>> import fairlab
        >>> tree = fairlab.open_image("sample:nuclei")
        >>> tree.fair.estimate(c="DAPI", level=-1).exact
        True
        """
        if isinstance(selection, xr.DataTree | xr.Dataset | xr.DataArray):
            if positions or level is not None or pixel_size is not None:
                raise QueryError(
                    "give a selected object or positions, not both: estimate(image.isel(z=0)) or estimate(z=0)",
                    kind="estimate",
                )
            return cost_of(selection)
        stated: Any = {} if selection is None else selection
        if not isinstance(stated, Mapping):
            raise QueryError(
                f"cannot tell what loading an object of type {type(selection).__name__} takes\n"
                "  give what was selected, estimate(image.isel(z=0)), or positions, estimate(z=0); "
                "a level by level=, estimate(level=1)",
                kind="estimate",
            )
        wanted = {**stated, **positions}
        if not wanted and level is None and pixel_size is None:
            return cost_of(self._obj)
        return cost_of(regions.at(self._array(level, pixel_size), wanted))

    def well(self, name: str) -> Any:
        """One well of a plate, lazily: the same kind of object without ``row`` and ``column``.

        Parameters
        ----------
        name : str
            ``"B3"``, ``"B03"``, ``"b/3"``.

        Raises
        ------
        SelectionError
            kind ``"well-unknown"``; ``"well-absent"``: the plate has the place, but no well there.

        Examples
        --------
        >>> import fairlab
        >>> fairlab.open_plate("sample:plate").fair.well("B3")["scale0/image"].dims
        ('field', 'c', 'y', 'x')
        """
        return wells.well(self._obj, name)


class FairTree(Fair):
    """What an opened image or plate knows of itself: ``tree.fair``.

    Examples
    --------
    >>> import fairlab
    >>> tree = fairlab.open_image("sample:nuclei")
    >>> tree.fair.level(max_bytes="1 MB").nbytes <= 1_000_000
    True
    """

    def _array(self, level: int | str | None = None, pixel_size: Quantity | None = None) -> xr.DataArray:
        if level is None and pixel_size is None and self._obj.data_vars:
            return levels.variable(self._obj.to_dataset())  # a node that is a level itself
        return self.level(level, pixel_size=pixel_size)

    def level(
        self,
        level: int | str | None = None,
        *,
        pixel_size: Quantity | None = None,
        shape: Sequence[int] | None = None,
        max_bytes: int | str | None = None,
    ) -> xr.DataArray:
        """The pixels of one level, lazily; by what it is to serve, or by name.

        Parameters
        ----------
        level : int or str, optional
            Name (``"scale1"``) or number (0 is full resolution, -1 the coarsest).
        pixel_size : float or str, optional
            The coarsest level whose pixels are not larger: micrometer, or ``"4 nm"``.
        shape : sequence of int, optional
            The coarsest level with as many samples: ``(y, x)`` or ``(z, y, x)``.
        max_bytes : int or str, optional
            The finest level that takes no more memory: ``"64 MB"``.

        Raises
        ------
        SelectionError
            See :func:`fairlab.level_choice.choose` and :func:`fairlab.levels.named`.

        Examples
        --------
        >>> import fairlab
        >>> coarse = fairlab.open_image("sample:nuclei").fair.level(pixel_size="0.5 um")
        >>> coarse.fair.pixel_size["x"]
        0.5
        """
        wishes = {"pixel_size": pixel_size, "shape": shape, "max_bytes": max_bytes}
        wishes = {name: wish for name, wish in wishes.items() if wish is not None}
        if level is not None and wishes:
            raise SelectionError(
                f"level={level!r} and {', '.join(wishes)} both choose a level; give one of them",
                kind="level-unknown",
            )
        chosen: dict[str, Any] = wishes
        name = level_choice.choose(self._obj, **chosen) if level is None else levels.named(self._obj, level)
        return levels.variable(self._obj[name].dataset)

    def grid(self, **choices: Any) -> PlateGrid:
        """A small picture of every well of a plate, coloured by what was measured.

        Parameters
        ----------
        **choices
            ``values=`` (a table), ``by=`` (its column), ``field=``, ``channels=``; see
            :func:`fairlab.widgets.plate_grid.plate_grid`.

        Raises
        ------
        SelectionError
            kind ``"not-a-plate"``: there are no wells.

        Examples
        --------
        >>> import fairlab
        >>> grid = fairlab.open_plate("sample:plate").fair.grid()
        >>> grid.select("B3")
        >>> grid.selection.shape
        (2, 96, 128)
        """
        import fairlab

        if not any("row" in node.dims for node in self._obj.subtree):
            raise SelectionError(
                "this is no plate: it has no rows and columns\n  fairlab.view(tree) shows an image",
                kind="not-a-plate",
            )
        return fairlab.view(self._obj, **choices)  # type: ignore[return-value]  # of a plate it is a grid


registrars: tuple[tuple[Any, type[Fair]], ...] = (
    (xr.register_dataarray_accessor, Fair),
    (xr.register_dataset_accessor, Fair),
    (xr.register_datatree_accessor, FairTree),
)
for register, accessor in registrars:
    register("fair")(accessor)
