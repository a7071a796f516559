"""Networks from one grid of vectors to another, by the number of site axes."""

from __future__ import annotations

from torch import Tensor, nn

from tidemill.models.deep.backbones.convolutional import Convolutional
from tidemill.models.deep.backbones.perceptron import Perceptron
from tidemill.models.deep.backbones.periodic import Periodic as Periodic
from tidemill.models.deep.backbones.transformer import Transformer

WIDTH = (512, 128, 64)
"""Units of a layer by the number of site axes, where nothing is said: every site has as many."""


def width_of(width: int, sites: tuple[int, ...]) -> int:
    """The units of a layer that are asked for, or, where that is 0, what suits the grid."""
    return width or WIDTH[len(sites)]


class Backbone(nn.Module):
    """(n, *sites, inputs) -> (n, *sites, outputs), told (n, context) of each row.

    No site axis takes a residual perceptron, one a transformer, two a convolutional network. All can be differentiated
    twice, as gradient penalties need it.

    Args:
        sites: Of the grid.
        inputs, outputs: Width of its vectors.
        context: Width of what is told of each row; 0 for nothing.
        width: Units of a layer.
        depth: Blocks.
    """

    def __init__(self, sites: tuple[int, ...], inputs: int, outputs: int, context: int, width: int, depth: int) -> None:
        super().__init__()
        if len(sites) == 0:
            self.body: nn.Module = Perceptron(inputs, outputs, context, width, depth)
        elif len(sites) == 1:
            self.body = Transformer(sites[0], inputs, outputs, context, width, depth)
        else:
            self.body = Convolutional(sites, inputs, outputs, context, width, depth)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """As in the class; ``context`` has width 0 where nothing is told."""
        out: Tensor = self.body(x, context)
        return out
