"""Named networks of the literature: a model with options, under the name by which people know
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidemill.core.errors import OptionError


@dataclass(frozen=True)
class Preset:
    """A model with options.

    Attributes:
        model: The registered model's name.
        options: Its options that are not as by default.
        line: What it is, in one line, for listings.
    """

    model: str
    options: Mapping[str, Any]
    line: str


PRESETS: Mapping[str, Preset] = {
    "dcgan": Preset(
        "gan",
        {
            "loss": "nonsaturating",
            "penalty": 0.0,
            "augment": 0.0,
            "noise": 100,
            "width": 64,
            "depth": 1,
            "rate": 2e-4,
            "critic_rate": 0.5,
            "momentum": 0.5,
            "ema_decay": 0.0,
            "decay": 0.0,
            "batch": 64,
        },
        "the textbook's GAN for images: 100 numbers of noise, transposed convolutions, binary "
        "cross-entropy",
    ),
}
"""By name.

``dcgan``: Radford, Metz and Chintala (2016), "Unsupervised representation learning with deep
convolutional generative adversarial networks", with so many layers of stride 2 as the size takes
(three for 28 x 28), and with each image normalised by itself instead of whole batches, so that an
image does not depend on those made along with it.
"""


def preset(
    name: str, model: str | None = None, options: Mapping[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """A preset's model and options; options that are given beside take the place of its own.

    Args:
        name: Of the preset.
        model: A model that is named beside; it must be the preset's.
        options: Given beside.

    Raises:
        OptionError: There is no such preset, or it is one of another model.

    Example:
        >>> preset("dcgan", options={"width": 32})[1]["width"]
        32
    """
    if name not in PRESETS:
        raise OptionError(f"there is no preset '{name}'", hint=f"the presets: {', '.join(PRESETS)}")
    found = PRESETS[name]
    if model not in (None, found.model):
        raise OptionError(
            f"the preset '{name}' is one of the model '{found.model}', not of '{model}'",
            hint="leave option 'model' out",
        )
    return found.model, {**found.options, **(options or {})}
