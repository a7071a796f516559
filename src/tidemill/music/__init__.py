"""Pieces of music as columns of steps, keys, chords, and what they sound like."""
