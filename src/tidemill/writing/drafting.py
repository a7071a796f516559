"""Draft, write, check, write again, and else the draft: no text is delivered unchecked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.states import HasState
from tidemill.core.text_tokens import text_words
from tidemill.core.words import count, listing, percent, plural
from tidemill.writing.checks import refusals
from tidemill.writing.examples import Examples
from tidemill.writing.template import Template
from tidemill.writing.writer import Ask, Writer, WrittenText

TRIES = 3


@dataclass(frozen=True)
class Drafted(HasState):
    """A delivered text, and where it is from.

    Attributes:
        text: It passed the check; None where not even the list of attributes did.
        origin: The registered name of what wrote it; "" where there is no text.
        model: What wrote it, as that calls itself.
        tries: How many texts the writer was asked for; 0 where it was not asked.
        refused: Why its texts were refused, a sentence each, without what was asked for twice.
    """

    text: str | None
    origin: str
    model: str
    tries: int = 0
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftingAccount(HasState):
    """What came of many texts, for the data card.

    Attributes:
        asked: Texts that were asked for.
        delivered: Origin -> how many texts of it passed the check.
        models: What wrote them, as it calls itself -> how many.
        tries: Texts that the writer was asked for.
        refused: What texts were refused for -> how often, the most frequent first.
        counts: What writing took, as the writer counts it ("calls", "tokens").
        tells: What left this machine, in a sentence; None for nothing.
    """

    asked: int
    delivered: Mapping[str, int]
    models: Mapping[str, int]
    tries: int
    refused: Mapping[str, int]
    counts: Mapping[str, int] = field(default_factory=dict)
    tells: str | None = None

    def sentences(self) -> tuple[str, ...]:
        """The account in words.

        Example:
            >>> account = DraftingAccount(4, {"local": 3, "template": 1}, {"a.gguf": 3}, 6, {})
            >>> account.sentences()
            ('4 texts asked for: 3 by local (75 %) and 1 by template (25 %) delivered.', \
'6 texts were written for that and checked: each that is delivered says all attributes of its row, \
and no number or name beside them that the check can tell.')
        """
        by = [
            f"{count(number)} by {origin} ({percent(number, self.asked)})"
            for origin, number in self.delivered.items()
        ]
        said = [f"{plural(self.asked, 'text')} asked for: {listing(by) or 'none'} delivered."]
        left = self.asked - sum(self.delivered.values())
        if left:
            said.append(f"{plural(left, 'text')} could not be written so that the check passes.")
        if self.tries:
            said.append(
                f"{plural(self.tries, 'text')} were written for that and checked: each that is "
                "delivered says all attributes of its row, and no number or name beside them that "
                "the check can tell."
            )
        if self.tells:
            said.append(self.tells)
        return tuple(said)


def drafted(
    asks: Sequence[Ask],
    template: Template,
    writer: Writer | None,
    run: Run,
    *,
    tries: int = TRIES,
    examples: Examples | None = None,
    shots: int = 3,
) -> list[Drafted]:
    """A checked text for each ask: the writer's where one of its tries passes, else the template's.

    Args:
        asks: What is asked for; a draft and examples are added where an ask has none.
        template: Drafts, and delivers what the writer cannot.
        writer: Rewords the draft; None for the template alone.
        run: Its random streams, progress, cancelling and deadline.
        tries: Texts that the writer is asked for at most, for each ask.
        examples: Training rows that show how a text is written; whether a writer lets them leave
            this machine is its own affair.
        shots: Examples of each ask.

    Raises:
        OptionError: There are to be no tries.
        Cancelled: The user stopped the run.
    """
    if tries < 1:
        raise OptionError(f"tries={tries} makes no sense", hint="give 1 or more")
    drafts = template.write(asks, run.child("draft"))
    full = [
        _with_draft(ask, draft, examples, shots) for ask, draft in zip(asks, drafts, strict=True)
    ]
    done: dict[int, Drafted] = {}
    refused: list[list[str]] = [[] for _ in asks]
    left = list(range(len(asks))) if writer is not None else []
    made = [0] * len(asks)
    for attempt in range(tries):
        if writer is None or not left:
            break
        part = run.child("write", attempt, progress=True)
        texts = writer.write([full[index] for index in left], part)
        for index, written in zip(left, texts, strict=True):
            made[index] += 1
            reasons = _reasons(written, full[index], template)
            refused[index] += [reason for reason in reasons if reason not in refused[index]]
            if written is not None and not reasons:
                text, tried = written.text.strip(), tuple(refused[index])
                done[index] = Drafted(text, writer.name, written.model, made[index], tried)
        left = [index for index in left if index not in done]
    return [
        done.get(index) or _fallback(drafts[index], template, made[index], refused[index])
        for index in range(len(asks))
    ]


def _with_draft(ask: Ask, draft: WrittenText | None, examples: Examples | None, shots: int) -> Ask:
    shown = ask.examples
    if examples is not None and not shown:
        shown = examples.nearest(ask.attributes, shots)
    return replace(ask, examples=shown, draft=ask.draft or (draft.text if draft else ""))


def _reasons(written: WrittenText | None, ask: Ask, template: Template) -> tuple[str, ...]:
    if written is None:
        return ("was not written",)
    if text_words(written.text) == text_words(ask.draft):
        return ("repeats the draft",)  # which is delivered as what it is: the template's
    return refusals(written.text, ask, template.lexicon)


def _fallback(
    draft: WrittenText | None, template: Template, tries: int, refused: list[str]
) -> Drafted:
    if draft is None:
        return Drafted(None, "", "", tries, tuple(refused))
    return Drafted(draft.text, template.name, draft.model, tries, tuple(refused))


def drafting_account(texts: Sequence[Drafted], writer: Writer | None = None) -> DraftingAccount:
    """What came of texts, with what their writer says of itself.

    Reasons are counted without the values in them, so that no text of a row is repeated.
    """
    by_origin = Counter(one.origin for one in texts if one.text is not None)
    by_model = Counter(one.model for one in texts if one.text is not None)
    reasons = Counter(reason_sort(reason) for one in texts for reason in one.refused)
    return DraftingAccount(
        asked=len(texts),
        delivered=dict(by_origin.most_common()),
        models=dict(by_model.most_common()),
        tries=sum(one.tries for one in texts),
        refused=dict(reasons.most_common()),
        counts=dict(writer.counts()) if writer is not None else {},
        tells=writer.tells() if writer is not None else None,
    )


def reason_sort(reason: str) -> str:
    """What sort of reason one is, without the values that it shows.

    Example:
        >>> reason_sort("does not say maker 'Nordia'"), reason_sort("repeats itself")
        ('does not say maker', 'repeats itself')
    """
    before, _, after = reason.partition(" '")
    if after.endswith("of its own accord"):
        return f"{before} a word of its own accord"
    if after.endswith(", which was not given"):
        what = "says a number in a unit" if before == "says" else before
        return f"{what} that was not given"
    return f"{before} of another row" if after.endswith(", which another row has") else before
