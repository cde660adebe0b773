"""Documents for people in the place of pixels, told by how they begin.

Whatever a codec has packed does not begin so, and is refused by the codec. Where nothing is packed, any bytes of
the right number are pixels: an error page that happens to be as long as a chunk can be told by its first words
only. Seven bytes or fewer are asked for, some in either case: of chunks of noise, one in 2 * 10**12 begins so. A text
without any mark-up remains pixels.
"""

from __future__ import annotations

import json
import re
from typing import Final

_MARKUP: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?"
    rb"(?:<!doctype\s+html|<html[\s>]|<error>|<\?xml\s[^>]*\?>\s*<(?:!doctype\s+html|html[\s>]|error>))",
    re.IGNORECASE | re.DOTALL,
)
_HEAD: Final = 512
_SHORTEST_JSON: Final = 16  # "{}" are two pixels like any other


def is_page(body: bytes | memoryview) -> bool:
    """Whether bytes are a web page, an error in XML as S3 sends it, or a JSON object.

    Examples
    --------
    >>> is_page(b"<!DOCTYPE html><title>Log in</title>"), is_page(bytes(range(200)))
    (True, False)
    """
    head = bytes(memoryview(body)[:_HEAD])
    if _MARKUP.match(head):
        return True
    if len(body) < _SHORTEST_JSON or not head.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(bytes(body)), dict)
    except (ValueError, RecursionError):
        return False
