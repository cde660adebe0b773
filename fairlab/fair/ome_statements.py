"""What OME-XML states of its first image and of how that was taken, each with its XPath."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fairlab.fair.keyed_values import pairs_kept, sorted_out
from fairlab.fair.values import iso_date, license_value, plain_text, quantity
from fairlab.licenses import license

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.ngff.ome_model import OmeChannel, OmeImage, OmeXml

Told = tuple[str, Any, Any, str]
"""Path, value, raw value, place."""


def ome_statements(document: OmeXml, *, axes: Sequence[str] = ()) -> Iterator[Told]:
    """Path, value, raw value and XPath of what OME-XML states.

    Parameters
    ----------
    document : OmeXml
        From :func:`fairlab.ngff.omexml.parse`.
    axes : sequence of str
        The order in which sizes are wanted; without it they are not stated.

    Examples
    --------
    >>> from fairlab.ngff.omexml import parse
    >>> pixels = '<Pixels SizeX="8" SizeY="6" PhysicalSizeX="500" PhysicalSizeXUnit="nm"/>'
    >>> text = f'<OME><Image Name="cells">{pixels}</Image></OME>'
    >>> for path, value, _, place in ome_statements(parse(text.encode()), axes="yx"):
    ...     if value:
    ...         print(path, value, place)
    image.name cells /OME/Image[1]/@Name
    image.shape [6, 8] /OME/Image[1]/Pixels
    image.scale {'x': {'value': 0.5, 'unit': 'micrometer'}} /OME/Image[1]/Pixels
    """
    yield "identity.uid", document.uuid, None, "/OME/@UUID"
    yield "processing", [{"tool": document.creator}] if document.creator else None, None, "/OME/@Creator"
    if document.rights:
        known = license(document.rights)
        path = "citation.license" if known else "citation.rights_holder"
        value = license_value(document.rights) if known else plain_text(document.rights)
        yield path, value, plain_text(document.rights), "/OME/Rights"
    if document.images:
        yield from _image(document.images[0], axes)
        yield from _channels(document.images[0].channels)
        yield from _instrument(document, document.images[0])
        yield from _maps(document, document.images[0])


def _image(image: OmeImage, axes: Sequence[str]) -> Iterator[Told]:
    place = "/OME/Image[1]"
    yield "image.name", plain_text(image.name), None, f"{place}/@Name"
    yield "citation.description", plain_text(image.description), None, f"{place}/Description"
    yield "acquisition.date", _moment(image.acquired), image.acquired, f"{place}/AcquisitionDate"
    yield "image.dtype", image.dtype, None, f"{place}/Pixels/@Type"
    if axes and all(axis in image.sizes for axis in axes):
        yield "image.shape", [image.sizes[axis] for axis in axes], dict(image.sizes), f"{place}/Pixels"
    scale = {axis: quantity(step, image.units.get(axis)) for axis, step in image.spacing.items()}
    raw = {axis: [step, image.units.get(axis)] for axis, step in image.spacing.items()}
    yield "image.scale", scale, raw, f"{place}/Pixels"


def _moment(stated: str | None) -> str | None:
    """Date and time in ISO 8601; the first year of the calendar is a clock that was never set."""
    day = iso_date(stated or "")
    if day is None or not re.match(r"(?:19|20)\d\d-\d\d-\d\d", day):
        return None
    found = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", stated or "")
    return found[0] if found else day


def _channels(channels: Sequence[OmeChannel]) -> Iterator[Told]:
    place = "/OME/Image[1]/Pixels/Channel"
    shown = [
        {
            "label": plain_text(one.label), "color": one.color, "fluorophore": plain_text(one.fluorophore),
            "excitation_nm": one.excitation_nm, "emission_nm": one.emission_nm,
            "acquisition_mode": one.acquisition_mode, "contrast_method": one.contrast_method,
        }
        for one in channels
    ]  # fmt: skip
    told = [{name: value for name, value in one.items() if value is not None} for one in shown]
    if any(told):
        yield "image.channels", told, None, place
    specimen = [
        {"index": n, "label": plain_text(one.label), "content": plain_text(one.fluorophore),
         "contrast_mechanism": one.contrast_method}
        for n, one in enumerate(channels) if one.fluorophore or one.contrast_method
    ]  # fmt: skip
    yield (
        "specimen.channels",
        [{k: v for k, v in one.items() if v is not None} for one in specimen],
        None,
        place,
    )
    modes = list(dict.fromkeys(one.acquisition_mode for one in channels if one.acquisition_mode))
    yield (
        "acquisition.method",
        [{"label": _words(mode)} for mode in modes],
        modes,
        f"{place}/@AcquisitionMode",
    )
    lights = list(dict.fromkeys(one.illumination for one in channels if one.illumination))
    told_of = [f"illumination: {_words(one)}" for one in lights]
    yield "acquisition.parameters", told_of, lights, f"{place}/@IlluminationType"


def _words(name: str) -> str:
    """``"LaserScanningConfocalMicroscopy"`` as words; abbreviations stay whole."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() if not name.isupper() else name


def _instrument(document: OmeXml, image: OmeImage) -> Iterator[Told]:
    names = list(document.instruments)
    name = (
        image.instrument
        if image.instrument in document.instruments
        else names[0]
        if len(names) == 1
        else None
    )
    if name is None:
        return
    instrument, place = document.instruments[name], f"/OME/Instrument[{names.index(name) + 1}]"
    told = [plain_text(one) for one in (instrument.microscope, *instrument.parts)]
    yield "acquisition.instrument", [one for one in told if one], None, place
    used = instrument.objectives.get(image.objective or "")
    objectives = [used] if used else list(instrument.objectives.values())
    found = [
        {"model": plain_text(one.model), "magnification": one.magnification, "na": one.na, "immersion": one.immersion}
        for one in objectives
    ]  # fmt: skip
    found = [{key: value for key, value in one.items() if value is not None} for one in found]
    yield "acquisition.objective", [one for one in found if one], None, f"{place}/Objective"


def _maps(document: OmeXml, image: OmeImage) -> Iterator[Told]:
    place = "/OME/StructuredAnnotations/MapAnnotation"
    names = [name for name in image.annotations if name in document.maps] or list(document.maps)
    kept = pairs_kept(pair for name in names for pair in document.maps[name])
    yield "biosample.attributes", kept, None, place
    for path, value in sorted_out(kept):
        yield path, value, None, place
