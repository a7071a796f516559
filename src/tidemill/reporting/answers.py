"""The three answers on top of a run's page: the data, what they say, and what the generated rows
are good for."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.core.change import Issue
from tidemill.core.finding import Finding
from tidemill.core.privacy import privacy_of
from tidemill.core.score import Score
from tidemill.core.words import as_sentence, listing, opening, percent, plural, quoted, ratio
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Answer, Level
from tidemill.reporting.cleaning import reread
from tidemill.reporting.highlights import highlights
from tidemill.reporting.privacy import privacy_scores
from tidemill.reporting.steps import about_data, about_findings, about_rows

DATA, FINDINGS, ROWS = "Data", "Findings", "Rows"
"""What the answers are called where there is little room."""
MOST = 3
"""Issues, and drivers, that are named."""
_LETTERS = 200
_GOOD, _SOME = 0.9, 0.5
"""Reach from guessing to models learned from real rows from which on generated rows are as good, or
of some use."""
_SAME, _NOTHING = 0.01, 0.05
"""Scores of models that differ by less are called equal; where real rows are better than guessing
by less, they teach nothing."""
_PASS, _SPOTTED = 0.75, 0.9
"""AUC of a detector up to which generated rows pass for real ones, and from which on they do
not."""
_NATS = "nats a note of held-out pieces"
_SERIES = ("discriminative", "predictive")
"""What the names of scores of series begin with that say whether they can be used."""
_USES = ("no", "with care", "yes")
_SHARED: Mapping[str, str] = {
    "green": "yes, once the full audit has passed",
    "amber": "not yet",
    "red": "no",
    "not known": "not yet",
}


def answers(account: ReportInput) -> tuple[Answer, ...]:
    """What was wrong with the data, what they say, and whether the generated rows can be used and
    shared; those of steps that did not run are left out."""
    given = (_data(account), _findings(account), _generated(account))
    return tuple(answer for answer in given if answer is not None)


def _data(account: ReportInput) -> Answer | None:
    if account.issues is None:
        return None
    done = _repaired(account)
    undecided = account.undecided
    left = plural(len(undecided), "thing is", "things are") if undecided else "nothing is"
    level: Level = "note" if undecided else "good"
    answer = f"{done}; {left} left for you to decide."
    if any(issue.severity == "warning" for issue in undecided):
        level = "warning"
    if account.personal:
        level = "danger" if account.learned_private_columns else level
        answer = f"{_personal(account)} {answer}"
    named = tuple(_sentence(issue) for issue in _first(account))
    question = "What was wrong with the data?"
    return Answer(DATA, question, level, answer, "", named, about_data(account))


def _personal(account: ReportInput) -> str:
    """What becomes of columns with personal data."""
    learned = account.learned_private_columns
    made = len(account.private_columns) - len(learned)
    said = f"Personal data in {plural(len(account.private_columns), 'column')}"
    if not learned:
        return f"{said}, of which no value is learned or shown."
    others = f"; of {plural(made, 'other')} no value is learned" if made else ""
    return f"{said}: decide about {quoted(learned)}, from which the model learned{others}."


def _repaired(account: ReportInput) -> str:
    """What cleaning did, in a few words."""
    parts = []
    if account.changed is not None and account.changed.height:
        columns = plural(account.changed["column"].n_unique(), "column")
        parts.append(f"{plural(account.changed.height, 'cell')} repaired in {columns}")
    if account.left_out:
        parts.append(f"{plural(account.left_out, 'row')} left out")
    if reread(account):
        parts.append(reread(account))
    return ", ".join(parts) or "Nothing had to be repaired"


def _first(account: ReportInput) -> list[Issue]:
    """The issues to be named: personal data, then warnings, then what was repaired most."""

    def place(issue: Issue) -> tuple[bool, bool, bool, int]:
        personal, warned = issue.severity == "personal data", issue.severity == "warning"
        return (not personal, not warned, not issue.applied, -issue.count)

    done = [issue for issue in account.issues or () if issue.applied and issue.check != "rules"]
    return sorted((*done, *account.undecided), key=place)[:MOST]


def _sentence(issue: Issue) -> str:
    return f"{as_sentence(issue.sentence)} {as_sentence(issue.action)}".strip()


def _findings(account: ReportInput) -> Answer | None:
    if account.findings is None:
        return None
    question = "What do the data say?"
    unit = account.unit
    if not account.findings:
        answer = f"Nothing that holds up on {unit}s that were held out."
        text = "On a table whose columns have nothing to do with each other, that is right."
        return Answer(FINDINGS, question, "note", answer, text)
    steps = about_findings(account)
    models = account.findings.of("drivers", "model")
    if models:
        head = models[0].sentence.partition(":")[0]
        text = f"{_quality(models[0], account)}{_strongest(account)}"
        return Answer(FINDINGS, question, "good", f"{head}.", text, steps=steps)
    number = len(account.findings)
    answer = f"{plural(number, 'finding holds', 'findings hold')} up on held-out {unit}s."
    # one that is no better than guessing is no finding
    told = any(finding.name == "classifier" for finding in account.findings)
    if account.target and not told:
        answer += f" Nothing shows that {account.target} can be predicted."
    best = next(iter(highlights(account.findings)), account.findings[0])
    return Answer(FINDINGS, question, "note", answer, opening(best.sentence, _LETTERS), steps=steps)


def _quality(model: Finding, account: ReportInput) -> str:
    """How well the target is predicted, and how sure that is."""
    low, high = model.interval or (model.strength, model.strength)
    seen = f"on {plural(model.support, account.unit)} that were held out"
    if "R²" in model.measure:
        return (
            f"A model explains {percent(model.strength)} of the differences {seen} (95 % interval "
            f"{percent(low)} to {percent(high)})."
        )
    return (
        f"Of two {account.unit}s that differ in {account.target}, a model puts the right one first "
        f"{round(100 * model.strength)} times in 100 (95 % interval {round(100 * low)} to "
        f"{round(100 * high)}, a coin 50; {seen})."
    )


def _strongest(account: ReportInput) -> str:
    drivers = (account.findings or ()) and account.findings.of("drivers", "importance")
    names = [name for finding in drivers for name in finding.columns][:MOST]
    return f" Strongest: {listing(names)}." if names else ""


def _generated(account: ReportInput) -> Answer | None:
    if account.synthetic is None or account.scores is None:
        return None
    question = f"Can the generated {account.unit}s be used and shared?"
    privacy = privacy_of(privacy_scores(account))
    light = "not known" if privacy is None else privacy.light
    use, why = _use(account)
    level: Level = "good"
    if light == "red" or use == "no":
        level = "danger"
    elif light != "green" or use != "yes":
        level = "warning"
    answer = f"Use them: {use}. Share them: {_SHARED[light]}."
    leak = "Privacy was not measured." if privacy is None else privacy.sentence
    text = f"{why} {leak}".strip()
    steps = about_rows(account, light == "green")
    return Answer(ROWS, question, level, answer, text, steps=steps)


def _use(account: ReportInput) -> tuple[str, str]:
    """Whether the rows can be used, and why: the worst of what the scores say."""
    scores = () if account.scores is None else account.scores.overall()
    said = []
    for metric, judged in _JUDGED.items():
        for score in scores:
            if score.metric == metric and score.value is not None and score.light is None:
                said.append(judged(score, account.unit))
                if metric not in _BY_ALL:
                    break  # the first score of a metric is its main one
    known = [one for one in said if one is not None]
    if not known:
        return "not known", ""
    return min(known, key=lambda one: _USES.index(one[0]))


def _by_reach(reach: float | None) -> str:
    """What a place between worthless (0) and real (1) means."""
    if reach is None or reach >= _GOOD:
        return "yes"
    return "with care" if reach >= _SOME else "no"


def _taught(score: Score, unit: str) -> tuple[str, str] | None:
    """By what models that learned from them are worth."""
    value, real, floor = score.value or 0.0, score.ceiling or 0.0, score.floor or 0.0
    if real - floor < _NOTHING:
        return None  # not even real rows teach anything
    use = _by_reach(score.reach)
    as_well = "nearly as well as" if use == "yes" else "less well than"
    if value >= real - _SAME:
        as_well = "as well as"
    return use, (
        f"A model trained on them predicts real {unit}s {as_well} one trained on real {unit}s "
        f"(score {ratio(value)} and {ratio(real)})."
    )


def _detected(score: Score, unit: str) -> tuple[str, str] | None:
    """By how well a detector tells them from real rows."""
    value = score.value or 0.0
    if (score.ceiling or 0.5) > _PASS:
        return None  # another real sample is told apart, too
    if score.interval is not None and score.interval[0] <= 0.5:
        words = f"does no better than a coin (AUC {ratio(value)}; a coin gets 0.5)"
    else:
        words = f"is right more often than a coin (AUC {ratio(value)}; a coin gets 0.5)"
    use = "yes" if value <= _PASS else "with care"
    return "no" if value > _SPOTTED else use, f"A detector trained to spot them {words}."


def _texts_detected(score: Score, unit: str) -> tuple[str, str] | None:
    """By how well a judge of texts tells them from real ones."""
    found = _detected(score, unit)
    if found is None:
        return None
    return found[0], found[1].replace("spot them", "spot their texts")


def _likeness(score: Score, unit: str) -> tuple[str, str] | None:
    """By how near they come to real images, or how they move beside real series."""
    if score.metric == "series" and not score.name.startswith(_SERIES):
        return None
    if score.metric == "music" and score.name != _NATS:
        return None
    return _by_reach(score.reach), opening(score.sentence, _LETTERS)


_JUDGED = {
    "utility": _taught,
    "text_detection": _texts_detected,
    "detection": _detected,
    "series": _likeness,
    "images": _likeness,
    "music": _likeness,
    "sounds": _likeness,
}
"""What says whether generated rows can be used, by metric."""
_BY_ALL = ("series", "text_detection")
"""Metrics of which every score is one of these, not only the first."""
