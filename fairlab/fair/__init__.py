"""FAIR, measured: what is known of an image, from which documents, and what that is worth.

Every name below is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fairlab.fair.bundle import Answer, Probe
    from fairlab.fair.description import Description
    from fairlab.fair.statement import PATHS, Statement

# Name -> module that defines it.
_HOMES = {
    "Answer": "fairlab.fair.bundle",
    "Description": "fairlab.fair.description",
    "PATHS": "fairlab.fair.statement",
    "Probe": "fairlab.fair.bundle",
    "Statement": "fairlab.fair.statement",
}

__all__ = ["PATHS", "Answer", "Description", "Probe", "Statement"]


def __getattr__(name: str) -> object:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'fairlab.fair' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
