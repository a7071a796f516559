"""Tables with columns of free text, as a user has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import OptionError
from tidemill.synthesis.synthesizer import Synthesizer

SECRET = "Zbigniewicz 4929 1183 7745"
GOOD = ("great", "lovely", "superb", "excellent")
BAD = ("awful", "broken", "useless", "dreadful")


def reviews(n: int, seed: int = 0) -> pl.DataFrame:
    """Reviews whose words hang on their label, and titles on their product; one holds a secret."""
    rng = np.random.default_rng(seed)
    label = rng.choice(["good", "bad"], n)
    product = rng.choice(["kettle", "lamp", "chair"], n)
    endings = ["and came on time", "as my sister said", "for this price", "in every way", "again"]
    titles, texts = [], []
    for said, thing in zip(label, product, strict=True):
        words = GOOD if said == "good" else BAD
        titles.append(f"My new {thing} from {rng.choice(['this shop', 'the market', 'a friend'])}")
        texts.append(
            f"The {thing} is {rng.choice(words)} and {rng.choice(words)} {rng.choice(endings)}, "
            f"{rng.choice(['I', 'we', 'they'])} would {'' if said == 'good' else 'not '}buy it."
        )
    texts[7] = f"Call me, {SECRET}, the {product[7]} is {texts[7].split()[3]}."
    return pl.DataFrame(
        {"title": titles, "text": texts, "label": label, "stars": rng.integers(1, 6, n)}
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "m.tidemill"
    tm.fit(reviews(600), target="label").save(path)
    return path


def told(texts: pl.Series) -> np.ndarray:
    """(n,) 1 for a text with words of good reviews, -1 for one with words of bad ones, else 0."""
    found = []
    for text in texts:
        good, bad = (sum(word in text for word in words) for words in (GOOD, BAD))
        found.append(np.sign(good - bad))
    return np.array(found)


def test_texts_say_what_their_row_says(model: Path) -> None:
    made = Synthesizer.load(model).sample(300)
    side = np.where(made["label"] == "good", 1, -1)
    assert (told(made["text"]) == side).mean() > 0.9
    assert made["text"].n_unique() > 200
    things = [title.split()[2] for title in made["title"]]
    agree = [thing in text for thing, text in zip(things, made["text"], strict=True)]
    assert np.mean(agree) > 0.4  # a third by chance


def test_texts_follow_conditions(model: Path) -> None:
    made = Synthesizer.load(model).sample(100, where={"label": "bad"})
    assert (told(made["text"]) == -1).mean() > 0.9
    even = Synthesizer.load(model).sample(100, balance={"label": {"good": 0.9}})
    assert (told(even["text"]) == 1).mean() > 0.75


def test_no_secret_comes_out_of_a_model_of_texts(model: Path) -> None:
    made = Synthesizer.load(model).sample(3000)
    whole = " ".join(made["text"])
    for part in SECRET.split():
        assert part not in whole
        assert part.encode() not in model.read_bytes()
    training = reviews(600)["text"].value_counts()
    few = set(training.filter(pl.col("count") < 3)["text"])
    assert not few & set(made["text"])


def test_what_a_row_lacks_is_drawn_given_its_text(model: Path) -> None:
    fresh = reviews(200, seed=1)
    filled = Synthesizer.load(model).infill(
        fresh.with_columns(pl.lit(None, pl.String).alias("label"))
    )
    assert filled["text"].to_list() == fresh["text"].to_list()
    assert (filled["label"] == fresh["label"]).mean() > 0.9


def test_missing_texts_are_written_for_their_row(model: Path) -> None:
    fresh = reviews(200, seed=1).with_columns(pl.lit(None, pl.String).alias("text"))
    filled = Synthesizer.load(model).infill(fresh)
    assert filled["title"].to_list() == fresh["title"].to_list()
    side = np.where(filled["label"] == "good", 1, -1)
    written = filled["text"].is_not_null().to_numpy()
    assert written.all()
    assert (told(filled["text"]) == side).mean() > 0.9


def test_a_table_of_texts_alone_is_learned() -> None:
    made = tm.fit(reviews(300).select("text")).sample(50)
    assert made.columns == ["text"]
    assert (told(made["text"]) != 0).mean() > 0.8


def test_the_model_of_texts_is_chosen_by_an_option() -> None:
    table = reviews(100)
    words = tm.fit(table, options={"text.model": "none"}).sample(20)
    assert words["text"].null_count() == 0
    floor = tm.fit(table, options={"text.model": "independent"}).sample(20)
    assert floor["text"].null_count() == 0
    with pytest.raises(OptionError, match="cannot learn texts"):
        tm.fit(table, options={"text.model": "trees"})
    with pytest.raises(OptionError, match="cannot learn texts"):
        tm.fit(table.select("text"), model="trees")
    with pytest.raises(OptionError, match="has no option 'width'"):
        tm.fit(table, options={"text.width": 3})


@pytest.mark.parametrize("name", ["trees", "independent"])
def test_a_column_without_a_single_text_stays_empty(name: str) -> None:
    table = reviews(100).with_columns(pl.lit(None, pl.String).alias("title"))
    data = tm.read(table)
    column = replace(data.schema["title"], kind="text")
    data = replace(data, schema=data.schema.replacing(column))
    made = tm.fit(data, model=name).sample(20)
    assert made["title"].null_count() == 20
    assert made["text"].null_count() == 0


def test_texts_that_are_copied_word_for_word_are_red_in_the_audit() -> None:
    rng = np.random.default_rng(5)
    words = [f"word{k:03d}" for k in range(400)]
    said = [" ".join(rng.choice(words, 12)) for _ in range(600)]
    table = reviews(600, seed=3).drop("title").with_columns(pl.Series("text", said))
    train, holdout = table[:300], table[300:]
    model = tm.fit(train, target="label")
    made = model.sample(300)
    copied = made.with_columns(train["text"].shuffle(seed=1))
    lights = []
    for rows in (made, copied):
        found = tm.audit(model, train, holdout, synthetic=rows, canaries=0, attacks=["rare-values"])
        lights.append(found.light)
    assert lights[0] != "red"
    assert lights[1] == "red"
