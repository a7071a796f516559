"""Personal data inside of free text: addresses, numbers with their check digits, and names and
dates of birth behind the words that announce them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum.cn import ric
from stdnum.us import ssn

from tidemill.core.column_words import BIRTHS
from tidemill.core.schema import BIRTH_DATES, MAILS, NAMES
from tidemill.core.text_tokens import IDEOGRAPHS, UNSPACED
from tidemill.personal import checksums
from tidemill.personal.people import CHINESE_FAMILY, CHINESE_FAMILY_OF_TWO, GIVEN

ACCOUNTS = "names of accounts"
PHONES = "phone numbers"


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """A personal datum in a text.

    Attributes:
        start, end: Its characters, the end not among them.
        what: Its sort in the plural.
    """

    start: int
    end: int
    what: str


def personal_spans(text: str) -> list[PersonalSpan]:
    """The personal data in a text, in order; none overlaps another.

    Numbers are taken for what their form says where their check digits agree; names where a title
    or words such as "my name is" announce them, in Chinese where they begin with a frequent family
    name besides. A name that nothing announces is not found.

    Example:
        >>> said = "I am Anna Lee, mail a.lee@mail.com or call +44 20 7946 0958."
        >>> [(said[one.start : one.end], one.what) for one in personal_spans(said)][:2]
        [('Anna Lee', 'names of people'), ('a.lee@mail.com', 'e-mail addresses')]
        >>> [one.what for one in personal_spans("请联系王小明先生，电话13812345678")]
        ['names of people', 'phone numbers']
    """
    found = sorted(_found(text), key=lambda one: (one.start, -one.end))
    kept: list[PersonalSpan] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


# --- addresses and numbers ------------------------------------------------------------------------

_WRITTEN = rf"[^\W{UNSPACED}]"
_MARKED = re.compile(r"[@\d]|://|www\.", re.IGNORECASE)
_DATE = (
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{4} ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?[日号])?|"
    r"\d{1,2}(?:st|nd|rd|th|\.)? (?:of )?[^\W\d_]{3,9},? \d{2,4}|"
    r"[^\W\d_]{3,9} \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
)
_PHONE_CUES = (
    r"phone|telephone|tel|mobile|cell|whatsapp|fax|telefon|handy|rufnummer|téléphone|teléfono|"
    r"móvil|celular|телефон|电话|手机号?码?|联系方式|電話|携帯|전화"
)
_ACCOUNT_CUES = (
    r"qq号?|微信号?|wechat(?: id)?|whatsapp|skype|telegram|instagram|旺旺号?|支付宝账?号?"
)
_OF_USERS = (
    r"(?i:://[^/@\s]+@|/[~@][\w.-]+|/(?:u|users?|profile|people|person|in|members?|account)[/=]\w|"
    r"[?&](?:user|uid|email|account|token|session|auth)\w*=|//[\w-]+\.blog\.|[/.]blog\.|"
    r"[/.](?:facebook|twitter|x|instagram|github|weibo|t|tiktok)\.(?:com|cn|me)/\w)"
)


@dataclass(frozen=True, slots=True)
class SpanForm:
    """What one sort of personal data looks like inside of a text.

    Attributes:
        what: Its sort.
        pattern: Its first group is the datum.
        valid: A further test of it.
    """

    what: str
    pattern: re.Pattern[str]
    valid: Callable[[str], bool] | None = None


def _is_of_user(address: str) -> bool:
    """Whether the address of a page names a user."""
    return re.search(_OF_USERS, address) is not None


def _has_digits(number: str) -> bool:
    """Whether a number has as many digits as phone numbers have."""
    return 7 <= sum(map(str.isdigit, number)) <= 15


_FORMS = (
    SpanForm(
        MAILS,
        re.compile(
            rf"((?:{_WRITTEN}|[.%+-]){{1,64}}@(?:[A-Za-z\d-]{{1,63}}\.){{1,8}}[A-Za-z]{{2,24}})"
        ),
    ),
    SpanForm(
        "web addresses of users",
        re.compile(rf"((?i:https?://|www\.)[^\s{UNSPACED}\"“”<>]+)"),
        _is_of_user,
    ),
    SpanForm(ACCOUNTS, re.compile(r"(?:^|[\s(:：,，])(@[A-Za-z_]\w{2,63})(?![\w@.])")),
    SpanForm(
        ACCOUNTS,
        re.compile(
            rf"(?i:{_ACCOUNT_CUES})\s?(?:is|是|为|[:：])?\s?"
            rf"([A-Za-z_][\w-]{{0,30}}\d[\w-]{{3,30}}|\d{{5,12}})(?!{_WRITTEN})"
        ),
    ),
    SpanForm(
        "bank account numbers (IBAN)",
        re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?)\b"),
        checksums.iban,
    ),
    SpanForm(
        "payment card numbers",
        re.compile(
            r"(?<![\d.,-])([2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2} ?\d{6} ?\d{5})(?!\d)"
        ),
        checksums.card,
    ),
    SpanForm(
        "Chinese resident identity numbers",
        re.compile(r"(?<!\d)([1-9]\d{16}[\dXx])(?!\d)"),
        ric.is_valid,
    ),
    SpanForm(
        "US social security numbers",
        re.compile(r"(?<![\d-])(\d{3}-\d{2}-\d{4})(?![\d-])"),
        ssn.is_valid,
    ),
    SpanForm(
        PHONES,
        re.compile(
            r"(?<![\d+])(\+\d{1,3}[ .-]?(?:\(?\d{1,5}\)?[ .-]?)(?:\d{2,5}[ .-]?){1,4}\d{2}|"
            r"\(\d{3}\) ?\d{3}[. -]\d{4}|(?!800|400)\d{3}[-.]\d{3}[-.]\d{4}|"
            r"1[3-9]\d([ -])\d{4}\2\d{4}|0\d{2,3}-\d{7,8}|0[1-9](?:[ .]\d\d){4}|"
            r"0\d{2,4} \d{3,4} \d{3,4})(?!\d)"
        ),
        _has_digits,
    ),
    SpanForm(
        PHONES,
        re.compile(
            rf"(?i:(?<![^\W\d_])(?:{_PHONE_CUES})(?: ?(?:number|no\.?|nr\.?))?)"
            r"[\s:：.]{0,4}(?:is|ist|est|es|是|为)?[\s:：]{0,4}(\+?\(?\d[\d ()./-]{5,18}\d)(?!\d)"
        ),
        _has_digits,
    ),
    SpanForm(  # of mobiles in Chinese texts, where no cue is needed
        PHONES,
        re.compile(r"(?:^|[\u2e80-\uffff])[ :]?(?<!单号[:：])(1[3-9]\d{9})(?!\d)"),
    ),
    SpanForm(
        BIRTH_DATES,
        re.compile(
            rf"(?i:{'|'.join(BIRTHS)})"
            rf"(?: ?(?:(?:date|day|on|am|le|el|is|was|in)\b|日期|[于是为在])){{0,3}}"
            rf"[\s:：]{{0,2}}({_DATE})"
        ),
    ),
)

# --- names ----------------------------------------------------------------------------------------

_NAME = r"[^\W\d_a-z][^\W\d_]{0,40}(?:['’-][^\W\d_]{1,40}){0,3}"
_FULL_NAME = (
    rf"{_NAME}(?: (?:[A-Z]\. )?(?:(?:van|von|de|der|del|della|bin|al) ){{0,2}}{_NAME}){{0,2}}"
)
_TITLE = (
    r"(?:Mrs?|Ms|Dr|Prof|Sr|Sra|Herrn?|Frau|Monsieur|Madame|Mme|Mlle|Señora?|Signora?|Signor|"
    r"Dott|Mevrouw|Meneer)"
)
_SAYS_NAME = (
    r"(?i:my (?:full |first |last )?name is|my name's|i am called|please call me|"
    r"ich heiße|mein name ist|je m'appelle|mon nom est|me llamo|mi nombre es|mi chiamo|"
    r"meu nome é|ik heet|mijn naam is|меня зовут|\bsigned,?)"
)
_IS_NAME = (
    r"(?i:\bi am|\bi'm|\bi’m|\bthis is|\bregards,?|\bsincerely,?|\bthanks,|\bcheers,|\bich bin|"
    r"\bhier ist|\bgrüße,?|\bje suis|\bsoy)"
)
_LATIN_NAMES = re.compile(
    rf"(?:\b{_TITLE}\b\.?|{_SAYS_NAME}) (?P<sure>{_FULL_NAME})|"
    rf"{_IS_NAME}\s(?P<known>{_FULL_NAME})"
)
_NO_NAMES = frozenset(
    """
the this that these those it i we you he she they a an and or but if when where what which who how
my your his her their our not no yes so as in on at to for from of with by is are was were will
can could would should do does did have has had please thanks thank hello hi dear also then there
here pepper martens
""".split()  # noqa: SIM905
)
_HAN = f"[{IDEOGRAPHS}]"
_THANKS = "谢"
_FAMILY = (
    f"(?:{'|'.join(CHINESE_FAMILY_OF_TWO)}|[{''.join(sorted(CHINESE_FAMILY - {_THANKS}))}]|"
    f"(?<![感多谢]){_THANKS}(?!谢))"
)
_BEFORE_NAME = rf"(?<![{IDEOGRAPHS}])|(?<=[的是和跟找叫给让由与对向请问谢感把从被系为而位])"
_CHINESE_TITLE = "先生|女士|小姐|太太|医生|大夫|经理|老师|教授|师傅|主任|律师|護士|护士|醫生|經理"
_CHINESE_NAMES = re.compile(
    rf"(?:姓名|联系人|收货人|收件人|聯繫人)[:：]\s{{0,3}}(?P<sure>{_HAN}{{2,4}}(?!{_HAN}))|"
    rf"(?:我叫|名叫|名字叫|名字是|本人是?)(?P<own>{_FAMILY}{_HAN}{{1,2}})(?!{_HAN})|"
    rf"我是(?P<said>{_FAMILY}{_HAN}{{1,2}})(?!{_HAN})|"
    rf"(?:{_BEFORE_NAME})(?P<titled>{_FAMILY}{_HAN}{{0,2}})(?=(?:{_CHINESE_TITLE}))|"
    rf"(?<!百)姓(?P<family>{_FAMILY})(?=的|[，。,.!！]|\s|$)"
)
_NO_CHINESE_NAMES = re.compile(
    "^(?:高端|高级|高档|高中|高手|高兴|高大|高贵|高度|高富|许多|马上|马来|马大|于是|任何|方便|方面|白色|白领|"
    "白衣|黄色|金色|金融|金牌|江湖|江苏|江西|万能|万分|向来|向您|田园|石头|温柔|安全|安装|安心|安徽|常见|常常|"
    "乐观|平时|牛仔|武汉|武林|武侠|余下|余生|程序|程度|何时|何种|何等|钱包|戴着|毛衣|宋体|孙子|孙女|陈旧|"
    "郑重|严重|严格|段子|段落|施工|顾客)|[人生客粉迷家者的了民户友员版们吧啊吗呢着]$"
)
"""Words that begin as family names do, and endings of what people are."""


def _found(text: str) -> Iterator[PersonalSpan]:
    """All data of all sorts, which may overlap."""
    if _MARKED.search(text):
        for form in _FORMS:
            for match in form.pattern.finditer(text):
                if form.valid is None or form.valid(match.group(1)):
                    yield PersonalSpan(*match.span(1), form.what)
    for match in _LATIN_NAMES.finditer(text):
        group = match.lastgroup or ""
        words = match.group(group).split()
        is_name = words[0].lower() not in _NO_NAMES
        if group == "known":
            is_name = words[0].lower() in GIVEN
        if is_name:
            start = match.start(group)
            yield PersonalSpan(start, start + len(_without_ends(match.group(group))), NAMES)
    for match in _CHINESE_NAMES.finditer(text):
        group = match.lastgroup or ""
        if group in ("sure", "family") or not _NO_CHINESE_NAMES.search(match.group(group)):
            yield PersonalSpan(*match.span(group), NAMES)


def _without_ends(name: str) -> str:
    """A name without capitalised words behind it that are none."""
    words = name.split(" ")
    while len(words) > 1 and words[-1].lower() in _NO_NAMES:
        words.pop()
    return " ".join(words)
