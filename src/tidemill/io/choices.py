"""Cells that name several options, such as "SQL;Python": read as one yes-no column an option, and
written as one cell again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Choice, Column, Schema, Spelling
from tidemill.core.spelling import mended, typed
from tidemill.core.words import plural, shortlist
from tidemill.io.identifiers import FEW

SEPARATORS = ("|", ";", "；", "、", "\n", "，", ",")
MOST_OPTIONS = 60
_FEWEST_OPTIONS = 3
_FEWEST_ROWS = 20
_MOST_CELLS = 100_000
_LONGEST = 80
_PROBE = 2_000
_AROUND = (("[", "]"), ("{", "}"))
_OPENS, _CLOSES = "([{（【", ")]}）】"


@dataclass(frozen=True)
class Choices:
    """What the cells of a column name.

    Attributes:
        name: The column.
        options: In their usual order.
        separator: Between two options, with the blanks around it.
        opening, closing: What stands around all of them.
        disordered: Rows that are written in another way than usual.
    """

    name: str
    options: tuple[str, ...]
    separator: str
    opening: str = ""
    closing: str = ""
    disordered: int = 0

    @property
    def columns(self) -> dict[str, Choice]:
        """The yes-no columns by name."""
        choices = {}
        for option in self.options:
            shown = " ".join(option.strip("'\"").split()) or option
            choice = Choice(self.name, option, self.separator, self.opening, self.closing)
            choices[f"{self.name}: {shown}"] = choice
        return choices

    def split(self, cell: str) -> list[str]:
        """The options that a cell names, in its order."""
        inside = cell.strip().removeprefix(self.opening).removesuffix(self.closing)
        return _parts(inside, self.separator.strip(" ") or self.separator)

    def joined(self, options: Iterable[str]) -> str:
        """The cell that names these, as it is usually written."""
        named = set(options)
        inside = self.separator.join(option for option in self.options if option in named)
        if not inside and not self.opening:
            return ""
        return f"{self.opening}{inside}{self.closing}"


def choices_in(values: pl.Series, *, empty_is_missing: bool) -> Choices | None:
    """What the cells of a column name, where they name several of a few options each; else None.

    Options repeat, stand at several places of a cell, and are at most 60; where the cells
    themselves are few, they are levels.

    Example:
        >>> cells = ["a;b", "b", "a;c;d", "b;d", "c", "a;b;c", "d", "a", "b;c", "a;d"] * 4
        >>> choices_in(pl.Series("x", cells[:35]), empty_is_missing=True).options
        ('a', 'b', 'c', 'd')
    """
    if values.dtype != pl.String or len(values) < _FEWEST_ROWS:
        return None
    probe = _counted(values.gather_every(max(len(values) // _PROBE, 1)), empty_is_missing)
    marks = [mark for mark in SEPARATORS if _choices(values.name, probe, mark) is not None]
    if not marks:
        return None
    cells = _counted(values, empty_is_missing)
    rows, distinct = sum(cells.values()), len(cells)
    is_levels = distinct <= FEW and rows >= 5 * distinct
    if rows < _FEWEST_ROWS or is_levels or distinct > _MOST_CELLS:
        return None
    for mark in marks:
        found = _choices(values.name, cells, mark)
        if found is not None and typed(values) is None and mended(values) is None:
            return found
    return None


def _counted(values: pl.Series, empty_is_missing: bool) -> dict[str, int]:
    """Rows by cell, the most frequent first."""
    counted = values.drop_nulls().alias("cell").value_counts(name="rows")
    if empty_is_missing:
        counted = counted.filter(pl.col("cell").str.strip_chars() != "")
    counted = counted.sort("rows", "cell", descending=[True, False])
    return dict(zip(counted["cell"], counted["rows"], strict=True))


def spread(values: pl.Series, choices: Choices, *, empty_is_missing: bool) -> list[pl.Series]:
    """One column an option: whether the cell names it; null where the cell is missing."""
    cells = values.drop_nulls().unique(maintain_order=True)
    if empty_is_missing:
        cells = cells.filter(cells.str.strip_chars() != "")
    named = [frozenset(choices.split(cell)) for cell in cells]
    flags = {
        name: pl.Series(name, [choice.option in one for one in named], dtype=pl.Boolean)
        for name, choice in choices.columns.items()
    }
    key = "cell"
    while key in flags:
        key += "_"
    known = pl.DataFrame([cells.alias(key), *flags.values()])
    rows = values.alias(key).to_frame().join(known, on=key, how="left", maintain_order="left")
    return rows.select(by_name(*flags)).get_columns()


def gathered(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The columns with the options of a cell in one cell again, where the first of them stood."""
    groups = _groups(schema)
    if not groups:
        return frame
    series = []
    for column in schema:
        if column.choice is None:
            series.append(frame[column.name])
        elif next(iter(groups[column.choice.of])) == column.name:
            series.append(_cells(frame, groups[column.choice.of]))
    return pl.DataFrame(series)


def with_choices_of(data: Dataset, schema: Schema, run: Run) -> Dataset:
    """The data with cells of several options spread as in this schema, and no others."""
    theirs, ours = _groups(schema), _groups(data.schema)
    for name, columns in ours.items():
        if columns != theirs.get(name):
            cells = _cells(data.frame, columns)
            text = Column(name, "text", nullable=cells.has_nulls(), spelling=Spelling())
            data = _exchanged(data, set(columns), [cells], (text,))
    for name, columns in theirs.items():
        if name in data.schema and data.frame[name].dtype == pl.String:
            data = _spread_as(data, name, columns, schema, run)
    return data


def _groups(schema: Schema) -> dict[str, dict[str, Choice]]:
    """The choices by column, for each column whose cells name several options."""
    groups: dict[str, dict[str, Choice]] = {}
    for column in schema:
        if column.choice is not None:
            groups.setdefault(column.choice.of, {})[column.name] = column.choice
    return groups


def _spread_as(
    data: Dataset, name: str, columns: Mapping[str, Choice], schema: Schema, run: Run
) -> Dataset:
    options = {choice.option: column for column, choice in columns.items()}
    one = next(iter(columns.values()))
    choices = Choices(name, tuple(options), one.separator, one.opening, one.closing)
    values = data.frame[name]
    unknown: set[str] = set()
    for cell in values.drop_nulls().unique():
        unknown.update(set(choices.split(cell)).difference(options))
    if unknown:
        run.warn(
            f"'{data.name}' names {plural(len(unknown), 'option')} of '{name}' that the training "
            "rows do not have; they are left out."
        )
    flags = spread(values, choices, empty_is_missing=True)
    series = [flag.alias(new) for flag, new in zip(flags, columns, strict=True)]
    members = tuple(replace(schema[flag.name], nullable=flag.has_nulls()) for flag in series)
    return _exchanged(data, {name}, series, members)


def _exchanged(
    data: Dataset, gone: set[str], series: list[pl.Series], columns: tuple[Column, ...]
) -> Dataset:
    """The data with other columns where the first of some stood."""
    names = list(data.schema.names)
    at = min(names.index(name) for name in gone)
    before = [name for name in names[:at] if name not in gone]
    after = [name for name in names[at:] if name not in gone]
    frame = pl.DataFrame(
        [*(data.frame[name] for name in before), *series, *(data.frame[name] for name in after)]
    )
    schema = data.schema
    kept = (
        *(schema[name] for name in before),
        *columns,
        *(schema[name] for name in after),
    )
    inside = {column.name for column in kept}
    rules = tuple(rule for rule in schema.rules if inside.issuperset(rule.columns))
    return replace(data, frame=frame, schema=replace(schema, columns=kept, rules=rules))


def _cells(frame: pl.DataFrame, columns: Mapping[str, Choice]) -> pl.Series:
    """The cells that name the options for which there is a yes; null where nothing is known."""
    options, known = [], []
    for k, (name, choice) in enumerate(columns.items()):
        values = frame[name]
        if values.dtype != pl.Boolean:
            values = values.cast(pl.String).str.to_lowercase() == "true"
        options.append(pl.when(pl.lit(values)).then(pl.lit(choice.option)).alias(f"option {k}"))
        known.append(pl.lit(values.is_not_null()))
    one = next(iter(columns.values()))
    inside = pl.concat_str(options, separator=one.separator, ignore_nulls=True)
    cell = pl.concat_str([pl.lit(one.opening), inside, pl.lit(one.closing)])
    if not one.opening:
        cell = pl.when(inside == "").then(pl.lit("")).otherwise(cell)
    return frame.select(pl.when(pl.any_horizontal(known)).then(cell).alias(one.of)).to_series()


def _choices(name: str, cells: Mapping[str, int], mark: str) -> Choices | None:
    rows = sum(cells.values())
    if sum(count for cell, count in cells.items() if mark in cell) < 0.1 * rows or not rows:
        return None
    opening, closing = _around(cells, mark)
    choices = Choices(name, (), _separator(cells, mark), opening, closing)
    split = {cell: choices.split(cell) for cell in cells}
    options = Counter[str]()
    for cell, parts in split.items():
        options.update(dict.fromkeys(parts, cells[cell]))
        if len(options) > MOST_OPTIONS:
            return None
    if len(options) < _FEWEST_OPTIONS or max(map(len, options)) > _LONGEST:
        return None
    if not _repeat(options, rows) or not _are_sets(split, cells, options, rows):
        return None
    choices = replace(choices, options=_ordered(split, cells, options))
    if len(choices.columns) < len(options):
        return None
    other = [count for cell, count in cells.items() if choices.joined(split[cell]) != cell]
    return replace(choices, disordered=sum(other))


def _repeat(options: Mapping[str, int], rows: int) -> bool:
    """Whether nine in ten mentions are of options that repeat."""
    least = 5 if rows >= 100 else 2
    common = sum(count for count in options.values() if count >= least)
    return common >= 0.9 * sum(options.values())


def _are_sets(
    split: Mapping[str, list[str]], cells: Mapping[str, int], options: Mapping[str, int], rows: int
) -> bool:
    """Whether cells name some of the options, none of them twice, and most options stand at
    several places: "Paris, France" is no set, nor is a ranking of all options."""
    several = doubled = 0
    places: dict[str, Counter[int]] = {option: Counter() for option in options}
    for cell, parts in split.items():
        count = cells[cell]
        several += count if len(parts) > 1 else 0
        doubled += count if len(set(parts)) < len(parts) else 0
        for at, part in enumerate(parts):
            places[part][at] += count
    mean = sum(options.values()) / rows
    if several < 0.1 * rows or doubled > 0.01 * rows or mean > 0.95 * len(options):
        return False
    moving = 0
    for tally in places.values():
        further = tally.total() - tally.most_common(1)[0][1]
        moving += further >= 0.05 * tally.total()
    return moving >= 0.5 * len(options)


def _ordered(
    split: Mapping[str, list[str]], cells: Mapping[str, int], options: Mapping[str, int]
) -> tuple[str, ...]:
    """The options in the order in which cells usually name them."""
    before = Counter[tuple[str, str]]()
    for cell, parts in split.items():
        for at, first in enumerate(parts):
            for second in parts[at + 1 :]:
                before[first, second] += cells[cell]
    earlier: dict[str, set[str]] = {option: set() for option in options}
    for (first, second), count in before.items():
        if count > before[second, first]:
            earlier[second].add(first)
    left = list(options)
    placed: list[str] = []
    while left:
        # where each waits for another, the one that waits for the fewest
        after = min(left, key=lambda option: len(earlier[option].difference(placed)))
        placed.append(after)
        left.remove(after)
    return tuple(placed)


def _around(cells: Mapping[str, int], mark: str) -> tuple[str, str]:
    """Brackets around all cells, or a mark behind the last option of each."""
    for opening, closing in _AROUND:
        if all(cell.startswith(opening) and cell.endswith(closing) for cell in cells if cell):
            return opening, closing
    if all(cell.endswith(mark) for cell in cells if cell):
        return "", mark
    return "", ""


def _separator(cells: Mapping[str, int], mark: str) -> str:
    """The mark with the blanks that usually stand around it between two options."""
    counts = Counter[str]()
    pattern = re.compile(rf"(?<=\S)( ?){re.escape(mark)}( ?)(?=\S)")
    for cell, count in cells.items():
        for found in pattern.finditer(cell):
            counts[f"{found[1]}{mark}{found[2]}"] += count
    return counts.most_common(1)[0][0] if counts else mark


def _parts(text: str, mark: str) -> list[str]:
    """What stands between marks that are in no brackets."""
    if not any(bracket in text for bracket in _OPENS):
        pieces = text.split(mark)
    else:
        pieces, depth, start = [], 0, 0
        for at, letter in enumerate(text):
            depth += (letter in _OPENS) - (letter in _CLOSES and depth > 0)
            if letter == mark and not depth:
                pieces.append(text[start:at])
                start = at + 1
        pieces.append(text[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def told(found: Choices, run: Run) -> None:
    """Say that a column became several, and what is not written back as it was."""
    names = list(found.columns)
    text = (
        f"The cells of '{found.name}' name several of {len(names)} options, so each option is a "
        f"yes-no column ({shortlist([repr(name) for name in names], 3)}); they are written as one "
        "cell again."
    )
    if found.disordered:
        rows = plural(found.disordered, "row")
        text += f" In {rows} the options stand in another order, or with other blanks, than usual:"
        text += " these are written in the usual way."
    run.warn(text, "read")
