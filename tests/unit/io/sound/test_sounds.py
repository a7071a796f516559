"""WAV files of every sort, and what their folders and names tell of them."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.acoustics.sounds import SOUND, rates, samples, seconds
from tidemill.acoustics.wav import wav
from tidemill.core.errors import InputError, OutputError, SchemaError
from tidemill.io.sound.decoding import decoded_sounds

RATE = 8000
TONE = np.sin(np.arange(1200) * 0.4) * 0.5


def riff(sort: int, bits: int, data: bytes, rate: int = RATE, channels: int = 1) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", sort, channels, rate, rate * width, width, bits)
    body = b"fmt " + struct.pack("<I", len(form)) + form
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def read_one(content: bytes) -> np.ndarray:
    [take] = decoded_sounds([content], ["it"], "there", tm.Run(), None).takes
    return take


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    folder = tmp_path / "digits"
    folder.mkdir()
    for digit in range(2):
        for who in ("ann", "bob"):
            for take in range(4):
                path = folder / f"{digit}_{who}_{take}.wav"
                path.write_bytes(wav(TONE * (take + 1) / 5, RATE))
    return folder


@pytest.mark.parametrize(
    ("sort", "bits", "data"),
    [
        (1, 8, (TONE * 127 + 128).round().astype(np.uint8).tobytes()),
        (1, 16, (TONE * 32768).round().astype("<i2").tobytes()),
        (1, 24, (TONE * 2**31).astype("<i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()),
        (1, 32, (TONE * 2**31).astype("<i4").tobytes()),
        (3, 32, TONE.astype("<f4").tobytes()),
        (3, 64, TONE.astype("<f8").tobytes()),
    ],
)
def test_every_depth_is_read(sort: int, bits: int, data: bytes) -> None:
    take = read_one(riff(sort, bits, data))
    assert np.abs(take / 32768 - TONE).max() < (0.01 if bits == 8 else 1e-4)


def test_channels_are_averaged_and_a_stream_without_a_length_is_read() -> None:
    both = np.column_stack([TONE, -TONE])
    data = (both * 32767).astype("<i2").tobytes()
    assert not read_one(riff(1, 16, data, channels=2)).any()
    whole = wav(TONE, RATE)
    endless = whole[:40] + b"\xff\xff\xff\xff" + whole[44:]
    assert np.array_equal(read_one(endless), read_one(whole))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no WAV file"),
        (b"RIFF\0\0\0\0AVI ", "is no WAV file"),
        (wav(TONE, RATE)[:-100], r"is cut off: it has 2,300 of 2,400 bytes"),
        (wav(TONE, RATE)[:30], "has no samples"),
        (wav(np.zeros(0), RATE), "has no samples"),
        (riff(7, 8, b"\0" * 100), r"is compressed \(mu-law\)"),
        (riff(85, 16, b"\0" * 100), r"is compressed \(MP3\)"),
        (riff(1, 12, b"\0" * 100), "fits no format"),
        (riff(1, 16, b"\0" * 100, rate=0), "states a rate of 0"),
        (riff(1, 16, b"\0" * 100, channels=0), "fits no format"),
        (riff(1, 8, b"\0" * 601_000, rate=1000), "is 601 seconds long; at most 600"),
        (riff(3, 32, np.array([np.nan], "<f4").tobytes()), "that are no numbers"),
    ],
)
def test_odd_files_are_told(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_one(content)


def test_names_tell_what_a_sound_is(digits: Path) -> None:
    data = tm.read(digits)
    assert data.schema.modality == "sounds"
    assert data.schema.names == ("sound", "label", "part_2")
    assert data.schema.target == data.schema["label"]
    assert data.schema["part_2"].reason == "part 2 of the file names, such as 'ann' of '0_ann_0'"
    assert data["label"].to_list() == ["0"] * 8 + ["1"] * 8
    named = tm.read(f"{digits}?names={{digit}}_{{speaker}}_{{}}")
    assert named.schema.names == ("sound", "digit", "speaker")
    assert named.schema.target == named.schema["digit"]
    with pytest.raises(InputError, match=r"the name '0_ann_0' does not follow '\?names=\{a\}-"):
        tm.read(f"{digits}?names={{a}}-{{b}}")
    with pytest.raises(InputError, match="names no part"):
        tm.read(f"{digits}?names=x_{{}}")


def test_a_zip_holds_the_same(digits: Path, tmp_path: Path) -> None:
    packed = tmp_path / "digits.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(digits.iterdir()):
            archive.write(path, f"recordings/{path.name}")
    assert tm.read(packed).frame.equals(tm.read(digits).frame)


def test_folders_and_tables_tell_it(tmp_path: Path) -> None:
    for label in ("yes", "no"):
        for take in range(3):
            path = tmp_path / "words" / label / f"{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav(TONE, RATE))
    data = tm.read(tmp_path / "words")
    assert data["label"].to_list() == ["no"] * 3 + ["yes"] * 3
    table = tmp_path / "words" / "labels.csv"
    table.write_text("file,age,label\nyes/0.wav,40,a\nno/1.wav,50,b\nelse.wav,1,c\n")
    run = tm.Run()
    data = tm.read(tmp_path / "words", run=run)
    assert data.frame.drop("sound").rows() == [(40, "a"), (50, "b")]
    assert "4 sounds do not stand in labels.csv" in run.warnings[0]


def test_a_table_of_paths_or_bytes_is_one_of_sounds(digits: Path, tmp_path: Path) -> None:
    paths = [f"digits/{path.name}" for path in sorted(digits.iterdir())]
    pl.DataFrame({"take": paths, "label": ["a", "b"] * 8}).write_csv(tmp_path / "list.csv")
    data = tm.read(tmp_path / "list.csv")
    assert data.frame["take"].dtype == SOUND
    assert data.schema.target == data.schema["label"]
    contents = [(tmp_path / path).read_bytes() for path in paths]
    again = tm.read(pl.DataFrame({"take": contents, "label": ["a", "b"] * 8}))
    assert again.frame["take"].equals(data.frame["take"])
    data_again = tm.read(data.frame)
    assert data_again.frame.equals(data.frame)
    schema = tmp_path / "schema.toml"
    schema.write_text('[columns.n]\nkind = "sound"\n')
    with pytest.raises(InputError, match="shall hold sounds"):
        tm.read(pl.DataFrame({"n": [1, 2, 3]}), schema=schema)


def test_rates_become_one_and_what_cannot_be_read_is_left_out(digits: Path) -> None:
    (digits / "0_ann_9.wav").write_bytes(wav(np.repeat(TONE, 2), 2 * RATE))
    (digits / "0_bob_9.wav").write_bytes(b"nothing")
    run = tm.Run()
    data = tm.read(digits, run=run)
    assert rates(data["sound"]) == [RATE]
    assert len(data) == 17
    assert (
        "1 of 18 sounds cannot be read and are left out (sound 10 by name: it is no WAV"
        in (run.warnings[0])
    )
    assert "1 of 17 sounds have another rate" in run.warnings[1]
    asked = tm.read(f"{digits}?rate=16000")
    assert rates(asked["sound"]) == [16_000]
    assert seconds(asked["sound"]) == pytest.approx(0.15)
    with pytest.raises(InputError, match="is no rate of samples"):
        tm.read(f"{digits}?rate=5")


def test_other_columns_are_written_beside_the_files(digits: Path, tmp_path: Path) -> None:
    data = tm.read(digits)
    tm.write(data, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir())[-2:] == [
        "00016.wav",
        "labels.csv",
    ]
    back = tm.read(tmp_path / "out")
    assert back.frame["sound"].equals(data.frame["sound"])
    assert back.frame["part_2"].equals(data.frame["part_2"])
    tm.write(data.select(["sound", "label"]), tmp_path / "by label")
    assert tm.read(tmp_path / "by label").frame["label"].equals(data.frame["label"])
    tm.write(data, tmp_path / "data.parquet")
    again = tm.read(tmp_path / "data.parquet")
    assert all(map(np.array_equal, samples(again["sound"]), samples(data["sound"])))
    with pytest.raises(OutputError, match=r"the format \.csv is not for sounds"):
        tm.write(data, tmp_path / "data.csv")
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="other files"):
        tm.write(data, tmp_path / "out", overwrite=True)


def test_a_folder_without_sounds_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(InputError, match="there are no sounds in it"):
        tm.read(f"{tmp_path}?rate=8000")
    with pytest.raises(SchemaError, match="cannot be used"):
        tm.read(pl.DataFrame({"x": [[1, 2], [3]], "y": [1, 2]}))
