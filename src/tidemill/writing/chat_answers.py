"""What a server answered, read without believing any of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tidemill.writing.prompts import text_of_answer
from tidemill.writing.retrying import seconds_asked

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What came of one call.

    Attributes:
        status: Of the answer; 0 where there was none.
        text: The text; None where the answer has none that is whole.
        model: What the server says that it asked.
        tokens: What the server says that the call took.
        wait: Seconds that it asks to wait.
        ended: Whether the model ended without a text that is whole, as it would again.
    """

    status: int
    text: str | None
    model: str = ""
    tokens: int | None = None
    wait: float | None = None
    ended: bool = False


def answer_of(status: int, content: bytes, retry_after: str | None = None) -> ChatAnswer:
    """An answer as chat completions have it: the first choice's text, if it was not cut off.

    What a server says of an error is not kept: it may repeat the key.

    Example:
        >>> body = b'{"choices": [{"message": {"content": "A cup."}, "finish_reason": "stop"}]}'
        >>> answer_of(200, body).text
        'A cup.'
        >>> answer_of(200, b'{"choices": [')
        ChatAnswer(status=200, text=None, model='', tokens=None, wait=None, ended=False)
    """
    wait = seconds_asked(retry_after)
    if status != 200:
        return ChatAnswer(status, None, wait=wait)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return ChatAnswer(status, None, wait=wait)
    if not isinstance(value, dict):
        return ChatAnswer(status, None, wait=wait)
    usage = value.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 0:
        tokens = None
    model = value.get("model")
    name = model if isinstance(model, str) and model.isprintable() else ""
    choices = value.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    text = _text(first) if isinstance(first, dict) else None
    ended = text is None and isinstance(first, dict)
    return ChatAnswer(status, text, name[:_LONGEST_NAME], tokens, wait, ended)


def _text(choice: dict[str, Any]) -> str | None:
    if choice.get("finish_reason") not in (None, "stop"):
        return None
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        return None
    return text_of_answer(content) or None
