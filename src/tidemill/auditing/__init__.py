"""Attacks on the privacy of training rows; one a file."""

from tidemill.core.modality import TABLES
from tidemill.core.registry import Entry, Registry

ATTACKS = Registry(
    "attacks",
    {
        "closeness": Entry(
            "tidemill.auditing.closeness:closeness_to_training",
            "whether synthetic rows lie nearer to training rows than to unseen ones",
            sees=TABLES,
        ),
        "membership": Entry(
            "tidemill.auditing.membership:membership",
            "whether it can be told who was in training",
            sees=TABLES,
        ),
        "inference": Entry(
            "tidemill.auditing.inference:inference",
            "whether a secret value of a known person can be guessed",
            sees=TABLES,
        ),
        "singling-out": Entry(
            "tidemill.auditing.singling_out:singling_out",
            "whether conditions can be found that are true of exactly one person",
            sees=TABLES,
        ),
        "linkability": Entry(
            "tidemill.auditing.linkability:linkability",
            "whether two tables about the same people can be joined by it",
            sees=TABLES,
        ),
        "rare-values": Entry(
            "tidemill.auditing.rare_values:rare_values",
            "whether values that hardly any training row holds come back",
            sees=TABLES,
        ),
        "copies": Entry(
            "tidemill.auditing.copies:copies",
            "whether training rows are repeated exactly or nearly",
            sees=TABLES,
        ),
        "text-copies": Entry(
            "tidemill.auditing.text_copies:text_copies",
            "whether texts, or large parts of them, are training texts",
            sees=TABLES,
        ),
        "outliers": Entry(
            "tidemill.auditing.outliers:outliers",
            "whether the rarest training rows are reproduced",
            sees=TABLES,
        ),
        "canaries": Entry(
            "tidemill.auditing.canaries:canaries",
            "whether planted rows are found again in what the model makes",
            sees=TABLES,
        ),
    },
)
