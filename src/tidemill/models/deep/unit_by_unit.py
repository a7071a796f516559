"""Texts unit by unit, each from a transformer that reads those before it, mixed with what counted
runs of units say."""

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
from tidemill.core.grid import Batch, Constraints, Spec
from tidemill.core.run import Run
from tidemill.models import channels
from tidemill.models.base import State
from tidemill.models.channels import level_counts, within
from tidemill.models.deep.backbones.text import TextTransformer
from tidemill.models.deep.dense import Dense, no_numbers
from tidemill.models.deep.in_turn import AutoregressiveOptions, InTurn
from tidemill.models.deep.neural import numpy_stream
from tidemill.models.deep.training import Picking, Tensors
from tidemill.models.ngram import Ngram
from tidemill.models.ngram_choice import MOST_ORDER
from tidemill.models.ngram_counts import NONE, voice_of
from tidemill.models.ngram_mixture import tempered

UNITS = 4
"""Units of a step for each of its rows, as the options count them."""
CELLS = 1 << 24
"""Chances computed at a time when texts are scored."""
LOOKED_AT = 1 << 15
"""Units of held-out texts, about, by which learning is watched, and by which shares are chosen."""
UNEQUAL = 0.2
"""Texts of a step differ so much in length, as a share."""
SHARES = np.linspace(0.0, 1.0, 41)
"""Of which each share of the counted runs is one."""
BLOCKS = 4
"""Of the transformer, where nothing is said."""
TOGETHER, SHOWN = 256, 16
"""Texts written at a time, and to show how learning goes: each takes its time."""
FULL = 0.8
"""Share of texts that still go on, below which others are left behind."""


class UnitByUnit(InTurn):
    """Texts of one code a site.

    Where a guarded unit stands, the network learns that one does, and not which: such a mark has a
    chance as units have. Which unit stands there is left to the counted runs, which know nothing of
    such words either; where there are none, to how frequent units are.

    Args:
        spec: Of the texts.
        counts: (units,) how often each occurs.
        told: The dense view of what texts are written for; None where there is nothing.
        options: Of the family.
        empty_rows: Whether a text may have no unit.
        guarded: How many units of the training texts are.

    Attributes:
        ngram: Counted runs; None where none are mixed in.
        shares: (order of the runs,) the share of their chances behind a history of which they know
            no unit, one, two, ...
    """

    rate: ClassVar[float] = 3.0

    def __init__(
        self,
        spec: Spec,
        counts: np.ndarray,
        told: Dense | None,
        options: AutoregressiveOptions,
        *,
        empty_rows: bool,
        guarded: int = 0,
    ) -> None:
        self.spec, self.counts, self.told, self.options = spec, counts, told, options
        self.empty_rows, self.guarded = empty_rows, guarded
        self.ngram: Ngram | None = None
        self.shares = np.zeros(0)

    @property
    def end(self) -> int:
        """The mark behind a text."""
        return self.spec.codes[0].size

    @property
    def rare(self) -> int:
        """The mark in the place of a guarded unit."""
        return self.end + 1

    @classmethod
    def learned(
        cls,
        spec: Spec,
        batch: Batch,
        rng: np.random.Generator,
        options: AutoregressiveOptions,
    ) -> UnitByUnit:
        told = None
        if spec.context is not None and batch.context is not None:
            told = Dense.learned(spec.context.joint, batch.context.joint)
        counts = level_counts(spec, batch)[0]
        guarded = 0 if batch.guarded is None else int(batch.guarded.sum())
        return cls(spec, counts, told, options, empty_rows=batch.empty_rows, guarded=guarded)

    def build(self) -> nn.Module:
        # where learning begins; of ends it is a guess
        counts = np.append(self.counts, [self.counts.sum() / 10, self.guarded]) + 0.5
        o = self.options
        context = 0 if self.told is None else len(self.told.reals) + sum(self.told.sizes)
        shares = torch.from_numpy(counts / counts.sum()).float()
        return TextTransformer(shares, context, o.state, o.blocks or BLOCKS, o.window)

    def rows(self, batch: Batch) -> Tensors:
        """As "unit" (n, sites) int32; "length" (n,) how many follow something, an end among them;
        "guarded" (n, sites); "context" (n, context)."""
        n, sites = batch.code.shape[:2]
        used = np.ones((n, sites), bool) if batch.mask is None else batch.mask
        length = used.sum(axis=1)
        length += (length < sites) & self.spec.ragged
        unit = np.where(used, batch.code[..., 0], self.end).astype(np.int32)
        guarded = np.zeros((n, sites), bool) if batch.guarded is None else batch.guarded & used
        rows = {"unit": unit, "length": length.astype(np.int32), "guarded": guarded}
        found = {name: torch.from_numpy(values) for name, values in rows.items()}
        told = self._told(batch)
        return found if told is None else {**found, "context": told}

    # --- learning ---------------------------------------------------------------------------------

    def step_rows(self) -> int:
        return self.options.batch

    @property
    def precision(self) -> str:
        """Single, where nothing else is asked for: matrices of this size gain nothing by
        bfloat16."""
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
        """The texts of a step: some that are about as long as each other, so that short ones do not
        wait for long ones, with about ``UNITS * size`` units. A text that is longer than a window
        counts as several."""
        length = rows["length"].long()
        often = ((length - 1) // self.options.window + 1).clamp_min(1)
        text = torch.repeat_interleave(often)
        seen = length.clamp(1, self.options.window)[text]
        blurred = seen * (1 + UNEQUAL * torch.rand(len(seen), generator=rng, device=seen.device))
        order = blurred.argsort()
        edge = seen[order].cumsum(0)
        parts = max(round(int(edge[-1]) / (UNITS * size)), 1)
        part = int(torch.randint(parts, (1,), generator=rng, device=seen.device))
        low, high = (int(edge[-1]) * k // parts for k in (part, part + 1))
        return text[order[(edge > low) & (edge <= high)]]

    def loss(self, net: nn.Module, rows: Tensors, rng: torch.Generator) -> Tensor:
        """Of a window somewhere in each text."""
        assert isinstance(net, TextTransformer)
        length = rows["length"].long()
        sites = min(int(length.max()), self.options.window)
        # half a window beyond the ends, so that what stands there is seen as often
        start = torch.rand(len(length), generator=rng, device=length.device) * length - sites / 2
        start = torch.minimum(start.long().clamp_min(0), (length - sites).clamp_min(0))
        read, follows, there = self._windows(rows, start, sites)

        def noise(h: Tensor) -> Tensor:
            """The same units of all states of a text are left out."""
            shape = (len(h), 1, h.shape[-1])
            kept = torch.rand(shape, generator=rng, device=h.device) >= self.options.dropout
            return h * kept / (1 - self.options.dropout)

        states = net(read, rows.get("context"), noise if self.options.dropout else None)
        return functional.cross_entropy(net.logits(states[there]), follows[there])

    def score(self, net: nn.Module, held: Tensors) -> float:
        assert isinstance(net, TextTransformer)
        own, _ = self._each(net, _some(held))
        return -float(own.log().mean())

    def finish(self, net: nn.Module, batch: Batch, held: np.ndarray, run: Run) -> None:
        """Count runs, and choose their shares by held-out texts, of which neither network nor
        counts have learned anything; then these are counted, too."""
        if self.options.mix == "none" or not len(batch):
            return
        assert isinstance(net, TextTransformer)
        inner = run.child(quiet=True, to_end=True, stoppable=False)
        others = np.setdiff1d(np.arange(len(batch)), held)
        if not len(others):  # a single text
            others = held
        asked = batch.rows(held)
        rows = _some(self.rows(replace(asked, guarded=None)))
        asked = asked.rows(np.arange(len(rows["length"])))
        counted = Ngram(candidates=1).fit(self.spec, batch.rows(others), inner).chances(asked)
        own, rare = self._each(net, rows).numpy()
        self.shares = _likeliest(own, rare, counted.chance, counted.known)
        self.ngram = Ngram(candidates=1).fit(self.spec, batch, inner)

    # --- chances ----------------------------------------------------------------------------------

    def likelihood(self, net: nn.Module, batch: Batch, device: torch.device) -> np.ndarray:
        """A unit that never occurred has a small chance, so that it is never -inf but for an empty
        text where none was learned from."""
        assert isinstance(net, TextTransformer)
        batch = replace(batch, guarded=None)
        rows = {name: tensor.to(device) for name, tensor in self.rows(batch).items()}
        own, rare = self._each(net, rows).cpu().numpy()
        if self.ngram is None:
            chance = own + rare * self._frequent[_flat(rows, "unit", self.end).cpu().numpy()]
        else:
            counted = self.ngram.chances(batch)
            chance = _mixed(own, rare, counted.chance, self.shares[counted.known])
        row = np.repeat(np.arange(len(batch)), rows["length"].cpu().numpy())
        with np.errstate(divide="ignore"):
            return np.bincount(row, np.log(chance), minlength=len(batch))

    @property
    def _frequent(self) -> np.ndarray:
        """(units and an end,) the chances of units in the place of a rare one, where no runs are
        counted; a text does not end there."""
        return np.append(self.counts, 0) / max(self.counts.sum(), 1)

    def _each(self, net: TextTransformer, rows: Tensors) -> Tensor:
        """(2, m) the network's chances of all units and ends, text after text, and of a rare unit
        in their place."""
        length = rows["length"].long()
        first = length.cumsum(0) - length
        found = torch.zeros((2, int(length.sum())), dtype=torch.float64, device=length.device)
        for text in self._alike(length):
            part = {name: tensor[text] for name, tensor in rows.items()}
            sites = int(part["length"].max())
            start = torch.zeros_like(part["length"]).long()
            read, follows, there = self._windows(part, start, sites)
            place = torch.arange(sites, device=length.device).expand(len(text), -1)
            logits = net.logits(net(read, part.get("context"))[there]).double()
            self._forbid(logits, place[there] == 0)
            own = torch.stack([logits.gather(1, follows[there][:, None])[:, 0], logits[:, -1]])
            found[:, (first[text][:, None] + place)[there]] = (own - logits.logsumexp(1)).exp()
        return found

    def _windows(self, rows: Tensors, start: Tensor, sites: int) -> tuple[Tensor, Tensor, Tensor]:
        """(n, sites) what is read, what follows each, and whether anything does; from a place of
        each text on."""
        length = rows["length"].long()
        at = start[:, None] + torch.arange(sites + 1, device=start.device)
        # a beginning is read as an end is: of another text before
        whole = functional.pad(rows["unit"].long(), (1, 1), value=self.end)
        at_most = at.clamp_max(whole.shape[1] - 1)
        text = whole.gather(1, at_most)
        guarded = functional.pad(rows["guarded"], (1, 1)).gather(1, at_most)
        follows = text.masked_fill(guarded, self.rare)[:, 1:]
        return text[:, :-1], follows, at[:, :-1] < length[:, None]

    def _forbid(self, logits: Tensor, first: Tensor) -> None:
        """Leave no chance to ends where there can be none: of (n,) bool first units, or of all."""
        if not self.spec.ragged:
            logits[:, self.end] = -torch.inf
        elif not self.empty_rows:
            logits[:, self.end].masked_fill_(first, -torch.inf)

    def _alike(self, length: Tensor) -> Iterator[Tensor]:
        """The positions of texts, those together that are about as long, as many as there is room
        for; those without anything to be told are left out."""
        order = torch.argsort(length, descending=True, stable=True)
        order = order[length[order] > 0]
        while len(order):
            room = max(CELLS // (int(length[order[0]]) * (self.end + 1)), 1)
            yield order[:room]
            order = order[room:]

    def _next(
        self,
        logits: Tensor,
        recent: np.ndarray,
        of: np.ndarray,
        voice: np.ndarray,
        *,
        first: bool,
    ) -> np.ndarray:
        """(n, units and an end) the chances of what is drawn at a site.

        Args:
            logits: The network's.
            recent: (n, MOST_ORDER - 1) the units before, the nearest first.
            of: (n,) the classes of the counted runs.
            voice: (n,) who speaks.
            first: Whether it is the first site.
        """
        logits = logits.double()
        never = torch.from_numpy(self.counts == 0).to(logits.device)
        logits[:, : self.end].masked_fill_(never, -torch.inf)
        self._forbid(logits, torch.full((len(logits),), first, device=logits.device))
        chances = functional.softmax(logits, dim=1).cpu().numpy()
        if not np.isfinite(chances).all():
            raise no_numbers()
        own, rare = chances[:, :-1], chances[:, -1:]
        if self.ngram is None:
            return own + rare * self._frequent
        counted = self.ngram.mixture.all_chances(recent, of, voice)
        if not self.spec.ragged or (first and not self.empty_rows):
            counted[:, self.end] = 0.0
        counted /= counted.sum(axis=1, keepdims=True)
        known = self.ngram.mixture.known(recent, voice)
        return _mixed(own, rare, counted, self.shares[known][:, None])

    # --- texts ------------------------------------------------------------------------------------

    def draw(self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator) -> Batch:
        blank = Batch.blank(replace(self.spec, context=None), n)
        nothing = np.zeros(blank.code.shape[:2], bool)
        return self.written(net, replace(blank, mask=nothing, context=context), rng)

    def written(self, net: nn.Module, begun: Batch, rng: torch.Generator) -> Batch:
        """Texts that begin as these."""
        assert isinstance(net, TextTransformer)
        n, sites = begun.code.shape[:2]
        begins = np.full(n, sites) if begun.mask is None else begun.mask.sum(axis=1)
        code, length = begun.code[..., 0].copy(), np.zeros(n, np.int64)
        code[np.arange(sites) >= begins[:, None]] = 0
        at, ended = np.arange(n), np.zeros(n, bool)  # whose states are kept, and which of them end
        voice = np.zeros(n, np.int64)
        recent = np.full((n, MOST_ORDER - 1), NONE, np.int64)
        recent[:, 0] = self.end + 1
        of = np.zeros(n) if self.ngram is None else self.ngram.classes_of(n, begun.context)
        stream, told, cache = numpy_stream(rng), self._told(begun), net.cache(n, sites)
        told = None if told is None else told.to(rng.device)
        read = torch.full((n,), self.end, device=rng.device)
        for site in range(sites):
            logits = net.logits(net.step(read, told, site, cache))
            unit = self._drawn(self._next(logits, recent, of[at], voice, first=site == 0), stream)
            unit = np.where(site < begins[at], code[at, site], unit)
            ended |= unit == self.end
            on = ~ended
            if not on.any():
                break
            code[at[on], site], length[at[on]] = unit[on], site + 1
            recent = np.column_stack([unit, recent[:, :-1]])
            says = voice_of(unit, self.end, self.spec.voices)
            voice = np.where(says > 0, says, voice)
            if on.mean() < FULL:
                at, unit, recent, voice = at[on], unit[on], recent[on], voice[on]
                ended = ended[on]
                kept = torch.from_numpy(np.flatnonzero(on)).to(rng.device)
                told = None if told is None else told[kept]
                cache = [(keys[kept], values[kept]) for keys, values in cache]
            read = torch.from_numpy(unit).to(rng.device)
        mask = np.arange(sites) < length[:, None] if self.spec.ragged else None
        return replace(begun, code=code[..., None], mask=mask)

    def _drawn(self, chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) units, or marks of an end."""
        edges = tempered(chances, self.options.temperature, self.options.top_p).cumsum(axis=1)
        uniform = rng.random(len(edges)) * edges[:, -1]
        return np.minimum((edges <= uniform[:, None]).sum(axis=1), edges.shape[1] - 1)

    def _told(self, batch: Batch) -> Tensor | None:
        if self.told is None or batch.context is None:
            return None
        return self.told.vector(batch.context.joint)

    def check(self, known: Constraints) -> None:
        """See that nothing is known of units.

        Raises:
            OptionError: Something is.
        """
        if known.of_all:
            raise OptionError(
                "the model 'autoregressive' writes texts from their beginning and keeps to no unit "
                "of them",
                hint="ask for what stands beside the texts",
            )

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> dict[str, np.ndarray]:
        arrays = channels.to_arrays([], [self.counts])
        if self.empty_rows:
            arrays["empty_rows"] = np.ones(1, np.int8)
        if self.told is not None:
            arrays |= {f"told.{name}": value for name, value in self.told.to_state()[1].items()}
        return arrays

    @classmethod
    def from_state(
        cls, spec: Spec, arrays: Mapping[str, np.ndarray], options: AutoregressiveOptions
    ) -> UnitByUnit:
        _, counts = channels.from_arrays(spec, arrays)
        told = None
        if spec.context is not None:
            told = Dense.from_state(spec.context.joint, within(arrays, "told."))
        empty = channels.has_empty_rows(arrays)
        return cls(spec, counts[0], told, options, empty_rows=empty)

    def beside(self) -> State:
        """The counted runs, and their shares."""
        if self.ngram is None:
            return {"ngram": None}, {}
        document, arrays = self.ngram.to_state()
        found = {f"ngram.{name}": values for name, values in arrays.items()}
        return {"ngram": document}, found | {"shares": self.shares}

    def take_beside(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """What :meth:`beside` gave.

        Raises:
            KeyError, OptionError, TypeError, ValueError: It is no such state.
        """
        if document["ngram"] is None:
            return
        self.shares = checked_arrays.reals(arrays, "shares", np.float64, (MOST_ORDER,))
        if np.any(self.shares < 0) or np.any(self.shares > 1):
            raise ValueError("a share is less than nothing or more than all")
        self.ngram = Ngram.from_state(self.spec, document["ngram"], within(arrays, "ngram."))


def _some(rows: Tensors) -> Tensors:
    """The first texts, with about LOOKED_AT units."""
    some = max(int((rows["length"].cumsum(0) <= LOOKED_AT).sum()), 1)
    return {name: tensor[:some] for name, tensor in rows.items()}


def _flat(rows: Tensors, name: str, end: int) -> Tensor:
    """(m,) what the units of texts have, text after text, with this behind each."""
    values = functional.pad(rows[name], (0, 1), value=end)
    at = torch.arange(values.shape[1], device=values.device)
    return values[at < rows["length"][:, None]]


def _mixed(own: np.ndarray, rare: np.ndarray, counted: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Chances by network and counted runs, of which these have a share, and all of rare units."""
    mixed: np.ndarray = (1 - share) * (own + rare * counted) + share * counted
    return mixed


def _likeliest(
    own: np.ndarray, rare: np.ndarray, counted: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """(MOST_ORDER,) the shares of counted runs under which units are likeliest, for each number of
    units before them that are known; that of all where none tells it.

    Args:
        own, rare: (m,) the network's chances of units, and of a rare one.
        counted: (m,) those of counted runs.
        known: (m,) how many units before each the runs know.
    """

    def best(some: np.ndarray) -> float:
        chances = _mixed(own[some], rare[some], counted[some], SHARES[:, None])
        with np.errstate(divide="ignore"):
            nats = np.log(chances).sum(axis=1)
        return float(SHARES[nats.argmax()])

    shares = np.full(MOST_ORDER, best(known >= 0))
    for length in np.unique(known):
        shares[length] = best(known == length)
    return shares
