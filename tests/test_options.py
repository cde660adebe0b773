from __future__ import annotations

import re

import pytest

from fairlab import options
from fairlab.errors import QueryError
from fairlab.options import option, set_options


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("timeout_s", 0, 2.5),
        ("max_connections", True, 8),
        ("max_read_bytes", 1.5, None),
        ("cache_max_bytes", -1, 10**9),
        ("verify", "always", True),
        ("trusted_hosts", "cdn.example.org", ("cdn.example.org",)),
        ("trusted_hosts", ("https://cdn.example.org",), []),
        ("follow_links", 1, True),
        ("cache_dir", 3, "/tmp/elsewhere"),
        ("catalogue_dir", "", None),
        ("folders", [""], ["/data/images"]),
        ("country", "DEU", "DE"),
        ("s3_anonymous", "no", False),
        ("s3_region", 1, "eu-west-2"),
        ("source_timeout_s", -1, 3),
        ("answers_max_bytes", None, 0),
        ("hosts", {"idr": "idr.example.org"}, {"idr": "https://idr.example.org"}),
        ("hosts", {"idr": []}, {"idr": ["https://a.example.org", "http://127.0.0.1:8000"]}),
        ("hosts", "https://idr.example.org", {}),
        ("contact", "a\nX-Evil: 1", "https://example.org/harvest"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, wrong: object, right: object) -> None:
    before = option(name)
    with pytest.raises(QueryError) as caught:
        set_options(**{name: wrong})
    assert (caught.value.kind, caught.value.context["option"]) == ("option-value", name)
    assert option(name) == before
    with set_options(**{name: right}):
        assert option(name) == right
    assert option(name) == before


def test_every_option_is_described() -> None:
    described = set(re.findall(r"^    (\w+) : ", set_options.__doc__ or "", re.MULTILINE))
    assert described == options._OPTIONS.keys()


def test_a_misspelt_option_is_named() -> None:
    with pytest.raises(QueryError, match="timeout_s"):
        set_options(timout_s=1)
