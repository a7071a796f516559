"""Column codecs: one typed column to channels of a grid, and back; one kind a file."""
