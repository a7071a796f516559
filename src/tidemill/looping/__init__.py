"""The loop: generate where the real rows are thin, keep what passes the gates, and learn whether it helped."""

from tidemill.core.registry import Entry, Registry

AIMS = Registry("aims", {
    "alike": Entry("tidemill.looping.aims:alike", "more rows like the real ones"),
    "rare": Entry("tidemill.looping.aims:rare", "rows of the rarer classes, until all classes have equally many"),
    "weak spots": Entry("tidemill.looping.aims:weak_spots", "segments in which the model of the target errs most"),
    "uncertain": Entry("tidemill.looping.aims:uncertain", "segments in which the model of the target is least sure"),
    "thin rules": Entry("tidemill.looping.aims:thin_rules", "small segments in which one outcome is far more frequent"),
    "shifted": Entry("tidemill.looping.aims:shifted", "segments that have grown in newer rows"),
})
