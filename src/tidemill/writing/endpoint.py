"""A writer behind an address: any server that answers chat completions as OpenAI's does.

No call is made without an address that the user gave. The key comes from an environment variable
that the user names and is nowhere kept: not in the cache, a message or an exception. Redirects are
not followed, answers are read up to a limit, and every call counts against limits of calls and
tokens.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tidemill.core.errors import InputError, MissingExtra, OptionError
from tidemill.core.run import Run
from tidemill.core.words import count, plural
from tidemill.writing.addresses import check_address, is_loopback
from tidemill.writing.answer_cache import AnswerCache, key_of
from tidemill.writing.chat_answers import ChatAnswer, answer_of
from tidemill.writing.prompts import messages_of, most_tokens, tokens_about
from tidemill.writing.retrying import AGAIN, pause
from tidemill.writing.writer import Ask, Writer, WrittenText

MOST_BYTES = 1 << 20
"""Of one answer."""
_LOOK = 0.05
"""Seconds after which a waiting call looks whether the run was stopped."""
_REFUSED: Mapping[int, str] = {
    401: "check the key in the environment variable that key_variable names",
    403: "check the key in the environment variable that key_variable names",
    404: "check the address, which ends before /chat/completions, and the name of the model",
    405: "check the address, which ends before /chat/completions",
}


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """Where an endpoint is, and how far it may go.

    Attributes:
        url: Its address, up to what stands before /chat/completions.
        model: The model that is asked for.
        key_variable: The environment variable that holds the key; None where none is needed.
        share_examples: Whether texts of training rows may be sent as examples.
        plain_http: Whether an address of another machine may do without encryption.
        calls, tokens: How many there may be in all.
        tries: Calls for one text, where the server fails or is busy.
        seconds: That one call may take.
        longest_wait: Seconds that a busy server may be waited for before a call.
        beside: Calls at one time.
        temperature: Of drawing.
        cache: A folder for answers, by which a run goes on after it was stopped; None for none.
        fields: Further fields of each call, as the server knows them; None takes a field away.
    """

    url: str
    model: str
    key_variable: str | None = None
    share_examples: bool = False
    plain_http: bool = False
    calls: int = 1_000
    tokens: int = 1_000_000
    tries: int = 5
    seconds: float = 60.0
    longest_wait: float = 60.0
    beside: int = 4
    temperature: float = 0.7
    cache: Path | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_address(self.url, plain_http=self.plain_http)
        for name in ("calls", "tokens", "tries", "seconds", "beside"):
            if not getattr(self, name) > 0:
                raise OptionError(
                    f"{name}={getattr(self, name)} makes no sense", hint="give 1 or more"
                )


class Endpoint(Writer):
    """Asks a server for texts.

    Raises:
        OptionError: The address or a limit makes no sense, or the key is not there.
        MissingExtra: httpx is not installed.

    Example:
        >>> Endpoint(EndpointOptions("http://models.example/v1", "small"))
        Traceback (most recent call last):
        tidemill.core.errors.OptionError: the address http://models.example/v1 sends all that is \
asked for over the network in the clear
          Next: use https, or say that it may with plain_http
    """

    name = "endpoint"

    def __init__(self, options: EndpointOptions) -> None:
        self.options = options
        self.counted: Counter[str] = Counter()
        self._tokens_held = 0
        self._httpx = _client_library()
        _headers(options)

    def write(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None]:
        """A text for each ask, in their order; None where the server gave none, or a limit of
        calls, tokens or time was reached.

        Raises:
            InputError: The server refuses the key, the address or the model.
            Cancelled: The user stopped the run.
        """
        run.check()
        run.warn(self.tells(), "write")
        before = self.counted.copy()
        with ThreadPoolExecutor(1) as pool:  # a notebook has an event loop of its own in this one
            writing = pool.submit(asyncio.run, self._written(asks, run))
            try:
                outcome = writing.result()
            except KeyboardInterrupt:
                run.cancel()  # else the calls under way would be waited for
                raise
        run.check()
        if isinstance(outcome, _Refusal):
            raise InputError(outcome.what, where=self.options.url, hint=outcome.hint)
        self.counted["failed"] += sum(text is None for text in outcome)
        self._account(self.counted - before, run)
        return outcome

    def tells(self) -> str:
        rows = "the texts of example rows are sent too"
        if not self.options.share_examples:
            rows = "no text of another row is sent"
        return (
            "The instruction, the attributes and the draft of each text that is asked for are "
            f"sent to {self.options.url} (model {self.options.model}); {rows}."
        )

    def counts(self) -> Mapping[str, int]:
        return dict(self.counted)

    def _account(self, counted: Counter[str], run: Run) -> None:
        """Say what writing took, and what a limit kept from being written."""
        parts = [
            f"{plural(counted['calls'], 'call')} to {self.options.url}",
            f"{count(counted['tokens'])} tokens",
            f"{plural(counted['cached'], 'answer')} from the cache",
            f"{plural(counted['failed'], 'text')} not written",
        ]
        run.emit("note", "write", ", ".join(parts) + ".")
        if counted["limited"]:
            run.warn(
                f"{plural(counted['limited'], 'text')} were not asked for, as there may be "
                f"{plural(self.options.calls, 'call')} and {count(self.options.tokens)} tokens to "
                f"{self.options.url}; raise calls or tokens.",
                "write",
            )

    async def _written(self, asks: Sequence[Ask], run: Run) -> list[WrittenText | None] | _Refusal:
        """All texts, or what the server refuses altogether; None for what was not yet written when
        time was up."""
        texts: list[WrittenText | None] = [None] * len(asks)
        seen: Counter[str] = Counter()
        gate = asyncio.Semaphore(self.options.beside)
        loopback = is_loopback(self.options.url)
        async with self._httpx.AsyncClient(
            headers=_headers(self.options),
            follow_redirects=False,
            timeout=self.options.seconds,
            # a proxy would be another machine
            trust_env=not loopback,
        ) as client:

            async def one(index: int, call: _Call) -> _Refusal | None:
                async with gate:
                    found = await self._answer(client, call)
                if isinstance(found, _Refusal):
                    return found
                texts[index] = found
                return None

            jobs = []
            for index, ask in enumerate(asks):
                call = _Call.of(ask, self.options, run, seen)
                jobs.append(asyncio.ensure_future(one(index, call)))
            refusal = await _until_stopped(jobs, run)
        return texts if refusal is None else refusal

    async def _answer(self, client: Any, call: _Call) -> WrittenText | _Refusal | None:
        """One text: from the cache, or from as many calls as it takes."""
        cache = AnswerCache(self.options.cache)
        known = cache.get(call.key)
        if known is not None:
            self.counted["cached"] += 1
            return known
        for attempt in range(self.options.tries):
            if not self._may_call(call):
                self.counted["limited"] += 1
                return None
            answer = await self._called(client, call)
            if answer.text is not None:
                written = WrittenText(answer.text, answer.model or self.options.model)
                cache.put(call.key, written)
                return written
            if answer.status in _REFUSED or 300 <= answer.status < 400:
                return _Refusal.of(answer.status)
            if answer.ended or answer.status not in AGAIN or attempt + 1 == self.options.tries:
                return None
            wait = pause(attempt, answer.wait, call.rng)
            if wait > self.options.longest_wait:
                return None
            await asyncio.sleep(wait)
        return None

    def _may_call(self, call: _Call) -> bool:
        """Whether a further call stays within the limits, with what those under way may take."""
        tokens = self.counted["tokens"] + self._tokens_held + call.tokens
        return self.counted["calls"] < self.options.calls and tokens <= self.options.tokens

    async def _called(self, client: Any, call: _Call) -> ChatAnswer:
        """One call; what it took is counted whatever comes of it."""
        self.counted["calls"] += 1
        self._tokens_held += call.tokens
        try:
            answer = await asyncio.wait_for(_posted(client, call), self.options.seconds)
        except (self._httpx.HTTPError, self._httpx.InvalidURL, TimeoutError, OSError):
            # not kept: it holds the call, and so the key
            answer = ChatAnswer(0, None)
        finally:
            self._tokens_held -= call.tokens
        self.counted["tokens"] += call.prompt_tokens if answer.tokens is None else answer.tokens
        return answer


@dataclass(frozen=True)
class _Refusal:
    """Why no call to a server would be answered."""

    what: str
    hint: str

    @classmethod
    def of(cls, status: int) -> _Refusal:
        if status in _REFUSED:
            return cls(f"the server refuses the call (status {status})", _REFUSED[status])
        return cls(
            f"the server sends the call to another address (status {status})",
            "give the address that it is at; none is followed, as what is asked for would go there",
        )


@dataclass(frozen=True)
class _Call:
    """What is sent for one ask.

    Attributes:
        url: To where.
        body: As JSON.
        key: Under which the answer is kept.
        tokens, prompt_tokens: How many it may take in all, and what is sent, guessed.
        rng: For the pauses between its tries.
    """

    url: str
    body: bytes
    key: str
    tokens: int
    prompt_tokens: int
    rng: np.random.Generator

    @classmethod
    def of(cls, ask: Ask, options: EndpointOptions, run: Run, seen: Counter[str]) -> _Call:
        """The call for an ask; the same ask a second time has another seed."""
        messages = messages_of(ask, with_examples=options.share_examples)
        fields: dict[str, Any] = {
            "model": options.model,
            "messages": messages,
            "max_tokens": most_tokens(ask),
            "temperature": options.temperature,
        }
        if ask.schema is not None:
            schema = {"name": "answer", "schema": dict(ask.schema), "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": schema}
        fields.update(options.fields)
        fields = {name: value for name, value in fields.items() if value is not None}
        asked = key_of(options.url, fields)
        seen[asked] += 1
        stream = ("writing", "endpoint", asked, seen[asked])
        if "seed" not in options.fields:
            fields["seed"] = run.seed_of(*stream)
        prompt = tokens_about(messages)
        return cls(
            url=f"{options.url.rstrip('/')}/chat/completions",
            body=json.dumps(fields, ensure_ascii=False).encode(),
            key=key_of(options.url, {**fields, "repeat": seen[asked]}),
            tokens=prompt + most_tokens(ask),
            prompt_tokens=prompt,
            rng=run.rng(*stream),
        )


async def _posted(client: Any, call: _Call) -> ChatAnswer:
    async with client.stream("POST", call.url, content=call.body) as response:
        content = bytearray()
        async for part in response.aiter_raw():
            content += part
            if len(content) > MOST_BYTES:
                return ChatAnswer(response.status_code, None)
        return answer_of(response.status_code, bytes(content), response.headers.get("retry-after"))


async def _until_stopped(jobs: list[asyncio.Task[_Refusal | None]], run: Run) -> _Refusal | None:
    """Wait for all jobs; the others end where one is refused, the run is stopped or time is up."""
    left = set(jobs)
    try:
        while left and not (run.cancelled or _is_over(run)):
            done, left = await asyncio.wait(
                left, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED
            )
            for job in done:
                refusal = job.result()
                if refusal is not None:
                    return refusal
        return None
    finally:
        for job in left:
            job.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _is_over(run: Run) -> bool:
    return run.deadline is not None and time.monotonic() >= run.deadline


def _client_library() -> Any:
    try:
        return import_module("httpx")
    except ImportError as error:
        raise MissingExtra(
            "an endpoint needs the package 'httpx'", hint="pip install 'tidemill[endpoint]'"
        ) from error


def _headers(options: EndpointOptions) -> dict[str, str]:
    """What each call says beside its body; the key is read at each use and kept nowhere else."""
    # an answer that is packed could be of any size when it is unpacked
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    if options.key_variable is None:
        return headers
    key = os.environ.get(options.key_variable, "").strip()
    if not key:
        raise OptionError(
            f"the environment variable '{options.key_variable}' holds no key",
            hint="set it, or leave key_variable out where no key is needed",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise OptionError(
            f"the environment variable '{options.key_variable}' holds no key",
            hint="a key has ASCII letters, digits and marks only, and no blank",
        )
    headers["Authorization"] = f"Bearer {key}"
    return headers
