import random
from datetime import date

import pytest
from stdnum.cn import ric

from tidemill.cleaning.personal import CHECK
from tidemill.core.run import Run
from tidemill.personal import checksums

RANDOM = random.Random(0)


def digits(count):
    return "".join(RANDOM.choice("0123456789") for _ in range(count))


def card():
    stem = "4" + digits(14)
    return next(stem + last for last in "0123456789" if checksums.card(stem + last))


def resident():
    year, month, day = (RANDOM.randrange(*ends) for ends in ((1950, 2005), (1, 13), (1, 29)))
    stem = f"110105{year}{month:02d}{day:02d}{digits(3)}"
    return next(stem + last for last in "0123456789X" if ric.is_valid(stem + last))


ENDS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STEMS = {
    "Belgian national": lambda year: f"{year}.05.14-0{year}.{RANDOM.randrange(10)}",
    "CPF": lambda year: f"{digits(3)}.{digits(3)}.{digits(3)}-{RANDOM.randrange(10)}",
    "Finnish": lambda year: f"0105{year}-2{digits(2)}",
    "French": lambda year: f"1 {year} 05 49 588 1{year} {RANDOM.randrange(10)}",
    "Italian": lambda year: f"RSSMRA{year}A01H501",
    "Korean": lambda year: f"{year}0514-1{digits(5)}",
    "CURP": lambda year: f"BOXW{year}0514HNERXN0",
    "Norwegian": lambda year: f"0105{year}2{digits(3)}",
    "PESEL": lambda year: f"{year}0514{digits(4)}",
    "Romanian": lambda year: f"1{year}051403{digits(3)}",
    "South African": lambda year: f"{year}0514{digits(4)}08",
    "DNI": lambda year: digits(8),
    "NIE": lambda year: f"X{digits(7)}",
    "Swedish": lambda year: f"{year}0514-{digits(3)}",
    "Turkish": lambda year: f"1{digits(8)}{RANDOM.randrange(10)}",
}


def persons(what):
    """Thirty valid numbers of persons of the sort, found by trying ends."""
    valid = next(valid for name, _, valid in checksums.NATIONAL_IDS if what in name)
    found = []
    while len(found) < 30:
        stem = STEMS[what](RANDOM.randrange(50, 90))
        found += [stem + end for end in ENDS if valid(stem + end)][:1]
    return found


def issues(data):
    return CHECK.diagnose(data, Run()).issues


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("note", ["call anna@mail.co.uk", "nothing", "none"], "e-mail"),
        ("x", [card() for _ in range(30)], "card"),
        ("x", [int(card()) for _ in range(30)], "card"),
        ("x", [resident() for _ in range(30)], "Chinese resident"),
        ("x", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], "IBAN"),
        (
            "x",
            [
                f"{RANDOM.randrange(1, 600):03d}-12-{RANDOM.randrange(1, 9999):04d}"
                for _ in range(30)
            ],
            "social security",
        ),
        ("x", [f"13{digits(9)}" for _ in range(30)], "phone"),
        ("x", [f"+44 20 {digits(4)} {digits(4)}" for _ in range(30)], "phone"),
        ("Tel.", [f"0{digits(8)}" for _ in range(30)], "phone"),
        ("note", [f"ring (415) 555-{digits(4)} now" for _ in range(5)] + ["later"] * 50, "phone"),
        (
            "host",
            [f"10.{RANDOM.randrange(256)}.4.{RANDOM.randrange(32, 256)}" for _ in range(30)],
            "IP",
        ),
        ("host", ["2001:db8::1", "fe80::1", "2001:0DB8:0:0:8:800:200C:417A"], "IP"),
        ("LastName", ["Nguyen", "O'Brien", "van Dyk", "Müller"] * 5, "names of people"),
        (
            "passenger",
            ["Braund, Mr. Owen", "Heikkinen, Miss. Laina", "Allen, Mr. William"] * 5,
            "names of people",
        ),
        ("姓名", ["王伟", "李娜", "张敏"] * 5, "names of people"),
        ("ShipAddress", [f"{i} Main Street" for i in range(20)], "street addresses"),
    ],
)
def test_personal_data_are_told_and_masked(table, name, values, what):
    (issue,) = issues(table(**{name: values}))
    assert what in issue.sentence
    assert issue.severity == "personal data"
    assert not any(str(value) in issue.sentence + issue.example for value in values)
    assert not set(issue.example) & set("123456789abcdefghijklmnopqrstuvwyz")


@pytest.mark.parametrize("what", STEMS)
def test_numbers_of_persons_are_told_by_their_country(table, what):
    (issue,) = issues(table(x=persons(what)))
    assert what in issue.sentence
    assert not set(issue.example) & set("123456789abcdefghijklmnopqrstuvwyz")


def test_every_sort_of_numbers_of_persons_is_tested():
    assert len(STEMS) == len(checksums.NATIONAL_IDS)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("order", [digits(16) for _ in range(200)]),
        ("ean", [f"40{digits(11)}" for _ in range(200)]),
        ("isbn", [f"978-3-16-1484{i:02d}-0" for i in range(60)]),
        ("order", [digits(11) for _ in range(200)]),
        ("order", [f"{i}{digits(7)}" for i in range(123450, 123650)]),
        ("milliseconds", [1_700_000_000_000 + i * 86_412_345 for i in range(200)]),
        ("part", [f"{digits(8)}{RANDOM.choice('ABCDEFGHJKLMN')}" for _ in range(200)]),
        ("batch", [f"{240100 + i}-{digits(4)}" for i in range(1, 31)]),
        ("time", [f"{i % 24:02d}:{i % 60:02d}:00" for i in range(60)]),
        ("mac", [f"00:1b:44:11:3a:{i:02x}" for i in range(60)]),
        ("version", [f"1.{i}.0.2" for i in range(30)]),
        ("amount", [f"{i * 1234567.25}" for i in range(60)]),
        ("phone", ["yes", "none"] * 20),
        ("name", ["hawaiian", "classic_dlx", "mexicana"] * 20),
        ("product_name", ["Toy Story", "Green Lamp", "Old Chair"] * 20),
        ("email_opened", ["yes", "no"] * 20),
        ("email_address_known", ["yes", "no"] * 20),
    ],
)
def test_other_data_are_not(table, name, values):
    assert not issues(table(**{name: values}))


def test_a_date_of_birth(table):
    from datetime import date

    (issue,) = issues(table(DateOfBirth=[date(1980, 2, 3)] * 5))
    assert issue.example == "0000-00-00"


def test_columns_that_the_user_ignores_are_looked_at(table):
    assert issues(table(roles={"mail": "ignore"}, mail=["a@b.com", "c@d.org"]))


WESTERN = ["Linda Baker", "Mary Clark", "John A. Smith", "Anna Lee", "Paul Young", "Karen Hill"]
WESTERN += ["Peter Weber", "María José García", "Jean-Pierre Dubois", "Dr. Mary O'Neil-Jones"]
COMMA = ["Baker, Linda  K   ", "Clark,Mary", "SMITH, JOHN A.", "Lee, Anna", "Young , Paul"]
COMMA += ["HILL, KAREN", "Weber, Peter", "Jones,Susan", "Moore, Betty L", "Allen,Jason"]
CHINESE = [
    "李小明",
    "王伟",
    "张敏",
    "欧阳娜娜",
    "刘洋",
    "陈晨",
    "杨帆",
    "赵雷",
    "黄蓉",
    "周杰",
    "吴京",
]
CHINESE += [
    "徐静",
    "孙俪",
    "胡歌",
    "朱军",
    "高圆圆",
    "林心如",
    "何炅",
    "郭涛",
    "马丽",
    "罗翔",
    "宋佳",
]
RUSSIAN = ["Иванов Иван Иванович", "Петрова Анна Сергеевна", "СИДОРОВ ПЁТР ИЛЬИЧ", "Ольга Смирнова"]
RUSSIAN += ["Кузнецов Алексей", "Попова Мария Ивановна", "Соколов Дмитрий", "Юрий Волков"]
JAPANESE = [
    "佐藤 花子",
    "鈴木一郎",
    "高橋 健",
    "田中さくら",
    "渡辺直美",
    "山本 太郎",
    "中村俊輔",
] * 3
KOREAN = ["김민수", "이영희", "박지성", "최수종", "정우성", "강호동", "조인성", "윤여정"] * 3


@pytest.mark.parametrize("names", [WESTERN, COMMA, CHINESE, RUSSIAN])
@pytest.mark.parametrize(
    "column", ["x", "column_4", "姓名", "Employee_Name", "Kunde", "Beschreibung"]
)
def test_names_of_people_are_known_whatever_the_column_is_called(table, names, column):
    (issue,) = issues(table(**{column: names * 3}))
    assert "names of people" in issue.sentence
    assert not any(name.strip() in issue.sentence + issue.example for name in names)


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("LAST_NM", ["ADAMS", "BAKER", "OKONKWO", "ZHAO"] * 5),
        ("nom", ["Dupont", "Jean Moreau", "Marie Petit", "Roux"] * 5),
        ("cliente", ["Ana López", "Luis Pérez", "Carmen Díaz", "Pablo Ruiz"] * 5),
        ("氏名", JAPANESE),
        ("customer", JAPANESE),
        ("성명", KOREAN),
        ("owner", KOREAN),
        ("owner", ["محمد علي", "فاطمة حسن", "أحمد خالد", "سارة يوسف"] * 5),
        ("客户", ["张三", "李四", "王五", "赵六"] * 5),
        ("payee", ["J. Smith", "A. Jones", "M. T. Brown", "K. Weber"] * 5),
        ("收款人", ["*伟", "张*", "李**", "王*明"] * 5),
    ],
)
def test_columns_that_say_so_need_less(table, column, names):
    (issue,) = issues(table(**{column: names}))
    assert "names of people" in issue.sentence


CITIES = ["San Jose", "Santa Maria", "Charlotte", "Madison", "St. Paul", "Jackson", "San Diego"]
CITIES += ["Port Elizabeth", "Fort Wayne", "San Francisco", "Los Angeles", "New York", "Austin"]
FILMS = ["Mary Poppins", "Jerry Maguire", "Toy Story", "The Godfather", "Star Wars", "Emma"]
FILMS += ["Forrest Gump", "Annie Hall", "Pulp Fiction", "Dead Man Walking", "Rob Roy", "Nixon"]
PRODUCTS = ["Charlotte Bag Suki Design", "Jumbo Bag Red", "Alarm Clock Green", "Black Record Cover"]
PRODUCTS += ["Regency Cake Stand", "White Hanging Heart", "Lunch Box Apple", "Victoria Sponge Tin"]
FIRMS = ["Johnson & Johnson", "John Deere", "Morgan Stanley", "Acme Inc", "Miller Brothers Ltd"]
FIRMS += ["General Motors", "Goldman Sachs", "Thomas Cook Group", "Charles Schwab Bank", "Intel"]
CHINESE_CITIES = [
    "北京",
    "上海",
    "广州",
    "深圳",
    "马鞍山",
    "石家庄",
    "黄山",
    "金华",
    "常州",
    "苏州",
] * 3
LEVELS = ["高级", "中级", "初级", "金牌", "白银", "方案一", "高中", "本科", "硕士", "博士"] * 3


@pytest.mark.parametrize("values", [CITIES, FILMS, PRODUCTS, FIRMS, CHINESE_CITIES, LEVELS])
@pytest.mark.parametrize("column", ["x", "Description", "title", "city", "company_name", "产品"])
def test_titles_products_cities_firms_and_levels_are_no_people(table, values, column):
    assert not issues(table(**{column: values * 2}))


@pytest.mark.parametrize(
    "values",
    [
        [f"0x{RANDOM.randrange(16**40):040x}" for _ in range(50)],
        [f"{RANDOM.randrange(16**64):064x}" for _ in range(50)],
    ],
)
@pytest.mark.parametrize("column", ["address", "token address", "to_address"])
def test_hashes_are_no_street_addresses(table, values, column):
    assert not issues(table(**{column: values}))


PEOPLE = [
    f"{given} {family}"
    for given in ("Anna", "Jörg", "Maria")
    for family in ["Koch", "Weber", "Klein"]
]
FIRMS = ["Acme Ltd", "Smith & Sons", "Baker Street Books", "King Power", "Young Corp", "Weber AG"]


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("x", [f"{p.split()[1].upper()} {p.split()[0]}" for p in PEOPLE], "names of people"),
        (
            "x",
            [f"Frau {p.split()[1]}" for p in PEOPLE] + [f"Herr Dr. {p}" for p in PEOPLE],
            "names",
        ),
        ("x", [p.lower().replace(" ", ".") for p in PEOPLE], "names of people"),
        ("Telefon", [f"0176/{digits(7)}" for _ in range(9)], "phone"),
        ("téléphone", [f"06 {digits(2)} {digits(2)} 11 22" for _ in range(9)], "phone"),
        ("x", [f"06 {digits(2)} {digits(2)} 11 22" for _ in range(9)], "phone"),
        ("携帯", [f"090-{digits(4)}-{digits(4)}" for _ in range(9)], "phone"),
        ("note", [f"call her at 555-123-{digits(4)}" for _ in range(9)], "phone"),
        ("note", [f"电话138{digits(8)}" for _ in range(9)], "phone"),
        ("Straße", [f"Kochstr. {i}" for i in range(1, 9)], "street"),
        ("x", [f"{i} Koch Street" for i in range(1, 9)], "street"),
        ("passport_no", [f"C{digits(8)}" for _ in range(9)], "identity papers"),
        ("SSN", [100_000_000 + 7 * i for i in range(9)], "identity papers"),
        ("车牌号", [f"京A{digits(5)}" for _ in range(9)], "vehicles"),
    ],
)
def test_personal_data_of_many_countries_are_found(table, name, values, what):
    (issue,) = issues(table(**{name: values}))
    assert what in issue.sentence


@pytest.mark.parametrize("name", ["Geburtsdatum", "fecha_nacimiento", "生年月日", "дата_рождения"])
def test_births_are_known_in_any_language(table, name):
    (issue,) = issues(table(**{name: [date(1980, 1, 1 + i) for i in range(9)]}))
    assert "dates of birth" in issue.sentence


@pytest.mark.parametrize("name", ["customer", "Kunde", "client", "x"])
def test_firms_are_no_people(table, name):
    assert not issues(table(**{name: FIRMS * 5}))


def test_numbers_of_parts_and_orders_are_no_phones(table):
    parts = [f"part A138{digits(8)} of lot 555-123-{digits(5)}" for _ in range(9)]
    assert not issues(table(note=parts))
