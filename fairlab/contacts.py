"""Ways to reach a person, which are never kept: e-mail addresses in texts, and fields that hold such things.

Whatever arrives from elsewhere goes through here, answers of archives and metadata beside an image alike.
"""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(
    r"(?:mailto:)?[\w.+%'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,63}"
)
_FIELD: Final = re.compile(r"contact|e-?mail|phone|\bfax\b|postal|address", re.IGNORECASE)


def without_emails(text: str, instead: str = "…") -> str:
    """A text without the e-mail addresses in it.

    Parameters
    ----------
    text : str
        Any text.
    instead : str
        What stands where one was.

    Examples
    --------
    >>> without_emails("ask a.b@example.org first"), without_emails("Ada <ada@example.org>", "")
    ('ask … first', 'Ada <>')
    """
    return _EMAIL.sub(instead, text) if "@" in text else text


def is_email(text: str) -> bool:
    """Whether a text is an e-mail address and nothing else.

    Examples
    --------
    >>> is_email(" mailto:a.b@example.org"), is_email("ask a.b@example.org")
    (True, False)
    """
    return "@" in text and _EMAIL.fullmatch(text.strip()) is not None


def is_contact(name: str) -> bool:
    """Whether a field, or a key of a pair, names a way to reach somebody.

    Examples
    --------
    >>> [is_contact(name) for name in ("contact_email", "Telephone", "postalAddress", "Fax", "Organism")]
    [True, True, True, True, False]
    """
    return _FIELD.search(name) is not None
