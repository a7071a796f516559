"""What the attack `text-copies` says of texts that copy training texts more or less.

    python benchmarks/copied_texts.py

Questions of banking77 and Chinese reviews, as in benchmarks/texts.py: half of the held-out texts
are the control, the other half honest texts of others. Writes the table of docs/audit.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import polars as pl
from halves import ROOT
from texts import SETS, Task, dataset

import tidemill as tm
from tidemill.core.score import Evidence
from tidemill.core.words import percent
from tidemill.metrics.texts.copies import LARGE_PARTS, LEAK, CopiedTexts, copied_texts
from tidemill.supervised.copied_runs import CopiedParts

PAGE = ROOT / "docs" / "audit.md"
CHOSEN = ("banking", "reviews")
COPIES = 2_000
MADE = 4_000


def made(task: Task, others: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Texts by how they came to be."""
    yield "the other half of them", others
    model = tm.fit(dataset(task.train), model="ngram", run=tm.Run(0))
    yield "`ngram`", model.sample(MADE, seed=0).select(task.train.columns)
    rng = np.random.default_rng(0)
    copied, other = (
        task.train[rng.permutation(len(task.train))[:COPIES].tolist()] for _ in range(2)
    )
    between = " " if task.analyzer == "word" else ""
    mine, theirs = (
        [list(text) if not between else text.split(" ") for text in part["text"]]
        for part in (copied, other)
    )
    cuts = [-(-4 * len(words) // 5) for words in mine]
    ended = [a[:cut] + b[: len(a) - cut] for a, b, cut in zip(mine, theirs, cuts, strict=True)]
    yield "training texts whose last fifth is another's", _with(copied, ended, between)
    pool = [word for words in theirs for word in words]
    noised = [
        [pool[rng.integers(len(pool))] if rng.random() < 0.2 else word for word in words]
        for words in mine
    ]
    yield "training texts of which each fifth word is another's", _with(copied, noised, between)
    yield "training texts", copied


def _with(frame: pl.DataFrame, texts: list[list[str]], between: str) -> pl.DataFrame:
    return frame.with_columns(text=pl.Series([between.join(words) for words in texts]))


def rows(name: str) -> dict[str, str]:
    """The cells of a set, by row of the table."""
    task = SETS[name]()
    order = np.random.default_rng(3).permutation(len(task.holdout))
    control, others = (task.holdout[part.tolist()] for part in np.array_split(order, 2))
    found = {}
    for what, frame in made(task, others):
        train, held, mine = map(dataset, (task.train, control, frame))
        copied = copied_texts(Evidence(train, held, mine, mine), tm.Run(0))
        assert isinstance(copied, CopiedTexts)
        leaks = [copied.leaks[name][0] for name in (LEAK, LARGE_PARTS)]
        lights = ["not known" if isinstance(leak, str) else leak.light for leak in leaks]
        found["held-out texts, the control"] = f"{_shares(copied.real)} |"
        found[what] = f"{_shares(copied.mine)} | {', '.join(lights)}"
        print(name, what, found[what], flush=True)
    return found


def _shares(parts: CopiedParts) -> str:
    return f"{percent(float(parts.whole.mean()))}, {percent(float(parts.largely.mean()))}"


def main() -> None:
    columns = [rows(name) for name in CHOSEN]
    head = " | ".join(f"{name}: whole, in large parts | light" for name in CHOSEN)
    lines = [f"| texts | {head} |", "| --- " * (1 + 2 * len(CHOSEN)) + "|"]
    lines += [f"| {what} | {' | '.join(one[what] for one in columns)} |" for what in columns[0]]
    written = "<!-- copied:start -->\n" + "\n".join(lines) + "\n<!-- copied:end -->"
    print(written)
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- copied:start -->.*<!-- copied:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: written, page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
