"""Codecs: they turn data into a grid of ticks and codes, and back; one kind a file."""

from tidemill.core.registry import Entry, Registry

CODECS = Registry(
    "codecs",
    {
        "number": Entry(
            "tidemill.codecs.columns.number:NumberCodec",
            "numbers as exact counts of their smallest step",
        ),
        "category": Entry(
            "tidemill.codecs.columns.category:CategoryCodec",
            "categories and booleans as one code each",
        ),
        "datetime": Entry(
            "tidemill.codecs.columns.datetime:DatetimeCodec",
            "dates and times as a day and a time of day",
        ),
        "id": Entry(
            "tidemill.codecs.columns.surrogate:IdCodec",
            "ids made afresh in the form that they have",
        ),
        "text": Entry(
            "tidemill.codecs.columns.surrogate:TextCodec",
            "free text made afresh from frequent words",
        ),
    },
)
