"""Checks of pieces of music."""
