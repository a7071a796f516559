"""The page of a loop: whether generated rows help, how sure that is, and what each round tried."""

from __future__ import annotations

from math import isfinite

from tidemill.core.verdict import Contrast
from tidemill.core.words import as_sentence, count, opening, percent, plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Details,
    Figures,
    Heading,
    Listing,
    Pairs,
    Tile,
)
from tidemill.reporting.findings import found
from tidemill.reporting.loop_account import (
    COST,
    LoopReportInput,
    in_money,
    same_places,
    unit_of,
    value,
)
from tidemill.reporting.loop_rounds import guard, rounds
from tidemill.reporting.loop_sure import how_sure
from tidemill.reporting.loop_use import use
from tidemill.reporting.page import Report
from tidemill.reporting.provenance import made
from tidemill.reporting.summary import wrapped

__all__ = ["LoopReportInput", "build_loop", "said", "sentences"]


def build_loop(account: LoopReportInput) -> Report:
    """The report of a loop."""
    blocks = said(account)
    for anchor, title, inside in (
        ("sure", "How sure is that?", how_sure(account)),
        ("rounds", "Round by round", rounds(account)),
        ("guard", "Has anything been lost on the way?", guard(account)),
        ("found", "What was found in the data", _found(account)),
        ("use", "How to use the best strategy", use(account)),
        ("made", "How it was made", _made(account)),
    ):
        if inside:
            blocks += [Heading(title, 2, anchor), *inside]
    return Report(
        account.name,
        f"Do generated rows help to predict {account.target}?",
        tuple(blocks),
        _text(account),
    )


def said(account: LoopReportInput) -> list[Block]:
    """The verdict, key figures, and what must not be missed."""
    verdict = account.verdict
    title, text, basis = sentences(account)
    blocks: list[Block] = [
        Callout("good" if verdict.helps else "note", title, text, basis, _unit_note(account))
    ]
    blocks.append(Figures(tuple(_tiles(account))))
    if verdict.caveats:
        blocks.append(Callout("note", "Before you rely on it", items=verdict.caveats))
    if account.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=account.warnings))
    return blocks


def sentences(account: LoopReportInput) -> tuple[str, str, tuple[str, ...]]:
    """The verdict as a headline, what it says, and what it rests on."""
    verdict, tested = account.verdict, account.verdict.test
    if not account.tried or not verdict.contrasts:
        return (
            "No rows were generated, so there is nothing to judge.",
            f"What does best: {verdict.control}.",
            (),
        )
    main = verdict.contrasts[0]
    tries = plural(account.tried, "strategy", "strategies")
    basis = [
        f"Measured by cross-validation of {plural(len(account.train), 'training row')} "
        f"({account.words(main.learner)}), beside {main.control}, the best that was reached "
        "without generated rows.",
        f"{tries} with generated rows {'was' if account.tried == 1 else 'were'} tried.",
    ]
    if tested is not None:
        basis += [
            f"On {plural(len(account.test), 'untouched test row')}, looked at once, it "
            f"{_gained(account, tested)}.",
            "As the best of several was chosen, these rows must confirm the gain.",
        ]
    figures = f"{account.words(main.measure)} {_gained(account, main)}"
    if verdict.helps:
        return (
            f"Use generated rows: {figures}.",
            f"Best: {verdict.strategy} ({plural(account.generated, 'row')}).",
            tuple(basis),
        )
    basis.append(f"What to use instead: {account.strategy}.")
    if isfinite(main.low) and main.low > 0:
        basis.insert(0, account.turns[-1].reason)
        return (
            "Do not use generated rows: a gain in cross-validation was not confirmed.",
            f"{verdict.strategy}: {figures} in cross-validation.",
            tuple(basis),
        )
    if main.high < 0:
        said = f"Even the best candidate, {verdict.strategy}, does worse: {figures}."
    elif main.low == main.high == 0:
        said = f"The best candidate, {verdict.strategy}, changed nothing."
    else:
        said = (
            f"The best candidate was {verdict.strategy}: {figures}. The interval holds 0, so "
            "this may be chance."
        )
    return (
        f"Do not use generated rows: nothing beat {verdict.control} for sure.",
        said,
        tuple(basis),
    )


def _gained(account: LoopReportInput, contrast: Contrast) -> str:
    """ "rises by 2.1 points (95 % interval 0.8 to 3.3)"."""
    scale, unit = unit_of(contrast.measure)
    if not isfinite(contrast.low):
        return "could be compared in one fold only, so nothing is known"
    money = contrast.measure == COST
    more = contrast.gain >= 0
    verb = ("falls" if more else "rises") if money else ("rises" if more else "falls")
    shown, low, high = same_places(scale, contrast.gain, contrast.low, contrast.high)
    verb = "changes" if not shown.strip("-0.") else verb
    from_to = f" (from {in_money(contrast.reference)})" if money else ""
    what = "saving" if money else "change"
    return (
        f"{verb} by {shown.lstrip('-')}{unit}{from_to}, {percent(contrast.level)} interval of the "
        f"{what} {low} to {high}"
    )


def _tiles(account: LoopReportInput) -> list[Tile]:
    verdict = account.verdict
    tiles = []
    if verdict.contrasts:
        main = verdict.contrasts[0]
        tiles = [
            Tile(
                value(main.measure, main.reference),
                f"{account.words(main.measure)} without",
                main.control,
            ),
            Tile(
                value(main.measure, main.value),
                f"{account.words(main.measure)} with generated rows",
                "best candidate" if not verdict.helps else "best strategy",
            ),
        ]
    tiles.append(
        Tile(
            count(account.tried),
            "strategy tried" if account.tried == 1 else "strategies tried",
            f"in {plural(max(0, len(account.turns) - 1), 'round')}; {account.stopped}"
            if account.stopped
            else "",
        )
    )
    if account.kind == "generated":
        tiles.append(
            Tile(
                count(account.generated),
                "rows to add",
                "by the best strategy, to all training rows",
            )
        )
    return tiles


def _unit_note(account: LoopReportInput) -> str:
    if account.measure == COST:
        costs = account.cost or {}
        priced = (
            f" A false alarm costs {in_money(costs['fp'])}, a missed case {in_money(costs['fn'])}."
            if costs
            else ""
        )
        return (
            f"Cost is what the mistakes of the model cost per 1,000 rows, in your currency.{priced}"
        )
    return (
        (
            f"A point is a hundredth of {account.words(account.measure)}, which is 1 at best. The "
            "true gain lies in the interval with the chance that stands before it."
        )
        if account.measure
        else ""
    )


def _found(account: LoopReportInput) -> list[Block]:
    if account.findings is None:
        return []
    if not account.findings:
        return found(_plain(account))
    first = [
        next(iter(account.findings.of(technique))).sentence
        for technique in dict.fromkeys(f.technique for f in account.findings)
    ]
    return [
        Listing(tuple(opening(sentence, 400) for sentence in first)),
        Details(f"All {plural(len(account.findings), 'finding')}", tuple(found(_plain(account)))),
    ]


def _plain(account: LoopReportInput) -> ReportInput:
    return ReportInput(
        account.name,
        account.command,
        account.seed,
        account.threads,
        account.versions,
        account.generated_at,
        account.seconds,
        account.rows,
        account.columns,
        account.train,
        account.test,
        findings=account.findings,
    )


def _made(account: LoopReportInput) -> list[Block]:
    facts = tuple(
        (name, text)
        for name, text in (
            (
                "Rows",
                f"{plural(len(account.train), 'training row')}, "
                f"{plural(len(account.test), 'test row')} looked at once",
            ),
            ("Generator", account.generator),
            ("Ended", account.stopped),
        )
        if text
    )
    return [Pairs(facts), *made(_plain(account))]


def _text(account: LoopReportInput) -> str:
    """The verdict, the rounds and the files, in plain text."""
    title, text, basis = sentences(account)
    lines = [*wrapped("Verdict", title, 3), *wrapped("", text, 4), *wrapped("", " ".join(basis), 6)]
    for turn in account.turns:
        lines += wrapped(
            "Round 0" if not turn.number else f"Round {turn.number}", as_sentence(turn.reason), 4
        )
    if account.stopped:
        lines += wrapped("Ended", as_sentence(account.stopped), 2)
    return "\n".join(lines)
