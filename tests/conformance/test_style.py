"""How the code is written."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tidemill"
MODULES = sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_a_class_name_stands_for_one_class() -> None:
    names = [
        node.name for path in MODULES for node in nodes(path) if isinstance(node, ast.ClassDef)
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_public_method_is_explained_where_it_is_first_named(path: Path) -> None:
    """By a docstring of its own, or of the method that it implements."""
    module = importlib.import_module(
        ".".join(("tidemill", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
    )
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ != module.__name__ or name.startswith("_"):
            continue
        for method, function in vars(kind).items():
            if method.startswith("_") or not inspect.isroutine(function):
                continue
            named = [vars(base)[method] for base in kind.__mro__ if method in vars(base)]
            assert any(inspect.getdoc(one) for one in named), f"{name}.{method}"
