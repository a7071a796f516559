"""The report in a real browser."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Tidemill

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

FRAME = """<!doctype html><title>waiting</title><body>
<iframe id="page" style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe>
<script>
  document.getElementById("page").onload = () => {{
    const root = document.getElementById("page").contentDocument.documentElement;
    const text = root.innerText.length;
    document.title = `width ${{root.scrollWidth}} height ${{root.scrollHeight}} text ${{text}}`;
  }};
</script>"""


def shown(page: Path, width: int, folder: Path) -> tuple[int, int, int]:
    """Scroll width, height and length of the text of a page in a frame of this width."""
    wrapper = folder / f"frame-{width}.html"
    wrapper.write_text(
        FRAME.format(width=width, page=html.escape(page.read_text(encoding="utf-8"))),
        encoding="utf-8",
    )
    command = [
        CHROMIUM,
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=4000",
        "--dump-dom",
    ]
    done = subprocess.run(
        [*command, wrapper.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r"<title>width (\d+) height (\d+) text (\d+)</title>", done.stdout)
    assert found, done.stderr[-2000:]
    return int(found[1]), int(found[2]), int(found[3])


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_report_opens_wide_and_narrow(
    customers: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    assert (
        tidemill(
            "run", customers, "--target", "churn", "--rounds", 2, "--out", tmp_path / "out"
        ).code
        == 0
    )
    page = tmp_path / "out" / "report.html"
    written = page.read_text(encoding="utf-8")
    assert written.index('class="answers"') < written.index("What was cleaned</h2>")
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", written)
    for width in (1280, 390):
        across, height, text = shown(page, width, tmp_path)
        assert across <= width, "the page scrolls sideways"
        assert height > 2000
        assert text > 3000
