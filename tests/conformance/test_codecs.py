"""Laws of every registered codec of datasets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tests.conformance.tables import business, dataset
from tidemill.acoustics.sounds import sounds
from tidemill.codecs import CODECS
from tidemill.codecs.choosing import choose, default_model
from tidemill.codecs.codec import Codec, stages
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.series import layout
from tidemill.imaging.pixels import images
from tidemill.io.reading import read
from tidemill.music.scores import HELD, REST, begun, scores


def steps() -> Dataset:
    """Visits of 30 customers in 2 to 9 months, in the order of series."""
    rng = np.random.default_rng(3)
    rows = [
        (f"K-{who:03d}", month, "north" if who % 3 else "south", int(rng.integers(1, 90)))
        for who in range(30)
        for month in range(int(rng.integers(2, 10)))
    ]
    frame = pl.DataFrame(rows, schema=["customer", "month", "region", "spent"], orient="row")
    data = read(frame, Run(), entity="customer", time="month")
    return data.rows(layout(data).order)


def together() -> Dataset:
    """Sales of three shops on 40 days, in the order of series."""
    rng = np.random.default_rng(6)
    rows = [
        (f"shop {who}", date(2024, 1, 1) + timedelta(days=day), ["north", "south"][who % 2], sold)
        for who in range(3)
        for day, sold in enumerate((100 + rng.normal(0, 3, 40).cumsum()).round(2).tolist())
    ]
    frame = pl.DataFrame(rows, schema=["shop", "day", "region", "sold"], orient="row")
    data = read(frame, Run(), entity="shop", time="day")
    return data.rows(layout(data).order)


def pictures() -> Dataset:
    """Grey images of 5 x 4 pixels with a label."""
    shown = np.random.default_rng(4).integers(0, 256, (40, 5, 4)).astype(np.uint8)
    frame = pl.DataFrame([images("photo", shown), pl.Series("label", ["cat", "dog"] * 20)])
    return read(frame, Run())


def tones() -> Dataset:
    """Tones of three lengths and two pitches, with a label."""
    rng = np.random.default_rng(7)
    takes = [
        (9000 * np.sin(np.arange(600 + 200 * (k % 3)) * (0.3 + 0.5 * (k % 2)) + rng.random()))
        for k in range(40)
    ]
    heard = sounds("tone", [take.astype(np.int16) for take in takes], 8000)
    return read(pl.DataFrame([heard, pl.Series("label", ["low", "high"] * 20)]), Run())


def levels() -> Dataset:
    """Levels of two games, of several sizes."""
    rng = np.random.default_rng(7)
    planes = []
    for k in range(40):
        height, width = (int(one) for one in rng.integers((3, 5), (6, 12)))
        kinds = rng.choice(list("-#o" if k % 2 else ".b"), (height, width))
        planes.append("\n".join("".join(line) for line in kinds))
    frame = pl.DataFrame({"game": ["dig", "run"] * 20, "tiles": planes})
    return read(frame, Run())


def letters() -> Dataset:
    """Reviews of two columns of texts, one of which may be missing, with a label."""
    rng = np.random.default_rng(5)
    words = ["good", "late", "parcel", "screen", "thanks,", "again.", "屏幕", "很好。"]
    bodies = [" ".join(rng.choice(words, int(rng.integers(1, 9)))) for _ in range(60)]
    frame = pl.DataFrame(
        {
            "title": [" ".join(rng.choice(words, 3)) for _ in range(60)],
            "body": [None if k % 9 == 4 else f"{body} {k}" for k, body in enumerate(bodies)],
            "stars": rng.choice(["one", "five"], 60),
        }
    )
    data = read(frame, Run(), target="stars")
    texts = [replace(data.schema[name], kind="text") for name in ("title", "body")]
    return replace(data, schema=data.schema.replacing(*texts))


def pieces() -> Dataset:
    """Pieces of two voices in a key."""
    rng = np.random.default_rng(6)
    made = []
    for _ in range(40):
        line = rng.integers(60, 72, int(rng.integers(4, 20)))
        piece = np.repeat(np.column_stack([line, line - 12]), 2, axis=0)
        piece[1::2] += HELD
        piece[::5, 1] = REST
        made.append(begun(piece))
    frame = pl.DataFrame([scores("score", made), pl.Series("key", ["G", "Em"] * 20)])
    return read(frame, Run())


EXAMPLES: Mapping[str, Callable[[], Dataset]] = {
    "table": lambda: dataset(business(200), target="churn"),
    "series": steps,
    "calendar": together,
    "side_by_side": together,
    "images": pictures,
    "sounds": tones,
    "tiles": levels,
    "texts": letters,
    "score": pieces,
}


ASKED = {"side_by_side"}
"""Taken where an option asks for them; what is longer than a window comes back as windows."""


def fitted(name: str) -> tuple[Codec, Dataset]:
    data = EXAMPLES[name]()
    codec: Codec = CODECS.load(name).unfitted(None)
    return codec.fit(data, Run()), data


def told(data: Dataset, codec: Codec) -> pl.DataFrame:
    """The values that are not made afresh; sounds come back by their pictures only."""
    kinds = ("id", "text", "sound")
    made_afresh = {c.name for c in data.schema if c.kind in kinds or c.role == "entity"}
    if codec.topology == "tokens":
        made_afresh -= {column.name for column in data.schema.texts}
    return data.frame.select([name for name in data.schema.names if name not in made_afresh])


def test_every_codec_has_an_example() -> None:
    assert set(EXAMPLES) == set(CODECS)


@pytest.mark.parametrize("name", [name for name in CODECS if name not in ASKED])
def test_what_goes_in_comes_out(name: str) -> None:
    codec, data = fitted(name)
    back = codec.decode(codec.encode(data), np.random.default_rng(0), name="back")
    assert back.schema.names == codec.schema.names
    assert back.name == "back"
    came = told(back, codec)
    assert came.equals(told(data, codec).select(came.columns))


@pytest.mark.parametrize("name", CODECS)
def test_a_batch_is_what_the_spec_says_and_carries_what_it_is_made_for(name: str) -> None:
    codec, data = fitted(name)
    batch = codec.encode(data)
    for part in reversed(stages(codec)):
        shape = (len(batch), *part.spec.sites)
        assert batch.tick.shape == (*shape, len(part.spec.reals))
        assert batch.code.shape == (*shape, len(part.spec.codes))
        assert (batch.mask is not None) == part.spec.ragged
        assert part.spec.context == (None if part.given is None else part.given.spec)
        for place, code in enumerate(part.spec.codes):
            assert batch.code[..., place].max(initial=0) < code.size
        if batch.context is not None:
            batch = batch.context
    assert stages(codec)[0].given is None


@pytest.mark.parametrize("name", CODECS)
def test_whose_sites_are_and_which_are_guarded_is_said_site_by_site(name: str) -> None:
    codec, data = fitted(name)
    batch = codec.encode(data)
    guarded = codec.guarded(data, None)
    assert guarded is None or guarded.shape == (len(batch), *codec.spec.sites)
    whose = codec.whose(data, np.arange(len(data)))
    assert whose is not None
    assert whose.shape in ((len(batch),), (len(batch), *codec.spec.sites))
    assert codec.copied(batch).shape == (len(batch),)
    instead = codec.without(batch, np.array([1, 2]))
    assert len(instead) == len(batch)
    assert codec.decode(instead, np.random.default_rng(0)).schema == codec.schema


@pytest.mark.parametrize("name", CODECS)
def test_a_state_restores_the_codec(name: str) -> None:
    codec, data = fitted(name)
    state = json.loads(json.dumps(codec.to_state(), allow_nan=False))
    again = CODECS.load(name).from_state(state)
    assert again.spec == codec.spec
    assert again.schema == codec.schema
    batch = codec.encode(data)
    one, other = (part.decode(batch, np.random.default_rng(7)) for part in (codec, again))
    assert one.frame.equals(other.frame)


@pytest.mark.parametrize("name", CODECS)
def test_nothing_of_a_row_stands_in_the_schema(name: str) -> None:
    codec, _ = fitted(name)
    assert not any(column.reason or column.role_reason for column in codec.schema)


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_says_what_it_is(name: str) -> None:
    codec, data = fitted(name)
    first, *points = codec.keeps.splitlines()
    assert first.endswith(":" if points else ".")
    assert not any(point.endswith(".") for point in points)
    assert codec.noun
    assert codec.items
    assert codec.topology
    assert codec.described({"rows": len(data), **codec.facts(codec.encode(data))})
    assert codec.items_of(0) == 0
    assert 1 <= codec.items_of(len(data)) <= len(data)


@pytest.mark.parametrize("name", CODECS)
def test_what_cannot_be_done_is_refused_in_a_sentence(name: str) -> None:
    codec, data = fitted(name)
    column = next(c.name for c in codec.schema if c.kind == "category" and c.role != "entity")
    assert codec.levels(column)
    empty = Condition()
    refusal = codec.unsupported("such thing")
    assert codec.items in refusal.what
    asked: list[Callable[[], object]] = [
        lambda: codec.constraints(empty),
        lambda: codec.completions(data),
        lambda: codec.check(data),
    ]
    for ask in asked:
        with contextlib.suppress(OptionError):  # anything else is no refusal
            ask()
    if not codec.conditions:
        with pytest.raises(OptionError, match=f"a model of {codec.items}"):
            codec.constraints(empty)
    assert codec.modality == "rows" or refusal.hint


@pytest.mark.parametrize("name", [name for name in CODECS if name not in ASKED])
def test_data_find_the_codec_that_suits_them(name: str) -> None:
    schema = EXAMPLES[name]().schema
    learns = {CODECS.load(name).topology}
    assert choose(schema, learns, "any", None, Run(), writes=name == "texts")[0] == name


def test_series_are_learned_as_rows_by_what_learns_no_series() -> None:
    assert choose(steps().schema, {"row"}, "trees", None, Run())[0] == "table"
    assert choose(steps().schema, {"row", "steps"}, "gan", 1, Run())[0] == "table"


def test_prices_of_one_market_are_known_as_such() -> None:
    def said(days: int, least: float) -> str:
        run_said: list[str] = []
        rows = [
            (f"S{who}", date(2020, 1, 1) + timedelta(days=day), least + (day * (who + 3)) % 17)
            for who in range(3)
            for day in range(days)
        ]
        frame = pl.DataFrame(rows, schema=["share", "day", "price"], orient="row")
        data = read(frame, Run(), entity="share", time="day")
        assert default_model(data, None, Run(listener=lambda e: run_said.append(e.text))) != "fhs"
        return " ".join(run_said)

    assert "option 'model=fhs'" in said(300, 1.0)
    assert "model=fhs" not in said(300, -5.0)
    assert "model=fhs" not in said(100, 1.0)


@pytest.mark.parametrize(
    ("schema", "window", "what"),
    [
        (pictures().schema, None, "cannot learn images"),
        (steps().schema, 4, "cannot learn series"),
        (steps().schema, 0, "a window of 0 steps"),
        (Schema(steps().schema.columns[2:]), 4, "a window needs the order"),
    ],
)
def test_a_model_that_cannot_learn_the_data_says_so(
    schema: Schema, window: int | None, what: str
) -> None:
    with pytest.raises(OptionError, match=what):
        choose(schema, {"row"}, "trees", window, Run())


def test_a_codec_that_a_model_asks_for_must_suit_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    from tidemill.models.independent import Independent
    from tidemill.synthesis.synthesizer import Synthesizer

    monkeypatch.setattr(Independent, "codec", "images", raising=False)
    assert Synthesizer.fit(pictures(), Run(), "independent").modality == "images"
    with pytest.raises(OptionError, match="learns images, which these data are not"):
        Synthesizer.fit(EXAMPLES["table"](), Run(), "independent")


@pytest.mark.parametrize("name", CODECS)
def test_rows_of_which_nothing_is_known_begin_with_nothing(name: str) -> None:
    data = EXAMPLES[name]()
    codec = CODECS.load(name).unfitted(None).fit(data, Run())
    [*_, last] = data.schema.names  # nothing that a model writes on from
    begun = codec.begun(data.rows(np.arange(3)).select([last]), None)
    assert len(begun) == 3
    assert begun.mask is None or not begun.mask.any()
