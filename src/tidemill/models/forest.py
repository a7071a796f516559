"""Boosted trees as plain arrays that can be checked before LightGBM is handed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import lightgbm as lgb
import numpy as np

from tidemill.core import checked_arrays
from tidemill.core.errors import ArtifactError

_HEADER = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx={last}
objective=binary sigmoid:1
feature_names={names}
feature_infos={infos}

"""
_CATEGORICAL = 1
"""Bit of LightGBM's decision_type that marks a split by a set of levels; its threshold is then an
index of such a set."""
_BEYOND = 2.0**31
"""Above every symbol."""
_DECISIONS = 11
"""The largest decision_type: its two bits, and one of three ways to tell a missing value."""
_MOST = 2**31 - 1
_WHOLE: Mapping[str, tuple[type, int, int]] = {
    "trees": (np.int32, 0, _MOST),
    "leaves": (np.int16, 1, 2**15 - 1),
    "sets": (np.int16, 0, 2**15 - 1),
    "feature": (np.int32, 0, _MOST),
    "decision": (np.int8, 0, _DECISIONS),
    "left": (np.int16, -(2**15), 2**15 - 1),
    "right": (np.int16, -(2**15), 2**15 - 1),
    "set_start": (np.int32, 0, _MOST),
    "set_bits": (np.uint32, 0, 2**32 - 1),
}
"""Of the arrays of whole numbers, the dtype and what their values lie between."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Many small forests of binary classifiers over the same features, one behind the other.

    Attributes:
        trees: (q,) trees of each forest.
        leaves, sets: (t,) leaves of each tree, and how many of its splits are by sets of levels.
        feature, threshold, decision, left, right: (inner nodes of all trees,); children are as
            LightGBM numbers them within a tree: >= 0 for an inner node, ~leaf for a leaf.
        value: (leaves of all trees,) log-odds.
        set_start: boundaries of the sets of each tree that has any (sets + 1 each), set_bits: their
            32-bit words.
    """

    trees: np.ndarray
    leaves: np.ndarray
    sets: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    decision: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    set_start: np.ndarray
    set_bits: np.ndarray

    @staticmethod
    def of(text: str) -> Forest:
        """The forest that LightGBM wrote as a model text."""
        lines: dict[str, list[str]] = {}
        trees = text[text.index("Tree=0") : text.index("end of trees")]
        for line in trees.split("\n"):
            key, _, values = line.partition("=")
            lines.setdefault(key, []).append(values)

        def gathered(key: str, dtype: type) -> np.ndarray:
            numbers = " ".join(lines.get(key, ()))
            return np.fromstring(numbers, np.float64, sep=" ").astype(dtype)

        threshold = gathered("threshold", np.float64)
        decision = gathered("decision_type", np.int8)
        # symbols are whole numbers: the half between them says the same in fewer digits; a split
        # that only sets missing ones apart has the largest float as its threshold
        half = np.floor(np.minimum(threshold, _BEYOND)) + 0.5
        threshold = np.where(decision & _CATEGORICAL, threshold, half)
        return Forest(
            np.array([len(lines["Tree"])], np.int32),
            gathered("num_leaves", np.int16),
            gathered("num_cat", np.int16),
            gathered("split_feature", np.int32),
            threshold.astype(np.float32),
            decision,
            gathered("left_child", np.int16),
            gathered("right_child", np.int16),
            gathered("leaf_value", np.float32),
            gathered("cat_boundaries", np.int32),
            gathered("cat_threshold", np.uint32),
        )

    @staticmethod
    def silent() -> Forest:
        """A forest that says nothing: one tree of one leaf."""
        one, none, sets = np.ones(1, np.int32), np.zeros(0, np.int16), np.zeros(1, np.int16)
        return Forest(
            trees=one,
            leaves=one.astype(np.int16),
            sets=sets,
            feature=none.astype(np.int32),
            threshold=none.astype(np.float32),
            decision=none.astype(np.int8),
            left=none,
            right=none,
            value=np.zeros(1, np.float32),
            set_start=none.astype(np.int32),
            set_bits=none.astype(np.uint32),
        )

    @staticmethod
    def joined(parts: list[Forest]) -> Forest:
        """Several forests one behind the other."""
        arrays = {}
        for own in fields(Forest):
            arrays[own.name] = np.concatenate([getattr(part, own.name) for part in parts])
        return Forest(**arrays)

    def boosters(self, features: np.ndarray | int) -> list[lgb.Booster]:
        """LightGBM's predictor of each forest over so many features, (q,).

        One each, since a predictor keeps the range of trees that it was last asked for: threads
        would disturb each other.

        The arrays must be sound (:meth:`check`).
        """
        texts = self._texts()
        boosters = []
        first = 0
        widths = np.broadcast_to(features, self.trees.shape)
        for width, end in zip(widths.tolist(), np.cumsum(self.trees).tolist(), strict=True):
            header = _HEADER.format(
                last=width - 1,
                names=" ".join(f"f{i}" for i in range(width)),
                infos=" ".join(["none"] * width),
            )
            trees = "".join(texts[first:end])
            boosters.append(lgb.Booster(model_str=f"{header}{trees}\nend of trees\n"))
            first = end
        return boosters

    def _texts(self) -> list[str]:
        """Each tree as LightGBM writes it."""
        leaves = self.leaves.astype(np.int64)
        # where each tree's part of the arrays begins
        inner, leaf, bound, word = (
            np.r_[0, np.cumsum(length)].tolist()
            for length in (leaves - 1, leaves, self._bounds(), self._words())
        )
        columns = {
            "split_feature": self.feature,
            "threshold": self.threshold,
            "decision_type": self.decision,
            "left_child": self.left,
            "right_child": self.right,
        }
        nodes = {name: _as_text(array) for name, array in columns.items()}
        values = _as_text(self.value)
        set_starts, set_bits = _as_text(self.set_start), _as_text(self.set_bits)
        number = np.arange(len(leaves)) - np.repeat(np.cumsum(self.trees) - self.trees, self.trees)
        texts = []
        for t, sets in enumerate(self.sets.tolist()):
            lines = [f"Tree={number[t]}", f"num_leaves={leaves[t]}", f"num_cat={sets}"]
            for name, array in nodes.items():
                lines.append(f"{name}={' '.join(array[inner[t] : inner[t + 1]])}")
            lines.append(f"leaf_value={' '.join(values[leaf[t] : leaf[t + 1]])}")
            if sets:
                lines.append(f"cat_boundaries={' '.join(set_starts[bound[t] : bound[t + 1]])}")
                lines.append(f"cat_threshold={' '.join(set_bits[word[t] : word[t + 1]])}")
            lines += ["is_linear=0", "shrinkage=1", "\n\n"]
            texts.append("\n".join(lines))
        return texts

    def _words(self) -> np.ndarray:
        """(t,) how many set words each tree has: the last of its boundaries."""
        if not len(self.set_start):
            return np.zeros(len(self.sets), np.int64)
        ends = np.cumsum(self._bounds()) - 1
        return np.where(self.sets > 0, self.set_start.astype(np.int64)[np.maximum(ends, 0)], 0)

    def _bounds(self) -> np.ndarray:
        """(t,) how many boundaries of sets each tree has."""
        return np.where(self.sets > 0, self.sets.astype(np.int64) + 1, 0)

    def check(self, features: np.ndarray | int) -> None:
        """Refuse arrays with which LightGBM would read beyond its memory, or without end.

        Args:
            features: (q,) how many each forest sees.

        Raises:
            ArtifactError: The arrays are not those of trees over so many features.
        """
        sound = (
            self._lengths_sound()
            and bool(np.all(self.feature < self._features(features)))
            and self._children_sound()
            and self._sets_sound()
        )
        if not sound:
            raise ArtifactError(
                "the model's trees are not trees", hint="do not trust this file; fit again"
            )

    def _features(self, features: np.ndarray | int) -> np.ndarray:
        """(inner nodes of all trees,) how many features there are."""
        each = np.broadcast_to(features, self.trees.shape)
        return np.repeat(np.repeat(each, self.trees), self.leaves.astype(np.int64) - 1)

    def _lengths_sound(self) -> bool:
        """Whether the arrays are as long as the trees have nodes."""
        leaves = self.leaves.astype(np.int64)
        if not len(leaves) == len(self.sets) == int(self.trees.astype(np.int64).sum()):
            return False
        inner = int((leaves - 1).sum())
        for array in (self.feature, self.threshold, self.decision, self.left, self.right):
            if len(array) != inner:
                return False
        return len(self.value) == inner + len(leaves)

    def _children_sound(self) -> bool:
        """Whether every child comes behind its parent in its own tree, so that no path is
        endless."""
        inner = self.leaves.astype(np.int32) - 1
        each = np.repeat(inner, inner)
        before = np.repeat(np.cumsum(inner, dtype=np.int32) - inner, inner)
        own = np.arange(len(each), dtype=np.int32) - before
        for child in (self.left.astype(np.int32), self.right.astype(np.int32)):
            is_node = (child > own) & (child < each)
            is_leaf = ~child <= each
            if not np.all(np.where(child >= 0, is_node, is_leaf)):
                return False
        return True

    def _sets_sound(self) -> bool:
        """Whether set splits point into their tree's own sets, and the sets into their words."""
        lengths = self._bounds()
        start = self.set_start.astype(np.int64)  # differences of narrower ones wrap round
        if len(start) != lengths.sum():
            return False
        ends = np.cumsum(lengths)
        first = start[(ends - lengths)[self.sets > 0]]
        same_tree = np.ones(max(len(start) - 1, 0), bool)
        same_tree[ends[(self.sets > 0)][:-1] - 1] = False
        rising = bool(np.all(np.diff(start)[same_tree] > 0))
        inner = self.leaves.astype(np.int64) - 1
        limit = np.repeat(self.sets.astype(np.int64), inner)
        by_set = (self.decision & _CATEGORICAL).astype(bool)
        at = self.threshold
        inside = (at >= 0) & (at < limit) & (at == np.floor(at))
        return (
            bool(np.all(first == 0))
            and rising
            and bool(np.all(inside[by_set]))
            and int(self._words().sum()) == len(self.set_bits)
        )

    def to_arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays under names that begin with the prefix."""
        return {f"{prefix}.{f.name}": getattr(self, f.name) for f in fields(self)}

    @staticmethod
    def from_arrays(
        prefix: str, arrays: Mapping[str, np.ndarray], features: np.ndarray | int
    ) -> Forest:
        """The forest of these arrays, of which each sees so many features, (q,).

        Raises:
            ArtifactError: They are not those of trees.
            KeyError, ValueError: An array is missing, or another one.
        """
        taken = {}
        for name, (dtype, low, high) in _WHOLE.items():
            taken[name] = checked_arrays.integers(
                arrays, f"{prefix}.{name}", dtype, (None,), low, high
            )
        for name in ("threshold", "value"):
            taken[name] = checked_arrays.reals(arrays, f"{prefix}.{name}", np.float32, (None,))
        forest = Forest(**taken)
        forest.check(features)
        return forest


def _as_text(array: np.ndarray) -> list[str]:
    return [str(value) for value in array.tolist()]
