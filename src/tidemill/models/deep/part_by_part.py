"""Parts that sound together, step by step and part by part: each level from a network that is told
of the steps before and of the parts before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core import checked_arrays
from tidemill.core.errors import OptionError
from tidemill.core.grid import GOES_ON, Batch, Constraints, Known, Spec, levels_had
from tidemill.core.run import Run
from tidemill.models import channels
from tidemill.models.base import State
from tidemill.models.channels import level_counts, within
from tidemill.models.deep.augmentation import shifted_levels
from tidemill.models.deep.backbones.parts import PartsShape, PartsTransformer, Steps
from tidemill.models.deep.dense import Dense, no_numbers
from tidemill.models.deep.in_turn import AutoregressiveOptions, InTurn
from tidemill.models.deep.neural import numpy_stream
from tidemill.models.deep.training import Picking, Tensors
from tidemill.models.ngram_mixture import tempered

UNITS = 8
"""Codes of a step of learning for each row that the options count."""
CELLS = 1 << 22
"""Levels' chances computed at a time when rows are scored."""
BLOCKS = 3
"""Of the transformer, where nothing is said."""
LOOKED_AHEAD = 16
"""Steps of known parts that a step is told of."""
KNOWN = 0.25
"""Share of the rows of which some parts are known as they are learned."""
MOST_WATCHED = 1 << 15
"""Codes of held-out rows, about, by which learning is watched."""
TOGETHER, SHOWN = 64, 4
"""Rows made at a time, and to show how learning goes."""


class PartByPart(InTurn):
    """Rows of steps with a level of each part.

    Rows are learned with all their levels moved by as much as the spec allows, and the network is
    told by how much, so that rows that are made lie where the real ones do. Of a part of the rows
    some parts are known, steps ahead too: so a network learns to go with given parts.

    Args:
        spec: Of the rows.
        counts: (levels,) of each part, how often each occurs.
        told: The dense view of what rows are made for; None where there is nothing.
        options: Of the family.
        lengths: (sites + 1,) how many rows have 0, 1, ... steps.
        empty_rows: Whether a row may have no step.
    """

    rate: ClassVar[float] = 3.0

    def __init__(
        self,
        spec: Spec,
        counts: list[np.ndarray],
        told: Dense | None,
        options: AutoregressiveOptions,
        lengths: np.ndarray,
        *,
        empty_rows: bool,
    ) -> None:
        self.spec, self.counts, self.told, self.options = spec, counts, told, options
        self.lengths, self.empty_rows = lengths, empty_rows

    @property
    def parts(self) -> int:
        """How many there are."""
        return len(self.spec.codes)

    @property
    def end(self) -> int:
        """The mark behind a row, in the place of its first part's level."""
        return self.spec.codes[0].size

    @property
    def window(self) -> int:
        """Steps that are seen at once."""
        return max(self.options.window // self.parts, 1)

    @classmethod
    def learned(
        cls,
        spec: Spec,
        batch: Batch,
        rng: np.random.Generator,
        options: AutoregressiveOptions,
    ) -> PartByPart:
        told = None
        if spec.context is not None and batch.context is not None:
            told = Dense.learned(spec.context.joint, batch.context.joint)
        counts = level_counts(spec, batch)
        used = np.ones(batch.code.shape[:2], bool) if batch.mask is None else batch.mask
        lengths = np.bincount(used.sum(axis=1), minlength=spec.sites[0] + 1)
        return cls(spec, counts, told, options, lengths, empty_rows=batch.empty_rows)

    def build(self) -> nn.Module:
        o, (low, high) = self.options, self.spec.shifts
        context = 0 if self.told is None else len(self.told.reals) + sum(self.told.sizes)
        shape = PartsShape(self.parts, self.end + 1, self.spec.cycles, high - low + 1, context)
        depth = o.blocks or BLOCKS
        ahead = min(LOOKED_AHEAD, self.window)
        return PartsTransformer(shape, o.state, depth, self.window, o.embedding, o.width, ahead)

    def rows(self, batch: Batch) -> Tensors:
        """As "level" and "had" (n, sites, parts) int32, what each part does and what it has; and
        "length" (n,) steps, with the end where there is one; "context" (n, context)."""
        n, sites = batch.code.shape[:2]
        used = np.ones((n, sites), bool) if batch.mask is None else batch.mask
        length = used.sum(axis=1)
        level = np.where(used[..., None], batch.code, 0).astype(np.int32)
        had = levels_had(level)
        level[..., 0] = np.where(used, level[..., 0], self.end)
        length = length + ((length < sites) & self.spec.ragged)
        rows = {"level": level, "had": had.astype(np.int32), "length": length.astype(np.int32)}
        found = {name: torch.from_numpy(values) for name, values in rows.items()}
        told = self._told(batch.context)
        return found if told is None else {**found, "context": told}

    # --- learning ---------------------------------------------------------------------------------

    def step_rows(self) -> int:
        """About ``UNITS`` codes for each row that the options count."""
        return max(UNITS * self.options.batch // (self.window * self.parts), 2)

    @property
    def precision(self) -> str:
        """Single, where nothing else is asked for."""
        return "float32" if self.options.precision == "auto" else self.options.precision

    @property
    def together(self) -> int:
        return TOGETHER

    @property
    def glimpsed(self) -> int:
        return SHOWN

    @property
    def picker(self) -> Picking | None:
        return _by_length

    def loss(self, net: nn.Module, rows: Tensors, rng: torch.Generator) -> Tensor:
        """Of a window somewhere in each row, moved by some levels, of which some parts may be
        known."""
        assert isinstance(net, PartsTransformer)
        device, length = rng.device, rows["length"].long()
        n, count = len(length), min(int(length.max()), self.window)
        # half a window beyond the ends, so that what stands there is seen as often
        start = torch.rand(n, generator=rng, device=device) * length - count / 2
        start = torch.minimum(start.long().clamp_min(0), (length - count).clamp_min(0))
        low, high = self.spec.shifts
        by = torch.randint(low, high + 1, (n,), generator=rng, device=device)
        levels = {name: rows[name].long() for name in ("level", "had")}
        moved = {**rows, **shifted_levels(levels, by, self.end)}
        known = torch.rand((n, self.parts), generator=rng, device=device)
        known = known < torch.rand((n, 1), generator=rng, device=device)
        known &= torch.rand((n, 1), generator=rng, device=device) < KNOWN
        steps, follows, there = self._windows(net, moved, start, count, by - low)
        told = known[:, None].expand(-1, count, -1)
        steps.ahead = net.told_ahead(steps.now, steps.goes_on, told & there)

        def noise(h: Tensor) -> Tensor:
            """The same units of all steps of a row are left out."""
            shape = (len(h), *[1] * (h.dim() - 2), h.shape[-1])
            kept = torch.rand(shape, generator=rng, device=device) >= self.options.dropout
            return h * kept / (1 - self.options.dropout)

        logits = net(steps, noise if self.options.dropout else None)
        there = there & ~told
        if not bool(there.any()):  # all parts of all rows are known
            return logits.sum() * 0.0
        return functional.cross_entropy(logits[there], follows[there])

    def score(self, net: nn.Module, held: Tensors) -> float:
        """The mean negative log-likelihood of a code."""
        assert isinstance(net, PartsTransformer)
        codes = held["length"].long().cumsum(0) * self.parts
        some = max(int((codes <= MOST_WATCHED).sum()), 1)
        part = {name: tensor[:some] for name, tensor in held.items()}
        return -float(self._each(net, part).sum()) / int(codes[some - 1])

    def finish(self, net: nn.Module, batch: Batch, held: np.ndarray, run: Run) -> None:
        """Nothing stands beside the network."""

    def beside(self) -> State:
        return {}, {}

    def take_beside(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Nothing is taken."""

    # --- chances ----------------------------------------------------------------------------------

    def likelihood(self, net: nn.Module, batch: Batch, device: torch.device) -> np.ndarray:
        """A level that never occurred has a small chance, so that it is never -inf but for an empty
        row where none was learned from."""
        assert isinstance(net, PartsTransformer)
        rows = {name: tensor.to(device) for name, tensor in self.rows(batch).items()}
        return np.asarray(self._each(net, rows).cpu().numpy())

    def _each(self, net: PartsTransformer, rows: Tensors) -> Tensor:
        """(n,) the log-likelihood of each row."""
        length = rows["length"].long()
        found = torch.zeros(len(length), dtype=torch.float64, device=length.device)
        for some in self._alike(length):
            part = {name: tensor[some] for name, tensor in rows.items()}
            count = int(part["length"].max())
            start = torch.zeros_like(some)
            steps, follows, there = self._windows(net, part, start, count, start - self._least)
            logits = net(steps).double()
            logits[:, 0] = self._forbidden(logits[:, 0], first=True)
            logits[:, 1:] = self._forbidden(logits[:, 1:].flatten(0, 1), first=False).view_as(
                logits[:, 1:]
            )
            chance = logits.gather(-1, follows[..., None])[..., 0] - logits.logsumexp(-1)
            found[some] = torch.where(there, chance, 0.0).sum(dim=(1, 2))
        return found

    @property
    def _least(self) -> int:
        return self.spec.shifts[0]

    def _windows(
        self, net: PartsTransformer, rows: Tensors, start: Tensor, count: int, shift: Tensor
    ) -> tuple[Steps, Tensor, Tensor]:
        """So many steps of each row from a place on; (n, count, parts) what follows; and whether
        anything does."""
        length = rows["length"].long()
        at = start[:, None] + torch.arange(count, device=start.device)
        level = functional.pad(rows["level"].long(), (0, 0, 1, 1))
        had = functional.pad(rows["had"].long(), (0, 0, 1, 1))
        level[:, -1, 0] = self.end
        had[:, 0] = net.first
        row = torch.arange(len(at), device=start.device)[:, None]
        now = (at + 1).clamp_max(level.shape[1] - 1)
        follows = level[row, now]
        there = (at < length[:, None])[..., None].expand(follows.shape)
        # an end is the mark of the first part alone
        there = there & ((follows[..., :1] != self.end) | (follows == self.end))
        nothing = torch.zeros_like(there)
        steps = Steps(
            had[row, now - 1],
            level[row, now - 1] == GOES_ON,
            had[row, now],
            follows == GOES_ON,
            at,
            shift,
            context=rows.get("context"),
        )
        steps.ahead = net.told_ahead(steps.now, steps.goes_on, nothing)
        return steps, follows, there

    def _forbidden(self, logits: Tensor, *, first: bool) -> Tensor:
        """(n, parts, levels) without a chance for what cannot be at the first step, or at others:
        an end of any but the first part, of rows that have no end, or of those that may not be
        empty; and what would go on from nothing."""
        logits = logits.clone()
        logits[:, 1:, self.end] = -torch.inf
        if not self.spec.ragged or (first and not self.empty_rows):
            logits[:, 0, self.end] = -torch.inf
        if first:
            logits[..., GOES_ON] = -torch.inf
        return logits

    def _alike(self, length: Tensor) -> Iterator[Tensor]:
        """The positions of rows, those together that are about as long, as many as there is room
        for."""
        order = torch.argsort(length, descending=True, stable=True)
        order = order[length[order] > 0]
        while len(order):
            each = int(length[order[0]]) * self.parts * (self.end + 1)
            room = max(CELLS // each, 1)
            yield order[:room]
            order = order[room:]

    # --- rows -------------------------------------------------------------------------------------

    def draw(self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator) -> Batch:
        blank = Batch.blank(replace(self.spec, context=None), n)
        nothing = Known(np.zeros(blank.code.shape, bool), np.zeros(n, bool))
        mask = None
        if self.spec.ragged:
            # a network that sees a window only does not know how long a row is already, and would
            # end it too early: it may do so in the last cycle of a length that is drawn
            shares = self.lengths / max(self.lengths.sum(), 1)
            drawn = numpy_stream(rng).choice(len(shares), n, p=shares)
            least = drawn - max(self.spec.cycles, default=0)
            mask = np.arange(blank.code.shape[1]) < least[:, None]
        return self.filled(net, replace(blank, mask=mask, context=context), nothing, rng)

    def filled(self, net: nn.Module, given: Batch, known: Known, rng: torch.Generator) -> Batch:
        """Rows of which some codes are known."""
        assert isinstance(net, PartsTransformer)
        n, sites = given.code.shape[:2]
        device, stream = rng.device, numpy_stream(rng)
        used = np.ones((n, sites), bool) if given.mask is None else given.mask
        length = used.sum(axis=1)
        level = torch.from_numpy(given.code.astype(np.int64)).to(device)
        had = torch.from_numpy(levels_had(given.code).astype(np.int64)).to(device)
        is_known = torch.from_numpy(known.code & used[..., None]).to(device)
        told = self._told(given.context)
        steps = Steps(
            torch.full((n, 1, self.parts), net.first, device=device),
            torch.zeros((n, 1, self.parts), dtype=torch.bool, device=device),
            had[:, :1],
            level[:, :1] == GOES_ON,
            torch.zeros((n, 1), dtype=torch.long, device=device),
            torch.full((n,), -self._least, device=device),
            context=None if told is None else told.to(device),
        )
        ahead = net.told_ahead(had, level == GOES_ON, is_known)
        cache, alive = net.cache(n, sites), np.ones(n, bool)
        ends = np.full(n, sites)
        for site in range(sites):
            steps.at = torch.full_like(steps.at, site)
            steps.ahead = ahead[:, site : site + net.ahead + 1]
            hidden = net.state_at(steps, site, cache)
            # those that are known to go on, and those that are known to end here
            must = length > site
            over = known.ends & ~must
            for part in range(self.parts):
                logits = net.part_at(hidden, had[:, site], level[:, site] == GOES_ON, part)
                chances = self._chances(logits, part, first=site == 0)
                if part == 0:
                    chances[must & (chances[:, : self.end].sum(axis=1) > 0), self.end] = 0.0
                drawn = self._drawn(chances, stream)
                if part == 0:
                    over |= (drawn == self.end) & ~must
                    ends = np.where(alive & over, site, ends)
                    alive &= ~over
                drawn = np.where(drawn == self.end, 0, drawn)
                new = torch.from_numpy(drawn).to(device)
                own = torch.where(is_known[:, site, part], level[:, site, part], new)
                before = had[:, site - 1, part] if site else torch.zeros_like(own)
                level[:, site, part] = own
                had[:, site, part] = torch.where(own == GOES_ON, before, own)
            if not alive.any():
                break
            steps.before, steps.went_on = had[:, site, None], level[:, site, None] == GOES_ON
        mask = np.arange(sites) < ends[:, None]
        code = np.where(mask[..., None], level.cpu().numpy(), 0).astype(np.int32)
        return replace(given, code=code, mask=mask if self.spec.ragged else None)

    def _chances(self, logits: Tensor, part: int, *, first: bool) -> np.ndarray:
        """(n, levels and an end) what is drawn of a part."""
        logits = logits.double()
        never = torch.from_numpy(np.append(self.counts[part] == 0, False))
        logits = logits.masked_fill(never.to(logits.device), -torch.inf)
        forbidden = logits.new_zeros((1, self.parts, logits.shape[1]))
        logits = logits + self._forbidden(forbidden, first=first)[:, part]
        chances = functional.softmax(logits, dim=1).cpu().numpy()
        if not np.isfinite(chances).all():
            raise no_numbers()
        return np.asarray(chances)

    def _drawn(self, chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) levels, or marks of an end."""
        edges = tempered(chances, self.options.temperature, self.options.top_p).cumsum(axis=1)
        uniform = rng.random(len(edges)) * edges[:, -1]
        return np.minimum((edges <= uniform[:, None]).sum(axis=1), edges.shape[1] - 1)

    def _told(self, context: Batch | None) -> Tensor | None:
        if self.told is None or context is None:
            return None
        return self.told.vector(context.joint)

    def check(self, known: Constraints) -> None:
        """See that nothing is known of all rows' levels.

        Raises:
            OptionError: Something is.
        """
        if known.of_all:
            raise OptionError(
                "the model 'autoregressive' keeps to no level of parts that is asked of all rows",
                hint="ask for what stands beside the rows, or give rows with some of the parts",
            )

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> dict[str, np.ndarray]:
        arrays = channels.to_arrays([], self.counts)
        arrays["lengths"] = self.lengths.astype(np.int64)
        if self.empty_rows:
            arrays["empty_rows"] = np.ones(1, np.int8)
        if self.told is not None:
            arrays |= {f"told.{name}": value for name, value in self.told.to_state()[1].items()}
        return arrays

    @classmethod
    def from_state(
        cls, spec: Spec, arrays: Mapping[str, np.ndarray], options: AutoregressiveOptions
    ) -> PartByPart:
        _, counts = channels.from_arrays(spec, arrays)
        told = None
        if spec.context is not None:
            told = Dense.from_state(spec.context.joint, within(arrays, "told."))
        shape = (spec.sites[0] + 1,)
        lengths = checked_arrays.integers(arrays, "lengths", np.int64, shape, 0, 2**40)
        if not lengths.sum():
            raise ValueError("there are no rows")
        empty = channels.has_empty_rows(arrays)
        return cls(spec, counts, told, options, lengths, empty_rows=empty)


def _by_length(rows: Tensors, size: int, rng: torch.Generator) -> Tensor:
    """The rows of a step, each as often as it is long."""
    weight = rows["length"].double()
    return torch.multinomial(weight, size, replacement=True, generator=rng)
