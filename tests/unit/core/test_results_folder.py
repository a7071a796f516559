"""A folder of results is of one run, whatever happens to it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemill.core.artifact import make_folder, write_json, writing
from tidemill.core.errors import Cancelled, InputError, OutputError
from tidemill.core.outputs import UNFINISHED
from tidemill.core.results_folder import SIGNS, ResultsFolder, making, refuse_unfinished

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
NAMES = ("sub/a.json", "b.json", SIGNS["run"], "page.json")


def made(results: ResultsFolder, value: int, names: tuple[str, ...] = NAMES) -> None:
    for name in names:
        write_json(results.aside / name, value)


def filled(folder: Path, value: int, names: tuple[str, ...] = NAMES, **options: bool) -> None:
    with making(folder, NAMES, "run", **options) as results:
        made(results, value, names)


def ending(folder: Path, error: Exception) -> None:
    with making(folder, NAMES, "run", overwrite=True) as results:
        made(results, 1, ("b.json",))
        raise error


def held(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text().strip() for path in files}


def test_results_appear_together_and_replace_those_of_an_earlier_run(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    with making(folder, NAMES, "run") as results:
        made(results, 1)
        assert set(held(folder)) == {f"{UNFINISHED}/{name}" for name in (*NAMES, ".lock")}
    assert held(folder) == dict.fromkeys(NAMES, "1")
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="results already"):
        filled(folder, 2)
    filled(folder, 2, NAMES[1:], overwrite=True)
    assert held(folder) == {**dict.fromkeys(NAMES[1:], "2"), "mine.txt": "mine"}


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for _ in range(2):
        before = held(tmp_path)
        with pytest.raises(ZeroDivisionError):
            ending(folder, ZeroDivisionError())
        assert held(tmp_path) == before
        if not before:
            assert not folder.exists()
            filled(folder, 1)


def test_what_was_finished_when_it_was_stopped_is_kept_apart(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        ending(tmp_path, Cancelled("stopped"))
    assert held(tmp_path) == {f"{UNFINISHED}/b.json": "1"}
    with pytest.raises(InputError, match="not finished"):
        refuse_unfinished(tmp_path / UNFINISHED)
    refuse_unfinished(tmp_path)
    filled(tmp_path, 2, NAMES[1:])
    assert held(tmp_path) == dict.fromkeys(NAMES[1:], "2")


def test_a_folder_of_another_command_or_of_the_user_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / SIGNS["audit"]).write_text("1")
    with pytest.raises(OutputError, match="another command"):
        filled(tmp_path, 1, overwrite=True)
    (tmp_path / SIGNS["audit"]).unlink()
    own = tmp_path / UNFINISHED / "novel.txt"
    own.parent.mkdir()
    own.write_text("mine")
    with pytest.raises(OutputError, match="not of such a run"):
        filled(tmp_path, 1, overwrite=True)
    assert held(tmp_path) == {f"{UNFINISHED}/novel.txt": "mine"}


def killed(folder: Path, when: str) -> None:
    """A run that is killed with its results made, or while these are put in their places."""

    def replace(self: Path, target: Path) -> Path:
        self.rename(target)
        if when in str(target):
            os.kill(os.getpid(), signal.SIGKILL)
        return target

    Path.replace = replace  # type: ignore[method-assign]
    filled(folder, 2, overwrite=True)


@pytest.mark.parametrize("when", [f"{UNFINISHED}/page", "out/b.json", "out/page.json"])
def test_a_killed_run_leaves_the_old_whole_or_says_that_it_is_unfinished(
    tmp_path: Path, when: str
) -> None:
    folder = tmp_path / "out"
    filled(folder, 1)
    process = started(killed, folder, when)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    left = {name: text for name, text in held(folder).items() if UNFINISHED not in name}
    if UNFINISHED in when:
        assert left == dict.fromkeys(NAMES, "1")
        refuse_unfinished(folder)
    else:
        assert set(left.values()) == {"2"}  # and none of the earlier run
        with pytest.raises(ZeroDivisionError):
            ending(folder, ZeroDivisionError())
        with pytest.raises(InputError, match="not finished"):
            refuse_unfinished(folder)
    filled(folder, 3, overwrite=True)
    assert held(folder) == dict.fromkeys(NAMES, "3")
    refuse_unfinished(folder)


def writing_for_ever(folder: Path) -> None:
    with writing(folder / "t.csv.gz"):
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_beside_an_output_goes_with_the_next(tmp_path: Path) -> None:
    started(writing_for_ever, tmp_path).join()
    assert len(list(tmp_path.iterdir())) == 1
    with writing(tmp_path / "one.json"):
        write_json(tmp_path / "other.json", 1)  # and what this process writes stays
    assert sorted(held(tmp_path)) == ["one.json", "other.json"]


def waiting(folder: Path, ready: multiprocessing.synchronize.Event) -> None:
    with making(folder, NAMES, "run", overwrite=True) as results:
        made(results, 2)
        ready.set()
        signal.pause()


def test_of_two_writers_the_second_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    ready = CONTEXT.Event()
    process = started(waiting, tmp_path, ready)
    assert ready.wait(60)
    with pytest.raises(OutputError, match="another process"):
        filled(tmp_path, 1, overwrite=True)
    process.kill()
    process.join()
    filled(tmp_path, 1)
    assert held(tmp_path) == dict.fromkeys(NAMES, "1")


def many(folder: Path, value: int, refused: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    for _ in range(100):
        try:
            filled(folder, value, overwrite=True)
        except OutputError as error:
            with refused.get_lock():
                refused.value += "another process" not in str(error)


def test_writers_at_once_never_mix(tmp_path: Path) -> None:
    refused = CONTEXT.Value("i", 0)
    writers = [started(many, tmp_path, value, refused) for value in range(4)]
    for one in writers:
        one.join()
    assert [one.exitcode for one in writers] == [0] * 4
    assert refused.value == 0  # for another reason
    assert len(set(held(tmp_path).values())) == 1
    assert set(held(tmp_path)) == set(NAMES)


def test_a_folder_that_is_a_file_or_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            make_folder(tmp_path / name)
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")


CONTEXT = multiprocessing.get_context("fork")


def started(what: Callable[..., None], *given: object) -> multiprocessing.process.BaseProcess:
    process = CONTEXT.Process(target=what, args=given)
    process.start()
    return process
