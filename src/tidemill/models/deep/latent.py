"""Another family on the latents of a variational autoencoder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch

from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Real, Spec
from tidemill.core.options import option
from tidemill.core.run import Run
from tidemill.core.torch_threads import torch_threads
from tidemill.models import MODELS
from tidemill.models.analogues import gone_on
from tidemill.models.base import (
    Conditional,
    Interpolates,
    LearnsInSteps,
    State,
    Varies,
    check_context,
    check_learns,
    unfitted,
)
from tidemill.models.channels import within
from tidemill.models.deep.defaults import DEFAULTS
from tidemill.models.deep.neural import CHUNK, Neural
from tidemill.models.deep.training import (
    DEEPEST,
    Training,
    device_of,
    generator,
    takes_bfloat16,
)
from tidemill.models.deep.vae import Vae
from tidemill.models.rejection import rejected
from tidemill.models.renamed import current

STEP = 1e-4
"""What a tick of a latent is worth; latents are about as large as 1."""
VAE_SHARE = 0.4
"""Of the time, it may take so much."""


@dataclass(frozen=True)
class LatentOptions(Training):
    """Options of :class:`Latent`; those of training, width and depth are for both networks."""

    inner: str = option("flow", "the model that learns the latents")
    inner_options: str = option("", "options of that model alone, as in width=256,depth=2")
    vae_options: str = option("", "options of the autoencoder alone, as in latent=16,beta=0.3")
    vae_steps: int = option(
        0,
        "its steps, at most half of all; 0 for 3000 of rows, 1000 of series and 500 of images",
        low=0,
    )
    width: int = option(0, "units of a layer; 0 for what each network has by default", low=0)
    depth: int = option(0, "blocks; 0 for what each network has by default", low=0, high=DEEPEST)


class Latent:
    """A variational autoencoder on the rows, and another family on the grid of their latents.

    With ``flow`` as that family it is the method of TabSyn (Zhang et al. 2024, "Mixed-type tabular
    data synthesis with score-based diffusion in latent space"): the autoencoder turns rows of any
    sort into a few numbers, and the inner model learns how these are spread. Both learn from
    training rows only. The latents of a row are drawn once from its own distribution, since the
    decoder expects such.

    The first steps are the autoencoder's, which takes all of its own, and all further ones the
    inner model's, so the number of steps alone says what both have learned; only where time runs
    short the autoencoder is stopped before.

    Attributes:
        options: The configuration.
        spec: Of the rows, once fitted.
        vae, inner: Its parts.
        glimpses: (step, rows) as learning went; not stored.
    """

    Options: ClassVar[type[Training]] = LatentOptions
    parameters: ClassVar[Mapping[str, Any]] = LatentOptions.parameters()
    learns = Neural.learns
    completes: ClassVar[bool] = False

    spec: Spec

    def __init__(self, **options: Any) -> None:
        self.options = LatentOptions(**options)
        if self.options.inner == "latent":
            raise OptionError(
                "inner=latent makes no sense", hint="choose flow, or another model of numbers"
            )
        self.vae = cast(Vae, unfitted("vae", self._for("vae", self.options.vae_options)))
        self.inner = unfitted(
            self.options.inner, self._for(self.options.inner, self.options.inner_options)
        )
        self.snapshots: list[tuple[int, Batch]] = []

    def _for(self, model: str, alone: str, **more: int) -> dict[str, Any]:
        """Options of a part: those of both that are not as by default, and its own."""
        has, o = MODELS.load(model).parameters, self.options
        both = {
            one.name: getattr(o, one.name) for one in fields(Training) + fields(LatentOptions)[-2:]
        }
        changed = {name: value for name, value in both.items() if value != o.parameters()[name]}
        told = {name: value for name, value in {**changed, **more}.items() if name in has}
        return {**told, **_parsed(alone)}

    @property
    def codec(self) -> str | None:
        """The codec that it asks for; None for the one that suits the data."""
        return self.vae.codec

    # --- how learning went ------------------------------------------------------------------------

    @property
    def steps_done(self) -> int:
        """Of both parts."""
        return self.vae.steps_done + self.inner.steps_done

    @property
    def steps_planned(self) -> int:
        """Of both parts."""
        return self.vae.steps_planned + self.inner.steps_planned

    @property
    def best_step(self) -> int:
        """The step whose weights the inner model kept."""
        return self.vae.steps_done + (
            self.inner.best_step if isinstance(self.inner, LearnsInSteps) else 0
        )

    @property
    def curves(self) -> dict[str, list[list[float]]]:
        """Losses and scores of both parts."""
        later = self.inner.curves if isinstance(self.inner, LearnsInSteps) else {}
        return {
            **{f"vae {name}": points for name, points in self.vae.curves.items()},
            **{
                name: [[step + self.vae.steps_done, value] for step, value in points]
                for name, points in later.items()
            },
        }

    # --- learning ---------------------------------------------------------------------------------

    def fit(self, spec: Spec, batch: Batch, run: Run, start: Any = None) -> Self:
        """Learn the autoencoder, then the latents that it gives.

        Args:
            spec, batch: The rows.
            run: Seed, device, time, steps, progress and the file of checkpoints.
            start: A fitted model of the same sort and grid, from whose weights learning begins.

        Raises:
            OptionError: The rows are texts, or ``start`` is another sort of model.
        """
        check_learns("latent", self.learns, spec)
        o = self.options
        if start is not None and not (isinstance(start, Latent) and start.options.inner == o.inner):
            raise OptionError(
                "the model to start from is of another family, or of other columns",
                hint="start from a model made with the same option 'model', learned from a table "
                "with the same columns",
            )
        self.spec = spec
        most = max(min(o.vae_steps or DEFAULTS[spec.topology].vae_steps, o.steps // 2), 1)
        kl_warmup = min(Vae.parameters["kl_warmup"], o.steps // 20)
        self.vae = cast(
            Vae, unfitted("vae", self._for("vae", o.vae_options, steps=most, kl_warmup=kl_warmup))
        )
        self._fit_vae(batch, run, start)
        left = max(o.steps - self.vae.steps_done, 1)
        self.inner = unfitted(o.inner, self._for(o.inner, o.inner_options, steps=left))
        self._fit_inner(batch, self._rest(run), start)
        inner = self.inner.snapshots if isinstance(self.inner, LearnsInSteps) else []
        self.snapshots = list(self.vae.snapshots)
        for step, latents in inner:
            rows = self._decoded(latents, run.rng("latent", "glimpse", step), run)
            self.snapshots.append((self.vae.steps_done + step, rows))
        return self

    def _fit_vae(self, batch: Batch, run: Run, start: Latent | None) -> None:
        """In a part of the time, if that is bounded; a bound that was met becomes an option, so
        that all can be replayed."""
        first = run.child(progress=True, steps=run.steps, checkpoint=run.checkpoint)
        if run.deadline is not None:
            first.deadline = time.monotonic() + VAE_SHARE * (run.deadline - time.monotonic())
        self.vae.fit(self.spec, batch, first, None if start is None else start.vae)
        taken = self.vae.steps_done
        if first.deadline is not None and run.steps is None and 0 < taken < self.vae.steps_planned:
            self.options = replace(self.options, vae_steps=taken)
            self.vae.options, self.vae.steps_planned = replace(self.vae.options, steps=taken), taken
            run.warn(
                f"The autoencoder was stopped after {taken:,} steps, to leave time for the model "
                "of its latents; to "
                f"learn the same again, give option 'vae_steps={taken}' beside option 'steps'.",
                "learn",
            )

    def _fit_inner(self, batch: Batch, run: Run, start: Latent | None) -> None:
        latents = self._encoded(batch, run)
        if start is None:
            self.inner.fit(self._inner_spec(), latents, run)
        elif isinstance(self.inner, LearnsInSteps):
            self.inner.fit(self._inner_spec(), latents, run, start=start.inner)
        else:
            raise OptionError(
                f"the model '{self.options.inner}' learns anew each time and cannot start from "
                "another",
                hint="leave the start out",
            )

    def _rest(self, run: Run) -> Run:
        """What the autoencoder leaves to the inner model."""
        if run.cancelled:  # a cancelled fit keeps what it has
            return run.child(quiet=True, stoppable=False, steps=0)
        steps, checkpoint = run.steps, run.checkpoint
        if steps is not None:
            steps = max(steps - self.vae.steps_done, 0)
        if checkpoint is not None:
            checkpoint = checkpoint.with_name(checkpoint.name + ".latents")
        return run.child(progress=True, steps=steps, checkpoint=checkpoint)

    def _inner_spec(self) -> Spec:
        """The grid of the latents."""
        latent = 0 if self.vae.dense.empty else self.vae.options.latent
        return Spec(
            tuple(Real(f"latent {k}", STEP) for k in range(latent)), context=self.spec.context
        )

    def _encoded(self, batch: Batch, run: Run) -> Batch:
        """Rows -> their latents."""
        found = [np.zeros((0, len(self._inner_spec().reals)))]
        with self._at_work(run) as device:
            for k, at in enumerate(range(0, len(batch), CHUNK)):
                rows = batch.rows(np.arange(at, min(at + CHUNK, len(batch))))
                rng = generator(device, run.seed_of("latent", "encode"), k)
                found.append(self.vae.encoded(self.vae.net, rows, rng).double().cpu().numpy())
        ticks = np.rint(np.concatenate(found) / STEP).astype(np.int64)
        return Batch(ticks, np.zeros((len(ticks), 0), np.int32), context=batch.context)

    def _decoded(self, latents: Batch, rng: np.random.Generator, run: Run) -> Batch:
        """Latents -> rows."""
        parts = [Batch.blank(self.spec, 0)]
        seeds = rng.integers(2**62, size=-(-len(latents) // CHUNK))
        with self._at_work(run) as device:
            for k, seed in enumerate(seeds):
                part = latents.rows(np.arange(k * CHUNK, min((k + 1) * CHUNK, len(latents))))
                latent = torch.from_numpy((part.tick * STEP).astype(np.float32)).to(device)
                parts.append(
                    self.vae.decoded(
                        self.vae.net, latent, part.context, generator(device, int(seed))
                    )
                )
        return Batch.stacked(parts[1:] or parts)

    @contextmanager
    def _at_work(self, run: Run) -> Iterator[torch.device]:
        """The autoencoder on its device, with its threads and precision."""
        device, o = device_of(run.device), self.vae.options
        self.vae.net = self.vae.net.to(device)
        with (
            torch_threads(o.cores),
            torch.inference_mode(),
            torch.autocast(
                device.type, torch.bfloat16, enabled=takes_bfloat16(o.precision, device)
            ),
        ):
            yield device
        self.vae.net = self.vae.net.cpu()

    # --- making rows ------------------------------------------------------------------------------

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """New rows.

        Args:
            n: How many.
            rng: The random stream.
            run: For progress, and its device.
            context: n rows of what is given with each, where the spec has a context.

        Raises:
            OptionError: A context is missing.
        """
        check_context("latent", self.spec, context)
        if self.spec.context is None:
            latents = self.inner.sample(n, rng, run)
        else:
            latents = cast(Conditional, self.inner).sample(n, rng, run, context=context)
        return self._decoded(latents, rng, run or Run())

    def go_on(
        self,
        past: Batch,
        steps: int,
        paths: int,
        rng: np.random.Generator,
        run: Run | None = None,
    ) -> Batch:
        """What may follow on series: see :meth:`Neural.go_on`.

        Raises:
            OptionError: The model has learned no series.
        """
        return gone_on(self, self.spec, past, steps, paths, rng, run)

    def between(
        self,
        ways: int,
        steps: int,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> Batch | None:
        """Rows on the way from one made row to another, see :meth:`Neural.between`; None where the
        inner model has none."""
        if not isinstance(self.inner, Interpolates):
            return None
        latents = self.inner.between(ways, steps, rng, run, context)
        return None if latents is None else self._decoded(latents, rng, run or Run())

    def vary(self, given: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch | None:
        """A new row near to each given one, by latents near to its own, see :meth:`Neural.vary`;
        None where the inner model knows none."""
        if not isinstance(self.inner, Varies):
            return None
        run = run or Run()
        latents = self.inner.vary(self._encoded(given, run), rng, run)
        return None if latents is None else self._decoded(latents, rng, run)

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """n new rows that keep to what is known of all rows, drawn until enough of them do.

        Raises:
            ConditionError: What is known never occurs, or too rarely.
            OptionError: Values of single rows are given, which this model cannot complete.
        """
        if known.rows is not None:
            raise OptionError(
                "the model 'latent' makes whole rows and cannot complete given ones",
                hint="fit with option 'model=trees' or option 'model=autoregressive' for that",
            )
        self.vae.check(known)
        if not known.of_all:
            return ConditionalSample(self.sample(n, rng, run), np.ones(n), float(n))
        run = run or Run()
        plain = run.child(quiet=True)
        return rejected(
            lambda size, stream: self.sample(size, stream, plain), n, known, rng, run, "latent"
        )

    # --- storing ----------------------------------------------------------------------------------

    def to_state(self) -> State:
        """Options, and both parts."""
        parts = {"vae": self.vae.to_state(), "inner": self.inner.to_state()}
        documents: dict[str, Any] = {"options": self.options.to_state()}
        arrays = {}
        for part, (document, own) in parts.items():
            documents[part] = document
            for name, array in own.items():
                arrays[f"{part}.{name}"] = array
        return documents, arrays

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            KeyError, ValueError: The state does not fit the spec.
        """
        options = current(document["options"], cls.parameters)
        if options["inner"] not in MODELS:
            raise ValueError("there is no such model of latents")
        for name, part in (("inner_options", options["inner"]), ("vae_options", "vae")):
            own_options = current(_parsed(options[name]), MODELS.load(part).parameters)
            options[name] = ",".join(f"{key}={value}" for key, value in own_options.items())
        model = cls(**options)
        model.spec = spec
        model.vae = Vae.from_state(spec, document["vae"], within(arrays, "vae."))
        model.inner = MODELS.load(model.options.inner).from_state(
            model._inner_spec(), document["inner"], within(arrays, "inner.")
        )
        return model


def _parsed(options: str) -> dict[str, str]:
    """Options written as in ``width=256,depth=2``."""
    found = {}
    for part in options.split(","):
        if part.strip():
            name, _, value = part.partition("=")
            found[name.strip()] = value.strip()
    return found
