"""Verdicts in plain words."""

from __future__ import annotations

from math import isfinite

from tidemill.core.dataset import Dataset
from tidemill.core.verdict import Contrast, Verdict
from tidemill.core.words import percent
from tidemill.supervised.learners import words_of
from tidemill.supervised.measures import Measure
from tidemill.trials.trial import Trials

BORROWED = (
    "Whoever made these rows may have learned from the very rows that are tested on, and what is "
    "borrowed from them can look like a gain of several points. A table alone can only be found of "
    "no use. To find that it is of use, give real rows that its maker has not seen (option "
    "'holdout'), or a sampler (in Python)."
)


def reason(chosen: Contrast, measure: Measure, test: Contrast | None, borrowed: bool) -> str:
    """The verdict in one sentence.

    Args:
        chosen: The comparison that decides.
        measure: By which.
        test: The same on untouched rows.
        borrowed: Whether the generated rows may have been made from those that are tested on.
    """
    figures = (
        f"{measure.words} {amount(chosen, measure)} ({words_of(chosen.learner)}, against "
        f"{chosen.control})"
    )
    if test is not None:
        figures += f"; on untouched test rows {amount(test, measure)}"
    if chosen.low <= 0:
        return f"do not: no gain is proven: {figures}" if chosen.gain > 0 else f"do not: {figures}"
    if test is not None and test.gain <= 0:
        return f"do not: the gain is not seen again on the test rows: {figures}"
    if borrowed:
        return f"not proven: {figures}, which may be borrowed from the rows that are tested on"
    return f"use them: {figures}"


def amount(contrast: Contrast, measure: Measure) -> str:
    """A gain with its interval: in points (hundredths) for ratios, in money for costs."""
    if not isfinite(contrast.low):
        return "could be compared in one fold only, so nothing is known"
    interval = f"{percent(contrast.level)} interval"
    if measure.name == "cost":
        digits = 0 if abs(contrast.reference) >= 1000 else 2
        word = "lower" if contrast.gain >= 0 else "higher"
        return (
            f"{abs(contrast.gain):,.{digits}f} {word} (from {contrast.reference:,.{digits}f}), "
            f"{interval} of the saving {contrast.low:,.{digits}f} to {contrast.high:,.{digits}f}"
        )
    digits = 1 if contrast.high - contrast.low >= 0.004 else 2
    return (
        f"{100 * contrast.gain:+.{digits}f} points, "
        f"{interval} {100 * contrast.low:.{digits}f} to {100 * contrast.high:.{digits}f}"
    )


def strategy(name: str, extra: float) -> str:
    """What was learned from, with the mean number of generated rows in a fold."""
    if name == "generated rows":
        return f"real rows and {extra:,.0f} generated ones"
    word = "more" if extra >= 0 else "fewer"
    return f"{name} ({abs(extra):,.0f} rows {word})"


def fold_caveats(trials: Trials, splits: int, repeats: int, outside: Dataset | None) -> list[str]:
    """What a reader must know of the folds."""
    caveats = []
    if trials.folds < splits * repeats:
        caveats.append(
            f"The rarest class has few rows, so there were {trials.folds // repeats} folds only, "
            f"not {splits}."
        )
    if outside is not None:
        caveats.append(
            f"All tests were made on the {len(outside):,} held-out rows, a part of them in each "
            f"fold, by models that learned from {trials.real:,.0f} of the real rows and the "
            "generated rows that belong to these."
        )
    return caveats


def told(verdict: Verdict) -> str:
    """The verdict, what to know of it, and the comparisons that tell most as a table of text.

    These are all learners with all real rows by the measure that decides, the learner that decides
    by the other measures, and with fewer real rows. :attr:`Verdict.contrasts` has all of them.
    """
    head = (
        "learner",
        "real rows",
        "measure",
        "control",
        "with generated",
        "gain",
        "95 % interval",
        "best control",
    )
    rows = [head, *(_row(contrast) for contrast in verdict.contrasts if _tells(contrast, verdict))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [verdict.reason, *(f"- {caveat}" for caveat in verdict.caveats), ""]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _tells(contrast: Contrast, verdict: Verdict) -> bool:
    """Whether a comparison stands in the table."""
    deciding = contrast.measure == verdict.contrasts[0].measure
    whole = contrast.share == 1
    if contrast.learner == verdict.learner:
        return deciding or whole
    return deciding and whole


def _row(contrast: Contrast) -> tuple[str, ...]:
    return (
        contrast.learner,
        percent(contrast.share),
        contrast.measure.replace("_", " "),
        _figure(contrast.reference),
        _figure(contrast.value),
        _figure(contrast.gain, "+"),
        f"{_figure(contrast.low)} to {_figure(contrast.high)}",
        contrast.control,
    )


def _figure(value: float, sign: str = "") -> str:
    """A ratio with three decimals, money with two."""
    return f"{value:{sign},.2f}" if abs(value) >= 10 else f"{value:{sign}.3f}"
