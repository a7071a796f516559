"""Draft, write, check, write again, and else the draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.unit.writing.test_template import rows, text_of
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.writing.checks import refusals
from tidemill.writing.drafting import Drafted, drafted, drafting_account
from tidemill.writing.examples import examples_of
from tidemill.writing.template import template_of
from tidemill.writing.writer import Ask, Writer, WrittenText

TRAIN = rows(30)
TEXTS = [text_of(row) for row in TRAIN]
TEMPLATE = template_of(TEXTS, TRAIN)
ASKS = [Ask("Describe the cup.", row) for row in rows(40)[30:]]


class Unsteady(Writer):
    """Rewords the draft truly every other time, and else adds what is not so."""

    name = "unsteady"

    def __init__(self, wrong: str, *, right_from: int = 0) -> None:
        self.wrong = wrong
        self.right_from = right_from
        self.asked: list[Sequence[Ask]] = []

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        right = len(self.asked) >= self.right_from
        self.asked.append(asks)
        return [
            WrittenText(f"Enjoy this cup. {ask.draft}{'' if right else self.wrong}", "unsteady-1")
            for ask in asks
        ]

    def tells(self) -> str | None:
        return "All of it is shouted through the window."

    def counts(self) -> Mapping[str, int]:
        return {"calls": len(self.asked)}


def test_a_true_text_is_taken_with_its_origin() -> None:
    writer = Unsteady("")
    made = drafted(ASKS, TEMPLATE, writer, Run(seed=1))
    assert [one.origin for one in made] == ["unsteady"] * 10
    assert all(one.tries == 1 and one.model == "unsteady-1" for one in made)
    assert made[0].text == f"Enjoy this cup. {text_of(rows(31)[30])}"


@pytest.mark.parametrize("wrong", [" By Acme.", " It keeps warm for 9 hours.", " **Buy**"])
def test_an_untrue_text_is_never_delivered(wrong: str) -> None:
    writer = Unsteady(wrong, right_from=99)
    made = drafted(ASKS, TEMPLATE, writer, Run(seed=1), tries=2)
    assert len(writer.asked) == 2
    for ask, one in zip(ASKS, made, strict=True):
        assert one.origin == "template"
        assert one.tries == 2
        assert one.refused
        assert one.text is not None
        assert refusals(one.text, ask, TEMPLATE.lexicon) == ()


def test_a_refused_text_is_written_again() -> None:
    made = drafted(ASKS, TEMPLATE, Unsteady(" By Acme.", right_from=1), Run(seed=1))
    assert {(one.origin, one.tries) for one in made} == {("unsteady", 2)}
    assert all("says the name 'Acme', which was not given" in one.refused for one in made)


def test_only_what_was_refused_is_asked_for_again() -> None:
    class Half(Unsteady):
        def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
            return [
                one if index % 2 else None for index, one in enumerate(super().write(asks, run))
            ]

    writer = Half("")
    drafted(ASKS, TEMPLATE, writer, Run(seed=1), tries=3)
    assert [len(asks) for asks in writer.asked] == [10, 5, 3]


def test_without_a_writer_the_template_writes() -> None:
    made = drafted(ASKS, TEMPLATE, None, Run(seed=1))
    assert {(one.origin, one.tries) for one in made} == {("template", 0)}


def test_what_cannot_be_said_is_not_delivered() -> None:
    short = [Ask("Describe the cup.", TRAIN[0], longest=4)]
    [one] = drafted(short, TEMPLATE, Unsteady(""), Run())
    assert one.text is None
    assert one.origin == ""
    assert drafting_account([one]).sentences()[1].startswith("1 text could not be written")


def test_examples_are_the_nearest_training_rows_and_never_the_row_itself() -> None:
    examples = examples_of(TEXTS, TRAIN)
    assert examples is not None
    writer = Unsteady("")
    drafted([Ask("Describe the cup.", TRAIN[3])], TEMPLATE, writer, Run(), examples=examples)
    [[ask]] = writer.asked
    assert len(ask.examples) == 3
    for row, text in ask.examples:
        assert text in TEXTS
        assert text != TEXTS[3]
        assert row["maker"] == TRAIN[3]["maker"] or row["colour"] == TRAIN[3]["colour"]


def test_examples_need_a_text_and_a_word() -> None:
    assert examples_of(["", " "], [{"a": "b"}, {"a": "c"}]) is None
    assert examples_of([], []) is None
    assert examples_of(["a text"], [{"a": "%"}]) is None


def test_the_account_repeats_nothing_of_a_row() -> None:
    writer = Unsteady(" By Acme.", right_from=99)
    made = drafted(ASKS, TEMPLATE, writer, Run(seed=1))
    account = drafting_account(made, writer)
    assert account.asked == 10
    assert account.delivered == {"template": 10}
    assert account.tries == 30
    assert account.refused == {"says the name that was not given": 10}
    assert account.counts == {"calls": 3}
    assert writer.tells() in account.sentences()
    assert "Acme" not in str(account.to_state())


def test_no_tries_make_no_sense() -> None:
    with pytest.raises(OptionError, match="tries=0"):
        drafted(ASKS, TEMPLATE, None, Run(), tries=0)


def test_a_text_says_where_it_is_from_in_its_state() -> None:
    one = Drafted("A cup.", "local", "small.gguf", 2, ("repeats itself",))
    assert one.to_state() == {
        "text": "A cup.",
        "origin": "local",
        "model": "small.gguf",
        "tries": 2,
        "refused": ["repeats itself"],
    }
