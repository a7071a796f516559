"""The process in which a language model of the user's runs: what is broken in its file ends this
process alone.

It is started by :mod:`tidemill.writing.local` and reads one JSON value a line: first its options,
then calls as chat completions have them. It answers each with one line.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from importlib import import_module
from typing import Any, TextIO


def main() -> None:
    """Load the model, say so, and answer calls until no more come."""
    answers = _own_output()
    options = json.loads(sys.stdin.readline())
    server = _loaded(options)
    _say(answers, {"ready": True})
    for line in sys.stdin:
        _say(answers, server.handle_chat_completions(json.loads(line)))


def _own_output() -> TextIO:
    """The output for answers; what libraries print goes nowhere."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return own


def _say(answers: TextIO, value: Any) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _loaded(options: dict[str, Any]) -> Any:
    library = import_module("xllamacpp")
    params = library.CommonParams()
    params.model.path = options["path"]
    params.n_ctx = options["context"]
    params.n_parallel = 1
    params.cpuparams.n_threads = options["threads"]
    params.cpuparams_batch.n_threads = options["threads"]
    params.offline = True
    params.verbosity = -1
    # the library listens on this machine as well: nobody else knows the key
    params.api_keys = [secrets.token_hex(32)]
    params.endpoint_slots = False
    params.ui = False
    params.n_threads_http = 1
    return library.Server(params)


if __name__ == "__main__":
    main()
