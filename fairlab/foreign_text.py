"""Text from elsewhere, made fit for a line of a terminal, a citation or a page.

Titles, names and licences come from repositories and are not trusted: they may hold escape sequences that a
terminal obeys, marks that turn the direction of writing, half characters that cannot be encoded, and HTML.
"""

from __future__ import annotations

import html
import re

# Controls but tab and line end; separators and marks that no line should hold; marks that turn the direction of
# writing; halves of surrogate pairs and what is no character, which neither a file nor XML can hold.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)

# Also in the full width of East Asian writing, and behind a tab or line end, which spreadsheets skip.
_FORMULA = re.compile("[\t\r\n]|[=+@\\-＝＋－＠]")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|[-+](inf|nan)")


def clean(text: str | None) -> str | None:
    r"""The text on one line, without what is unsafe; None when nothing is left.

    Examples
    --------
    >>> clean(" A\ncell \ud800"), clean("\x07")
    ('A cell', None)
    """
    return " ".join(_UNSAFE.sub(" ", text or "").split()) or None


def printable(text: str) -> str:
    """The text, with a space for each character that a terminal cannot or must not show."""
    return "".join(character if character.isprintable() else " " for character in text)


def legible(text: str) -> str:
    """The text, lines kept, with a space for what a file could not hold or a reader should not meet."""
    return _UNSAFE.sub(" ", text)


def no_formula(text: str) -> str:
    """The text for a cell of a table: no spreadsheet takes it for a formula, numbers stay numbers.

    Examples
    --------
    >>> no_formula("=cmd()"), no_formula("a title"), no_formula("-1.5e-07")
    ("'=cmd()", 'a title', '-1.5e-07')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def escaped(text: str) -> str:
    r"""The text for a page: HTML in it is shown, never obeyed, and the page can always be encoded.

    Examples
    --------
    >>> escaped("<b>bold</b>\ud800")
    '&lt;b&gt;bold&lt;/b&gt; '
    """
    return html.escape(legible(text))


def linked(text: str, address: str | None) -> str:
    """The text for a page, a link to the address where that is one of the web; no other address is followed.

    Examples
    --------
    >>> linked("a & b", "javascript:alert(1)"), linked("a", "https://example.org/")[:31]
    ('a &amp; b', "<a href='https://example.org/' ")
    """
    shown = breakable(text)
    if not address or not address.startswith(("https://", "http://")):
        return shown
    return f"<a href='{escaped(address)}' target='_blank' rel='noopener noreferrer'>{shown}</a>"


def breakable(text: str) -> str:
    """The text for a page, where a line may end after each part of a path.

    Examples
    --------
    >>> breakable("idr:idr0062/<1>.zarr")
    'idr:idr0062/<wbr>&lt;1&gt;.zarr'
    """
    return escaped(text).replace("/", "/<wbr>").replace("_", "_<wbr>")
