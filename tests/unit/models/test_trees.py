"""What `trees` learns, beyond the laws of all generators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import ArtifactError, OptionError
from tidemill.core.grid import Batch, Code, Constraints, LinearBound, PartialRows, Real, Spec
from tidemill.core.run import Run
from tidemill.models import trees
from tidemill.models.forest import Forest
from tidemill.models.honest_forest import Question, honest
from tidemill.models.linear_scores import Terms
from tidemill.models.starting_odds import common_slope
from tidemill.models.trees import Trees
from tidemill.supervised.log_odds import log_odds

RNG = np.random.default_rng(0)
N = 6000


def correlated() -> tuple[Spec, Batch]:
    x = RNG.normal(size=N)
    y = x + RNG.normal(size=N) / 5
    group = (x + RNG.normal(size=N) / 2 > 0).astype(np.int32) + (x > 1.2)
    ticks = np.column_stack([np.rint(1000 * x), np.rint(1000 * y)]).astype(np.int64)
    return Spec((Real("x", 0.001), Real("y", 0.001)), (Code("group", 3),)), Batch(
        ticks, group.astype(np.int32)[:, None]
    )


def test_dependence_is_learned() -> None:
    spec, batch = correlated()
    made = Trees().fit(spec, batch, Run()).sample(N, np.random.default_rng(1))
    real, drawn = (np.corrcoef(b.tick.T)[0, 1] for b in (batch, made))
    assert abs(real - drawn) < 0.03
    for level in range(3):
        assert (
            abs(
                batch.tick[batch.code[:, 0] == level, 0].mean()
                - made.tick[made.code[:, 0] == level, 0].mean()
            )
            < 60
        )


def test_missing_values_that_mean_something_are_learned() -> None:
    group = RNG.integers(0, 2, N).astype(np.int32)
    missing = (RNG.random(N) < np.where(group == 1, 0.6, 0.05)).astype(np.int32)
    ticks = np.where(missing == 1, 0, RNG.integers(0, 100, N)).astype(np.int64)
    spec = Spec((Real("v", 1.0, 1),), (Code("group", 2), Code("v present", 2)))
    made = (
        Trees()
        .fit(spec, Batch(ticks[:, None], np.column_stack([group, missing])), Run())
        .sample(N, np.random.default_rng(1))
    )
    shares = [made.code[made.code[:, 0] == g, 1].mean() for g in (0, 1)]
    assert shares == pytest.approx([0.05, 0.6], abs=0.04)


def test_what_never_happens_is_not_drawn() -> None:
    """A rare outcome (0.9 %) that one column decides: nobody who did not buy has spent anything."""
    bought = (RNG.random(N) < 0.009).astype(np.int32)
    spent = np.where(bought == 1, RNG.integers(10, 500, N), 0).astype(np.int64)
    noise = RNG.integers(0, 5, N).astype(np.int32)
    spec = Spec((Real("spent"),), (Code("noise", 5), Code("bought", 2)))
    made = (
        Trees()
        .fit(spec, Batch(spent[:, None], np.column_stack([noise, bought])), Run())
        .sample(50_000, np.random.default_rng(1))
    )
    impossible = (made.code[:, 1] == 0) & (made.tick[:, 0] > 0)
    assert impossible.mean() < 0.0005
    assert made.code[:, 1].mean() == pytest.approx(bought.mean(), abs=0.003)


def test_a_condition_on_a_late_column_shifts_the_early_ones() -> None:
    spec, batch = correlated()
    late = Spec(spec.reals, spec.codes, order=(("real", 0), ("real", 1), ("code", 0)))
    model = Trees().fit(late, batch, Run())
    for level in range(3):
        made = model.infill(
            2000, Constraints(code={0: np.arange(3) == level}), np.random.default_rng(2)
        ).batch
        here = batch.code[:, 0] == level
        assert abs(made.tick[:, 0].mean() - batch.tick[here, 0].mean()) < 0.12 * 1000
        assert abs(made.tick[:, 0].std() - batch.tick[here, 0].std()) < 0.12 * 1000


def test_rows_are_a_balanced_sample() -> None:
    """Shares of a sample keep closer to the model's own than those of independent draws, and each
    row keeps its chances."""
    spec, batch = correlated()
    model = Trees().fit(spec, batch, Run())
    shares = np.array(
        [
            np.bincount(model.sample(1000, np.random.default_rng(seed)).code[:, 0], minlength=3)
            / 1000
            for seed in range(40)
        ]
    )
    truth = model.sample(100_000, np.random.default_rng(99)).code[:, 0]
    expected = np.bincount(truth, minlength=3) / len(truth)
    assert np.all(shares.std(axis=0) < 0.7 * np.sqrt(expected * (1 - expected) / 1000))
    assert np.abs(shares.mean(axis=0) - expected).max() < 0.004


def test_more_rows_behind_each_answer_learn_less_by_heart() -> None:
    spec, batch = correlated()
    cautious, bold = (Trees(least).fit(spec, batch, Run()) for least in (300, 3))
    assert cautious.steps_planned < bold.steps_planned


def test_a_plain_fit_has_fewer_trees_and_learns_the_dependence_all_the_same() -> None:
    spec, batch = correlated()
    plain, full = (Trees(effort=effort).fit(spec, batch, Run()) for effort in ("plain", "full"))
    trees = [
        sum(int(a.forest.trees.sum()) for a in model.learned if a.forest) for model in (plain, full)
    ]
    assert 1.5 * trees[0] < trees[1]
    real, drawn = (
        np.corrcoef(b.tick.T)[0, 1] for b in (batch, plain.sample(N, np.random.default_rng(1)))
    )
    assert abs(real - drawn) < 0.05


def test_no_copies_of_rare_values() -> None:
    ticks = np.unique(RNG.integers(0, 10**9, 4000))
    spec, batch = (
        Spec((Real("income"),)),
        Batch(ticks[:, None], np.zeros((len(ticks), 0), np.int32)),
    )
    model = Trees().fit(spec, batch, Run())
    made = model.sample(4000, np.random.default_rng(0)).tick[:, 0]
    assert np.isin(made, ticks).mean() < 0.001
    kept = np.concatenate(
        [array.ravel() for name, array in model.to_state()[1].items() if name.startswith("piece")]
    )
    assert np.isin(kept, ticks).sum() <= 2  # the outermost bounds at most


def test_unsound_trees_are_refused() -> None:
    spec, batch = correlated()
    answers = Trees().fit(spec, batch, Run()).learned[2]
    forest, width = answers.forest, answers.widths
    assert forest is not None
    arrays = forest.to_arrays("f")
    forest.check(width)
    for name, value in (
        ("feature", 5),
        ("left", 0),
        ("right", -300),
        ("leaves", 0),
        ("trees", 1),
        ("threshold", np.nan),
    ):
        broken = {**arrays, f"f.{name}": np.full_like(arrays[f"f.{name}"], value)}
        with pytest.raises((ArtifactError, ValueError)):
            Forest.from_arrays("f", broken, width)


# --- questions that share a forest ----------------------------------------------------------------


def test_fine_questions_of_a_number_share_a_forest_and_what_it_says() -> None:
    """Within a thirty-second of the values, y still follows x: hundreds of questions, and one
    forest."""
    spec, batch = correlated()
    model = Trees().fit(spec, batch, Run())
    answers = model.learned[2]
    assert answers.forest is not None
    assert answers.shared.sum() == 1
    fine = answers.shared[answers.forest_of] & (answers.forest_of >= 0)
    assert fine.sum() > 4 * len(answers.forest.trees)
    answers.load()
    narrow = np.flatnonzero(fine & (answers.questions.rows * 32 < N))[:100]
    symbols = model.variables.symbols(batch)
    chances = []
    for node in narrow:  # of rows whose x is that of those that reach the node, and farther
        q = answers.questions
        here = (q.start[node] <= symbols[:, 2]) & (symbols[:, 2] < q.stop[node])
        x = np.median(symbols[here, 1])
        beside = np.array([[0, x - 40], [0, x + 40]]).clip(0, symbols[:, 1].max())
        chances.append(answers.right_chance(int(node), answers.seen(beside)))
    below, above = np.array(chances).T
    assert (above > below).mean() > 0.9


def test_chances_add_up_and_are_those_that_are_drawn() -> None:
    spec, batch = correlated()
    answers = Trees().fit(spec, batch, Run()).learned[2]
    answers.load()
    x = np.broadcast_to([0.0, 150.0], (20_000, 2))
    chances = answers.chances(x[:1])[0]
    assert chances.sum() == pytest.approx(1)
    symbols = np.arange(len(chances))
    assert answers.chance_of(x[: len(symbols)], symbols) == pytest.approx(chances)
    drawn = np.bincount(answers.draw(x, np.random.default_rng(5)), minlength=len(chances))
    part = np.add.reduceat(drawn / len(x), symbols[::50])
    assert part == pytest.approx(np.add.reduceat(chances, symbols[::50]), abs=0.015)


def test_levels_without_an_order_may_not_share_a_forest() -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 5, (N, 2)).astype(np.int32)
    codes[:, 1] = np.where(rng.random(N) < 0.7, codes[:, 0], codes[:, 1])
    spec = Spec((), (Code("a", 5), Code("b", 5)))
    document, arrays = Trees().fit(spec, Batch(np.zeros((N, 0), np.int64), codes), Run()).to_state()
    arrays["forest_of.00001"] = np.minimum(arrays["forest_of.00001"], 0)
    with pytest.raises(ValueError, match="share a forest"):
        Trees.from_state(spec, document, arrays)


def test_all_rows_of_a_person_are_in_the_same_half(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    person = np.repeat(np.arange(600), 5)
    order = (("real", 0), ("code", 0))
    spec = Spec((Real("own", 0.001),), (Code("secret", 2),), order=order)
    ticks = rng.integers(0, 5000, (len(person), 1))
    batch = Batch(ticks, rng.integers(0, 2, (len(person), 1), np.int32), person=person)
    seen = []

    def watched(asked: Question, side: np.ndarray, *rest: Any) -> Forest | None:
        seen.append((asked.rows, side))
        return honest(asked, side, *rest)

    monkeypatch.setattr(trees, "honest", watched)
    Trees().fit(spec, batch, Run())
    (rows, side), *others = seen
    assert not others
    assert 0.4 < side.mean() < 0.6
    parts = np.bincount(person[rows], side) / np.bincount(person[rows])
    assert set(parts) == {0.0, 1.0}


def test_questions_that_one_person_alone_reaches_are_answered_by_their_proportion() -> None:
    """What only one person shows is not learned."""
    rng = np.random.default_rng(8)
    person = np.r_[np.zeros(600, int), np.arange(1, 401)]
    heavy = person == 0
    group = np.where(heavy, rng.integers(2, 4, 1000), rng.integers(0, 2, 1000))
    codes = np.column_stack([heavy, group]).astype(np.int32)
    ticks = rng.integers(0, 1000, (1000, 1))
    spec = Spec((Real("x"),), (Code("a", 2), Code("b", 4)))
    model = Trees().fit(spec, Batch(ticks, codes, person=person), Run())
    made = model.sample(4000, np.random.default_rng(0)).code
    drawn, real = np.bincount(made[:, 1], minlength=4), np.bincount(group[heavy], minlength=4)
    assert drawn[2] / drawn[2:].sum() == pytest.approx(real[2] / 600, abs=0.03)


def test_what_four_persons_show_is_not_learned() -> None:
    """Among the rows of four persons x tells the group, among those of all others nothing does."""
    rng = np.random.default_rng(10)
    person = np.r_[np.repeat(np.arange(4), 150), np.arange(4, 6004)]
    few = person < 4
    x = rng.integers(0, 1000, len(person))
    group = np.where(few, x > 500, rng.random(len(person)) < 0.5)
    codes = np.column_stack([few, group]).astype(np.int32)
    order = (("real", 0), ("code", 0), ("code", 1))
    spec = Spec((Real("x"),), (Code("a", 2), Code("b", 2)), order=order)
    for whose, learned in ((None, True), (person, False)):
        model = Trees().fit(spec, Batch(x[:, None], codes, person=whose), Run())
        made = model.sample(20_000, np.random.default_rng(0))
        own, above = made.code[:, 0] == 1, made.tick[:, 0] > 500
        difference = made.code[own & above, 1].mean() - made.code[own & ~above, 1].mean()
        assert difference > 0.8 if learned else difference < 0.25


def test_time_that_runs_out_leaves_the_model_of_so_many_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing stays of questions that were begun and not learned."""
    spec, batch = correlated()
    run = Run()
    stops = iter([False] * 800)
    monkeypatch.setattr(trees._Learner, "_must_stop", lambda self: next(stops, True))
    cut = Trees().fit(spec, batch, run)
    monkeypatch.undo()
    assert 0 < cut.steps_done < cut.steps_planned
    again = Trees().fit(spec, batch, Run(steps=cut.steps_done))
    (one, mine), (other, replayed) = cut.to_state(), again.to_state()
    assert one == other
    assert mine.keys() == replayed.keys()
    for name, array in mine.items():
        assert np.array_equal(array, replayed[name]), name


def test_leaves_of_any_size_give_chances() -> None:
    spec, batch = correlated()
    answers = Trees().fit(spec, batch, Run()).learned[2]
    assert answers.forest is not None
    answers.forest = replace(answers.forest, value=np.full_like(answers.forest.value, -1e30))
    answers.load()
    chance = answers.right_chance(0, answers.seen(np.array([[0.0, 10.0]])))
    assert 0 <= chance[0] < 1e-12


def test_a_fine_question_that_hardly_any_row_told_starts_at_its_proportion() -> None:
    spec, batch = correlated()
    model = Trees().fit(spec, batch, Run())
    answers = model.learned[2]
    shared = answers.shared[answers.forest_of] & (answers.forest_of >= 0)
    nodes = np.flatnonzero(shared)[:2]
    of_node = np.r_[np.full(100, nodes[0]), np.full(3, nodes[1])]
    rng = np.random.default_rng(9)
    value = Terms(model.variables).scored[2][:, 0]
    score, right = rng.normal(size=103), rng.random(103) < 0.5
    start = common_slope(answers, nodes, of_node, score, right, value, fewest=10)
    assert start[0, 1] != 0
    assert start[1] == pytest.approx([log_odds(answers.share[nodes[1:]])[0], 0.0])


# --- rows that are made for a context -------------------------------------------------------------

ABOUT = Spec((Real("age", presence=1),), (Code("group", 3), Code("age present", 2)))
BESIDE = Spec((Real("spent"), Real("saved")), (Code("buys", 2),), context=ABOUT)
BUYS = np.array([0.1, 0.5, 0.9])


def contexts(n: int, rng: np.random.Generator) -> Batch:
    """A group of three, and an age that a fifth has not."""
    missing = rng.random(n) < 0.2
    code = np.column_stack([rng.integers(0, 3, n), missing]).astype(np.int32)
    return Batch(np.where(missing, 0, rng.integers(20, 80, n))[:, None], code)


def customers(n: int, rng: np.random.Generator) -> Batch:
    """Who buys by group, spends by age, and saves what is left of 1000."""
    about = contexts(n, rng)
    buys = (rng.random(n) < BUYS[about.code[:, 0]]).astype(np.int32)
    spent = 10 * about.tick[:, 0] + rng.integers(0, 50, n)
    return Batch(np.column_stack([spent, 1000 - spent]), buys[:, None], context=about)


def told() -> Trees:
    return Trees().fit(BESIDE, customers(N, np.random.default_rng(3)), Run())


def test_rows_follow_the_context_that_is_given() -> None:
    about = contexts(4000, np.random.default_rng(4))
    made = told().sample(4000, np.random.default_rng(5), context=about)
    assert made.context is about
    shares = [made.code[about.code[:, 0] == group, 0].mean() for group in range(3)]
    assert shares == pytest.approx(list(BUYS), abs=0.05)
    here = about.code[:, 1] == 0
    assert np.corrcoef(made.tick[here, 0], about.tick[here, 0])[0, 1] > 0.97
    assert (made.tick[~here, 0] < 60).mean() > 0.97


def test_a_condition_is_met_given_the_context_and_its_chance_is_that_of_the_context() -> None:
    about = contexts(1500, np.random.default_rng(4))
    known = Constraints(
        code={0: np.array([False, True])}, sums=(LinearBound((0, 1), (1, 1), 900, 1100),)
    )
    found = told().infill(1500, known, np.random.default_rng(5), context=about)
    assert known.satisfied_by(found.batch).all()
    for group in range(3):
        own = about.code[:, 0] == group
        assert found.chance[own].mean() == pytest.approx(BUYS[group], abs=0.08)
    here = about.code[:, 1] == 0
    assert np.corrcoef(found.batch.tick[here, 0], about.tick[here, 0])[0, 1] > 0.95


def test_given_values_of_single_rows_stay_beside_the_context() -> None:
    rng = np.random.default_rng(6)
    real = customers(300, rng)
    partial = PartialRows(real, rng.random((300, 2)) < 0.3, rng.random((300, 1)) < 0.5)
    known = Constraints(rows=partial)
    made = told().infill(300, known, rng, context=real.context).batch
    assert np.array_equal(made.tick[partial.tick], real.tick[partial.tick])
    assert np.array_equal(made.code[partial.code], real.code[partial.code])


def test_a_model_of_rows_in_a_context_is_stored_and_asks_for_it() -> None:
    model, about = told(), contexts(200, np.random.default_rng(4))
    document, arrays = model.to_state()
    again = Trees.from_state(BESIDE, document, arrays)
    one, other = (m.sample(200, np.random.default_rng(1), context=about) for m in (model, again))
    assert np.array_equal(one.tick, other.tick)
    assert np.array_equal(one.code, other.code)
    with pytest.raises(OptionError, match="made for given contexts"):
        model.sample(200, np.random.default_rng(1))
    with pytest.raises(OptionError, match="made for given contexts"):
        model.infill(200, Constraints(), np.random.default_rng(1))


# --- relations of the outcome ---------------------------------------------------------------------


def planted(n: int, target: str | None, *, confounded: bool) -> pl.DataFrame:
    """y = 2 x + 0.5 z + 0.5 [group = a] + 1.0 treated + N(0, 0.5); who is treated is drawn, or
    decided by x."""
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=(2, n))
    group = rng.choice(["a", "b", "c"], n)
    chance = 1 / (1 + np.exp(-1.5 * x)) if confounded else np.full(n, 0.5)
    treated = rng.random(n) < chance
    y = 2 * x + 0.5 * z + 0.5 * (group == "a") + treated + rng.normal(0, 0.5, n)
    return pl.DataFrame(
        {"x": x, "z": z, "group": group, "treated": np.where(treated, "yes", "no"), "y": y}
    ).with_columns(pl.col("x", "z", "y").round(2))


def slopes(rows: pl.DataFrame) -> np.ndarray:
    """What least squares makes of x, z, group a and treated."""
    design = rows.select(
        "x",
        "z",
        (pl.col("group") == "a").cast(pl.Float64),
        (pl.col("treated") == "yes").cast(pl.Float64).alias("t"),
        pl.lit(1.0).alias("one"),
    ).to_numpy()
    return np.asarray(np.linalg.lstsq(design, rows["y"].to_numpy(), rcond=None)[0][:4])


@pytest.mark.parametrize("target", ["y", None])
@pytest.mark.parametrize("confounded", [False, True])
def test_rows_keep_the_effects_on_the_target(target: str | None, confounded: bool) -> None:
    real = planted(2000, target, confounded=confounded)
    made = tm.fit(real, target=target, seed=0).sample(10_000, seed=1)
    kept = slopes(made) / slopes(real)
    assert kept[3] == pytest.approx(1, abs=0.07)
    assert kept == pytest.approx(np.ones(4), abs=0.12)


def test_the_outcome_that_is_drawn_again_keeps_its_shares_and_what_never_happens() -> None:
    bought = (RNG.random(2000) < 0.05).astype(np.int32)
    spent = np.where(bought == 1, RNG.integers(10, 500, 2000), 0).astype(np.int64)
    spec = Spec((Real("spent"),), (Code("bought", 2),), outcome=(("code", 0),))
    model = Trees().fit(spec, Batch(spent[:, None], bought[:, None]), Run())
    assert len(model.redrawn) == 1
    made = model.sample(20_000, np.random.default_rng(1))
    assert made.code.mean() == pytest.approx(bought.mean(), abs=0.003)
    assert np.mean((made.code[:, 0] == 1) != (made.tick[:, 0] > 0)) < 0.001


def test_an_outcome_that_was_learned_in_part_is_not_drawn_again() -> None:
    spec, batch = correlated()
    about = replace(spec, outcome=(("code", 0),))
    planned = Trees().fit(about, batch, Run(steps=0)).steps_planned
    cut = Trees().fit(about, batch, Run(steps=planned - 1))
    assert not cut.redrawn
    document, arrays = cut.to_state()
    again = Trees.from_state(about, document, arrays)
    one, other = (m.sample(50, np.random.default_rng(0)) for m in (cut, again))
    assert np.array_equal(one.tick, other.tick)


def test_a_line_that_fits_no_feature_is_refused() -> None:
    spec, batch = correlated()
    document, arrays = Trees().fit(spec, batch, Run()).to_state()
    for line in (np.zeros((2, 1)), np.full_like(arrays["line.00002"], np.nan), np.zeros(3)):
        with pytest.raises(ValueError, match="line"):
            Trees.from_state(spec, document, {**arrays, "line.00002": line})


def test_rows_of_persons_with_many_rows_are_told_apart_as_finely_as_others() -> None:
    """A week is told by its day, though each person has twenty rows."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(150), 20)
    day = rng.integers(0, 365, len(person))
    spec = Spec((Real("day"), Real("week")))
    batch = Batch(np.column_stack([day, day // 7]), np.zeros((len(day), 0), np.int32))
    found = []
    for whose in (None, person):
        model = Trees().fit(spec, replace(batch, person=whose), Run())
        made = model.sample(3000, np.random.default_rng(1))
        found.append(float((np.abs(made.tick[:, 0] // 7 - made.tick[:, 1]) <= 1).mean()))
    assert min(found) > 0.9
