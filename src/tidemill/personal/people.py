"""What the names of people look like, in any order, case and script: frequent given names, family
names, titles and endings."""

from __future__ import annotations

import re

# frequent given names of many countries; a column of names holds some of them whatever else it
# holds
GIVEN = frozenset(
    """
james john robert michael william david richard joseph thomas charles christopher daniel matthew
anthony mark donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy
jason jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin
samuel frank gregory raymond alexander patrick jack dennis jerry mary patricia jennifer linda
elizabeth barbara susan jessica sarah karen nancy lisa betty margaret sandra ashley kimberly emily
donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia
kathleen amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine
debra rachel carolyn janet catherine maria jose juan luis carlos jorge pedro manuel antonio
francisco miguel ana carmen isabel lucia sofia pablo diego hans peter klaus jürgen wolfgang thomas
andreas stefan martin ursula monika petra sabine heike anja julia lena jean pierre michel philippe
alain nathalie isabelle sylvie marie françois claude camille louis henri sophie giuseppe giovanni
luigi marco paolo andrea francesca giulia chiara ivan sergey dmitri olga natalia elena tatiana
anton mohammed muhammad mohamed ahmed ali hassan hussein omar fatima aisha khadija ibrahim yusuf
mustafa mehmet ayşe raj rahul amit sanjay vijay anil sunil priya anjali deepa ravi suresh ramesh
lakshmi arjun wei li jing min hiroshi yuki kenji haruto sakura takashi ji-hoon minh nguyen björn
lars erik ingrid jan piotr anna agnieszka owen charlotte adam alan albert alice amanda andré ángel
antoine arthur austin barbara bernd beatriz bruce bryan carl caroline cheryl christina craig diana
diane dirk doris douglas dylan edwin elena eleni elisa ellen eugene eva evelyn fabio federica
felipe fernando florian franz fritz gabriel gerald gerd gloria grace guillaume gustavo hannah
harold heather heinz helga henry horst ian irene ivana jack jan janice javier jesús jochen joe
johannes jörg joão joyce judith judy julie julien jutta kai karin karl keith kelly kurt laura
lawrence león lisa logan lorenzo louise lucas luca lucy manfred marcel marcos margarita mariana
marilyn mario marion markus martha marta mateo matteo matthias max megan michele miriam mohamad
nadia nathan nick nina oliver olivia pascal peggy philip phillip pilar rafael ralf ralph raúl
renate ricardo rita roberto roger roland rosa rose roy ruth sara sean sebastian sergio silvia
simon simone stefano stéphane steve susanne sven teresa terry theresa thierry thomas tim tina
tobias todd tom tyler uwe valentina valérie vanessa véronique victor victoria vincent virginia
walter wayne wendy werner willie xavier yolanda yves zoe abdul abdullah amina hamza karim khalid
layla leila mariam nasser noor salma samir youssef zainab aarav aditi arun asha deepak divya
gaurav kavita kiran kumar manoj meera mohan neha nisha pooja pradeep prakash rajesh ritu rohit
sandeep shreya sunita suresh vikram vinod chen fang hui jun lei ling mei ming na ping qiang tao
xin yan ying yong akira aiko haruka kazuko keiko naoko satoshi yoko hyun jae min-jun seo-yeon soo
thi van huong linh mai thanh tuan aleksandr aleksei alexei andrei boris dmitry ekaterina evgeny
igor irina larisa maxim mikhail nadezhda nikolai oleg pavel roman sergei svetlana tamara vladimir
yelena yuri иван александр алексей андрей анна анастасия борис валентина василий вера виктор
виктория владимир галина дмитрий евгений екатерина елена игорь ирина константин лариса людмила
максим мария марина михаил надежда наталья николай оксана олег ольга павел роман светлана сергей
татьяна юлия юрий αντώνης γιώργος γιάννης δημήτρης ελένη κώστας μαρία νίκος محمد أحمد احمد علي حسن
حسين فاطمة عمر عائشة خالد يوسف إبراهيم ابراهيم مريم عبد عبدالله نور سارة ليلى משה דוד יוסף שרה רחל
""".split()  # noqa: SIM905 - two hundred quoted words would be harder to read
)
FAMILY = frozenset(
    """
smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez
wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark
ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams
nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans turner diaz parker
cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz morgan cooper
peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood bennett
gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster jimenez
powell o'brien o'neil o'connor sullivan ryan walsh mccarthy macdonald müller schmidt schneider
fischer weber meyer wagner becker schulz hoffmann schäfer koch bauer richter klein wolf schröder
neumann schwarz zimmermann braun krüger hofmann hartmann lange werner krause lehmann dubois durand
moreau laurent lefebvre leroy roux fournier girard bonnet dupont lambert fontaine rousseau petit
rossi russo ferrari esposito bianchi romano colombo ricci marino greco silva santos oliveira souza
pereira costa carvalho almeida ferreira garcía rodríguez gonzález fernández lópez martínez sánchez
pérez gómez díaz jansen visser bakker smit hansen johansen olsen larsen andersen pedersen nielsen
jensen johansson andersson karlsson nilsson eriksson svensson kowalski nowak wiśniewski wójcik
novák horvat nagy kovács papadopoulos yılmaz kaya demir singh kumar sharma gupta khan ali hussain
ahmed das reddy rao iyer chen wang zhang liu yang huang zhao wu zhou xu sun ma zhu lin tan wong
chan tanaka suzuki sato watanabe ito yamamoto nakamura kobayashi kato yoshida park choi jung kang
cho tran pham hoang ivanov petrov sidorov smirnov kuznetsov popov
""".split()  # noqa: SIM905
)
TITLES = frozenset(
    """
mr mrs ms miss dr prof sir herr frau mme mlle señor señora sr sra sig signora dhr mevr
""".split()  # noqa: SIM905
)
CHINESE_FAMILY = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
    "余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯"
    "龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤張劉陳楊黃趙吳孫馬許韓馮鄧蕭蔣葉蘇呂盧鍾"
    "譚陸範賈鄒鄭羅謝龍賀顧錢嚴湯溫温常樊殷施洪翟安倪牛樂乐俞章鲁葛伍"
)
CHINESE_FAMILY_OF_TWO = tuple(
    "欧阳 司马 上官 诸葛 司徒 夏侯 慕容 皇甫 尉迟 令狐 歐陽 司馬".split()  # noqa: SIM905
)
JAPANESE_FAMILY = tuple(
    """
佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斎藤
斉藤 清水 山崎 池田 橋本 阿部 石川 山下 中島 石井 小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤
青木 坂本 福田 太田 西村 藤井 岡本 藤原 中野 三浦 原田 中川 松田 竹内 上田 和田 森田 田村
""".split()  # noqa: SIM905
)
_KOREAN_FAMILY = frozenset(
    "김이박최정강조윤장임한오서신권황안송류홍전고문양손배백허유남심노하곽성차주우구민"
)
_PATRONYMIC = re.compile(r"(ович|евич|ьич|овна|евна|ична|инична)$|(ovich|evich|ovna|evna)$")
_INITIALS = re.compile(
    r"^(?:[^\W\d_]\. ?)+[^\W\d_][\w'’-]+$|^[^\W\d_][\w'’-]+,? (?:[^\W\d_]\. ?)+$"
)
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
# what stands in titles, products, firms and places, and in no name
_OTHERWISE = frozenset(
    """
the of and for with in on at to inc ltd llc gmbh ag co corp company group shop store street avenue
city town county school university hospital hotel lake river bay beach set bag box pack kit red blue
pink und die das für et les des du los las il limited plc kg ohg sarl srl spa bv nv oy pty sons bros
industries holding holdings services solutions systems technologies technik media bank insurance
consulting trading international partners foods energy books bäckerei apotheke praxis verein club
""".split()  # noqa: SIM905
)


def plain(text: str) -> str:
    """A name with single blanks, and one behind each comma.

    Example:
        >>> plain("Baker,  Linda  K   "), plain("Clark,Mary"), plain("anna.lee")
        ('Baker, Linda K', 'Clark, Mary', 'anna lee')
    """
    text = re.sub(r"(?<=[^\W\d_]{2})[._](?=[^\W\d_]{2})", " ", text)
    return " ".join(re.sub(r"\s*[,，]\s*", ", ", text).split())


def is_of_things(text: str) -> bool:
    """Whether a text has a word that stands in names of firms, places or products and in no name of
    a person.

    Example:
        >>> is_of_things("Smith & Sons"), is_of_things("Müller GmbH"), is_of_things("Anna Müller")
        (True, True, False)
    """
    return "&" in text or not _OTHERWISE.isdisjoint(_words(text))


def is_name(text: str) -> bool:
    """Whether a text has something that names of people have: a frequent given or family name, a
    title, an initial, a patronymic.

    Example:
        >>> [is_name(text) for text in ("Clark,Mary", "J. Smith", "欧阳娜娜", "old oak")]
        [True, True, True, False]
    """
    text = plain(text)
    if is_eastern_name(text):
        return True
    words = _words(text)
    if not words:
        return False
    some = any(word in GIVEN or word in TITLES or _PATRONYMIC.search(word) for word in words)
    return some or (len(words) > 1 and not FAMILY.isdisjoint(words)) or bool(_INITIALS.match(text))


def is_full_name(text: str) -> bool:
    """Whether a text is a given and a family name and nothing else, as "Lee, Anna" or "ANNA LEE";
    or such a name in Chinese, Japanese or Korean.

    Example:
        >>> [is_full_name(text) for text in ("SMITH, JOHN A.", "Mary's Bag Set", "Иванов Иван")]
        [True, False, True]
        >>> [is_full_name(text) for text in ("SMITH John", "Herr Weber", "anna.lee", "old oak")]
        [True, True, True, False]
    """
    text = plain(text)
    if is_eastern_name(text):
        return True
    words = _words(text)
    if not 2 <= len(words) <= 5 or not _OTHERWISE.isdisjoint(words) or re.search(r"[\d&/(+]", text):
        return False
    if text.islower():
        return words[0] in GIVEN and words[-1] in FAMILY
    if words[0] in TITLES:
        return words[1] in GIVEN or not FAMILY.isdisjoint(words[1:])
    behind = _words(text.partition(", ")[2])
    given = behind[0] if behind else words[0]
    if given in GIVEN or any(_PATRONYMIC.search(word) for word in words):
        return True
    if words[0] in FAMILY and words[-1] in GIVEN:  # the family's name first, without a comma
        return True
    initials = bool(_INITIALS.match(text)) and not FAMILY.isdisjoint(words)
    cyrillic = re.search(r"[а-я]", text.lower()) is not None
    return initials or (cyrillic and len(words) <= 3 and not GIVEN.isdisjoint(words))


def is_eastern_name(text: str) -> bool:
    """Whether a text looks like a Chinese, Japanese or Korean name: a frequent family name and one
    to three more characters."""
    if text.isascii():
        return False
    whole = text.replace(" ", "").replace("\u3000", "")
    if re.fullmatch(r"[\u3400-\u9fff*＊々]{2,5}", whole):
        chinese = whole[0] in CHINESE_FAMILY or whole.startswith(CHINESE_FAMILY_OF_TWO)
        if len(whole) <= 4 and chinese:
            return True
        return whole.startswith(JAPANESE_FAMILY) and len(whole) >= 3
    if re.fullmatch(r"[\uac00-\ud7a3]{2,4}", whole):
        return whole[0] in _KOREAN_FAMILY
    mixed = re.fullmatch(r"[\u3400-\u9fff々]{1,3}[\u3040-\u30ff]{1,5}", whole)
    return mixed is not None and whole.startswith(JAPANESE_FAMILY)


def _words(text: str) -> list[str]:
    return [word.strip(".'’-") for word in _WORD.findall(text.lower())]
