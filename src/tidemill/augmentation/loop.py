"""The loop: round by round, generate where the real rows are thin, keep only what helps, and prove
it at the end."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.augmentation import AIMS, elsewhere
from tidemill.augmentation.checkpoint import LoopCheckpoint
from tidemill.augmentation.diversity import Diversity, diversity
from tidemill.augmentation.menu import baselines, candidates
from tidemill.augmentation.scoring import Result, Scoring
from tidemill.augmentation.strategy import ELSEWHERE, Step, Strategy
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets, apart
from tidemill.augmentation.wording import round_reason, verdict_reason
from tidemill.cleaning import plan as cleaning
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.finding import Findings
from tidemill.core.modality import unsuited
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.core.states import HasState
from tidemill.core.verdict import Candidate, Contrast, RoundRecord, Verdict
from tidemill.core.words import plural
from tidemill.mining.mine import mine
from tidemill.models.base import unfitted
from tidemill.reporting.page import Report
from tidemill.supervised.folds import folds
from tidemill.supervised.intervals import Interval, paired_bootstrap
from tidemill.supervised.learners import learners_of, words_of
from tidemill.supervised.measures import Measure, checked_cost, measures
from tidemill.trials.problem import Problem, problem_of
from tidemill.trials.trial import Arm, Trials, entities, predicted, trial

FEW_ROWS = 2000
"""Up to so many real rows the folds are made four times, else twice."""
MOST_ROWS = 20_000
"""Of more training rows, so many are drawn: what generated rows add grows less with every real
row."""
INSTEAD = "use tidemill fit, tidemill sample and tidemill verdict"
"""For data that the loop is not for."""
COPIES_LEVEL = 0.8
"""Level of the interval of the gain over copies: copies pass in at most one round of ten."""
SHARES = (1.0, 0.3, 0.1)
FEWEST_SHOWN = 60
"""Points of the learning curve with fewer real rows are left out."""
MOST_CURVE = 12_000
"""Of more real rows, so many are drawn for the comparisons by other learners, measures and
sizes."""


@dataclass(frozen=True)
class LoopOptions:
    """What a loop shall do.

    Attributes:
        rounds: Most rounds of generation.
        metric: The measure that decides; by default the one that suits the target.
        cost: What a false alarm ("fp") and a missed case ("fn") of the rarer class cost; without
            ``metric``, that decides.
        model, options: The generator.
        newer: Newer rows; segments that have grown in them are generated for.
        also: Rows of another source with the columns of the real ones, which may be put beside
            them.
    """

    rounds: int = 3
    metric: str | None = None
    cost: Mapping[str, float] | None = None
    model: str = "trees"
    options: Mapping[str, Any] | None = None
    newer: Dataset | None = None
    also: Dataset | None = None


@dataclass(frozen=True)
class LoopResult(HasState):
    """What a loop gave.

    Attributes:
        verdict: Whether generated rows help.
        turns: What each round tried and what came of it; the first is the real rows alone.
        strategy: What is recommended: the candidate where it helps, else the control.
        candidate, control: What the verdict compares: the best with generated rows, and the best
            without.
        settings: How its rows are made.
        generated: The rows that the strategy adds to all training rows, each with its round; None
            where it adds none.
        origins: For each of them, in words, what it was generated for.
        train, test: The real rows; nothing but the verdict's last comparison has seen the test
            rows.
        findings: What mining found in the training rows.
        stopped: Why the loop ended, in words.
        seconds: Step -> what it took.
        report: The page; None until it is built.
    """

    STATE = (
        "verdict",
        "strategy",
        "candidate",
        "control",
        ("rounds", "turns"),
        "generated_rows",
        "stopped",
        "seconds",
    )

    verdict: Verdict
    turns: tuple[RoundRecord, ...]
    strategy: Strategy
    candidate: Strategy
    control: Strategy
    settings: GeneratorOptions
    generated: Dataset | None
    origins: tuple[str, ...]
    train: Dataset
    test: Dataset
    findings: Findings
    stopped: str
    seconds: Mapping[str, float]
    report: Report | None = None

    @property
    def generated_rows(self) -> int:
        """How many rows the strategy adds to all training rows."""
        return 0 if self.generated is None else len(self.generated)

    def __str__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """What a person can act on, in some lines of plain text."""
        return str(self.verdict) if self.report is None else self.report.summary()

    def _repr_html_(self) -> str:
        return self.verdict._repr_html_() if self.report is None else self.report._repr_html_()


def refuse_unsuited(data: Dataset) -> None:
    """Raises OptionError where there is no aim for such data."""
    modality = data.schema.modality
    if not AIMS.for_modality(modality):
        raise OptionError(unsuited("the loop", modality), where=data.name, hint=INSTEAD)


def loop(
    data: Dataset,
    run: Run,
    asked: LoopOptions,
    journal: LoopCheckpoint | None = None,
    early: Callable[[LoopResult], None] | None = None,
) -> LoopResult:
    """Search for the strategy that helps a model of the target most, and prove on untouched rows
    that it does.

    The rows are split; all search happens in repeated stratified cross-validation of the training
    rows, in which every fold's generator, gates and aims know that fold's training rows only. A
    round's best candidate is accepted where the whole corrected 95 % interval of its gain lies
    above 0, and that over copies of real rows in its place at 80 %. Of so many candidates, one in
    40 may get so far by chance; so the test rows, which are used once, at the end, must confirm the
    gain with a p-value of at most 1 / (candidates tried). Both together err in at most one verdict
    in 40.

    Args:
        data: Real rows with a target.
        run: Seed, progress, cancelling, and a deadline after which no further round begins.
        asked: What to do.
        journal: Where figures are kept, for resuming.
        early: Is given what real rows alone can do, before the first round.

    Raises:
        DataError: There is no target that can be learned, or there are too few rows.
        OptionError: The measure does not suit the target, or a number makes no sense.
    """
    if asked.rounds < 0:
        raise OptionError(f"{asked.rounds} rounds cannot be made", hint="ask for 0 or more")
    unfitted(asked.model, asked.options)
    began = time.monotonic()
    train, test, asked, findings = _prepared(data, asked, run)
    caveats: tuple[str, ...] = ()
    if len(train) > MOST_ROWS:
        caveats = (f"Of {len(train):,} training rows, {MOST_ROWS:,} drawn at random were used.",)
        train = split(train, run.child("proof", "looping", "drawn"), MOST_ROWS / len(train))[1]
    prepared = time.monotonic()
    search = _Search(train, asked, journal or LoopCheckpoint(None, ""), run)
    search.first_round()
    if early is not None and asked.rounds:
        early(search.proved(test, findings, caveats, early=True))
    search.rounds()
    searched = time.monotonic()
    found = search.proved(test, findings, caveats)
    return replace(
        found,
        seconds={
            "clean and mine": prepared - began,
            "rounds": searched - prepared,
            "prove": time.monotonic() - searched,
        },
    )


def fingerprint(data: Dataset, run: Run, asked: LoopOptions) -> str:
    """What a journal must match: the same data and the same settings."""
    settings = (
        run.seed,
        data.schema.fingerprint(),
        asked.metric,
        sorted((asked.cost or {}).items()),
        asked.model,
        sorted((asked.options or {}).items()),
        None if asked.newer is None else _digest(asked.newer),
        None if asked.also is None else _digest(asked.also),
    )
    return hashlib.sha256(f"{settings!r}{_digest(data)}".encode()).hexdigest()[:32]


def _digest(data: Dataset) -> str:
    return hashlib.sha256(data.frame.hash_rows().to_numpy().tobytes()).hexdigest()


def _prepared(
    data: Dataset, asked: LoopOptions, run: Run
) -> tuple[Dataset, Dataset, LoopOptions, Findings]:
    """Training and test rows, the options with newer rows and those from elsewhere, all cleaned as
    the training rows teach, and what is found in the training rows."""
    if data.target is None:
        raise DataError(
            "there is no target, so nothing says what helps",
            where=data.name,
            hint="name the column to be predicted with option 'target'",
        )
    target = data.target.name
    data = cleaning.records(data, run).data
    known = data[target].is_not_null().to_numpy()
    if not known.all():
        lacking = f"without a value of '{target}'"
        one, more = f"row {lacking} is left out", f"rows {lacking} are left out"
        run.warn(plural(int((~known).sum()), one, more))
        data = data.rows(known)
    train, test = split(data, run)
    plan = cleaning.learn(train, run)
    train = cleaning.apply(plan, train).data
    names = [column.name for column in train.schema if column.role != "ignore"]
    train = train.select(names)
    test = cleaning.apply(plan, test).data.select(names)
    if asked.newer is not None:
        newer = cleaning.apply(plan, cleaning.records(asked.newer, run).data).data
        asked = replace(asked, newer=newer)
    if asked.also is not None:
        also = cleaning.apply(plan, cleaning.records(asked.also, run).data).data
        asked = replace(asked, also=elsewhere.prepared(also, train, test, run))
    seen, held = split(train, run.child("proof", "looping", "findings"))
    return train, test, asked, mine(seen, held, run)


class _Search:
    """One loop under way: what has been tried, and what is best so far."""

    def __init__(
        self, train: Dataset, asked: LoopOptions, journal: LoopCheckpoint, run: Run
    ) -> None:
        self._train = train
        self._asked = asked
        self._journal = journal
        self._run = run
        self._problem = problem_of(train)
        self._measures = _suited(self._problem, asked)
        self._turns: list[RoundRecord] = []
        self._tried = 0
        self._stopped = "all rounds were made"

    @property
    def _measure(self) -> Measure:
        return self._measures[0]

    def first_round(self) -> None:
        """Real rows alone by every learner; then what is to be beaten, by the best of them."""
        began = time.monotonic()
        self._folds = folds(
            self._problem.label,
            self._run,
            classes=len(self._problem.classes),
            repeats=4 if len(self._train) <= FEW_ROWS else 2,
            groups=entities(self._train),
        )
        plain = self._scoring_by("boosting")
        means: dict[str, float] = {}
        for name in learners_of(self._problem.modality):
            words = f"measuring real rows alone by {words_of(name)}"
            [alone] = plain.results([Strategy()], name, words)
            means[name] = alone.mean
        self._learner = list(means)[int(np.argmax(list(means.values())))]
        self._settings = replace(plain.settings, learner=self._learner)
        self._scoring = self._scoring_by(self._learner)
        rivals = baselines(self._train, self._problem)
        found = self._scoring.results(rivals, self._learner, "measuring rivals")
        self._best = self._control = self._leading = max(found, key=_mean)
        gains = [None, *(self._scoring.gain(result, found[0]) for result in found[1:])]
        self._whole = TrainingSets(self._train, self._settings, apart(self._run, "whole"))
        reason = round_reason(0, self._best.strategy, None, self._measure)
        self._record(0, found, gains, self._best, reason, began)

    def rounds(self) -> None:
        """Rounds of generation, until one does not pay or the time is up."""
        for number in range(1, self._asked.rounds + 1):
            self._run.check()
            if self._run.must_stop(number):
                self._stopped = "the time was up"
                return
            if not self._round(number):
                self._stopped = f"round {number} did not pay"
                return

    def _round(self, number: int) -> bool:
        began = time.monotonic()
        also = 0 if self._asked.also is None else len(self._asked.also)
        tried = candidates(
            self._best.strategy,
            self._train,
            self._problem,
            newer=self._asked.newer is not None,
            also=also,
            learner=self._learner,
        )
        words = f"round {number}: trying generated rows"
        found = self._scoring.results(tried, self._learner, words)
        self._tried += len(tried)
        gains = [self._scoring.gain(result, self._best) for result in found]
        # an aim may want nothing, or nothing may pass
        able = [k for k, result in enumerate(found) if result.rows >= 1]
        if not able:
            reason = f"Round {number} did not pay: there was nothing to generate."
            self._record(number, found, gains, None, reason, began)
            return False
        best = max(able, key=lambda k: found[k].mean)
        first, gain = found[best], gains[best]
        pays = gain.low > 0 and self._beats_copies(first, number)
        reason = round_reason(
            number,
            first.strategy,
            self._contrast(first, gain, self._best),
            self._measure,
            pays=pays,
            copied=gain.low > 0 and not pays,
        )
        if self._leading is self._control or first.mean > self._leading.mean:
            self._leading = first
        self._record(number, found, gains, first if pays else None, reason, began)
        if pays:
            self._best = first
            self._scoring.forget(first.strategy)
        return pays

    def _beats_copies(self, found: Result, number: int) -> bool:
        """Whether rows that are new help more than copies of real rows in their place."""
        [copies] = self._scoring.results(
            [replace(found.strategy, copied=True)],
            self._learner,
            f"round {number}: trying copies of real rows in their place",
        )
        return self._scoring.gain(found, copies, COPIES_LEVEL).low > 0

    def proved(
        self,
        test: Dataset,
        findings: Findings,
        caveats: tuple[str, ...] = (),
        *,
        early: bool = False,
    ) -> LoopResult:
        """The verdict: the best strategy beside the best that real rows can do, with the one look
        at the test rows. Before the first round it is about real rows alone."""
        accepted = self._best is not self._control
        chosen = self._best if accepted else self._leading
        gain = self._scoring.gain(chosen, self._control)
        main = self._contrast(chosen, gain, self._control)
        tested, p_value = self._tested(chosen.strategy, test)
        helps = accepted and gain.low > 0 and p_value <= 1 / self._tried
        reason = verdict_reason(
            main,
            tested,
            self._measure,
            self._learner,
            helps=helps,
            accepted=accepted,
            tried=self._tried,
        )
        verdict = Verdict(
            helps,
            gain.mean,
            gain.low,
            gain.high,
            self._measure.words,
            self._learner,
            str(chosen.strategy),
            str(self._control.strategy),
            reason,
            (main,) if early else (main, *self._curves(chosen.strategy)),
            tested,
            caveats,
        )
        recommended = chosen.strategy if helps else self._control.strategy
        generated, origins = self._handed_over(recommended)
        return LoopResult(
            verdict,
            tuple(self._turns),
            recommended,
            chosen.strategy,
            self._control.strategy,
            self._settings,
            generated,
            origins,
            self._train,
            test,
            findings,
            self._stopped,
            {},
        )

    def _scoring_by(self, learner: str) -> Scoring:
        settings = GeneratorOptions(
            self._asked.model,
            self._asked.options or {"effort": "plain"},
            learner,
            self._asked.newer,
            self._asked.also,
        )
        return Scoring(self._train, self._folds, self._measure, settings, self._journal, self._run)

    def _contrast(self, found: Result, gain: Interval, reference: Result) -> Contrast:
        sign = 1 if self._measure.better_high else -1
        return Contrast(
            str(found.strategy),
            str(reference.strategy),
            found.strategy.learner or self._learner,
            self._measure.name,
            1.0,
            sign * found.mean,
            sign * reference.mean,
            gain.mean,
            gain.low,
            gain.high,
        )

    def _tested(self, strategy: Strategy, test: Dataset) -> tuple[Contrast, float]:
        """The one comparison on the test rows, and the share of resamples in which there is no
        gain."""
        coded = self._problem.coded(test)
        known = np.flatnonzero(~np.isnan(coded))
        truth, rows = coded[known], test.rows(known)
        own = self._run.child("proof", "looping", "test")
        strategy_says, control_says = (
            predicted(
                self._whole.rows(one),
                rows,
                one.learner or self._learner,
                own,
                problem=self._problem,
            )
            for one in (strategy, self._control.strategy)
        )
        better, worse = strategy_says, control_says
        if not self._measure.better_high:  # the difference is a gain, also of a cost
            better, worse = control_says, strategy_says
        gain = paired_bootstrap(
            self._measure.drawn,
            truth,
            better,
            worse,
            own.rng("bootstrap"),
            classes=len(self._problem.classes),
        )
        contrast = Contrast(
            str(strategy),
            str(self._control.strategy),
            strategy.learner or self._learner,
            self._measure.name,
            1.0,
            self._measure.of(truth, strategy_says),
            self._measure.of(truth, control_says),
            gain.mean,
            gain.low,
            gain.high,
        )
        return contrast, gain.p

    def _curves(self, strategy: Strategy) -> list[Contrast]:
        """The strategy beside its control by all learners, measures and sizes, on one division of
        the training rows."""
        train = self._train
        if len(train) > MOST_CURVE:
            drawn = self._run.rng("looping", "curve").permutation(len(train))[:MOST_CURVE]
            train = train.rows(np.sort(drawn))
        problem = replace(self._problem, label=self._problem.coded(train))

        def arm(one: Strategy) -> Arm:
            return Arm(
                str(one),
                one.kind,
                lambda data, own: TrainingSets(data, self._settings, apart(own, "curve")).rows(one),
            )

        shares = [
            share for share in SHARES if share == 1 or 0.8 * share * len(train) >= FEWEST_SHOWN
        ]
        learners = learners_of(problem.modality)
        trials = trial(
            [arm(self._control.strategy), arm(strategy)],
            train,
            self._run,
            learners=learners,
            measures=self._measures,
            shares=shares,
            repeats=1,
            problem=problem,
        )
        names = (str(strategy), str(self._control.strategy))
        contrasts = []
        for measure in self._measures:
            for share in shares:
                for learner in learners:
                    contrasts.append(_compared(trials, *names, learner, measure.name, share))
        return contrasts

    def _handed_over(self, strategy: Strategy) -> tuple[Dataset | None, tuple[str, ...]]:
        """The rows that the strategy adds to all training rows, and what each was made for."""
        parts, origins = [], []
        for k, step in enumerate(strategy.steps):
            pool = self._whole.pool(strategy.steps[:k], step.aim)
            at = pool.take(step.amount)
            parts.append(pool.data.rows(at))
            origins += [pool.whys[want] for want in pool.want[at]]
        if not parts:
            return None, ()
        return stacked(parts), tuple(origins)

    def _record(
        self,
        number: int,
        found: Sequence[Result],
        gains: Sequence[Interval | None],
        accepted: Result | None,
        reason: str,
        began: float,
    ) -> None:
        sign = 1 if self._measure.better_high else -1
        tried = []
        for result, gain in zip(found, gains, strict=True):
            candidate = Candidate(
                str(result.strategy),
                result.strategy.kind,
                round(result.rows),
                sign * result.mean,
                accepted=result is accepted,
            )
            if gain is not None:
                candidate = replace(candidate, gain=gain.mean, low=gain.low, high=gain.high)
            tried.append(candidate)
        before = self._best.strategy.steps
        pools = [self._whole.pool(before, aim) for aim in _aims(found, before)] if number else []
        whys: list[str] = []
        dropped: Counter[str] = Counter()
        for pool in pools:
            whys += pool.whys
            dropped.update(pool.dropped)
        steps = accepted.strategy.steps if accepted else before
        kept = Diversity(1.0, 0.0, 1.0)
        if steps:
            kept = diversity(self._train, self._whole.taught(steps))
        self._turns.append(
            RoundRecord(
                number,
                tuple(whys),
                sum(pool.generated for pool in pools),
                dict(dropped),
                tuple(tried),
                reason,
                kept.tails,
                kept.trends,
                kept.distinct,
                time.monotonic() - began,
            )
        )
        self._run.emit("note", "loop", reason)


def stacked(parts: Sequence[Dataset]) -> Dataset:
    """Generated rows of several rounds one below the other, each with its round."""
    frame = pl.concat([part.frame for part in parts])
    origins = []
    for part in parts:
        first = pl.repeat(1, len(part), dtype=pl.Int16, eager=True)
        origins.append(first if part.origin is None else part.origin)
    return replace(parts[0], frame=frame, origin=pl.concat(origins))


def _compared(
    trials: Trials, arm: str, control: str, learner: str, measure: str, share: float
) -> Contrast:
    gain = trials.gain(arm, control, learner, measure, share)
    return Contrast(
        arm,
        control,
        learner,
        measure,
        share,
        trials.mean(arm, learner, measure, share),
        trials.mean(control, learner, measure, share),
        gain.mean,
        gain.low,
        gain.high,
    )


def _mean(result: Result) -> float:
    return result.mean


def _aims(found: Sequence[Result], before: tuple[Step, ...]) -> list[str]:
    """The aims that candidates tried beyond the steps before, in the registry's order."""
    tried = set()
    for result in found:
        steps = result.strategy.steps
        if len(steps) > len(before):
            tried.add(steps[-1].aim)
    return [aim for aim in (*AIMS, ELSEWHERE) if aim in tried]


def _suited(problem: Problem, asked: LoopOptions) -> tuple[Measure, ...]:
    """The measures that are reported; the first decides."""
    cost = None if asked.cost is None else checked_cost(asked.cost)
    suited = measures(len(problem.classes), problem.label, cost)
    metric = asked.metric
    if not metric:
        metric = "cost" if cost else next(iter(suited))
    if metric not in suited:
        raise OptionError(
            f"the measure '{metric}' does not suit the target '{problem.target.name}'",
            hint=f"choose one of {', '.join(suited)}",
        )
    kept = [suited[metric]]
    for name, measure in suited.items():
        if name not in (metric, "roc_auc"):
            kept.append(measure)
    return tuple(kept)
