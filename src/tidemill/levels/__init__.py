"""Planes of tiles, such as levels of games: as text and as arrays, what their tiles mean, who can
cross them, and what they look like."""
