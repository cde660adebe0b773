from __future__ import annotations

import numpy as np
import pytest

import fairlab
from fairlab.analysis import read_size
from fairlab.errors import SelectionError
from tests.analysis.images import image


def test_a_large_read_is_refused_before_it_happens() -> None:
    array = image(np.zeros((10, 10), "uint8"))
    with fairlab.set_options(max_read_bytes=100):
        read_size.check_size(array, hint="x")
        with pytest.raises(SelectionError) as caught:
            read_size.check_size(array, itemsize=4, hint="take less")
    assert caught.value.kind == "read-too-large"
    assert (caught.value.context["bytes"], caught.value.context["max_bytes"]) == (400, 100)
    assert "take less" in str(caught.value)
