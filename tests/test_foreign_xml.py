"""XML from elsewhere: shown element by element, never expanded, and never repeated in a message."""

from __future__ import annotations

import pytest

from fairlab.errors import FormatError
from fairlab.foreign_xml import read_xml

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


class Events(list[tuple[str, object]]):
    """Everything that a reader is shown."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.append((name, attributes))

    def end(self, name: str) -> None:
        self.append(("end", name))

    def characters(self, text: str) -> None:
        self.append(("text", text))

    def comment(self, text: str) -> None:
        self.append(("comment", text))


def shown(document: bytes | str, **choices: object) -> Events:
    events = Events()
    limits = {"where": "here", "max_bytes": 10_000, "max_depth": 3, "comment": events.comment}
    read_xml(document, events, **{**limits, **choices})  # type: ignore[arg-type]
    return events


def test_elements_without_their_namespace_attributes_with_it() -> None:
    document = '<x:a xmlns:x="urn:x" x:one="1" two="2">t &amp; u<!-- aside --></x:a>'
    assert shown(document) == [
        ("a", {"urn:x one": "1", "two": "2"}),
        ("text", "t & u"),
        ("comment", " aside "),
        ("end", "a"),
    ]


def test_an_encoding_that_is_given_counts_more_than_the_one_that_is_stated() -> None:
    document = "<?xml version='1.0' encoding='latin-1'?><a>ü</a>".encode()
    assert ("text", "ü") in shown(document, encoding="utf-8")
    assert ("text", "Ã¼") in shown(document)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{_LAUGHS}]><a>&l9;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        "<!DOCTYPE a><a/>",
        "<a><b><c><d/></c></b></a>",
        "<a>" + "x" * 10_000 + "</a>",
    ],
    ids=["file", "laughs", "dtd", "bare", "deep", "large"],
)
def test_what_could_do_harm_is_refused(document: str) -> None:
    for form in (document, document.encode()):
        with pytest.raises(FormatError) as caught:
            shown(form)
        assert (caught.value.kind, caught.value.url) == ("xml-refused", "here")


def test_depth_is_of_elements_in_one_another() -> None:
    assert len(shown("<a>" + "<b><c/></b>" * 50 + "</a>")) == 202


@pytest.mark.parametrize(
    "document",
    [
        "",
        "secret",
        "<secret>",
        "<a>&secret;</a>",
        "<secret:a/>",
        "<a secret='1' secret='2'/>",
        "<?xml version='1.0' encoding='secret'?><a/>",
        "<?xml version='1.0' encoding='shift_jis'?><a>secret</a>",
        b"<a>secret\xff</a>",
        "<a>secret\ud800</a>",
    ],
)
def test_what_is_no_xml_is_said_without_repeating_it(document: str | bytes) -> None:
    body = document.encode() if isinstance(document, str) and "\ud800" not in document else document
    with pytest.raises(FormatError) as caught:
        shown(body)
    assert caught.value.kind == "not-xml"
    assert "secret" not in str(caught.value) and caught.value.__suppress_context__
