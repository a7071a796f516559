"""The address of a database on a server, in its parts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from tidemill.core.errors import TidemillError
from tidemill.core.redaction import HIDDEN, redacted
from tidemill.core.words import listing

SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
"""What an address begins with -> what is spoken there."""
SETTINGS = {
    "postgresql": ("schema", "table", "with", "timeout", "sslmode", "sslrootcert"),
    "mysql": ("table", "with", "timeout", "ssl_ca", "socket"),
}
TIMEOUT = 600
"""Seconds that one statement may take where a database is read."""
_KNOWN = "|".join(sorted({name for names in SETTINGS.values() for name in names}))
_QUERY = re.compile(rf"\?(?=(?:{_KNOWN})=)")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/?#\[\]]*)(?::([0-9]{1,5}))?(?:/([^/?]*))?/?")
_OF_ENVIRONMENT = ("PGPASSWORD", "MYSQL_PWD")


@dataclass(frozen=True)
class Address:
    """Where a database is, and as whom it is asked.

    Attributes:
        text: As the user wrote it; it may hold a password, and is in no message.
        sort: What is spoken there: "postgresql" or "mysql".
        host, port, database, user: None for what the driver takes by itself.
        password: None where the environment or a file of the driver has it.
        settings: What stands behind the "?".
    """

    text: str = field(repr=False)
    sort: str
    host: str | None
    port: int | None
    database: str | None
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    settings: Mapping[str, str]

    @property
    def table(self) -> str | None:
        """The table that is asked for."""
        return self.settings.get("table")

    @property
    def schema(self) -> str | None:
        """The schema that is asked for."""
        return self.settings.get("schema")

    @property
    def timeout(self) -> int:
        """Seconds that a statement may take."""
        return int(self.settings.get("timeout", TIMEOUT))

    @property
    def shown(self) -> str:
        """The address without what is secret in it."""
        return redacted(self.text)

    def of_table(self, name: str) -> str:
        """The address with a table."""
        kept = {key: value for key, value in self.settings.items() if key not in ("table", "with")}
        asked = "&".join(f"{key}={quote(value, safe='')}" for key, value in kept.items())
        before = self.text[: _begin_of_query(self.text)]
        return f"{before}?{asked}{'&' if asked else ''}table={quote(name, safe='')}"

    def without_secrets(self, said: object) -> str:
        """What a driver says, in one line, without the password in it."""
        text = " ".join(str(said).split())
        written = self.text.partition("://")[2].rpartition("@")[0].partition(":")[2]
        secrets = {self.password, written, *(os.environ.get(name) for name in _OF_ENVIRONMENT)}
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            for spelled in (secret, quote(secret, safe=""), quote(secret)):
                if len(spelled) > 2:
                    text = text.replace(spelled, HIDDEN)
        return redacted(text)


def is_address(text: object) -> bool:
    """Whether a text is the address of a database on a server.

    Example:
        >>> is_address("postgresql://db.example/shop"), is_address("shop.sqlite")
        (True, False)
    """
    return isinstance(text, str) and text.partition("://")[0].lower() in SCHEMES and "://" in text


def address_of(text: str, error: type[TidemillError]) -> Address:
    """The parts of an address.

    The last "@" ends the password, which may hold any character; where it holds ``?table=`` or the
    like, it must be written with %3F.

    Args:
        text: As "postgresql://user@host:5432/database?schema=shop&table=orders".
        error: What is raised.

    Raises:
        TidemillError: The given one, as the address makes no sense.

    Example:
        >>> found = address_of("mysql://ann:s3@cret@db:33/my%20shop?table=a%26b", TidemillError)
        >>> found.user, found.host, found.port, found.database, found.table
        ('ann', 'db', 33, 'my shop', 'a&b')
    """
    at = _begin_of_query(text)
    scheme, _, rest = text[:at].partition("://")
    sort = SCHEMES[scheme.lower()]
    settings = dict(parse_qsl(text[at + 1 :], keep_blank_values=True))
    person, _, place = rest.rpartition("@")
    user, colon, password = person.partition(":")
    found = _HOST.fullmatch(place)
    if found is None:
        raise error(
            "this is no address of a database",
            where=redacted(text),
            hint=f"write {scheme}://user@host:port/database; the password is best left to the "
            "environment, and else stands as user:password",
        )
    made = Address(
        text,
        sort,
        unquote(found[1]).strip("[]") or None,
        int(found[2]) if found[2] else None,
        unquote(found[3] or "") or None,
        unquote(user) or None,
        unquote(password) if colon else None,
        settings,
    )
    _check_settings(made, error)
    return made


def _begin_of_query(text: str) -> int:
    """Where the settings begin: behind the password, which may hold a "?"."""
    found = _QUERY.search(text)
    if found is not None:
        return found.start()
    at = text.find("?", text.rfind("@") + 1)
    return len(text) if at < 0 else at


def _check_settings(address: Address, error: type[TidemillError]) -> None:
    known = SETTINGS[address.sort]
    for name, value in address.settings.items():
        if name not in known:
            raise error(
                f"'?{name}=' means nothing of such a database",
                where=address.shown,
                hint=f"known are {listing([f'?{one}=' for one in known])}; & joins them",
            )
        if name == "timeout" and not re.fullmatch(r"[1-9][0-9]{0,6}", value):
            raise error(
                f"'?timeout={value}' is no whole number of seconds",
                where=address.shown,
                hint="write ?timeout=60",
            )
    if address.settings.get("with") not in (None, "links"):
        raise error(
            f"'?with={address.settings['with']}' makes no sense",
            where=address.shown,
            hint="write ?table=NAME&with=links for a table with what its links tell",
        )
