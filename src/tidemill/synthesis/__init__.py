"""The artefact, and what is asked of it: new rows, rows filled in, shares of levels, what-if."""
