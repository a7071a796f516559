"""Column codecs: one typed column to channels of a grid, and back; one kind a file."""

from collections.abc import Mapping

from tidemill.core.registry import Entry, Registry
from tidemill.core.schema import Column, Kind

COLUMNS = Registry(
    "columns",
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
            "tidemill.codecs.columns.ids:IdCodec",
            "ids made afresh in the form that they have",
        ),
        "person": Entry(
            "tidemill.codecs.columns.persons:PersonCodec",
            "names and addresses of people who do not exist",
        ),
        "text": Entry(
            "tidemill.codecs.columns.surrogate:TextCodec",
            "free text made afresh from frequent words",
        ),
    },
)

COLUMN_OF_KIND: Mapping[Kind, str] = {
    "number": "number",
    "category": "category",
    "boolean": "category",
    "datetime": "datetime",
    "id": "id",
    "text": "text",
}
"""The column codec of each kind of column that a table can hold."""

_OF_PERSONS = ("names of people", "e-mail addresses", "street addresses", "personal data")


def codec_of(column: Column) -> str:
    """The name of a column's codec."""
    if column.kind == "id" and column.personal in _OF_PERSONS:
        return "person"
    return COLUMN_OF_KIND[column.kind]
