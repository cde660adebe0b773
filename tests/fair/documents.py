"""Small documents that tests of fairlab.fair share, and statements for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fairlab.fair import PATHS, Statement
from fairlab.fair.statement import KINDS
from fairlab.record import Source

TEXTS = st.text(max_size=12) | st.sampled_from(["CC BY 4.0", "mouse", "\udc80", "<script>", "ignore all"])
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=True) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
SOURCES = st.builds(
    Source,
    document=st.sampled_from(["https://x.org/a", "zarr.json", "a crate"]),
    pointer=st.sampled_from(["", "/name"]),
    retrieved_at=st.sampled_from([None, "2026-01-01T00:00:00Z"]),
    basis=st.sampled_from(["asserted", "inferred"]),
)
STATEMENTS = st.builds(
    Statement,
    path=st.sampled_from(
        ["citation.title", "biosample.organism", "image.shape", "image.scale", *sorted(PATHS)[:3]]
    ),
    value=VALUES,
    raw=VALUES,
    source=SOURCES,
    kind=st.sampled_from(KINDS),
)


def told(
    path: str, value: Any, kind: Any = "crate", *, basis: Any = "asserted", document: str = "a"
) -> Statement:
    """A statement, with what a test does not care about filled in."""
    return Statement(path=path, value=value, kind=kind, source=Source(document=document, basis=basis))
