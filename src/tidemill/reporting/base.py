"""What a report is made from: everything that a run learned, in one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from tidemill.acoustics.sounds import seconds
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.modality import Modality
from tidemill.core.schema import Rule
from tidemill.core.score import Scores
from tidemill.core.shown import is_personal
from tidemill.core.words import plural
from tidemill.imaging.pixels import size
from tidemill.music.scores import voices_of

BETWEEN = 9
"""Rows of a way from one made row to another, both ends among them."""


@dataclass(frozen=True)
class DataWords:
    """How data of a modality are spoken of.

    Attributes:
        unit: What one row is called.
        read: What was read, with places for rows, extent and name.
        worthless: What the floor of the scores is made of.
        columns: The heading over the columns beside each other.
        shown: What a page shows of the real rows.
        note: Said of it at the top of the page; "" for nothing.
    """

    unit: str
    read: str
    worthless: str
    columns: str
    shown: str
    note: str = ""


TABLE_WORDS = DataWords(
    unit="row",
    read="{rows} and {extent} of {name}",
    worthless="columns drawn independently of each other",
    columns="Every column, real against generated",
    shown="figures of the real rows, such as their levels and extremes",
)
WORDS: dict[Modality, DataWords] = {
    "rows": TABLE_WORDS,
    "series": TABLE_WORDS,
    "sounds": DataWords(
        unit="sound",
        read="{rows} of {extent}, from {name}",
        worthless="sounds of independent pixels",
        columns="What the sounds say, real against generated",
        shown="real sounds",
        note="This page plays real training sounds: share it with as much care as these.",
    ),
    "images": DataWords(
        unit="image",
        read="{rows} of {extent}, from {name}",
        worthless="images of independent pixels",
        columns="What the images show, real against generated",
        shown="real images",
        note="This page shows real training images: share it with as much care as these.",
    ),
    "music": DataWords(
        unit="piece",
        read="{rows} of music in {extent}, from {name}",
        worthless="pieces of notes drawn one by one",
        columns="What stands beside the pieces, real against generated",
        shown="real pieces",
        note="This page plays real training pieces: share it with as much care as these.",
    ),
}


@dataclass(frozen=True)
class Round:
    """What one more round did: generated rows went back in at the top.

    Attributes:
        number: 2 for the first round in which generated rows went back in; the plain run is the
            first.
        generated: Rows generated for it.
        dropped: Reason, as the end of "because they ..." -> rows that did not pass that gate.
        kept: Rows that went in beside the real ones.
        measure: What the target's model is judged by on the real holdout ("AUC", "R²"); "" without
            a target.
        before, after: That score without and with the generated rows.
        interval: (low, high) of ``after - before`` at 95 %.
        gained: Sentences of findings that are new.
        lost: Sentences of findings that are gone.
    """

    number: int
    generated: int
    dropped: Mapping[str, int]
    kept: int
    measure: str = ""
    before: float | None = None
    after: float | None = None
    interval: tuple[float, float] | None = None
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Learning:
    """How a model learned that learns in steps.

    Attributes:
        curves: Name -> [step, value] points of its losses, and of the "score" on rows kept out of
            learning.
        best_step: The step whose weights were kept.
        snapshots: (step, rows made then).
    """

    curves: Mapping[str, Sequence[Sequence[float]]]
    best_step: int
    snapshots: tuple[tuple[int, Dataset], ...] = ()


@dataclass(frozen=True)
class ReportInput:
    """Everything that a report tells; a part that is None did not run, and the report leaves it
    out.

    Attributes:
        name: What the data are called.
        command: The command, or call, that made it.
        seed, threads: The run's; None where there was no run.
        versions: Package -> version.
        source: How the data are named on the command line; "" where they came from memory.
        out: The folder of the results; "" where none was written.
        files: Name -> bytes, of the files beside the page.
        generated: When it was made, as text; leave it empty where the same bytes are wanted at
            every run.
        seconds: Step -> seconds.
        rows, columns: What was read, before any split.
        train, holdout, synthetic: The three sets, cleaned; pictures compare real rows with
            synthetic ones.
        issues: What cleaning saw in the training rows; None where nothing was cleaned.
        changes: One row a changed cell (row, column, before, after, check, reason); a row that was
            left out stands once, with "" as its column.
        rules: What always holds, in generated rows, too.
        loose_rules: What holds in the real rows, and generated ones may break.
        findings: What mining found; None where nothing was mined, empty where nothing was found.
        scores: What evaluation measured.
        model: The generator's registered name.
        model_note: In words, how far it got and how it was set.
        choice_note: In words, that it was chosen among others or its caution was tested, and by
            what figures; "" where neither was done.
        unlearned: That it had too little time to learn, and what to do; "" where it had enough.
        learning: How it learned; None where it does not learn in steps.
        between: Rows on the way from one made row to another, BETWEEN to each pair; None where the
            model has no such ways.
        privacy_note: In words, what the stored model keeps of real rows.
        warnings: What the run told the user.
        rounds: What further rounds changed.
    """

    name: str
    command: str = ""
    seed: int | None = None
    threads: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    generated: str = ""
    source: str = ""
    out: str = ""
    files: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    rows: int | None = None
    columns: int | None = None
    train: Dataset | None = None
    holdout: Dataset | None = None
    synthetic: Dataset | None = None
    issues: tuple[Issue, ...] | None = None
    changes: pl.DataFrame | None = None
    rules: tuple[Rule, ...] = ()
    loose_rules: tuple[Rule, ...] = ()
    findings: Findings | None = None
    scores: Scores | None = None
    model: str = ""
    model_note: str = ""
    choice_note: str = ""
    unlearned: str = ""
    learning: Learning | None = None
    between: Dataset | None = None
    privacy_note: str = ""
    warnings: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()

    @property
    def personal(self) -> tuple[Issue, ...]:
        """The issues that are about personal data."""
        return tuple(issue for issue in self.issues or () if issue.severity == "personal data")

    @property
    def undecided(self) -> tuple[Issue, ...]:
        """The issues that were only reported; rules that hold have their own place in the
        report."""
        reported = [issue for issue in self.issues or () if not issue.applied]
        if self.rules or self.loose_rules:
            reported = [issue for issue in reported if issue.check != "rules"]
        return tuple(reported)

    @property
    def private_columns(self) -> frozenset[str]:
        """Columns with personal data: none of their values is shown anywhere."""
        schemas = [data.schema for data in (self.train, self.holdout, self.synthetic) if data]
        columns = [column for schema in schemas for column in schema]
        kept = {column.name for column in columns if column.kept}
        seen = {name for issue in self.personal for name in issue.columns}
        return frozenset(seen.union(c.name for c in columns if is_personal(c)) - kept)

    @property
    def learned_private_columns(self) -> tuple[str, ...]:
        """Those of the private columns from whose values the model learned, such as dates of birth;
        in the place of the others fresh ones are generated."""
        if self.train is None:
            return ()
        learned = [c for c in self.train.schema if c.role != "ignore" and c.kind != "id"]
        return tuple(c.name for c in learned if c.name in self.private_columns)

    @property
    def text_columns(self) -> list[str]:
        """The columns of free text that were learned and made, and are not private."""
        known = self.train or self.holdout or self.synthetic
        if known is None or not self.synthetic:
            return []
        names = [c.name for c in known.schema.texts if c.name not in self.private_columns]
        return [name for name in names if name in self.synthetic.schema]

    @property
    def changed(self) -> pl.DataFrame | None:
        """The changed cells; None where nothing was cleaned."""
        return None if self.changes is None else self.changes.filter(pl.col("column") != "")

    @property
    def left_out(self) -> int:
        """How many rows were left out, since they are no records."""
        return 0 if self.changes is None else int((self.changes["column"] == "").sum())

    @property
    def modality(self) -> Modality:
        """What sort of data it is about."""
        data = self.train or self.synthetic
        return "rows" if data is None else data.schema.modality

    @property
    def data_words(self) -> DataWords:
        """How such data are spoken of."""
        return WORDS.get(self.modality, TABLE_WORDS)

    @property
    def unit(self) -> str:
        """What one row is called."""
        return self.data_words.unit

    @property
    def extent(self) -> str:
        """How large each row is, in words ("28 x 28 pixels", "12 columns")."""
        data = self.train or self.synthetic
        if data is not None and data.schema.score is not None:
            return plural(voices_of(data[data.schema.score.name]), "voice")
        if data is not None and data.schema.sound is not None:
            lengths = seconds(data[data.schema.sound.name])
            return f"{lengths.min():.1f} to {lengths.max():.1f} seconds"
        if data is None or data.schema.image is None:
            return plural(self.columns or 0, "column")
        height, width, *colours = size(data[data.schema.image.name])
        pixels = f"{height} x {width} pixels"
        return f"{pixels} in colour" if colours else pixels

    @property
    def read(self) -> str:
        """What was read, in words ("4,708 images of 28 x 28 pixels, from digits")."""
        rows = plural(self.rows or 0, self.unit)
        return self.data_words.read.format(rows=rows, extent=self.extent, name=self.name)

    @property
    def target(self) -> str | None:
        """The name of the column to be predicted."""
        data = self.train or self.synthetic
        if data is None or data.target is None:
            return None
        return data.target.name
