"""Figures of methods that need a GPU or hours, as published; nothing here was measured by us."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """One method on one set: means over five models.

    Attributes:
        method, set: What was measured on what.
        detection: Detection score of XGBoost: 1 where synthetic rows cannot be told from real ones,
            0 where always.
        trend: Similarity of pairs of columns ("trend" of SDMetrics), 1 is best.
        utility: AUC of XGBoost that learned from synthetic rows, on real test rows.
        seconds: Of training, on its authors' machine.
    """

    method: str
    set: str
    detection: float
    trend: float
    utility: float
    seconds: float

    @property
    def auc(self) -> float:
        """The AUC behind the detection score, which is 1 - (2 AUC - 1)."""
        return 1 - self.detection / 2


SOURCE = (
    "Scassola, Ponsford, Javaloy and others (2026), "
    "[A Sobering Look at Tabular Data Generation via Probabilistic "
    "Circuits](https://arxiv.org/abs/2603.23016), "
    "tables `xgb_detection`, `trend`, `mle` and `training_time` of "
    "`article_material/article_tables` in [its repository](https://github.com/april-tools/tabpc). "
    "TabSyn "
    "([arXiv 2310.09656](https://arxiv.org/abs/2310.09656)) and TabDiff "
    "([arXiv 2410.20626](https://arxiv.org/abs/2410.20626)) were trained again there, five times "
    "each"
)

PUBLISHED = (
    Published("TabSyn", "adult", 0.7942, 0.9795, 0.9104, 3082.5),
    Published("TabDiff", "adult", 0.8409, 0.9846, 0.9130, 11604.6),
    Published("TabPC", "adult", 0.8554, 0.9856, 0.9162, 272.5),
    Published("TabSyn", "magic", 0.7602, 0.9918, 0.9370, 2270.8),
    Published("TabDiff", "magic", 0.7732, 0.9916, 0.9358, 11643.4),
    Published("TabPC", "magic", 0.8602, 0.9830, 0.9324, 38.9),
    Published("TabSyn", "online_shoppers", 0.6554, 0.9771, 0.9144, 2441.2),
    Published("TabDiff", "online_shoppers", 0.7361, 0.9809, 0.9170, 10320.8),
    Published("TabPC", "online_shoppers", 0.8936, 0.9822, 0.8970, 50.6),
)
