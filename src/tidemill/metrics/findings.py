"""Which of the mined findings are found again in synthetic rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import percent
from tidemill.supervised.sampling import thinned

AGAIN, STRENGTH = "findings found again (share)", "strength of findings found again"
ALIKE = 0.5
"""Two findings are the same where both speak of at least half of the rows (or columns) that either
speaks of."""
FEWEST_ROWS = 5
"""Findings about fewer held-out rows than these speak of single rows, which other rows need not
repeat."""
CHANCE = {"lift": 1.0, "met / expected": 1.0}
"""Measures whose strength is not 0 where there is nothing; a finding on the other side of it says
the opposite."""
MOST_SHOWN = 40


@dataclass(frozen=True)
class Match:
    """A finding, and the one it was found again as."""

    finding: Finding
    again: Finding | None

    @property
    def agreement(self) -> float:
        """The smaller strength divided by the larger; 0 where nothing was found."""
        if self.again is None:
            return 0.0
        low, high = sorted((abs(self.finding.strength), abs(self.again.strength)))
        return low / high if high else 1.0


def findings(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How many of the findings mined from training rows are found again by mining synthetic rows
    instead.

    Both are confirmed on the same holdout rows. A finding is found again where one of the same
    technique, name and measure says something in the same direction of the same holdout rows (see
    :func:`similarity`); each is matched once at most, and findings about fewer than FEWEST_ROWS
    rows are left out. The second Score is the mean agreement of strengths over the findings that
    are found again.

    Floor: rows of independent columns are mined instead. Ceiling: another real sample is mined
    instead, namely the holdout rows, confirmed on as many training rows.

    Args:
        evidence: The sets, with ``found`` and ``mine``; without these the Scores have no value.
        run: Draws the ceiling's training rows.
    """
    found = _lasting(evidence.found or (), evidence.holdout)
    if evidence.mine is None or evidence.found is None:
        why = "nothing was mined in the real rows"
    elif not found:
        why = "mining found nothing in the real rows that could be found again"
    else:
        yield from _scores(evidence, found, evidence.mine, run)
        return
    yield Score("findings", AGAIN, None, why=why)
    yield Score("findings", STRENGTH, None, why=why)


def _lasting(found: Iterable[Finding], holdout: Dataset) -> list[Finding]:
    lasting = []
    for finding in found:
        if finding.technique == "anomalies":
            continue  # what stands out need not come again
        rows = _mask(finding, holdout)
        if rows is None or int(rows.sum()) >= FEWEST_ROWS:
            lasting.append(finding)
    return lasting


def _scores(
    evidence: Evidence,
    found: Sequence[Finding],
    mine: Callable[[Dataset, Dataset], Findings],
    run: Run,
) -> Iterable[Score]:
    sample = thinned(evidence.train, len(evidence.holdout), run.rng("metrics", "findings", "train"))
    pairs = (
        (evidence.synthetic, evidence.holdout),
        (evidence.floor, evidence.holdout),
        (evidence.holdout, sample),
    )
    matches = []
    for learned, confirmed in pairs:
        run.check()
        matches.append(matched(found, mine(learned, confirmed), evidence.holdout))
    counts = [sum(match.again is not None for match in each) for each in matches]
    value, floor, ceiling = (count / len(found) for count in counts)
    yield Score(
        "findings",
        AGAIN,
        value,
        floor,
        ceiling,
        table=_table(matches[0]),
        sentence=(
            f"{counts[0]} of the {len(found)} findings in real rows are found again when synthetic "
            f"rows are mined instead ({percent(value)}); in another real sample of "
            f"{len(evidence.holdout):,} rows {percent(ceiling)}, in unrelated columns "
            f"{percent(floor)}."
        ),
    )
    strengths = [_agreement(each) for each in matches]
    if strengths[0] is None:
        yield Score("findings", STRENGTH, None, why="no finding is found again")
        return
    yield Score(
        "findings",
        STRENGTH,
        strengths[0],
        strengths[1],
        strengths[2],
        sentence=(
            "Where a finding is found again, the smaller of its strengths in real and in synthetic "
            f"rows is {percent(strengths[0])} of the larger one on average."
        ),
    )


def _table(matches: Sequence[Match]) -> Table:
    rows: list[tuple[str, str, float, float | None, str]] = []
    for match in matches[:MOST_SHOWN]:
        finding = match.finding
        again = None if match.again is None else _short(match.again.strength)
        answer = "no" if match.again is None else "yes"
        rows.append((finding.sentence, answer, _short(finding.strength), again, finding.measure))
    return Table(
        ("finding in real rows", "found again", "strength", "strength in synthetic", "measure"),
        tuple(rows),
        "Findings of the real rows, looked for in synthetic rows",
    )


def _short(strength: float) -> float:
    return float(f"{strength:.4g}")


def matched(found: Sequence[Finding], others: Sequence[Finding], rows: Dataset) -> list[Match]:
    """For each finding the other one that is most like it, if any is; no other one is taken twice.

    Args:
        found: What is looked for.
        others: Where it is looked for.
        rows: On which it is compared which rows findings speak of.
    """
    masks = {id(finding): _mask(finding, rows) for finding in (*found, *others)}
    pairs = []
    for i, finding in enumerate(found):
        for j, other in enumerate(others):
            alike = similarity(finding, other, masks[id(finding)], masks[id(other)])
            if alike >= ALIKE:
                pairs.append((-alike, i, j))
    partners: dict[int, int] = {}
    for _, i, j in sorted(pairs):  # the most alike first
        if i not in partners and j not in partners.values():
            partners[i] = j
    matches = []
    for i, finding in enumerate(found):
        again = others[partners[i]] if i in partners else None
        matches.append(Match(finding, again))
    return matches


def similarity(
    a: Finding, b: Finding, rows_a: NDArray[np.bool_] | None, rows_b: NDArray[np.bool_] | None
) -> float:
    """How alike two findings are, from 0 to 1.

    Findings of different techniques, names, measures or directions, or that say something about
    different columns, have nothing in common. Otherwise, without conditions, it is the overlap of
    their columns; with conditions that of the rows, and at least ALIKE where they are about the
    same columns and half of the fewer rows are among the more.

    Args:
        a, b: The findings.
        rows_a, rows_b: Which rows they speak of; None where they have no condition.
    """
    if _subject(a) != _subject(b) or (rows_a is None) != (rows_b is None):
        return 0.0
    columns_a, columns_b = set(a.columns), set(b.columns)
    if rows_a is None or rows_b is None:
        union = len(columns_a | columns_b)
        return len(columns_a & columns_b) / union if union else 1.0
    both = int((rows_a & rows_b).sum())
    either = int((rows_a | rows_b).sum())
    overlap = both / max(1, either)
    fewer = min(int(rows_a.sum()), int(rows_b.sum()))
    if columns_a == columns_b and 2 * both >= fewer > 0:
        return max(overlap, ALIKE)
    return overlap


def _subject(finding: Finding) -> tuple[str, str, str, bool, frozenset[str]]:
    """The sort of finding, its direction, and the columns that it says something about beside those
    of its condition."""
    tested = {test.column for test in finding.condition.tests}
    return (
        finding.technique,
        finding.name,
        finding.measure,
        finding.strength < CHANCE.get(finding.measure, 0.0),
        frozenset(finding.columns) - tested if tested else frozenset(),
    )


def _mask(finding: Finding, rows: Dataset) -> NDArray[np.bool_] | None:
    tests = finding.condition.tests
    if not tests or any(test.column not in rows.schema for test in tests):
        return None
    return finding.condition.mask(rows.frame).to_numpy()


def _agreement(matches: Sequence[Match]) -> float | None:
    again = [match.agreement for match in matches if match.again is not None]
    return float(np.mean(again)) if again else None
