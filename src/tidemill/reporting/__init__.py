"""The page, the terminal and the JSON that say what a run found; blocks as data, drawn by
templates."""
