"""The documentation is true: its examples run, its lists are complete, its links lead somewhere,
its twins agree."""

from __future__ import annotations

import doctest
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docs.customers import write
from tidemill import cli, describe
from tidemill.auditing import ATTACKS
from tidemill.augmentation import AIMS
from tidemill.cleaning import CHECKS
from tidemill.codecs import CODECS
from tidemill.codecs.columns import COLUMNS
from tidemill.core.schema import KINDS, ROLES
from tidemill.io import READERS, WRITERS
from tidemill.metrics import METRICS
from tidemill.mining import TECHNIQUES
from tidemill.models import MODELS
from tidemill.recipes import RECIPES
from tidemill.supervised.learners import LEARNERS
from tidemill.writing import WRITERS as TEXT_WRITERS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
PAGES = [ENGLISH, CHINESE, ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
EXAMPLE = re.compile(r"^```(python|console)$", re.MULTILINE)
# the Chinese README has the same code as the English one, which another test sees to
WITH_EXAMPLES = [
    page for page in PAGES if page != CHINESE and EXAMPLE.search(page.read_text(encoding="utf-8"))
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str) -> list[tuple[str, str]]:
    """(language, content) of each fenced block, in order."""
    return [(match[1], match[2]) for match in FENCE.finditer(text)]


def prose(text: str) -> str:
    return FENCE.sub("", text)


# --- examples -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """One command of a console block and the output that is shown below it."""

    words: list[str]
    shown: str


def commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, shown = re.sub(r"\\\n\s*", " ", part).partition("\n")
        yield Command(shlex.split(line), shown.strip())


Shell = Callable[[list[str]], tuple[int, str, str]]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    from tidemill.cli import main

    def run(words: list[str]) -> tuple[int, str, str]:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_examples_run_and_give_what_is_shown(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell
) -> None:
    """Python and console blocks in their order, in a folder with customers.csv; names live on from
    block to block."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    names: dict[str, Any] = {}
    for language, text in blocks(read(page)):
        if language == "python":
            names = ran(text, names, name_of(page))
        elif language == "console":
            for command in commands(text):
                assert command.words[0] == "tidemill", (
                    f"other commands belong in a block 'sh': {command.words}"
                )
                code, out, err = shell(command.words)
                assert code == 0, f"{shlex.join(command.words)}\n{err}"
                assert not command.shown or alike(command.shown, out), (
                    f"{shlex.join(command.words)} gave\n{out}"
                )


def ran(text: str, names: dict[str, Any], page: str) -> dict[str, Any]:
    """Run a block as a doctest; the names that it leaves."""
    example = doctest.DocTestParser().get_doctest(text, names, page, page, 0)
    assert example.examples, f"{page}: a block 'python' without >>> is not tested:\n{text}"
    said: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=LIKE, verbose=False).run(
        example, out=said.append, clear_globs=False
    )
    assert not failed, "".join(said)
    return example.globs


def alike(shown: str, out: str) -> bool:
    return doctest.OutputChecker().check_output(shown + "\n", out, LIKE)


# --- lists that must be complete ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("generating.md", MODELS),
        ("generating.md", CODECS),
        ("generating.md", COLUMNS),
        ("evaluating.md", METRICS),
        ("mining.md", TECHNIQUES),
        ("cleaning.md", CHECKS),
        ("audit.md", ATTACKS),
        ("loop.md", AIMS),
        ("recipes.md", RECIPES),
        ("verdict.md", LEARNERS),
        ("writing.md", TEXT_WRITERS),
        ("reading.md", [f".{ending}" for ending in {*READERS, *WRITERS} - {"folder"}]),
        ("reading.md", KINDS),
        ("reading.md", ROLES),
    ],
    ids=[
        "models",
        "codecs",
        "columns",
        "metrics",
        "techniques",
        "checks",
        "attacks",
        "aims",
        "recipes",
        "learners",
        "writers",
        "formats",
        "kinds",
        "roles",
    ],
)
def test_every_name_is_explained(page: str, names: Any) -> None:
    text = read(DOCS / page)
    assert not [name for name in names if f"`{name}`" not in text]


@pytest.mark.parametrize("name", [name for name, entry in MODELS.items() if entry.extra == "deep"])
def test_options_of_neural_models_are_on_their_page_with_their_defaults(name: str) -> None:
    from tidemill.models.deep.training import Training

    text = read(DOCS / "neural.md")
    common, _, own = text.partition("### `autoregressive`")
    mine = f"### `autoregressive`{own}".partition(f"### `{name}`")[2].partition("###")[0]
    options = MODELS.load(name).Options
    for key, default in options.parameters().items():
        place = common if Training.parameters().get(key) == default else mine
        assert (
            f"| `{key}` | {default if default != '' else '(none)'} | {options.lines()[key]} |"
            in place
        )


def test_public_names_are_explained() -> None:
    import tidemill as tm

    text = read(DOCS / "python.md")
    assert not [name for name in tm.__all__ if f"tm.{name}" not in text]


def stated() -> dict[str, list[describe.Option]]:
    """Command -> its options, as they are stated."""
    commands = {}
    for one in cli.app.registered_commands:
        assert one.callback is not None
        found = describe.options_of(getattr(cli, one.callback.__name__))
        commands[str(one.name)] = [option for option in found if not option.positional]
    return commands


def offered() -> dict[str, set[str]]:
    """Command -> its options with what their values are called."""
    return {
        name: {f"--{one.flag} {one.doc.metavar}".strip() for one in options}
        for name, options in stated().items()
    }


def documented() -> dict[str, set[str]]:
    """Command -> the options in its synopsis on the page about the command line."""
    lines = [
        line
        for language, block in blocks(read(DOCS / "command-line.md"))
        if language == "text"
        for line in re.sub(r"\n\s+", " ", block).splitlines()
        if line.startswith("tidemill ")
    ]
    return {
        name: set(re.findall(r"--[a-z-]+(?: [A-Z=]+)?", line))
        for line in lines
        for name in line.split()[1].split("|")
    }


def test_options_are_those_of_the_command_line() -> None:
    assert documented() == offered()


def explained_options() -> list[tuple[str, str, str]]:
    """(option, commands, help) of each thing that an option means; no commands where it always
    means the same."""
    meanings: dict[tuple[str, str], list[str]] = {}
    for name, options in stated().items():
        for one in options:
            option = f"--{one.flag} {one.doc.metavar}".strip()
            meanings.setdefault((option, cli.spelled(one.doc.help)), []).append(name)
    flags = [option.split()[0] for option, _ in meanings]
    found = []
    for (option, text), names in meanings.items():
        several = flags.count(option.split()[0]) > 1
        found.append((option, ", ".join(names) if several else "", text))
    return sorted(found, key=lambda one: flags.index(one[0].split()[0]))


def test_options_are_explained_as_the_help_does() -> None:
    rows = re.findall(
        r"^\| `(--[^`]*)` \| (.*?) ?\| (.*?) \| ", read(DOCS / "command-line.md"), re.M
    )
    assert rows == explained_options()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_options_that_a_page_speaks_of_exist(page: Path) -> None:
    known = {f"--{one.flag}" for options in stated().values() for one in options}
    spoken = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose(read(page))))
    assert spoken <= {*known, "--version", "--help"}


# --- links ----------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.*)$", prose(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(read(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), link
        assert there.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(there), link


def test_every_page_can_be_reached() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in re.findall(r"\]\(([^)\s:]+)\)", read(page))
    }
    assert not [
        name_of(page) for page in sorted(DOCS.rglob("*.md")) if page.resolve() not in linked
    ]


# --- twins ----------------------------------------------------------------------------------------


def figures(text: str) -> list[str]:
    plain = re.sub(r"\]\([^)]*\)", "]", prose(text))
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", plain))


def test_the_readmes_say_the_same() -> None:
    english, chinese = read(ENGLISH), read(CHINESE)
    levels = [
        [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]
        for text in (english, chinese)
    ]
    assert levels[0] == levels[1]
    assert blocks(english) == blocks(chinese)
    assert figures(english) == figures(chinese)
    twins = {ENGLISH.name, CHINESE.name}
    links = [set(re.findall(r"\]\(([^)\s]+)\)", text)) - twins for text in (english, chinese)]
    assert links[0] == links[1]
    rows = [len(re.findall(r"^\|", text, re.MULTILINE)) for text in (english, chinese)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=name_of)
def test_the_measured_figures_have_their_place(page: Path) -> None:
    assert re.search(r"<!-- figures:start -->\n.*<!-- figures:end -->", read(page), re.DOTALL)
