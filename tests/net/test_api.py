"""The polite client of archives, asked against an emulator with faults."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import __version__
from fairlab.errors import AccessError, FairlabError, QueryError, Unavailable, UnexpectedAnswer
from fairlab.net import api as net_api
from fairlab.net import line, remembered
from fairlab.net.api import Api, Document, harvest, limit
from fairlab.net.arrival import cleaned
from fairlab.net.question import joined
from fairlab.options import set_options
from tests.emulators import Asked, Emulator, Reply, drifted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Library(Emulator):
    apis: ClassVar = {"library": "/api"}
    paced: ClassVar = True

    def __init__(self) -> None:
        super().__init__()
        self.stock: Any = {"hits": [{"title": "Zellteilung µ", "id": 1, "year": 2020}], "total": 1}
        self.route("GET", "/api/search", lambda _: self.stock)
        self.route("GET", "/api/echo(.*)", lambda asked: {"path": asked.groups[0], "params": asked.params})
        self.route("POST", "/api/ask", lambda asked: {"asked": asked.json})
        self.route("GET", "/api/tagged", self.tagged)
        self.route("GET", "/api/table.csv", lambda _: "a,b\n1,µ\n")
        self.route("GET", "/api/status/(.*)", lambda asked: Reply(content={}, status=int(asked.groups[0])))

    def tagged(self, asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"one"':
            return Reply(content=b"", status=304)
        return Reply(content={"n": len(self.log)}, headers={"ETag": '"one"'})


@pytest.fixture
def library() -> Iterator[Library]:
    with Library() as emulator:
        yield emulator


@pytest.fixture
def api(library: Library) -> Api:
    return Api("library", "https://library.example.org/api")


@pytest.fixture
def memory(tmp_path: Path, library: Library) -> Iterator[Path]:
    with set_options(cache_dir=tmp_path / "cache", answers_max_bytes=10**6):
        yield tmp_path / "cache" / "answers"


# ── what is asked and what comes back ────────────────────────────────────────────────────────────


def test_an_answer_says_what_was_asked_and_when(api: Api, library: Library) -> None:
    answer = api.json("search", {"q": "cell division", "n": 3})
    assert answer.content == library.stock
    assert answer.url == f"{library.url}/api/search?q=cell%20division&n=3"
    assert answer.retrieved_at.endswith("Z") and abs(answer.age_s) < 5 and not answer.from_cache


def test_text_and_questions_that_are_json(api: Api, library: Library) -> None:
    assert api.text("table.csv").content == "a,b\n1,µ\n"
    assert api.post_json("ask", {"b": "µ", "a": [1]}).content == {"asked": {"a": [1], "b": "µ"}}
    assert api.json("search").content["total"] == 1  # the handle has forgotten the post
    assert [asked.method for asked in library.log] == ["GET", "POST", "GET"]
    assert library.log[1].headers["content-type"] == "application/json"


@pytest.mark.parametrize(("status", "method"), [(303, "GET"), (307, "POST"), (308, "POST")])
def test_what_is_posted_may_be_answered_elsewhere(
    api: Api, library: Library, status: int, method: str
) -> None:
    def move(asked: Asked) -> Reply:
        return Reply(status=status, content=b"", headers={"Location": "/api/told"})

    library.route("POST", "/api/move", move)
    for name in ("GET", "POST"):
        library.route(name, "/api/told", lambda asked: {"by": asked.method, "body": asked.body.decode()})
    found = api.post_json("move", [1]).content
    assert found == {"by": method, "body": "[1]" if method == "POST" else ""}


def test_parameters_arrive_as_they_were_meant(api: Api) -> None:
    params = {"q": 'a&b=c "µ" 50%', "yes": True, "size": 3, "facet": ["x", "y"]}
    assert api.json("echo", params).content["params"] == {
        "q": ['a&b=c "µ" 50%'],
        "yes": ["true"],
        "size": ["3"],
        "facet": ["x", "y"],
    }


def test_a_next_page_is_named_by_the_address_known_outside(api: Api, library: Library) -> None:
    for address in ("https://library.example.org/api/echo?page=2", f"{library.url}/api/echo?page=2"):
        assert api.json(address, {"n": 1}).content["params"] == {"page": ["2"], "n": ["1"]}
    for elsewhere in (
        "https://library.example.org.evil.org/api/echo",
        "https://library.example.org/api-of-others/echo",
        "http://169.254.169.254/latest",
        "ftp://x",
    ):
        with pytest.raises(UnexpectedAnswer) as caught:
            api.json(elsewhere)
        assert caught.value.kind == "address-elsewhere"
    assert len(library.log) == 2


@pytest.mark.parametrize("path", ["study/../admin", "study/%2e%2e/admin", ".."])
def test_an_identifier_cannot_climb(api: Api, library: Library, path: str) -> None:
    with pytest.raises(QueryError):
        api.json(path)
    assert not library.log


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_becomes_a_request_line(path: str, value: str) -> None:
    try:
        line_ = joined("/x/" + path, {"q": value})
    except QueryError:
        return
    assert line_.isascii() and line_.isprintable() and not set(line_) & set(' "<>\\^`{|}#')


def test_who_asks_is_said_and_nothing_else(api: Api, library: Library) -> None:
    home = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["urls"][
        "Homepage"
    ]
    api.json("search", {"q": "x"})
    api.post_json("ask", {})
    allowed = {"host", "user-agent", "accept", "accept-encoding"}
    first, second = library.log
    assert first.headers["user-agent"] == f"fairlab/{__version__} (+{home})"
    assert set(first.headers) == allowed
    assert set(second.headers) == allowed | {"content-type", "content-length"}
    with set_options(contact="https://institute.example.org/harvest"):
        api.json("search", {"q": "y"})
    assert library.log[-1].headers["from"] == "https://institute.example.org/harvest"


def test_missing_is_an_answer_where_that_is_allowed(api: Api) -> None:
    assert api.json("nowhere", missing_ok=True).content is None
    with pytest.raises(UnexpectedAnswer) as caught:
        api.json("nowhere")
    assert caught.value.kind == "http-404"


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessError), (403, AccessError), (400, UnexpectedAnswer), (204, UnexpectedAnswer)],
)
def test_a_refusal_is_final(api: Api, library: Library, status: int, error: type[FairlabError]) -> None:
    with pytest.raises(error) as caught:
        api.json(f"status/{status}")
    assert caught.value.kind == f"http-{status}" and len(library.log) == 1


@pytest.mark.parametrize("fault", ["html", "malformed", "empty"])
def test_what_is_not_json_is_said_to_be_that(api: Api, library: Library, fault: str) -> None:
    library.fault = fault
    with pytest.raises(UnexpectedAnswer) as caught:
        api.json("search")
    assert caught.value.kind == "answer-form" and caught.value.url == f"{library.url}/api/search"
    if fault == "html":
        assert "a web page" in str(caught.value) and "Back soon" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"\xff\xfe\xfa", b"1" * 10_000], ids=["nested", "bytes", "digits"]
)
def test_hostile_json_is_an_unexpected_answer(api: Api, library: Library, body: bytes) -> None:
    library.stock = Reply(content=body, type="application/json")
    with pytest.raises(UnexpectedAnswer) as caught:
        api.json("search")
    assert caught.value.kind == "answer-form"


def test_an_answer_over_the_limit_is_refused(api: Api) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        api.json("search", max_bytes=20)
    assert caught.value.kind == "body-too-large"


def test_credentials_go_along_and_are_never_kept(api: Api, library: Library, memory: Path) -> None:
    secret = {"Authorization": "Bearer hush"}
    with_key = Api("library", "https://library.example.org/api", headers=lambda: secret)
    for _ in range(2):
        assert "?…" in with_key.json("search", {"token": "hush"}).url
    assert [asked.headers["authorization"] for asked in library.log] == ["Bearer hush"] * 2
    assert not memory.exists()
    api.json("search")  # what anybody may know is kept, and is not what somebody with a key is told
    assert not with_key.json("search").from_cache


# ── what comes is made harmless ──────────────────────────────────────────────────────────────────


def test_addresses_of_people_and_steering_characters_do_not_arrive(
    api: Api, library: Library, memory: Path
) -> None:
    library.stock = {
        "contact": "Jo.Doe+x@mail.example.org",
        "text": "write to mailto:jo@example.org\x1b[2J\u202egnp.exe",
        "half": "\ud800x",
        "<b>jo@example.org</b>": ["jo@example.org ", {"@id": "#1", "price": "3 @ 5"}],
    }
    assert api.json("search").content == {
        "contact": "",
        "text": "write to …[2Jgnp.exe",
        "half": "x",
        "<b>…</b>": ["", {"@id": "#1", "price": "3 @ 5"}],
    }
    library.stock = "name,mail\nJo,jo@example.org\n"
    assert api.text("search").content == "name,mail\nJo,…\n"
    kept = b"".join(path.read_bytes() for path in memory.rglob("*") if path.is_file())
    assert kept and b"@example" not in kept and b"mail.example" not in kept


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_cleaning_twice_is_cleaning_once(value: Any) -> None:
    assert cleaned(cleaned(value)) == cleaned(value)


def test_cleaning_a_long_text_takes_no_time_to_speak_of() -> None:
    started = time.process_time()
    for text in ("a@" * 50_000, "a." * 50_000 + "@", "@" + "a." * 50_000, "a@" + "b-" * 50_000):
        cleaned(text)
    assert time.process_time() - started < 5  # what backtracks takes minutes


# ── several addresses, pauses, limits ────────────────────────────────────────────────────────────


def test_of_several_addresses_one_that_answers_is_used(api: Api, library: Library) -> None:
    with Library() as second, set_options(hosts={"library": [f"{library.url}/api", f"{second.url}/api"]}):
        library.fault = "down"
        assert api.json("search").url.startswith(second.url)
        second.fault = "down"
        with pytest.raises(Unavailable) as caught:
            api.json("search")
        assert caught.value.kind == "http-503" and library.url in str(caught.value)
        library.fault, second.fault = "hang", None
        with limit(2):  # half of which is left for the second
            assert api.json("search").url.startswith(second.url)


def test_requests_keep_their_distance_over_all_threads(library: Library) -> None:
    apis = [Api("library", "https://library.example.org/api", pause_s=0.1) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: apis[n % 2].json("echo", {"n": n}), range(5)))
    times = sorted(asked.time for asked in library.log)
    assert all(later - earlier > 0.07 for earlier, later in itertools.pairwise(times))


def test_a_harvest_keeps_a_distance_of_its_own(api: Api, library: Library) -> None:
    with harvest(pause_s=0.2):
        api.json("search")
        api.json("search")
    first, second = library.log
    assert second.time - first.time > 0.15


def test_a_wait_for_a_turn_counts_as_time(library: Library) -> None:
    api = Api("library", "https://library.example.org/api", pause_s=30)
    started = time.monotonic()
    with limit(1):
        api.json("search")
        with pytest.raises(Unavailable) as caught:
            api.json("search")
    assert caught.value.kind == "timeout" and len(library.log) == 1
    assert time.monotonic() - started < 15  # a wait that would be in vain is not begun


def test_a_limit_bounds_all_that_is_asked_inside(api: Api, library: Library) -> None:
    library.delay_s = 0.25
    started = time.monotonic()
    with limit(60), limit(0.6), pytest.raises(Unavailable) as caught:
        for number in range(20):
            api.json("echo", {"n": number})
    assert caught.value.kind == "timeout" and time.monotonic() - started < 1.5
    with limit(0.6), limit(60), pytest.raises(Unavailable):
        for number in range(20):
            api.json("echo", {"n": number})
    assert time.monotonic() - started < 3


def test_without_a_limit_the_option_holds(api: Api, library: Library) -> None:
    library.fault = "hang"
    started = time.monotonic()
    with set_options(source_timeout_s=0.3), pytest.raises(Unavailable, match="source_timeout_s") as caught:
        api.json("search")
    assert caught.value.kind == "timeout" and time.monotonic() - started < 2


# ── archives that fail ───────────────────────────────────────────────────────────────────────────


def test_retry_after_is_waited_for(api: Api, library: Library) -> None:
    library.fault = "rate"
    assert api.json("search").content["total"] == 1
    first, second = library.log
    assert second.time - first.time >= 0.95


def test_a_longer_pause_is_kept_by_later_questions(api: Api, library: Library) -> None:
    library.stock = Reply(content={}, status=429, headers={"Retry-After": "20"})
    with pytest.raises(Unavailable, match="pause of 20 s"), limit(5):
        api.json("search")
    with pytest.raises(Unavailable) as caught:
        api.json("echo")
    assert caught.value.kind == "circuit-open" and len(library.log) == 1
    assert 15 < caught.value.context["retry_after_s"] <= 20


@pytest.mark.parametrize("fault", ["down", "cut"])
def test_after_three_failures_the_archive_is_given_a_rest(
    api: Api, library: Library, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.fault = fault
    for _ in range(3):
        with pytest.raises(Unavailable):
            api.json("search")
    asked = len(library.log)
    assert asked == 3 * 3  # each question is put three times
    with pytest.raises(Unavailable, match="UTC") as caught:
        api.json("search")
    assert caught.value.kind == "circuit-open" and len(library.log) == asked
    library.fault = None
    now = time.monotonic()
    monkeypatch.setattr(line.time, "monotonic", lambda: now + 61)
    assert api.json("search").content["total"] == 1


def test_answers_between_failures_keep_the_archive_in_use(api: Api, library: Library) -> None:
    for fault in ("down", "down", "html", "down", "down", None, "down", "down"):
        library.fault = fault
        try:
            api.json("search")
        except FairlabError as error:
            assert error.kind in ("http-503", "answer-form")
    library.fault = None
    assert api.json("search")


def test_who_waits_longer_than_those_who_waited_in_vain_may_ask(api: Api, library: Library) -> None:
    library.fault = "slow"
    for _ in range(3):
        with limit(0.1), pytest.raises(Unavailable):
            api.json("search")
    with limit(0.1), pytest.raises(Unavailable) as caught:
        api.json("search")
    assert caught.value.kind == "circuit-open"
    with limit(5):
        assert api.json("search").content["total"] == 1


def test_a_reset_forgets_failures(api: Api, library: Library) -> None:
    library.fault = "down"
    for _ in range(3):
        with pytest.raises(Unavailable):
            api.json("search")
    library.fault = None
    api.reset()
    assert api.json("search")


# ── what is remembered ───────────────────────────────────────────────────────────────────────────


def _entries(memory: Path) -> list[Path]:
    return [path for path in memory.glob("*/*") if path.is_file()]


def test_a_fresh_answer_is_not_asked_again(api: Api, library: Library, memory: Path) -> None:
    first, again = api.json("search"), api.json("search")
    assert again == Document(
        content=first.content, url=first.url, retrieved_at=first.retrieved_at, from_cache=True
    )
    api.json("search", {"q": "other"})
    api.text("search")
    for body in ({"a": 1}, {"a": 2}, {"a": 1}):
        assert api.post_json("ask", body).content == {"asked": body}
    assert len(library.log) == 5 and len(_entries(memory)) == 5


def test_an_old_answer_is_asked_again_and_serves_when_the_archive_is_away(
    library: Library, memory: Path
) -> None:
    api = Api("library", "https://library.example.org/api", max_age_s=0)
    first = api.json("search")
    library.stock = {"hits": [], "total": 0}
    assert api.json("search").content["total"] == 0 and first.content["total"] == 1
    library.fault = "down"
    for _ in range(4):  # the fourth time nobody is asked
        stale = api.json("search")
        assert stale.from_cache and stale.content["total"] == 0
    with pytest.raises(Unavailable):
        api.json("search", {"q": "never asked"})
    library.fault = "html"
    library.forgive()
    with pytest.raises(UnexpectedAnswer):
        api.json("search")


def test_off_line_what_is_remembered_answers(library: Library, memory: Path) -> None:
    api = Api("library", "https://library.example.org/api", max_age_s=0)
    outside = library.url.replace("127.0.0.1", "data.localhost")  # a host like any other, for us
    with set_options(hosts={"library": f"{outside}/api"}):
        with set_options(offline=False):
            api.json("search")
        assert api.json("search").from_cache
        for _ in range(4):
            with pytest.raises(Unavailable) as caught:
                api.json("echo")
            assert caught.value.kind == "offline"
    assert len(library.log) == 1


def test_what_is_unchanged_is_confirmed_not_sent(library: Library, memory: Path) -> None:
    api = Api("library", "https://library.example.org/api", max_age_s=0)
    first, again, third = (api.json("tagged") for _ in range(3))
    assert first.content == again.content == third.content == {"n": 1} and not third.from_cache
    assert len(library.log) == 3


def test_a_harvest_asks_and_does_not_take_memory_for_an_answer(
    api: Api, library: Library, memory: Path
) -> None:
    api.json("search")
    with harvest(pause_s=0):
        assert not api.json("search").from_cache
        asked = len(library.log)
        assert api.json("search").content and len(library.log) == asked, (
            "nothing is asked twice in one harvest"
        )
        library.fault = "down"
    with harvest(pause_s=0), pytest.raises(Unavailable):
        api.json("search")
    assert api.json("search").from_cache


def test_absence_is_not_remembered(api: Api, library: Library, memory: Path) -> None:
    for _ in range(2):
        api.json("nowhere", missing_ok=True)
    assert len(library.log) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "junk"])
def test_a_damaged_entry_is_asked_again(api: Api, library: Library, memory: Path, damage: str) -> None:
    first = api.json("search")
    (entry,) = _entries(memory)
    content = bytearray(entry.read_bytes())
    content[-5] ^= 1
    entry.write_bytes(
        {"flip": bytes(content), "cut": bytes(content[:-9]), "empty": b"", "junk": os.urandom(100)}[damage]
    )
    assert api.json("search").content == first.content
    assert len(library.log) == 2 and api.json("search").from_cache


def test_an_answer_from_the_future_is_asked_again(api: Api, library: Library, memory: Path) -> None:
    api.json("search")
    key = net_api.Question(path="", accept="application/json", max_bytes=1).key(f"{library.url}/api/search")
    remembered.remember(key, Document(content={}, url="x", retrieved_at="2999-01-01T00:00:00Z"), {})
    assert not api.json("search").from_cache


def test_memory_keeps_its_size(api: Api, library: Library, memory: Path) -> None:
    library.stock = {"text": "x" * 2000}
    with set_options(answers_max_bytes=10_000):
        for number in range(12):
            api.json("search", {"n": number})
        assert 0 < sum(path.stat().st_size for path in _entries(memory)) <= 10_000
    with set_options(answers_max_bytes=0):
        assert not api.json("search", {"n": 11}).from_cache


def _asks(url: str, folder: str, number: int) -> bool:
    with set_options(hosts={"library": url}, cache_dir=folder, answers_max_bytes=5_000, offline=True):
        api = Api("library", "https://library.example.org/api")
        wanted = [(number + n) % 5 for n in range(40)]
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda n: api.json("echo", {"n": n, "fill": "x" * 500}).content, wanted)
            return all(one["params"]["n"] == [str(n)] for one, n in zip(found, wanted, strict=True))


def test_processes_share_the_memory(library: Library, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    with context.Pool(3) as pool:
        work = [(f"{library.url}/api", str(tmp_path / "cache"), n) for n in range(3)]
        assert all(pool.starmap(_asks, work))
    assert len(library.log) < 3 * 40


# ── the emulator itself ──────────────────────────────────────────────────────────────────────────


def test_drift_loses_fields_and_adds_some() -> None:
    assert drifted({"a": 1, "b": [{"c": 2}], "d": 3}) == {
        "a": 1,
        "b": [{"c": 2, "fieldOfTomorrow": {"x": [1, None]}}],
        "fieldOfTomorrow": {"x": [1, None]},
    }


def test_an_emulator_that_hangs_ends_all_the_same(api: Api) -> None:
    with Library() as emulator:
        emulator.fault = "hang"
        thread = threading.Thread(target=lambda: _ignoring(lambda: api.json("search")))
        thread.start()
        while not emulator.log:
            time.sleep(0.01)
    thread.join(timeout=20)
    assert not thread.is_alive()


def _ignoring(work: Callable[[], Any]) -> None:
    try:
        work()
    except FairlabError:
        return
