"""A writer whose texts come from a model that learned from the user's own texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tidemill.core.run import Run
from tidemill.writing.writer import Ask, Writer, WrittenText

TextsOfRows = Callable[[Sequence[Mapping[str, str]], Run], Sequence[str | None]]
"""Name -> value of each row, and a run with its seed; gives a text for each, None for none."""


class Own(Writer):
    """Asks a fitted model for a text for each row.

    Such a model has the tone of the texts that it learned from, and says of the row what goes with
    texts like it; that it says each value is chance. So most of its texts are refused by the check
    where rows have many attributes or values that are found once only.

    Example:
        >>> made = Own(lambda rows, run: [f"A {row['colour']} cup." for row in rows])
        >>> made.write([Ask("Describe it.", {"colour": "red"})], Run())[0].text
        'A red cup.'
    """

    name = "own"

    def __init__(self, texts_of: TextsOfRows) -> None:
        self.texts_of = texts_of

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        """A text for each ask, in their order; None where the model gave none."""
        run.check()
        texts = self.texts_of([ask.attributes for ask in asks], run)
        return [WrittenText(text, self.name) if text else None for text in texts]

    def tells(self) -> str | None:
        return None

    def counts(self) -> Mapping[str, int]:
        return {}
