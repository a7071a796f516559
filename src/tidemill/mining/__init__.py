"""Techniques that find something out about a table; one technique a file."""

from tidemill.core.modality import EVERY, TABLES
from tidemill.core.registry import Entry, Registry

TECHNIQUES = Registry(
    "techniques",
    {
        "drivers": Entry(
            "tidemill.mining.drivers:drivers",
            "what predicts the target, how well, and in which direction",
            sees=EVERY,
        ),
        "segments": Entry(
            "tidemill.mining.segments:segments",
            "groups of similar rows, and what sets each apart",
            sees=EVERY,
        ),
        "rules": Entry(
            "tidemill.mining.rules:rules",
            "which items or values occur together more often than by chance",
            sees=EVERY,
        ),
        "anomalies": Entry(
            "tidemill.mining.anomalies:anomalies",
            "odd rows, and the columns that make them odd",
            sees=EVERY,
        ),
        "texts": Entry(
            "tidemill.mining.texts.technique:texts",
            "what free texts say: labels, words of groups, topics",
            sees=TABLES,
        ),
        "sounds": Entry(
            "tidemill.mining.sounds.technique:sounds",
            "what sounds say: labels, groups, odd ones, wrong labels",
            sees=("sounds",),
        ),
        "images": Entry(
            "tidemill.mining.images.technique:images",
            "what images show: labels, groups, odd ones, wrong labels",
            sees=("images",),
        ),
        "music": Entry(
            "tidemill.mining.music.technique:music",
            "what pieces of music are like: keys, phrases that recur, odd ones",
            sees=("music",),
        ),
    },
)
