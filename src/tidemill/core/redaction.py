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

    Text that holds no address stays as it is. A password may hold any character, so in doubt more
    is left out than is secret: all that stands behind the first secret setting, for one.

    Args:
        text: One address, or a text that holds one.

    Example:
        >>> redacted("postgresql://ann:s3cret@db.example/shop?schema=public&password=s3cret")
        'postgresql://***@db.example/shop?schema=public&password=***'
        >>> redacted("shop.sqlite?table=Orders")
        'shop.sqlite?table=Orders'
    """
    before, scheme, _ = text.partition("://")
    setting = _secret_setting(text)
    shown = text if setting is None else text[: setting.end()] + HIDDEN
    begin = len(before) + len(scheme)
    at = text.rfind("@", begin) if scheme else -1
    if at < 0 or (setting is not None and setting.start() < begin):
        return shown
    if setting is not None and setting.start() < at:
        return text[:begin] + HIDDEN + shown[setting.start() :]
    return text[:begin] + HIDDEN + shown[at:]


def _secret_setting(text: str) -> re.Match[str] | None:
    for setting in _SETTING.finditer(text):
        if _SECRET.search(unquote(setting[1])):
            return setting
    return None
