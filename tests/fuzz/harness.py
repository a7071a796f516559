"""Many damaged models, read in child processes that may die."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.mutations import mutated

PATIENCE = 60.0
"""Seconds of work after which a file that is still being read counts as one that hangs."""
ASLEEP = 10
"""So many times longer it may take where the machine has other things to do."""
ROOM = 200 << 20
"""Bytes that loading may take beside ten times those of the file."""
ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What came of one damaged model.

    Attributes:
        number, of, change: Which it is, the model that it was, and what was done to it.
        fault: What went wrong; empty where it was refused with an error, or used.
        loaded: Whether it could be loaded.
        seconds, memory: Of loading; bytes beside what the process held before.
    """

    number: int
    of: str
    change: str
    fault: str = ""
    loaded: bool = False
    seconds: float = 0.0
    memory: int = 0
    size: int = 0

    def __str__(self) -> str:
        return f"#{self.number} {self.of}: {self.change}\n{self.fault}"


@dataclass
class Child:
    """A process that reads models, started again where it died."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def read(self, path: Path, turn: int) -> tuple[dict[str, Any] | None, str]:
        """What it says of a file; or None, and how it died."""
        if self.process is None or self.process.poll() is not None:
            self._start()
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{path} {turn}\n".encode())
        self.process.stdin.flush()
        line = self._line(PATIENCE)
        if line:
            return json.loads(line), ""
        if self.process.poll() is None and line is None:
            self.close()
            return None, f"hangs for more than {PATIENCE:.0f} s"
        code = self.process.wait()
        said = (self.folder / "stderr").read_text(encoding="utf-8", errors="replace")[-1_500:]
        return None, f"the process died with {code}:\n{said}"

    def _start(self) -> None:
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        with (self.folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.reader"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
                cwd=ROOT,
            )
        assert self._line(300), "the reader does not start"

    def _line(self, patience: float) -> bytes | None:
        """The next line that it says; None where it has worked so long and says nothing."""
        assert self.process is not None
        assert self.process.stdout is not None
        began, worked = time.monotonic(), _seconds(self.process.pid)
        while time.monotonic() - began < ASLEEP * patience:
            if select.select([self.process.stdout], [], [], 1.0)[0]:
                return self.process.stdout.readline()
            if _seconds(self.process.pid) - worked > patience:
                break
        return None

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            ended(self.process)
            self.process = None


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a child, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _seconds(pid: int) -> float:
    """How long a process has worked."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[13:15]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def outcomes(
    models: Mapping[str, Path],
    count: int,
    seed: int,
    first: int = 0,
    every: int = 1,
    *,
    damage: bool = True,
    spare: bool = False,
) -> Iterator[Outcome]:
    """What comes of so many damaged models.

    Args:
        models: Those that are damaged, in turn.
        count: How many damaged ones.
        seed: Another one makes others.
        first, every: Only each ``every``-th one from ``first`` on, for several children.
        damage: Whether anything is done to them at all.
        spare: Whether only some of what one does with a model is done with each.
    """
    whole = {name: path.read_bytes() for name, path in models.items()}
    names = list(whole)
    with tempfile.TemporaryDirectory() as folder:
        child = Child(Path(folder))
        try:
            for number in range(first, count, every):
                name = names[number % len(names)]
                change, content = "nothing", whole[name]
                if damage:
                    change, content = mutated(content, np.random.default_rng((seed, number)))
                path = Path(folder) / "damaged.tidemill"
                turn = number // len(names) if spare else -1
                path.write_bytes(content)
                yield _judged(
                    Outcome(number, name, change, size=len(content)), *child.read(path, turn)
                )
        finally:
            child.close()


def _judged(outcome: Outcome, said: Mapping[str, Any] | None, died: str) -> Outcome:
    if said is None:
        outcome.fault = died
        return outcome
    outcome.loaded = said["loaded"]
    outcome.seconds, outcome.memory = said["seconds"], said["memory"]
    outcome.fault = "\n".join(said["faults"])
    if outcome.memory > 10 * outcome.size + ROOM:
        outcome.fault += f"loading takes {outcome.memory >> 20} MB for {outcome.size >> 10} KB"
    return outcome
