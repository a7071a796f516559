"""Whether a made database hangs together as the real one, link by link and table by table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.database import Database, Link
from tidemill.core.database_scores import (
    COLUMNS,
    TOGETHER,
    DatabaseAnswer,
    DatabaseScores,
    LinkScores,
    LinkSort,
    TableScores,
)
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.light import Light
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.score import Evidence, Score
from tidemill.core.shown import is_personal
from tidemill.core.words import percent, plural, quoted, ratio
from tidemill.metrics import relations
from tidemill.metrics.detection import Judgement
from tidemill.metrics.evaluate import evaluate
from tidemill.relational.division import (
    below,
    dealt_at_random,
    halves,
    ignoring,
    not_compared,
    root_of,
)
from tidemill.relational.plan import TablePlan, ancestors, plan_of
from tidemill.relational.revealing import revealed

FEWEST_ROOTS = 50
"""With fewer held-out rows of the root, no answer is sure."""
FEWEST_JUDGED = 50
"""Rows of each sort that are needed to judge a table with what points to it."""
FEWEST_COMPARED = 20
WAYS = 3
"""Links that rows are followed upwards."""
TOLD_APART = 0.05
"""Where the floor's AUC is nearer to the ceiling's, the links carry little that can be seen."""
CLOSE, NEARLY = 0.7, 0.4
"""Reach from links dealt at random to real rows from which on tables hang together, and nearly
do."""
TOLD_AT_ONCE = 0.9
METRICS = ("marginals", "pairs", "detection")
LIMIT = (
    "Floor: the training part with all links dealt at random. Ceiling: the training part itself. "
    "These figures measure likeness and the success of known attacks; they are no legal guarantee "
    "of anonymity."
)


@dataclass(frozen=True)
class Bench:
    """The databases that some links and tables are judged by.

    Attributes:
        real: What is compared with: held-out rows, or where a table was learned as a whole, one
            half of it.
        made: The made database.
        floor: Real rows with all links dealt at random.
        ceiling: The training part, or the other half.
    """

    real: Database
    made: Database
    floor: Database
    ceiling: Database

    @property
    def sides(self) -> tuple[Database, Database, Database]:
        """What is measured beside the real one."""
        return self.made, self.floor, self.ceiling


def judge(train: Database, holdout: Database, made: Database, run: Run) -> DatabaseScores:
    """What a made database is worth beside held-out rows.

    The tables whose rows differ between the first two are those that were divided; all others are
    the same in both, and judged by halves. Of these, what is the same in the made database stayed
    as it was.

    Args:
        train: What was learned.
        holdout: The same tables with other rows of one of them, and what is made for these.
        made: The made database.
        run: Seed, progress and cancelling.

    Raises:
        DataError: Nothing was held out.
    """
    return _Judging(train, holdout, made, run).all()


class _Judging:
    """The figures of one made database."""

    def __init__(self, train: Database, holdout: Database, made: Database, run: Run) -> None:
        whole = {name for name in train.tables if _same(train, holdout, name)}
        kept = sorted(name for name in whole if _same(train, made, name))
        self._plan = plan_of(train, kept)
        self._root = _divided_by(train, whole, self._plan)
        self._whole = whole
        self._ignored = _ignored(train, self._plan)
        self._train, self._holdout, self._made = (
            ignoring(one, self._ignored) for one in (train, holdout, made)
        )
        self._run = run
        self._benches: dict[str, Bench] = {}

    def all(self) -> DatabaseScores:
        """Every figure, and the answers."""
        train, run = self._train, self._run
        total = len(train.links) + len(train.tables) + 1
        with run.stage("evaluate", "comparing the made database with the real one", total) as stage:
            links = []
            for link in train.links:
                links.append(self._of_link(link))
                stage.advance()
            ways = self._ways()
            tables = []
            for name in train.tables:
                run.emit("note", "evaluate", f"judging {name}")
                tables.append(self._of_table(name))
                stage.advance()
            own = below(self._plan, self._root)
            sides = (self._train, self._holdout, self._made)
            attacks = revealed(sides, self._plan, own, run.child("revealed", quiet=True))
            stage.advance()
        rows, held, made = (
            len(one[self._root]) for one in (self._train, self._holdout, self._made)
        )
        return DatabaseScores(
            self._root,
            rows,
            held,
            made,
            together(links, tables, self._root, held),
            _privacy(attacks, self._root, held),
            LIMIT,
            tuple(links),
            ways,
            tuple(tables),
            attacks,
        )

    def _bench(self, table: str) -> Bench:
        """The databases by which a table is judged."""
        top = self._root
        if table in self._whole:
            top = ancestors(table, self._plan.main)[-1]
        if top in self._benches:
            return self._benches[top]
        real, ceiling = self._holdout, self._train
        if table in self._whole:
            rng = self._run.rng("relations", "halves", top)
            real, ceiling = halves(self._train, self._plan, top, rng)
        rng = self._run.rng("relations", "floor", top)
        floor = dealt_at_random(ceiling, self._plan, rng)
        self._benches[top] = Bench(real, self._made, floor, ceiling)
        return self._benches[top]

    def _of_link(self, link: Link) -> LinkScores:
        sort = _sort(link, self._plan)
        scores = [self._held(link)]
        if sort != "as it was":
            scores.append(self._counted(link))
            bench = self._bench(link.child)
            between = partial(relations.between_error, link=link)
            hop = partial(relations.hop_error, path=[link])
            scores.append(_score(BETWEEN, "low", bench, between, _between(link)))
            scores.append(_score(HOP, "low", bench, hop, _hop([link])))
        return LinkScores(
            str(link), link.child, link.parent, link.columns, link.to, sort, tuple(scores)
        )

    def _held(self, link: Link) -> Score:
        made, real = (relations.held(one, link) for one in (self._made, self._train))
        sentence = (
            f"{percent(made)} of the rows of '{link.child}' that point to '{link.parent}' point to "
            f"a row that is there; of real ones {percent(real)}."
        )
        return Score("links", HELD, made, None, real, "high", sentence)

    def _counted(self, link: Link) -> Score:
        bench = self._bench(link.parent)
        fewest = min(len(one[link.parent]) for one in (bench.real, *bench.sides))
        if fewest < FEWEST_COMPARED:
            why = f"there are {plural(fewest, 'row')} of '{link.parent}' on a side"
            return Score("links", COUNTS, None, why=why)
        measure = partial(relations.counts_alike, link=link)
        return _score(COUNTS, "high", bench, measure, _counts(link))

    def _ways(self) -> tuple[Score, ...]:
        """How columns go together that are several links apart, from each table upwards."""
        found = []
        for name in self._plan.order:
            path: list[Link] = []
            while len(path) < WAYS and (path[-1].parent if path else name) in self._plan.main:
                path.append(self._plan.main[path[-1].parent if path else name])
                if len(path) > 1:
                    words = f"{name} and {path[-1].parent}, {len(path)} links apart: error"
                    hop = partial(relations.hop_error, path=list(path))
                    found.append(_score(words, "low", self._bench(name), hop, _hop(path)))
        return tuple(found)

    def _of_table(self, name: str) -> TableScores:
        kept = name in self._plan.kept
        scores: list[Score] = []
        if not kept:
            scores += self._judged(name)
            scores += self._alone(name)
        key = self._train.keys.get(name)
        return TableScores(
            name,
            () if key is None else key.columns,
            len(self._train[name]),
            None if name in self._whole else len(self._holdout[name]),
            len(self._made[name]),
            kept,
            tuple(self._ignored[name]),
            tuple(scores),
        )

    def _judged(self, name: str) -> list[Score]:
        """Rows of a table with what points to them."""
        bench = self._bench(name)
        pointing = [link for link in bench.real.below(name) if link.child != name]
        if not pointing:
            return []
        fewest = min(len(one[name]) for one in (bench.real, *bench.sides))
        found = []
        for title, plus in ((AGG_PLUS, True), (AGG, False)):
            if fewest < FEWEST_JUDGED:
                why = f"there are {plural(fewest, 'row')} of each sort; {FEWEST_JUDGED} are needed"
                found.append(Score(TOGETHER, title, None, better="low", why=why))
                continue
            judged = [
                relations.judged(bench.real, side, name, self._run, plus=plus)
                for side in bench.sides
            ]
            made, floor, ceiling = (one.auc.value for one in judged)
            sentence = (
                f"A tree classifier that sees a row of '{name}' with {AGG_TOLD[plus]} of the rows "
                f"that point to it picks the real one out of a real and a made one in "
                f"{percent(made)} of cases (guessing: 50 %; the same rows with all links dealt at "
                f"random: {percent(floor)}; other real rows: {percent(ceiling)})."
                f"{_giving_away(judged[0])}"
            )
            found.append(
                Score(
                    TOGETHER,
                    title,
                    made,
                    floor,
                    ceiling,
                    "low",
                    sentence,
                    interval=judged[0].auc.interval,
                )
            )
        return found

    def _alone(self, name: str) -> list[Score]:
        """The rows of a table alone, by the metrics of single tables."""
        bench = self._bench(name)
        telling = [c.name for c in self._train.telling(name) if c.name in self._made[name].schema]
        sets = [one[name].select(telling) for one in (bench.ceiling, bench.real, bench.made)]
        fewest = min(map(len, sets))
        if not telling or fewest < FEWEST_COMPARED:
            return []
        train, holdout, made = (_plain(one, sets[0].schema, name) for one in sets)
        floor = _untied(train, len(made), self._run.rng("relations", "untied", name))
        quiet = self._run.child("alone", name, quiet=True)
        found = evaluate(Evidence(train, holdout, made, floor), quiet, METRICS)
        return [replace(one, metric=COLUMNS) for one in found.overall()]


HELD = "links that hold"
COUNTS = "rows below each"
BETWEEN = "likeness within groups: error"
HOP = "one link apart: error"
AGG_PLUS = "told from real ones, by all below (AUC)"
AGG = "told from real ones, by counts and means below (AUC)"
AGG_TOLD = {True: "counts, means, spread and shares", False: "counts and means"}


def together(
    links: Sequence[LinkScores], tables: Sequence[TableScores], root: str, held: int
) -> DatabaseAnswer:
    """Whether the tables hang together as the real ones do: by the links, and by the table whose
    rows are told most.

    Args:
        links, tables: What was measured.
        root: The table that was divided.
        held: How many rows of it were held out.
    """
    broken = [one for one in links if _is_broken(one.scores[0])]
    if broken:
        worst = min(broken, key=lambda one: one.scores[0].value or 0.0)
        return DatabaseAnswer(
            "red",
            f"No: {plural(len(broken), 'link does', 'links do')} not hold.",
            f"Worst is {worst.link}: {worst.scores[0].sentence}",
        )
    judged = [
        (table.table, one)
        for table in tables
        for one in table.scores
        if one.metric == TOGETHER and one.name == AGG_PLUS and one.value is not None
    ]
    if not judged:
        few = f"{plural(held, 'row')} of '{root}' were held out"
        return DatabaseAnswer(
            "not known",
            "Not known: every link holds, but there are too few rows to tell more.",
            f"{few}; {FEWEST_JUDGED} rows of a table with others below it are needed.",
        )
    name, score = max(judged, key=lambda one: LIGHT_ORDER.index(_told(one[1])))
    light = _told(score)
    others = [one for one in judged if _told(one[1]) == light]
    name, score = max(others, key=lambda one: one[1].value or 0.0)
    text = _headline(name, score)
    if held < FEWEST_ROOTS:
        said = (
            f"Not sure, as only {plural(held, 'row')} of '{root}' were held out: every link holds; "
            f"as far as these tell, {ANSWERS[light]}."
        )
        return DatabaseAnswer("not known", said, text)
    joined = "but" if light == "red" else "and"
    said = f"{YES[light]}: every link holds, {joined} {ANSWERS[light]}."
    return DatabaseAnswer(light, said, text)


LIGHT_ORDER: tuple[Light, ...] = ("green", "amber", "red")
YES: dict[Light, str] = {"green": "Yes", "amber": "Nearly", "red": "No"}
ANSWERS: dict[Light, str] = {
    "green": "the tables hang together as the real ones do",
    "amber": "the tables hang together nearly as the real ones do",
    "red": "rows with what points to them are told from real ones",
}


def _giving_away(found: Judgement) -> str:
    """The columns by which made rows are told most."""
    telling = [one for one, loss in found.loss.items() if loss > found.auc.error][:3]
    names = [one.partition(" ")[2] if one[:1].isdigit() else one for one in telling]
    return f" What gives made rows away most: {quoted(names)}." if names else ""


def _headline(name: str, score: Score) -> str:
    value, floor, ceiling = score.value or 0.0, score.floor or 0.0, score.ceiling or 0.0
    little = ""
    if floor - ceiling < TOLD_APART:
        little = " Even links dealt at random are hardly told here, so this says little of them."
    return (
        f"A classifier that sees rows of '{name}' with what points to them tells made from real "
        f"ones with AUC {ratio(value)} (0.5 is guessing; links dealt at random {ratio(floor)}, "
        f"other real rows {ratio(ceiling)}).{little}"
    )


def _told(score: Score) -> Light:
    """What the AUC of a table with what points to it means."""
    value, floor, ceiling = score.value or 0.0, score.floor or 0.0, score.ceiling or 0.0
    if value >= TOLD_AT_ONCE:
        return "red"
    if floor - ceiling < TOLD_APART:  # nothing to be reached
        away = value - max(ceiling, 0.5)
        if away < TOLD_APART:
            return "green"
        return "amber" if away < 4 * TOLD_APART else "red"
    if score.interval is not None and score.interval[0] <= 0.5:
        return "green"
    reach = (floor - value) / (floor - ceiling)
    if reach >= CLOSE:
        return "green"
    return "amber" if reach >= NEARLY else "red"


def _is_broken(held: Score) -> bool:
    return (held.value or 0.0) < (held.ceiling or 0.0) - 1e-9


def _privacy(attacks: Sequence[Score], root: str, held: int) -> DatabaseAnswer:
    """Whether persons are given away, by the attacks."""
    lit = [one for one in attacks if one.light is not None]
    red = [one for one in lit if one.light == "red"]
    if red:
        said = f"Red: the made rows give away rows of '{root}' that were learned; do not share them"
        return DatabaseAnswer("red", f"{said}.", red[0].sentence)
    amber = [one for one in lit if one.light == "amber"]
    if amber:
        said = f"Amber: the made rows lean towards rows of '{root}' that were learned."
        return DatabaseAnswer("amber", said, amber[0].sentence)
    known = [one for one in lit if one.light == "green"]
    if held < FEWEST_ROOTS or len(known) < len(lit) or not known:
        said = (
            f"Not known: no leak is proven, but {plural(held, 'held-out row')} of '{root}' cannot "
            "rule one out."
        )
        return DatabaseAnswer("not known", said, lit[0].sentence if lit else "")
    missed = max(one.figures["could_have_missed"] for one in known)
    said = (
        "Green: no leak of persons was found; one above "
        f"{percent(missed)} of the way from chance to copying is ruled out."
    )
    return DatabaseAnswer("green", said.replace("persons", f"rows of '{root}'"), known[0].sentence)


def _score(
    name: str,
    better: str,
    bench: Bench,
    measure: Callable[[Database, Database], float],
    sentence: str,
) -> Score:
    made, floor, ceiling = (measure(bench.real, side) for side in bench.sides)
    if not math.isfinite(made):
        return Score("links", name, None, better="low", why="there are no columns to compare")
    found = [one if math.isfinite(one) else None for one in (floor, ceiling)]
    said = sentence.format(
        *(percent(one) if math.isfinite(one) else "not known" for one in (made, floor, ceiling))
    )
    return Score(
        "links", name, made, found[0], found[1], "high" if better == "high" else "low", said
    )


def _counts(link: Link) -> str:
    return (
        f"How many rows of '{_safe(link.child)}' each row of '{_safe(link.parent)}' has agrees to "
        "{} with held-out rows (links dealt at random: {}; other real rows: {})."
    )


def _between(link: Link) -> str:
    return (
        f"How alike rows of '{_safe(link.child)}' are that point to one row of "
        f"'{_safe(link.parent)}' is off by {{}} of the variance, as a mean over columns (links "
        "dealt at random: {}; other real rows: {})."
    )


def _hop(path: Sequence[Link]) -> str:
    return (
        f"Of rows by a column of '{_safe(path[0].child)}' and one of "
        f"'{_safe(path[-1].parent)}', {{}} would have to be moved to go together as real ones do "
        "(links dealt at random: {}; other real rows: {})."
    )


def _safe(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}")


def _same(one: Database, other: Database, name: str) -> bool:
    """Whether a table has the same rows in both."""
    if name not in other.tables or not len(one[name]):
        return False
    names = [column for column in one[name].schema.names if column in other[name].schema]
    frames = [each[name].frame.select(by_name(*names)) for each in (one, other)]
    return bool(names) and frames[0].equals(frames[1])


def _divided_by(train: Database, whole: set[str], plan: TablePlan) -> str:
    """The table by whose rows two parts were divided: of the divided ones that are not made for
    another divided one, that with most rows below.

    Raises:
        DataError: No table was.
    """
    parted = [name for name in plan.order if name not in whole]
    tops = [
        name for name in parted if name not in plan.main or plan.main[name].parent not in parted
    ]
    if not tops:
        raise DataError(
            "the held-out database has the same rows as the training one",
            where=train.name,
            hint="give a part of the real database that was not learned",
        )
    by_rule = root_of(train, plan)
    if by_rule in tops:
        return by_rule
    return max(tops, key=lambda name: sum(len(train[one]) for one in below(plan, name)))


def _ignored(train: Database, plan: TablePlan) -> dict[str, list[str]]:
    """Table -> columns that are not compared: levels that hardly anybody shares, and what is
    personal, which is made afresh."""
    found = not_compared(train, plan)
    for name, data in train.tables.items():
        personal = [c.name for c in data.schema.modelled if is_personal(c)]
        found[name] = sorted({*found[name], *personal})
    return found


def _sort(link: Link, plan: TablePlan) -> LinkSort:
    if link.child in plan.kept:
        return "as it was"
    if link.child == link.parent:
        return "to itself"
    return "made for" if link == plan.main.get(link.child) else "dealt out"


def _plain(data: Dataset, schema: Schema, name: str) -> Dataset:
    """The rows under one schema, without rules."""
    return Dataset(data.frame, Schema(schema.columns), name=name)


def _untied(data: Dataset, rows: int, rng: np.random.Generator) -> Dataset:
    """So many rows, each of whose columns is drawn by itself."""
    drawn = [
        data.frame[name].gather(pl.Series(rng.integers(0, len(data), rows)))
        for name in data.schema.names
    ]
    return replace(data, frame=pl.DataFrame(drawn), origin=None, places=None)
