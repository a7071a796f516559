"""No command replaces what it reads, or one output by another, by whatever name they are given."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill import cli, describe, sharing, verbs
from tidemill.auditing import audit
from tidemill.augmentation import outputs as loop_folder
from tidemill.core.errors import OutputError
from tidemill.core.outputs import UNFINISHED
from tidemill.describe import Option
from tidemill.pipeline import folder as run_folder
from tidemill.recipes import RECIPES
from tidemill.recipes.run import outputs_of

COMMANDS = {
    str(one.name): one.name.replace("-", "_") for one in cli.app.registered_commands if one.name
}
FILES = {"FILE", "DIR", "[DIR]", "DATA", "MODEL", "A", "B", "C", "H"}
FOLDERS = {
    "run": run_folder.OUTPUTS,
    "loop": loop_folder.FILES,
    "audit": audit.OUTPUTS,
    "share": sharing.OUTPUTS,
    "recipe": outputs_of(RECIPES.load("churn")),  # all recipes take the same way
    "demo": (),  # reads no file
}
"""Commands that fill a folder, and what they write there."""
MORE = {"rows": "5", "set": "plan=team", "target": "churn", "name": "churn"}


def options(command: str) -> tuple[Option, ...]:
    return describe.options_of(getattr(cli, COMMANDS[command]))


def pairs(kind: str) -> list[tuple[str, str, str]]:
    """(command, an option that is read or written, another one that is written)."""
    found = []
    for command in COMMANDS:
        stated = options(command)
        written = [one.name for one in stated if one.doc.writes in ("table", "file")]
        if kind == "writes":
            found += [(command, *two) for two in itertools.combinations(written, 2)]
        else:
            read = [one.name for one in stated if one.doc.reads]
            found += [(command, *two) for two in itertools.product(read, written)]
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, a model and a schema."""
    folder = tmp_path_factory.mktemp("made")
    data = tm.read(business(80), target="churn")
    tm.write(data, folder / "table.csv")
    tm.fit(data, model="independent").save(folder / "model.tidemill")
    (folder / "file.toml").write_text('[columns.age]\nkind = "number"\n')
    return folder


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Calls the command line; gives the exit code, and what it says on standard error."""

    def call(words: list[str]) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["tidemill", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), capfd.readouterr().err

    return call


def given(command: str, made: Path, at: Path) -> dict[str, Path]:
    """A file for each option of a command that names one."""
    files = {}
    for one in options(command):
        endings = {"table": "table.csv", "model": "model.tidemill", "file": "file.toml"}
        if one.doc.reads:
            files[one.name] = at / f"{one.name} {endings[one.doc.reads]}"
            shutil.copy(made / endings[one.doc.reads], files[one.name])
        elif one.doc.writes:
            files[one.name] = at / f"{one.name}.csv"
    return files


def words(command: str, values: dict[str, Any]) -> list[str]:
    said = [command]
    for one in options(command):
        value = values.get(one.name)
        if value is None and one.default is describe.REQUIRED:
            value = MORE[one.name]
        if value is not None:
            said += [str(value)] if one.positional else [f"--{one.flag}", str(value)]
    return [*said, "--overwrite"]


def spellings(path: Path) -> list[str]:
    """Other names of one file."""
    linked, hard = path.with_name("linked.csv"), path.with_name("hard.csv")
    linked.symlink_to(path)
    os.link(path, hard)
    (path.parent / "sub").mkdir()
    folder = path.parent.with_name(path.parent.name + " linked")
    folder.symlink_to(path.parent)
    return [
        *map(str, (path, linked, hard, folder / path.name, path.with_name(path.name.upper()))),
        os.path.relpath(path),
        f"{path.parent}/sub/../{path.name}",
        f"{path.parent}//./{path.name}",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_names_a_file_says_whether_it_is_read_or_written(command: str) -> None:
    for one in options(command):
        if one.given is Path or one.doc.metavar in FILES:
            assert bool(one.doc.reads) != bool(one.doc.writes), one.name
    if any(one.doc.writes == "folder" for one in options(command)):
        assert command in FOLDERS


@pytest.mark.parametrize(("command", "read", "written"), pairs("reads"))
def test_no_output_replaces_what_is_read(
    command: str, read: str, written: str, made: Path, tmp_path: Path, called: Callable[..., Any]
) -> None:
    files = given(command, made, tmp_path)
    own = files[read]
    before = own.read_bytes()
    for name in spellings(own):
        code, said = called(words(command, {**files, written: name}))
        assert code == 2, (name, said)
        assert "read here" in said, (name, said)
    assert own.read_bytes() == before
    other = words(command, {**files, written: own.parent / "sub"})
    assert called(other)[0] == 2


@pytest.mark.parametrize(("command", "one", "other"), pairs("writes"))
def test_no_output_replaces_another(
    command: str, one: str, other: str, made: Path, tmp_path: Path, called: Callable[..., Any]
) -> None:
    files = given(command, made, tmp_path)
    new = tmp_path / "new.csv"
    for name in (new, tmp_path / "NEW.csv", tmp_path / "sub" / ".." / "new.csv"):
        code, said = called(words(command, {**files, one: new, other: name}))
        assert code == 2, (name, said)
        assert "two outputs" in said, (name, said)
    assert not new.exists()
    new.write_text("old")
    for name in spellings(new):
        code, said = called(words(command, {**files, one: new, other: name}))
        assert code == 2, (name, said)
    assert new.read_text() == "old"


@pytest.mark.parametrize(
    ("command", "read"),
    [
        (command, one.name)
        for command in FOLDERS
        for one in options(command)
        if one.doc.reads and one.name != "model"
    ],
)
def test_no_folder_of_results_replaces_what_is_read(
    command: str, read: str, made: Path, tmp_path: Path, called: Callable[..., Any]
) -> None:
    files = given(command, made, tmp_path)
    out = tmp_path / "out"
    (out / UNFINISHED).mkdir(parents=True)
    (out / "loop").mkdir()
    for name in (*FOLDERS[command], f"{UNFINISHED}/data.csv"):
        shutil.copy(files[read], out / name)
        before = (out / name).read_bytes()
        code, said = called(words(command, {**files, read: out / name, "out": out}))
        assert code == 2, (name, said)
        assert "read here" in said, (name, said)
        assert (out / name).read_bytes() == before
        (out / name).unlink()


@pytest.mark.parametrize(
    ("command", "written"),
    [(command, one.name) for command in COMMANDS for one in options(command) if one.doc.writes],
)
def test_an_output_is_a_file_that_can_be_written(
    command: str, written: str, made: Path, tmp_path: Path, called: Callable[..., Any]
) -> None:
    """Said before the work: the table is never read."""
    if command == "demo":
        return
    files = given(command, made, tmp_path)
    for one in options(command):
        if one.doc.reads == "table":
            files[one.name].write_text("no table")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "around.csv").symlink_to(tmp_path / "around.csv")
    wrong = [tmp_path / "pipe.csv", tmp_path / "around.csv", made / "table.csv" / "in.csv"]
    wrong += [tmp_path / f"{'long' * 80}.csv", Path("/dev/null")]
    if next(one for one in options(command) if one.name == written).doc.writes != "folder":
        wrong.append(tmp_path)
    for path in wrong:
        code, said = called(words(command, {**files, written: path}))
        assert code == 2, (path, said)
        assert "Traceback" not in said
        assert path.name[:9] in said, (path, said)
    assert (tmp_path / "pipe.csv").is_fifo()
    assert not list(tmp_path.glob(".*"))


def test_verbs_refuse_it_as_commands_do(made: Path, tmp_path: Path) -> None:
    for name in ("table.csv", "model.tidemill"):
        shutil.copy(made / name, tmp_path / name)
    table, model = tmp_path / "table.csv", tmp_path / "model.tidemill"
    with pytest.raises(OutputError, match="read here"):
        verbs.sample_to(model, table, 5, like=table, overwrite=True)
    with pytest.raises(OutputError, match="read here"):
        verbs.infill_to(model, table, table, overwrite=True)
    for name in sharing.OUTPUTS:
        shutil.copy(table, tmp_path / name)
        with pytest.raises(OutputError, match="read here"):
            tm.share(model, table, tmp_path / name, tmp_path, overwrite=True)


def test_a_run_s_folder_keeps_its_results_and_takes_others(
    made: Path, tmp_path: Path, called: Callable[..., Any]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(made / "model.tidemill", out / "model.tidemill")
    (out / "synthetic.parquet").write_bytes(b"of the run")
    sample = ["sample", str(out), "--rows", "5", "--overwrite", "--out"]
    code, said = called([*sample, str(out / "synthetic.parquet")])
    assert (code, "read here" in said) == (2, True)
    assert called([*sample, str(out / "more.csv")])[0] == 0
    assert called([*sample, str(out / "more.csv")])[0] == 0


def test_a_link_is_followed_and_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    rows = tm.read(business(5))
    private, linked = tmp_path / "private.csv", tmp_path / "linked.csv"
    private.touch(0o600)
    linked.symlink_to("private.csv")
    tm.write(rows, linked, overwrite=True)
    assert linked.is_symlink()
    assert len(tm.read(private)) == 5
    assert private.stat().st_mode & 0o777 == 0o600
