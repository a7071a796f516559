"""The page of a database's run: whether its tables hang together, whom it gives away, and how."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from tidemill.core.database import Database, Link
from tidemill.core.database_scores import COLUMNS, TOGETHER, DatabaseScores, LinkScores, TableScores
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column
from tidemill.core.score import Score
from tidemill.core.shown import is_hidden
from tidemill.core.words import cell, count, file_size, percent, plural, ratio, shorten
from tidemill.reporting.audit import LEVELS, MEANINGS, leaks_table
from tidemill.reporting.blocks import (
    Answer,
    Answers,
    Arrow,
    Block,
    Box,
    Callout,
    Card,
    Cell,
    CodeBlock,
    Details,
    Diagram,
    Figures,
    FileList,
    Grid,
    Heading,
    Key,
    NextStep,
    Pairs,
    Paragraph,
    TableBlock,
    Tile,
)
from tidemill.reporting.compare import comparison
from tidemill.reporting.page import Report
from tidemill.reporting.summary import wrapped
from tidemill.reporting.trust import gauges

ROOTS, CHILDREN, SHOWN_COLUMNS = 3, 4, 8
"""Made rows that are shown, of the rows below each, and their columns."""
FEWEST_SHOWN = 20
"""Rows that are pointed to, of which it is shown how many point to them."""
_CELL = 30
_MARK = "--"
_HOLDS = {
    "synthetic.sqlite": "the made database, with its keys and links",
    "train.sqlite": "the real rows that were learned from",
    "holdout.sqlite": "the real rows that were held out",
    "model.tidemill": "the generator, for `tidemill sample`",
}


@dataclass(frozen=True)
class DatabaseAccount:
    """Everything that the page of a database's run tells.

    Attributes:
        name: What the database is called.
        scores: What was measured.
        train, holdout, synthetic: What was learned, held out and made.
        whose: Table -> the person, or row of the first table, that each learned row belongs to.
        command: The command, or call, that made it.
        source: How the database is named on the command line.
        out: The folder of the results.
        model: The generator of the tables.
        seed, threads: The run's.
        versions: Package -> version.
        warnings: What the run told the user.
        files: Name -> bytes, of the files beside the page.
    """

    name: str
    scores: DatabaseScores
    train: Database
    holdout: Database
    synthetic: Database
    whose: Mapping[str, np.ndarray]
    command: str = ""
    source: str = ""
    out: str = ""
    model: str = ""
    seed: int = 0
    threads: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    files: Mapping[str, int] = field(default_factory=dict)


def build_database(account: DatabaseAccount) -> Report:
    """The report of a database's run."""
    chapters = (
        ("tables", "The tables and their links", _tables),
        ("links", "Link by link", _links),
        ("rows", "Table by table", _each),
        ("leaks", "Are persons given away?", _leaks),
        ("look", "Made rows to look at", _rows),
        ("made", "How it was made", _made),
    )
    blocks: list[Block] = [
        Answers(_answers(account)),
        Paragraph(account.scores.limit, "small"),
    ]
    if account.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=account.warnings))
    for anchor, title, chapter in chapters:
        inside = chapter(account)
        if inside:
            blocks += [Heading(title, 2, anchor), *inside]
    subtitle = (
        f"{_size(account.train)} learned · {plural(len(account.synthetic), 'made row')} by the "
        f"model '{account.model}'"
    )
    return Report(account.name, subtitle, tuple(blocks), _summary(account))


def _size(base: Database) -> str:
    tables, links = plural(len(base.tables), "table"), plural(len(base.links), "link")
    return f"{tables}, {links}, {plural(len(base), 'row')}"


def _answers(account: DatabaseAccount) -> tuple[Answer, ...]:
    scores = account.scores
    one, two = scores.together, scores.privacy
    made = str(Path(account.out) / "synthetic.sqlite") if account.out else ""
    steps = (NextStep("Look at the made tables:", _command("read", made)),) if made else ()
    return (
        Answer(
            "Tables",
            "Do the tables hang together as the real ones do?",
            LEVELS[one.light],
            one.sentence,
            one.text,
            steps=steps,
        ),
        Answer(
            "Privacy",
            f"Do they give away rows of '{scores.root}' that were learned?",
            LEVELS[two.light],
            two.sentence,
            two.text,
            steps=_another(account),
        ),
    )


def _another(account: DatabaseAccount) -> tuple[NextStep, ...]:
    if not account.out or account.scores.privacy.light == "red":
        return ()
    model = str(Path(account.out) / "model.tidemill")
    words = "Make another database:"
    return (NextStep(words, _command("sample", model, out="new.sqlite")),)


def _command(*parts: str, **options: str) -> str:
    given = [word for name, value in options.items() for word in (f"{_MARK}{name}", value)]
    return shlex.join(("tidemill", *parts, *given))


def _tables(account: DatabaseAccount) -> list[Block]:
    scores = account.scores
    held = [one.scores[0].value or 0.0 for one in scores.links]
    tiles = [
        Tile(count(len(account.train.tables)), "tables", plural(len(account.train), "real row")),
        Tile(count(len(account.synthetic)), "made rows"),
        Tile(
            count(scores.held_out), f"of '{scores.root}' held out", f"{count(scores.rows)} learned"
        ),
    ]
    if held:
        tiles.append(Tile(percent(min(held)), "of pointing rows point to one that is there"))
    boxes = tuple(Box(one.table, _said(one), one.kept) for one in scores.tables)
    arrows = tuple(Arrow(one.child, one.parent, one.sort, one.link) for one in scores.links)
    text = (
        f"Rows of '{scores.root}' were divided, each with all that is made for it; tables without "
        "held-out rows stand whole on both sides. An arrow leads from the rows that point to those "
        "that they point to."
    )
    return [Figures(tuple(tiles)), Diagram("", boxes, arrows), Paragraph(text, "small")]


def _said(table: TableScores) -> tuple[str, ...]:
    key = f"key {' + '.join(table.key)}" if table.key else "no key"
    if table.kept:
        return (f"{table.rows:,} rows, kept as they are", key)
    held = "" if table.held_out is None else f", {table.held_out:,} held out"
    return (f"{table.rows:,} learned{held}", f"{table.made:,} made", key)


def _links(account: DatabaseAccount) -> list[Block]:
    links = [one for one in account.scores.links if one.sort != "as it was"]
    if not links:
        return []
    rows = tuple(_row(one) for one in links)
    names = [score.name for score in links[0].scores]
    titles = ("Link", "Comes about", *(name[:1].upper() + name[1:] for name in names))
    text = (
        "Each figure with that of the same rows with all links dealt at random, and that of other "
        "real rows, in brackets. Shares are better the higher, errors the lower."
    )
    pictures = _pictures(account, links)
    blocks: list[Block] = [Paragraph(text), TableBlock(titles, rows, stacked=True)]
    if pictures:
        blocks += [
            Heading("How many rows point to a row"),
            Key("real, learned", "made"),
            Grid(tuple(pictures)),
        ]
    if any(one.value is not None for one in account.scores.ways):
        blocks += [Heading("Further apart"), *gauges(account.scores.ways)]
    detailed: list[Block] = []
    for link in links:
        detailed += [Heading(link.link), *gauges(link.scores)]
    return [*blocks, Details("Every figure between floor and ceiling", tuple(detailed))]


def _row(link: LinkScores) -> tuple[Cell, ...]:
    return (link.link, link.sort, *(_between(one) for one in link.scores))


def _between(score: Score | None) -> str:
    """A figure, and in brackets its floor and its ceiling."""
    if score is None or score.value is None:
        return "–"
    written = percent if score.better == "high" else ratio
    ends = [written(one) for one in (score.floor, score.ceiling) if one is not None]
    return f"{written(score.value)} ({', '.join(ends)})" if ends else written(score.value)


def _pictures(account: DatabaseAccount, links: Sequence[LinkScores]) -> list[Block]:
    """How many rows point to each row, real and made."""
    known = {str(link): link for link in account.train.links}
    found: list[Block] = []
    for link in links:
        if link.sort == "to itself" or link.link not in known:
            continue
        real, made = (
            _counts(base, known[link.link]) for base in (account.train, account.synthetic)
        )
        if min(len(real), len(made)) < FEWEST_SHOWN:
            continue
        title = f"{link.child} a row of {link.parent}"
        if len([one for one in links if (one.child, one.parent) == (link.child, link.parent)]) > 1:
            title += f" by {' + '.join(link.columns)}"
        found.append(
            comparison(Column(title, "number"), real, made, persons=account.whose.get(link.parent))
        )
    return found


def _counts(base: Database, link: Link) -> pl.Series:
    at = base.places(link)
    return pl.Series(np.bincount(at[at >= 0], minlength=len(base[link.parent])))


def _each(account: DatabaseAccount) -> list[Block]:
    judged = [one for one in account.scores.tables if any(s.metric == TOGETHER for s in one.scores)]
    alone = [one for one in account.scores.tables if any(s.metric == COLUMNS for s in one.scores)]
    blocks: list[Block] = []
    for table in judged:
        found = [one for one in table.scores if one.metric == TOGETHER]
        if any(one.value is not None for one in found):
            blocks += [Heading(f"{table.table}, with what points to it"), *gauges(found)]
    small = [f"{one.table}: {one.scores[0].why}" for one in judged if one.scores[0].value is None]
    if small:
        blocks.append(
            Paragraph(f"Not judged with what points to them: {'; '.join(small)}.", "small")
        )
    if alone:
        blocks += [Heading("Tables by themselves"), _alone(alone)]
    ignored = [f"{one.table}: {', '.join(one.ignored)}" for one in account.scores.tables]
    ignored = [text for text in ignored if not text.endswith(": ")]
    if ignored:
        text = (
            "Not compared, as they are personal, or hardly anybody shares their values: "
            f"{'; '.join(ignored)}."
        )
        blocks.append(Paragraph(text, "small"))
    return blocks


def _alone(tables: Sequence[TableScores]) -> TableBlock:
    names = {
        score.name: None
        for table in tables
        for score in table.scores
        if score.metric == COLUMNS and score.value is not None
    }
    rows = []
    for table in tables:
        own = {score.name: score for score in table.scores if score.metric == COLUMNS}
        rows.append((table.table, *(_between(own.get(name)) for name in names)))
    titles = tuple(name[:1].upper() + name[1:] for name in names)
    return TableBlock(("Table", *titles), tuple(rows), stacked=True)


def _leaks(account: DatabaseAccount) -> list[Block]:
    attacks = [one for one in account.scores.attacks if one.value is not None or one.light]
    if not attacks:
        return []
    text = (
        f"Each row of '{account.scores.root}' is looked at as one, with all that is told of the "
        "rows that are made for it. 0 % means that made rows are no nearer to learned rows than "
        "to as many that were held out; 100 % is what the learned rows themselves would show."
    )
    said = [one.sentence or f"{one.name}: {one.why}." for one in attacks]
    table = leaks_table(attacks)
    columns = [at for at, name in enumerate(table.columns) if name != "Independent columns"]
    rows = tuple(tuple(row[at] for at in columns) for row in table.rows)
    shown = TableBlock(tuple(table.columns[at] for at in columns), rows, stacked=True)
    return [
        Paragraph(text),
        shown,
        Details("Each attack in words", tuple(Paragraph(one) for one in said)),
        Details("What the lights mean", (Pairs(MEANINGS),)),
    ]


def _rows(account: DatabaseAccount) -> list[Block]:
    """A few made rows of the root with what is made for them; none that stays as it is."""
    root, base = account.scores.root, account.synthetic
    if not len(base[root]) or account.scores.privacy.light == "red":
        return []  # who gives persons away may repeat their rows
    made_for = {one.child: one for one in account.scores.links if one.sort == "made for"}
    known = {str(link): link for link in base.links}
    at = np.arange(min(ROOTS, len(base[root])))
    text = f"The first made rows of '{root}', each with what is made for it; no real row is shown."
    blocks: list[Block] = [Paragraph(text)]
    cards: list[Block] = []
    for place in at:
        own: list[Block] = [_shown(base[root].rows(np.array([place])), root, 1)]
        below = {root: np.array([place])}
        for _ in made_for:
            for name, link in made_for.items():
                if name in below or link.parent not in below:
                    continue
                up = base.places(known[link.link])
                below[name] = np.flatnonzero(np.isin(up, below[link.parent]))
                if len(below[name]):
                    rows = base[name].rows(below[name][:CHILDREN])
                    own.append(_shown(rows, name, len(below[name])))
        cards.append(Card(tuple(own)))
    return [*blocks, *cards]


def _shown(data: Dataset, name: str, rows: int) -> TableBlock:
    columns = [c for c in data.schema if c.role != "ignore" and not _is_secret(c)][:SHOWN_COLUMNS]
    shown = tuple(
        tuple(_cell(data.frame[column.name][at]) for column in columns) for at in range(len(data))
    )
    title = name if rows <= len(data) else f"{name}: {len(data)} of {rows:,} rows"
    return TableBlock(tuple(column.name for column in columns), shown, title, stacked=True)


def _is_secret(column: Column) -> bool:
    """Whether values may be real ones of a person: free texts; keys are made afresh."""
    return column.kind != "id" and is_hidden(column)


def _cell(value: object) -> Cell:
    if value is None:
        return "missing"
    if isinstance(value, bool | int | float):
        return value
    return shorten(cell(value), _CELL)


def _made(account: DatabaseAccount) -> list[Block]:
    blocks: list[Block] = []
    if account.command:
        blocks.append(CodeBlock(account.command))
    facts = [
        ("Read", account.source or account.name),
        ("Seed", str(account.seed)),
        ("Threads", str(account.threads)),
        ("Versions", ", ".join(f"{name} {one}" for name, one in account.versions.items())),
    ]
    blocks.append(Pairs(tuple((name, text) for name, text in facts if text)))
    items = [
        (name, f"{_HOLDS.get(name, 'further results')} ({file_size(size)})")
        for name, size in account.files.items()
    ]
    if items:
        blocks += [Heading("The files beside this page"), FileList(tuple(items))]
    return blocks


def _summary(account: DatabaseAccount) -> str:
    """The answers, and what to do next, in plain text."""
    lines = wrapped("Read", f"{_size(account.train)} of {account.name} to learn from.", 2)
    for answer in _answers(account):
        lines += wrapped(answer.label, answer.answer, 3)
        lines += wrapped("", answer.text, 5)
        for step in answer.steps:
            lines += [*wrapped("", step.text, 1), f"{'':<13}{step.command}"]
    return "\n".join(lines)
