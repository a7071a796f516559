"""Music by use: from files to a report that plays, to a recipe, and back to MIDI."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tidemill as tm
from tests.e2e.conftest import Tidemill
from tidemill.core.modality import modality_of
from tidemill.io.music.midi import write_midi
from tidemill.music.scores import score_pieces


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pieces of two voices: a walk in C major, and its root below it."""
    rng = np.random.default_rng(0)
    scale = np.array([60, 62, 64, 65, 67, 69, 71, 72])
    pieces, lengths = [], []
    for _ in range(60):
        notes = scale[np.clip(np.cumsum(rng.integers(-2, 3, int(rng.integers(12, 30)))) + 4, 0, 7)]
        line = np.repeat(notes, 2)
        pieces.append(np.column_stack([line, line - 24]))
        lengths.append(len(line))
    path = tmp_path_factory.mktemp("music") / "walks.npz"
    np.savez(path, train=np.concatenate(pieces).astype(np.int16), train_len=lengths)
    return path


def test_a_run_ends_in_a_page_that_plays(voices: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    out = tmp_path / "run"
    done = tidemill("run", voices, "--model", "part_ngram", "--out", out)
    assert done.code == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "data:audio/wav;base64," in page
    assert '<figure class="roll">' in page
    assert "media-src data:" in page
    made = tm.read(out / "synthetic.parquet")
    assert modality_of(made.schema) == "music"
    tidemill("sample", out / "model.tidemill", "--rows", 5, "--out", tmp_path / "new")
    again = score_pieces(tm.read(tmp_path / "new"))
    assert len(again) == 5
    assert all(piece.shape[1] == 2 for piece in again)
    melody = tmp_path / "melody.mid"
    with melody.open("wb") as file:
        write_midi(file, score_pieces(tm.read(tmp_path / "new" / "00001.mid"))[0][:, :1])
    call = ("sample", out / "model.tidemill", "--like", melody, "--rows", 2)
    tidemill(*call, "--out", tmp_path / "set")
    for piece in score_pieces(tm.read(tmp_path / "set")):
        assert np.array_equal(piece[: len(again[0]), 0], again[0][: len(piece), 0])
        assert piece.shape[1] == 2
    refused = tidemill("sample", out / "model.tidemill", "--rows", 5, "--out", tmp_path / "x.csv")
    assert refused.code == 2
    assert "the format .csv is not for music" in refused.err


def test_the_recipe_makes_pieces_to_be_taken_away(
    voices: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    out = tmp_path / "tunes"
    call = ("recipe", "tune", voices, "--model", "part_ngram", "--assume", "pieces=3")
    assert tidemill(*call, "--out", out).code == 0
    names = {path.name for path in out.iterdir()}
    assert {f"piece-{k:02d}.{end}" for k in (1, 2, 3) for end in ("mid", "wav")} <= names
    assert (out / "piece-01.wav").read_bytes()[:4] == b"RIFF"
    again = tmp_path / "again"
    assert tidemill(*call, "--out", again).code == 0
    for name in names - {"report.html", "report.json"}:
        assert (out / name).read_bytes() == (again / name).read_bytes(), name
    refused = tidemill("recipe", "churn", voices, "--target", "score", "--out", tmp_path / "no")
    assert refused.code == 2
