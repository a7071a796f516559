"""What a writer is asked for, what it gives, and what it must say of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tidemill.core.errors import OptionError
from tidemill.core.run import Run

Language = Literal["en", "zh"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "zh": "Chinese"}
"""Languages whose texts can be checked, and what they are called."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One text that is asked for.

    Attributes:
        instruction: What kind of text it is to be, in a sentence of its language.
        attributes: Name -> value of all that it must say. A value that is missing is left out.
        examples: Texts of other rows with their attributes, to show how one is written.
        language: In which it is to be.
        longest: Characters that it may have.
        schema: A JSON schema, where the answer is to be a JSON text that fits it.
        draft: A true but plain text that may be reworded; "" for none.
        own_words: How many words an English text may have that neither the attributes, the draft
            nor an example say; None for any number.

    Raises:
        OptionError: The language is none whose texts can be checked, or the length is none.
    """

    instruction: str
    attributes: Mapping[str, str]
    examples: Sequence[tuple[Mapping[str, str], str]] = ()
    language: Language = "en"
    longest: int = 600
    schema: Mapping[str, Any] | None = None
    draft: str = ""
    own_words: int | None = None

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise OptionError(
                f"texts in the language '{self.language}' cannot be checked",
                hint=f"choose one of {', '.join(LANGUAGES)}",
            )
        if self.longest < 1:
            raise OptionError(
                f"a text of {self.longest} characters makes no sense",
                hint="give how many characters a text may have, 1 or more",
            )


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A text that a writer gave, not yet checked.

    Attributes:
        text: The text alone, without what a model may say about it.
        model: What wrote it, as it calls itself.
    """

    text: str
    model: str


class Writer(Protocol):
    """Something that writes texts; what it writes is not believed before it was checked.

    Attributes:
        name: The registered name, which stands beside each text as its origin.
    """

    name: str

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        """A text for each ask, in their order; None where there is none.

        The same asks with a run of the same seed are written alike, where what stands behind the
        writer keeps to a seed.

        Raises:
            Cancelled: The user stopped the run.
        """
        ...

    def tells(self) -> str | None:
        """What leaves this machine when it writes, in a sentence; None where nothing does."""
        ...

    def counts(self) -> Mapping[str, int]:
        """What writing took so far, by what it is ("calls", "tokens"); empty where nothing is
        counted."""
        ...
