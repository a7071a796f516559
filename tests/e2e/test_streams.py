"""What is printed, and where it cannot be: the work is done all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Tidemill

COMMAND = f"{sys.executable} -m tidemill clean {{}} --out out.csv"


def shell(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("behind", "code"),
    [
        (">/dev/full", 2),
        ("2>/dev/full", 0),
        (">&-", 0),
        ("2>&-", 0),
        ("--json >&- 2>&- <&-", 0),
        ("| head -c 1; exit ${PIPESTATUS[0]}", 0),
    ],
)
def test_the_output_is_there_wherever_messages_go(
    behind: str, code: int, tmp_path: Path, customers: Path
) -> None:
    done = shell(tmp_path, f"{COMMAND.format(customers)} {behind}")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    header, *rows = (tmp_path / "out.csv").read_text().splitlines()
    assert header.startswith("customer_id,")
    assert len(rows) == 300
    if code:
        assert "Next:" in done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_console_that_lacks_characters_gets_their_codes(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("名,b\n" + "北京,1\n上海,2\n" * 30)
    command = f"{sys.executable} -m tidemill read d.csv"
    plain = shell(tmp_path, command, PYTHONIOENCODING=encoding)
    assert plain.returncode == 0
    assert "\\u540d" in plain.stdout
    told = shell(tmp_path, f"{command} --json", PYTHONIOENCODING=encoding)
    result = [json.loads(line) for line in told.stdout.splitlines()][-1]
    assert result["columns"][0]["column"] == "名"


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202ered"


def test_nothing_of_a_file_reaches_the_terminal_as_a_command(
    tmp_path: Path, tidemill: Tidemill
) -> None:
    path = tmp_path / "d.csv"
    lines = [f'"{HOSTILE}{"ab"[k % 2]}",{k % 7},{k}' for k in range(200)]
    path.write_text(f'"{HOSTILE}","n","{HOSTILE}2"\n' + "\n".join(lines), encoding="utf-8")
    model = tmp_path / "m.tidemill"
    for arguments in (
        ("read", path),
        ("mine", path, "--target", "n"),
        ("fit", path, "--out", model),
        ("fit", path, "--out", tmp_path / "o", "--target", HOSTILE + "x"),
        (
            "sample",
            model,
            "--out",
            tmp_path / "o.csv",
            "--rows",
            5,
            "--where",
            f"{HOSTILE}={HOSTILE}",
        ),
        ("read", tmp_path / HOSTILE),
        ("models", HOSTILE),
    ):
        for extra in ((), ("--json",)):
            done = tidemill(*arguments, *extra)
            for text in (done.out, done.err):
                assert not set(text) & set("\x1b\x07\x9b\u202e"), arguments
