"""Images that are always there: real photographs and synthetic scenes with known truth, without a network.

Each sample is an identifier that opens wherever an address does (``"sample:nuclei"``, or
``"sample:nuclei@0.4"`` for OME-Zarr 0.4), served on loopback HTTP like a remote image. Samples are made
when first asked for and kept in the cache folder.

Examples
--------
>>> from fairlab import samples
>>> samples.names()
['nuclei', 'cells2d', 'plate', 'ihc', 'cell', 'retina', 'microaneurysms']
>>> samples.record("nuclei").license
'https://creativecommons.org/publicdomain/zero/1.0/'
>>> samples.truth("cells2d")["area_um2"].size
52
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.samples import recipes, store
from fairlab.samples.recipes import names

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

    from fairlab.record import Record
    from fairlab.samples.server import Server

__all__ = ["names", "path", "record", "serve", "truth"]


def record(name: str) -> Record:
    """What is known about one sample: title, licence, credit, organism, shape. Nothing is made.

    Parameters
    ----------
    name : str
        ``"nuclei"``, ``"nuclei@0.4"``, with or without ``sample:`` before it.

    Raises
    ------
    NotFoundError
        kind ``"sample-unknown"``.
    UnsupportedVersionError
        kind ``"version-unsupported"``.

    Examples
    --------
    >>> record("nuclei@0.4").url
    'sample:nuclei@0.4'
    """
    plain, version = recipes.split(name)
    return recipes.record(plain, version=version)


def path(name: str, *, version: str | None = None) -> Path:
    """Folder of one sample on this machine, made now if need be.

    Parameters
    ----------
    name : str
        ``"nuclei"`` or ``"nuclei@0.4"``.
    version : {"0.5", "0.4"}, optional
        OME-Zarr version, where the name says none.

    Returns
    -------
    pathlib.Path
        A folder that must not be changed: it is shared by all programs of this user, and remade when
        its checksums (``manifest-sha256.txt``) no longer fit.

    Raises
    ------
    NotFoundError
        kind ``"sample-unknown"``, or ``"sample-source"``: scikit-image no longer brings this photograph.
    MissingExtraError
        Samples are made with scikit-image and ome-zarr (extras ``analysis`` and ``write``).
    OutputError
        kind ``"output-unwritable"``: the cache folder cannot be written.

    Examples
    --------
    >>> (path("cell") / "zarr.json").exists()
    True
    """
    plain, stated = recipes.split(name if version is None else f"{name}@{version}")
    return store.path(plain, version=stated)


def truth(name: str) -> pd.DataFrame:
    """True values of every object of a synthetic scene; its ``attrs["description"]`` says how they are meant.

    Parameters
    ----------
    name : str
        ``"nuclei"``, ``"cells2d"`` or ``"plate"``.

    Returns
    -------
    pandas.DataFrame
        One row per object (and moment ``t``): ``label`` as in the label image, size counted in the label
        image (``area_um2`` or ``volume_um3``) and exact from the geometry (``ellipse_area_um2``,
        ``ellipsoid_volume_um3``), ``centroid_…_um`` in the image's coordinates, ``gfp_positive``. Of the
        plate one row per field: ``row``, ``column``, ``field``, ``compound``, ``dose_micromolar``, ``n_nuclei``,
        ``n_gfp_positive``, ``ellipse_area_um2`` (of all its nuclei together).

    Raises
    ------
    NotFoundError
        kind ``"truth-unknown"``: the sample is a photograph.

    Examples
    --------
    >>> truth("plate").columns[:4].tolist()
    ['row', 'column', 'field', 'compound']
    """
    return store.truth(recipes.split(name)[0])


def serve(folder: str | os.PathLike[str] | None = None, *, port: int = 0) -> Server:
    """Serve a folder on loopback HTTP, with a log of all requests.

    Parameters
    ----------
    folder : path-like, optional
        What to serve; by default the samples, and then ``server.url_for("nuclei")`` makes the sample if
        need be.
    port : int
        Port; 0 takes a free one.

    Returns
    -------
    Server
        A context manager with ``url``, ``url_for(name)``, ``requests`` and ``close()``.

    Examples
    --------
    >>> with serve() as server:
    ...     server.url_for("cell").removeprefix(server.url)
    '/cell.ome.zarr'
    """
    from fairlab.samples.server import Server

    if folder is not None:
        return Server(folder, port=port)
    return Server(store.made_folder(), port=port, prepare=store.made_at)
