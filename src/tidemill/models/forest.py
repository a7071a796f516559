"""Boosted trees as plain arrays that can be checked before LightGBM is handed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import lightgbm as lgb
import numpy as np

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
        for line in text[text.index("Tree=0") : text.index("end of trees")].split("\n"):
            key, _, values = line.partition("=")
            lines.setdefault(key, []).append(values)

        def gathered(key: str, dtype: type) -> np.ndarray:
            return np.fromstring(" ".join(lines.get(key, ())), np.float64, sep=" ").astype(dtype)

        threshold = gathered("threshold", np.float64)
        decision = gathered("decision_type", np.int8)
        # symbols are whole numbers: the half between them says the same in fewer digits; a split
        # that only sets missing ones apart has the largest float as its threshold
        threshold = np.where(
            decision & _CATEGORICAL, threshold, np.floor(np.minimum(threshold, _BEYOND)) + 0.5
        )
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
    def joined(parts: list[Forest]) -> Forest:
        """Several forests one behind the other."""
        return Forest(
            **{
                f.name: np.concatenate([getattr(part, f.name) for part in parts])
                for f in fields(Forest)
            }
        )

    def boosters(self, features: int) -> list[lgb.Booster]:
        """LightGBM's predictor of each forest over this many features.

        One each, since a predictor keeps the range of trees that it was last asked for: threads
        would disturb each other.

        The arrays must be sound (:meth:`check`).
        """
        header = _HEADER.format(
            last=features - 1,
            names=" ".join(f"f{i}" for i in range(features)),
            infos=" ".join(["none"] * features),
        )
        texts = self._texts()
        ends = np.cumsum(self.trees).tolist()
        return [
            lgb.Booster(model_str=f"{header}{''.join(texts[first:end])}\nend of trees\n")
            for first, end in zip([0, *ends[:-1]], ends, strict=True)
        ]

    def _texts(self) -> list[str]:
        inner = np.r_[0, np.cumsum(self.leaves.astype(np.int64) - 1)].tolist()
        leaf = np.r_[0, np.cumsum(self.leaves.astype(np.int64))].tolist()
        bound = np.r_[
            0, np.cumsum(np.where(self.sets > 0, self.sets.astype(np.int64) + 1, 0))
        ].tolist()
        word = np.r_[0, np.cumsum(self._words())].tolist()
        columns = {
            "split_feature": self.feature,
            "threshold": self.threshold,
            "decision_type": self.decision,
            "left_child": self.left,
            "right_child": self.right,
        }
        shown = {name: list(map(str, array.tolist())) for name, array in columns.items()}
        values = list(map(str, self.value.tolist()))
        starts, bits = (
            list(map(str, self.set_start.tolist())),
            list(map(str, self.set_bits.tolist())),
        )
        number = np.arange(len(self.leaves)) - np.repeat(
            np.cumsum(self.trees) - self.trees, self.trees
        )
        texts = []
        for t, (leaves, sets) in enumerate(
            zip(self.leaves.tolist(), self.sets.tolist(), strict=True)
        ):
            lines = [f"Tree={number[t]}", f"num_leaves={leaves}", f"num_cat={sets}"]
            lines += [
                f"{name}={' '.join(array[inner[t] : inner[t + 1]])}"
                for name, array in shown.items()
            ]
            lines.append(f"leaf_value={' '.join(values[leaf[t] : leaf[t + 1]])}")
            if sets:
                lines.append(f"cat_boundaries={' '.join(starts[bound[t] : bound[t + 1]])}")
                lines.append(f"cat_threshold={' '.join(bits[word[t] : word[t + 1]])}")
            lines += ["is_linear=0", "shrinkage=1", "\n\n"]
            texts.append("\n".join(lines))
        return texts

    def _words(self) -> np.ndarray:
        """(t,) how many set words each tree has: the last of its boundaries."""
        ends = np.cumsum(np.where(self.sets > 0, self.sets.astype(np.int64) + 1, 0)) - 1
        return np.where(
            self.sets > 0, self.set_start[np.maximum(ends, 0)] if len(self.set_start) else 0, 0
        )

    def check(self, features: int) -> None:
        """Refuse arrays with which LightGBM would read beyond its memory.

        Raises:
            ArtifactError: The arrays are not those of trees over so many features.
        """
        inner = self.leaves.astype(np.int64) - 1
        total, each = int(inner.sum()), np.repeat(inner, np.maximum(inner, 0))
        parts = (self.feature, self.threshold, self.decision, self.left, self.right)
        sound = (
            bool(np.all(self.leaves >= 1))
            and bool(np.all(self.sets >= 0))
            and bool(np.all(self.trees >= 0))
            and len(self.leaves) == len(self.sets) == int(self.trees.sum())
            and all(len(part) == total for part in parts)
            and len(self.value) == total + len(self.leaves)
            and bool(np.all((self.feature >= 0) & (self.feature < features)))
            and bool(np.all(np.isfinite(self.threshold)))
            and bool(np.all(np.isfinite(self.value)))
            and self._children_sound(each)
            and self._sets_sound()
        )
        if not sound:
            raise ArtifactError(
                "the model's trees are not trees", hint="do not trust this file; fit again"
            )

    def _children_sound(self, each: np.ndarray) -> bool:
        """Whether every child comes behind its parent in its own tree, so that no path is
        endless."""
        inner = self.leaves.astype(np.int64) - 1
        own = np.arange(len(each)) - np.repeat(np.cumsum(inner) - inner, np.maximum(inner, 0))
        return all(
            bool(np.all(np.where(child >= 0, (child > own) & (child < each), ~child <= each)))
            for child in (self.left.astype(np.int64), self.right.astype(np.int64))
        )

    def _sets_sound(self) -> bool:
        """Whether set splits point into their tree's own sets, and the sets into their words."""
        lengths = np.where(self.sets > 0, self.sets.astype(np.int64) + 1, 0)
        if len(self.set_start) != lengths.sum():
            return False
        ends = np.cumsum(lengths)
        first = self.set_start[(ends - lengths)[self.sets > 0]]
        same_tree = np.ones(max(len(self.set_start) - 1, 0), bool)
        same_tree[ends[(self.sets > 0)][:-1] - 1] = False
        rising = bool(np.all(np.diff(self.set_start)[same_tree] > 0))
        inner = self.leaves.astype(np.int64) - 1
        limit = np.repeat(self.sets, np.maximum(inner, 0))
        by_set = (self.decision & _CATEGORICAL).astype(bool)
        inside = (self.threshold >= 0) & (self.threshold < limit)
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
    def from_arrays(prefix: str, arrays: Mapping[str, np.ndarray]) -> Forest:
        """Restored from :meth:`to_arrays`.

        Raises:
            KeyError: An array is missing.
        """
        return Forest(**{f.name: arrays[f"{prefix}.{f.name}"] for f in fields(Forest)})
