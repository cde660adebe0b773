from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import FormatError
from fairlab.ngff import omexml
from fairlab.ngff.omexml import parse

TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
 <Instrument ID="Instrument:0"><Image ID="not an image"/></Instrument>
 <Image ID="Image:0" Name="cells &amp; nuclei">
  <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="8" SizeY="6" SizeZ="1" SizeC="3" SizeT="2"
    PhysicalSizeX="250" PhysicalSizeXUnit="nm" PhysicalSizeY="0.25" PhysicalSizeZ="1" PhysicalSizeZUnit="pixel"
    TimeIncrement="3" TimeIncrementUnit="min">
   <Channel ID="Channel:0:0" Name="DAPI" Color="65535"/>
   <Channel ID="Channel:0:1" Color="-1"/>
   <Channel ID="Channel:0:2" Name=""/>
   <MetadataOnly/>
  </Pixels>
 </Image>
 <Image ID="Image:1"/>
</OME>"""


def test_what_a_document_says_of_its_images() -> None:
    first, second = parse(TEXT.encode()).images
    assert (first.id, first.name) == ("Image:0", "cells & nuclei")
    assert first.sizes == {"t": 2, "c": 3, "z": 1, "y": 6, "x": 8}
    assert first.spacing == {"x": 250.0, "y": 0.25, "z": 1.0, "t": 3.0}
    assert first.units == {"x": "nanometer", "y": "micrometer", "t": "minute"}
    assert [(c.label, c.color) for c in first.channels] == [
        ("DAPI", "#0000FF"),
        (None, "#FFFFFF"),
        (None, None),
    ]
    assert second == omexml.OmeImage(id="Image:1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_encodings(encoding: str) -> None:
    text = TEXT.replace("cells", "Zellen für").replace("UTF-8", encoding)
    assert parse(text.encode(encoding)).images[0].name == "Zellen für & nuclei"


@pytest.mark.parametrize("year", ["2008-02", "2013-06", "2016-06"])
def test_any_years_namespace(year: str) -> None:
    assert parse(TEXT.replace("2016-06", year).encode()).images[0].sizes["x"] == 8
    assert parse(
        TEXT.replace("<OME ", "<ome:OME xmlns:ome='urn:ome' ").replace("</OME>", "</ome:OME>").encode()
    )


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "external entity": '<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/passwd">]><OME>&x;</OME>',
    "billion laughs": f'<!DOCTYPE OME [<!ENTITY l0 "ha">{_LAUGHS}]><OME>&l9;</OME>',
    "external document type": '<!DOCTYPE OME SYSTEM "http://127.0.0.1:9/x.dtd"><OME/>',
    "parameter entity": '<!DOCTYPE OME [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]><OME/>',
    "empty document type": "<!DOCTYPE OME><OME/>",
    "depth": "<OME>" + "<a>" * 200 + "</a>" * 200 + "</OME>",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_documents_are_refused(case: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse(HOSTILE[case].encode())
    assert caught.value.kind == "xml-refused"


def test_a_large_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(omexml, "MAX_BYTES", 100)
    with pytest.raises(FormatError) as caught:
        parse(TEXT.encode())
    assert caught.value.kind == "xml-refused"


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"", "not-xml"),
        (b"{}", "not-xml"),
        (b"<OME>", "not-xml"),
        (b"<OME>&undefined;</OME>", "not-xml"),
        (b'<OME a="1" a="2"/>', "not-xml"),
        (b"<OME>\xff</OME>", "not-xml"),
        (b'<?xml version="1.0" encoding="no-such"?><OME/>', "not-xml"),
        (b'<?xml version="1.0" encoding="shift_jis"?><OME/>', "not-xml"),
        (b"<html><body/></html>", "not-ome-xml"),
    ],
)
def test_other_documents(document: bytes, kind: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse(document)
    assert caught.value.kind == kind


@pytest.mark.parametrize("value", ["", "0", "-1", "nan", "inf", "1e999", "many", "1" * 5000])
def test_numbers_that_are_none_are_left_out(value: str) -> None:
    text = f'<OME><Image ID="i"><Pixels SizeX="{value}" PhysicalSizeX="{value}"><Channel Color="{value}x"/></Pixels>'
    (image,) = parse((text + "</Image></OME>").encode()).images
    assert (image.spacing, image.units, image.channels[0].color) == ({}, {}, None)
    assert image.sizes == ({"x": 0} if value == "0" else {})


@given(st.data())
def test_damage_gives_images_or_one_error(data: st.DataObject) -> None:
    document = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(document)))
        document[start : start + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
    try:
        parse(bytes(document))
    except FormatError as error:
        assert error.kind in {"not-xml", "not-ome-xml", "xml-refused"}
