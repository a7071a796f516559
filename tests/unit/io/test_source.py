"""What a text names: a path, or what its scheme stands for; and what of it is shown."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.errors import InputError
from tidemill.core.run import Event, Run
from tidemill.io.file import FileSource
from tidemill.io.frames import FrameSource
from tidemill.io.reading import read
from tidemill.io.source import Source

WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789:/?#&@ %", min_size=6, max_size=20)


@pytest.mark.parametrize(
    "text",
    ["customers.csv", "C:\\data\\customers.csv", "C://data.csv", "a:b.csv", "12:30.csv", "://x"],
)
def test_what_has_no_scheme_is_a_path(text: str) -> None:
    source = Source.parse(text)
    assert isinstance(source, FileSource)
    assert source.path == Path(text)


def test_a_file_may_be_named_by_its_scheme(tmp_path: Path, run: Run) -> None:
    (tmp_path / "two words.csv").write_text("a,b\n1,2\n")
    source = Source.parse(f"file://{tmp_path}/two%20words.csv")
    assert read(source, run).name == "two words"


def test_the_part_of_a_file_is_asked_for_behind_its_name(tmp_path: Path, run: Run) -> None:
    (tmp_path / "what?.csv").write_text("a,b\n1,2\n")
    assert read(Source.parse(f"{tmp_path}/what?.csv"), run).name == "what?"
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="means nothing for a file of this kind"):
        read(Source.parse(f"{tmp_path}/t.csv?table=a"), run)


def test_a_frame_is_a_source(run: Run) -> None:
    source = FrameSource(pl.DataFrame({"a": [1, 2]}))
    assert source.shown == "the table"
    assert read(source, run)["a"].to_list() == [1, 2]


def test_a_room_reads_no_path_that_is_a_text(tmp_path: Path, run: Run) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match="a str is no table"):
        read(str(tmp_path / "t.csv"), run)


@pytest.mark.parametrize("scheme", ["nonsense", "frame", "s3"])
def test_an_unknown_scheme_is_told_with_the_known_ones(scheme: str) -> None:
    with pytest.raises(InputError, match=f"no source with the scheme '{scheme}'") as caught:
        Source.parse(f"{scheme}://host/a.csv")
    assert caught.value.hint is not None
    assert "file://" in caught.value.hint
    assert "frame" not in caught.value.hint


@settings(deadline=None)
@given(WORD)
def test_a_password_stands_in_no_message(secret: str) -> None:
    for text in (f"nonsense://ann:{secret}XY@host/db", f"s3://host/a.csv?token={secret}XY"):
        with pytest.raises(InputError) as caught:
            Source.parse(text)
        assert f"{secret}XY" not in str(caught.value) + repr(caught.value)


class Told(Source):
    """A source as a database will be one: its text holds a password."""

    def open(self, run: Run) -> pl.DataFrame:  # type: ignore[override]
        raise NotImplementedError


@settings(deadline=None)
@given(WORD)
def test_a_password_stands_in_no_name_and_no_repr(secret: str) -> None:
    source = Told(f"told://ann:{secret}XY@host/db?table=Orders")
    assert source.shown == "told://***@host/db?table=Orders"
    assert f"{secret}XY" not in repr(source) + str(source)


def test_a_secret_behind_the_name_of_a_file_stands_in_no_event(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    events: list[Event] = []
    with pytest.raises(InputError) as caught:
        read(Source.parse(f"{tmp_path}/t.csv?token=s3cret"), Run(listener=events.append))
    assert "s3cret" not in f"{events}{caught.value}"
    assert any("?token=***" in event.text for event in events)
