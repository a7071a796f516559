"""What is secret in an address, left out of what is shown: names, messages, reports."""

from __future__ import annotations

import re
from urllib.parse import unquote

HIDDEN = "***"
_SECRET = re.compile(r"pass|pwd|token|secret|key|sig|cred|auth", re.IGNORECASE)
"""What the name of a secret has in it: password, api_key, X-Amz-Signature, sig."""
_SETTING = re.compile(r"[?&;#]([^=?&;#\s]+)=")


def redacted(text: str) -> str:
    """The text without the user and password of an address in it, and without secret settings.

    Text that holds no address stays as it is. More may be left out than is secret: everything
    behind the first secret setting is, as a password may hold any character.

    Args:
        text: One address, or a text that holds one.

    Example:
        >>> redacted("postgresql://ann:s3cret@db.example/shop?schema=public&password=s3cret")
        'postgresql://***@db.example/shop?schema=public&password=***'
        >>> redacted("shop.sqlite?table=Orders")
        'shop.sqlite?table=Orders'
    """
    before, scheme, rest = text.partition("://")
    if "@" in rest:
        rest = HIDDEN + rest[rest.rindex("@") :]
    shown = before + scheme + rest
    for setting in _SETTING.finditer(shown):
        if _SECRET.search(unquote(setting[1])):
            return shown[: setting.end()] + HIDDEN
    return shown
