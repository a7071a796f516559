"""The loop: generate where the real rows are thin, keep what passes the gates, and learn whether it
helped."""

from tidemill.core.modality import TABLES
from tidemill.core.registry import Entry, Registry

AIMS = Registry(
    "aims",
    {
        "alike": Entry(
            "tidemill.augmentation.aims:alike", "more rows like the real ones", sees=TABLES
        ),
        "rare": Entry(
            "tidemill.augmentation.aims:rare",
            "rows of the rarer classes, until all classes have equally many",
            sees=TABLES,
        ),
        "weak spots": Entry(
            "tidemill.augmentation.aims:weak_spots",
            "segments in which the model of the target errs most",
            sees=TABLES,
        ),
        "uncertain": Entry(
            "tidemill.augmentation.aims:uncertain",
            "segments in which the model of the target is least sure",
            sees=TABLES,
        ),
        "thin rules": Entry(
            "tidemill.augmentation.aims:thin_rules",
            "small segments in which one outcome is far more frequent",
            sees=TABLES,
        ),
        "shifted": Entry(
            "tidemill.augmentation.aims:shifted",
            "segments that have grown in newer rows",
            sees=TABLES,
        ),
    },
)
