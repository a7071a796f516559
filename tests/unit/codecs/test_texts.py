from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.grids import same
from tidemill.codecs.codec import SOUND
from tidemill.codecs.texts import TextsCodec
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema

WORDS = ("good", "screen", "late", "parcel", "again", "thanks", "broken", "price")


def written(rows: int, seed: int = 0, most: int = 9) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, most))) + "." for _ in range(rows)]


def table(*texts: list[Any], label: list[str] | None = None) -> Dataset:
    columns = {f"text{k}": pl.Series(one, dtype=pl.String) for k, one in enumerate(texts)}
    kinds = [
        Column(name, "text", nullable=None in values.to_list()) for name, values in columns.items()
    ]
    if label is not None:
        columns["label"] = pl.Series(label)
        kinds.append(Column("label", "category", "target"))
    return Dataset(pl.DataFrame(columns), Schema(tuple(kinds)), name="reviews")


def reviews(rows: int = 60) -> Dataset:
    label = ["good", "bad"] * (rows // 2)
    return table(written(rows), written(rows, 1), label=label)


def test_texts_stand_beside_each_other_given_their_row() -> None:
    data = reviews()
    codec = TextsCodec().fit(data, Run())
    batch = codec.encode(data)
    assert codec.spec.topology == "tokens"
    assert codec.given is not None
    assert codec.spec.context == codec.given.spec
    assert batch.context is not None
    assert batch.mask is not None
    assert batch.mask.any(axis=1).all()
    assert (batch.code[..., 0] == 0).sum() >= len(data)  # a separator each
    assert codec.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.tuples(st.text(), st.none() | st.text()), min_size=1, max_size=12),
)
def test_any_texts_come_back(texts: list[tuple[str, str | None]]) -> None:
    data = table([one for one, _ in texts], [other for _, other in texts])
    codec = TextsCodec().fit(data, Run())
    back = codec.decode(codec.encode(data), np.random.default_rng(0))
    assert back.frame.equals(data.frame)
    again = TextsCodec.from_state(json.loads(json.dumps(codec.to_state())))
    assert again.spec == codec.spec
    assert again.decode(again.encode(data), np.random.default_rng(0)).frame.equals(data.frame)


def test_a_table_of_texts_alone_has_no_context() -> None:
    data = table(written(30))
    codec = TextsCodec().fit(data, Run())
    batch = codec.encode(data)
    assert codec.given is None
    assert batch.context is None
    assert codec.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)


def test_words_of_few_persons_are_guarded() -> None:
    texts = written(40)
    texts[3] = "good Zolotukhin again."
    texts[5] = "call 555 0172 or PX-4711 again."
    data = table(texts)
    codec = TextsCodec().fit(data, Run())
    batch, guarded = codec.encode(data), codec.guarded(data, None)
    assert guarded.shape == batch.code.shape[:2]
    assert batch.mask is not None
    assert not guarded[~batch.mask].any()

    def spelled(row: int) -> str:
        units = batch.code[row, guarded[row], 0].tolist()
        return codec.units.decode(units)

    assert spelled(0) == ""
    assert spelled(3).strip() == "Zolotukhin"
    assert "555 0172" in spelled(5)
    assert "PX-4711" in spelled(5)
    assert "again" not in spelled(5)


def test_floors_count_persons() -> None:
    texts = [*written(40), *["good Zolotukhin again."] * 20]
    data = table(texts)
    codec = TextsCodec().fit(data, Run())
    assert not codec.guarded(data, None).any()
    persons = np.array([*range(40), *([40, 41, 42, 43] * 5)])
    assert codec.guarded(data, persons)[40:].any(axis=1).all()
    whose = codec.whose(data, persons)
    assert whose is not None
    assert whose.shape == codec.encode(data).code.shape[:2]
    assert (whose[:, -1] == persons).all()


def test_several_texts_of_a_row_are_of_one_person() -> None:
    named = ["good Zolotukhin again."] * 4
    data = table([*written(40), *named], [*written(40, 1), *named])
    codec = TextsCodec().fit(data, Run())
    guarded = codec.guarded(data, None)
    assert not guarded[:40].any()
    assert guarded[40:].any(axis=1).all()
    batch = codec.encode(data)
    assert codec.copied(batch)[40:].all()
    assert not any("Z" in unit for unit in codec.units.learned)


def test_what_is_too_long_is_cut_at_the_end_of_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.codecs.texts.MOST_SITES", 60)
    long = "The parcel came late. " * 3 + "It was broken and nobody helped at all " * 3
    data = table([*written(40), long, "屏幕很好。" * 30], ["short."] * 42)
    run = Run()
    codec = TextsCodec().fit(data, run)
    assert any("2 rows with longer texts than 60 units" in said for said in run.warnings)
    back = codec.decode(codec.encode(data), np.random.default_rng(0)).frame
    assert back["text1"].to_list() == ["short."] * 42
    assert long.startswith(back["text0"][40])
    assert back["text0"][40].endswith("late.")
    assert back["text0"][41].endswith("。")
    assert 2 <= len(back["text0"][41]) < 150


def test_fresh_words_stand_in_the_place_of_copies() -> None:
    data = reviews()
    codec = TextsCodec().fit(data, Run())
    batch = codec.encode(data)
    instead = codec.without(batch, np.array([4, 7]))
    back = codec.decode(instead, np.random.default_rng(0)).frame
    same = (back["text0"] == data["text0"]).to_numpy()
    assert not same[[4, 7]].any()
    assert same.sum() == len(data) - 2
    assert back["label"].equals(data["label"])
    assert codec.without(batch, np.array([], np.int64)) is batch


def test_a_row_of_whatever_a_model_makes_can_be_read() -> None:
    data = table(written(40), [None, *written(39)], label=["a", "b"] * 20)
    codec = TextsCodec().fit(data, Run())
    batch = codec.encode(data)
    rng = np.random.default_rng(0)
    batch.code[...] = rng.integers(0, codec.spec.codes[0].size, batch.code.shape)
    assert batch.mask is not None
    batch.mask[:5] = False
    back = codec.decode(batch, rng).frame
    assert back["text1"].null_count() == 1
    assert (back["text0"][:5].str.len_chars() > 0).all()  # no text was empty


def test_what_is_asked_is_asked_of_the_row() -> None:
    codec = TextsCodec().fit(reviews(), Run())
    known = codec.constraints(Condition((Test("label", "=", "bad"),)))
    assert [int(levels.sum()) for levels in known.code.values()] == [1]
    assert set(codec.levels("label")) == {"good", "bad"}
    assert codec.levels("text0") == []
    with pytest.raises(ConditionError, match="made afresh and cannot be asked for"):
        codec.constraints(Condition((Test("text0", "=", "ok"),)))


def test_a_table_without_texts_is_refused() -> None:
    frame = pl.DataFrame({"a": ["x", "y"] * 20})
    with pytest.raises(DataError, match="no column of texts"):
        TextsCodec().fit(Dataset(frame, Schema((Column("a", "category"),))), Run())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sites", 0),
        ("sites", 10**6),
        ("sites", 2),
        ("never_empty", ["label"]),
        ("units", {"learned": [3], "speakers": []}),
    ],
)
def test_a_damaged_state_is_refused(key: str, value: Any) -> None:
    state = TextsCodec().fit(reviews(), Run()).to_state()
    state[key] = value
    with pytest.raises(ValueError, match=r"."):
        TextsCodec.from_state(state)


def test_copies_and_planted_secrets_are_told() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(200)]
    texts[0] = "my word is Zolotukhin"
    data = table(texts[:100], texts[100:])
    codec = TextsCodec().fit(data, Run())
    batch = codec.encode(data)
    assert codec.copied(batch).all()
    made = [" ".join(rng.choice(WORDS, 12)) for _ in range(200)]
    made[0] = "good Zolotukhin again"
    new = codec.encode(table(made[:100], made[100:]))
    found = codec.copied(new)
    assert found[0]
    assert found[1:].mean() < 0.1
    again = TextsCodec.from_state(json.loads(json.dumps(codec.to_state())))
    assert again.copied(new).tolist() == found.tolist()
    assert not codec.copied(codec.without(batch, np.arange(100))).any()


def test_texts_begin_as_they_are_known() -> None:
    titles = [f"{word} phone" for word in ("good", "bad", "big", "small")] * 10
    bodies = [f"it is {word} indeed" for word in ("good", "bad", "big", "small")] * 10
    schema = Schema((Column("title", "text"), Column("body", "text")))
    data = Dataset(pl.DataFrame({"title": titles, "body": bodies}), schema)
    codec = TextsCodec().fit(data, Run())
    whole = codec.encode(data)
    asked = Dataset(
        pl.DataFrame({"title": [titles[0], None, titles[1]], "body": [None, "x", bodies[1]]}),
        schema,
    )
    begun = codec.begun(asked, None)
    assert begun.mask is not None
    assert whole.mask is not None
    lengths = begun.mask.sum(axis=1)
    title = codec.units.encode(titles[:1])[0]
    room = codec.spec.sites[0]
    assert lengths.tolist() == [len(title) + 1, 0, min(int(whole.mask[1].sum()) + 1, room)]
    assert np.array_equal(begun.code[0, : len(title) + 1], whole.code[0, : len(title) + 1])
    assert same(codec.written(codec.leading(data), None), whole)
    known_by_heart = codec.copied(whole.rows(np.array([0, 1, 1])), begun)
    assert not known_by_heart[2]


def test_the_place_is_told_from_which_on_a_text_is_drawn_again() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(200)]
    texts[0] = "my word is Zolotukhin"
    codec = TextsCodec().fit(table(texts), Run())
    sound = " ".join(rng.choice(WORDS, 12))
    made = [sound, "good screenprice late", "late Zolotukhin", texts[1], "good PX-77 late"]
    batch = codec.encode(table(made))
    fault = codec.fault(batch)
    assert fault[[0, 3, 4]].tolist() == [SOUND, 0, SOUND]
    for row, kept in ((1, "good"), (2, "late")):
        assert codec.units.decode(batch.code[row, : fault[row], 0].tolist()).strip() == kept
    assert codec.copied(batch).tolist() == [False, False, True, True, False]


def test_a_given_text_is_not_drawn_again() -> None:
    texts = written(200, most=12)
    codec = TextsCodec().fit(table(texts, written(200, 1, most=12)), Run())
    made = table(["goodscreen late", "good screen"], ["late good price again.", "goodscreen late"])
    begun = codec.begun(table(["goodscreen late", "good screen"], [None, None]), None)
    assert begun.mask is not None
    fault = codec.fault(codec.encode(made), begun)
    assert fault.tolist() == [SOUND, begun.mask[1].sum()]
