"""How the best strategy of a loop is used, as code to be copied."""

from __future__ import annotations

from tidemill.core.words import listing, plural
from tidemill.reporting.blocks import Block, CodeBlock, Paragraph
from tidemill.reporting.loop_account import LoopReportInput


def use(account: LoopReportInput) -> list[Block]:
    """The best strategy in a Pipeline of imbalanced-learn, or what else it takes."""
    weighs = "class weights" in account.strategy
    if account.kind == "real" and not weighs:
        return [
            Paragraph("There is nothing to add: train your model on the real rows as they are.")
        ]
    if account.kind == "real":
        return [
            Paragraph(
                "Train your model on the real rows, and let all classes count the same together."
            ),
            CodeBlock(
                "from sklearn.linear_model import LogisticRegression\n\n"
                'LogisticRegression(class_weight="balanced", max_iter=1000).fit(X, y)'
            ),
        ]
    balanced = ', class_weight="balanced"' if weighs else ""
    folder = account.folder or "DIR"
    if account.from_elsewhere:
        return _with_rows_from_elsewhere(account, folder)
    code = PIPELINE.format(
        folder=folder,
        target=account.target,
        classifier=f"LogisticRegression(max_iter=1000{balanced})",
    )
    blocks: list[Block] = [
        Paragraph(
            "As a sampler in a Pipeline of imbalanced-learn: it learns its generator from the "
            "training rows of each call only, so cross-validation stays honest."
        ),
        CodeBlock(code),
    ]
    if account.kind == "generated" and account.folder:
        rows = plural(account.generated, "row")
        blocks.append(
            Paragraph(
                f"The {rows} themselves are in generated.parquet, each with the round and the "
                "reason for which it was made."
            )
        )
    return blocks


def _with_rows_from_elsewhere(account: LoopReportInput, folder: str) -> list[Block]:
    rows = plural(account.generated, "row")
    weights = []
    if "each counting" in account.strategy:
        weights.append("the added rows count less than yours")
    if "class weights" in account.strategy:
        weights.append("all classes count the same together")
    counts: list[Block] = []
    if weights:
        said = f"In the strategy that was proven, {listing(weights)}"
        counts.append(
            Paragraph(f"{said} ({account.strategy}): give that to your learner as sample_weight.")
        )
    return [
        Paragraph(
            f"Put the {rows} of generated.parquet below the training rows, and train your model on "
            "both. Rows from elsewhere are real ones: treat them as you treat that table. Those "
            "most like yours were taken first, and without records that your own table has, too, "
            "as far as their values tell."
        ),
        CodeBlock(BELOW.format(folder=folder)),
        *counts,
        Paragraph(
            "In cross-validation, Sampler.load takes the other table and draws anew in each call:"
        ),
        CodeBlock(f'Sampler.load("{folder}", also=(X_elsewhere, y_elsewhere))'),
    ]


BELOW = """import pandas as pd

added = pd.read_parquet("{folder}/generated.parquet")
rows = pd.concat([pd.read_csv("YOUR.csv"), added], join="inner")"""

PIPELINE = """import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline as steps
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tidemill.augmentation.sampler import Sampler

X = pd.read_csv("YOUR.csv")
y = X.pop("{target}")
encode = make_column_transformer(
    (steps(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")))
model = make_pipeline(Sampler.load("{folder}"), encode, {classifier})
cross_val_score(model, X, y, scoring="balanced_accuracy")"""
