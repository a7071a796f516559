"""Chinese texts in the phonemes that Kokoro knows, by the pinyin of each character in its
sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

from tidemill.speaking.numbers import NUMBER, chinese
from tidemill.speaking.signs import signs_in_words

_HAN = re.compile(r"[\u3400-\u9fff]+")
_PIECES = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]+|[.,;:!?()]")
_MARKS = str.maketrans("，、。；：！？（）", ",,.;:!?()")
_PERCENT = re.compile(r"([\d.,]*\d)\s*[%％]")
_INITIALS = {
    **{"b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l"},
    **{"g": "k", "k": "kʰ", "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ"},
    **{"zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s", "": ""},
}
_FINALS = {
    **{"a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0"},
    **{"en": "ə0n", "eng": "ə0ŋ", "er": "ɚ0", "o": "wo0", "ong": "ʊ0ŋ", "ou": "ou0"},
    **{"i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0"},
    **{"in": "i0n", "ing": "i0ŋ", "iong": "jʊ0ŋ", "iou": "jou0"},
    **{"u": "u0", "ua": "wa0", "uai": "wai0", "uan": "wa0n", "uang": "wa0ŋ", "uei": "wei0"},
    **{"uen": "wə0n", "ueng": "wə0ŋ", "uo": "wo0"},
    **{"v": "y0", "ve": "ɥe0", "van": "ɥɛ0n", "vn": "y0n"},
}
"""What follows the initial, "0" being where its tone stands. Duanmu, "The Phonology of Standard
Chinese", 2007, in the letters that Kokoro was trained on."""
_BUZZED = {"zh", "ch", "sh", "r", "z", "c", "s"}
"""Initials behind which "i" is no vowel of its own."""
_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}


class ChinesePhonemes:
    """By the package pypinyin (MIT), which reads characters by the words that they are in.

    Args:
        latin: Gives the phonemes of words in Latin letters.
    """

    def __init__(self, latin: Callable[[str], str]) -> None:
        self._latin = latin

    def __call__(self, text: str) -> str:
        """A sentence as phonemes."""
        said = ""
        for piece in pieces(text):
            if _HAN.fullmatch(piece):
                said += _of_words(piece)
            else:
                said += f"{self._latin(piece) if piece.isalpha() else piece} "
        return said


def pieces(text: str) -> list[str]:
    """A text whose numbers are characters, as runs of Chinese, of Latin letters, and marks.

    Example:
        >>> pieces("增长 12.5%，AUC 高。")
        ['增长百分之十二点五', ',', 'AUC', '高', '.']
    """
    said = _PERCENT.sub(r"百分之\1", signs_in_words(text, "zh")).translate(_MARKS)
    said = NUMBER.sub(lambda match: chinese(match[0]), said)
    joined = re.sub(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])", "", said)
    return _PIECES.findall(joined)


def _of_words(piece: str) -> str:
    """Words apart, as the model has learned them."""
    from pypinyin.contrib.mmseg import seg

    return "".join(f"{_of_word(word)} " for word in seg.cut(piece))


def _of_word(word: str) -> str:
    from pypinyin import Style, pinyin

    def read(style: Style) -> list[str]:
        found = pinyin(word, style=style, strict=True, neutral_tone_with_five=True)
        return [readings[0] for readings in found]

    toned = read(Style.FINALS_TONE3)
    syllables = zip(read(Style.INITIALS), read(Style.FINALS), toned, strict=True)
    return "".join(
        syllable(initial, final, tone[-1:]) for initial, final, tone in _sandhi(list(syllables))
    )


def _sandhi(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Of two third tones in a row the first is said as a second."""
    for at in range(len(found) - 1):
        initial, final, toned = found[at]
        if toned.endswith("3") and found[at + 1][2].endswith("3"):
            found[at] = (initial, final, toned[:-1] + "2")
    return found


def syllable(initial: str, final: str, tone: str) -> str:
    """A syllable of pinyin as phonemes; "" for one that there is not.

    Example:
        >>> syllable("zh", "ong", "1"), syllable("sh", "i", "4"), syllable("", "er", "2")
        ('ꭧʊ→ŋ', 'ʂɨ↘', 'ɚ↗')
    """
    sound = "ɨ0" if final == "i" and initial in _BUZZED else _FINALS.get(final, "")
    return (_INITIALS.get(initial, "") + sound).replace("0", _TONES.get(tone, ""))
