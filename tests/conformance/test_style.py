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
LONGEST = 60
"""Lines of a function, its docstring apart."""


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_a_class_name_stands_for_one_class() -> None:
    names = [
        node.name for path in MODULES for node in nodes(path) if isinstance(node, ast.ClassDef)
    ]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def lines_of(function: ast.FunctionDef) -> int:
    first, last = function.lineno, function.end_lineno or function.lineno
    docstring = function.body[0]
    said = 0
    if isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant):
        said = (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return last - first + 1 - said


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_is_long(path: Path) -> None:
    functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef)]
    assert not [one.name for one in functions if lines_of(one) > LONGEST]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_conditional_expression_is_nested(path: Path) -> None:
    for node in nodes(path):
        if isinstance(node, ast.IfExp):
            inner = [part for part in ast.walk(node) if isinstance(part, ast.IfExp)]
            assert len(inner) == 1, f"line {node.lineno}"


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


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_column_is_never_named_by_a_pattern(path: Path) -> None:
    """A name that a user gave goes through ``by_name``: polars takes ``*`` for every column."""
    for node in nodes(path):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func) in ("pl.col", "pl.exclude"):
            fixed = [arg for arg in node.args if isinstance(arg, ast.Constant)]
            assert len(fixed) == len(node.args), f"line {node.lineno}: {ast.unparse(node)}"
