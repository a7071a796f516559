"""What is secret in an address is not shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.redaction import redacted

SECRET = st.text(min_size=8, max_size=20).filter(lambda text: text not in "***")
KEYS = ("password", "PASSWD", "pwd", "access_token", "api-key", "sig", "X-Amz-Signature", "p%61ss")


@given(SECRET, st.sampled_from(["postgresql", "mysql+pymysql", "s3", "nonsense"]))
def test_no_password_is_shown_whatever_its_characters(secret: str, scheme: str) -> None:
    shown = redacted(f"{scheme}://ann:{secret}@db.example:5432/shop?schema=public")
    assert shown == f"{scheme}://***@db.example:5432/shop?schema=public"


@given(SECRET, st.sampled_from(KEYS), st.sampled_from("?&;#"))
def test_no_secret_setting_is_shown(secret: str, key: str, before: str) -> None:
    shown = redacted(f"duckdb://host/shop{before}schema=public&{key}={secret}")
    assert secret not in shown
    assert "@" in secret or shown == f"duckdb://host/shop{before}schema=public&{key}=***"


@pytest.mark.parametrize(
    "text",
    [
        "customers.csv",
        "shop.sqlite?table=Order Details",
        "C:\\data\\a@b:c.csv",
        "--where",
        "plan=team",
        "key=3",
        "https://example.org:8080/a.csv",
    ],
)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert redacted(text) == text
