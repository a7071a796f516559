from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tidemill.core.run import Event, Run
from tidemill.reporting.terminal import Display, NotebookLine, json_lines


def drive(run: Run) -> None:
    with run.stage("read", "reading customers.csv"):
        run.warn("only [red]3[/red] rows\x1b[2J")
    for _ in run.track(range(3), "learn"):
        pass
    run.emit("done", "", "finished")


def test_without_a_terminal_there_are_plain_lines() -> None:
    stream = io.StringIO()
    with Display(stream) as display:
        drive(Run(listener=display))
    assert stream.getvalue().splitlines() == [
        "warning: only [red]3[/red] rows\N{REPLACEMENT CHARACTER}[2J",
        "reading customers.csv (0.0 s)",
        "learn (0.0 s)",
        "finished",
    ]


def test_a_long_stage_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.reporting.terminal.PLAIN_EVERY", 0.0)
    stream = io.StringIO()
    display = Display(stream)
    display(Event("start", "learn", total=2000))
    display(Event("progress", "learn", done=1000, total=2000, left=61.0))
    assert stream.getvalue() == "learn: 1,000 of 2,000, 1 min 1 s left\n"


def test_lines_about_a_long_stage_come_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 100_000, 10))
    monkeypatch.setattr("tidemill.reporting.terminal.time.monotonic", lambda: float(next(clock)))
    stream = io.StringIO()
    display = Display(stream)
    display(Event("start", "loop", "trying generated rows", total=360))
    for done in range(360):  # an hour
        display(Event("progress", "loop", done=done, total=360))
    assert 10 < len(stream.getvalue().splitlines()) < 30


def test_a_line_about_a_stage_says_what_it_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.reporting.terminal.PLAIN_EVERY", 0.0)
    stream = io.StringIO()
    display = Display(stream)
    display(Event("start", "mine", "looking for drivers, rules", total=2))
    display(Event("note", "mine", "looking for rules"))
    display(Event("progress", "mine", done=1, total=2, left=7.0))
    assert stream.getvalue() == "looking for rules: 1 of 2, 7.0 s left\n"


def test_quiet_shows_warnings_only() -> None:
    stream = io.StringIO()
    drive(Run(listener=Display(stream, quiet=True)))
    assert stream.getvalue() == "warning: only [red]3[/red] rows\N{REPLACEMENT CHARACTER}[2J\n"


def test_the_live_display_keeps_a_line_for_each_stage_and_gives_the_terminal_back() -> None:
    stream = io.StringIO()

    def interrupted() -> None:
        with Display(stream, live=True) as display:
            drive(Run(listener=display))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    text = stream.getvalue()
    assert "✓ reading customers.csv" in text
    assert "only [red]3[/red] rows\N{REPLACEMENT CHARACTER}[2J" in text
    assert text.rstrip("\r").endswith("\x1b[?25h")  # the cursor is shown again


def test_json_lines_hold_whole_events() -> None:
    stream = io.StringIO()
    drive(Run(listener=json_lines(stream)))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["kind"] for event in events][:3] == ["start", "warning", "end"]
    assert set(events[0]) == {"kind", "stage", "text", "done", "total", "seconds", "left"}


def test_a_notebook_has_one_line_that_is_gone_at_the_end_and_the_warnings() -> None:
    places: list[list[str]] = []

    def show(text: str) -> Callable[[str], None]:
        places.append([text])
        return places[-1].append

    stream = io.StringIO()
    drive(Run(listener=NotebookLine(show, stream)))
    [line] = places
    assert line[0] == "reading customers.csv"
    assert "learn: 3 of 3" in line
    assert line[-1] == ""
    assert stream.getvalue() == "warning: only [red]3[/red] rows\N{REPLACEMENT CHARACTER}[2J\n"


def test_a_notebook_line_stands_while_a_stage_is_open() -> None:
    texts: list[str] = []

    def show(text: str) -> Callable[[str], None]:
        texts.append(text)
        return texts.append

    run = Run(listener=NotebookLine(show))
    with run.stage("read", "reading"):
        with run.stage("clean", "cleaning"):
            pass
        assert texts[-1] == "cleaning"
    assert texts[-1] == ""


def test_importing_it_does_not_load_rich_or_jinja() -> None:
    code = (
        "import sys, tidemill.reporting.terminal, tidemill.reporting.page;"
        "print([m for m in ('rich', 'jinja2', 'plotly', 'sklearn') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )
