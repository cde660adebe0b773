"""XML from elsewhere, read as it passes by: it takes no more memory than its reader keeps.

Nothing is expanded: a document type, the only place of entities, ends the reading before it can do harm, and so does
a document that is larger or deeper than its kind ever is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, Protocol
from xml.parsers import expat

from fairlab.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element, TreeBuilder

_PIECE: Final = 64 * 1024  # characters that a reader is given at once


class Reader(Protocol):
    """Looks at elements as they pass by."""

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """An element begins; its name stands without its namespace, its attributes' names behind theirs."""

    def end(self, name: str, /) -> None:
        """The innermost element ends."""

    def characters(self, text: str, /) -> None:
        """Text of the innermost element; a long one comes in pieces."""


def read_xml(
    document: bytes | str,
    reader: Reader,
    *,
    where: str,
    max_bytes: int,
    max_depth: int,
    encoding: str | None = None,
    comment: Callable[[str], None] | None = None,
) -> None:
    """Show a document to a reader, element by element.

    Parameters
    ----------
    document : bytes or str
        The file.
    reader : Reader
        What it raises ends the reading.
    where : str
        Address of the document, for messages.
    max_bytes : int
        Size (of a str, in characters) above which its kind of document is refused.
    max_depth : int
        Elements in one another above which it is refused.
    encoding : str, optional
        Of the bytes, whatever the document states.
    comment : callable, optional
        Takes the text of each comment.

    Raises
    ------
    FormatError
        kind ``"xml-refused"``: it has a document type, or is too large or too deep; ``"not-xml"``.
        Neither message repeats anything of the document.

    Examples
    --------
    >>> class Names:
    ...     def start(self, name, attributes): print(name, attributes)
    ...     def end(self, name): pass
    ...     def characters(self, text): pass
    >>> document = '<a xmlns="urn:any"><b ID="1"/></a>'
    >>> read_xml(document, Names(), where="here", max_bytes=100, max_depth=2)
    a {}
    b {'ID': '1'}
    >>> read_xml("<!DOCTYPE a><a/>", Names(), where="here", max_bytes=100, max_depth=2)
    Traceback (most recent call last):
    fairlab.errors.FormatError: this XML declares a document type and is not read
      at here
      metadata has no need of it
    """

    def refuse(what: str) -> NoReturn:
        raise FormatError(
            f"this XML {what} and is not read\n  at {where}\n  metadata has no need of it",
            kind="xml-refused",
            url=where,
        )

    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > max_depth:
            refuse(f"is deeper than {max_depth} elements")
        reader.start(tag.rpartition(" ")[2], attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        reader.end(tag.rpartition(" ")[2])

    if len(document) > max_bytes:
        refuse(f"has {len(document)} bytes, more than {max_bytes},")
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text, parser.buffer_size = True, _PIECE
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.characters
    parser.CommentHandler = comment
    # Entities can be declared nowhere else, so none ever is.
    parser.StartDoctypeDeclHandler = lambda *_: refuse("declares a document type")
    try:
        parser.Parse(document, True)
    except FormatError:
        raise
    except expat.ExpatError as exc:
        text = f"this is no XML: {exc}\n  at {where}"
        raise FormatError(text, kind="not-xml", url=where) from None
    except (LookupError, ValueError):  # an encoding that Python does not know, or that expat cannot use
        text = f"this is XML in an encoding that cannot be read\n  at {where}"
        raise FormatError(text, kind="not-xml", url=where) from None


def xml_tree(document: bytes | str, *, where: str, max_bytes: int, max_depth: int) -> Element:
    """The root of a small document, whose elements are named without their namespace.

    Parameters
    ----------
    document, where, max_bytes, max_depth
        As for :func:`read_xml`.

    Raises
    ------
    FormatError
        As :func:`read_xml`.

    Examples
    --------
    >>> tree = xml_tree('<a xmlns="urn:any"><b ID="1">text</b></a>', where="here", max_bytes=100, max_depth=2)
    >>> tree.tag, tree.findtext("b"), tree[0].get("ID")
    ('a', 'text', '1')
    """
    from xml.etree.ElementTree import TreeBuilder

    builder = _Builder(TreeBuilder())
    read_xml(document, builder, where=where, max_bytes=max_bytes, max_depth=max_depth)
    return builder.tree.close()


class _Builder:
    """Keeps everything."""

    def __init__(self, tree: TreeBuilder) -> None:
        self.tree = tree

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.tree.start(name, attributes)

    def end(self, name: str) -> None:
        self.tree.end(name)

    def characters(self, text: str) -> None:
        self.tree.data(text)
