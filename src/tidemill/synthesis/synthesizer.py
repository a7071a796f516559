"""The artefact: a fitted codec and generator that make new rows, and can be stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import polars as pl

from tidemill import __version__
from tidemill.codecs import CODECS
from tidemill.codecs.choosing import choose
from tidemill.codecs.codec import Codec
from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.images import ImageCodec
from tidemill.core import artifact
from tidemill.core.balance import parse_balance
from tidemill.core.columns import by_name
from tidemill.core.condition import Condition, Where, parse_where
from tidemill.core.dataset import Dataset
from tidemill.core.drawn import Drawn
from tidemill.core.errors import ArtifactError, DataError, OptionError
from tidemill.core.fairness import parse_fair
from tidemill.core.frame_form import FrameForm
from tidemill.core.grid import Batch
from tidemill.core.notebook import paragraph
from tidemill.core.options import MOST_ROWS, SampleRequest, Sampling, whole
from tidemill.core.persons import FEWEST_PERSONS, level_counts, persons_of
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.states import from_state, to_state
from tidemill.core.words import plural
from tidemill.imaging.pixels import image_name, image_pixels, images
from tidemill.io.conforming import conform
from tidemill.io.frames import to_native
from tidemill.io.reading import read
from tidemill.levels.planes import tiles_name
from tidemill.models import MODELS
from tidemill.models.base import GoesOn, LearnsInSteps, WritesOn, of_texts, unfitted
from tidemill.models.renamed import current
from tidemill.synthesis.extending import Extended, ExtensionModel, extended
from tidemill.synthesis.formats import upgraded
from tidemill.synthesis.gap_filling import gaps_filled
from tidemill.synthesis.given_rows import ModelEyes, read_given
from tidemill.synthesis.half_drawn import half_drawn
from tidemill.synthesis.images_like import fitted, images_like
from tidemill.synthesis.infilling import GivenRows, numbered, stacked
from tidemill.synthesis.pieces_like import pieces_like
from tidemill.synthesis.quotas import balanced
from tidemill.synthesis.quotas import fair as fairly
from tidemill.synthesis.raw_form import RawForm
from tidemill.synthesis.sampling import SampledModel, SampleJob, SamplePlan
from tidemill.synthesis.series_like import made_like
from tidemill.synthesis.stages import Stages
from tidemill.synthesis.stored import check_arrays, check_documents, check_manifest

if TYPE_CHECKING:  # what only fitting and loading need is imported there
    from tidemill.synthesis.outcome import OutcomeModel

MIN_ROWS = 20
LIKE = ("series", "music", "images")
"""Modalities of which something is made like given data in a way of their own."""
OUTCOME = "outcome."
"""What the names of the arrays of the target's model begin with."""


class Synthesizer:
    """A model of a table, of series or of images: :meth:`sample` makes new rows, :meth:`save` and
    :meth:`load` keep it.

    Made by :func:`tidemill.fit`.

    Attributes:
        schema: The columns that it makes.
        manifest: How it was made: model, seed, rows, versions, and how far learning got.
        outcome: What the target is expected to be given the other columns, learned directly; None
            where there is no target that a single row can have.
    """

    def __init__(
        self,
        stages: Stages,
        manifest: Mapping[str, Any],
        raw_form: RawForm | None = None,
        outcome: OutcomeModel | None = None,
        path: Path | None = None,
    ) -> None:
        self._stages = stages
        self._path = path  # of the file that it was loaded from
        self._raw_form = raw_form or RawForm()
        self.outcome = outcome
        self._codec = stages.last.codec
        self._generator = stages.main.generator
        self.manifest: dict[str, Any] = dict(manifest)

    @property
    def schema(self) -> Schema:
        """The columns that it makes."""
        return self._codec.schema

    @property
    def complete(self) -> bool:
        """Whether learning went to its end."""
        return self._generator.steps_done == self._generator.steps_planned

    @property
    def curves(self) -> Mapping[str, list[list[float]]]:
        """Name -> [step, value] points of losses and score, where the model learns in steps; else
        nothing."""
        return self._generator.curves if isinstance(self._generator, LearnsInSteps) else {}

    @property
    def best_step(self) -> int:
        """The step whose weights were kept."""
        return (
            self._generator.best_step
            if isinstance(self._generator, LearnsInSteps)
            else self._generator.steps_done
        )

    def snapshots(self, run: Run) -> tuple[tuple[int, Dataset], ...]:
        """(step, rows made then) as learning went; nothing for a model that was loaded."""
        seen = self._generator.snapshots if isinstance(self._generator, LearnsInSteps) else []
        codec = self._stages.main.codec
        return tuple((step, codec.decode(batch, run.rng("glimpse", step))) for step, batch in seen)

    @property
    def modality(self) -> str:
        """What it learned the data as: "rows", "series" or "images"."""
        return self._codec.modality

    @property
    def noun(self) -> str:
        """What the rows of its datasets are called: "rows" or "images"."""
        return self._codec.noun

    @property
    def items(self) -> str:
        """What :meth:`sample` counts: "rows", "series" or "images"."""
        return self._codec.items

    @property
    def privacy_note(self) -> str:
        """What it keeps of real rows, in words."""
        return self._codec.keeps

    def about(self, rows: int) -> int:
        """How many to ask of :meth:`sample` for about so many rows."""
        return self._codec.items_of(rows)

    def only_rows(self, what: str) -> None:
        """See that it makes single rows of a table.

        Raises:
            OptionError: It makes something else, for which there is no such thing yet.
        """
        if self.modality != "rows":
            raise self._codec.unsupported(what)

    def _conformed(self, data: Dataset, run: Run) -> Dataset:
        """Rows that are to be learned on top of this model's own, in its columns and types.

        Raises:
            DataError: A value never occurred in the rows that it learned.
            OptionError: Learning cannot go on from a model of such data.
            SchemaError: A column is missing, or its values are of another kind.
        """
        like = self.sample_dataset(0, run=run.child(quiet=True))
        data = conform(data, replace(like, name=self.manifest["name"]), run)
        self._codec.check(data)
        return data

    @staticmethod
    def fit(
        data: Dataset,
        run: Run,
        model: str = "trees",
        options: Mapping[str, Any] | None = None,
        start: Synthesizer | None = None,
        window: int | None = None,
        *,
        outcome: bool = False,
    ) -> Synthesizer:
        """Learn a dataset as it is, with a model of this name and these options.

        Where columns are the entity and the time, and the model can, the rows of an entity are
        learned as a series.

        Args:
            data: The rows.
            run: Seed, device, time and progress.
            model, options: Of the generator.
            start: A model of the same columns from whose weights learning begins; only neural
                models can.
            window: Steps that series are cut to; needs only a time, and 1 stands for rows one by
                one. By default series of up to 64 steps stay whole, and longer ones are cut to 24.
            outcome: Whether what the target is expected to be is learned beside it, for what-if
                and for scores of new rows.

        Raises:
            DataError: There are too few rows, no column to learn, or values that ``start`` does not
                know.
            OptionError: There is no such model or option, it cannot begin from ``start``, or its
                time was over before it had learned anything.
        """
        unfitted(model, options)  # what makes no sense is refused before anything is learned
        _check_rows(data)
        if start is None:
            name, codec = _chosen_codec(data, model, options, window, run)
            # a codec of all entities together keeps every number of each, and says so
            persons = None if codec.together else persons_of(data, run)
            codec.fit(data, run, persons)
        else:
            data = start._conformed(data, run)
            persons = persons_of(data, run)
            name, codec = start.manifest["codec"], start._codec
        _check_spec(codec, data)
        batch = codec.encode(data)
        batch = _of_persons(batch, codec.whose(data, persons))
        batch = replace(batch, guarded=codec.guarded(data, persons))
        earlier = None if start is None else start._stages
        stages = Stages.fit(codec, batch, model, options, run, earlier)
        learned = stages.main.generator
        manifest = {
            "codec": name,
            "model": model,
            "options": dict(options or {}),
            "seed": run.seed,
            "rows": len(data),
            "name": data.name,
            "frame_library": data.frame_library,
            "frame_form": to_state(_stored_form(data, persons)),
            "versions": versions(),
            "schema": data.schema.fingerprint(),
            "steps_done": learned.steps_done,
            "steps_planned": learned.steps_planned,
            **codec.facts(batch),
        }
        raw_form = RawForm.of(data, codec.schema.names, codec.levels)
        expected = None
        target = data.schema.target
        if outcome and codec.modality == "rows" and target is not None:
            expected = _outcome(data, target, run)
        return Synthesizer(stages, manifest, raw_form, expected)

    def sample(
        self,
        n: int | None = None,
        where: Where = None,
        *,
        like: Any = None,
        seed: int = 0,
        run: Run | None = None,
        **sampling: Unpack[Sampling],
    ) -> Any:
        """New rows as the kind of frame that the model learned from (polars for a file).

        Args:
            n: How many rows, or series where the model makes these; as many as ``like`` has by
                default.
            where: What every row shall be like: ``["age>=30", "plan in team,solo"]`` or ``{"age":
                ">=30", "plan": ["team", "solo"], "churn": "Yes", "fee": None}`` (None for a missing
                value); see :func:`tidemill.core.condition.parse_where`.
            balance: Shares that levels shall have: ``{"churn": {"Yes": 0.5}}``, or ``{"churn":
                "equal"}``. Levels that are not named keep their proportions among the rest.
            fair: A sensitive column and an outcome whose rates shall be equal in all of its groups:
                ``{"sex": "income"}``. With several sensitive columns, in all of their combinations.
                Numbers are grouped by quarters.
            fair_strength: How far the rates are moved, from 0 (as learned) to 1 (equal).
            like: Rows with some of the columns, a Dataset, a frame or a Source: the rest is drawn,
                and so is what is missing. They are taken in turn until there are n rows. Of series,
                series with all columns: new ones are made that are near to them.
            seed: Another seed gives other rows.
            run: For progress and cancelling; its seed takes the place of ``seed``. It is told how
                likely what was asked is, and warned where the rows are worth few independent ones.

        Raises:
            ConditionError: The values never occur, or what was asked cannot be understood.
            DataError: A value of ``like`` is none that the column can have.
            OptionError: n is negative or beyond 100,000,000, or missing; or two of balance, fair
                and like are given.
        """
        drawn = self.draw(n, where, like=like, run=run or Run(seed), **sampling)
        with self.in_use():
            return to_native(drawn.data)

    def sample_dataset(
        self, n: int, where: Where = None, *, run: Run, round_number: int = 1
    ) -> Dataset:
        """New rows as a Dataset whose origin says that they were generated."""
        return self.draw(n, where, run=run, round_number=round_number).data

    def tabular_rows(self, n: int, where: Where = None, *, run: Run) -> Dataset:
        """The same with fresh words in the place of texts, which take most of the time: for what
        looks at the other columns alone."""
        job = self._sample_job(SampleRequest(n, where), run)
        return replace(job, model=replace(self._model, whole=self._model.generator)).all().data

    def draw(
        self,
        n: int | None = None,
        where: Where = None,
        *,
        like: Any = None,
        run: Run,
        round_number: int = 1,
        **sampling: Unpack[Sampling],
    ) -> Drawn:
        """New rows together with how likely the model holds what was asked, and what the rows are
        worth.

        The arguments and errors are those of :meth:`sample`.
        """
        request = SampleRequest(n, where, like=like, **sampling)
        if like is not None and self.modality in LIKE:
            return Drawn(self._made_like(request, run, round_number))
        return self._sample_job(request, run, round_number).all()

    def parts(
        self,
        n: int | None = None,
        where: Where = None,
        *,
        like: Any = None,
        run: Run,
        **sampling: Unpack[Sampling],
    ) -> Iterator[Dataset]:
        """The rows of :meth:`draw` in parts of 250,000 rows, each made when it is asked for."""
        request = SampleRequest(n, where, like=like, **sampling)
        if like is not None and self.modality in LIKE:
            return iter([self._made_like(request, run)])
        return iter(self._sample_job(request, run))

    def _made_like(self, request: SampleRequest, run: Run, round_number: int = 1) -> Dataset:
        """Series or images that are near to given ones, or pieces for given voices.

        Raises:
            DataError: A column is missing, or a series has too few steps.
            OptionError: Something else is asked, too, or all entities are made together.
        """
        if self._codec.together:
            raise self._codec.unsupported("drawing with like")
        asked = {
            "like": True,
            "where": bool(request.where) and self.modality != "images",
            "balance": bool(request.balance),
            "fair": bool(request.fair),
        }
        _check_one(asked)
        n = None if request.rows is None else _checked(request.rows)
        with self.in_use():
            if self.modality == "music":
                batch = pieces_like(self._model, request.like, n, run)
            elif self.modality == "images":
                batch = self._images_like(request, n, run)
            else:
                batch = made_like(self._model, read_given(request.like, self._eyes, run), n, run)
            rng = run.rng("like", "rows", round_number)
            fresh = SurrogateStream(0, run.seed_of("like", "fresh", round_number))
            return self._model.decoded(batch, rng, round_number, fresh, run)

    def _images_like(self, request: SampleRequest, n: int | None, run: Run) -> Batch:
        """Images near to given ones, of their labels where these are told with them."""
        given = request.like
        if not isinstance(given, Dataset):
            given = read(given, run.child(quiet=True))
        if given.schema.image is None or not len(given):
            raise DataError(
                "there are no images", where=given.name, hint="give an image, or a folder of them"
            )
        assert isinstance(self._codec, ImageCodec)
        name, condition = image_name(self.schema), self.condition(request.where)
        pixels = fitted(image_pixels(given), self._codec.size, given.name)
        batch = self._codec.encoded_pixels(pixels)
        beside = [own for own in self.schema.names if own != name]
        if beside and not condition.tests and set(beside) <= set(given.schema.names):
            columns = (*given.schema.select(beside).columns, Column(name, "image"))
            frame = given.frame.select(by_name(*beside)).with_columns(images(name, pixels))
            whole = Dataset(frame, Schema(columns), name=given.name)
            batch = self._codec.encode(self._conformed(whole, run))
        return images_like(self._model, batch, condition, n, run)

    def infill(
        self,
        rows: Any,
        draws: int = 1,
        *,
        keep: Sequence[str] = (),
        seed: int = 0,
        run: Run | None = None,
    ) -> Any:
        """The rows with their missing values filled in, drawn given all that is known of the row.

        Given values stay as they are; of ids and texts also the missing ones. Columns that the
        model does not know pass through, those that the rows do not have are added.

        Args:
            rows: A Dataset, a frame, or a Source.
            draws: How often; the differences between draws show how sure the model is. With more
                than one, all rows of the first draw come first, and the last column ``draw`` counts
                them from 1.
            keep: Columns whose missing values are facts (no end date: still a customer) and stay
                missing.
            seed: Another seed gives other values.
            run: For progress and cancelling; its seed takes the place of ``seed``.

        Raises:
            DataError: A value is none that the column can have.
            OptionError: The number of draws is below 1, or gives more than 100,000,000 rows.
        """
        run = run or Run(seed)
        if self.modality == "series":
            data = self._gaps_filled(rows, draws, keep, run)
        elif self.modality == "levels":
            data = self._half_drawn(rows, draws, run)
        else:
            data = self.infill_drawn(rows, draws, keep=keep, run=run).data
        with self.in_use():
            return to_native(data)

    def infill_drawn(
        self, rows: Any, draws: int = 1, *, keep: Sequence[str] = (), run: Run
    ) -> Drawn:
        """The rows of :meth:`infill` together with what they are worth, and how likely what was
        given of each is."""
        return self._infilling(rows, draws, keep, run).all()

    def infill_parts(
        self, rows: Any, draws: int = 1, *, keep: Sequence[str] = (), run: Run
    ) -> Iterator[Dataset]:
        """The rows of :meth:`infill` in parts of 250,000 rows, each made when it is asked for."""
        if self.modality == "series":
            return iter([self._gaps_filled(rows, draws, keep, run)])
        if self.modality == "levels":
            return iter([self._half_drawn(rows, draws, run)])
        return iter(self._infilling(rows, draws, keep, run))

    def _gaps_filled(self, rows: Any, draws: int, keep: Sequence[str], run: Run) -> Dataset:
        draws = _checked_draws(draws)
        for name in keep:
            self.schema[name]  # raises where there is none
        with self.in_use():
            given = read_given(rows, self._eyes, run)
            _checked(draws * len(given))
            return gaps_filled(self._extension_model(), given, draws, keep, run)

    def _half_drawn(self, rows: Any, draws: int, run: Run) -> Dataset:
        """Levels with what is open in them drawn, and columns that they lack beside them."""
        draws = _checked_draws(draws)
        given = rows if isinstance(rows, Dataset) else read(rows, run.child(quiet=True))
        first, parts = self._stages.stages[0], []
        for draw in range(1, draws + 1):
            part = run.child("half drawn", draw, progress=True)
            context = first.generator.sample(len(given), part.rng("beside"), part.child(quiet=True))
            beside = first.codec.decode(context, part.rng("decode"), given.name)
            asked = half_drawn(given, beside.frame, self.schema)
            made = self.redraw(asked.data, asked.places, part)
            parts.append(numbered(made, np.full(len(made), draw)) if draws > 1 else made)
        return stacked(parts)

    def _extension_model(self) -> ExtensionModel:
        """What series go on by.

        Raises:
            OptionError: It makes no series.
        """
        main = self._stages.last
        if self.modality != "series" or not isinstance(main.generator, GoesOn):
            raise OptionError(
                f"this is a model of {self._codec.items}, which have no past to go on from",
                hint="fit with option 'entity' and option 'time'",
            )
        return ExtensionModel(main.codec, main.generator)

    @property
    def _eyes(self) -> ModelEyes:
        return ModelEyes(
            self.schema, self.types, self._raw_form, self._codec.nearest, self._codec.levels
        )

    def extend(
        self,
        past: Any,
        steps: int = 10,
        paths: int = 100,
        *,
        seed: int = 0,
        run: Run | None = None,
    ) -> Any:
        """What may follow on given series: the next steps of each, many times.

        Entities that were learned on one calendar go on together: what happens in a path happens to
        all of them on the same day.

        Args:
            past: The series so far, a Dataset, a frame or a Source, with all columns that the model
                learned.
            steps: Steps that follow on each.
            paths: How often each goes on; the last column ``path`` counts them from 1.
            seed: Another seed gives other futures.
            run: For progress and cancelling; its seed takes the place of ``seed``.

        Raises:
            DataError: A column is missing, or a value is none that can go on.
            OptionError: The model is of no series, or too much is asked.
        """
        found = self.extension(past, steps, paths, run=run or Run(seed))
        with self.in_use():
            return to_native(found.data)

    def extension(
        self, past: Any, steps: int = 10, paths: int = 100, *, run: Run, check: bool = True
    ) -> Extended:
        """The rows of :meth:`extend`, with what they say of each number, and whether bands made in
        the same way held what is known; without the latter two where nothing is to be checked."""
        model = self._extension_model()
        steps, paths = whole(steps, "steps"), whole(paths, "paths")
        with self.in_use():
            given = read_given(past, self._eyes, run)
            return extended(model, given, steps, paths, run, check=check)

    def interpolate(self, ways: int = 4, steps: int = 9, *, seed: int = 0) -> Any:
        """Rows on the way from one made row to another of the same label, for models of images made
        by noise.

        Args:
            ways: How many pairs of ends.
            steps: Rows to each way, ends among them.
            seed: Another seed gives other rows.

        Raises:
            OptionError: The model makes no images, or not of noise.
        """
        found = self.between(whole(ways, "ways"), whole(steps, "steps"), Run(seed))
        if found is None:
            raise OptionError(
                "this model knows no way between its rows",
                hint="gan, vae, flow and latent of images do",
            )
        return to_native(found)

    def between(self, ways: int, steps: int, run: Run) -> Dataset | None:
        """What :meth:`interpolate` gives; None where the model knows no way between its rows."""
        if not self._codec.interpolates:
            return None
        rng = run.rng("between")
        with self.in_use():
            batch = self._stages.between(ways, steps, rng, run)
            return None if batch is None else self._codec.decode(batch, rng, self.manifest["name"])

    def redraw(self, data: Dataset, places: Sequence[np.ndarray], run: Run) -> Dataset:
        """Levels with the tiles at some places drawn anew, given all others.

        Args:
            data: Rows with the model's columns.
            places: Of each level, (lines, columns) bool.
            run: For progress and cancelling; its seed draws.

        Raises:
            DataError: A level has tiles that the model does not know, or is larger than those that
                it learned.
            OptionError: The model makes no levels, or all of their tiles at once.
        """
        generator = self._stages.last.generator
        if self._codec.topology != "tiles" or not isinstance(generator, WritesOn):
            raise OptionError(
                "this model cannot draw some tiles given others",
                hint="fit levels with option 'model=autoregressive' or option 'model=tile_ngram'",
            )
        batch = self._codec.encode(self._conformed(data, run))
        known = np.ones(batch.code.shape[:3], bool)
        for row, place in enumerate(places):
            known[row, : place.shape[0], : place.shape[1]] = ~place
        begun = Batch(batch.tick, batch.code, known, batch.context)
        made = generator.write_on(begun, run.rng("redraw"), run)
        found = self._codec.decode(made, run.rng("redraw", "decode"), data.name)
        return replace(data, frame=data.frame.with_columns(found[tiles_name(data)]))

    def condition(self, where: Where) -> Condition:
        """What is asked in texts or a mapping, with the model's own columns and levels.

        Raises:
            ConditionError: It cannot be understood.
            OptionError: The model makes series.
            SchemaError: A column does not exist.
        """
        if where:
            self._see_conditions("condition")
        with self.in_use():
            return parse_where(where, self.schema, self._codec.levels)

    def _see_conditions(self, what: str) -> None:
        if not self._codec.conditions:
            raise self._codec.unsupported(what)

    @property
    def types(self) -> Mapping[str, pl.DataType]:
        """The dtype of each column."""
        empty = Batch.blank(self._codec.spec, 0)
        with self.in_use():
            return self._codec.decode(empty, np.random.default_rng(0)).frame.schema

    def completed(self, rows: Dataset, names: Sequence[str]) -> Dataset:
        """Rows in the model's types with all of these columns of its own; those that they lack are
        missing."""
        types, has = self.types, set(rows.schema.names)
        lacking = [pl.lit(None, types[name]).alias(name) for name in names if name not in has]
        own = [name for name in self.schema.names if name in has or name in names]
        frame = rows.frame.with_columns(lacking).select(by_name(*own))
        return Dataset(frame, self.schema.select(own), name=rows.name)

    def levels(self, name: str) -> list[str]:
        """The levels of a column, the most frequent first; none where it has no levels."""
        return self._codec.levels(name)

    def read_given(self, rows: Any, run: Run | None = None) -> GivenRows:
        """A user's rows in the model's types: raw ones as those that cleaning made.

        Args:
            rows: A Dataset, a frame, or a Source.
            run: Is told what the model does not know.

        Raises:
            DataError: The rows have none of the model's columns, or most values of a column are not
                of its kind.
        """
        self.only_rows("completing of given rows")
        if isinstance(rows, GivenRows):
            return rows
        with self.in_use():
            return read_given(rows, self._eyes, run or Run())

    @property
    def _model(self) -> SampledModel:
        of_rows = self._stages.of_rows
        return SampledModel(
            of_rows.last.codec,
            of_rows,
            self._stages,
            self.manifest["name"],
            from_state(FrameForm, self.manifest["frame_form"]),
            self.manifest["series" if self.modality == "series" else "rows"],
            self.in_use,
        )

    def _sample_job(self, request: SampleRequest, run: Run, round_number: int = 1) -> SampleJob:
        condition = self.condition(request.where)
        if request.balance:
            self._see_conditions("drawing with balance")
        if request.fair or request.like is not None:
            self.only_rows("drawing with fair or like")
        levels = self._codec.levels
        evening = parse_fair(request.fair, request.fair_strength, self.schema, levels)
        asked = {
            "like": request.like is not None,
            "balance": bool(request.balance),
            "fair": evening is not None,
        }
        _check_one(asked)
        given = None
        if request.like is not None:
            given = self._own_columns(self.read_given(request.like, run).records, run)
        n = request.rows
        if n is None and given is not None:
            n = len(given)
        n = _checked(n)
        plan = SamplePlan(n, (condition,), given=given)
        with self.in_use():
            if request.balance and n:
                sides = parse_balance(request.balance, self.schema, levels)
                for group in (group for side in sides for group in side.groups):
                    if self.modality == "series":  # of what changes within one, none has a share
                        self._codec.constraints(Condition(group))
                plan = balanced(self._model, n, condition, sides, run)
            if evening is not None and evening.strength and n:
                plan = fairly(self._model, n, condition, evening, run)
        return SampleJob(self._model, replace(plan, round_number=round_number), run)

    def _infilling(self, rows: Any, draws: int, keep: Sequence[str], run: Run) -> SampleJob:
        draws = _checked_draws(draws)
        for name in keep:
            self.schema[name]  # raises where there is none
        given = self.read_given(rows, run)
        n = _checked(draws * len(given))
        plan = SamplePlan(n, given=given, kept=keep, draws=draws, stream="infill")
        return SampleJob(self._model, plan, run)

    def _own_columns(self, given: GivenRows, run: Run) -> GivenRows:
        """The rows without columns that the model does not have."""
        source = given.source
        others = [name for name in source.schema.names if name not in self.schema]
        if others:
            dots = ", ..." if len(others) > 5 else ""
            run.warn(
                f"'{source.name}' has {plural(len(others), 'column')} that the model has not, left "
                f"out here: {', '.join(others[:5])}{dots}"
            )
        own = [name for name in self.schema.names if name in source.schema]
        return replace(given, source=source.select(own))

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Store the model; the same model gives the same bytes.

        Raises:
            OutputError: The file exists, or cannot be written.
        """
        documents, arrays = self._to_state()
        artifact.save(Path(path), self.manifest, documents, arrays, overwrite=overwrite)
        return Path(path)

    def _to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """All documents and arrays."""
        stages, arrays = self._stages.to_state()
        documents: dict[str, Any] = {
            "codec": self._codec.to_state(),
            "stages": stages,
            "raw_form": self._raw_form.to_state(),
        }
        if self.outcome is not None:
            documents["outcome"], own = self.outcome.to_state()
            arrays |= {f"{OUTCOME}{name}": array for name, array in own.items()}
        return documents, arrays

    @staticmethod
    def load(path: str | Path) -> Synthesizer:
        """A stored model.

        Raises:
            ArtifactError: The file is damaged, hostile, or of another format.
        """
        path = Path(path)
        manifest, documents, arrays = artifact.load(path)
        if manifest.get("kind") == artifact.DATABASE:
            raise ArtifactError(
                "this is a model of several tables",
                where=str(path),
                hint="make a database with `tidemill sample`, or learn one of its tables as "
                "FILE?table=NAME",
            )
        with artifact.trusted_shape(path):
            manifest, documents, arrays = upgraded(manifest, documents, arrays)
            # earlier models name the library only
            manifest.setdefault("frame_form", {"library": manifest["frame_library"]})
            check_manifest(manifest)
            if manifest["codec"] not in CODECS:
                raise ValueError(f"there is no codec called {manifest['codec']!r}")
            codec: Codec = CODECS.load(manifest["codec"]).from_state(documents["codec"])
            stages = Stages.from_state(codec, documents["stages"], arrays, manifest["model"])
            known = MODELS.load(manifest["model"]).parameters
            manifest["options"] = current(manifest["options"], known)
            beside = ("format", "sha256")
            kept = {key: value for key, value in manifest.items() if key not in beside}
            raw_form = RawForm.from_state(documents.get("raw_form"))
            expected = _stored_outcome(documents.get("outcome"), arrays, codec.schema)
            model = Synthesizer(stages, kept, raw_form, expected, path)
            if manifest["format"] == artifact.FORMAT:
                again, of_model = model._to_state()
                check_documents(documents, again)
                check_arrays(arrays, of_model)
            return model

    def in_use(self) -> AbstractContextManager[None]:
        """Within it, what the parts of a stored model do not allow is told as a fault of its
        file."""
        return nullcontext() if self._path is None else artifact.trusted_use(self._path)

    def __repr__(self) -> str:
        m = self.manifest
        return (
            f"model of {m['name']}: {m['model']}, {self._codec.described(m)}, "
            f"{len(self.schema):,} columns, seed {m['seed']}"
        )

    def _repr_html_(self) -> str:
        m = self.manifest
        about = (
            f": {m['model']}, learned from {m['rows']:,} rows and {len(self.schema):,} columns "
            f"with seed {m['seed']}"
        )
        if not self.complete:
            about += f", stopped after {m['steps_done']:,} of {m['steps_planned']:,} steps"
        return paragraph(about, bold=f"model of {m['name']}")


def _outcome(data: Dataset, target: Column, run: Run) -> OutcomeModel | None:
    """What the target is expected to be; None where that cannot be learned."""
    from tidemill.synthesis.outcome import OutcomeModel

    if target.kind not in ("number", "category", "boolean"):
        return None
    with run.stage("outcome", f"learning what {target.name} goes along with", total=1) as stage:
        found = OutcomeModel.of_column(data, target, run.child(quiet=True, to_end=True))
        stage.advance()
    return found


def _stored_outcome(
    document: Mapping[str, Any] | None, arrays: Mapping[str, np.ndarray], schema: Schema
) -> OutcomeModel | None:
    """What a stored model expects of its target."""
    if document is None:
        return None
    from tidemill.synthesis.outcome import OutcomeModel

    own = {
        name.removeprefix(OUTCOME): array
        for name, array in arrays.items()
        if name.startswith(OUTCOME)
    }
    return OutcomeModel.from_state(document, own, schema)


def _stored_form(data: Dataset, persons: np.ndarray | None) -> FrameForm:
    """The form of the frame, without levels of fewer persons than a stored model names."""
    rare: dict[str, set[str]] = {}
    for column in data.frame_form.columns:
        if column.levels and column.name in data.schema:
            counted = level_counts(data.frame[column.name], persons)
            rare[column.name] = set(counted.filter(pl.col("persons") < FEWEST_PERSONS)["level"])
    return data.frame_form.without_levels(rare)


def _of_persons(batch: Batch, whose: np.ndarray | None) -> Batch:
    """The rows, and what they are made for, with whose they are."""
    if whose is None:
        return batch
    context = batch.context
    if context is not None:
        context = _of_persons(context, whose if whose.ndim == 1 else whose[:, 0])
    return replace(batch, context=context, person=whose)


def _check_rows(data: Dataset) -> None:
    if len(data) < MIN_ROWS:
        raise DataError(
            f"{len(data)} rows are too few to learn from",
            where=data.name,
            hint=f"give at least {MIN_ROWS} rows",
        )


def _check_spec(codec: Codec, data: Dataset) -> None:
    if not codec.spec.reals and not codec.spec.codes:
        raise DataError(
            "no column can be learned: all are ids, free text or ignored",
            where=data.name,
            hint="give a kind to a column with option 'schema'",
        )


def _chosen_codec(
    data: Dataset, model: str, options: Mapping[str, Any] | None, window: int | None, run: Run
) -> tuple[str, Codec]:
    """The codec that the model asks for, or else the one that suits the data, and its name.

    Raises:
        OptionError: The model cannot learn such data, or the window makes no sense.
    """
    generator = unfitted(model, options)
    wanted = getattr(generator, "codec", None)
    if wanted is not None:
        kind: type[Codec] = CODECS.load(wanted)
        suits = kind.claims(data.schema, window) != "no"
        if window is not None and not suits and kind.claims(data.schema, None) != "no":
            raise OptionError(
                f"the model '{model}' learns no windows of {plural(window, 'step')}",
                hint="leave option 'window' out, or choose option 'model=autoregressive'",
            )
        if not suits:
            raise OptionError(
                f"the model '{model}' learns {kind.items}, which these data are not",
                hint="choose another model: see `tidemill models`",
            )
        return wanted, kind.unfitted(window)
    learns = getattr(generator, "learns", frozenset({"row"}))
    writes = bool(data.schema.texts) and of_texts(model, options) is not None
    return choose(data.schema, learns, model, window, run, writes=writes)


def _check_one(asked: Mapping[str, bool]) -> None:
    """Rows like others have their own shares, and given shares leave no room for others."""
    names = [name for name, wanted in asked.items() if wanted]
    if len(names) > 1:
        raise OptionError(
            f"rows can be drawn with {names[0]} or with {names[1]}, but not both at once",
            hint=f"leave {names[1]} or {names[0]} out",
        )


def _checked_draws(draws: int) -> int:
    draws = whole(draws, "draws")
    if draws < 1:
        raise OptionError(f"{draws} draws cannot be made", hint="ask for 1 or more")
    return draws


def _checked(n: int | None) -> int:
    if n is None:
        raise OptionError(
            "it is not said how many rows are wanted",
            hint="give a number of rows, or rows to be completed",
        )
    n = whole(n, "rows")
    if not 0 <= n <= MOST_ROWS:
        raise OptionError(f"{n:,} rows cannot be made", hint=f"ask for 0 to {MOST_ROWS:,} rows")
    return n


def versions() -> dict[str, str]:
    """The versions that decide about the bytes of a result."""
    import lightgbm
    import sklearn

    return {
        "tidemill": __version__,
        "polars": pl.__version__,
        "numpy": np.__version__,
        "lightgbm": lightgbm.__version__,
        "scikit-learn": sklearn.__version__,
    }
