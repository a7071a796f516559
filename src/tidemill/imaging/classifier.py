"""A small convolutional classifier: for figures about images, and for mining them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core.run import Run
from tidemill.core.torch_threads import torch_threads
from tidemill.imaging.transparency import OPAQUE, has_alpha, premultiplied

STEPS = 900
BATCH = 128
RATE = 2e-3
FEATURES = 128
SHIFT = 2
"""Augmented images are moved by at most so many pixels."""
CHUNK = 512


class Classifier:
    """Two convolutional layers and a dense one, whose outputs are an image's features.

    Attributes:
        classes: The labels in the order of :meth:`chances`.
    """

    def __init__(self, net: nn.Module, classes: tuple[str, ...], cores: int) -> None:
        self._net = net
        self.classes = classes
        self._cores = cores

    @classmethod
    def learned(
        cls,
        pixels: np.ndarray,
        labels: Sequence[str],
        run: Run,
        *,
        shift: bool = False,
        flip: bool = False,
        steps: int = STEPS,
        seed: int = 0,
        weight: np.ndarray | None = None,
    ) -> Self:
        """Trained on labelled images, always for the same number of steps.

        Args:
            pixels: (n, height, width, channels) uint8.
            labels: What each shows.
            run: Threads, and cancelling; the time takes a few seconds to a minute.
            shift: Whether images are moved by up to SHIFT pixels in training.
            flip: Whether half of them are mirrored left to right.
            steps: Of AdamW, on BATCH images each.
            seed: Of weights and order.
            weight: How often each image is shown in relation to the others, (n,); all alike by
                default.
        """
        classes = tuple(sorted(set(labels)))
        target = torch.tensor([classes.index(label) for label in labels])
        x = _floats(pixels)
        rng = torch.Generator().manual_seed(seed)
        with torch_threads(run.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # of weights, and of what is dropped out
            net = _network(pixels.shape[1:], len(classes))
            optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.01, fused=True)
            for step in range(steps):
                if step % 50 == 0:
                    run.check()
                at = _drawn(len(x), weight, rng)
                shown = _moved(x[at], rng, shift=shift, flip=flip)
                shown = shown.contiguous(memory_format=torch.channels_last)
                loss = functional.cross_entropy(net(shown), target[at], label_smoothing=0.05)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                for group in optimizer.param_groups:
                    group["lr"] = RATE * min(1.0, 4 * (1 - step / steps))
                optimizer.step()
        return cls(net.eval(), classes, run.threads)

    @classmethod
    def of_digits(cls, shape: tuple[int, int, int], run: Run, *, steps: int = STEPS) -> Self:
        """Trained on scikit-learn's bundled handwritten digits, scaled to (height, width,
        channels).

        For features of images that have no labels of their own.
        """
        digits = load_digits()
        small = torch.from_numpy(digits.images / 16 * 255)[:, None]
        scaled = functional.interpolate(small, shape[:2], mode="bilinear", align_corners=False)
        large = scaled.round().byte().expand(-1, shape[2], -1, -1)
        pixels = large.permute(0, 2, 3, 1).numpy().copy()
        if has_alpha(pixels):
            pixels[..., :3] = OPAQUE  # white ink on clear ground
        labels = [str(label) for label in digits.target]
        return cls.learned(pixels, labels, run, shift=True, steps=steps)

    def chances(self, pixels: np.ndarray) -> np.ndarray:
        """(n, height, width, channels) -> (n, classes) probabilities."""
        return self._through(pixels)[0]

    def features(self, pixels: np.ndarray) -> np.ndarray:
        """(n, height, width, channels) -> (n, FEATURES) what the last layer but one says."""
        return self._through(pixels)[1]

    def _through(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chances = [np.zeros((0, len(self.classes)))]
        features = [np.zeros((0, FEATURES))]
        assert isinstance(self._net, nn.Sequential)
        with torch_threads(self._cores), torch.inference_mode():
            for start in range(0, len(pixels), CHUNK):
                inner = self._net[:-2](_floats(pixels[start : start + CHUNK]))
                features.append(inner.double().numpy())
                chances.append(functional.softmax(self._net[-1](inner), dim=-1).double().numpy())
        return np.concatenate(chances), np.concatenate(features)


def _network(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    height, width, channels = shape
    net = nn.Sequential(
        nn.Conv2d(channels, 32, 3, padding=1),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * -(-height // 4) * -(-width // 4), FEATURES),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(FEATURES, classes),
    )
    # with channels last, and with the largest value taken first, a step takes 0.6 times as long
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _floats(pixels: np.ndarray) -> Tensor:
    """(n, height, width, channels) uint8 -> (n, channels, height, width) in [-1, 1]."""
    # copied, as a column's values may not be written to, which torch warns of
    shown = np.ascontiguousarray(premultiplied(pixels))
    floats = torch.tensor(shown).movedim(-1, 1).float().div_(127.5).sub_(1)
    return floats.contiguous(memory_format=torch.channels_last)


def _drawn(images: int, weight: np.ndarray | None, rng: torch.Generator) -> Tensor:
    """Positions of a step's images."""
    size = min(BATCH, max(images, 2))
    if weight is None:
        return torch.randint(images, (size,), generator=rng)
    return torch.multinomial(torch.tensor(weight), size, replacement=True, generator=rng)


def _moved(x: Tensor, rng: torch.Generator, *, shift: bool, flip: bool) -> Tensor:
    """Images each moved and mirrored at random; what comes in at an edge repeats it."""
    n, _, height, width = x.shape
    if flip:
        x = torch.where(torch.rand(n, 1, 1, 1, generator=rng) < 0.5, x.flip(-1), x)
    if shift:
        rows = torch.randint(-SHIFT, SHIFT + 1, (n, 1), generator=rng)
        columns = torch.randint(-SHIFT, SHIFT + 1, (n, 1), generator=rng)
        row = (torch.arange(height) + rows).clamp(0, height - 1)
        column = (torch.arange(width) + columns).clamp(0, width - 1)
        x = x[torch.arange(n)[:, None, None], :, row[:, :, None], column[:, None, :]].movedim(-1, 1)
    return x
