"""An endpoint against a server on this machine that answers well, late, half, wrongly or not."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.writing.faulty_server import Received, Told, chat, serving
from tidemill.core.errors import Cancelled, InputError, OptionError, TidemillError
from tidemill.core.run import Event, Run
from tidemill.writing.endpoint import MOST_BYTES, Endpoint, EndpointOptions
from tidemill.writing.writer import Ask, WrittenText

pytest.importorskip("httpx", reason="httpx of the extra 'endpoint' is not installed")

KEY = "sk-planted-7f3a91"
EXAMPLE = ({"maker": "Alpen"}, "A planted training text by Alpen.")
ASK = Ask("Describe the product.", {"maker": "Nordia"}, [EXAMPLE])
TEXT = WrittenText("A cup by Nordia.", "tiny-1")
GOOD = chat(TEXT.text)
NOW = {"Retry-After": "0"}


def endpoint(url: str, **more: Any) -> Endpoint:
    return Endpoint(EndpointOptions(url, "tiny", **more))


def asks(count: int) -> list[Ask]:
    return [Ask("Describe the product.", {"maker": f"Maker {k}"}) for k in range(count)]


def by_attribute(number: int, call: Received) -> Told:
    last = call.body["messages"][-1]["content"]
    return chat(last.split("maker: ")[1].split("\n")[0])


def test_a_text_is_asked_for_as_servers_expect() -> None:
    with serving(lambda number, call: GOOD) as server:
        assert endpoint(server.url).write([ASK], Run(seed=1)) == [TEXT]
    [call] = server.received
    assert call.path == "/v1/chat/completions"
    assert call.headers["Content-Type"] == "application/json"
    assert "Authorization" not in call.headers
    assert call.body["model"] == "tiny"
    assert call.body["max_tokens"] > 0
    assert call.body["messages"][-1]["content"].endswith("maker: Nordia\nText:")


def test_answers_come_in_the_order_of_the_asks() -> None:
    def answer(number: int, call: Received) -> Told:
        told = by_attribute(number, call)
        told.seconds = 0.05 * (number % 3 == 0)
        return told

    with serving(answer) as server:
        written = endpoint(server.url).write(asks(8), Run())
    assert [one and one.text for one in written] == [f"Maker {k}" for k in range(8)]


@pytest.mark.parametrize(
    "bad",
    [
        Told(status=429, headers=NOW),
        Told(status=500, headers=NOW),
        Told(status=503, headers=NOW),
        Told(GOOD.body, cut=20, headers=NOW),
        Told(b"{nonsense", headers=NOW),
        Told(b"[1]", headers=NOW),
        Told(b'{"choices": []}', headers=NOW),
        Told(b"\xff\xfe", headers=NOW),
        Told(b"", cut=0, headers=NOW),
    ],
    ids=["429", "500", "503", "half", "no JSON", "a list", "no choice", "no text", "empty"],
)
def test_a_fault_is_tried_again(bad: Told) -> None:
    with serving(lambda number, call: bad if number == 0 else GOOD) as server:
        assert endpoint(server.url).write([ASK], Run(seed=4)) == [TEXT]
    assert len(server.received) == 2
    assert server.received[0].body == server.received[1].body


@pytest.mark.parametrize(
    "bad",
    [
        Told(status=400),
        chat("A cup by", finish="length"),
        chat("", finish="stop"),
        chat("A cup", finish="content_filter"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(bad: Told) -> None:
    with serving(lambda number, call: bad) as server:
        assert endpoint(server.url).write([ASK], Run()) == [None]
    assert len(server.received) == 1


def test_tries_end() -> None:
    with serving(lambda number, call: Told(status=500, headers=NOW)) as server:
        assert endpoint(server.url, tries=3).write([ASK], Run()) == [None]
    assert len(server.received) == 3


def test_the_server_says_how_long_to_wait() -> None:
    busy = Told(status=429, headers={"Retry-After": "1"})
    with serving(lambda number, call: busy if number == 0 else GOOD) as server:
        assert endpoint(server.url).write([ASK], Run()) == [TEXT]
    assert server.received[1].at - server.received[0].at >= 1.0


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    busy = Told(status=429, headers={"Retry-After": "3600"})
    with serving(lambda number, call: busy) as server:
        began = time.monotonic()
        assert endpoint(server.url).write([ASK], Run()) == [None]
    assert time.monotonic() - began < 5


def test_a_slow_server_is_given_up() -> None:
    with serving(lambda number, call: Told(GOOD.body, seconds=2.0)) as server:
        began = time.monotonic()
        assert endpoint(server.url, seconds=0.2, tries=1).write([ASK], Run()) == [None]
        assert time.monotonic() - began < 1.5


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    with serving(lambda number, call: Told(b" " * (MOST_BYTES + 10))) as server:
        assert endpoint(server.url, tries=1).write([ASK], Run()) == [None]


def test_no_server_is_no_text() -> None:
    with serving(lambda number, call: GOOD) as server:
        pass
    assert endpoint(server.url, tries=1).write([ASK], Run()) == [None]


def test_redirects_are_not_followed() -> None:
    with serving(lambda number, call: GOOD) as other:
        moved = Told(status=307, headers={"Location": f"{other.url}/chat/completions"})
        with (
            serving(lambda number, call: moved) as server,
            pytest.raises(InputError, match="another address"),
        ):
            endpoint(server.url).write(asks(3), Run())
    assert other.received == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_model_ends_the_run_at_once(status: int) -> None:
    with (
        serving(lambda number, call: Told(status=status)) as server,
        pytest.raises(InputError, match=f"status {status}"),
    ):
        endpoint(server.url, beside=1).write(asks(20), Run())
    assert len(server.received) <= 2


def test_the_key_goes_to_the_server_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("PLANTED_KEY", KEY)
    events: list[Event] = []
    run = Run(listener=events.append)
    echo = Told(f'{{"error": "wrong key {KEY}"}}'.encode(), status=401)
    options = {"key_variable": "PLANTED_KEY", "cache": tmp_path}
    with serving(lambda number, call: GOOD if number == 0 else echo) as server:
        writer = endpoint(server.url, **options)
        assert writer.write([ASK], run) == [TEXT]
        with pytest.raises(InputError) as refused:
            writer.write(asks(1), run)
    assert server.received[0].headers["Authorization"] == f"Bearer {KEY}"
    error: BaseException | None = refused.value
    while error is not None:
        assert KEY not in f"{error!r}{error}{vars(error)}"
        error = error.__cause__ or error.__context__
    kept = [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()]
    said = [*kept, *map(str, events), *run.warnings, caplog.text, repr(vars(writer)), repr(writer)]
    assert kept
    assert not [one for one in said if KEY in one]


def test_a_key_that_cannot_be_one_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="PLANTED_KEY"):
        endpoint("https://models.example/v1", key_variable="PLANTED_KEY")
    for wrong in (f"{KEY}\nHost: evil.example", f"{KEY}é", f"{KEY} b"):
        monkeypatch.setenv("PLANTED_KEY", wrong)
        with pytest.raises(OptionError) as refused:
            endpoint("https://models.example/v1", key_variable="PLANTED_KEY")
        assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "models.example/v1",
        "ftp://models.example",
        "file:///etc/passwd",
        "http://models.example/v1",
        "http://127.0.0.1.example/v1",
        "http://localhost.example/v1",
        f"https://user:{KEY}@models.example/v1",
        f"https://models.example/v1?api_key={KEY}",
        "https://models.example/v1#part",
        "https://models.example:port/v1",
        "https://[::1/v1",
        "https://models.example/v1\nX: y",
    ],
)
def test_an_address_is_checked_before_any_call(url: str) -> None:
    with pytest.raises(OptionError) as refused:
        endpoint(url)
    assert KEY not in str(refused.value)


def test_plain_http_goes_to_another_machine_only_where_the_user_insists() -> None:
    assert endpoint("http://models.example/v1", plain_http=True).options.plain_http
    for url in ("http://localhost:1/v1", "http://[::1]:1/v1", "http://127.8.0.1:1"):
        endpoint(url)


def test_example_rows_stay_here_unless_they_may_leave() -> None:
    for share in (False, True):
        with serving(lambda number, call: GOOD) as server:
            writer = endpoint(server.url, share_examples=share)
            run = Run()
            writer.write([ASK], run)
        assert (EXAMPLE[1] in str(server.received[0].body)) is share
        assert server.url in run.warnings[0]
        assert ("example rows" in run.warnings[0]) is share


def test_what_leaves_is_said_before_the_first_call_and_counted_after() -> None:
    order: list[str] = []
    with serving(lambda number, call: order.append("call") or GOOD) as server:  # type: ignore[func-returns-value]
        writer = endpoint(server.url)
        writer.write([ASK], Run(listener=lambda event: order.append(event.text)))
    assert order[0] == writer.tells()
    assert order[1] == "call"
    assert order[2].startswith(f"1 call to {server.url}, 20 tokens")
    assert writer.counts() == {"calls": 1, "tokens": 20, "failed": 0}


def test_calls_and_tokens_have_a_limit() -> None:
    with serving(by_attribute) as server:
        run = Run()
        written = endpoint(server.url, calls=3).write(asks(6), run)
        assert sum(one is not None for one in written) == 3
        assert "3 texts were not asked for" in run.warnings[-1]
    assert len(server.received) == 3
    with serving(lambda number, call: chat("A cup.", tokens=900)) as server:
        writer = endpoint(server.url, tokens=2_500, beside=1)
        writer.write(asks(10), Run())
    # what a call takes is known only afterwards
    assert len(server.received) == 3


@pytest.mark.parametrize("tokens", [None, -5, "many", True, 10**30])
def test_a_server_cannot_talk_the_count_of_tokens_down(tokens: Any) -> None:
    told = chat("A cup.", tokens=None, usage={"total_tokens": tokens})
    with serving(lambda number, call: told) as server:
        writer = endpoint(server.url)
        writer.write([ASK], Run())
    assert writer.counts()["tokens"] > 20


def test_answers_are_kept_and_the_same_run_asks_no_second_time(tmp_path: Path) -> None:
    with serving(by_attribute) as server:
        first = endpoint(server.url, cache=tmp_path, calls=3).write(asks(6), Run(seed=2))
        again = endpoint(server.url, cache=tmp_path)
        second = again.write(asks(6), Run(seed=2))
        assert len(server.received) == 6
        assert again.counts()["cached"] == 3
        assert [one for one, other in zip(first, second, strict=True) if one == other]
        endpoint(server.url, cache=tmp_path).write(asks(6), Run(seed=3))
        assert len(server.received) == 12
    assert all("maker:" not in path.read_text() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "text": 3}', b"\xff"]
)
def test_a_damaged_answer_is_asked_for_again(content: bytes, tmp_path: Path) -> None:
    with serving(lambda number, call: GOOD) as server:
        endpoint(server.url, cache=tmp_path).write([ASK], Run())
        [path] = tmp_path.iterdir()
        path.write_bytes(content)
        assert endpoint(server.url, cache=tmp_path).write([ASK], Run()) == [TEXT]
        assert len(server.received) == 2


def test_the_same_ask_twice_is_two_texts() -> None:
    with serving(lambda number, call: chat(f"text {call.body['seed']}")) as server:
        one, other = endpoint(server.url).write([ASK, ASK], Run(seed=2))
        assert one != other
        assert endpoint(server.url).write([ASK, ASK], Run(seed=2)) == [one, other]


def test_a_schema_is_asked_for_and_fields_are_the_users() -> None:
    schema = {"type": "object", "required": ["text"]}
    with serving(lambda number, call: chat('{"text": "A cup."}')) as server:
        ask = Ask("Describe it.", {}, schema=schema)
        fields = {"max_tokens": None, "max_completion_tokens": 50}
        [written] = endpoint(server.url, fields=fields).write([ask], Run())
    assert written is not None
    assert written.text == '{"text": "A cup."}'
    [call] = server.received
    assert call.body["response_format"]["json_schema"]["schema"] == schema
    assert "max_tokens" not in call.body
    assert call.body["max_completion_tokens"] == 50


def test_cancelling_ends_a_call_that_is_under_way() -> None:
    with serving(lambda number, call: Told(GOOD.body, seconds=3.0)) as server:
        run = Run()
        timer = threading.Timer(0.3, run.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            endpoint(server.url).write(asks(5), run)
        assert time.monotonic() - began < 2
        timer.join()


def test_a_deadline_keeps_what_was_written_before_it() -> None:
    def answer(number: int, call: Received) -> Told:
        return Told(by_attribute(number, call).body, seconds=0.0 if number < 2 else 3.0)

    with serving(answer) as server:
        run = Run(deadline=time.monotonic() + 1.0)
        written = endpoint(server.url, beside=1).write(asks(5), run)
    assert [one is not None for one in written] == [True, True, False, False, False]


def test_no_call_is_left_open() -> None:
    with serving(lambda number, call: GOOD) as server:
        before = threading.active_count()
        endpoint(server.url).write(asks(3), Run())
        gc.collect()
        assert threading.active_count() <= before + 1


def test_errors_are_of_the_users_kind() -> None:
    with pytest.raises(TidemillError, match="calls=0"):
        endpoint("https://models.example/v1", calls=0)
