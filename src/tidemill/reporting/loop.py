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
    Level,
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

__all__ = ["LoopReportInput", "build_loop", "sentences"]


def build_loop(account: LoopReportInput) -> Report:
    """The report of a loop."""
    blocks = _first_page(account)
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
    question = f"Do {account.rows_added} help to predict {account.target}?"
    return Report(account.name, question, tuple(blocks), _text(account))


def _first_page(account: LoopReportInput) -> list[Block]:
    """The verdict, key figures, and what must not be missed."""
    verdict = account.verdict
    title, text, basis = sentences(account)
    level: Level = "good" if verdict.helps else "note"
    blocks: list[Block] = [
        Callout(level, title, text, basis, _unit_note(account)),
        Figures(tuple(_tiles(account))),
    ]
    if verdict.caveats:
        blocks.append(Callout("note", "Before you rely on it", items=verdict.caveats))
    if account.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=account.warnings))
    return blocks


def sentences(account: LoopReportInput) -> tuple[str, str, tuple[str, ...]]:
    """The verdict as a headline, what it says, and what it rests on."""
    verdict = account.verdict
    if not account.tried or not verdict.contrasts:
        title = "No rows were generated, so there is nothing to judge."
        return title, f"What does best: {verdict.control}.", ()
    main = verdict.contrasts[0]
    basis = _basis(account, main)
    figures = f"{account.words(main.measure)} {_gained(account, main)}"
    if verdict.helps:
        best = f"Best: {verdict.strategy} ({plural(account.generated, 'row')})."
        what = "rows from elsewhere" if account.kind == "elsewhere" else account.rows_added
        return f"Use {what}: {figures}.", best, basis
    rows = account.rows_added
    basis += (f"What to use instead: {account.strategy}.",)
    if isfinite(main.low) and main.low > 0:
        title = f"Do not use {rows}: a gain in cross-validation was not confirmed."
        text = f"{verdict.strategy}: {figures} in cross-validation."
        return title, text, (account.turns[-1].reason, *basis)
    title = f"Do not use {rows}: nothing beat {verdict.control} for sure."
    if main.high < 0:
        text = f"Even the best candidate, {verdict.strategy}, does worse: {figures}."
    elif main.low == main.high == 0:
        text = f"The best candidate, {verdict.strategy}, changed nothing."
    else:
        text = (
            f"The best candidate was {verdict.strategy}: {figures}. The interval holds 0, so "
            "this may be chance."
        )
    return title, text, basis


def _basis(account: LoopReportInput, main: Contrast) -> tuple[str, ...]:
    """What a verdict rests on: the rows, the number of tries, and the test rows."""
    tries = plural(account.tried, "strategy", "strategies")
    were = "was" if account.tried == 1 else "were"
    basis = (
        f"Measured by cross-validation of {plural(len(account.train), 'training row')} "
        f"({account.words(main.learner)}), beside {main.control} by "
        f"{account.words(account.verdict.learner)}, the best that was reached without "
        f"{account.rows_added}.",
        f"{tries} with {account.rows_added} {were} tried.",
    )
    tested = account.verdict.test
    if tested is None:
        return basis
    return (
        *basis,
        f"On {plural(len(account.test), 'untouched test row')}, looked at once, it "
        f"{_gained(account, tested)}.",
        "As the best of several was chosen, these rows must confirm the gain.",
    )


def _gained(account: LoopReportInput, contrast: Contrast) -> str:
    """ "rises by 2.1 points (95 % interval 0.8 to 3.3)"."""
    scale, unit = unit_of(contrast.measure)
    if not isfinite(contrast.low):
        return "could be compared in one fold only, so nothing is known"
    is_cost = contrast.measure == COST
    rises = (contrast.gain >= 0) != is_cost  # to gain is to pay less
    gained, low, high = same_places(scale, contrast.gain, contrast.low, contrast.high)
    verb = "rises" if rises else "falls"
    if not gained.strip("-0."):
        verb = "changes"
    start = f" (from {in_money(contrast.reference)})" if is_cost else ""
    what = "saving" if is_cost else "change"
    return (
        f"{verb} by {gained.lstrip('-')}{unit}{start}, {percent(contrast.level)} interval of "
        f"the {what} {low} to {high}"
    )


def _tiles(account: LoopReportInput) -> list[Tile]:
    verdict = account.verdict
    tiles = []
    if verdict.contrasts:
        main = verdict.contrasts[0]
        words = account.words(main.measure)
        best = "best strategy" if verdict.helps else "best candidate"
        without = value(main.measure, main.reference)
        tiles.append(Tile(without, f"{words} without", main.control))
        if account.tried:
            tiles.append(
                Tile(value(main.measure, main.value), f"{words} with {account.rows_added}", best)
            )
    tried = "strategy tried" if account.tried == 1 else "strategies tried"
    note = ""
    if account.stopped:
        note = f"in {plural(max(0, len(account.turns) - 1), 'round')}; {account.stopped}"
    tiles.append(Tile(count(account.tried), tried, note))
    if account.kind in ("generated", "elsewhere"):
        where = "by the best strategy, to all training rows"
        tiles.append(Tile(count(account.generated), "rows to add", where))
    return tiles


def _unit_note(account: LoopReportInput) -> str:
    """What a point, or a cost, means."""
    if not account.measure:
        return ""
    if account.measure != COST:
        return (
            f"A point is a hundredth of {account.words(account.measure)}, which is 1 at best. The "
            "true gain lies in the interval with the chance that stands before it."
        )
    note = "Cost is what the mistakes of the model cost per 1,000 rows, in your currency."
    if not account.cost:
        return note
    alarm, missed = in_money(account.cost["fp"]), in_money(account.cost["fn"])
    return f"{note} A false alarm costs {alarm}, a missed case {missed}."


def _found(account: LoopReportInput) -> list[Block]:
    findings = account.findings
    if findings is None:
        return []
    chapter = found(_plain(account))
    if not findings:
        return chapter
    first = []
    for technique in dict.fromkeys(finding.technique for finding in findings):
        finding = next(iter(findings.of(technique)))
        first.append(opening(finding.sentence, 400))
    return [
        Listing(tuple(first)),
        Details(f"All {plural(len(findings), 'finding')}", tuple(chapter)),
    ]


def _plain(account: LoopReportInput) -> ReportInput:
    return ReportInput(
        account.name,
        command=account.command,
        seed=account.seed,
        threads=account.threads,
        versions=account.versions,
        generated=account.generated_at,
        seconds=account.seconds,
        rows=account.rows,
        columns=account.columns,
        train=account.train,
        holdout=account.test,
        findings=account.findings,
    )


def _made(account: LoopReportInput) -> list[Block]:
    train = plural(len(account.train), "training row")
    test = plural(len(account.test), "test row")
    facts = [("Rows", f"{train}, {test} looked at once")]
    if account.generator:
        facts.append(("Generator", account.generator))
    if account.stopped:
        facts.append(("Ended", account.stopped))
    return [Pairs(tuple(facts)), *made(_plain(account))]


def _text(account: LoopReportInput) -> str:
    """The verdict, the rounds and the files, in plain text."""
    title, text, basis = sentences(account)
    lines = [*wrapped("Verdict", title, 3), *wrapped("", text, 4), *wrapped("", " ".join(basis), 6)]
    for turn in account.turns:
        lines += wrapped(f"Round {turn.number}", as_sentence(turn.reason), 4)
    if account.stopped:
        lines += wrapped("Ended", as_sentence(account.stopped), 2)
    return "\n".join(lines)
