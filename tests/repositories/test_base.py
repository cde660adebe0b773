from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from fairlab.errors import FairlabWarning, NotFoundError
from fairlab.repositories import base


def test_built_in_repositories_are_plugins() -> None:
    assert {"catalogue", "sample"} <= set(base.repositories())
    assert all(isinstance(r, base.Repository) for r in base.repositories().values())


@pytest.mark.parametrize(
    "target", ["no_such_module:Shelf", "fairlab.errors:NoSuchClass", "fairlab.record:Record"]
)
def test_a_broken_plugin_silences_nobody(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    found = [
        *(e for e in base.entry_points(group="fairlab.repositories")),
        EntryPoint(name="broken", value=target, group="fairlab.repositories"),
    ]
    monkeypatch.setattr(base, "entry_points", lambda group: found)
    base.repositories.cache_clear()
    try:
        with pytest.warns(FairlabWarning, match=target.split(":")[0]):
            assert {"catalogue", "sample"} <= set(base.repositories())
    finally:
        monkeypatch.undo()
        base.repositories.cache_clear()


def test_an_unknown_identifier_says_who_was_asked() -> None:
    with pytest.raises(NotFoundError) as caught:
        base.lookup("nosuch:thing")
    assert caught.value.kind == "identifier-unknown"
