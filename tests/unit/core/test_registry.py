"""Names of things, and what they look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.core.errors import OptionError
from tidemill.core.registry import Entry, Registry

JOIN = Entry("os.path:join", "joins")


def test_an_entry_is_chosen_by_what_it_sees() -> None:
    split = Entry("os.path:split", "splits", sees=("series", "images"))
    names = Registry("paths", {"join": JOIN, "split": split})
    assert names.for_modality("rows") == ("join",)
    assert names.for_modality("series") == names.for_modality("images") == ("split",)


def test_a_plug_in_looks_at_tables_or_at_what_its_groups_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "pathways-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pathways\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[tidemill.paths]\nbase = os.path:basename\n"
        "[tidemill.paths.images]\nfolder = os.path:dirname\n"
        "[tidemill.paths.series]\nfolder = os.path:dirname\njoin = os.path:isabs\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    names = Registry("paths", {"join": JOIN})
    assert names["base"] == Entry("os.path:basename", "from pathways", sees=("rows", "series"))
    assert set(names["folder"].sees) == {"series", "images"}
    assert names["join"] == JOIN
    assert names.for_modality("images") == ("folder",)
    assert names.load("base")("a/b") == "b"


def test_a_name_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="did you mean 'join'"):
        Registry("paths", {"join": JOIN}).load("jion")
