"""Several tables in: of a SQLite file, a spreadsheet or a folder of files, with their keys and
links as the source states them, or as they are found."""
