"""Libraries in Rust that give up: what they raise is no ``Exception``, and nothing else catches
it."""

from __future__ import annotations


def is_panic(error: BaseException) -> bool:
    """Whether a native library gave up on what it was handed."""
    return type(error).__module__ == "pyo3_runtime"
