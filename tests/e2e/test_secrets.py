"""The law over the verbs: whatever a verb says or writes for others to read tells no secret of the
rows. Each file that may hold real rows stands in ROWS, with the reason."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer

import tidemill as tm
from tests.e2e.planted import Planted, Secret, leaks, patients, texts_of, visits
from tidemill.cli import app, main
from tidemill.command_help import COMMANDS
from tidemill.core.errors import ConditionError, TidemillError

ROLES = ("--target", "churn", "--ignore", "internal_comment", "--sensitive", "diagnosis")
REAL = ("--train", "{split}/train.csv", "--holdout", "{split}/holdout.csv")
ATTACKED = (*REAL, "--canaries", "0")
# verb -> its arguments; {out} is a folder of its own, {verb} that of another verb
CALLS: dict[str, tuple[str, ...]] = {
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
SLOW = ("fairness", "verdict", "audit", "share", "run", "report", "loop", "recipe")
AGAIN: dict[str, tuple[str, ...]] = {
    "read": (),
    **dict.fromkeys(("clean", "mine", "infill", "what-if", "score", "evaluate"), ("--overwrite",)),
}
"""Verbs that are called once more, to say the same as JSON."""
NO_ROWS = {"demo": "a run of a public table"}

ROWS = {
    "clean.csv": "the cleaned rows, which the user asks for",
    "clean.parquet": "the cleaned rows, which stay with the owner",
    "log.csv": "every changed cell, which the user asks for",
    "changes.csv": "every changed cell, which stays with the owner",
    "changes.parquet": "every changed cell, which stays with the owner",
    "train.csv": "the real rows, which stay with the owner",
    "train.parquet": "the real rows, which stay with the owner",
    "holdout.csv": "the real rows, which stay with the owner",
    "holdout.parquet": "the real rows, which stay with the owner",
    "filled.csv": "the user's own rows, completed",
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
        planted: The table.
        told: Verb -> the texts that it said and wrote, by where they stand.
    """

    folder: Path
    planted: Planted
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def call(self, verb: str) -> list[tuple[str, str]]:
        if verb in self.told:
            return self.told[verb]
        for other in CALLS:
            if f"{{{other}}}/" in " ".join(CALLS[verb]):
                self.call(other)
        out = self.folder / verb
        out.mkdir()
        places = {other: str(self.folder / other) for other in CALLS}
        places |= {"out": str(out), "data": str(self.folder / "patients.csv")}
        arguments = [verb, *(part.format(**places) for part in CALLS[verb])]
        texts = said(arguments)
        for file in sorted(out.rglob("*")):
            texts += of_file(file)
        if verb in AGAIN:
            texts += said([*arguments, "--json", *AGAIN[verb]])
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
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder, planted = tmp_path_factory.mktemp("secrets"), patients()
    planted.frame.write_csv(folder / "patients.csv")
    return Played(folder, planted)


def test_every_verb_is_tried() -> None:
    verbs = {name for section in COMMANDS.values() for name in section}
    assert verbs == CALLS.keys() | NO_ROWS.keys()
    assert verbs <= set(typer.main.get_group(app).commands)


def test_a_secret_is_found_where_it_stands(played: Played) -> None:
    planted = played.planted
    assert len(list(leaks(planted.frame.write_csv(), planted.secrets))) == len(planted.secrets)


@pytest.mark.parametrize(
    "verb", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in CALLS]
)
def test_no_verb_tells_a_secret(verb: str, played: Played) -> None:
    assert found(played.call(verb), played.planted.secrets) == []


def test_a_level_of_one_person_is_not_told_however_many_rows_it_has() -> None:
    planted = visits()
    data = tm.read(planted.frame, target="again", entity="person")
    cleaned = tm.clean(data)
    told = [str(cleaned.issues), str(tm.mine(cleaned.data)), str(tm.mine(data).to_state())]
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
