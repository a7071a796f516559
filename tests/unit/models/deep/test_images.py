"""What networks do with grids of two axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Real, Spec
from tidemill.core.run import Run
from tidemill.models.base import unfitted
from tidemill.models.deep.augmentation import varied
from tidemill.models.deep.backbones import Gather, Spread
from tidemill.models.deep.backbones.convolutional import Unet, scales
from tidemill.models.deep.neural import turned
from tidemill.models.deep.quality import frechet
from tidemill.models.presets import PRESETS, preset

SIZES = ((28, 28), (32, 32), (9, 14), (4, 4), (3, 11))


@pytest.mark.parametrize("sites", SIZES)
def test_networks_of_every_size(sites: tuple[int, int]) -> None:
    assert scales(sites)[0] == sites
    told, x = torch.randn(3, 5), torch.randn(3, *sites, 2)
    spec = Spec(sites=sites, topology="pixels")
    assert Gather(spec, 2, 7, 5, 8, 2)(x, told).shape == (3, 7)
    assert Spread(spec, 0, 7, 5, 8, 2)(x[..., :0], told).shape == (3, *sites, 7)
    assert Unet(sites, 2, 7, 5, 8, 2)(x, told).shape == (3, *sites, 7)


def squares(n: int, label: np.ndarray | None = None) -> Batch:
    """Pictures of a square at the left (label 0) or at the right (label 1)."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, n) if label is None else label
    tick = np.zeros((n, 8, 8, 1), np.int64)
    for image, right in zip(tick, label, strict=True):
        image[2:6, 4 * right : 4 * right + 4] = rng.integers(180, 256)
    context = Batch(np.zeros((n, 0), np.int64), label[:, None].astype(np.int32))
    return Batch(tick, np.zeros((n, 8, 8, 0), np.int32), context=context)


SPEC = Spec(
    (Real("grey", scale="bounded"),),
    sites=(8, 8),
    context=Spec(codes=(Code("right", 2),)),
    topology="pixels",
)


@pytest.mark.parametrize("model", ["gan", "vae", "flow"])
def test_images_are_made_for_their_label(model: str) -> None:
    options = {
        "width": 8,
        "depth": 1,
        "steps": 400,
        "eval_every": 100,
        "cores": 1,
        "batch": 32,
        "rate": 4e-3,
        "warmup": 10,
    }
    if model == "flow":
        options["sampling_steps"] = 10
    if model == "gan":
        options |= {"steps": 200, "rate": 1e-3}
    fitted = unfitted(model, options).fit(SPEC, squares(300), Run(1))
    asked = squares(60)
    made = fitted.sample(60, np.random.default_rng(1), context=asked.context)
    light = made.tick[..., 0].reshape(60, 8, 2, 4).mean(axis=(1, 3))  # of both halves
    assert (light.argmax(axis=1) == asked.context.code[:, 0]).mean() > 0.9
    ways = fitted.between(2, 5, np.random.default_rng(0), context=asked.context.rows(np.arange(2)))
    assert ways.tick.shape == (10, 8, 8, 1)
    assert np.array_equal(ways.context.code[:, 0], np.repeat(asked.context.code[:2, 0], 5))


def test_ways_end_at_their_ends() -> None:
    first, last = torch.randn(2, 3, 4)
    way = turned(first, last, 6).reshape(3, 6, 4)
    assert torch.allclose(way[:, 0], first, atol=1e-6)
    assert torch.allclose(way[:, -1], last, atol=1e-6)


def test_augmentation_moves_both_sides_alike_and_lets_gradients_through() -> None:
    z = torch.rand(16, 12, 10, 1, requires_grad=True)
    one, same = varied([z, z], 1.0, torch.Generator().manual_seed(3))
    assert torch.equal(one, same)
    assert not torch.equal(one, z)
    [slope] = torch.autograd.grad(one.sum(), z)
    assert slope.sum() == pytest.approx(z.numel(), rel=1e-4)
    assert varied([z], 0.0, torch.Generator())[0] is z


def test_the_score_of_images_tells_noise_from_images() -> None:
    real, other = squares(400), squares(400)
    noise = Batch(np.random.default_rng(0).permuted(real.tick, axis=1), real.code)
    assert frechet(real, other) < frechet(real, noise) / 10


def test_presets() -> None:
    for name, one in PRESETS.items():
        model, options = preset(name)
        assert unfitted(model, options).options.to_state().items() >= options.items()
        assert model == one.model
    assert preset("dcgan", options={"rate": 1e-4})[1]["rate"] == 1e-4
    with pytest.raises(OptionError, match="there is no preset 'cat'"):
        preset("cat")
    with pytest.raises(OptionError, match="one of the model 'gan', not of 'vae'"):
        preset("dcgan", model="vae")
