"""What is measured is measured once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.augmentation.checkpoint import LoopCheckpoint
from tidemill.core.errors import OutputError


def test_known_figures_are_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    first = LoopCheckpoint(path, "one")
    assert first.figures("a", lambda: [1.0, 2.0]) == [1.0, 2.0]
    again = LoopCheckpoint(path, "one")
    assert again.found == 1

    def measured() -> list[float]:
        raise AssertionError("measured twice")

    assert again.figures("a", measured) == [1.0, 2.0]
    again.done()
    assert not path.exists()


def test_another_loop_s_journal_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    LoopCheckpoint(path, "one").figures("a", lambda: [1.0])
    with pytest.raises(OutputError, match="other data or with other options"):
        LoopCheckpoint(path, "two")
    path.write_text("{")
    with pytest.raises(OutputError, match="damaged"):
        LoopCheckpoint(path, "one")
