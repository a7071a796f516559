"""The law over the verbs: whatever a verb says or writes for others to read tells no secret of the
rows. Each file that may hold real rows stands in ROWS, with the reason."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
import typer

import tidemill as tm
from tests.e2e.planted import (
    Planted,
    Secret,
    courses,
    leaks,
    letters,
    patients,
    portraits,
    texts_of,
    visits,
    write_pictures,
)
from tidemill.cli import app, main
from tidemill.command_help import COMMANDS
from tidemill.core.errors import ConditionError, TidemillError

ROLES = ("--target", "churn", "--ignore", "internal_comment", "--sensitive", "diagnosis")
REAL = ("--train", "{split}/train.csv", "--holdout", "{split}/holdout.csv")
ATTACKED = (*REAL, "--canaries", "0")
Calls = dict[str, tuple[str, ...]]
"""Verb -> its arguments; {out} is a folder of its own, {verb} that of another verb."""
PATIENTS: Calls = {
    "read": ("{data}", *ROLES),
    "clean": ("{data}", "--out", "{out}/clean.csv", "--log", "{out}/log.csv", *ROLES),
    "split": (
        *("{clean}/clean.csv", "--train", "{out}/train.csv", "--holdout", "{out}/holdout.csv"),
        *("--target", "churn"),
    ),
    "mine": ("{data}", "--clean", "--out", "{out}/findings.json", *ROLES),
    "fit": ("{split}/train.csv", "--out", "{out}/m.tidemill", *ROLES),
    "sample": ("{fit}/m.tidemill", "--rows", "300", "--out", "{out}/new.csv"),
    "infill": ("{fit}/m.tidemill", "{data}", "--out", "{out}/filled.csv"),
    "what-if": ("{fit}/m.tidemill", "{data}", "--set", "plan=family", "--out", "{out}/rows.csv"),
    "score": ("{fit}/m.tidemill", "{data}", "--out", "{out}/ranked.csv"),
    "evaluate": (
        *(*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/scores.json"),
        *("--metric", "marginals", *ROLES),
    ),
    "fairness": ("{fit}/m.tidemill", *REAL, "--sensitive", "diagnosis", "--out", "{out}/f.json"),
    "verdict": (*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/verdict.json", *ROLES),
    "audit": ("{fit}/m.tidemill", *ATTACKED, "--out", "{out}/audit"),
    "share": ("{fit}/m.tidemill", *ATTACKED, "--rows", "100", "--out", "{out}/shared"),
    "run": ("{data}", *ROLES, "--out", "{out}/run"),
    "report": ("{run}/run", "--out", "{out}/again.html"),
    "loop": ("{data}", *ROLES, "--rounds", "1", "--out", "{out}/loop"),
    "recipe": ("churn", "{data}", *ROLES, "--quick", "--out", "{out}/churn"),
}
WHOSE = ("--entity", "person", "--target", "again", "--sensitive", "town")
VISITS: Calls = {
    "read": ("{data}", *WHOSE),
    "clean": ("{data}", "--out", "{out}/clean.csv", *WHOSE),
    "split": (
        *("{data}", "--train", "{out}/train.csv", "--holdout", "{out}/holdout.csv"),
        *WHOSE[:4],
    ),
    "mine": ("{data}", "--out", "{out}/findings.json", *WHOSE),
    "fit": ("{split}/train.csv", "--out", "{out}/m.tidemill", *WHOSE),
    "sample": ("{fit}/m.tidemill", "--rows", "300", "--out", "{out}/new.csv"),
    "what-if": ("{fit}/m.tidemill", "{data}", "--set", "ward=north", "--out", "{out}/rows.csv"),
    "score": PATIENTS["score"],
    "evaluate": (*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/scores.json", *WHOSE),
    "fairness": ("{fit}/m.tidemill", *REAL, "--out", "{out}/f.json"),
    "verdict": (*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/verdict.json", *WHOSE),
    "audit": PATIENTS["audit"],
    "share": PATIENTS["share"],
    "run": ("{data}", *WHOSE, "--out", "{out}/run"),
    "report": PATIENTS["report"],
    "recipe": ("churn", "{data}", *WHOSE, "--quick", "--out", "{out}/churn"),
}
ABOUT = ("--target", "churn")
LETTERS: Calls = {
    "read": ("{data}", *ABOUT),
    "clean": ("{data}", "--out", "{out}/clean.csv", "--log", "{out}/log.csv", *ABOUT),
    "split": (
        *("{data}", "--train", "{out}/train.csv", "--holdout", "{out}/holdout.csv"),
        *("--target", "churn"),
    ),
    "mine": ("{data}", "--out", "{out}/findings.json", *ABOUT),
    "fit": ("{data}", "--out", "{out}/m.tidemill", *ABOUT),
    "sample": ("{fit}/m.tidemill", "--rows", "900", "--out", "{out}/new.csv"),
    "evaluate": (*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/scores.json", *ABOUT),
    "audit": PATIENTS["audit"],
    "share": PATIENTS["share"],
    "run": ("{data}", *ABOUT, "--out", "{out}/run"),
    "report": PATIENTS["report"],
    "recipe": ("churn", "{data}", *ABOUT, "--quick", "--out", "{out}/churn"),
}
SMALL = ("--steps", "2", "--option", "width=8", "--option", "cores=1")
STEPS = ("--entity", "patient", "--time", "day", "--target", "state")
COURSES: Calls = {
    "read": ("{data}", *STEPS),
    "clean": ("{data}", "--out", "{out}/clean.csv", *STEPS),
    "split": (
        *("{data}", "--train", "{out}/train.csv", "--holdout", "{out}/holdout.csv"),
        *STEPS,
    ),
    "mine": ("{data}", "--out", "{out}/findings.json", *STEPS),
    "fit": (
        *("{split}/train.csv", "--window", "8", "--out", "{out}/m.tidemill"),
        *(*STEPS, *SMALL),
    ),
    "sample": ("{fit}/m.tidemill", "--rows", "30", "--out", "{out}/new.csv"),
    "infill": ("{fit}/m.tidemill", "{data}", "--out", "{out}/filled.csv"),
    "extend": (
        *("{fit}/m.tidemill", "--past", "{data}", "--steps", "2", "--paths", "2"),
        *("--out", "{out}/futures.csv"),
    ),
    "evaluate": (*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/scores.json", *STEPS),
    "verdict": (
        *(*REAL, "--synthetic", "{sample}/new.csv", "--out", "{out}/verdict.json"),
        *(*STEPS[:4], "--target", "cost"),
    ),
    "run": ("{data}", *STEPS, *SMALL, "--out", "{out}/run"),
    "report": PATIENTS["report"],
}
SEEN = ("--train", "{split}/train.parquet", "--holdout", "{split}/holdout.parquet")
LABEL = ("--target", "label")
PORTRAITS: Calls = {
    "read": ("{data}",),
    "clean": ("{data}", "--out", "{out}/clean.parquet"),
    "split": ("{data}", "--train", "{out}/train.parquet", "--holdout", "{out}/holdout.parquet"),
    "mine": ("{data}", "--out", "{out}/findings.json"),
    "fit": ("{split}/train.parquet", "--out", "{out}/m.tidemill", *LABEL, *SMALL),
    "sample": ("{fit}/m.tidemill", "--rows", "60", "--out", "{out}/new.npz"),
    "evaluate": (*SEEN, "--synthetic", "{run}/run/synthetic.parquet", "--out", "{out}/f.json"),
    "run": ("{data}", *SMALL, "--out", "{out}/run"),
    "report": PATIENTS["report"],
}
CALLS = {
    "patients": PATIENTS,
    "visits": VISITS,
    "courses": COURSES,
    "letters": LETTERS,
    "portraits": PORTRAITS,
}
SLOW = ("fairness", "verdict", "audit", "share", "run", "report", "loop", "recipe")
MORE_SLOW = {
    "patients": ("what-if",),
    "visits": ("evaluate",),
    "courses": ("evaluate", "mine"),
    "letters": ("evaluate",),
    "portraits": ("evaluate", "mine"),
}
NO_ROWS = {"demo": "a run of a public table", "speak": "what a page says already"}

ROWS = {
    "clean.csv": "the cleaned rows, which the user asks for",
    "clean.parquet": "the cleaned rows, which stay with the owner",
    "log.csv": "every changed cell, which the user asks for",
    "changes.csv": "every changed cell, which stays with the owner",
    "changes.parquet": "every changed cell, which stays with the owner",
    "train.sqlite": "the real rows, which stay with the owner",
    "holdout.sqlite": "the real rows, which stay with the owner",
    "train.csv": "the real rows, which stay with the owner",
    "train.parquet": "the real rows, which stay with the owner",
    "holdout.csv": "the real rows, which stay with the owner",
    "holdout.parquet": "the real rows, which stay with the owner",
    "filled.csv": "the user's own rows, completed",
    "futures.csv": "the user's own entities, gone on with",
    "rows.csv": "the user's own rows, with what is expected of each",
    "ranked.csv": "the user's own rows, ranked",
    "scored.csv": "the held-out rows with their chance, which stay with the owner",
    "rows-at-risk.parquet": "the real rows at risk, which stay with the owner",
}


@dataclass
class Played:
    """Verbs that were called, each once, after those whose results they need.

    Attributes:
        folder: In which each verb has a folder of its own.
        data: What is read.
        planted: The table.
        calls: The verbs.
        told: Verb -> the texts that it said and wrote, by where they stand.
    """

    folder: Path
    data: Path
    planted: Planted
    calls: Calls
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def call(self, verb: str) -> list[tuple[str, str]]:
        if verb in self.told:
            return self.told[verb]
        for other in self.calls:
            if f"{{{other}}}/" in " ".join(self.calls[verb]):
                self.call(other)
        out = self.folder / verb
        out.mkdir()
        places = {other: str(self.folder / other) for other in self.calls}
        places |= {"out": str(out), "data": str(self.data)}
        arguments = [verb, *(part.format(**places) for part in self.calls[verb])]
        texts = said(arguments)
        for file in sorted(out.rglob("*")):
            texts += of_file(file)
        again = [] if verb == "read" else ["--overwrite"]
        texts += said([*arguments, "--json", *again])
        self.told[verb] = texts
        return texts


def said(arguments: list[str]) -> list[tuple[str, str]]:
    """What a verb writes to the terminal."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["tidemill", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    # share says no by the exit code where an attack finds a leak
    assert not ended.value.code or arguments[0] == "share", err.getvalue()
    return [("stdout", out.getvalue()), ("stderr", err.getvalue())]


def of_file(file: Path) -> list[tuple[str, str]]:
    if not file.is_file() or file.name in ROWS:
        return []
    return list(texts_of(file))


def found(texts: list[tuple[str, str]], secrets: list[Secret]) -> list[str]:
    return [
        f"{where}: {secret.column}, {secret.what}: …{around}…"
        for where, text in texts
        for secret, around in leaks(text, secrets)
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """By the table."""
    tables = {}
    made = {
        "patients": patients(),
        "visits": visits(),
        "courses": courses(),
        "letters": letters(),
    }
    for name, planted in made.items():
        folder = tmp_path_factory.mktemp(name)
        data = folder / f"{name}.csv"
        planted.frame.write_csv(data)
        tables[name] = Played(folder, data, planted, CALLS[name])
    folder, pictures = tmp_path_factory.mktemp("portraits"), portraits()
    write_pictures(folder / "pictures", pictures, labelled=True)
    tables["portraits"] = Played(folder, folder / "pictures", pictures, PORTRAITS)
    return tables


def test_every_verb_is_tried() -> None:
    verbs = {name for section in COMMANDS.values() for name in section}
    assert verbs == {verb for calls in CALLS.values() for verb in calls} | NO_ROWS.keys()
    assert verbs <= set(typer.main.get_group(app).commands)


@pytest.mark.parametrize("table", CALLS)
def test_a_secret_is_found_where_it_stands(table: str, played: dict[str, Played]) -> None:
    planted = played[table].planted
    assert len(list(leaks(planted.frame.write_csv(), planted.secrets))) == len(planted.secrets)


def is_slow(table: str, verb: str) -> bool:
    return verb in SLOW or verb in MORE_SLOW[table]


@pytest.mark.parametrize(
    ("table", "verb"),
    [
        pytest.param(table, verb, marks=pytest.mark.slow if is_slow(table, verb) else ())
        for table, verbs in CALLS.items()
        for verb in verbs
    ],
)
def test_no_verb_tells_a_secret(table: str, verb: str, played: dict[str, Played]) -> None:
    assert found(played[table].call(verb), played[table].planted.secrets) == []


@pytest.mark.slow
def test_a_database_tells_no_secret(tmp_path: Path) -> None:
    """A run of patients with their stays, judged again, and told again."""
    planted = patients()
    people = planted.frame
    names = people["visit_id"].to_list()
    stays = pl.DataFrame(
        {
            "stay": range(2 * len(names)),
            "visit_id": names + names[::-1],
            "ward": (["north", "south", "east"] * len(names))[: 2 * len(names)],
        }
    )
    (tmp_path / "clinic").mkdir()
    people.write_csv(tmp_path / "clinic" / "patients.csv")
    stays.write_csv(tmp_path / "clinic" / "stays.csv")
    out = tmp_path / "run"
    told = said(["run", str(tmp_path / "clinic"), "--out", str(out)])
    told += said(["evaluate", str(out), "--out", str(tmp_path / "again.json")])
    told += said(["report", str(out), "--out", str(tmp_path / "again.html")])
    for file in (*sorted(out.iterdir()), tmp_path / "again.json", tmp_path / "again.html"):
        told += of_file(file)
    assert {"synthetic.sqlite", "report.html", "report.json"} <= {where for where, _ in told}
    assert found(told, planted.secrets) == []


def test_folders_of_pictures_tell_no_secret(tmp_path: Path) -> None:
    planted = portraits()
    write_pictures(tmp_path / "pictures", planted, labelled=False)
    told = said(["read", str(tmp_path / "pictures")])
    told += said(["clean", str(tmp_path / "pictures"), "--out", str(tmp_path / "clean.parquet")])
    assert found(told, planted.secrets) == []


def test_a_level_of_one_person_is_not_told_however_many_rows_it_has() -> None:
    planted = visits()
    data = tm.read(planted.frame, target="again", entity="person")
    told = [str(tm.clean(data).issues), str(tm.mine(data).to_state())]
    assert found([("mine", text) for text in told], planted.secrets) == []


def test_errors_and_frames_of_a_notebook_tell_no_secret(tmp_path: Path) -> None:
    planted = patients()
    data = tm.read(planted.frame, target="outcome", ignore="internal_comment")
    cleaned = tm.clean(data)
    told = [cleaned.summary, cleaned._repr_html_(), tm.mine(cleaned.data)._repr_html_()]
    for kind, column in (("number", "note"), ("datetime", "town"), ("number", "full_name")):
        wishes = tmp_path / "wishes.toml"
        wishes.write_text(f"[columns.{column}]\nkind = '{kind}'\n")
        with pytest.raises(TidemillError) as error:
            tm.read(planted.frame, schema=wishes)
        told.append(str(error.value))
    model = tm.fit(cleaned.data)
    for where in ("town=Narnia", "outcome=lost", "since>2050-01-01", "fee<-100000"):
        with pytest.raises(ConditionError) as refused:
            model.sample(5, where=where)
        told.append(str(refused.value))
    assert found([("told", text) for text in told], planted.secrets) == []


def test_pandas_levels_tell_no_secret() -> None:
    planted = patients()
    frame = planted.frame.to_pandas()
    frame["town"] = frame["town"].astype("category")
    data = tm.read(frame.set_index("visit_id"), target="churn", ignore="internal_comment")
    told = [str(tm.clean(data).issues), tm.read(frame).schema.to_state().__str__()]
    assert found([("pandas", text) for text in told], planted.secrets) == []
