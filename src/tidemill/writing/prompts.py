"""What a language model is sent for an ask, and what of its answer is the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tidemill.writing.template import listed_text
from tidemill.writing.writer import Ask, Language

Message = dict[str, str]
"""A turn of a conversation: "role" and "content"."""


@dataclass(frozen=True, slots=True)
class _Wording:
    """The words of a prompt in one language; the model is spoken to in that of the text."""

    system: str
    attributes: str
    draft: str
    begin: str
    json: str


_WORDINGS: Mapping[Language, _Wording] = {
    "en": _Wording(
        "You write short, plain texts. Say every attribute with its exact value. Add no number, "
        "name or fact that is not given. Answer with the text alone, without headings, lists or "
        "markup, in English, in at most {longest} characters.",
        "Attributes:",
        "A plain draft, which you may reword:",
        "Text:",
        "Answer with JSON alone.",
    ),
    "zh": _Wording(
        "你写简短、平实的文字。说出每个属性及其准确的值，不添加任何未给出的数字、名称或事实。"
        "只用中文写出正文，不用标题、列表或标记，最多{longest}个字符。",
        "属性：",
        "草稿，可以改写：",
        "正文：",
        "只用JSON回答。",
    ),
}
_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_QUOTES = {'"': '"', "“": "”", "「": "」", "'": "'"}


def messages_of(ask: Ask, *, with_examples: bool = True) -> list[Message]:
    """The conversation that asks for a text: rules, each example as a turn of its own, the ask.

    Example:
        >>> ask = Ask("Describe it.", {"maker": "Nordia"}, [({"maker": "Alpen"}, "By Alpen.")])
        >>> [one["role"] for one in messages_of(ask)]
        ['system', 'user', 'assistant', 'user']
        >>> print(messages_of(ask, with_examples=False)[1]["content"])
        Describe it.
        Attributes:
        maker: Nordia
        Text:
    """
    wording = _WORDINGS[ask.language]
    messages = [{"role": "system", "content": wording.system.format(longest=ask.longest)}]
    examples = ask.examples if with_examples else ()
    for attributes, text in examples:
        messages.append({"role": "user", "content": _asked(ask, attributes)})
        messages.append({"role": "assistant", "content": text})
    draft = ask.draft
    if examples and draft == listed_text(ask.attributes, ask.language):
        draft = ""  # the attributes stand there already, and a small model would copy the list
    messages.append({"role": "user", "content": _asked(ask, ask.attributes, draft)})
    return messages


def _asked(ask: Ask, attributes: Mapping[str, str], draft: str = "") -> str:
    wording = _WORDINGS[ask.language]
    lines = [ask.instruction, wording.attributes]
    lines += [f"{name}: {' '.join(value.split())}" for name, value in attributes.items()]
    if draft:
        lines += [wording.draft, draft]
    lines.append(wording.json if ask.schema is not None else wording.begin)
    return "\n".join(lines)


def text_of_answer(content: str) -> str:
    """The text in what a model answered: without thoughts before it and quotes about it.

    Example:
        >>> text_of_answer('<think>Well ...</think> "A red cup."')
        'A red cup.'
    """
    text = _THOUGHTS.sub("", content).strip()
    closing = _QUOTES.get(text[:1])
    if closing and len(text) > 1 and text.endswith(closing) and closing not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def most_tokens(ask: Ask) -> int:
    """Tokens that are enough for the longest text that may be: of Chinese two a character at most,
    of English one for two."""
    each = 2.0 if ask.language == "zh" else 0.5
    return int(ask.longest * each) + 64


def tokens_about(messages: list[Message]) -> int:
    """How many tokens a conversation has, guessed from its bytes; rather too many than too few."""
    size = sum(len(message["content"].encode()) + 16 for message in messages)
    return size // 3 + 1
