"""Running text: a folder of text files, or one file, as rows."""
