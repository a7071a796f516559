"""What one library makes of the rows in a folder; it runs in the venv of recipes-peers.txt.

    python benchmarks/recipes_peer.py FOLDER METHOD

Each NAME.npz of the folder is a task; what is predicted is written beside it as NAME.METHOD.npz,
and judged by recipes_judge.py. Settings of recommenders are chosen on the validation part that
comes with the task, as ours are; all else is as a user would have it by default.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

Setting = dict[str, Any]
Arrays = Mapping[str, np.ndarray]
Scores = Callable[[sparse.csr_matrix, Setting], np.ndarray]

# --- recommenders: (n, m) pairs -> (n, m) scores --------------------------------------------------


def als(pairs: sparse.csr_matrix, setting: Setting) -> np.ndarray:
    """Alternating least squares of implicit."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(random_state=0, num_threads=2, iterations=15, **setting)
    model.fit(pairs, show_progress=False)
    return model.user_factors @ model.item_factors.T


def bm25(pairs: sparse.csr_matrix, setting: Setting) -> np.ndarray:
    """Item neighbours by BM25 of implicit."""
    from implicit.nearest_neighbours import BM25Recommender

    model = BM25Recommender(num_threads=2, **setting)
    model.fit(pairs, show_progress=False)
    return (pairs @ model.similarity).toarray()


def of_cornac(name: str) -> Scores:
    """A model of cornac."""

    def scores(pairs: sparse.csr_matrix, setting: Setting) -> np.ndarray:
        import cornac

        coo = pairs.tocoo()
        lines = list(zip(coo.row.tolist(), coo.col.tolist(), [1.0] * coo.nnz, strict=True))
        known = cornac.data.Dataset.from_uir(lines, seed=0)
        model = getattr(cornac.models, name)(verbose=False, **setting).fit(known)
        found = np.full(pairs.shape, -np.inf, np.float32)
        items = np.array(list(known.iid_map))
        for user, place in known.uid_map.items():
            found[user, items] = np.asarray(model.score(place)).ravel()[: len(items)]
        return found

    return scores


DEEP = {"seed": 0, "use_gpu": False, "batch_size": 128}
RECOMMENDERS: dict[str, tuple[Scores, list[Setting]]] = {
    "implicit ALS": (
        als,
        [
            {"factors": factors, "alpha": alpha, "regularization": regularization}
            for factors in (32, 64)
            for alpha in (1.0, 5.0, 20.0)
            for regularization in (0.05, 2.0, 10.0)
        ],
    ),
    "implicit BM25": (bm25, [{"K": k, "B": b} for k in (20, 100, 300) for b in (0.2, 0.75)]),
    "cornac EASE": (
        of_cornac("EASE"),
        [{"lamb": float(lamb), "posB": False} for lamb in (100, 200, 400, 800)],
    ),
    "cornac VAECF": (
        of_cornac("VAECF"),
        [{**DEEP, "k": 64, "autoencoder_structure": [200], "n_epochs": 100}],
    ),
    "cornac BiVAECF": (
        of_cornac("BiVAECF"),
        [{**DEEP, "k": 50, "encoder_structure": [100], "n_epochs": 100}],
    ),
}


def ndcg(scores: np.ndarray, given: sparse.csr_matrix, later: sparse.csr_matrix) -> float:
    """Mean nDCG@10, by which settings are chosen; the test is judged elsewhere."""
    rows = np.flatnonzero(np.diff(later.indptr))
    open_scores = np.where(given[rows].toarray() > 0, -np.inf, scores[rows])
    first = np.argsort(-open_scores, axis=1, kind="stable")[:, :10]
    right = np.take_along_axis(later[rows].toarray() > 0, first, axis=1)
    discount = 1 / np.log2(np.arange(2, 12))
    most = np.cumsum(discount)[np.minimum(np.diff(later.indptr)[rows], 10) - 1]
    return float((right @ discount / most).mean())


def recommended(method: str, task: Arrays) -> dict[str, Any]:
    """The scores of all items for all customers."""
    parts = {}
    for name in ("train", "early", "later"):
        row, column = task[name]
        ones = np.ones(len(row), np.float32)
        parts[name] = sparse.csr_matrix((ones, (row, column)), tuple(task["shape"]))
    learn, settings = RECOMMENDERS[method]
    setting = settings[0]
    if len(settings) > 1:
        early, later = parts["early"], parts["later"]
        setting = max(settings, key=lambda one: ndcg(learn(early, one), early, later))
    return {"scores": learn(parts["train"], setting).astype(np.float32), "setting": str(setting)}


# --- effects --------------------------------------------------------------------------------------


def forest(by_lot: bool) -> Any:
    """A causal forest."""
    from econml.dml import CausalForestDML

    return CausalForestDML(discrete_treatment=True, random_state=0, **_chance("model_t", by_lot))


def linear(by_lot: bool) -> Any:
    """Doubly robust, the effect linear."""
    from econml.dr import LinearDRLearner

    return LinearDRLearner(random_state=0, **_chance("model_propensity", by_lot))


def boosted(by_lot: bool) -> Any:
    """Doubly robust, the effect by boosted trees."""
    from econml.dr import DRLearner
    from sklearn.ensemble import GradientBoostingRegressor

    final = GradientBoostingRegressor(max_depth=2, random_state=0)
    return DRLearner(model_final=final, random_state=0, **_chance("model_propensity", by_lot))


def _chance(name: str, by_lot: bool) -> dict[str, Any]:
    """Where treatment was drawn by lot, its chance is known."""
    from sklearn.dummy import DummyClassifier

    return {name: DummyClassifier(strategy="prior")} if by_lot else {}


ECONML: dict[str, Callable[[bool], Any]] = {
    "econml CausalForestDML": forest,
    "econml LinearDRLearner": linear,
    "econml DRLearner, boosted": boosted,
}


class TwoModels:
    """The two models of scikit-uplift, behind the methods of econml that are called."""

    def __init__(self, boosting: bool, happens: bool) -> None:
        from lightgbm import LGBMClassifier, LGBMRegressor
        from sklearn.linear_model import LinearRegression, LogisticRegression
        from sklift.models import TwoModels as Two

        def model() -> Any:
            if boosting:
                kind = LGBMClassifier if happens else LGBMRegressor
                return kind(random_state=0, n_jobs=2, verbose=-1)
            return LogisticRegression(max_iter=1000) if happens else LinearRegression()

        self.model = Two(model(), model(), method="vanilla")

    def fit(self, outcome: np.ndarray, treated: np.ndarray, X: np.ndarray) -> None:
        self.model.fit(X, outcome, treated)

    def effect(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(X)


UPLIFT = {"scikit-uplift TwoModels, linear": False, "scikit-uplift TwoModels, boosted": True}


def model_of(method: str, task: Arrays) -> Any:
    """What is to learn."""
    if method in UPLIFT:
        return TwoModels(UPLIFT[method], bool(np.isin(task["outcome"], (0, 1)).all()))
    return ECONML[method](bool(task["by_lot"]))


def effects(method: str, task: Arrays) -> dict[str, Any]:
    """The effect of each row that is asked of, by a model that has not seen it; where the mean
    effect is asked, that of all rows with its interval."""
    rows, treated, outcome = task["rows"], task["treated"].astype(int), task["outcome"]
    found: dict[str, Any] = {}
    if "fold" in task:
        each = np.empty(len(rows))
        for k in np.unique(task["fold"]):
            own = task["fold"] == k
            model = model_of(method, task)
            model.fit(outcome[~own], treated[~own], X=rows[~own])
            each[own] = np.ravel(model.effect(rows[own]))
        found["each"] = each
    if "asked" in task:
        model = model_of(method, task)
        model.fit(outcome, treated, X=rows)
        found["each"] = np.ravel(model.effect(task["asked"]))
        if method in UPLIFT:
            from sklift.metrics import qini_auc_score

            found["qini"] = qini_auc_score(
                task["asked_outcome"], found["each"], task["asked_treated"].astype(int)
            )
    if "mean" in task and method not in UPLIFT:
        model = model_of(method, task)
        model.fit(outcome, treated, X=rows)
        found["ate"] = _mean_effect(method, model, rows)
    return found


def _mean_effect(method: str, model: Any, rows: np.ndarray) -> np.ndarray:
    """The mean effect and the ends of its 95 % interval."""
    if method.endswith("CausalForestDML"):  # its own doubly robust mean of the training rows
        mean, error = float(np.ravel(model.ate_)[0]), float(np.ravel(model.ate_stderr_)[0])
        return np.array([mean, mean - 1.96 * error, mean + 1.96 * error])
    if method.endswith("boosted"):  # without an interval but by bootstrapping
        return np.array([float(np.mean(model.effect(rows))), np.nan, np.nan])
    told = model.ate_inference(rows)
    low, high = told.conf_int_mean(alpha=0.05)
    return np.array([np.ravel(one)[0] for one in (told.mean_point, low, high)], float)


# --- all ------------------------------------------------------------------------------------------


def tasks(folder: Path) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Each task with its name."""
    for path in sorted(folder.glob("*.npz")):
        if path.stem.count(".") == 0:
            with np.load(path) as arrays:
                yield path.stem, dict(arrays)


def main(folder: Path, method: str) -> None:
    """Work on each task that the method suits."""
    warnings.simplefilter("ignore")
    work = recommended if method in RECOMMENDERS else effects
    for name, task in tasks(folder):
        if ("train" in task) != (work is recommended):
            continue
        started = time.process_time()
        found = work(method, task)
        if found:
            found["seconds"] = time.process_time() - started
            np.savez(folder / f"{name}.{method}.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
