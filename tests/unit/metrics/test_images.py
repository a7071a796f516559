"""Images of digits: real ones, copies, blurred ones and noise get the scores they deserve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.picture import Sheet
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Evidence, Score
from tidemill.imaging.judge import judge_of_structure
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.pixels import images as column
from tidemill.metrics.evaluate import evaluate
from tidemill.metrics.images.copies import BY_FEATURES, BY_PIXELS, COPIES, copies
from tidemill.metrics.images.distribution import images
from tidemill.metrics.images.features import ImageSets, shrunk
from tidemill.metrics.images.fidelity import (
    COVERAGE,
    FRECHET,
    LIKENESS,
    PRECISION,
    RECALL,
    fidelity,
)
from tidemill.metrics.images.frechet import frechet
from tidemill.metrics.images.learning import ACCURACY
from tidemill.metrics.images.manifolds import precision_recall_density_coverage
from tidemill.metrics.images.telling import BY_NETWORK
from tidemill.metrics.images.verdict import verdict_of_images

STEPS = 120
Parts = dict[str, tuple[np.ndarray, list[str]]]


def data(pixels: np.ndarray, labels: list[str] | None) -> Dataset:
    parts, columns = [column("image", pixels)], [Column("image", "image")]
    if labels is not None:
        parts.append(pl.Series("digit", labels))
        columns.append(Column("digit", "category", "target"))
    return Dataset(pl.DataFrame(parts), Schema(tuple(columns)))


def noise(pixels: np.ndarray) -> np.ndarray:
    """Pixels drawn independently of each other."""
    rng = np.random.default_rng(5)
    flat = pixels.reshape(len(pixels), -1)
    return np.stack([rng.permutation(pixel) for pixel in flat.T], axis=1).reshape(pixels.shape)


@pytest.fixture(scope="module")
def parts() -> Parts:
    found = load_digits()
    pixels = (found.images * 15.9).astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(pixels))
    labels = np.array([str(label) for label in found.target])
    return {
        name: (pixels[at], labels[at].tolist())
        for name, at in zip(("train", "holdout", "fresh"), np.array_split(order, 3), strict=True)
    }


def evidence(parts: Parts, made: np.ndarray, *, labels: list[str] | None = None) -> Evidence:
    """With labels where those of the made images are given."""
    known = labels is not None
    train, holdout = (
        data(pixels, said if known else None) for pixels, said in (parts["train"], parts["holdout"])
    )
    blank = data(noise(parts["train"][0]), parts["train"][1] if known else None)
    return Evidence(train, holdout, data(made, labels), blank)


@pytest.fixture(scope="module")
def of_real(parts: Parts) -> dict[str, Score]:
    """Real images that were not learned from, with their labels."""
    found = images(
        evidence(parts, parts["fresh"][0], labels=parts["fresh"][1]), Run(threads=1), steps=STEPS
    )
    return {score.name: score for score in found}


def album(pixels: np.ndarray) -> LabelledImages:
    return LabelledImages(pixels[..., None], np.full(len(pixels), ""))


def pixel_scores(parts: Parts, made: np.ndarray) -> dict[str, Score]:
    sets = ImageSets(
        *(
            album(pixels)
            for pixels in (parts["train"][0], parts["holdout"][0], made, noise(parts["train"][0]))
        )
    )
    return {score.name: score for score in copies(sets, None, len(sets.train), Run(threads=1))}


def test_real_images_reach_the_ceiling(of_real: dict[str, Score]) -> None:
    distance = of_real[FRECHET]
    assert distance.value < 3 * distance.ceiling < distance.floor / 3
    assert distance.figures["mean_image"] > 5 * distance.ceiling
    for name in (PRECISION, RECALL, COVERAGE):
        assert of_real[name].value == pytest.approx(of_real[name].ceiling, abs=0.12), name
    assert of_real[BY_NETWORK].value == pytest.approx(0.5, abs=0.1)
    assert of_real[ACCURACY].value == pytest.approx(of_real[ACCURACY].ceiling, abs=0.08)
    assert of_real[ACCURACY].floor < 0.3
    assert "learned from 450 training images what is where in them" in distance.sentence


def test_real_images_are_no_copies(of_real: dict[str, Score]) -> None:
    for name in (BY_PIXELS, BY_FEATURES):
        low, high = of_real[name].interval
        assert low - 0.06 < 0 < high + 0.06, name
    assert of_real[COPIES].value < 0.05
    assert of_real[COPIES].figures["identical"] == 0


def test_the_verdict_on_real_images(of_real: dict[str, Score]) -> None:
    said = verdict_of_images(list(of_real.values()))
    assert "close to real ones" in said
    assert "worth as much as real images" in said or "nearly as much" in said
    assert "give away" not in said
    assert "lean" not in said


@pytest.mark.parametrize(
    ("distance", "coverage", "words"),
    [
        (2.5, 0.97, "very close to real ones"),
        (12.0, 0.95, "are close to"),
        (60.0, 0.9, "roughly like"),
        (2.5, 0.5, "roughly like"),
        (190.0, 0.95, "hardly like"),
        (400.0, 0.0, "hardly like"),
    ],
)
def test_the_lower_of_two_reaches_names_the_likeness(
    distance: float, coverage: float, words: str
) -> None:
    said = verdict_of_images(
        [
            Score("images", FRECHET, distance, 200.0, 2.0, "low"),
            Score("images", COVERAGE, coverage, 0.05, 0.97),
        ]
    )
    assert words in said


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.89, "worth as much as"),
        (0.83, "nearly as much as"),
        (0.7, "less than"),
        (0.3, "far less than"),
    ],
)
def test_what_a_classifier_learns(accuracy: float, words: str) -> None:
    assert words in verdict_of_images([Score("images", ACCURACY, accuracy, 0.1, 0.89)])


def test_copies_are_shouted_about_and_shown(parts: Parts) -> None:
    found = pixel_scores(parts, parts["train"][0])
    assert found[COPIES].value > 0.99
    assert found[COPIES].figures["identical"] == len(parts["train"][0])
    assert found[BY_PIXELS].value > 0.99
    assert verdict_of_images(list(found.values())).startswith(
        "Red: the generated images give away training images"
    )
    sheet = found[COPIES].picture
    assert isinstance(sheet, Sheet)
    made, nearest, _ = sheet.strips
    assert made.png == nearest.png
    assert made.label == "made"
    assert made.width == 12 * 9 - 1


def test_a_tenth_of_slightly_changed_copies_is_noticed(parts: Parts) -> None:
    fresh, train = parts["fresh"][0], parts["train"][0]
    count = len(fresh) // 10
    changed = np.clip(
        train[:count] + np.random.default_rng(1).normal(0, 4, train[:count].shape), 0, 255
    ).astype(np.uint8)
    found = pixel_scores(parts, np.concatenate([changed, fresh[count:]]))
    assert 0.08 < found[COPIES].value < 0.15
    assert found[COPIES].figures["identical"] == 0
    assert "Red: the generated images give" in verdict_of_images(list(found.values()))


def test_one_identical_image_is_told(parts: Parts) -> None:
    made = np.concatenate([parts["train"][0][:1], parts["fresh"][0]])
    found = pixel_scores(parts, made)
    assert "Amber: the generated images lean" in verdict_of_images(list(found.values()))
    assert "equalled by 1 of them" in found[COPIES].sentence


def test_blurred_images_are_worse_than_real_ones_and_no_copies(
    parts: Parts, of_real: dict[str, Score]
) -> None:
    fresh = parts["fresh"][0].astype(float)
    blurred = (
        fresh / 2 + sum(np.roll(fresh, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 18
    ).astype(np.uint8)
    found = {
        s.name: s
        for s in images(
            evidence(parts, blurred, labels=parts["fresh"][1]), Run(threads=1), steps=STEPS
        )
    }
    assert 2 * of_real[FRECHET].value < found[FRECHET].value
    assert found[COVERAGE].value < of_real[COVERAGE].value - 0.05
    assert found[BY_NETWORK].value > 0.95
    assert "roughly like" in verdict_of_images(
        [of_real[FRECHET], of_real[COVERAGE], found[BY_NETWORK]]
    )
    assert found[COPIES].value < 0.05


def test_right_means_and_correlations_alone_are_not_taken_for_images(
    parts: Parts,
) -> None:
    pixels = parts["train"][0]
    flat = pixels.reshape(len(pixels), -1).astype(float)
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(len(parts["fresh"][0]), len(flat))) / np.sqrt(len(flat))
    made = flat.mean(axis=0) + weights @ (flat - flat.mean(axis=0))
    made = made.clip(0, 255).astype(np.uint8).reshape(-1, *pixels.shape[1:])
    sets = ImageSets(*(album(x) for x in (pixels[150:], parts["holdout"][0], made, noise(pixels))))
    judge = judge_of_structure(sets.train, Run(threads=1), steps=400)
    sets = sets._replace(train=album(pixels[:150]))
    found = {s.name: s for s in fidelity(sets, judge, Run(threads=1))}
    assert found[FRECHET].value > 10 * found[FRECHET].ceiling
    assert found[COVERAGE].value < 0.6


def test_images_without_labels_get_no_noise_about_labels(parts: Parts) -> None:
    scores = evaluate(evidence(parts, parts["fresh"][0]), Run(threads=1))
    assert {score.metric for score in scores} == {"images"}
    assert ACCURACY not in {score.name for score in scores}
    assert "what is where in them" in scores[FRECHET].sentence
    assert "rows" not in scores.verdict
    asked = evaluate(evidence(parts, parts["fresh"][0]), Run(threads=1), ["detection"])
    assert [score.why for score in asked] == ["the metric 'detection' is not for images"]


def test_metrics_that_see_labels_only_are_left_out(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = evidence(parts, parts["fresh"][0], labels=parts["fresh"][1])
    scores = evaluate(what, Run(threads=1), ["marginals", "pairs"])
    assert {score.metric: score.value is None for score in scores.of("pairs")} == {"pairs": True}
    assert scores["column shapes"].value > 0.8


def test_without_torch_only_copies_are_looked_for(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("classifier", "judge"):
        monkeypatch.setitem(__import__("sys").modules, f"tidemill.imaging.{module}", None)
    what = evidence(parts, parts["fresh"][0], labels=parts["fresh"][1])
    found = {score.name: score for score in images(what, Run(threads=1))}
    for name in (ACCURACY, *(name for name, _ in LIKENESS)):
        assert "pip install 'tidemill[deep]'" in found[name].why
    assert found[COPIES].value is not None
    assert "was not measured" in verdict_of_images(list(found.values()))


def test_few_images_and_one_class_say_why(parts: Parts) -> None:
    def few(name: str) -> Dataset:
        return data(parts[name][0][:10], ["7"] * 10)

    what = Evidence(few("train"), few("holdout"), few("fresh"), few("fresh"))
    assert all(score.value is None and score.why for score in images(what, Run(threads=1), steps=5))


def test_images_of_another_size_are_refused(parts: Parts) -> None:
    with pytest.raises(DataError, match="synthetic images have another size"):
        evaluate(evidence(parts, parts["fresh"][0][:, :6]), Run())


@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (3, 33, 17, 3), (3, 8, 8, 1)])
def test_shrunk_images_keep_their_means(shape: tuple[int, ...]) -> None:
    grey = np.full(shape, 51, np.uint8)
    assert shrunk(grey) == pytest.approx(0.2)
    assert shrunk(grey).shape[1] <= 16 * 16 * shape[3]


def test_frechet_of_normal_clouds_is_the_known_one() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(40_000, 2))
    b = a * [2.0, 1.0] + [0.0, 3.0]
    assert frechet(a, b) == pytest.approx(1 + 9, rel=0.03)
    assert frechet(a[:1].repeat(5, axis=0), a[:1].repeat(4, axis=0)) == pytest.approx(0, abs=1e-9)


def test_fewer_rows_than_features_are_no_obstacle() -> None:
    a, b = np.random.default_rng(4).normal(size=(2, 20, 64))
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-6)


@pytest.mark.parametrize(
    ("change", "low", "high"),
    [
        (lambda made: made[:150], "recall", "precision"),
        (lambda made: made * 3, "precision", "recall"),
    ],
)
def test_precision_falls_with_strange_images_and_recall_with_lost_ones(
    change: Callable[[np.ndarray], np.ndarray], low: str, high: str
) -> None:
    """Half of the variety is missing, or most of what is made lies outside."""
    rng = np.random.default_rng(6)
    real, made = rng.normal(size=(2, 600, 4))
    made = made[np.argsort(made[:, 0])] if low == "recall" else made
    found = precision_recall_density_coverage(real, change(made))._asdict()
    assert found[low] < 0.75 * found[high]
    assert found["coverage"] < precision_recall_density_coverage(real, made).coverage - 0.1
