"""Addresses as people copy them: out of viewers, documentation, file managers, and through ``pathlib``.

Nothing is asked: an address that was meant is recognised by its form alone, and whatever is no such form stays as
it is.
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

_METADATA_FILE: Final = re.compile(
    r"(?:^|(?<=[^:/])/+)(?:zarr\.json|\.zattrs|\.zarray|\.zgroup|\.zmetadata)(?=$|\?)"
)
# Neuroglancer writes "zarr://gs://…" and "https://….zarr/|zarr2:"; people copy links from there.
_NEUROGLANCER: Final = re.compile(r"^zarr[23]?://(?=\w+://)|/?\|zarr[23]?:.*$")
# pathlib makes one slash of two.
_ONE_SLASH: Final = re.compile(r"^(https?|s3|gs|az):/(?!/)", re.IGNORECASE)
_PARAMETERS: Final = ("source", "image", "url")
"""How vizarr, the ngff-validator, itk-vtk-viewer, Vol-E and their relatives call the image that they show."""
_ADDRESS: Final = re.compile(r"(?:https?|s3|gs)://[^/]", re.IGNORECASE)
_QUOTES: Final = "\"'`<>"
_DEEPEST: Final = 3


def address_meant(text: str) -> str:
    """The address of an OME-Zarr that was meant by what was copied.

    Parameters
    ----------
    text : str
        An address, possibly of a viewer that shows one image, of a metadata file in it, in Neuroglancer's
        spelling, between quotes, or with one slash after ``https:``.

    Examples
    --------
    >>> address_meant("https://hms-dbmi.github.io/vizarr/?source=https://example.org/a.zarr")
    'https://example.org/a.zarr'
    >>> address_meant("zarr://s3://images/a.zarr/"), address_meant("https://example.org/a.zarr/.zattrs")
    ('s3://images/a.zarr/', 'https://example.org/a.zarr')
    """
    for _ in range(_DEEPEST):  # a viewer's link may itself hold any of the other forms
        shown = _shown(text := _bare(text))
        if shown is None:
            break
        text = shown
    return path_meant(_NEUROGLANCER.sub("", text)) if "://" in text else text


def path_meant(text: str) -> str:
    """The folder that was meant by a path: where it leads to a metadata file, the one that this describes.

    Examples
    --------
    >>> path_meant("images/a.zarr/zarr.json"), path_meant("images/a.zarr"), path_meant(".zattrs")
    ('images/a.zarr', 'images/a.zarr', '')
    """
    return _METADATA_FILE.sub("", text)


def image_above(address: str) -> str | None:
    """The image that an address inside one belongs to, as far as names tell.

    Examples
    --------
    >>> image_above("https://example.org/a.zarr/0"), image_above("https://example.org/a.zarr")
    ('https://example.org/a.zarr', None)
    """
    found = re.match(r"(.*[^/]\.zarr)/+[^/?]", address, re.IGNORECASE)
    return found[1] if found else None


def _bare(text: str) -> str:
    text = text.strip()
    if "://" in text and text[0] in _QUOTES:
        text = text.strip(_QUOTES).strip()
    return _ONE_SLASH.sub(r"\1://", text)


def _shown(text: str) -> str | None:
    """The address of the one image that a viewer's link shows; None for what is no such link."""
    place = re.match("https?://[^?#]*(?=[?#])", text, re.IGNORECASE)
    if place is None or ".zarr" in place[0]:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    named = [value for name, value in parse_qsl(parts.query) if name in _PARAMETERS]
    found = {
        address
        for address in (*named, *_layers(parts.fragment))
        if _ADDRESS.match(_NEUROGLANCER.sub("", address))
    }
    return found.pop() if len(found) == 1 else None


def _layers(fragment: str) -> list[str]:
    """Addresses of the zarr layers in the state that Neuroglancer keeps behind ``#!``."""
    state = unquote(fragment)
    if not state.startswith("!"):
        return []
    try:
        layers = json.loads(state[1:])["layers"]
        sources = [layer["source"] for layer in layers]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    each = [one for source in sources for one in (source if isinstance(source, list) else [source])]
    texts = [one.get("url") if isinstance(one, dict) else one for one in each]
    return [text for text in texts if isinstance(text, str) and "zarr" in text]
