"""Images with a label: a classifier that needs no network, whether its chances hold, what it looks
at, and where it fails."""
