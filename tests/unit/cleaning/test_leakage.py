import numpy as np
import pytest

from tidemill.cleaning.leakage import CHECK
from tidemill.core.run import Run

N = 1_000


def issues(data):
    return CHECK.diagnose(data, Run()).issues


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def test_the_answer_in_other_words_is_a_warning(table, rng):
    y = rng.random(N) < 0.3
    data = table(
        roles={"y": "target"}, y=y, paid=np.where(y, rng.normal(50, 9, N), 0), x=rng.normal(size=N)
    )
    (issue,) = issues(data)
    assert issue.severity == "warning"
    assert issue.columns == ("paid",)
    assert issue.figures["paid"] > 0.94


def test_missing_values_can_give_the_answer_away(table, rng):
    y = rng.random(N) < 0.3
    data = table(
        roles={"y": "target"},
        y=y,
        closed=[5 if answer else None for answer in y],
        x=rng.normal(size=N),
    )
    assert issues(data)[0].columns == ("closed",)


def test_three_classes(table, rng):
    y = rng.integers(0, 3, N)
    data = table(
        kinds={"y": "category"}, roles={"y": "target"}, y=y, code=[f"c{value}" for value in y]
    )
    assert issues(data)[0].columns == ("code",)


def test_a_number(table, rng):
    y = rng.lognormal(3, 1, N)
    data = table(roles={"y": "target"}, y=y, cents=(y * 100).round(), x=rng.normal(size=N))
    (issue,) = issues(data)
    assert issue.columns == ("cents",)
    assert "R² of ranks" in issue.sentence


def test_one_far_above_the_others_is_a_question(table, rng):
    y = rng.random(N) < 0.5
    data = table(
        roles={"y": "target"}, y=y, strong=y + rng.normal(0, 0.6, N), weak=y + rng.normal(0, 5, N)
    )
    (issue,) = issues(data)
    assert issue.severity == "note"
    assert issue.columns == ("strong",)
    assert "Is it known" in issue.sentence


def test_many_levels_do_not_fit_by_themselves(table, rng):
    data = table(
        roles={"y": "target"},
        y=rng.random(N) < 0.5,
        town=[f"t{i}" for i in rng.integers(0, 800, N)],
        x=rng.normal(size=N),
    )
    assert not issues(data)


@pytest.mark.parametrize(
    "target", [[1] * N, [None] * N, [1, 0] * 3 + [None] * (N - 6), [True] * (N - 3) + [False] * 3]
)
def test_a_target_that_cannot_be_judged_gives_nothing(table, rng, target):
    assert not issues(table(roles={"y": "target"}, y=target, x=rng.normal(size=N)))


def test_duration_in_bank_marketing(real, table):
    frame = real("bank_marketing/bank_full.parquet")
    (issue,) = issues(table(roles={"y": "target"}, **frame.to_dict()))
    assert issue.columns == ("duration",)
    assert "AUC 0.8" in issue.sentence


def test_a_text_that_names_the_answer_is_a_warning_and_one_that_only_tells_it_is_not(table, rng):
    y = rng.choice(["lost card", "late parcel", "refund"], N)
    words = rng.choice(["please", "help", "soon", "my", "again"], (N, 6))
    kinds, roles = {"y": "category", "note": "text"}, {"y": "target"}
    note = [f"{' '.join(row)} [Topic: {one.title()}]" for row, one in zip(words, y, strict=True)]
    (issue,) = issues(table(kinds=kinds, roles=roles, y=y, note=note))
    assert issue.severity == "warning"
    assert issue.columns == ("note",)
    assert "'note' names 'y'" in issue.sentence
    tells = {"lost card": "gone", "late parcel": "waiting", "refund": "money"}
    note = [f"{' '.join(row)} {tells[one]}" for row, one in zip(words, y, strict=True)]
    assert not issues(table(kinds=kinds, roles=roles, y=y, note=note))
