"""Words without which hardly any text of a language does, and which say nothing of what it is
about."""

from __future__ import annotations

_WORDS_OF = {
    "English": """the and is are was were this that these with have has not you they what which from
        would there their been will my your how why can't don't it's of to""",
    "German": """der die das und ist nicht ein eine einen dem den mit auf für von ich wir sie es
        wird auch sich aber oder wenn wurde sind haben zum zur nach bei sehr""",
    "French": """le la les et est une des du que qui dans pour pas sur avec vous nous je il elle
        sont mais plus cette ce au aux très j'ai c'est n'est""",
    "Spanish": """el la los las y es una un que en por para con no se del al su muy pero como más
        está son este esta yo lo""",
    "Italian": """il lo la gli e è una un di che in per con non si della del sono molto ma come più
        questo questa ho anche nel""",
    "Portuguese": """o a os as e é uma um de que em para com não se do da no na muito mas como mais
        está são este esta eu""",
    "Dutch": """de het een en is niet van ik wij met op voor zijn dat die aan ook maar als er naar
        heel werd hebben bij te""",
}
"""The words that tell languages apart; one may be of several."""
_FURTHER = """a an i he she we me us our her its they them am be do does did can could should may
    his might must shall get got in on at by for as if or but so no yes any some all just also than
    then when where who whom because about into out up down over after before again only very too
    more most much many such own same other i'm i've i'd isn't doesn't didn't wasn't won't
    couldn't"""
"""More of English, which other languages have, too, in part."""


def _languages() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _WORDS_OF.items():
        for word in words.split():
            found[word] = (*found.get(word, ()), language)
    return found


_LANGUAGES = _languages()
_FUNCTION_WORDS = frozenset((*_LANGUAGES, *_FURTHER.split()))


def languages_of(word: str) -> tuple[str, ...]:
    """The languages of which a word in lower case is one of the commonest.

    Example:
        >>> languages_of("the"), languages_of("die"), languages_of("card")
        (('English',), ('German', 'Dutch'), ())
    """
    return _LANGUAGES.get(word, ())


def is_function_word(word: str) -> bool:
    """Whether a word in lower case says nothing of what a text is about.

    Example:
        >>> is_function_word("they"), is_function_word("card")
        (True, False)
    """
    return word in _FUNCTION_WORDS
