"""Options, each stated once: those of the verbs, which the command line, documents and JSON schemas
derive from, and those of models, which constructor, checks, documents and manifest derive from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from tidemill.core.errors import OptionError
from tidemill.core.words import listing

MOST_ROWS = 100_000_000
"""That are made at once."""
MOST_AHEAD = 10_000
"""Steps that series go on for at once."""

if TYPE_CHECKING:
    from tidemill.core.balance import Balance
    from tidemill.core.condition import Where
    from tidemill.core.fairness import Fair


def option(
    default: Any,
    line: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field of a :class:`Configuration`.

    Args:
        default: Its default, of the type that every value must have.
        line: What it is, in one line, for listings.
        low, high: Inclusive bounds of a number.
        choices: The texts that it may be.
    """
    return field(
        default=default, metadata={"line": line, "low": low, "high": high, "choices": choices}
    )


@dataclass(frozen=True)
class Configuration:
    """Options of a model, checked when they are made.

    Raises:
        OptionError: A value is of another type than its default, or out of bounds.

    Example:
        >>> @dataclass(frozen=True)
        ... class Small(Configuration):
        ...     width: int = option(64, "units of a layer", low=1)
        >>> Small.parameters()
        {'width': 64}
        >>> Small(width=0)
        Traceback (most recent call last):
        tidemill.core.errors.OptionError: width=0 makes no sense
          Next: width is units of a layer: at least 1
    """

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            if is_whole and isinstance(one.default, float):
                object.__setattr__(self, one.name, float(value))
            elif type(value) is not type(one.default):
                raise OptionError(
                    f"{one.name}={value!r} makes no sense",
                    hint=f"write it as in {one.name}={one.default}",
                )
            if not _within(value, one.metadata):
                raise OptionError(
                    f"{one.name}={value} makes no sense",
                    hint=f"{one.name} is {one.metadata['line']}: {_bounds(one.metadata)}",
                )

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Each option's name and its default."""
        return {one.name: one.default for one in fields(cls)}

    @classmethod
    def lines(cls) -> dict[str, str]:
        """Each option's name and what it is."""
        lines = {}
        for one in fields(cls):
            bounds = _bounds(one.metadata)
            line = one.metadata["line"]
            lines[one.name] = f"{line} ({bounds})" if bounds else line
        return lines

    def to_state(self) -> dict[str, Any]:
        """Every option as a plain JSON value."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _within(value: Any, metadata: Mapping[str, Any]) -> bool:
    if metadata["choices"]:
        return value in metadata["choices"]
    low, high = metadata["low"], metadata["high"]
    # not-a-number is in no bounds
    if low is not None and not value >= low:
        return False
    return high is None or value <= high


def _bounds(metadata: Mapping[str, Any]) -> str:
    low, high = metadata["low"], metadata["high"]
    if metadata["choices"]:
        return listing(metadata["choices"], "or")
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"at least {low}"
    if high is not None:
        return f"at most {high}"
    return ""


def whole(value: Any, name: str) -> int:
    """A count that was given as any sort of whole number.

    Args:
        value: What was given.
        name: The option's name.

    Raises:
        OptionError: It is no whole number.

    Example:
        >>> whole(1e3, "rows")
        1000
    """
    number = not isinstance(value, bool) and isinstance(value, Real)
    if number and value % 1 == 0:
        return int(value)
    raise OptionError(
        f"{value!r} is no whole number",
        where=f"option '{name}'",
        hint=f"write it as in {name}=1000",
    )


@dataclass(frozen=True, slots=True)
class Doc:
    """What an option of a verb is; the command line, documents and JSON schemas say it from here.

    Attributes:
        help: What it is, in a line.
        metavar: What its value is called.
        flag: Its name on the command line, where that is not its name in Python.
        low, high: Inclusive bounds of a number.
        given: The type in which text gives it, where Python takes more than that.
        default: What it is where an option of a group is not given.
        reads: What it names that is read: a table, a model or folder of results, or another file.
        writes: What it names that is written: a table, another file, or a folder of results.
    """

    help: str
    metavar: str = ""
    flag: str = ""
    low: float | None = None
    high: float | None = None
    given: Any = None
    default: Any = None
    reads: Literal["", "table", "model", "file"] = ""
    writes: Literal["", "table", "file", "folder"] = ""


def _table(help: str, metavar: str) -> Doc:
    """Of rows that are read."""
    return Doc(help, metavar, given=str, reads="table")


def _model(help: str, metavar: str) -> Doc:
    """Of a model, or of a folder of results that stands for one."""
    return Doc(help, metavar, given=Path, reads="model")


DATA = _table(
    "A csv, tsv, parquet, jsonl or xlsx file, file.sqlite?table=NAME, or the address of a server.",
    "DATA",
)
MODEL = _model("A model that `tidemill fit` wrote, or the folder of a run.", "MODEL")
FOLDER = _model("A folder that `tidemill run` wrote.", "DIR")
RUN_FOLDER = _model("The folder of a run, with its rows; in the place of single files.", "[DIR]")
RECIPE = Doc("See `tidemill recipes`.", "NAME")
TRAIN = _table("The rows the generator learned from.", "A")
MODEL_TRAIN = _table("The rows the model learned from.", "A")
HOLDOUT = _table("Real rows that it has not seen.", "B")
SYNTHETIC = _table("The rows that it made.", "C")
AUDITED = _table("The rows to be audited; drawn from the model by default.", "C")
REAL = _table("Real rows.", "A")
GENERATED = _table("Generated rows.", "B")
UNSEEN = _table("Real rows the generator has not seen: all tests are then made on them.", "H")
NEWER = _table("Newer rows: generate for what has grown in them.", "DATA")
ALSO = Doc(
    "Rows of another year, region or shop with the same columns, or a model of them: those that "
    "are like yours are tried beside them.",
    "OTHER",
    given=str,
    reads="table",
)
KEYS = Doc("Of several tables: these columns name a row, as orders.id; may repeat.", "KEY", "key")
LINKS = Doc(
    "Of several tables: rows point to rows, as orders.customer_id=customers.id; may repeat.",
    "LINK",
    "link",
)
KEPT_TABLES = Doc(
    "Of several tables: this one stays as it is, such as a list of products; may repeat.",
    "TABLE",
    "keep-table",
)
TABLE_ROWS = Doc(
    "Of several tables: how many rows of one, as customers=1000; may repeat.",
    "TABLE=N",
    "table-rows",
    given=list[str],
)
NEW_CUSTOMERS = _table(
    "New customers' lines: they get lists, too, and nothing is learned anew.", "DATA"
)
LIKE = _table(
    "Rows whose values are given; the other columns are drawn. Of series and images: made near to "
    "these.",
    "DATA",
)
PAST = _table("The series so far, with all columns that the model learned.", "DATA")
Ahead = Annotated[int, Doc("Steps that follow on each series.", "N", low=1, high=MOST_AHEAD)]
Paths = Annotated[
    int,
    Doc(
        "How often each series goes on; the column 'path' counts them.", "N", low=1, high=MOST_ROWS
    ),
]
START = _model("Begin from the weights of this neural model of the same columns.", "MODEL")

Target = Annotated[str | None, Doc("The column to be predicted.", "COL")]
Sensitive = Annotated[Sequence[str], Doc("Watch fairness for this column; may repeat.", "COL")]


class Roles(TypedDict, total=False):
    """What is said of a table's columns when it is read, beside the target."""

    schema: Annotated[
        str | Path | None,
        Doc("TOML that overrides kinds and roles.", "FILE", given=Path, reads="file"),
    ]
    ignore: Annotated[Sequence[str], Doc("Leave this column out; may repeat.", "COL")]
    id: Annotated[Sequence[str], Doc("This column names a row; may repeat.", "COL")]
    sensitive: Sensitive
    time: Annotated[str | None, Doc("Hold out the latest rows by this column.", "COL")]
    entity: Annotated[str | None, Doc("Never split the rows of one value of this.", "COL")]
    keep: Annotated[
        Sequence[str], Doc("Learn its values as they are, personal or rare; may repeat.", "COL")
    ]


class Reading(Roles, total=False):
    """What is said of a table's columns when it is read."""

    target: Target


Seed = Annotated[int, Doc("Same seed, same data, same versions: same bytes.", "N")]
Minutes = Annotated[
    float | None,
    Doc("Learn for so many minutes at most; all else takes the time it takes.", "M", low=0.01),
]


Steps = Annotated[
    int | None, Doc("Learn so many steps only (replays a run that was cut short).", "N", low=0)
]
Device = Annotated[
    str, Doc("Where networks learn and draw: cpu, cuda, or auto.", "NAME", default="auto")
]


class Limits(TypedDict, total=False):
    """How far and where a model learns."""

    minutes: Minutes
    steps: Steps
    device: Device


ModelName = Annotated[
    str | None,
    Doc(
        "See `tidemill models`; trees by default, gan for images and sounds. For tables also auto: "
        "models compete.",
        "NAME",
    ),
]
MODEL_OPTIONS = Doc(
    "An option of the model, as in least=30; may repeat.", "KEY=VALUE", flag="option"
)
ModelOptions = Annotated[Mapping[str, Any] | None, MODEL_OPTIONS]
Preset = Annotated[str | None, Doc("A model with options: dcgan.", "NAME")]
LoopModel = Annotated[str, Doc("See `tidemill models`.", "NAME")]
LoopMinutes = Annotated[
    float | None, Doc("Begin no further round after so many minutes.", "M", low=0.01)
]
Window = Annotated[
    int | None,
    Doc("Cut series into windows of N steps; 1 learns rows one by one.", "N", low=1),
]
COST = Doc(
    "What mistakes cost, fp=5,fn=200: a false alarm, a missed case of the rarer class.", "COSTS"
)
Deciding = Annotated[
    str | None,
    Doc("What decides: average_precision, balanced_accuracy, roc_auc, r2 or cost.", "NAME"),
]
Share = Annotated[float, Doc("The held-out share.", "S")]
Checks = Annotated[Sequence[str] | None, Doc("Only this check; may repeat.", "NAME", flag="check")]
Clean = Annotated[
    bool, Doc("Clean the rows first; a model then takes rows that are not clean as well.")
]
NoRules = Annotated[
    bool, Doc("Do not look for rules that hold in all rows, to be kept by construction.")
]
Privacy = Annotated[
    str,
    Doc(
        "How well single rows hide: none for most fidelity, or tested, which learns as cautiously "
        "as it takes for new rows to be no nearer to learned rows than to unseen ones.",
        "LEVEL",
    ),
]
Techniques = Annotated[
    Sequence[str] | None, Doc("Only this technique; may repeat.", "NAME", flag="technique")
]
Metrics = Annotated[
    Sequence[str] | None, Doc("Only this metric; may repeat.", "NAME", flag="metric")
]
Attacks = Annotated[
    Sequence[str] | None, Doc("Only this attack; may repeat.", "NAME", flag="attack")
]
Learners = Annotated[
    Sequence[str] | None,
    Doc(
        "Only one of boosting, logistic, nearest, perceptron (of images: convolutional, "
        "mirrored); may repeat.",
        "NAME",
        flag="learner",
    ),
]
Canaries = Annotated[
    int | None,
    Doc("Rows to plant in all before the model learns again; 500 by default.", "N", low=0),
]

Rows = Annotated[
    int | None,
    Doc(
        "How many rows, or series of a model of series; as many as option 'like' has by default.",
        "N",
        low=1,
        high=MOST_ROWS,
    ),
]
Conditions = Annotated[
    "Where",
    Doc(
        'What every row shall be like: plan=team, "age>=30"; may repeat.',
        "CONDITION",
        given=list[str],
    ),
]


class Sampling(TypedDict, total=False):
    """What is asked of new rows, beside how many and what each shall be like."""

    balance: Annotated[
        Balance,
        Doc(
            "Shares of levels, such as churn=Yes:0.5 or churn=equal; may repeat.",
            "SHARES",
            given=list[str],
        ),
    ]
    fair: Annotated[
        Fair,
        Doc(
            "Equal rates of an outcome in all groups of a column: sex=income; may repeat.",
            "COL=OUTCOME",
            given=list[str],
        ),
    ]
    fair_strength: Annotated[
        float,
        Doc("How far rates are moved: 0 as learned, 1 equal.", "S", low=0, high=1, default=1.0),
    ]


Draws = Annotated[
    int, Doc("How often; the column 'draw' tells them apart.", "N", low=1, high=MOST_ROWS)
]
Kept = Annotated[
    Sequence[str], Doc("Missing values of this column stay missing; may repeat.", "COL")
]
SET = Doc("What a column is set to; may repeat.", "COL=VALUE", given=list[str])
OUTCOME = Doc(
    'What is measured: a column or a condition such as "fee>50"; the target by default; '
    "may repeat.",
    "COL",
    given=list[str],
)
Redrawn = Annotated[Sequence[str] | None, Doc("Draw this column anew, too; may repeat.", "COL")]
KeptOnly = Annotated[
    Sequence[str] | None, Doc("Keep only the columns named so; may repeat.", "COL")
]
RowDraws = Annotated[int, Doc("How often each row is drawn.", "N", low=1, high=MOST_ROWS)]
Randomised = Annotated[bool, Doc("Chance decided who has what is set, as in an experiment.")]
Because = Annotated[
    Sequence[str] | None,
    Doc("This column decided who has what is set: adjust for such only; may repeat.", "COL"),
]
Attacked = Annotated[
    Sequence[str], Doc("An attacker wants to know this column; may repeat.", "COL")
]
SharedRows = Annotated[
    int | None,
    Doc("How many; as many as training rows by default.", "N", low=1, high=MOST_ROWS),
]
Licence = Annotated[str, Doc("What others may do with the rows.", "TEXT")]
DespiteAudit = Annotated[
    str | None, Doc("Share although the light is red; the reason goes on the card.", "TEXT")
]
RunRows = Annotated[
    int | None,
    Doc("Rows to generate; as many as training rows by default.", "N", low=1, high=MOST_ROWS),
]
RunRounds = Annotated[
    int, Doc("From round 2 on, generated rows are fed back.", "K", low=1, high=100)
]
LoopRounds = Annotated[int, Doc("The most rounds to make.", "K", low=0, high=100)]
RECIPE_ROUNDS = Doc("Most rounds of generation; 1 by default.", "K", low=0, high=100)
RecipeRounds = Annotated[int | None, RECIPE_ROUNDS]
QUICK = Doc("Make no round of generation: the first page is the last.")
Quick = Annotated[bool, QUICK]
CURRENCY = Doc("What amounts are in, as EUR or $.", "TEXT")
Currency = Annotated[str | None, CURRENCY]
RECIPE_MODEL = Doc("See `tidemill models`; trees by default.", "NAME")
RecipeModel = Annotated[str | None, RECIPE_MODEL]
SPOKEN = Doc("A page (.html), or a text.", "FILE", reads="file")
Voice = Annotated[
    str | None,
    Doc("Who reads: jm_kumo (English, Chinese), en-us and others; what is installed.", "NAME"),
]
WRITER = Doc("Who writes: template, own, local=FILE.gguf or endpoint=URL.", "WRITER")
RecipeWriter = Annotated[str | None, WRITER]
POSITIVE = Doc("The target's value that is looked for; by default the rarer one.", "VALUE")
Positive = Annotated[str | None, POSITIVE]
COLUMNS = Doc(
    "Another column that the recipe asks for, as item=StockCode; may repeat.",
    "WHAT=COL",
    flag="column",
    given=list[str],
)
Assumed = Annotated[
    Mapping[str, float | str] | None,
    Doc("What the table does not hold, as prior=0.0017; may repeat.", "NAME=NUMBER", flag="assume"),
]


@dataclass(frozen=True)
class SampleRequest:
    """What is asked of new rows, from the verb to the plan.

    Attributes:
        rows: How many rows, or series where the model makes these; as many as ``like`` has by
            default.
        where: What every row shall be like.
        balance: Shares that levels shall have.
        fair: Sensitive columns and the outcome whose rates shall be equal in all of their groups.
        fair_strength: How far the rates are moved, from 0 (as learned) to 1 (equal).
        like: Rows with some of the columns, the others of which are drawn: a Dataset, a frame or a
            Source.
    """

    rows: int | None = None
    where: Where = None
    balance: Balance = None
    fair: Fair = None
    fair_strength: float = 1.0
    like: Any = None
