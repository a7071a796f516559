"""Whether images that a generator makes help the classifier of the package's verdict."""

from __future__ import annotations

from tidemill import verbs
from tidemill.core.run import Run
from tidemill.core.verdict import Verdict
from tidemill.diagnosing.sides import TEST, TRAIN
from tidemill.imaging.pixels import image_name
from tidemill.recipes.diagnosis_case import DiagnosisCase
from tidemill.reporting.blocks import Block, Callout, Paragraph

MOST_MADE = 5000


def generated_verdict(case: DiagnosisCase, minutes: float, run: Run) -> Verdict:
    """Real images alone, weighed by class, and repeated, beside real ones with as many generated
    ones; all tested on the test images.

    Args:
        case: The images.
        minutes: How long the generator may learn.
        run: Progress.
    """
    data, target = case.asked.data, case.asked.data.target
    assert target is not None, "the recipe asks for a target"
    names = [image_name(data.schema), target.name]
    train, test = (data.rows(case.asked.at(side)).select(names) for side in (TRAIN, TEST))
    model = verbs.fit(train, run=run.child("generator", minutes=minutes))
    wanted = min(len(train), MOST_MADE)
    made = model.draw(wanted, balance={target.name: "equal"}, run=run.child("made")).data
    return verbs.verdict(train, made, holdout=test, run=run.child("generated"))


def generated_blocks(verdict: Verdict | None) -> list[Block]:
    """The verdict; without one, how to have it."""
    if verdict is None:
        return [
            Paragraph(
                "Not tried, as a generator needs minutes to learn. With option 'assume=generate=3' "
                "one learns for 3 minutes, and as many images that it makes as there are real ones "
                "compete with these shown again. Where that was measured, no gain was proven."
            )
        ]
    if verdict.helps:
        return [Callout("good", "They help.", verdict.reason, verdict.caveats)]
    if verdict.high < 0:
        return [Callout("warning", "They harm.", verdict.reason, verdict.caveats)]
    return [Callout("note", "No gain is proven.", verdict.reason, verdict.caveats)]
