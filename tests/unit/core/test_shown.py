"""What is shown of the ends of columns."""

import pytest

from tidemill.core.shown import rounded, rounded_ends, separating


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0, 5e-324), (-1e308, 1e308), (1e300, 1.7e308), (-5e-324, 0.0), (0.0, 1e-291)],
)
def test_numbers_at_the_ends_of_floats_are_rounded(low: float, high: float) -> None:
    assert all(map(str, rounded_ends(low, high)))
    assert rounded(low)
    assert rounded(high)
    separating(low, high)
