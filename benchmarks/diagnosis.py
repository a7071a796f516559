"""What the recipe `diagnosis` says of medical images whose published figures are known.

    python benchmarks/diagnosis.py

pneumoniamnist  Chest X-rays of 28 x 28 pixels, in the set's own parts (MedMNIST v2: ResNet-18 at 28
                pixels has an AUC of .944 and an accuracy of .854, at 224 .956 and .864).
blood_cells     Cells of 364 photographs; all cells of a photograph are on one side.

What was measured is kept in benchmarks/results/diagnosis.json and written to docs/recipes.md.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from halves import ROOT, SHARED

from tidemill.recipes.run import recipe

PAGE = ROOT / "docs" / "recipes.md"
RESULTS = ROOT / "benchmarks" / "results" / "diagnosis.json"
LUNGS = "pneumoniamnist/pneumoniamnist.npz?images=train_images,val_images,test_images"
CELLS = "blood_cells/blood_cells_28.npz?images=images&columns=source_image"


def measured() -> dict[str, dict[str, Any]]:
    """Key figures of both pages, with the seconds of CPU that each took."""
    found = {}
    begun = time.process_time()
    lungs = recipe("diagnosis", str(SHARED / LUNGS), positive="1", columns={"split": "split"})
    found["lungs"] = {**lungs.figures, "seconds": time.process_time() - begun}
    begun = time.process_time()
    cells = recipe("diagnosis", str(SHARED / CELLS), entity="source_image")
    found["cells"] = {**cells.figures, "seconds": time.process_time() - begun}
    return found


def written(found: dict[str, dict[str, Any]]) -> str:
    """The figures as the page tells them."""
    lungs, cells = found["lungs"], found["cells"]

    def ends(of: dict[str, Any], name: str) -> str:
        return f"{of[name]:.3f} ({of[f'{name}, low']:.3f} to {of[f'{name}, high']:.3f})"

    classes = sorted(
        name.removeprefix("auc: ") for name in cells if re.fullmatch("auc: \\w+", name)
    )
    areas = ", ".join(f"{name} {cells[f'auc: {name}']:.3f}" for name in classes)
    caught = ", ".join(f"{name} {100 * cells[f'sensitivity: {name}']:.1f} %" for name in classes)
    return "\n".join(
        [
            "| | pneumoniamnist, its own test images | blood_cells, other photographs |",
            "| --- | --- | --- |",
            f"| test images | {lungs['tested']:.0f} | {cells['tested']:.0f} |",
            f"| AUC | {ends(lungs, 'auc: 1')} | {areas} |",
            f"| right answers | {ends(lungs, 'accuracy')} | {ends(cells, 'accuracy')} |",
            f"| found | {ends(lungs, 'sensitivity: 1')}; others without alarm "
            f"{ends(lungs, 'specificity: 1')} | {caught} |",
            f"| chances off by, validation and test | {lungs['ece_validation']:.3f} and "
            f"{lungs['ece']:.3f} | {cells['ece_validation']:.3f} and {cells['ece']:.3f} |",
            f"| sets of 90 %, validation and test | {lungs['covered_validation']:.3f} and "
            f"{ends(lungs, 'covered')}, of normal lungs {lungs['covered: 0']:.3f} | "
            f"{cells['covered_validation']:.3f} and {ends(cells, 'covered')} |",
            f"| validation and test differ | {_yes(lungs)} | {_yes(cells)} |",
            f"| with chances settled on half of the test images | off by {lungs['ece_local']:.3f}, "
            f"sets {lungs['covered_local']:.3f} | off by {cells['ece_local']:.3f}, sets "
            f"{cells['covered_local']:.3f} |",
            f"| wrong of those it keeps, a fifth handed over | {100 * lungs['wrong_kept']:.1f} % | "
            f"{100 * cells['wrong_kept']:.1f} % |",
            f"| seconds of one core | {lungs['seconds']:.0f} | {cells['seconds']:.0f} |",
        ]
    )


def _yes(of: dict[str, Any]) -> str:
    return 'yes: "not as it is"' if of["parts_differ"] else "no more than by chance"


def main() -> None:
    """Measure, keep and write."""
    found = measured()
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    text = (
        "<!-- diagnosis:start -->\n`make bench-recipes`:\n\n"
        f"{written(found)}\n\n<!-- diagnosis:end -->"
    )
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"<!-- diagnosis:start -->.*<!-- diagnosis:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")
    print(written(found))


if __name__ == "__main__":
    main()
