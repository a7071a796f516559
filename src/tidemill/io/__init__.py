"""Tables in and out: one source or format a file, kinds and roles with a reason each, and
everything given back as it came."""

from tidemill.core.modality import EVERY, TEXTUAL
from tidemill.core.registry import Entry, Registry

SOURCES = Registry(
    "sources",
    {
        "file": Entry(
            "tidemill.io.file:FileSource",
            "a file or a folder of images, sounds or texts, read by its ending",
        ),
        "frame": Entry("tidemill.io.frames:FrameSource", "a polars, pandas or pyarrow table"),
        **dict.fromkeys(
            ("postgresql", "postgres"),
            Entry(
                "tidemill.io.databases.servers:ServerSource",
                "a table of PostgreSQL: postgresql://user@host/database?table=NAME",
                "databases",
            ),
        ),
        **dict.fromkeys(
            ("mysql", "mariadb"),
            Entry(
                "tidemill.io.databases.servers:ServerSource",
                "a table of MySQL or MariaDB: mysql://user@host/database?table=NAME",
                "databases",
            ),
        ),
    },
)

READERS = Registry(
    "readers",
    {
        "csv": Entry(
            "tidemill.io.formats.delimited:read",
            "text with a delimiter; delimiter, quoting and encoding are found out",
        ),
        "tsv": Entry("tidemill.io.formats.delimited:read", "text with tabs"),
        "tab": Entry("tidemill.io.formats.delimited:read", "text with tabs"),
        "txt": Entry(
            "tidemill.io.texts.passages:read",
            "text with a delimiter, or running text; file.txt?by=paragraph",
        ),
        "md": Entry("tidemill.io.texts.passages:read", "running text in Markdown"),
        "parquet": Entry("tidemill.io.formats.parquet:read", "Parquet"),
        "pq": Entry("tidemill.io.formats.parquet:read", "Parquet"),
        "json": Entry(
            "tidemill.io.formats.jsonlines:read", "JSON, a list of objects or one object a line"
        ),
        "jsonl": Entry("tidemill.io.formats.jsonlines:read", "JSON, one object a line"),
        "ndjson": Entry("tidemill.io.formats.jsonlines:read", "JSON, one object a line"),
        "xlsx": Entry(
            "tidemill.io.formats.excel:read",
            "Excel; another sheet than the first by file.xlsx?sheet=NAME",
        ),
        "xlsm": Entry("tidemill.io.formats.excel:read", "Excel with macros, which are not run"),
        "xls": Entry("tidemill.io.formats.excel:read", "Excel of before 2007"),
        "ods": Entry("tidemill.io.formats.excel:read", "OpenDocument spreadsheet"),
        "sqlite": Entry(
            "tidemill.io.formats.sqlite:read", "SQLite; the table by file.sqlite?table=NAME"
        ),
        "sqlite3": Entry("tidemill.io.formats.sqlite:read", "SQLite"),
        "db": Entry("tidemill.io.formats.sqlite:read", "SQLite"),
        "duckdb": Entry(
            "tidemill.io.databases.duckdb:read",
            "DuckDB; the table by file.duckdb?table=NAME",
            "databases",
        ),
        "npz": Entry(
            "tidemill.io.numpy_arrays:read",
            "images and labels as NumPy arrays (file.npz?images=NAME&labels=NAME), or the voices "
            "of pieces of music with their lengths (file.npz?part=NAME)",
        ),
        "npy": Entry("tidemill.io.images.arrays:read", "images as one NumPy array"),
        "png": Entry("tidemill.io.images.folder:read_one", "one image, such as for option 'like'"),
        "jpg": Entry("tidemill.io.images.folder:read_one", "one image"),
        "jpeg": Entry("tidemill.io.images.folder:read_one", "one image"),
        "webp": Entry("tidemill.io.images.folder:read_one", "one image"),
        "wav": Entry("tidemill.io.sound.folder:read", "a sound of plain samples (PCM)"),
        "wave": Entry("tidemill.io.sound.folder:read", "a sound of plain samples (PCM)"),
        "mid": Entry(
            "tidemill.io.music.files:read_midi_file", "a piece of music as MIDI; file.mid?voices=4"
        ),
        "midi": Entry("tidemill.io.music.files:read_midi_file", "a piece of music as MIDI"),
        "abc": Entry("tidemill.io.music.files:read_abc_file", "tunes in ABC notation"),
        "folder": Entry(
            "tidemill.io.folder:read",
            "a folder of PNG, JPEG or WebP images (photos/?size=32 resizes them), of .wav files "
            "(takes/?names={label}_{} says what their names tell), of MIDI and ABC "
            "files, or of .txt and .md files",
        ),
    },
)

TARGETS = Registry(
    "targets",
    {
        "file": Entry(
            "tidemill.io.writing:FileTarget",
            "a file or a folder of images or sounds, by its ending",
        ),
        **dict.fromkeys(
            ("postgresql", "postgres", "mysql", "mariadb"),
            Entry(
                "tidemill.io.databases.servers:ServerTarget",
                "a table that is made on a server: postgresql://user@host/database?table=NAME",
                "databases",
            ),
        ),
    },
)

WRITERS = Registry(
    "writers",
    {
        "csv": Entry(
            "tidemill.io.formats.delimited:write_commas",
            "text with commas, UTF-8",
            sees=TEXTUAL,
        ),
        "tsv": Entry(
            "tidemill.io.formats.delimited:write_tabs",
            "text with tabs, UTF-8",
            sees=TEXTUAL,
        ),
        "parquet": Entry("tidemill.io.formats.parquet:write", "Parquet", sees=EVERY),
        "jsonl": Entry(
            "tidemill.io.formats.jsonlines:write",
            "JSON, one object a line",
            sees=TEXTUAL,
        ),
        "ndjson": Entry(
            "tidemill.io.formats.jsonlines:write",
            "JSON, one object a line",
            sees=TEXTUAL,
        ),
        "xlsx": Entry("tidemill.io.formats.excel:write", "Excel", sees=TEXTUAL),
        "npz": Entry(
            "tidemill.io.images.writing:write_arrays",
            "images and labels as NumPy arrays",
            sees=("images",),
        ),
        "png": Entry(
            "tidemill.io.images.writing:write_sheet", "a contact sheet of images", sees=("images",)
        ),
        "folder": Entry(
            "tidemill.io.numbered_files:write_folder",
            "a folder of PNG images, of WAV files, of levels as text (in sub-folders by label), or "
            "of MIDI files",
            sees=("images", "sounds", "levels", "music"),
        ),
    },
)
