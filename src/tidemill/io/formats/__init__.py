"""Formats of tables, one a file."""
