"""Codecs: they turn datasets into grids of ticks and codes, and back; one modality a file."""

from tidemill.core.registry import Entry, Registry

CODECS = Registry(
    "codecs",
    {
        "series": Entry(
            "tidemill.codecs.series:SeriesCodec",
            "the rows of an entity in the order of time, whole or cut into windows",
        ),
        "calendar": Entry(
            "tidemill.codecs.calendar:CalendarCodec",
            "the rows of all entities, time by time, together",
        ),
        "side_by_side": Entry(
            "tidemill.codecs.side_by_side:SideBySideCodec",
            "the numbers of all entities beside one another, in windows of their shared times",
        ),
        "images": Entry(
            "tidemill.codecs.images:ImageCodec",
            "the pixels of images, made for what stands beside them",
        ),
        "sounds": Entry(
            "tidemill.codecs.sounds:SoundCodec",
            "pictures of what is heard when in sounds, made for what stands beside them",
        ),
        "tiles": Entry(
            "tidemill.codecs.tiles:TileCodec",
            "levels tile by tile, made for what stands beside them and for their size",
        ),
        "score": Entry(
            "tidemill.codecs.scores:ScoreCodec",
            "the voices of pieces of music on sixteenths, made for what stands beside them",
        ),
        "texts": Entry(
            "tidemill.codecs.texts:TextsCodec",
            "texts unit by unit, each written for its row of a table",
        ),
        "table": Entry("tidemill.codecs.table:TableCodec", "rows of a table, one by one"),
    },
)
