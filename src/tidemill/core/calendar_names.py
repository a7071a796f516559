"""Names of months and weekdays in several languages, as dates are written with them."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class CalendarNames:
    """The names of one language, or of one way of abbreviating in it, in lower case.

    Attributes:
        months: January to December in full, as in a date (a genitive where the language has one).
        short_months: The same, abbreviated.
        weekdays: Monday to Sunday in full.
        short_weekdays: The same, abbreviated.
        half_days: What stands for before and after noon.
    """

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    half_days: tuple[str, str] = ("am", "pm")

    def tables(self) -> dict[str, tuple[str, ...]]:
        """The names by the strftime letter that stands for them."""
        return {
            "b": self.short_months,
            "B": self.months,
            "a": self.short_weekdays,
            "A": self.weekdays,
            "p": self.half_days,
        }


def _names(
    months: str, short_months: str, weekdays: str, short_weekdays: str, half_days: str = "am|pm"
) -> CalendarNames:
    before, after = half_days.split("|")
    return CalendarNames(
        tuple(months.split()),
        tuple(short_months.split()),
        tuple(weekdays.split()),
        tuple(short_weekdays.split()),
        (before, after),
    )


def _abbreviated(language: CalendarNames, short_months: str) -> CalendarNames:
    """A language with other abbreviations of its months."""
    return CalendarNames(
        language.months,
        tuple(short_months.split()),
        language.weekdays,
        language.short_weekdays,
        language.half_days,
    )


_EN = _names(
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "monday tuesday wednesday thursday friday saturday sunday",
    "mon tue wed thu fri sat sun",
)
_DE = _names(
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "mo di mi do fr sa so",
)
_FR = _names(
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lun. mar. mer. jeu. ven. sam. dim.",
)
_ES = _names(
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "lunes martes miércoles jueves viernes sábado domingo",
    "lun mar mié jue vie sáb dom",
    "a. m.|p. m.",
)
_IT = _names(
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "lun mar mer gio ven sab dom",
)
_PT = _names(
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "seg ter qua qui sex sáb dom",
)
_NL = _names(
    "januari februari maart april mei juni juli augustus september oktober november december",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "ma di wo do vr za zo",
)
_SV = _names(
    "januari februari mars april maj juni juli augusti september oktober november december",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "måndag tisdag onsdag torsdag fredag lördag söndag",
    "mån tis ons tors fre lör sön",
)
_DA = _names(
    "januar februar marts april maj juni juli august september oktober november december",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "man tir ons tor fre lør søn",
)
_PL = _names(
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
    "grudnia",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "pon wto śro czw pią sob nie",
)
_RU = _names(
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "янв фев мар апр май июн июл авг сен окт ноя дек",
    "понедельник вторник среда четверг пятница суббота воскресенье",
    "пн вт ср чт пт сб вс",
)
_HAN_MONTHS = "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月"
_ZH = _names(
    _HAN_MONTHS,
    _HAN_MONTHS,
    "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    "周一 周二 周三 周四 周五 周六 周日",
    "上午|下午",
)
_JA = _names(
    _HAN_MONTHS,
    _HAN_MONTHS,
    "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
    "月 火 水 木 金 土 日",
    "午前|午後",
)
_KO = _names(
    "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
    "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
    "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
    "월 화 수 목 금 토 일",
    "오전|오후",
)

ENGLISH = "en"
LANGUAGES: dict[str, CalendarNames] = {
    ENGLISH: _EN,
    "en2": _names(
        "january february march april may june july august september october november december",
        "jan feb mar apr may june july aug sept oct nov dec",
        "monday tuesday wednesday thursday friday saturday sunday",
        "mon tues wed thurs fri sat sun",
        "a.m.|p.m.",
    ),
    "en3": _abbreviated(_EN, "jan. feb. mar. apr. may june july aug. sept. oct. nov. dec."),
    "en4": _abbreviated(_EN, "jan feb mar apr may jun jul aug sept oct nov dec"),
    "de": _DE,
    "de2": _abbreviated(_DE, "jan feb mrz apr mai jun jul aug sep okt nov dez"),
    "de3": _names(
        "januar februar märz april mai juni juli august september oktober november dezember",
        "jan. feb. märz apr. mai juni juli aug. sept. okt. nov. dez.",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "mo. di. mi. do. fr. sa. so.",
    ),
    "de4": _abbreviated(_DE, "jan. feb. mär. apr. mai jun. jul. aug. sep. okt. nov. dez."),
    "de5": _names(
        "jänner februar märz april mai juni juli august september oktober november dezember",
        "jän feb mär apr mai jun jul aug sep okt nov dez",
        " ".join(_DE.weekdays),
        " ".join(_DE.short_weekdays),
    ),
    "fr": _FR,
    "fr2": _abbreviated(_FR, "janv févr mars avr mai juin juil août sept oct nov déc"),
    "fr3": _abbreviated(_FR, "jan fév mar avr mai jun jul aoû sep oct nov déc"),
    "es": _ES,
    "es2": _abbreviated(_ES, "ene. feb. mar. abr. may. jun. jul. ago. sep. oct. nov. dic."),
    "es3": _abbreviated(_ES, "ene feb mar abr may jun jul ago sept oct nov dic"),
    "es4": replace(_ES, half_days=("a.\u00a0m.", "p.\u00a0m.")),
    "es5": replace(_ES, half_days=("a.\u202fm.", "p.\u202fm.")),
    "it": _IT,
    "pt": _PT,
    "pt2": _abbreviated(_PT, "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez."),
    "nl": _NL,
    "nl2": _abbreviated(_NL, "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec."),
    "sv": _SV,
    "da": _DA,
    "da2": _abbreviated(_DA, "jan. feb. mar. apr. maj jun. jul. aug. sep. okt. nov. dec."),
    "pl": _PL,
    "ru": _RU,
    "zh": _ZH,
    "ja": _JA,
    "ko": _KO,
}
"""Languages by their code; a number behind it stands for further abbreviations."""


def all_words() -> frozenset[str]:
    """All names of months, weekdays and halves of the day in all languages."""
    tables = [names.tables() for names in LANGUAGES.values()]
    return frozenset(word for table in tables for words in table.values() for word in words)


def month_words() -> list[str]:
    """The names of months of three letters or more in all languages, without dots, the longest
    first."""
    words = set()
    for names in LANGUAGES.values():
        words |= {word.strip(".") for word in (*names.months, *names.short_months)}
    return sorted((word for word in words if len(word) >= 3 and word.isalpha()), key=len)[::-1]
