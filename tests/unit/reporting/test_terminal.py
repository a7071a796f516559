from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from tidemill.core.run import Event, Run
from tidemill.reporting.terminal import Display, json_lines, notebook_line


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


def test_a_notebook_gets_one_line_and_the_warnings() -> None:
    stream = io.StringIO()
    drive(Run(listener=notebook_line(stream)))
    assert stream.getvalue().count("\n") == 2
    assert stream.getvalue().splitlines()[-1].strip().endswith("finished")


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
