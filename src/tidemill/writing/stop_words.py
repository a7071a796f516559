"""Words that a language is known by, and ordinary words that texts for customers begin with."""

from __future__ import annotations

from collections.abc import Mapping

STOP_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "en": """a about after all also an and any are as at be been both but by can do does each
            either else for from had has have he her his how i if in into is isn't it it's its just
            me more most my neither no nor not of off on or our out over own she so some such than
            that the their them then there these they this those to too under up us very was we
            were what when where which while who whose why will with without would you your""",
        "de": """aber als am auch auf aus bei das dem den der des die ein eine einem einen einer
            für ist mit nach nicht oder sich sie sind über und von wie wird zu zum zur""",
        "fr": """au aux avec ce ces cette dans de des du elle en est et il la le les leur mais ou
            par pas pour que qui sa ses son sont sur un une votre vous""",
        "es": """al con de del el ella en es esta este la las los más no para pero por que se sin
            su sus un una y""",
        "it": """al che con da dei del della di è gli il in la le lo ma nel non per più si sono un
            una""",
        "pt": """ao as com da das de do dos e em é mais mas na no não o os ou para por que se sem
            sua um uma""",
        "nl": """aan als bij dat de deze die dit een en het in is met naar niet of om ook op te
            uit van voor wordt zijn""",
    }.items()
}
"""Language -> words that most of its texts have."""

CHINESE_STOP_WORDS = frozenset("的了是和在有与为及也不这您我可于以从而到或")
"""Characters that most Chinese texts have."""

OPENERS = frozenset(
    """add available beautiful brew bring build built carry choose classic clean come comes
    comfortable compact convenient cook cooks crafted dear designed discover dry durable easy
    elegant enjoy ensure equipped experience explore fast features featuring feel find finished
    fits for fresh get give great hand hello here high hold holds ideal imagine it's introducing
    keep keeps large let light lightweight long looking made make makes meet modern new nice offered
    offering offers order our pack perfect please portable pour practical premium priced product
    prices protect provides quality quick ready reliable rinse run sealed serve serves set simple
    sleek small soft solid stay store strong sturdy stylish suitable take thank thanks there the
    these this try turn use wash we wear weighing weighs whether with wrap yes you your""".split()  # noqa: SIM905
)
"""Ordinary words that an English sentence may begin with, and so have a capital."""

PLAIN_WORDS = frozenset(
    """amount amounts available brand brings buy buys call called color colors colour colours come
    comes cost costing costs dimension dimensions find fit fits get gets give gives got has have
    hold holds item items made maker makes manufactured manufacturer measure measures measuring meet
    model name named need needs offer offered offers one order pay price priced produced product
    products say says see sell sells size sized sold take takes title total weigh weighing weighs
    weight yours""".split()  # noqa: SIM905
)
"""Words with which values are told and that claim nothing beside them."""

NEGATIONS = frozenset(
    """no not never non without isn't aren't doesn't don't cannot can't
    lacks""".split()  # noqa: SIM905
)
CHINESE_NEGATIONS = ("不是", "并非", "没有", "不含", "不带", "不可", "不能", "非", "无", "不", "未")
AFFIRMED = frozenset("yes true y 是 有 真".split())  # noqa: SIM905
DENIED = frozenset("no false n 否 无 没有 假".split())  # noqa: SIM905
"""Values that say of an attribute's name that it holds, or does not."""
