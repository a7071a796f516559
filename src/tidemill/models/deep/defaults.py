"""What suits a grid by what its sites are, where the user says nothing: one table for all
families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tidemill.core.grid import Topology


@dataclass(frozen=True)
class Defaults:
    """Networks, sizes and ways of learning.

    Attributes:
        network: A residual perceptron, a transformer over the sites, or convolutions.
        waves: Whether networks are shown numbers as waves too; what a pixel means is seen in those
            around it, and not in its exact value.
        rank_waves: Sines and cosines of a symbol's rank in the stream view, each half as long as
            the one before; steps from one site to the next are small.
        flow_width, vae_width, gan_width: Units of a layer.
        flow_preconditioning: Where the flow's network begins: with "edm" at numbers that are normal
            and hang on nothing, which what is new in a series nearly are.
        vae_place: Width of a site's learned place, from which the autoencoder decodes it.
        vae_means: Whether the autoencoder makes the means of numbers and does not draw them: pixels
            drawn one by one would be grainy.
        vae_steps: Steps of the autoencoder of ``latent``.
        gan_depth: Blocks of each of the GAN's networks.
        gan_noise: Which noise a site has of its own: a number for each of its "numbers", "all" that
            the row has beside these, or "none" where a site's noise would be seen as such.
        gan_units: Units of a site before it gets its numbers and levels; 0 for a layer's.
        gan_rows: Most rows of a step.
        penalty, critic_rate: Times the GAN's options of these names.
        penalty_every: Steps from one penalty to the next.
        pairs: Whether a quadratic form stands beside the discriminator.
        shifted: Whether the discriminator sees rows moved by a few sites.
        judge: What stops the GAN: trees that tell made rows from real ones, or the Fréchet distance
            of images.
    """

    network: Literal["perceptron", "transformer", "convolutions"]
    waves: bool
    rank_waves: int
    flow_width: int
    flow_preconditioning: Literal["none", "edm"]
    vae_width: int
    gan_width: int
    vae_place: int
    vae_means: bool
    vae_steps: int
    gan_depth: int
    gan_noise: Literal["numbers", "all", "none"]
    gan_units: int
    gan_rows: int
    penalty: float
    critic_rate: float
    penalty_every: int
    pairs: bool
    shifted: bool
    judge: Literal["trees", "frechet"]


_ROW = Defaults(
    network="perceptron",
    waves=True,
    rank_waves=5,
    flow_width=512,
    flow_preconditioning="none",
    vae_width=256,
    gan_width=256,
    vae_place=16,
    vae_means=False,
    vae_steps=3000,
    gan_depth=2,
    gan_noise="numbers",
    gan_units=0,
    gan_rows=4096,
    penalty=1,
    critic_rate=1,
    penalty_every=1,
    pairs=True,
    shifted=False,
    judge="trees",
)
_STEPS = replace(
    _ROW,
    network="transformer",
    rank_waves=10,
    flow_width=128,
    flow_preconditioning="edm",
    vae_width=128,
    vae_steps=1000,
    gan_noise="all",
)
_PIXELS = replace(
    _ROW,
    network="convolutions",
    waves=False,
    rank_waves=10,
    flow_width=32,
    vae_width=32,
    gan_width=32,
    vae_place=0,
    vae_means=True,
    vae_steps=500,
    gan_depth=1,
    gan_noise="none",
    gan_units=8,
    gan_rows=32,
    penalty=10,
    critic_rate=2,
    penalty_every=8,
    pairs=False,
    shifted=True,
    judge="frechet",
)
_TILES = replace(_PIXELS, vae_means=False, shifted=False, judge="trees")

DEFAULTS: Mapping[Topology, Defaults] = {
    "row": _ROW,
    "steps": _STEPS,
    "tokens": _STEPS,
    "pixels": _PIXELS,
    "tiles": _TILES,
    "parts": _STEPS,
}
"""By topology; tokens and parts are learned as steps are, but for what is learned of their
numbers."""
