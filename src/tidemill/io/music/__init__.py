"""Pieces of music in and out: MIDI, ABC, and arrays of voices."""
