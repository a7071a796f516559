"""Networks by the number of site axes: from a grid of vectors to another, to one vector, and from
one."""

from __future__ import annotations

from torch import Tensor, nn

from tidemill.models.deep.backbones.convolutional import Growing, Shrinking, Unet
from tidemill.models.deep.backbones.perceptron import Perceptron
from tidemill.models.deep.backbones.periodic import seen as seen
from tidemill.models.deep.backbones.transformer import Transformer

WIDTH = (512, 128, 32)
"""Units of a layer by the number of site axes, where nothing is said: every site has as many."""


def width_of(width: int, sites: tuple[int, ...]) -> int:
    """The units of a layer that are asked for, or, where that is 0, what suits the grid."""
    return width or WIDTH[len(sites)]


class Backbone(nn.Module):
    """(n, *sites, inputs) -> (n, *sites, outputs), told (n, context) of each row.

    No site axis takes a residual perceptron, one a transformer, two a U-Net. All can be
    differentiated twice, as gradient penalties need it.

    Args:
        sites: Of the grid.
        inputs, outputs: Width of its vectors.
        context: Width of what is told of each row; 0 for nothing.
        width: Units of a layer.
        depth: Blocks.
    """

    def __init__(
        self,
        sites: tuple[int, ...],
        inputs: int,
        outputs: int,
        context: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        if len(sites) == 0:
            self.body: nn.Module = Perceptron(inputs, outputs, context, width, depth)
        elif len(sites) == 1:
            self.body = Transformer(sites[0], inputs, outputs, context, width, depth)
        else:
            self.body = Unet(sites, inputs, outputs, context, width, depth)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """As in the class; ``context`` has width 0 where nothing is told."""
        out: Tensor = self.body(x, context)
        return out


class Gather(nn.Module):
    """(n, *sites, inputs) -> (n, outputs), told (n, context) of each row; arguments as of
    :class:`Backbone`.

    Two site axes take convolutions that halve the image again and again; else it is the mean of
    what a Backbone makes of each site.
    """

    def __init__(
        self,
        sites: tuple[int, ...],
        inputs: int,
        outputs: int,
        context: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        self.whole = len(sites) == 2
        self.body: nn.Module = (
            Shrinking(sites, inputs, outputs, context, width, depth)
            if self.whole
            else Backbone(sites, inputs, outputs, context, width, depth)
        )

    def forward(self, x: Tensor, context: Tensor, used: Tensor | None = None) -> Tensor:
        """As in the class; ``used`` (n, *sites) weighs the sites, all alike by default."""
        h: Tensor = self.body(x, context)
        if h.dim() == 2:
            return h
        if used is None:
            return h.reshape(len(h), -1, h.shape[-1]).mean(1)
        share = used / used.flatten(1).sum(1).reshape(-1, *[1] * (used.dim() - 1))
        return (h * share[..., None]).flatten(1, -2).sum(1)


class Spread(nn.Module):
    """(n, given) and (n, *sites, local) -> (n, *sites, outputs); arguments as of :class:`Backbone`.

    Two site axes take transposed convolutions, which look at nothing local; else it is a Backbone
    told of the vector.
    """

    def __init__(
        self, sites: tuple[int, ...], local: int, outputs: int, given: int, width: int, depth: int
    ) -> None:
        super().__init__()
        self.grows = len(sites) == 2
        self.body: nn.Module = (
            Growing(sites, given, outputs, width, depth)
            if self.grows
            else Backbone(sites, local, outputs, given, width, depth)
        )

    def forward(self, local: Tensor, given: Tensor) -> Tensor:
        """As in the class."""
        out: Tensor = self.body(given) if self.grows else self.body(local, given)
        return out
