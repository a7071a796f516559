"""Rules of at most two questions about whom to treat, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidemill.core.condition import Condition
from tidemill.core.run import Run
from tidemill.effects.estimates import scores
from tidemill.effects.nuisances import Nuisances
from tidemill.effects.policies import PolicyValue, policy_values
from tidemill.effects.study import Study
from tidemill.effects.targeting import halves
from tidemill.mining.subgroups import candidate_tests, describe
from tidemill.mining.wording import test_words
from tidemill.recipes.study_case import StudyCase
from tidemill.supervised.arrays import Floats

LEAST_SHARE = 0.1
"""A rule treats at least this share of the rows, and leaves out as many."""
BY_RULE, EVERYONE, AS_NOW = "by the rule", "everyone", "as now"


@dataclass(frozen=True)
class TreatmentRule:
    """A rule, and what it is worth beside simpler ones.

    Attributes:
        words: Whom it treats; "" where none was found.
        values: What treating by the rule, everyone and as now gains a row against treating nobody,
            on rows in which the rule was not looked for.
    """

    words: str
    values: tuple[PolicyValue, ...]

    @property
    def own(self) -> PolicyValue:
        """Of the rule."""
        return self.values[0]

    @property
    def is_better(self) -> bool:
        """Whether the rule surely gains more than everyone, nobody, and what is done now."""
        found = self.own
        return bool(self.words) and found.gain.low > 0 and found.beats(EVERYONE, AS_NOW)


def treatment_rule(
    case: StudyCase, rows: np.ndarray, study: Study, nuisance: Nuisances, sign: float, run: Run
) -> TreatmentRule:
    """The rule of at most two questions by which most is gained, found in one half of the rows and
    valued on the other (Athey and Wager 2021 learn rules from such scores).

    Args:
        case: The table.
        rows: Places of the study's rows in it.
        study: Rows with a counterpart.
        nuisance: What is expected of them.
        sign: 1 where more of the outcome is better, -1 where less is.
        run: Its streams divide the rows.
    """
    first, second = halves(study, run)
    score = sign * scores(study, nuisance)
    condition = _found(case, rows[first], score[first])
    part = study.part(second)
    own = np.zeros(len(second))
    if condition is not None:
        own = condition.mask(case.data.rows(rows[second]).frame).to_numpy().astype(float)
    rules = {
        BY_RULE: own,
        EVERYONE: np.ones(len(second)),
        AS_NOW: nuisance.propensity[second],
    }
    values = policy_values(rules, score[second], part.whose)
    words = "" if condition is None else test_words(condition.tests)
    return TreatmentRule(words, tuple(values))


def _found(case: StudyCase, rows: np.ndarray, score: Floats) -> Condition | None:
    """Of all conjunctions of two tests that whose scores have the largest sum."""
    part = case.data.rows(rows)
    least, most = LEAST_SHARE * len(part), (1 - LEAST_SHARE) * len(part)

    def quality(size: Floats, total: Floats) -> Floats:
        return np.where((size >= least) & (size <= most), total, -np.inf)

    found = describe(candidate_tests(part, list(case.columns)), score, quality, depth=2, gain=0.0)
    return None if found is None else found[0]
