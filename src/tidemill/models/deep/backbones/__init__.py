"""Networks by what the sites are: from a grid of vectors to another, to one vector, from one."""

from __future__ import annotations

from torch import Tensor, nn

from tidemill.core.grid import Spec
from tidemill.models.deep.backbones.convolutional import Growing, Shrinking, Unet
from tidemill.models.deep.backbones.perceptron import Perceptron
from tidemill.models.deep.backbones.periodic import seen as seen
from tidemill.models.deep.backbones.transformer import Transformer
from tidemill.models.deep.defaults import DEFAULTS


class Backbone(nn.Module):
    """(n, *sites, inputs) -> (n, *sites, outputs), told (n, context) of each row.

    A row takes a residual perceptron, steps and tokens a transformer, pixels a U-Net. All can be
    differentiated twice, as gradient penalties need it.

    Args:
        spec: Of the grid.
        inputs, outputs: Width of its vectors.
        context: Width of what is told of each row; 0 for nothing.
        width: Units of a layer.
        depth: Blocks.
    """

    def __init__(
        self,
        spec: Spec,
        inputs: int,
        outputs: int,
        context: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        network = DEFAULTS[spec.topology].network
        if network == "perceptron":
            self.body: nn.Module = Perceptron(inputs, outputs, context, width, depth)
        elif network == "transformer":
            self.body = Transformer(spec.sites[0], inputs, outputs, context, width, depth)
        else:
            self.body = Unet(spec.sites, inputs, outputs, context, width, depth)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """As in the class; ``context`` has width 0 where nothing is told."""
        out: Tensor = self.body(x, context)
        return out


class Gather(nn.Module):
    """(n, *sites, inputs) -> (n, outputs), told (n, context) of each row; arguments as of
    :class:`Backbone`.

    Pixels take convolutions that halve the image again and again; else it is the mean of what a
    Backbone makes of each site.
    """

    def __init__(
        self,
        spec: Spec,
        inputs: int,
        outputs: int,
        context: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        if DEFAULTS[spec.topology].network == "convolutions":
            self.body: nn.Module = Shrinking(spec.sites, inputs, outputs, context, width, depth)
        else:
            self.body = Backbone(spec, inputs, outputs, context, width, depth)

    def forward(self, x: Tensor, context: Tensor, used: Tensor | None = None) -> Tensor:
        """As in the class; ``used`` (n, *sites) weighs the sites, all alike by default."""
        h: Tensor = self.body(x, context)
        if h.dim() == 2:
            return h
        if used is None:
            return h.reshape(len(h), -1, h.shape[-1]).mean(1)
        total = used.flatten(1).sum(1).clamp_min(1)  # a row may have no site in use
        share = used / total.reshape(-1, *[1] * (used.dim() - 1))
        return (h * share[..., None]).flatten(1, -2).sum(1)


class Spread(nn.Module):
    """(n, given) and (n, *sites, local) -> (n, *sites, outputs); arguments as of :class:`Backbone`.

    Pixels take transposed convolutions, which look at nothing local; else it is a Backbone told of
    the vector.
    """

    def __init__(
        self, spec: Spec, local: int, outputs: int, given: int, width: int, depth: int
    ) -> None:
        super().__init__()
        self.grows = DEFAULTS[spec.topology].network == "convolutions"
        if self.grows:
            self.body: nn.Module = Growing(spec.sites, given, outputs, width, depth)
        else:
            self.body = Backbone(spec, local, outputs, given, width, depth)

    def forward(self, local: Tensor, given: Tensor) -> Tensor:
        """As in the class."""
        out: Tensor = self.body(given) if self.grows else self.body(local, given)
        return out
