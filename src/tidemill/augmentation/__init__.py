"""The loop: generate where the real rows are thin, keep what passes the gates, and learn whether it
helped."""

from tidemill.core.registry import Entry, Registry

AIMS = Registry(
    "aims",
    {
        "alike": Entry("tidemill.augmentation.aims:alike", "more rows like the real ones"),
        "rare": Entry(
            "tidemill.augmentation.aims:rare",
            "rows of the rarer classes, until all classes have equally many",
        ),
        "weak spots": Entry(
            "tidemill.augmentation.aims:weak_spots",
            "segments in which the model of the target errs most",
        ),
        "uncertain": Entry(
            "tidemill.augmentation.aims:uncertain",
            "segments in which the model of the target is least sure",
        ),
        "thin rules": Entry(
            "tidemill.augmentation.aims:thin_rules",
            "small segments in which one outcome is far more frequent",
        ),
        "shifted": Entry(
            "tidemill.augmentation.aims:shifted", "segments that have grown in newer rows"
        ),
    },
)
