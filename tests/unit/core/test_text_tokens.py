"""Words of texts in any script."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.text_tokens import is_unspaced, text_tokens, text_words


@given(st.text())
def test_tokens_hold_all_but_white_space(text):
    assert "".join(text_tokens(text)) == "".join(text.split())


def test_scripts_are_cut_each_in_its_way():
    assert text_words("L'été à Köln, 12 Uhr") == ["l'été", "à", "köln", "12", "uhr"]
    assert text_words("スマホ OK です") == ["ス", "マ", "ホ", "ok", "で", "す"]
    assert text_words("a_b-c") == ["a", "b", "c"]


def test_the_script_of_most_letters_decides():
    assert is_unspaced("iPhone 手机屏幕很好用")
    assert not is_unspaced("the 手机 is fine")
    assert not is_unspaced("12345")
