"""Addresses of servers: what is one, and what is on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tidemill.core.errors import OptionError


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine.

    Example:
        >>> is_loopback("http://127.0.0.1:8080/v1"), is_loopback("http://127.0.0.1.example/v1")
        (True, False)
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(url: str, *, plain_http: bool) -> None:
    """Refuse an address that is none, has a secret in it, or sends in the clear.

    Raises:
        OptionError: With what to write instead; a secret in it is not shown.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        raise OptionError(
            "the address of the endpoint is none",
            hint="write it as https://models.example/v1, without /chat/completions",
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise OptionError(
            f"the address of the endpoint at {host} has more than host, port and path",
            hint="give the key in an environment variable, and its name as key_variable",
        )
    if parts.scheme == "http" and not plain_http and not is_loopback(url):
        raise OptionError(
            f"the address {url} sends all that is asked for over the network in the clear",
            hint="use https, or say that it may with plain_http",
        )
