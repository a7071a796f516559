"""Planes of tiles one tile after the other, each from a network that sees what is known around
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core import checked_arrays
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.run import Run
from tidemill.models import channels
from tidemill.models.base import State
from tidemill.models.channels import within
from tidemill.models.deep.backbones.window import REACH, Window, offsets
from tidemill.models.deep.code_by_code import chosen
from tidemill.models.deep.conditionals import Noise
from tidemill.models.deep.dense import Dense
from tidemill.models.deep.in_turn import AutoregressiveOptions, InTurn
from tidemill.models.deep.training import Picking, Tensors
from tidemill.models.tile_classes import telling_code, tiles_by_class

SITES, OF_A_ROW = 2, 32
"""Sites of a step for each of its rows, as the options count them; sites of each plane among
them."""
BLOCKS = 3
"""Of the network, where nothing is said."""
UNKNOWN = -1
TOGETHER, SHOWN = 64, 8
"""Planes drawn at a time, and to show how learning goes."""
CELLS = 8192
"""Sites of which chances are computed at a time."""
LOOKED_AT = 16_384
"""Sites of held-out rows, about, by which learning is watched."""


class TileByTile(InTurn):
    """Planes of one code a site.

    A site's network sees a window around it, in which what is not known yet is blank. In learning a
    part of the sites is seen as when they come in turn, with nothing behind them; of others a part
    of what is behind is known too, or a random part of the window, so that any part of a plane can
    be drawn given any other. Windows are learned from anywhere in a plane: a few large planes are
    many of them.

    Sites come line by line along the shorter side of a plane.

    Args:
        spec: Of the planes.
        counts: (levels,) how often each tile occurs.
        told: The dense view of what planes are made for; None where there is nothing.
        options: Of the family.
        split: The code of the context by whose levels tiles are told apart, and (classes, levels)
            how often each occurs: a tile that a class has never is never drawn for it. None for
            none.
    """

    rate: ClassVar[float] = 2.0

    def __init__(
        self,
        spec: Spec,
        counts: np.ndarray,
        told: Dense | None,
        options: AutoregressiveOptions,
        split: tuple[int, np.ndarray] | None = None,
    ) -> None:
        self.spec, self.counts, self.told, self.options = spec, counts, told, options
        self.split = split
        self._offset = torch.tensor(offsets())
        self._behind = torch.stack([_is_behind(self._offset), _is_behind(self._offset.flip(1))])

    @property
    def edge(self) -> int:
        """The symbol of a site outside of a plane."""
        return self.spec.codes[0].size

    @classmethod
    def learned(
        cls,
        spec: Spec,
        batch: Batch,
        rng: np.random.Generator,
        options: AutoregressiveOptions,
    ) -> TileByTile:
        told = None
        if spec.context is not None and batch.context is not None:
            told = Dense.learned(spec.context.joint, batch.context.joint)
        there = spec.within(len(batch), batch.context)
        counts = np.bincount(batch.code[..., 0][there], minlength=spec.codes[0].size)
        code = telling_code(spec, batch, there)
        split = None if code is None else (code, tiles_by_class(spec, batch, there, code))
        return cls(spec, counts, told, options, split)

    def build(self) -> nn.Module:
        counts = self.counts + 0.1
        o = self.options
        context = 0 if self.told is None else len(self.told.reals) + sum(self.told.sizes)
        shares = torch.from_numpy(counts / counts.sum()).float()
        return Window(shares, self.edge + 1, context, o.width, o.blocks or BLOCKS)

    def rows(self, batch: Batch) -> Tensors:
        """As "tile" (n, H + 2 * REACH, W + 2 * REACH) int16, with edges around each plane; "height"
        and "width" (n,) of each; "context" (n, context)."""
        there = self.spec.within(len(batch), batch.context)
        margin = ((0, 0), (REACH, REACH), (REACH, REACH))
        marked = np.where(there, batch.code[..., 0], self.edge).astype(np.int16)
        tile = np.pad(marked, margin, constant_values=self.edge)
        height, width = there[:, :, 0].sum(axis=1), there[:, 0].sum(axis=1)
        found = {"tile": tile, "height": height, "width": width}
        rows = {name: torch.from_numpy(values) for name, values in found.items()}
        if self.told is not None and batch.context is not None:
            rows["context"] = self.told.vector(batch.context.joint)
        return rows

    # --- learning ---------------------------------------------------------------------------------

    def step_rows(self) -> int:
        return self.options.batch

    @property
    def precision(self) -> str:
        """Single, where nothing else is asked for: the first layer is a sum."""
        return "float32" if self.options.precision == "auto" else self.options.precision

    @property
    def together(self) -> int:
        return TOGETHER

    @property
    def glimpsed(self) -> int:
        return SHOWN

    @property
    def picker(self) -> Picking | None:
        return self._pick

    def _pick(self, rows: Tensors, size: int, rng: torch.Generator) -> Tensor:
        """The rows of a step, more often those with more sites."""
        area = (rows["height"] * rows["width"]).double()
        count = -(-SITES * size // OF_A_ROW)
        return torch.multinomial(area, count, replacement=True, generator=rng)

    def loss(self, net: nn.Module, rows: Tensors, rng: torch.Generator) -> Tensor:
        """Of some sites anywhere in each row."""
        assert isinstance(net, Window)
        device = rng.device
        row = torch.arange(len(rows["tile"]), device=device).repeat_interleave(OF_A_ROW)
        own = {name: tensor[row] for name, tensor in rows.items() if name != "tile"}
        place = torch.rand((len(row), 2), generator=rng, device=device)
        line = (place[:, 0] * own["height"]).long()
        column = (place[:, 1] * own["width"]).long()
        symbol, target = self._window(rows["tile"], row, line, column)
        hidden = self._hidden(own["width"] > own["height"], rng)
        symbol = torch.where(hidden & (symbol != self.edge), UNKNOWN, symbol)

        def noise(h: Tensor) -> Tensor:
            kept = torch.rand(h.shape, generator=rng, device=device) >= self.options.dropout
            return h * kept / (1 - self.options.dropout)

        logits = self._logits(net, own, symbol, line, column, noise)
        return functional.cross_entropy(logits, target)

    def _hidden(self, is_wide: Tensor, rng: torch.Generator) -> Tensor:
        """(m,) whether rows are wide -> (m, places of a window) which are not known: of the share
        of the fixed order those behind; of half of the others all of a rectangle behind, of the
        rest a random part of the window."""
        m, device = len(is_wide), rng.device

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=rng, device=device)

        behind = self._behind.to(device)[is_wide.long()]
        offset = self._offset.to(device)
        # a rectangle that ends so many lines and columns behind the site
        ends = (uniform(m, 2) * (REACH + 1)).long()
        begins = (uniform(m, 2) * (REACH + 1)).long()
        inside = ((offset <= ends[:, None]) & (offset >= -begins[:, None])).all(-1)
        part = uniform(m, len(offset)) < uniform(m, 1)
        in_turn = uniform(m, 1) < self.options.fixed_order
        rectangle = uniform(m, 1) < 0.5
        return torch.where(in_turn, behind, torch.where(rectangle, behind & inside, part))

    def _window(
        self, tile: Tensor, row: Tensor, line: Tensor, column: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(m, places) what stands around sites of padded planes, and (m,) at them."""
        wide = tile.shape[2]
        middle = (line + REACH) * wide + column + REACH
        shift = self._offset.to(tile.device) @ torch.tensor([wide, 1], device=tile.device)
        flat = tile.flatten(1)
        around = flat[row[:, None], middle[:, None] + shift].long()
        return around, flat[row, middle].long()

    def _logits(
        self,
        net: Window,
        rows: Tensors,
        symbol: Tensor,
        line: Tensor,
        column: Tensor,
        noise: Noise | None = None,
    ) -> Tensor:
        """(m, levels) of sites, each in the row of its own."""
        far = [line, rows["height"] - 1 - line, column, rows["width"] - 1 - column]
        logits: Tensor = net(symbol, torch.stack(far, dim=1), rows.get("context"), noise)
        if self.spec.extent:  # what lies outside is known, and never drawn
            logits = logits.clone()
            logits[:, -1] = -torch.inf
        return logits

    def score(self, net: nn.Module, held: Tensors) -> float:
        assert isinstance(net, Window)
        area = held["height"] * held["width"]
        every = max(int(area.sum()) // LOOKED_AT, 1)
        nats, _ = self._each(net, held, every)
        return -float(nats.mean())

    def likelihood(self, net: nn.Module, batch: Batch, device: torch.device) -> np.ndarray:
        """In the order in which sites are drawn."""
        assert isinstance(net, Window)
        rows = {name: tensor.to(device) for name, tensor in self.rows(batch).items()}
        nats, row = (found.cpu().numpy() for found in self._each(net, rows, 1))
        return np.bincount(row, nats, minlength=len(batch))

    def _each(self, net: Window, rows: Tensors, every: int) -> tuple[Tensor, Tensor]:
        """(m,) the log-likelihood of one of so many sites, and the row of each."""
        tile = rows["tile"][:, REACH:-REACH, REACH:-REACH]
        height, width = rows["height"], rows["width"]
        in_lines = torch.arange(tile.shape[1], device=tile.device) < height[:, None]
        in_columns = torch.arange(tile.shape[2], device=tile.device) < width[:, None]
        sites = (in_lines[:, :, None] & in_columns[:, None]).nonzero()[::every]
        found = []
        for part in torch.split(sites, CELLS):
            row, line, column = part.T
            symbol, target = self._window(rows["tile"], row, line, column)
            own = {name: tensor[row] for name, tensor in rows.items() if name != "tile"}
            behind = self._behind.to(tile.device)[(own["width"] > own["height"]).long()]
            symbol = torch.where(behind & (symbol != self.edge), UNKNOWN, symbol)
            logits = self._logits(net, own, symbol, line, column).double()
            found.append(logits.gather(1, target[:, None])[:, 0] - logits.logsumexp(1))
        return torch.cat(found), sites[:, 0]

    def finish(self, net: nn.Module, batch: Batch, held: np.ndarray, run: Run) -> None:
        """Nothing stands beside the network."""

    # --- planes -----------------------------------------------------------------------------------

    def draw(self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator) -> Batch:
        blank = Batch.blank(replace(self.spec, context=None), n)
        nothing = np.zeros((n, *self.spec.sites), bool)
        return self.written(net, replace(blank, mask=nothing, context=context), rng)

    def written(self, net: nn.Module, begun: Batch, rng: torch.Generator) -> Batch:
        """Planes with the tiles of these at the sites of their masks, and others elsewhere."""
        assert isinstance(net, Window)
        n = len(begun)
        there = self.spec.within(n, begun.context)
        asked = there if begun.mask is None else there & ~begun.mask
        rows = {name: tensor.to(rng.device) for name, tensor in self.rows(begun).items()}
        blank = np.pad(asked, ((0, 0), (REACH, REACH), (REACH, REACH)))
        tile = rows.pop("tile").masked_fill(torch.from_numpy(blank).to(rng.device), UNKNOWN)
        never = torch.from_numpy(self._never(n, begun.context)).to(rng.device)
        for row, line, column in _turns(asked, there):
            at = torch.from_numpy(np.stack([row, line, column])).to(rng.device)
            symbol, _ = self._window(tile, *at)
            own = {name: tensor[at[0]] for name, tensor in rows.items()}
            logits = self._logits(net, own, symbol, at[1], at[2])
            drawn = chosen(logits.masked_fill(never[at[0]], -torch.inf), rng)
            tile[at[0], at[1] + REACH, at[2] + REACH] = drawn.to(tile.dtype)
        found = tile[:, REACH:-REACH, REACH:-REACH].cpu().numpy()
        code = np.where(there, found, self.edge - 1).astype(np.int32)
        return Batch(begun.tick, code[..., None], context=begun.context)

    def _never(self, n: int, context: Batch | None) -> np.ndarray:
        """(n, levels) the tiles that are not drawn for each row."""
        found = np.tile(self.counts == 0, (n, 1))
        if self.split is None or context is None:
            return found
        code, counts = self.split
        own = counts[context.joint.code[:, code]]
        return found | ((own == 0) & own.any(axis=1, keepdims=True))

    def check(self, known: Constraints) -> None:
        """See that nothing is known of all tiles.

        Raises:
            OptionError: Something is.
        """
        if known.of_all:
            raise OptionError(
                "the model 'autoregressive' keeps to nothing that is asked of all tiles",
                hint="ask for what stands beside them, or give some tiles",
            )

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> dict[str, np.ndarray]:
        arrays = channels.to_arrays([], [self.counts])
        if self.told is not None:
            arrays |= {f"told.{name}": value for name, value in self.told.to_state()[1].items()}
        if self.split is not None:
            code, counts = self.split
            arrays |= {"class.code": np.array([code]), "class.count": counts}
        return arrays

    @classmethod
    def from_state(
        cls, spec: Spec, arrays: Mapping[str, np.ndarray], options: AutoregressiveOptions
    ) -> TileByTile:
        _, counts = channels.from_arrays(spec, arrays)
        told = None
        if spec.context is not None:
            told = Dense.from_state(spec.context.joint, within(arrays, "told."))
        split = None
        if spec.context is not None and "class.code" in arrays:
            codes = spec.context.joint.codes
            [code] = checked_arrays.integers(
                arrays, "class.code", np.int64, (1,), 0, len(codes) - 1
            ).tolist()
            shape = (codes[code].size, spec.codes[0].size)
            split = code, checked_arrays.integers(arrays, "class.count", np.int64, shape, 0, 2**40)
        return cls(spec, counts[0], told, options, split)

    def beside(self) -> State:
        return {}, {}

    def take_beside(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Nothing is taken."""


def _is_behind(offset: Tensor) -> Tensor:
    """(places, 2) offsets, the slower axis first -> (places,) whether a site comes later."""
    return (offset[:, 0] > 0) | ((offset[:, 0] == 0) & (offset[:, 1] > 0))


def _turns(asked: np.ndarray, there: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The sites that are drawn at once, one of a row: turn by turn the rows, their lines and
    columns.

    Args:
        asked: (n, H, W) the sites that are drawn.
        there: (n, H, W) those that a row has.
    """
    is_wide = there[:, 0].sum(axis=1) > there[:, :, 0].sum(axis=1)
    orders = []
    for sites, wide in zip(asked, is_wide, strict=True):
        orders.append(np.argwhere(sites.T)[:, ::-1] if wide else np.argwhere(sites))
    count = np.array([len(order) for order in orders], np.int64)
    turns = []
    for turn in range(int(count.max(initial=0))):
        row = np.flatnonzero(count > turn)
        line, column = np.array([orders[k][turn] for k in row]).T
        turns.append((row, line, column))
    return turns
