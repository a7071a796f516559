"""What a made database is worth: how its tables hang together, and whom it gives away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tidemill.core.light import Light, worst
from tidemill.core.score import Score
from tidemill.core.states import HasState
from tidemill.core.words import percent, ratio, shorten, width

LinkSort = Literal["made for", "dealt out", "to itself", "as it was"]
"""How a link comes about: rows are made for those that they point to, or rows are dealt out to
them, or it lies within a table or between tables that stay as they are."""
TOGETHER, COLUMNS = "together", "columns"
"""The metrics of scores that judge rows with what is told of those that point to them, and of those
that judge single columns, pairs and rows of one table."""
_ROOM = 62


@dataclass(frozen=True)
class LinkScores(HasState):
    """What is measured of a link.

    Attributes:
        link: The link in words.
        child, parent: The tables that it joins.
        columns, to: The columns that point, and those that they equal.
        sort: How it comes about.
        scores: Whether it holds, how many rows point to a row, how alike these are, how columns
            go together across it.
    """

    link: str
    child: str
    parent: str
    columns: tuple[str, ...]
    to: tuple[str, ...]
    sort: LinkSort
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class TableScores(HasState):
    """What is measured of a table.

    Attributes:
        table: Its name.
        key: The columns that name its rows; none where there is no key.
        rows: Training rows.
        held_out: Rows that were held out; None of a table that stands whole on both sides.
        made: Made rows.
        kept: Whether its rows stay as they are.
        ignored: Columns that are not compared, as hardly anybody shares their values.
        scores: How well its rows with what points to them, and its rows alone, pass for real ones.
    """

    table: str
    key: tuple[str, ...]
    rows: int
    held_out: int | None
    made: int
    kept: bool
    ignored: tuple[str, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class DatabaseAnswer(HasState):
    """One answer about a database.

    Attributes:
        light: What it means: green for yes, amber for nearly, red for no.
        sentence: The answer, in a sentence or two.
        text: The figures behind it.
    """

    light: Light
    sentence: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.sentence} {self.text}".strip()


@dataclass(frozen=True)
class DatabaseScores(HasState):
    """What a made database is worth beside held-out rows of the real one.

    Attributes:
        root: The table whose rows were divided, with all that is made for them.
        rows, held_out, made: Of the root: how many were learned, held out and made.
        together: Whether the tables hang together as the real ones do.
        privacy: Whether they give away whom they were learned from.
        limit: What the figures cannot say.
        links: Link by link.
        ways: How columns go together that are two and three links apart.
        tables: Table by table.
        attacks: What is known of persons, or else rows of the root: each has a light.
        light: The worse of both answers.
    """

    STATE = (
        "light",
        "together",
        "privacy",
        "limit",
        "root",
        "rows",
        "held_out",
        "made",
        "links",
        "ways",
        "tables",
        "attacks",
    )

    root: str
    rows: int
    held_out: int
    made: int
    together: DatabaseAnswer
    privacy: DatabaseAnswer
    limit: str
    links: tuple[LinkScores, ...]
    ways: tuple[Score, ...]
    tables: tuple[TableScores, ...]
    attacks: tuple[Score, ...]

    @property
    def light(self) -> Light:
        """The worse of both answers."""
        return worst([self.together.light, self.privacy.light])

    def table(self, name: str) -> TableScores:
        """What is measured of a table.

        Raises:
            KeyError: There is no such table.
        """
        for one in self.tables:
            if one.table == name:
                return one
        raise KeyError(name)

    def __iter__(self) -> Iterator[Score]:
        for link in self.links:
            yield from link.scores
        yield from self.ways
        for table in self.tables:
            yield from table.scores
        yield from self.attacks

    def __str__(self) -> str:
        return "\n".join([str(self.together), str(self.privacy), "", *self._lines(), self.limit])

    def _lines(self) -> list[str]:
        """A line each of tables and links: the figure, its floor and its ceiling."""
        rows = [("", "made", "at random", "real")]
        for table in self.tables:
            rows += [_line(f"{table.table}: {one.name}", one) for one in _told(table.scores)]
        for link in self.links:
            rows += [_line(f"{link.link}: {one.name}", one) for one in _told(link.scores)]
        room = [max(width(row[at]) for row in rows) for at in range(4)]
        lines = []
        for name, *figures in rows:
            told = [f"{one:>{room[at]}}" for at, one in enumerate(figures, 1)]
            lines.append("  ".join([name + " " * (room[0] - width(name)), *told]))
        return lines


def _told(scores: tuple[Score, ...]) -> list[Score]:
    """Those that a terminal has room for."""
    known = [one for one in scores if one.value is not None and one.metric != COLUMNS]
    return known[:2]


def _line(name: str, score: Score) -> tuple[str, str, str, str]:
    value, floor, ceiling = (
        "–" if one is None else _figure(one, score)
        for one in (score.value, score.floor, score.ceiling)
    )
    return shorten(name, _ROOM), value, floor, ceiling


def _figure(value: float, score: Score) -> str:
    return percent(value) if score.better == "high" else ratio(value)
