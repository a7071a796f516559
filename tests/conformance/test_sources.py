"""Laws of sources and targets: whatever their scheme, what is secret in them is not shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.io import SOURCES, TARGETS
from tidemill.io.source import FRAME, Source
from tidemill.io.target import Target

WRITTEN = [name for name in SOURCES if name != FRAME]
SECRET = st.text(min_size=8, max_size=20).filter(str.isprintable).map(lambda text: f"{text}XY")


@pytest.mark.parametrize("scheme", WRITTEN)
@settings(deadline=None)
@given(SECRET)
def test_a_source_shows_no_secret(scheme: str, secret: str) -> None:
    source = Source.parse(f"{scheme}://ann:{secret}@host/shop?table=a&password={secret}")
    assert secret not in source.shown + repr(source) + str(source)


@pytest.mark.parametrize("scheme", list(TARGETS))
@settings(deadline=None)
@given(SECRET)
def test_a_target_shows_no_secret(scheme: str, secret: str) -> None:
    target = Target.parse(f"{scheme}://ann:{secret}@host/shop?table=a&password={secret}")
    assert secret not in target.shown + repr(target) + str(target)
