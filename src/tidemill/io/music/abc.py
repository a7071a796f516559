"""Tunes in ABC notation become pieces: a melody, and its chord symbols as three voices below."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tidemill.core.errors import InputError
from tidemill.io.music.steps import Losses, Note, piece_of
from tidemill.music.keys import OCTAVE

CHORD_VOICES = 3
MOST_REPEATS = 8
"""Times that a part is played at most."""
_LOWEST_ROOT = 48
_HEADER = re.compile(r"^([A-Za-z]):[ \t]*(.*)$")
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"^^": 2, "^": 1, "_": -1, "__": -2, "=": 0}
_SHARPS, _FLATS = "FCGDAEB", "BEADGCF"
_FIFTHS = {
    f"{name}{sign}": number
    for sign, first in (("b", -8), ("", -1), ("#", 6))
    for number, name in enumerate("FCGDAEB", first)
}
"""Sharps of major keys, flats below 0."""
_MODES = {
    "": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "dor": -2, "phr": -4, "lyd": 1,
    "mix": -1, "loc": -5,
}  # fmt: skip
"""Sharps of a mode beside those of the major key of its tonic."""
_CHORD = re.compile(r"^([A-G])([#b]?)([^/]*)(/[A-Ga-g][#b+]*)?$")
_LENGTH = r"\d*(?:/+\d*)?"
_TOKEN = re.compile(
    rf"""
    (?P<chord>"[^"]*")
  | (?P<inline>\[[A-Za-z]:[^\]\n]*\])
  | (?P<ending>\[?(?<=[|\[: ])[1-9](?:[,-][1-9])*(?=[^0-9/])|\[[1-9](?:[,-][1-9])*)
  | (?P<bar>:*\|[\|\]:]*|::+|\[\|)
  | (?P<grace>\{{[^}}]*\}})
  | (?P<decoration>![^!\n]*!|\+[^+\n]*\+|[~.HLMOPSTuv](?=[\^=_A-Ga-gz\[]))
  | (?P<tuplet>\((?P<many>[2-9])(?::(?P<time>[0-9]*))?(?::(?P<next>[0-9]*))?)
  | (?P<together>\[)(?=[\^=_A-Ga-g])
  | (?P<apart>\](?P<chordlen>{_LENGTH}))
  | (?P<note>(?P<sign>\^\^|\^|__|_|=)?(?P<name>[A-Ga-g])(?P<octave>[,']*)(?P<len>{_LENGTH}))
  | (?P<rest>[zx](?P<restlen>{_LENGTH}))
  | (?P<bars>Z(?P<restbars>\d*))
  | (?P<broken>[<>]+)
  | (?P<tie>-)
  | (?P<field>^[A-Za-z]:.*$)
  | (?P<skip>[ \t\r\n\\`y*$&]+|[()])
    """,
    re.VERBOSE | re.MULTILINE,
)


@dataclass(frozen=True)
class Tune:
    """A tune of a file.

    Attributes:
        piece: (steps, 1 + CHORD_VOICES).
        title, metre, key: As they are written.
        tempo: Quarters a minute; None where it is not said.
    """

    piece: np.ndarray
    title: str
    metre: str
    key: str
    tempo: float | None


def tunes_in(text: str) -> list[str]:
    """The texts of the tunes of a file, each from its line X: on; the whole where there is no such
    line."""
    parts = re.split(r"(?m)^(?=X:)", text)
    tunes = [part for part in parts if part.startswith("X:")]
    return tunes or [text]


def is_abc(text: str) -> bool:
    """Whether a text is a tune: it begins with X: or T:, and has a line K:."""
    return bool(re.match(r"\s*(%.*\n\s*)*[XT]:", text) and re.search(r"(?m)^K:", text))


def read_tune(text: str, where: str, losses: Losses) -> Tune:
    """A tune, its repeats written out.

    Args:
        text: Of one tune.
        where: What it is called, for messages.
        losses: Is told what is not kept.

    Raises:
        InputError: It has no line K:, or something in it is not understood.

    Example:
        >>> tune = read_tune('X:1\\nM:2/4\\nL:1/4\\nK:G\\n|:"G"G F:|', "a tune", Losses())
        >>> tune.piece[::4].tolist()
        [[67, 55, 59, 62], [66, 183, 187, 190], [67, 55, 59, 62], [66, 183, 187, 190]]
    """
    lines = [re.sub(r"(?<!\\)%.*", "", line).rstrip() for line in text.splitlines()]
    headers: dict[str, str] = {}
    body = len(lines)
    for number, line in enumerate(lines):
        found = _HEADER.match(line)
        if found:
            headers.setdefault(found[1], found[2].strip())
        if found and found[1] == "K":
            body = number + 1
            break
    if "K" not in headers:
        raise InputError(
            "there is no line K:, which ends the head of a tune",
            where=where,
            hint="write K:C, or K:G and so on, before the notes",
        )
    reading = _TuneReading(where, losses, headers)
    reading.take("\n".join(line for line in lines[body:] if line))
    notes = reading.played()
    if not any(note.line == 0 for note in notes):
        raise InputError("the tune has no notes", where=where, hint="leave it out")
    voices = 1 + CHORD_VOICES
    metre = {"C": "4/4", "C|": "2/2"}.get(headers.get("M", ""), headers.get("M", ""))
    return Tune(
        piece_of(notes, losses, voices),
        headers.get("T", ""),
        metre,
        headers["K"].split(" ")[0],
        _tempo(headers.get("Q", "")),
    )


def _tempo(said: str) -> float | None:
    found = re.search(r"(?:(\d+)/(\d+)\s*=\s*)?(\d+)", said)
    if found is None:
        return None
    beat = Fraction(int(found[1]), int(found[2])) if found[1] and int(found[2]) else Fraction(1, 4)
    return float(int(found[3]) * beat * 4) or None


@dataclass
class _Bar:
    """What is between two bar lines; times in quarters from its beginning."""

    notes: list[Note] = field(default_factory=list)
    chords: list[tuple[Fraction, str]] = field(default_factory=list)
    length: Fraction = Fraction(0)
    full: Fraction = Fraction(4)
    ties: bool = False
    """Whether its last note goes on in the next one."""
    opens: bool = False
    closes: int = 0
    """Times that what came before is played again."""
    endings: tuple[int, ...] = ()


class _TuneReading:
    """The body of a tune, read token by token into bars."""

    def __init__(self, where: str, losses: Losses, headers: dict[str, str]) -> None:
        self.where, self.losses = where, losses
        self.full, self.unit = Fraction(4), Fraction(0)
        self._metre(headers.get("M", "C"))
        self._unit(headers.get("L", ""))
        self.signature = self._signature(headers["K"])
        self.bars = [_Bar(full=self.full)]
        self.signs: dict[tuple[str, int], int] = {}
        self.tuplet, self.factor = 0, Fraction(1)
        self.broken = Fraction(1)
        self.tied = False
        self.together: list[tuple[int, Fraction]] | None = None

    def take(self, body: str) -> None:
        """Read all tokens."""
        at = 0
        while at < len(body):
            found = _TOKEN.match(body, at)
            if found is None or found.end() == at:
                raise self._error(f"'{body[at : at + 12].splitlines()[0]}' is not understood")
            at = found.end()
            kind = found.lastgroup or ""
            for name in _KINDS:
                if found[name] is not None:
                    kind = name
                    break
            getattr(self, f"_take_{kind}")(found)

    def _error(self, what: str) -> InputError:
        return InputError(
            what,
            where=f"{self.where}, bar {len(self.bars)}",
            hint="mend the tune, or leave it out",
        )

    @property
    def bar(self) -> _Bar:
        return self.bars[-1]

    # --- tokens -----------------------------------------------------------------------------------

    def _take_skip(self, found: re.Match[str]) -> None:
        """Blanks and marks that change no note."""

    def _take_grace(self, found: re.Match[str]) -> None:
        self.losses.count("grace notes are left out")

    def _take_decoration(self, found: re.Match[str]) -> None:
        """Ornaments change no note."""

    def _take_chord(self, found: re.Match[str]) -> None:
        said = found[0][1:-1].strip()
        if _CHORD.match(said):
            self.bar.chords.append((self.bar.length, said))
        elif said[:1] in tuple("ABCDEFG"):
            self.losses.count("chord symbols that are not understood are left out")

    def _take_inline(self, found: re.Match[str]) -> None:
        self._field(found[0][1], found[0][3:-1].strip())

    def _take_field(self, found: re.Match[str]) -> None:
        self._field(found[0][0], found[0][2:].strip())

    def _field(self, name: str, said: str) -> None:
        if name == "M":
            self._metre(said)
            self.bar.full = self.full
            self.losses.count("the metre changes within a tune; the first one is its metre")
        elif name == "L":
            self._unit(said)
        elif name == "K":
            self.signature = self._signature(said)
        elif name == "V" and len(self.bars) + len(self.bar.notes) > 1:
            raise self._error("the tune has several voices, which are not read from ABC")

    def _take_bar(self, found: re.Match[str]) -> None:
        mark = found[0]
        ends, begins = mark.startswith(":"), mark.endswith(":")
        closes = len(mark) - len(mark.lstrip(":")) if mark.strip(":") else 1
        self.bar.closes = max(closes, self.bar.closes) if ends else 0
        if self.bar.length or self.bar.notes:
            self.bar.ties = self.tied
            self.bars.append(_Bar(full=self.full))
        elif ends and len(self.bars) > 1:
            self.bars[-2].closes = max(self.bars[-2].closes, 1)
            self.bar.closes = 0
        else:
            self.bar.closes = 0
        self.bar.opens |= begins
        self.signs = {}

    def _take_ending(self, found: re.Match[str]) -> None:
        numbers: list[int] = []
        for part in found[0].lstrip("[").split(","):
            first, _, last = part.partition("-")
            numbers += range(int(first), int(last or first) + 1)
        if self.bar.length:
            self.bars.append(_Bar(full=self.full))
        self.bar.endings = tuple(numbers)

    def _take_tuplet(self, found: re.Match[str]) -> None:
        many = int(found["many"])
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
        compound = self.full * 2 / 3 == int(self.full * 2 / 3) and self.full != 3
        time = int(found["time"] or usual.get(many, 3 if compound else 2))
        self.tuplet, self.factor = int(found["next"] or many), Fraction(time, many)

    def _take_together(self, found: re.Match[str]) -> None:
        self.together = []

    def _take_apart(self, found: re.Match[str]) -> None:
        if self.together is None:
            return
        notes, self.together = self.together, None
        if not notes:
            return
        length = self._length(found["chordlen"]) / self.unit
        self._add([pitch for pitch, _ in notes], notes[0][1] * length)

    def _take_note(self, found: re.Match[str]) -> None:
        pitch, length = self._pitch(found), self._length(found["len"])
        if self.together is not None:
            self.together.append((pitch, length))
        else:
            self._add([pitch], length)

    def _take_rest(self, found: re.Match[str]) -> None:
        self._add([], self._length(found["restlen"]))

    def _take_bars(self, found: re.Match[str]) -> None:
        self._add([], self.full * int(found["restbars"] or 1))

    def _take_broken(self, found: re.Match[str]) -> None:
        if not self.bar.length:
            raise self._error(f"'{found[0]}' stands behind no note")
        part = Fraction(1, 2 ** len(found[0]))
        first = 2 - part if found[0][0] == ">" else part
        self._stretch(first)
        self.broken = 2 - first

    def _take_tie(self, found: re.Match[str]) -> None:
        self.tied = True

    # --- notes ------------------------------------------------------------------------------------

    def _pitch(self, found: re.Match[str]) -> int:
        name = found["name"]
        octave = 1 if name.islower() else 0
        octave += found["octave"].count("'") - found["octave"].count(",")
        name = name.upper()
        if found["sign"]:
            self.signs[name, octave] = _SIGNS[found["sign"]]
        sign = self.signs.get((name, octave), self.signature.get(name, 0))
        pitch = 60 + _NATURAL[name] + OCTAVE * octave + sign
        if not 0 <= pitch <= 127:
            raise self._error(f"the note '{found[0]}' is beyond all pitches")
        return pitch

    def _length(self, said: str) -> Fraction:
        """In quarters."""
        above, slash, below = said.partition("/")
        halves = slash + "/" * below.count("/")
        below = below.lstrip("/")
        under = int(below) if below else 2 ** len(halves)
        if not under or len(said) > 12:
            raise self._error(f"'{said}' is no length")
        return self.unit * Fraction(int(above or 1), under)

    def _add(self, sounds: list[int], length: Fraction) -> None:
        """Notes that begin at once, or a rest."""
        if self.tuplet:
            length, self.tuplet = length * self.factor, self.tuplet - 1
        length, self.broken = length * self.broken, Fraction(1)
        if len(sounds) > 1:
            self.losses.count("chords in a melody keep their highest note", 1)
            sounds = [max(sounds)]
        bar = self.bar
        for pitch in sounds:
            last = bar.notes[-1] if bar.notes else None
            goes_on = last is not None and last.start + last.length == bar.length
            if self.tied and last is not None and goes_on and last.pitch == pitch:
                bar.notes[-1] = Note(last.start, last.length + length, pitch)
            else:
                bar.notes.append(Note(bar.length, length, pitch))
        self.tied = False
        bar.length += length

    def _stretch(self, by: Fraction) -> None:
        """Change the length of the last note or rest."""
        bar = self.bar
        if bar.notes and bar.notes[-1].start + bar.notes[-1].length == bar.length:
            last = bar.notes[-1]
            bar.notes[-1] = Note(last.start, last.length * by, last.pitch)
            bar.length += last.length * (by - 1)

    # --- head -------------------------------------------------------------------------------------

    def _metre(self, said: str) -> None:
        said = {"C": "4/4", "C|": "2/2", "": "4/4", "none": "4/4"}.get(said, said)
        found = re.match(r"(\d{1,2})/(\d{1,2})$", said)
        if found is None or not int(found[1]) or not int(found[2]):
            raise InputError(
                f"'M:{said}' is no metre", where=self.where, hint="write M:4/4, M:6/8 and so on"
            )
        self.full = Fraction(4 * int(found[1]), int(found[2]))
        if not self.unit:
            eighth = self.full >= 3
            self.unit = Fraction(1, 2) if eighth else Fraction(1, 4)

    def _unit(self, said: str) -> None:
        found = re.match(r"(\d{1,2})/(\d{1,2})$", said)
        if found is not None and int(found[1]) and int(found[2]):
            self.unit = Fraction(4 * int(found[1]), int(found[2]))

    def _signature(self, said: str) -> dict[str, int]:
        """Sharps (1) and flats (-1) of a key, by the names of notes."""
        found = re.match(r"([A-G][#b]?)\s*([A-Za-z]*)", said)
        if found is None or found[1] not in _FIFTHS:
            return {}
        mode = found[2].lower()
        mode = mode if mode == "m" else mode[:3]
        fifths = _FIFTHS[found[1]] + _MODES.get(mode, 0)
        if fifths >= 0:
            return dict.fromkeys(_SHARPS[:fifths], 1)
        return dict.fromkeys(_FLATS[:-fifths], -1)

    # --- the whole --------------------------------------------------------------------------------

    def played(self) -> list[Note]:
        """The notes of all bars in the order in which they are played, chords as lines below."""
        bars = [bar for bar in self.bars if bar.length]
        notes: list[Note] = []
        chords: list[tuple[Fraction, str]] = []
        at, tied = Fraction(0), False
        for number, bar in enumerate(_in_order(bars)):
            if number == 0 and bar.length < bar.full:
                at = bar.full - bar.length  # an upbeat ends its bar
            for note in bar.notes:
                last = notes[-1] if notes else None
                whole = Note(at + note.start, note.length, note.pitch)
                if tied and last is not None and last.pitch == note.pitch:
                    notes[-1] = Note(
                        last.start, whole.start + whole.length - last.start, last.pitch
                    )
                else:
                    notes.append(whole)
                tied = False
            chords += [(at + start, said) for start, said in bar.chords]
            at, tied = at + bar.length, bar.ties
        return notes + _chord_notes(chords, at, self.losses)


_KINDS = (
    "chord", "inline", "ending", "bar", "grace", "decoration", "tuplet", "together", "apart",
    "note", "rest", "bars", "broken", "tie", "field", "skip",
)  # fmt: skip


def _in_order(bars: list[_Bar]) -> list[_Bar]:
    """Bars as they are played: repeats written out, each with its ending."""
    played: list[_Bar] = []
    first, number, turn = 0, 0, 1
    while number < len(bars) and len(played) < MOST_REPEATS * len(bars) + 1:
        bar = bars[number]
        if bar.opens and number > first and turn == 1:
            first = number
        if bar.endings and turn not in bar.endings:
            # to the bar behind this ending
            number += 1
            while number < len(bars) and not (bars[number - 1].closes or bars[number].endings):
                number += 1
            if number < len(bars) and not bars[number].endings:
                first, turn = number, 1
            continue
        played.append(bar)
        number += 1
        asked = turn <= bar.closes or any(turn + 1 in one.endings for one in bars[first:number])
        again = bar.closes and asked and turn < MOST_REPEATS
        if again:
            number, turn = first, turn + 1
        elif bar.closes or (turn > 1 and number < len(bars) and bars[number].opens):
            first, turn = number, 1
    return played


def _chord_notes(chords: list[tuple[Fraction, str]], end: Fraction, losses: Losses) -> list[Note]:
    """Chord symbols as three lines of notes, each until the next one."""
    notes = []
    for number, (start, said) in enumerate(chords):
        until = chords[number + 1][0] if number + 1 < len(chords) else end
        if until <= start:
            continue
        for line, pitch in enumerate(_chord_pitches(said, losses), start=1):
            notes.append(Note(start, until - start, pitch, line))
    return notes


def _chord_pitches(said: str, losses: Losses) -> list[int]:
    """Three pitches of a chord symbol: root, third and fifth, or seventh where it has one."""
    found = _CHORD.match(said)
    assert found is not None
    sign = {"#": 1, "b": -1}.get(found[2], 0)
    if found[4]:
        losses.count("the basses of chord symbols are left out")
    root = _LOWEST_ROOT + (_NATURAL[found[1]] + sign) % OCTAVE
    sort = found[3].strip("()").lower() if found[3] != "M7" else "maj7"
    minor = found[3].startswith(("m", "-")) and not found[3].startswith("maj")
    third = 3 if minor or "dim" in sort or "o" in sort else 4
    fifth = 6 if "dim" in sort or "o" in sort else 7
    fifth = 8 if "aug" in sort or "+" in sort else fifth
    if "7" in sort:
        fifth = 11 if "maj7" in sort else 10
        losses.count("chords of four notes are played without their fifth")
    return [root, root + third, root + fifth]
