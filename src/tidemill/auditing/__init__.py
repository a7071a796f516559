"""Attacks on the privacy of training rows; one a file."""

from tidemill.core.registry import Entry, Registry

ATTACKS = Registry(
    "attacks",
    {
        "membership": Entry(
            "tidemill.auditing.membership:membership", "whether it can be told who was in training"
        ),
        "inference": Entry(
            "tidemill.auditing.inference:inference",
            "whether a secret value of a known person can be guessed",
        ),
        "singling-out": Entry(
            "tidemill.auditing.singling_out:singling_out",
            "whether conditions can be found that are true of exactly one person",
        ),
        "copies": Entry(
            "tidemill.auditing.copies:copies",
            "whether training rows are repeated exactly or nearly",
        ),
        "outliers": Entry(
            "tidemill.auditing.outliers:outliers", "whether the rarest training rows are reproduced"
        ),
        "canaries": Entry(
            "tidemill.auditing.canaries:canaries",
            "whether planted rows are found again in what the model makes",
        ),
    },
)
