"""Named checks that learn from training rows what to repair and what to report; one check a
file."""

from tidemill.core.modality import EVERY, TABLES
from tidemill.core.registry import Entry, Registry

# the order matters: repairs come first, and every check sees what the repairs before it made
CHECKS = Registry(
    "checks",
    {
        "rows": Entry(
            "tidemill.cleaning.rows:CHECK",
            "leaves out rows that are no records (totals, notes, empty rows)",
            sees=TABLES,
        ),
        "types": Entry(
            "tidemill.cleaning.types:CHECK",
            "repairs numbers and dates that are stored as text",
            sees=EVERY,
        ),
        "infinite": Entry(
            "tidemill.cleaning.infinite:CHECK",
            "makes infinite numbers missing",
            sees=EVERY,
        ),
        "missing": Entry(
            "tidemill.cleaning.missing:CHECK",
            "makes disguised missing values ('?', 'n/a', -999) missing",
            sees=EVERY,
        ),
        "variants": Entry(
            "tidemill.cleaning.variants:CHECK",
            "joins levels that differ only in blanks or letter case",
            sees=EVERY,
        ),
        "mojibake": Entry(
            "tidemill.cleaning.texts.mojibake:CHECK",
            "reads texts again that were read in the wrong encoding",
            sees=TABLES,
        ),
        "html": Entry(
            "tidemill.cleaning.texts.html:CHECK",
            "takes remnants of HTML out of texts",
            sees=TABLES,
        ),
        "duplicates": Entry(
            "tidemill.cleaning.duplicates:CHECK",
            "reports rows and keys that occur more than once",
            sees=EVERY,
        ),
        "constant": Entry(
            "tidemill.cleaning.constant:CHECK",
            "reports columns that are empty or hold almost one value only",
            sees=EVERY,
        ),
        "unique": Entry(
            "tidemill.cleaning.unique:CHECK",
            "reports columns that differ in nearly every row",
            sees=EVERY,
        ),
        "impossible": Entry(
            "tidemill.cleaning.impossible:CHECK",
            "makes missing what cannot be (an age of 323), reports what may not",
            sees=EVERY,
        ),
        "outliers": Entry(
            "tidemill.cleaning.outliers:CHECK",
            "reports single values extremely far from all others",
            sees=EVERY,
        ),
        "misspellings": Entry(
            "tidemill.cleaning.misspellings:CHECK",
            "reports rare levels like a misspelt frequent one",
            sees=EVERY,
        ),
        "leakage": Entry(
            "tidemill.cleaning.leakage:CHECK",
            "reports columns that predict the target almost alone",
            sees=EVERY,
        ),
        "personal": Entry(
            "tidemill.cleaning.personal:CHECK",
            "reports names of people, e-mails, phone, card and ID numbers",
            sees=EVERY,
        ),
        "near_duplicates": Entry(
            "tidemill.cleaning.texts.near_duplicates:CHECK",
            "reports texts that repeat another, or nearly so",
            sees=TABLES,
        ),
        "boilerplate": Entry(
            "tidemill.cleaning.texts.boilerplate:CHECK",
            "reports sentences that many texts share",
            sees=TABLES,
        ),
        "languages": Entry(
            "tidemill.cleaning.texts.languages:CHECK",
            "reports texts in another language than most",
            sees=TABLES,
        ),
        "personal_in_texts": Entry(
            "tidemill.cleaning.texts.personal_data:CHECK",
            "reports personal data inside of texts",
            sees=TABLES,
        ),
        "silent_sounds": Entry(
            "tidemill.cleaning.sounds.silent:CHECK",
            "reports sounds in which nothing is heard",
            sees=("sounds",),
        ),
        "clipped_sounds": Entry(
            "tidemill.cleaning.sounds.clipped:CHECK",
            "reports sounds that were recorded too loud",
            sees=("sounds",),
        ),
        "repeated_sounds": Entry(
            "tidemill.cleaning.sounds.repeated:CHECK",
            "reports sounds that repeat another",
            sees=("sounds",),
        ),
        "odd_sounds": Entry(
            "tidemill.cleaning.sounds.outliers:CHECK",
            "reports sounds much longer, shorter, louder or duller than all others",
            sees=("sounds",),
        ),
        "blank_images": Entry(
            "tidemill.cleaning.images.blank:CHECK",
            "reports images that show nothing",
            sees=("images",),
        ),
        "repeated_images": Entry(
            "tidemill.cleaning.images.repeated:CHECK",
            "reports images that repeat another, or nearly so",
            sees=("images",),
        ),
        "repeated_pieces": Entry(
            "tidemill.cleaning.music.repeated:CHECK",
            "reports pieces that repeat another, in any key, and silent ones",
            sees=("music",),
        ),
        "image_labels": Entry(
            "tidemill.cleaning.images.labels:CHECK",
            "reports the same image under different labels",
            sees=("images",),
        ),
        "odd_images": Entry(
            "tidemill.cleaning.images.outliers:CHECK",
            "reports images far from all others",
            sees=("images",),
        ),
        "codes": Entry(
            "tidemill.cleaning.codes:CHECK",
            "takes ids that stand for names of things for categories",
            sees=EVERY,
        ),
        "rules": Entry(
            "tidemill.cleaning.rules:CHECK",
            "finds rules that always hold between columns",
            sees=EVERY,
        ),
    },
)
