"""Generators: they learn grids and make more of them; one model a file."""

from tidemill.core.registry import Entry, Registry

MODELS = Registry("models", {
    "trees": Entry("tidemill.models.trees:Trees",
                   "the default: columns in sequence, drawn by yes-no questions that boosted trees answer"),
    "independent": Entry("tidemill.models.independent:Independent",
                         "the floor: every column by itself, nothing between them"),
})
