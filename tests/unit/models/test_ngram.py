"""Counts against a plain reckoning, draws against chances, and what is not kept of a text."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from tests.conformance.grids import same, texts
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Constraints, Real, Spec
from tidemill.core.run import Run
from tidemill.models.kneser_ney import KneserNey, discounts
from tidemill.models.ngram import Ngram
from tidemill.models.ngram_counts import UnitStream, counted
from tidemill.models.ngram_guidance import Guidance, guidance
from tidemill.models.ngram_mixture import tempered

END, BEGIN = "$", "^"


def told(spec: Spec, rows: Sequence[Sequence[int]], context: Batch | None = None) -> Batch:
    """A batch of these texts."""
    batch = Batch.blank(Spec(spec.reals, spec.codes, spec.sites, topology="tokens"), len(rows))
    mask = np.zeros((len(rows), *spec.sites), bool)
    for k, row in enumerate(rows):
        batch.code[k, : len(row), 0] = row
        mask[k, : len(row)] = True
    return Batch(batch.tick, batch.code, mask if spec.ragged else None, context)


def of_units(size: int, sites: int, context: Spec | None = None, *, ragged: bool = True) -> Spec:
    """A spec of texts."""
    return Spec(
        codes=(Code("unit", size),),
        sites=(sites,),
        ragged=ragged,
        topology="tokens",
        context=context,
    )


class Reckoned:
    """Interpolated, modified Kneser-Ney smoothing, written down as in the paper."""

    def __init__(self, rows: Sequence[Sequence[object]], order: int, outcomes: int) -> None:
        self.order, self.outcomes = order, outcomes
        runs: Counter[tuple[object, ...]] = Counter()
        for row in rows:
            line = (BEGIN, *row, END)
            for last in range(1, len(line)):
                for length in range(1, min(order, last + 1) + 1):
                    runs[line[last + 1 - length : last + 1]] += 1
        self.count: dict[tuple[object, ...], int] = {}
        for run, seen in runs.items():
            before = {other[0] for other in runs if len(other) == len(run) + 1 and other[1:] == run}
            whole = len(run) == order or run[0] == BEGIN
            self.count[run] = seen if whole else len(before)
        self.off = {}
        for length in range(1, order + 1):
            self.off[length] = discounts(
                np.array([c for run, c in self.count.items() if len(run) == length])
            )
        self.behind: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for run, count in self.count.items():
            self.behind[run[:-1]].append(count)

    def chance(self, history: tuple[object, ...], unit: object) -> float:
        """Of a unit behind at most order - 1 others."""
        history = history[max(len(history) - self.order + 1, 0) :]
        lower = self.chance(history[1:], unit) if history else 1 / self.outcomes
        if history not in self.behind:
            return lower
        off, total = self.off[len(history) + 1], sum(self.behind[history])
        taken = sum(off[min(c, 3) - 1] for c in self.behind[history])
        count = self.count.get((*history, unit), 0)
        own = count - off[min(count, 3) - 1] if count else 0.0
        return float(own + taken * lower) / total


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_chances_are_those_of_the_paper(order: int) -> None:
    spec, batch = texts()
    rows = [row[used, 0].tolist() for row, used in zip(batch.code, batch.mask, strict=True)]
    short = [row for row in rows if len(row) < 12][:40]
    reckoned = Reckoned(short, order, outcomes=12)
    model = Ngram(order=order, candidates=1).fit(spec, told(spec, short), Run())
    for row in (*short[:6], [3, 3, 3], [10], [9, 0, 1, 2, 0, 1]):
        line = (BEGIN, *row, END)
        chances = [reckoned.chance(line[:k], line[k]) for k in range(1, len(line))]
        found = model.scores(told(spec, [row]))[0]
        assert found == pytest.approx(np.log(chances).sum(), rel=1e-9)


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("by_class", [True, False])
def test_texts_are_drawn_by_their_chances(ragged: bool, by_class: bool) -> None:
    rng = np.random.default_rng(0)
    about = Spec(codes=(Code("class", 2),))
    spec = of_units(3, 3, about if by_class else None, ragged=ragged)
    of = rng.integers(0, 2, 400)
    rows = [
        rng.choice(3, rng.integers(1, 4) if ragged else 3, p=[[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]][k])
        for k in of
    ]
    context = Batch(np.zeros((400, 0), np.int64), of[:, None].astype(np.int32))
    model = Ngram(candidates=1).fit(spec, told(spec, rows, context if by_class else None), Run())
    assert (model.mixture.by_class is not None) == by_class
    lengths = range(1, 4) if ragged else [3]
    every = [row for length in lengths for row in product(range(3), repeat=length)]
    for k in (0, 1):
        given = Batch(np.zeros((1, 0), np.int64), np.array([[k]], np.int32))
        chance = np.exp(
            [model.scores(told(spec, [row], given if by_class else None))[0] for row in every]
        )
        assert chance.sum() == pytest.approx(1)
        n = 40_000
        made = model.sample(
            n, np.random.default_rng(1), context=given.rows(np.zeros(n, int)) if by_class else None
        )
        mask = np.ones((n, 3), bool) if made.mask is None else made.mask
        drawn = Counter(
            tuple(code[used].tolist()) for code, used in zip(made.code[..., 0], mask, strict=True)
        )
        shares = np.array([drawn[row] / n for row in every])
        assert sum(drawn.values()) == n
        assert np.abs(shares - chance).max() < 0.01


def test_chances_of_all_units_are_those_of_each() -> None:
    spec, batch = texts()
    model = Ngram(order=4).fit(spec, batch, Run())
    stream = UnitStream.of(spec, batch)
    at = stream.predicted[:500]
    recent, of, voice = stream.recent(at, 6), np.full(500, -1), np.zeros(500, int)
    every = model.mixture.all_chances(recent, of, voice)
    # letter 10 never occurs: it is never drawn, and its small chance is that of all others
    assert every.sum(axis=1) == pytest.approx(np.ones(500))
    assert not every[:, 10].any()
    unit = stream.unit[at]
    assert every[np.arange(500), unit] == pytest.approx(
        model.mixture.chances(recent, of, voice, unit), rel=0.02
    )


def runs_of(model: KneserNey) -> set[tuple[int, ...]]:
    """All runs that a model holds, in reading order."""
    found: set[tuple[int, ...]] = set()
    histories: list[tuple[int, ...]] = [()] * len(model.levels[0].unit)
    for k, level in enumerate(model.levels):
        if k:
            parents = np.repeat(np.arange(len(level.children)), level.children)
            histories = [
                (int(unit), *histories[parent])
                for parent, unit in zip(parents, level.unit, strict=True)
            ]
        own = np.repeat(np.arange(len(level.unit)), level.followers)
        found |= {(*histories[h], int(unit)) for h, unit in zip(own, level.follower, strict=True)}
    return found


def reckoned_runs(rows: Sequence[Sequence[int]], length: int) -> set[tuple[int, ...]]:
    return {tuple(row[i : i + length]) for row in rows for i in range(len(row) - length + 1)}


def test_runs_of_five_units_are_kept_where_three_persons_have_them() -> None:
    rng = np.random.default_rng(0)
    common, rare = rng.integers(0, 30, (2, 9)).tolist()
    rows = [rng.integers(0, 30, 8).tolist() for _ in range(60)]
    rows = [[*row, *(common if k < 3 else [])] for k, row in enumerate(rows)]
    rows = [[*row, *(rare if 3 <= k < 5 else [])] for k, row in enumerate(rows)]
    spec = of_units(30, 20)
    kept = runs_of(Ngram(order=7).fit(spec, told(spec, rows), Run()).mixture.general)
    for length in (5, 7):
        found = {run for run in kept if len(run) == length and max(run) < 30}
        assert found == reckoned_runs([common], length)
    assert reckoned_runs(rows, 4) <= kept
    one = told(spec, rows)
    person = np.where(np.arange(60) < 3, 0, np.arange(60))
    model = Ngram(order=7).fit(spec, Batch(one.tick, one.code, one.mask, person=person), Run())
    assert not [run for run in runs_of(model.mixture.general) if len(run) > 4]


@pytest.mark.parametrize("sharing", [1, 4, 5])
def test_no_run_with_a_guarded_unit_is_kept_that_few_persons_have(sharing: int) -> None:
    rng = np.random.default_rng(1)
    secret = [5, 3, 9, 7]
    about = Spec(codes=(Code("class", 2),))
    spec = of_units(10, 20, about)
    of = np.arange(400) % 2
    rows = [rng.choice(4 if k else 3, 9).tolist() for k in of]
    rows = [
        [*row[:3], *secret, *row[3:]] if k < 2 * sharing and k % 2 else row
        for k, row in enumerate(rows)
    ]
    context = Batch(np.zeros((400, 0), np.int64), of[:, None].astype(np.int32))
    batch = told(spec, rows, context)
    guarded = np.zeros((400, 20), bool)
    guarded[1 : 2 * sharing : 2, 3:7] = True
    batch = Batch(batch.tick, batch.code, batch.mask, context, guarded=guarded)
    model = Ngram(order=4).fit(spec, batch, Run())
    assert model.mixture.by_class is not None
    kept = runs_of(model.mixture.general)
    assert ((5, 3) in kept) == ((5, 3, 9, 7) in kept) == (sharing >= 5)
    within_classes = runs_of(model.mixture.by_class)
    assert sharing >= 5 or not [run for run in within_classes if set(run) & {5, 9, 7}]
    assert (5,) in kept
    if sharing < 5:
        assert not [run for run in kept if len(run) > 1 and set(run) & {5, 9, 7}]
        made = model.sample(4_000, rng, context=context.rows(np.arange(4_000) % 400))
        assert not any(
            tuple(secret) in reckoned_runs([row.tolist()], 4) for row in made.code[..., 0]
        )


def two_columns(seed: int, n: int = 900) -> tuple[Spec, Batch]:
    """Texts whose letters depend on a level and on a number together; a third column is noise."""
    rng = np.random.default_rng(seed)
    level, mark, noise = rng.integers(0, 3, n), rng.integers(1, 3, n), rng.integers(0, 4, n)
    about = Spec((Real("mark"),), (Code("noise", 4), Code("level", 3)))
    spec = of_units(12, 9, about)
    first = 2 * (level + 3 * (mark - 1))
    rows = [(rng.integers(0, 3, 8) + k) % 12 for k in first]
    context = Batch(
        mark[:, None].astype(np.int64), np.stack([noise, level], axis=1).astype(np.int32)
    )
    return spec, told(spec, rows, context)


def test_texts_follow_the_columns_that_tell_most_of_them() -> None:
    spec, batch = two_columns(0)
    model = Ngram().fit(spec, batch, Run())
    assert model.classes is not None
    assert set(model.classes.channels) == {("code", 1), ("real", 0)}
    made = model.sample(900, np.random.default_rng(1), context=batch.context)
    first = 2 * (batch.context.code[:, 1] + 3 * (batch.context.tick[:, 0] - 1))
    distance = (made.code[..., 0] - first[:, None]) % 12
    assert (distance[made.mask] < 3).mean() > 0.97
    _, other = two_columns(1)
    shuffled = Batch(
        other.tick, other.code, other.mask, other.context.rows(np.roll(np.arange(900), 1))
    )
    assert model.scores(other).mean() > model.scores(shuffled).mean() + 5


def test_columns_that_say_nothing_are_not_used() -> None:
    spec, batch = two_columns(0)
    shuffled = batch.context.rows(np.random.default_rng(0).permutation(900))
    model = Ngram().fit(spec, Batch(batch.tick, batch.code, batch.mask, shuffled), Run())
    assert model.classes is None


def test_a_level_of_few_rows_is_written_as_all_texts_are() -> None:
    spec, batch = two_columns(0)
    batch.context.code[:7, 1] = 0
    batch.context.code[7:, 1] = 1 + batch.context.code[7:, 1] % 2
    model = Ngram().fit(spec, batch, Run())
    assert (model.classes_of(900, batch.context)[:7] == -1).all()
    assert np.isfinite(model.scores(batch)).all()
    assert len(model.sample(900, np.random.default_rng(0), context=batch.context)) == 900


def test_a_context_must_be_given() -> None:
    spec, batch = two_columns(0)
    model = Ngram().fit(spec, batch, Run())
    with pytest.raises(OptionError, match="given contexts"):
        model.sample(3, np.random.default_rng(0))


def test_one_of_several_texts_is_taken_that_suits_its_class() -> None:
    """Runs of all texts lead from the letters of one class to those of another."""
    rng = np.random.default_rng(0)
    about = Spec(codes=(Code("class", 20),))
    spec = of_units(40, 30, about)
    of = rng.integers(0, 20, 3000)
    rows = [
        [unit for word in rng.random(rng.integers(3, 8)) for unit in _word(word, k)] for k in of
    ]
    context = Batch(np.zeros((3000, 0), np.int64), of[:, None].astype(np.int32))
    batch = told(spec, rows, context)
    of_class, lengths = [], []
    for candidates in (1, 8):
        model = Ngram(candidates=candidates).fit(spec, batch, Run())
        assert model.classes is not None
        assert (model.guidance.strength > 0) == (candidates > 1)
        made = model.sample(3000, np.random.default_rng(1), context=context)
        of_class.append(((made.code[..., 0] == 20 + of[:, None]) & made.mask).any(axis=1).mean())
        lengths.append(made.mask.sum(axis=1).mean())
    real = ((batch.code[..., 0] == 20 + of[:, None]) & batch.mask).any(axis=1).mean()
    assert abs(of_class[1] - real) < abs(of_class[0] - real)
    assert lengths[1] == pytest.approx(batch.mask.sum(axis=1).mean(), rel=0.1)


def _word(chance: float, of: int) -> list[int]:
    """The class's own unit, or some that all classes have."""
    return [20 + of] if chance < 0.2 else [int(chance * 20), int(chance * 400) % 20]


def test_guidance_is_as_strong_as_it_must_be() -> None:
    rng = np.random.default_rng(0)
    length = rng.integers(3, 20, (4, 5000)).astype(float)
    drawn = np.log(rng.random((4, 5000)))
    real = np.log(rng.random(5000) ** 0.5)
    found = guidance((real, length[0] - 2), (drawn, length), rng)
    taken = found.taken(drawn, length, rng.gumbel(size=(4, 5000))), np.arange(5000)
    assert np.exp(drawn[taken]).mean() == pytest.approx(np.exp(real).mean(), abs=0.07)
    assert length[taken].mean() == pytest.approx(length[0].mean() - 2, abs=0.3)
    assert guidance((drawn[0] - 1, length[0]), (drawn, length), rng) == Guidance()


def test_texts_are_empty_only_where_some_were() -> None:
    spec, batch = texts()
    full = batch.rows(np.flatnonzero(batch.mask[:, 0]))
    model = Ngram().fit(spec, full, Run())
    assert not model.sample(2000, np.random.default_rng(0)).empty_rows
    assert np.isneginf(model.scores(told(spec, [[]])))[0]
    model = Ngram().fit(spec, batch, Run())
    share = (~model.sample(4000, np.random.default_rng(0)).mask[:, 0]).mean()
    assert share == pytest.approx(np.exp(model.scores(told(spec, [[]]))[0]), abs=0.03)


def test_a_unit_that_never_occurs_has_a_chance() -> None:
    spec, batch = texts()
    model = Ngram().fit(spec, batch, Run())
    assert -30 < model.scores(told(spec, [[10]]))[0] < model.scores(told(spec, [[5]]))[0]


@pytest.mark.parametrize("option", [{"temperature": 0.3}, {"top_p": 0.5}])
def test_likelier_texts_where_they_are_asked_for(option: dict[str, float]) -> None:
    spec, batch = texts()
    plain, bold = (Ngram(order=3, **own).fit(spec, batch, Run()) for own in ({}, option))
    means = []
    for model in (plain, bold):
        made = model.sample(2000, np.random.default_rng(0))
        means.append(plain.scores(made).mean())
    assert means[1] > means[0] + 0.3


def test_tempered_chances() -> None:
    chances = np.array([[0.5, 0.3, 0.2]])
    assert tempered(chances, 1.0, 1.0) is chances
    sharper = tempered(chances, 0.5, 1.0)
    assert (sharper / sharper.sum()).tolist()[0] == pytest.approx([25 / 38, 9 / 38, 4 / 38])
    assert tempered(chances, 1.0, 0.01).tolist() == [[0.5, 0, 0]]
    assert tempered(np.zeros((1, 3)), 0.5, 1.0).tolist() == [[0, 0, 0]]


def test_more_texts_than_are_drawn_together() -> None:
    spec, batch = texts()
    model = Ngram().fit(spec, batch, Run())
    one, again = (model.sample(10_000, np.random.default_rng(0), Run(threads=k)) for k in (1, 4))
    assert same(one, again)
    assert len(model.sample(0, np.random.default_rng(0))) == 0


def test_longer_runs_where_they_help() -> None:
    """A letter depends on the fifth one before it and on nothing else."""
    rng = np.random.default_rng(0)
    code = rng.integers(0, 2, (2000, 20))
    for site in range(5, 20):
        code[:, site] = code[:, site - 5] ^ (rng.random(2000) < 0.05)
    spec = of_units(2, 20, ragged=False)
    assert Ngram().fit(spec, told(spec, code), Run()).mixture.general.order == 6
    coins = rng.integers(0, 2, (2000, 20))
    assert Ngram().fit(spec, told(spec, coins), Run()).mixture.general.order == 1


def test_few_texts_are_learned() -> None:
    spec = of_units(3, 4)
    for rows in ([[0, 1]], [[]], [[2, 2, 2, 2]], [[], [1]]):
        model = Ngram().fit(spec, told(spec, rows), Run())
        made = model.sample(50, np.random.default_rng(0))
        assert set(made.code[made.mask].ravel()) <= {unit for row in rows for unit in row}


def test_what_is_known_of_a_unit_is_refused() -> None:
    spec, batch = texts()
    model = Ngram().fit(spec, batch, Run())
    with pytest.raises(OptionError, match="keeps to no unit"):
        model.infill(3, Constraints(code={0: np.arange(11) == 1}), np.random.default_rng(0))
    made = model.infill(30, Constraints(), np.random.default_rng(0))
    assert (len(made.batch), made.effective, made.chance.tolist()) == (30, 30, [1.0] * 30)


@pytest.mark.parametrize("options", [{"order": 8}, {"temperature": 0.0}, {"top_p": 1.5}])
def test_options_out_of_bounds(options: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="makes no sense"):
        Ngram(**options)


def test_other_grids_are_refused() -> None:
    two = Spec(codes=(Code("a", 2), Code("b", 2)), sites=(3,), topology="tokens")
    with pytest.raises(OptionError, match="one code a site"):
        Ngram().fit(two, Batch.blank(two, 3), Run())


# --- stored ---------------------------------------------------------------------------------------


def stored() -> tuple[Spec, dict[str, object], dict[str, np.ndarray], Ngram]:
    spec, batch = two_columns(0)
    model = Ngram(top_p=0.9).fit(spec, batch, Run())
    document, arrays = model.to_state()
    return spec, json.loads(json.dumps(document)), arrays, model


def test_a_stored_model_is_the_same() -> None:
    spec, document, arrays, model = stored()
    again = Ngram.from_state(spec, document, arrays)
    _, batch = two_columns(2)
    assert np.array_equal(model.scores(batch), again.scores(batch))
    one, other = (
        m.sample(900, np.random.default_rng(3), context=batch.context) for m in (model, again)
    )
    assert same(one, other)


Change = Callable[[dict[str, np.ndarray]], object]


def put(name: str, value: float, at: int = 0) -> Change:
    return lambda arrays: arrays[name].reshape(-1).__setitem__(at, value)


@pytest.mark.parametrize(
    "change",
    [
        put("general.0.follower", 13),
        put("general.1.unit", -1),
        put("general.1.unit", 11),
        put("general.1.count", 0),
        put("general.1.count", 2**31 - 1),
        put("general.1.children", 999),
        put("general.1.followers", 1_000),
        put("general.1.total", 1),
        put("general.discount", 1.5),
        put("general.discount", np.nan),
        put("by_class.0.unit", 5),
        put("classes.class", 299),
        put("classes.class", -2),
        put("classes.piece.0", 2**40),
        put("classes.piece.1", 2**40),
        put("shares", 1.5),
        lambda arrays: arrays.pop("general.2.unit"),
        lambda arrays: arrays.update({"classes.class": np.zeros(0, np.int32)}),
        lambda arrays: arrays.update({"general.0.children": np.array([2], np.int32)}),
        lambda arrays: arrays.update({"shares": arrays["shares"][:-1]}),
    ],
)
def test_unsound_arrays_are_refused(change: Change) -> None:
    spec, document, arrays, _ = stored()
    arrays = {name: array.copy() for name, array in arrays.items()}
    if "classes.piece.0" not in arrays:
        arrays["classes.piece.0"] = arrays.get("classes.piece.1", np.zeros((2, 1), np.int64))
    change(arrays)
    with pytest.raises((KeyError, ValueError)):
        Ngram.from_state(spec, document, arrays)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("longest", 0),
        ("longest", 2.0),
        ("longest", 8),
        ("empty_rows", 1),
        ("temperature", 0.0),
        ("guidance", [9.0, 0.0]),
        ("guidance", [1.0, float("nan")]),
        ("guidance", 1.0),
        ("classes", {"channels": [["code", 7]], "longest": 1}),
        ("classes", {"channels": [["code", True]], "longest": 1}),
        ("classes", {"channels": [], "longest": 1}),
        ("classes", {"channels": [["real", 0]] * 3, "longest": 1}),
        ("classes", {"channels": "ab", "longest": 1}),
    ],
)
def test_unsound_documents_are_refused(name: str, value: object) -> None:
    spec, document, arrays, _ = stored()
    with pytest.raises((KeyError, OptionError, TypeError, ValueError)):
        Ngram.from_state(spec, document | {name: value}, arrays)


def test_counts_within_classes_add_up_to_those_of_all() -> None:
    spec, batch = texts()
    stream = UnitStream.of(spec, batch)
    of_row = np.arange(300) % 3
    whole, parts = counted(stream, 3), counted(stream, 3, of_row[stream.row], 3)
    for table, part in zip(whole, parts, strict=True):
        assert table.seen.sum() == part.seen.sum()


def test_texts_go_on_from_their_beginnings() -> None:
    spec = Spec(codes=(Code("letter", 4),), sites=(6,), ragged=True, topology="tokens")
    texts = Batch.blank(spec, 200)
    assert texts.mask is not None
    texts.code[:, :4, 0] = np.where(np.arange(200)[:, None] % 2, [0, 1, 1, 1], [2, 3, 3, 3])
    texts.mask[:, 4:] = False
    model = Ngram(order=2).fit(spec, texts, Run())
    begun = texts.rows(np.arange(50))
    assert begun.mask is not None
    begun = replace(begun, mask=np.arange(6) < np.where(np.arange(50) % 3 == 0, 0, 1)[:, None])
    made = model.write_on(begun, np.random.default_rng(0))
    told = np.arange(50) % 3 > 0
    assert np.array_equal(made.code[told, 0], begun.code[told, 0])
    follows = np.where(made.code[:, 0, 0] == 0, 1, 3)
    assert np.array_equal(made.code[told, 1, 0], follows[told])
    assert len(set(made.code[~told, 0, 0])) == 2


def spoken(rows: int, words: int) -> tuple[Spec, Batch]:
    """Texts of two speakers, units 4 and 5, in turn, who say the same words but for their last."""
    spec = Spec(
        codes=(Code("unit", 6),), sites=(4 * (words + 2),), ragged=True, topology="tokens", voices=2
    )
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(rows):
        line: list[int] = []
        for turn in range(int(rng.integers(2, 5))):
            line += [4 + turn % 2, *rng.integers(0, 2, words), 2 + turn % 2]
        lines.append(line)
    return spec, told(spec, lines)


def test_it_is_not_forgotten_who_speaks_and_who_answers() -> None:
    spec, batch = spoken(400, 9)
    for options in ({}, {"top_p": 0.999}):
        model = Ngram(order=3, **options).fit(spec, batch, Run())
        assert model.mixture.voices == 2
        made = model.sample(300, np.random.default_rng(0))
        assert made.mask is not None
        right = wrong = 0
        for code, used in zip(made.code[..., 0], made.mask, strict=True):
            line = code[used].tolist()
            ends = [unit for unit in line if unit >= 2]
            for one, other in pairwise(ends):
                right += (one, other) in ((4, 2), (2, 5), (5, 3), (3, 4))
                wrong += (one, other) not in ((4, 2), (2, 5), (5, 3), (3, 4))
        assert wrong < 0.02 * right
        plain = Ngram(order=3).fit(replace(spec, voices=0), batch, Run())
        assert model.scores(batch).sum() > plain.scores(batch).sum()
        document, arrays = model.to_state()
        again = Ngram.from_state(spec, json.loads(json.dumps(document)), arrays)
        assert np.array_equal(again.scores(batch), model.scores(batch))
        with pytest.raises(ValueError, match="values beyond"):
            Ngram.from_state(spec, document | {"voices": 1}, arrays)
