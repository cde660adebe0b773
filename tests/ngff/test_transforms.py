from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairlab.ngff.transforms import compose

_number = st.floats(0.01, 100)


@given(st.lists(st.tuples(st.sampled_from(["scale", "translation"]), _number), max_size=6), _number)
def test_composition_equals_application_in_order(steps: list[tuple[str, float]], position: float) -> None:
    expected = position
    for kind, value in steps:
        expected = expected * value if kind == "scale" else expected + value
    lists = [[{"type": kind, kind: [value]}] for kind, value in steps]
    composed = compose(lists, n_axes=1, where="here")
    (scale,), (translation,) = composed.scale, composed.translation
    np.testing.assert_allclose(scale * position + translation, expected, rtol=1e-9)
