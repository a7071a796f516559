"""Models of texts: likelihood of held-out texts, and whether made texts can be learned from, told
from real ones, and found among them.

    python benchmarks/texts.py [SET ...] [--models NAME ...] [--seed 0] [--minutes 10]
        [--steps N] [--option KEY=VALUE ...]

shakespeare  tinyshakespeare: speeches of the first nine tenths are learned, those of the last tenth
             are judged by; characters; an end of a speech counts for two.
banking      banking77: questions by category, the set's own split; 5,001 are made.
reviews      shop_reviews_zh: reviews by category and polarity, 20 % held out; texts cut at 160
             characters; 4,000 are made.

Each text is made for the row of a training text, and drawn again where the codec says that it is a
copy. Use: accuracy on held-out texts of a linear support vector machine on TF-IDF of words and
pairs (Chinese: of characters) that learned from made texts, beside one of as many real ones, for
the labels together and for each; class right: made texts in which one that learned from all
training texts finds their own class. Detection: AUC of a logistic
regression on the same features, 2,000 made against 2,000 held-out texts, in five folds. Copies:
made texts that stand among training texts, in lower case. Alone: bits a character of a network
without the counted runs that it is mixed with. Networks learn for so many minutes, on two cores
that do nothing else; on a busy machine they get less done, as the CPU seconds of "fit" say. With
--steps they learn so many steps, which gives the same figures everywhere.

What was measured is kept in benchmarks/results/texts.json; tables are printed and written to
docs/texts.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.svm import LinearSVC

import tidemill as tm
from tidemill.codecs.texts import TextsCodec
from tidemill.core.dataset import Dataset
from tidemill.core.grid import Batch
from tidemill.core.schema import Column, Schema
from tidemill.models.base import unfitted
from tidemill.synthesis.stages import Stage, Stages

PAGE, RESULTS = ROOT / "docs" / "texts.md", ROOT / "benchmarks" / "results" / "texts.json"
COMPARED = 2_000
FIGURES = (
    "bits a character",
    "alone",
    "use",
    "class right",
    "detection",
    "copies",
    "fit",
    "sample",
    "MB",
)


@dataclass(frozen=True)
class Task:
    """Texts to learn and to judge by.

    Attributes:
        train, holdout: Rows of a column "text" and others.
        labels: The columns that together are a text's class; none where there is none.
        made: How many texts are made; 0 where only the likelihood is looked at.
        analyzer: Of the judges' features: "word" or "char".
        end: Characters that the end of a text counts for.
    """

    train: pl.DataFrame
    holdout: pl.DataFrame
    labels: tuple[str, ...] = ()
    made: int = 0
    analyzer: str = "word"
    end: int = 1


def shakespeare() -> Task:
    with gzip.open(SHARED / "shakespeare" / "tinyshakespeare.txt.gz", "rt") as file:
        text = file.read()
    cut = len(text) * 9 // 10
    parts = [pl.DataFrame({"text": part.split("\n\n")}) for part in (text[:cut], text[cut:])]
    return Task(parts[0], parts[1], end=2)


def banking() -> Task:
    frame = pl.read_parquet(SHARED / "banking77_en" / "banking77_en.parquet")
    train, holdout = (
        frame.filter(split=part).select("text", "category") for part in ("train", "test")
    )
    return Task(train, holdout, ("category",), made=5_001)


def reviews() -> Task:
    frame = pl.read_parquet(SHARED / "shop_reviews_zh" / "online_shopping.parquet")
    frame = frame.filter(pl.col("review").str.len_chars() > 0).select(
        pl.col("review").str.slice(0, 160).alias("text"),
        "cat",
        pl.col("label").cast(pl.String),
    )
    order = np.random.default_rng(0).permutation(len(frame))
    cut = len(frame) // 5
    train, holdout = frame[order[cut:].tolist()], frame[order[:cut].tolist()]
    return Task(train, holdout, ("cat", "label"), made=4_000, analyzer="char")


SETS = {"shakespeare": shakespeare, "banking": banking, "reviews": reviews}


def dataset(frame: pl.DataFrame) -> Dataset:
    columns = [Column(name, "text" if name == "text" else "category") for name in frame.columns]
    return Dataset(frame, Schema(tuple(columns)))


def labels(frame: pl.DataFrame, task: Task) -> np.ndarray:
    return np.array([" / ".join(row) for row in frame.select(task.labels).iter_rows()])


class Judge:
    """Classifiers of the texts of a task."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.whole, self.features = self._learned(task.train)

    def _learned(self, frame: pl.DataFrame) -> tuple[LinearSVC, TfidfVectorizer]:
        features = TfidfVectorizer(ngram_range=(1, 2), analyzer=self.task.analyzer)
        learned = LinearSVC().fit(features.fit_transform(frame["text"]), labels(frame, self.task))
        return learned, features

    def use(self, frame: pl.DataFrame) -> float:
        """Accuracy on held-out texts of a classifier that learned from these."""
        learned, features = self._learned(frame)
        found = learned.predict(features.transform(self.task.holdout["text"]))
        return float((found == labels(self.task.holdout, self.task)).mean())

    def right(self, frame: pl.DataFrame) -> float:
        """Share of texts whose class the classifier of all training texts finds."""
        found = self.whole.predict(self.features.transform(frame["text"]))
        return float((found == labels(frame, self.task)).mean())

    def detection(self, frame: pl.DataFrame, rng: np.random.Generator) -> float:
        """AUC of these texts against held-out ones."""
        sides = []
        for side in (frame["text"], self.task.holdout["text"]):
            sides.append([side[int(i)] for i in rng.permutation(len(side))[:COMPARED]])
        features = TfidfVectorizer(ngram_range=(1, 2), analyzer=self.task.analyzer)
        matrix = features.fit_transform([text for side in sides for text in side])
        real = np.repeat([0, 1], [len(side) for side in sides])
        judge = LogisticRegression(C=10, max_iter=500)
        chance = cross_val_predict(judge, matrix, real, cv=5, method="predict_proba")[:, 1]
        return float(roc_auc_score(real, chance))

    def copies(self, frame: pl.DataFrame) -> float:
        """Share of texts that stand among the training texts."""
        known = set(self.task.train["text"].str.to_lowercase())
        return float(np.mean([text in known for text in frame["text"].str.to_lowercase()]))

    def figures(self, frame: pl.DataFrame, seed: int) -> dict[str, float]:
        """All of them."""
        return {
            "use": self.use(frame),
            "class right": self.right(frame),
            "detection": self.detection(frame, np.random.default_rng(seed)),
            "copies": self.copies(frame),
        }


def by_label(task: Task, frame: pl.DataFrame) -> dict[str, float]:
    """The use of texts for each label by itself, where there are several."""
    if len(task.labels) < 2:
        return {}
    return {f"use: {one}": Judge(replace(task, labels=(one,))).use(frame) for one in task.labels}


def packed(arrays: dict[str, np.ndarray]) -> float:
    """Megabytes of arrays as they are stored."""
    return sum(len(zlib.compress(array.tobytes(), 6)) for array in arrays.values()) / 1e6


def bits(generator: Any, batch: Batch, characters: int) -> float:
    """Bits a character of some texts."""
    return -float(generator.scores(batch).sum()) / np.log(2) / characters


def alone(generator: Any) -> Any:
    """A network without counted runs beside it; None where there are none."""
    document, arrays = generator.to_state()
    if document.get("ngram") is None:
        return None
    own = {key: array for key, array in arrays.items() if not key.startswith("ngram.")}
    return type(generator).from_state(generator.spec, {**document, "ngram": None}, own)


def measured(name: str, model: str, run: tm.Run, options: Mapping[str, str]) -> dict[str, Any]:
    """What is measured of a model on a set."""
    task, seed = SETS[name](), run.seed
    train = dataset(task.train)
    codec = TextsCodec().fit(train, run)
    batch = replace(codec.encode(train), guarded=codec.guarded(train, None))
    run.begin_learning()
    began = time.process_time()
    generator: Any = unfitted(model, options).fit(codec.spec, batch, run)
    found: dict[str, Any] = {"set": name, "model": model, "seed": seed}
    if options:
        found |= {"options": dict(options), "steps": generator.steps_done}
    found["fit"] = time.process_time() - began
    found["MB"] = packed(generator.to_state()[1])
    if hasattr(generator, "scores"):
        held = codec.encode(dataset(task.holdout))
        characters = sum(len(text) + task.end for text in task.holdout["text"])
        found["bits a character"] = bits(generator, held, characters)
        if (network := alone(generator)) is not None:
            found["alone"] = bits(network, held, characters)
    if task.made:
        rows = np.random.default_rng(seed).permutation(len(batch))[: task.made]
        assert codec.given is not None
        assert batch.context is not None
        given = unfitted("independent").fit(codec.given.spec, batch.context, run)
        stages = Stages(
            [Stage(codec.given, "independent", given), Stage(codec, model, generator)], model
        )
        began = time.process_time()
        made = stages.made_for(batch.context.rows(rows), np.random.default_rng(seed), run)
        found["sample"] = time.process_time() - began
        frame = codec.decode(made, np.random.default_rng(seed)).frame
        found |= Judge(task).figures(frame, seed) | by_label(task, frame)
    return found


def real(name: str, seed: int) -> dict[str, Any]:
    """The ceiling: as many training texts in the place of made ones."""
    task = SETS[name]()
    found: dict[str, Any] = {"set": name, "model": "real", "seed": seed}
    if task.made:
        rows = np.random.default_rng(seed).permutation(len(task.train))[: task.made]
        judge = Judge(task)
        frame = task.train[rows.tolist()]
        found |= by_label(task, frame)
        found["use"], found["detection"] = (
            judge.use(frame),
            judge.detection(frame, np.random.default_rng(seed)),
        )
        found["class right"], found["copies"] = (
            judge.right(task.holdout),
            judge.copies(task.holdout),
        )
    return found


def table(results: Sequence[dict[str, Any]]) -> str:
    """The results as a table of Markdown."""
    lines = [f"| set | model | {' | '.join(FIGURES)} |", "| --- " * (2 + len(FIGURES)) + "|"]
    for one in results:
        cells = []
        for figure in FIGURES:
            value = one.get(figure)
            digits = 1 if figure in ("fit", "sample", "MB") else 3
            cells.append("–" if value is None else f"{value:.{digits}f}")
        lines.append(
            f"| {one['set']} | `{one['model']}` | {' | '.join(cells)} |".replace(
                "`real`", "real texts"
            )
        )
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("sets", nargs="*", default=list(SETS))
    arguments.add_argument("--models", nargs="+", default=["real", "ngram", "autoregressive"])
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--steps", type=int, default=None)
    arguments.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    given = arguments.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    for name in given.sets:
        for model in given.models:
            if model == "real":
                found = real(name, given.seed)
            else:
                run = tm.Run(given.seed, minutes=given.minutes, steps=given.steps)
                options = dict(one.split("=") for one in given.option)
                found = measured(name, model, run, options)
            print(json.dumps(found), flush=True)
            results = [one for one in results if (one["set"], one["model"]) != (name, model)]
            results.append(found)
    results.sort(
        key=lambda one: (list(SETS).index(one["set"]), one["model"] != "real", one["model"])
    )
    results = [one for one in results if len(one) > 3]
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(table(results))
    page = PAGE.read_text(encoding="utf-8")
    written = f"<!-- texts:start -->\n{table(results)}\n<!-- texts:end -->"
    page = re.sub(
        r"<!-- texts:start -->.*<!-- texts:end -->", lambda _: written, page, flags=re.DOTALL
    )
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
