"""Whether a model that also learns from generated rows does better on real ones, and how sure that
is.

A table of generated rows may hold what its maker saw of the rows that are tested on. What
:func:`tidemill.trials.strategies.table` does against that keeps copies from winning, but not what a
model has learned. So a table needs a holdout to be found of use; all tests are then made on those
rows. A sampler is fitted anew in each fold and needs none of this; a holdout is then used once, at
the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.modality import TABLES, unsuited
from tidemill.core.run import Run
from tidemill.core.verdict import Contrast, Verdict
from tidemill.core.words import quoted
from tidemill.metrics.unseen import LEARNED, MADE_OF_UNSEEN, learned, made_of_unseen
from tidemill.supervised.intervals import paired_bootstrap
from tidemill.supervised.learners import LEARNERS, learners_of, words_of
from tidemill.supervised.measures import Measure, checked_cost, measures
from tidemill.supervised.sampling import shared_texts
from tidemill.trials import wording
from tidemill.trials.controls import REAL, controls
from tidemill.trials.problem import Problem, problem_of
from tidemill.trials.strategies import Resampler, sampler, table
from tidemill.trials.trial import Arm, Trials, predicted, trial

SHARES = (1.0, 0.3, 0.1)
SPLITS, REPEATS = 5, 2
FEWEST_ROWS = 50
FEWEST_SHOWN = 30
"""Points of the learning curve at which a fold learns from fewer real rows are left out."""
MOST_ROWS = 20_000
"""Of more real rows, so many are drawn; of more generated rows, twice as many."""


@dataclass(frozen=True)
class _Contest:
    """What is compared.

    Attributes:
        problem: What is predicted.
        strategy: The generated rows.
        arms: The controls and the strategy.
        measures: That are reported; a verdict goes by the first.
        learners: Registered names.
    """

    problem: Problem
    strategy: Arm
    arms: tuple[Arm, ...]
    measures: tuple[Measure, ...]
    learners: tuple[str, ...]


def verdict(
    train: Dataset,
    synthetic: Dataset | Resampler,
    run: Run,
    *,
    learners: Sequence[str] | None = None,
    metric: str | None = None,
    cost: Mapping[str, float] | None = None,
    holdout: Dataset | None = None,
    shares: Sequence[float] = SHARES,
    splits: int = SPLITS,
    repeats: int = REPEATS,
) -> Verdict:
    """Compare real rows together with generated ones with the best that real rows alone can do.

    Each learner learns from each strategy in repeated stratified cross-validation and is tested on
    real rows only. The verdict goes by the learner that is best on real rows alone, and by the best
    of the controls for it: real rows, class weights, and real rows repeated until there are as many
    of each class as in the strategy. Both choices are made before the gain is looked at, and
    neither favours the generated rows. They help if the whole 95 % interval of the gain
    (:func:`tidemill.supervised.intervals.corrected`) lies above 0: where they do not help, 1
    verdict in 40 is wrong by chance.

    Args:
        train: Real rows with a target.
        synthetic: Generated rows, or a sampler with ``fit_resample``.
        run: Seed, progress and cancelling.
        learners: Registered names; by default all those of tables, and of images "convolutional".
        metric: The measure that decides; the first of :func:`tidemill.supervised.measures.measures`
            by default.
        cost: What a false alarm ("fp") and a missed case ("fn") of the rarer class cost; without
            ``metric``, that decides.
        holdout: Real rows that neither the generator nor ``train`` has seen.
        shares: Parts of the real rows that are learned from, for the learning curve.
        splits, repeats: Of the cross-validation.

    Raises:
        DataError: There is no target, there are too few rows (of a class), or the holdout was
            learned.
        OptionError: There is no such learner or measure.
    """
    _check(train, synthetic, holdout, run)
    train, left_out = _with_shared_texts(train, synthetic, holdout)
    real, made, caveats = _affordable(train, synthetic, run)
    caveats += left_out
    contest = _contest(real, made, run, learners, metric, cost)
    caveats += _table_caveats(made, contest.problem, holdout)
    outside = holdout if isinstance(made, Dataset) else None
    rows = len(real) * (1 - 1 / splits)
    points = [share for share in shares if share == 1 or share * rows >= FEWEST_SHOWN]
    trials = _trials(contest, real, outside, points, splits, repeats, run)
    contrasts = _contrasts(trials, contest, points)
    caveats += wording.fold_caveats(trials, splits, repeats, outside)
    best = _best_learner(trials, contest)
    if isinstance(made, Dataset):
        return _verdict(contrasts, best, contest, caveats, borrowed=holdout is None)
    test = None
    if holdout is not None:
        test = _tested(contrasts[best], contest, real, holdout, run)
    return _verdict(contrasts, best, contest, caveats, test=test)


def _verdict(
    contrasts: tuple[Contrast, ...],
    best: int,
    contest: _Contest,
    caveats: Sequence[str],
    *,
    borrowed: bool = False,
    test: Contrast | None = None,
) -> Verdict:
    first = contest.measures[0]
    chosen = contrasts[best]
    helps = chosen.low > 0 and not borrowed and (test is None or test.gain > 0)
    return Verdict(
        helps,
        chosen.gain,
        chosen.low,
        chosen.high,
        first.words,
        chosen.learner,
        chosen.strategy,
        chosen.control,
        wording.reason(chosen, first, test, borrowed),
        contrasts,
        test,
        tuple(caveats),
    )


def _trials(
    contest: _Contest,
    real: Dataset,
    test: Dataset | None,
    shares: Sequence[float],
    splits: int,
    repeats: int,
    run: Run,
) -> Trials:
    return trial(
        contest.arms,
        real,
        run,
        learners=contest.learners,
        measures=contest.measures,
        shares=shares,
        splits=splits,
        repeats=repeats,
        problem=contest.problem,
        test=test,
    )


def _best_learner(trials: Trials, contest: _Contest) -> int:
    """The position of the learner that is best on real rows alone."""
    first = contest.measures[0]
    reached = [trials.mean(REAL, learner, first.name) for learner in contest.learners]
    return _best(reached, first)


def _contrasts(trials: Trials, contest: _Contest, shares: Sequence[float]) -> tuple[Contrast, ...]:
    """All comparisons: by measure, then share, then learner; the first ones decide."""
    found = []
    for measure in contest.measures:
        for share in shares:
            for learner in contest.learners:
                found.append(_contrast(trials, contest, learner, measure.name, share))
    return tuple(found)


def _check(
    train: Dataset, synthetic: Dataset | Resampler, holdout: Dataset | None, run: Run
) -> None:
    if train.origin is not None and train.origin.max() != 0:
        raise DataError(
            "some of the training rows were generated, but only real rows can be tested on",
            where=train.name,
            hint="give the real rows and the generated ones apart",
        )
    for data in (train, holdout):
        if data is not None and len(data) < FEWEST_ROWS:
            raise DataError(
                f"{len(data)} rows are too few for a verdict",
                where=data.name,
                hint=f"give at least {FEWEST_ROWS} real rows",
            )
    if holdout is None or train.schema.modality not in TABLES:
        return
    why = LEARNED if learned(train, holdout, run) else ""
    if not why and isinstance(synthetic, Dataset):
        why = MADE_OF_UNSEEN if made_of_unseen(train, holdout, synthetic, run) else ""
    if why:
        raise DataError(
            f"there can be no verdict: {why}",
            where=holdout.name,
            hint="give held-out rows that neither the generator nor the training rows have seen",
        )


def _affordable(
    train: Dataset, synthetic: Dataset | Resampler, run: Run
) -> tuple[Dataset, Dataset | Resampler, list[str]]:
    """Samples of large tables, and what to say of it."""
    caveats = []
    if len(train) > MOST_ROWS:
        caveats.append(f"Of {len(train):,} real rows, {MOST_ROWS:,} drawn at random were used.")
        drawn = run.rng("proof", "real").permutation(len(train))[:MOST_ROWS]
        train = train.rows(np.sort(drawn))
    most = 2 * MOST_ROWS
    if isinstance(synthetic, Dataset) and len(synthetic) > most:
        caveats.append(f"Of {len(synthetic):,} generated rows, {most:,} drawn at random were used.")
        drawn = run.rng("proof", "generated").permutation(len(synthetic))[:most]
        synthetic = synthetic.rows(np.sort(drawn))
    return train, synthetic, caveats


def _with_shared_texts(
    train: Dataset, synthetic: Dataset | Resampler, holdout: Dataset | None
) -> tuple[Dataset, list[str]]:
    """The real rows without those columns of free text that other rows have not, and what to say of
    it."""
    others = [data for data in (synthetic, holdout) if isinstance(data, Dataset)]
    kept = shared_texts(train, *others)
    lacking = [column.name for column in train.schema.texts if column not in kept]
    if not lacking:
        return train, []
    names = [name for name in train.schema.names if name not in lacking]
    caveat = f"Nothing was learned from {quoted(lacking)}, as not all of the rows have such texts."
    return train.select(names), [caveat]


def _contest(
    real: Dataset,
    made: Dataset | Resampler,
    run: Run,
    learners: Sequence[str] | None,
    metric: str | None,
    cost: Mapping[str, float] | None,
) -> _Contest:
    problem = problem_of(real)
    chosen = _measures(problem, metric, cost)
    names = _fitting(learners, problem)
    if isinstance(made, Dataset):
        strategy = table(real, made, problem, run)
    else:
        strategy = sampler(made, problem)
    arms = (*controls(problem, strategy), strategy)
    return _Contest(problem, strategy, arms, chosen, names)


def _measures(
    problem: Problem, metric: str | None, cost: Mapping[str, float] | None
) -> tuple[Measure, ...]:
    """The measure that decides, then those that are reported beside it."""
    costs = None if cost is None else checked_cost(cost)
    suited = measures(len(problem.classes), problem.label, costs)
    if not metric:
        metric = "cost" if cost else next(iter(suited))
    if metric not in suited:
        hint = f"choose one of {', '.join(suited)}"
        if len(problem.classes) == 2 and not cost:
            hint += "; cost needs option 'cost=fp=5,fn=200'"
        raise OptionError(
            f"the measure '{metric}' does not suit the target '{problem.target.name}'", hint=hint
        )
    kept = [suited[metric]]
    for name, measure in suited.items():
        if name not in (metric, "roc_auc"):
            kept.append(measure)
    return tuple(kept)


def _fitting(learners: Sequence[str] | None, problem: Problem) -> tuple[str, ...]:
    """The learners that are asked for, which must suit the columns."""
    default = learners_of(problem.modality)
    if not default:
        raise OptionError(
            unsuited("a verdict", problem.modality),
            hint="leave the column that makes them so out with option 'ignore'",
        )
    if problem.modality == "images" and not problem.classes:
        raise OptionError(
            f"there is no learner of images for the number '{problem.target.name}'",
            hint="give a label with two or more levels as the target",
        )
    for name in learners or ():
        words_of(name)
    for sentence in LEARNERS.unsuited(problem.modality, learners).values():
        suited = LEARNERS.for_modality(problem.modality)
        raise OptionError(sentence, hint=f"choose of {', '.join(suited)}")
    return tuple(dict.fromkeys(learners or default))


def _table_caveats(
    made: Dataset | Resampler, problem: Problem, holdout: Dataset | None
) -> list[str]:
    """What a reader must know of a table of generated rows."""
    if not isinstance(made, Dataset):
        return []
    caveats = []
    lost = int(np.isnan(problem.coded(made)).sum())
    if lost:
        caveats.append(
            f"{lost:,} generated rows have no value of the target, or one that no real row has; "
            "they were left out."
        )
    if holdout is None:
        caveats.append(wording.BORROWED)
    return caveats


def _best(values: Sequence[float], measure: Measure) -> int:
    """The position of the best value; NaN is never it, unless all are."""
    sign = 1 if measure.better_high else -1
    worth = sign * np.asarray(values)
    return int(np.argmax(np.where(np.isnan(worth), -np.inf, worth)))


def _contrast(
    trials: Trials, contest: _Contest, learner: str, measure: str, share: float
) -> Contrast:
    """The strategy beside the control that is best for this learner, measure and share."""
    names = [arm.name for arm in contest.arms if arm is not contest.strategy]
    reference = [trials.mean(name, learner, measure, share) for name in names]
    best = _best(reference, trials.measures[measure])
    gain = trials.gain(contest.strategy.name, names[best], learner, measure, share)
    extra = trials.rows(contest.strategy.name, share) - trials.rows(REAL, share)
    return Contrast(
        wording.strategy(contest.strategy.name, extra),
        names[best],
        learner,
        measure,
        share,
        trials.mean(contest.strategy.name, learner, measure, share),
        reference[best],
        gain.mean,
        gain.low,
        gain.high,
    )


def _tested(
    chosen: Contrast, contest: _Contest, real: Dataset, holdout: Dataset, run: Run
) -> Contrast:
    """The comparison that the verdict goes by, made once on rows that nothing was chosen by."""
    problem, measure = contest.problem, contest.measures[0]
    truth = problem.coded(holdout)
    rows = np.flatnonzero(~np.isnan(truth))
    own = run.child("proof", "test")
    control = next(arm for arm in contest.arms if arm.name == chosen.control)
    strategy_says, control_says = (
        predicted(arm.make(real, own), holdout.rows(rows), chosen.learner, own, problem=problem)
        for arm in (contest.strategy, control)
    )
    difference = paired_bootstrap(
        measure.drawn,
        truth[rows],
        strategy_says,
        control_says,
        own.rng("bootstrap"),
        classes=len(problem.classes),
    )
    gain = difference.mean
    low, high = difference.low, difference.high
    if not measure.better_high:
        gain = -gain
        low, high = -high, -low
    return Contrast(
        chosen.strategy,
        chosen.control,
        chosen.learner,
        measure.name,
        1.0,
        measure.of(truth[rows], strategy_says),
        measure.of(truth[rows], control_says),
        gain,
        low,
        high,
    )
