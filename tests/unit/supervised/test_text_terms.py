from __future__ import annotations

import polars as pl
import pytest

from tidemill.supervised.text_terms import MOST_WORDS, TermReader, text_terms


def test_terms_are_words_and_pairs_in_any_script() -> None:
    assert text_terms("It's late, again") == ["it's", "late", "again", "it's late", "late again"]
    assert text_terms("很好 OK") == ["很", "好", "ok", "很 好", "好 ok"]
    assert text_terms(None) == text_terms("  ...") == [""]
    assert len(text_terms("word " * 10_000)) == 2 * MOST_WORDS - 1


def test_counts_have_the_same_columns_for_all_tables_and_the_most_frequent_term_first() -> None:
    first, second = TermReader().counts([pl.Series(["b a a", "a", "b", None]), pl.Series(["a c"])])
    # of "b a", "a a", "a c", "c" and no words at all there is one row each
    assert first.toarray().tolist() == [[2, 1], [1, 0], [0, 1], [0, 0]]
    assert second.toarray().tolist() == [[1, 0]]


def test_what_was_read_before_changes_nothing() -> None:
    texts = pl.Series([f"w{k % 7} w{k % 5} w{k % 3}" for k in range(60)])
    [plain] = TermReader().counts([texts])
    reader = TermReader()
    reader.counts([texts.reverse(), pl.Series(["other words", "other words"])])
    [again] = reader.counts([texts])
    assert (plain != again).nnz == 0
    assert plain.shape == again.shape


@pytest.mark.parametrize("texts", [[], [None, ""], ["only once"]])
def test_texts_without_shared_terms_have_no_columns_but_that_of_no_words(
    texts: list[str | None],
) -> None:
    [counts] = TermReader().counts([pl.Series(texts, dtype=pl.String)])
    assert counts.shape == (len(texts), int(len(texts) == 2))
