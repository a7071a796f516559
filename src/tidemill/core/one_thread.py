"""Linear algebra on one thread."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


def one_thread(*, openmp: bool = False) -> AbstractContextManager[object]:
    """Where the libraries of linear algebra that are loaded already work on one thread; with
    ``openmp`` those of OpenMP do so, too."""
    return _controller(len(sys.modules)).limit(limits=1, user_api=None if openmp else "blas")


@lru_cache(maxsize=1)
def _controller(imported: int) -> ThreadpoolController:
    """What limits the libraries. To look for them takes milliseconds, and new ones come only with
    more modules."""
    return ThreadpoolController()
