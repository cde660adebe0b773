from __future__ import annotations

import re

import numpy as np
import pytest

from fairlab import options
from fairlab.errors import QueryError
from fairlab.options import option, set_options


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("timeout_s", 0, 2.5),
        ("max_connections", True, 8),
        ("max_read_bytes", 0, None),
        ("cache_max_bytes", True, 10**9),
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
        ("s3_endpoint", "localhost:9000", "http://localhost:9000/"),
        ("timeout_s", float("inf"), 7),
        ("max_read_bytes", "a lot", 10**8),
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


def test_amounts_are_read_as_people_write_them_and_numbers_of_numpy_as_numbers() -> None:
    given = {"max_read_bytes": "500 MB", "cache_max_bytes": "1 GiB", "answers_max_bytes": 1e6}
    with set_options(**given, timeout_s=np.float32(2.5), max_connections=np.int64(8), offline=np.True_):
        assert option("max_read_bytes") == options.max_read_bytes() == 500_000_000
        assert (option("cache_max_bytes"), option("answers_max_bytes")) == (2**30, 10**6)
        assert [type(option(name)) for name in ("timeout_s", "max_connections", "offline")] == [
            float,
            int,
            bool,
        ]


def test_a_password_in_an_endpoint_is_refused_and_not_shown() -> None:
    with pytest.raises(QueryError) as caught:
        set_options(s3_endpoint="https://me:secret@s3.example.org")
    assert "secret" not in str(caught.value) and "s3.example.org" in str(caught.value)


def test_a_notebook_shows_what_was_set_or_all_that_is_in_force() -> None:
    assert repr(set_options(verify="auto")) == "fairlab.set_options(verify='auto')"
    assert f"timeout_s={option('timeout_s')!r}, " in repr(set_options())


def test_a_misspelt_option_is_named() -> None:
    with pytest.raises(QueryError, match="timeout_s"):
        set_options(timout_s=1)


def test_a_quarter_of_what_jupyterhub_allows_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM_LIMIT", str(2**30))
    options._memory_bytes.cache_clear()
    try:
        assert options.max_read_bytes() == 2**28
        monkeypatch.setenv("MEM_LIMIT", "2G")  # not of JupyterHub's form
        options._memory_bytes.cache_clear()
        assert options.max_read_bytes() > 2**28
    finally:
        options._memory_bytes.cache_clear()
