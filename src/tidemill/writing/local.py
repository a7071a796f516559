"""A writer that runs a language model of the user's on this machine, in a process of its own."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tidemill.core.errors import InputError, MissingExtra, OptionError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.writing.chat_answers import answer_of
from tidemill.writing.prompts import messages_of, most_tokens
from tidemill.writing.writer import Ask, Writer, WrittenText

_MAGIC = b"GGUF"
_LOOK = 0.05
"""Seconds after which a waiting call looks whether the run was stopped."""
_LOADING = 300.0
"""Seconds that a model may take to load."""
_FALLS = 2
"""Times in a row that the model's process may end before no further text is asked for."""


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """Which model, and how it may run.

    Attributes:
        path: Its file, in GGUF form.
        threads: Of the model; on a busy machine one is faster than two.
        context: Tokens that an ask with its examples and its text may have together.
        temperature: Of drawing.
        seconds: That one text may take.
    """

    path: Path
    threads: int = 1
    context: int = 4096
    temperature: float = 0.7
    seconds: float = 120.0

    def __post_init__(self) -> None:
        for name in ("threads", "context", "seconds"):
            if not getattr(self, name) > 0:
                what = f"{name}={getattr(self, name)} makes no sense"
                raise OptionError(what, hint="give 1 or more")


class Local(Writer):
    """Runs a model from a file; the process ends with :meth:`close`, or with this one.

    Raises:
        InputError: There is no such file, or it is no GGUF file.
        MissingExtra: xllamacpp is not installed.

    Example:
        >>> Local(LocalOptions(Path("no-such.gguf")))
        Traceback (most recent call last):
        tidemill.core.errors.InputError: no-such.gguf: there is no such file
          Next: give the path of a model in GGUF form
    """

    name = "local"

    def __init__(self, options: LocalOptions) -> None:
        _check_file(options.path)
        if find_spec("xllamacpp") is None:
            raise MissingExtra(
                "a model of your own needs the package 'xllamacpp'",
                hint="pip install 'tidemill[local]'",
            )
        self.options = options
        self.counted: Counter[str] = Counter()
        self._process: _ModelProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the model's process; a later text starts another one."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        """A text for each ask, in their order; None where the model gave none that is whole, or
        time was up.

        Raises:
            InputError: The model cannot be loaded.
            Cancelled: The user stopped the run.
        """
        texts: list[WrittenText | None] = []
        falls = 0
        seen: Counter[str] = Counter()
        with run.stage("write", f"asks {self.options.path.name}", len(asks)) as stage:
            for ask in asks:
                over = run.deadline is not None and time.monotonic() >= run.deadline
                if over or falls >= _FALLS:
                    texts.append(None)
                    continue
                text = self._text(ask, seen, run)
                falls = falls + 1 if self._process is None else 0
                texts.append(text)
                stage.advance()
        if falls >= _FALLS:
            run.warn(
                f"The process of {self.options.path.name} ended {plural(falls, 'time')} in a row, "
                "so no further text was asked of it.",
                "write",
            )
        self.counted["failed"] += sum(text is None for text in texts)
        return texts

    def tells(self) -> str | None:
        return None

    def counts(self) -> Mapping[str, int]:
        return dict(self.counted)

    def _text(self, ask: Ask, seen: Counter[str], run: Run) -> WrittenText | None:
        """One text; the process is gone afterwards where it ended or had to be ended."""
        if self._process is None:
            self._process = _ModelProcess(self.options)
            if self._process.heard(_LOADING, run) is None:
                self.close()
                run.check()
                raise InputError(
                    "the model cannot be loaded",
                    where=str(self.options.path),
                    hint="see whether the file is whole, and its kind one that llama.cpp knows",
                )
        messages = messages_of(ask)
        asked = json.dumps(messages, ensure_ascii=False)
        seen[asked] += 1
        call: dict[str, Any] = {
            "messages": messages,
            "max_tokens": most_tokens(ask),
            "temperature": self.options.temperature,
            "seed": run.seed_of("writing", "local", asked, seen[asked]),
            "cache_prompt": False,  # else a text would depend on what was asked before
        }
        if ask.schema is not None:
            schema = {"name": "answer", "schema": dict(ask.schema)}
            call["response_format"] = {"type": "json_schema", "json_schema": schema}
        self.counted["calls"] += 1
        line = self._process.asked(call, self.options.seconds, run)
        if line is None:
            self.close()
            run.check()
            return None
        answer = answer_of(200, line.encode())
        self.counted["tokens"] += answer.tokens or 0
        return None if answer.text is None else WrittenText(answer.text, self.options.path.name)


class _ModelProcess:
    """A process that answers lines with lines."""

    def __init__(self, options: LocalOptions) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tidemill.writing.model_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C ends the run in order, and so the process
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=_hear, args=(self._process, self._lines), daemon=True).start()
        self.end = weakref.finalize(self, _end, self._process)
        self._say(
            {
                "path": str(options.path.resolve()),
                "threads": options.threads,
                "context": options.context,
            }
        )

    def asked(self, call: Mapping[str, Any], seconds: float, run: Run) -> str | None:
        """The answer to a call; None where there is none in time."""
        return self.heard(seconds, run) if self._say(call) else None

    def heard(self, seconds: float, run: Run) -> str | None:
        """The next line; None where the process ended, time is up, or the run was stopped."""
        until = time.monotonic() + seconds
        if run.deadline is not None:
            until = min(until, run.deadline)
        while time.monotonic() < until and not run.cancelled:
            try:
                return self._lines.get(timeout=_LOOK)
            except queue.Empty:
                continue
        return None

    def _say(self, value: Mapping[str, Any]) -> bool:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(value, ensure_ascii=False) + "\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return True


def _hear(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.put(line)
    except ValueError:  # closed while it was read
        pass
    lines.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:  # what was still to be written has no reader
            continue


def _check_file(path: Path) -> None:
    hint = "give the path of a model in GGUF form"
    try:
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except FileNotFoundError as error:
        raise InputError("there is no such file", where=str(path), hint=hint) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), hint=hint) from error
    if begin != _MAGIC:
        raise InputError("this is no GGUF file", where=str(path), hint=hint)
