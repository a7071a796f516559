"""The import direction, and what no module may do."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tidemill import cli
from tidemill.describe import options_of

SOURCE = Path(__file__).parents[2] / "src" / "tidemill"
PAGE = Path(__file__).parents[2] / "docs" / "how-it-works.md"
FLOOR_OF = {
    room: int(floor)
    for floor, room in re.findall(
        r"^\| (\d+) \| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
}
"""Room -> its floor, by the table of rooms in the documentation."""
MODULES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Rooms of Tidemill that a module imports, at its top or inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "tidemill"
                else [node.module]
            )
        found |= {name.split(".")[1] for name in names if name.startswith("tidemill.")}
    return found


def test_every_room_is_on_the_page() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__"}
    assert rooms == set(FLOOR_OF)


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if room_of(path) in FLOOR_OF],
    ids=lambda p: str(p.relative_to(SOURCE)),
)
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    others = imported(path) - {room, "__version__"}
    assert not [other for other in others if FLOOR_OF[other] >= FLOOR_OF[room]]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_forbidden(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    modules |= {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert not calls & {"eval", "exec", "compile", "np.random.seed", "random.seed", "os.system"}
    assert not modules & {"pickle", "cPickle", "joblib", "dill", "shelve", "marshal", "random"}
    assert not any(
        call.startswith("np.random.") and call != "np.random.default_rng" for call in calls
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_vague_names(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def loaded_after(code: str, folder: Path | None = None) -> set[str]:
    program = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_listing_and_help_import_nothing_heavy() -> None:
    heavy = {
        "polars",
        "numpy",
        "sklearn",
        "lightgbm",
        "scipy",
        "plotly",
        "torch",
        "pandas",
        "pyarrow",
    }
    assert not loaded_after("import tidemill, tidemill.cli") & heavy
    assert not loaded_after("from tidemill.models import MODELS; list(MODELS)") & heavy


READING = """
import polars as pl, tidemill as tm, tidemill.verbs
tm.read(pl.DataFrame({"age": [31, 42, 57], "plan": ["team", "solo", "team"]}), target="plan")
"""
COMMANDS = """
import polars as pl
from tidemill.cli import app
pl.DataFrame({"age": list(range(40)), "plan": ["team", "solo"] * 20}).write_csv("rows.csv")
split = "split rows.csv --train a.csv --holdout b.csv"
for command in ("read rows.csv", split, "models", "--help"):
    app(command.split(), standalone_mode=False)
"""


@pytest.mark.parametrize("code", [READING, COMMANDS])
def test_reading_and_splitting_import_nothing_that_learns(code: str, tmp_path: Path) -> None:
    assert not loaded_after(code, tmp_path) & {"lightgbm", "sklearn", "scipy", "torch"}


OF_EXTRAS = {
    SOURCE / "imaging" / "classifier.py",
    SOURCE / "imaging" / "judge.py",
    SOURCE / "metrics" / "series" / "judges.py",
    SOURCE / "core" / "torch_threads.py",
    SOURCE / "recommending" / "vae.py",
    SOURCE / "markets" / "garch.py",
    SOURCE / "markets" / "optimised.py",
    SOURCE / "models" / "garch.py",
}
WITHOUT_OPTIONAL = """
import importlib, importlib.abc

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split('.')[0] in (
            'torch', 'pandas', 'pyarrow', 'statsmodels', 'httpx', 'xllamacpp', 'arch', 'skfolio',
            'onnxruntime', 'pypinyin', 'misaki', 'psycopg', 'pymysql', 'duckdb'
        ):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
"""


def test_only_what_belongs_to_an_extra_needs_an_optional_library() -> None:
    names = [
        ".".join(("tidemill", *p.relative_to(SOURCE).with_suffix("").parts)).removesuffix(
            ".__init__"
        )
        for p in MODULES
        if "deep" not in p.parts and p not in OF_EXTRAS
    ]
    assert "tidemill" in loaded_after(
        f"{WITHOUT_OPTIONAL}for name in {names}: importlib.import_module(name)"
    )


def texts(path: Path) -> list[str]:
    """The string literals of a module, without docstrings; what stands in an f-string as '{}'."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            said = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            found.append("".join(map(str, said)))
        elif isinstance(node, ast.Constant) and id(node) not in bare | parts:
            found.append(str(node.value))
    return found


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if room_of(p) not in ("cli", "command_help")],
    ids=lambda p: str(p.relative_to(SOURCE)),
)
def test_only_the_command_line_spells_options(path: Path) -> None:
    assert not [text for text in texts(path) if re.search(r"(?<![\w-])--[a-z]", text)]


def test_texts_name_options_that_there_are() -> None:
    commands = [
        getattr(cli, one.callback.__name__) for one in cli.app.registered_commands if one.callback
    ]
    known = {one.flag.replace("-", "_") for each in commands for one in options_of(each)}
    for path in MODULES:
        for text in texts(path):
            for name in re.findall(r"(?<!no )option '([a-z_]+)'", text):
                assert name in known, f"{path}: {text}"
