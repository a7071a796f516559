"""Generators: they learn grids and make more of them; one model a file."""

from tidemill.core.registry import Entry, Registry

MODELS = Registry(
    "models",
    {
        "trees": Entry(
            "tidemill.models.trees:Trees",
            "the default: columns in sequence, drawn by yes-no questions that boosted trees answer",
        ),
        "independent": Entry(
            "tidemill.models.independent:Independent",
            "the floor: every column by itself, nothing between them",
        ),
        "ngram": Entry(
            "tidemill.models.ngram:Ngram",
            "texts unit by unit, by counts of the few before; the quick default for texts",
        ),
        "part_ngram": Entry(
            "tidemill.models.part_ngram:PartNgram",
            "pieces of music level by level, by counts of what the voices had before",
        ),
        "tile_ngram": Entry(
            "tidemill.models.tile_ngram:TileNgram",
            "planes of tiles, by counts of those to the left and above; their quick choice",
        ),
        "fhs": Entry(
            "tidemill.models.fhs:Fhs",
            "prices on one calendar: days of the past by the measure of today's volatility",
        ),
        "garch": Entry(
            "tidemill.models.garch:Garch",
            "the same, with a volatility that is fitted to each price (GJR-GARCH)",
            "finance",
        ),
        "flow": Entry(
            "tidemill.models.deep.flow:Flow",
            "rows from noise along straight ways, numbers and levels together",
            "deep",
        ),
        "gan": Entry(
            "tidemill.models.deep.gan:Gan",
            "a generator and a discriminator that teach each other",
            "deep",
        ),
        "vae": Entry(
            "tidemill.models.deep.vae:Vae",
            "rows from a few hidden numbers, encoder and decoder learned together",
            "deep",
        ),
        "latent": Entry(
            "tidemill.models.deep.latent:Latent",
            "flow, or another model, on the hidden numbers of a vae",
            "deep",
        ),
        "autoregressive": Entry(
            "tidemill.models.deep.autoregressive:Autoregressive",
            "codes drawn one after the other by networks; fills gaps and scores rows",
            "deep",
        ),
    },
)
