"""Small valid documents to edit, and what must never be repeated of them."""

from __future__ import annotations

import io
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"

OME = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
  {before}
  <Image ID="Image:0" Name="{name}">
    {inside}
    <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" SizeC="1" SizeT="1"/>
  </Image>
  {after}
</OME>
"""


def ome_xml(*, before: str = "", name: str = "cells", inside: str = "", after: str = "") -> bytes:
    """OME-XML with one image and nothing identifying, with one edit."""
    return OME.format(before=before, name=name, inside=inside, after=after).encode()


def dataset(**edits: Any) -> FileDataset:
    """A header that the basic profile has nothing to say about, with one edit."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SLIDE
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID = SLIDE
    made.Modality = "SM"
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    made.Rows = made.Columns = 8
    for name, value in edits.items():
        setattr(made, name, value)
    return made


def item(**values: Any) -> Dataset:
    """One item of a sequence."""
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def slide(identifier: str, **edits: Any) -> FileDataset:
    """A slide whose specimen is named where slides name it: two sequences deep, and once more in its preparation."""
    concept = item(CodeValue="121041", CodingSchemeDesignator="DCM", CodeMeaning="Specimen Identifier")
    content = item(ValueType="TEXT", ConceptNameCodeSequence=Sequence([concept]), TextValue=identifier)
    step = item(SpecimenPreparationStepContentItemSequence=Sequence([content]))
    specimen = item(SpecimenIdentifier=identifier, SpecimenPreparationSequence=Sequence([step]))
    return dataset(SpecimenDescriptionSequence=Sequence([specimen]), **edits)


def as_file(made: Dataset, *, implicit: bool = False) -> bytes:
    """The bytes of a file."""
    if implicit:
        made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, made)
    return stream.getvalue()
