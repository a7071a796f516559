"""Scores of synthetic rows against training and held-out rows; one family a file."""

from tidemill.core.modality import EVERY, TABLES
from tidemill.core.registry import Entry, Registry

METRICS = Registry(
    "metrics",
    {
        "marginals": Entry(
            "tidemill.metrics.marginals:marginals",
            "the shape of each column, and its missing values",
            sees=EVERY,
        ),
        "pairs": Entry(
            "tidemill.metrics.pairs:pairs", "how each two columns go together", sees=TABLES
        ),
        "detection": Entry(
            "tidemill.metrics.detection:detection",
            "whether a classifier tells synthetic from real rows",
            sees=TABLES,
        ),
        "coverage": Entry(
            "tidemill.metrics.coverage:coverage", "how much of the real variety occurs", sees=TABLES
        ),
        "utility": Entry(
            "tidemill.metrics.utility:utility",
            "what models of the target learn from synthetic rows",
            sees=TABLES,
        ),
        "effects": Entry(
            "tidemill.metrics.effects:effects",
            "how much of what each column says of the target is kept",
            sees=TABLES,
        ),
        "privacy": Entry(
            "tidemill.metrics.privacy:privacy",
            "whether training rows are given away, attack by attack",
            sees=TABLES,
            also=("nearest", "closeness", "membership", "copies"),
        ),
        "parity": Entry(
            "tidemill.metrics.parity.parity:parity",
            "whether sensitive groups are served equally well",
            sees=EVERY,
        ),
        "findings": Entry(
            "tidemill.metrics.findings:findings",
            "which mined findings are found again",
            sees=TABLES,
        ),
        "text_detection": Entry(
            "tidemill.metrics.texts.detection:text_detection",
            "whether a classifier tells made from real texts",
            sees=TABLES,
        ),
        "text_variety": Entry(
            "tidemill.metrics.texts.variety:text_variety",
            "whether texts are as varied as real ones",
            sees=TABLES,
        ),
        "text_agreement": Entry(
            "tidemill.metrics.texts.agreement:text_agreement",
            "whether texts say what their rows say",
            sees=TABLES,
        ),
        "text_copies": Entry(
            "tidemill.metrics.texts.copies:text_copies",
            "whether texts are copied from training texts",
            sees=TABLES,
        ),
        "series": Entry(
            "tidemill.metrics.series.series:series",
            "whether series move as real ones do",
            sees=("series",),
        ),
        "sounds": Entry(
            "tidemill.metrics.sounds.sounds:sounds",
            "whether sounds are like real ones, say what they are to say, and are no copies",
            sees=("sounds",),
        ),
        "images": Entry(
            "tidemill.metrics.images.distribution:images",
            "whether images are like real ones, and no copies",
            sees=("images",),
        ),
        "levels": Entry(
            "tidemill.metrics.levels:levels",
            "whether levels have the patterns of real ones, can be crossed, and are no copies",
            sees=("levels",),
        ),
        "music": Entry(
            "tidemill.metrics.music.music:music",
            "whether pieces of music are like real ones, and no copies",
            sees=("music",),
        ),
    },
)

OF_TEXTS = tuple(name for name in METRICS if name.startswith("text_"))
"""Those that look at columns of texts, and at a table that has no other columns."""
