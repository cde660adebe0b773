"""The front-end's own files, plain ES modules and CSS, put together as anywidget takes them: one text of each.

The modules import one another by name, as browsers, editors and tests read them. Here those lines go, and
each module stands behind the ones it needs. Their top-level names therefore differ from one another.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
"""Where the modules and style sheets lie."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@functools.cache
def module(name: str) -> str:
    """One ES module with all that it imports, for a widget's ``_esm``.

    Examples
    --------
    >>> "import " in module("dom"), "export " in module("dom")
    (False, False)
    """
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        text = (FOLDER / f"{name}.js").read_text("utf-8")
        for needed in _IMPORT.findall(text):
            if needed not in parts:
                add(needed)
        parts[name] = _EXPORT.sub("", _IMPORT.sub("", text))

    add(name)
    return "\n".join(parts.values())


@functools.cache
def stylesheet(*names: str) -> str:
    """The colours and controls that all widgets share, and one widget's own rules, for its ``_css``."""
    return "\n".join((FOLDER / f"{name}.css").read_text("utf-8") for name in ("theme", *names))
