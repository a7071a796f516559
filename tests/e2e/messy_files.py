"""Small made-up files with the mess of real ones: sensors, surveys, registers, bank statements."""

from __future__ import annotations

import gzip
import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

FAMILIES = ("Baker", "Clark", "Smith", "Adams", "Evans", "Hill", "Young", "King", "Scott", "Green")
GIVEN = ("Linda", "Mary", "John", "Peter", "Ruth", "Ann", "Paul", "Karen", "Mark", "Lisa", "Carl")
CHINESE = ("王伟", "李娜", "张敏", "刘洋", "陈静", "杨磊", "赵军", "黄丽", "周涛", "吴霞", "徐明")


def book(path: Path, **sheets: list[list[object]]) -> Path:
    """A workbook; dates are written as dates."""
    with xlsxwriter.Workbook(path) as made:
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(i, j, datetime(cell.year, cell.month, cell.day), day)
                    elif cell is not None:
                        sheet.write(i, j, cell)
    return path


def sensors(folder: Path, rows: int = 400) -> tuple[Path, list[dict[str, object]]]:
    """Decimal commas, -200 for what is missing, empty rows at the end, a column of commas."""
    rng = np.random.default_rng(0)
    start = datetime(2004, 3, 10, 18)
    lines, truth = [], []
    for i in range(rows):
        when = start + timedelta(hours=i)
        off = i % 9 == 4
        co = None if off or i % 5 == 2 else round(float(rng.gamma(3, 0.7)) + 0.1, 1)
        no2 = None if off else int(rng.integers(40, 180))
        humid = None if off else round(float(rng.uniform(15, 85)), 1)
        grams = None if off else round(float(rng.uniform(0.2, 2.2)), 4)
        truth.append({"CO(GT)": co, "NO2(GT)": no2, "RH": humid, "AH": grams, "Date": when.date()})
        cells = [f"{-200 if v is None else v}".replace(".", ",") for v in (co, no2, humid, grams)]
        lines.append(f"{when:%d/%m/%Y;%H.%M.%S};" + ";".join(cells) + ";;,,,,,")
    header = "Date;Time;CO(GT);NO2(GT);RH;AH;;,,,,,"
    empty = [";" * 7 + ",,,,,"] * 30
    path = folder / "AirQuality.csv"
    path.write_text("\n".join([header, *lines, *empty]) + "\n")
    return path, truth


OPTIONS = (
    "Anxiety Disorder (Generalized, Social, Phobia, etc)",
    "Mood Disorder (Depression, Bipolar Disorder, etc)",
    "Personality Disorder (Borderline, Antisocial, Paranoid, etc)",
    "Attention Deficit Hyperactivity Disorder",
    "Post-traumatic Stress Disorder",
    "Substance Use Disorder",
    "Eating Disorder (Anorexia, Bulimia, etc)",
)


def survey(folder: Path, rows: int = 500) -> Path:
    """Several answers in a cell, two questions of one name, skips, ages that cannot be."""
    rng = np.random.default_rng(1)
    head = (
        "What is your age?,Are you self-employed?,How many employees does your company have?,"
        "What country do you live in?,What US state do you live in?,"
        'If so, what condition(s)?,"Why or why not?",Would you tell them?,"Why or why not?"'
    ).replace("If so, what condition(s)?", '"If so, what condition(s)?"')
    lines = []
    for i in range(rows):
        age = {7: 323, 90: 3}.get(i, int(rng.integers(19, 66)))
        alone = rng.random() < 0.2
        size = "" if alone else rng.choice(["1-5", "6-25", "26-100", "More than 1000"])
        here = rng.random() < 0.6
        land = "United States of America" if here else rng.choice(["Germany", "Canada"])
        state = rng.choice(["Texas", "Ohio", "Maine"]) if here else ""
        chosen = "|".join(o for o in OPTIONS if rng.random() < 0.35)
        why = f"because of reason {i} and what came after it at the time"
        lines.append(
            f'{age},{int(alone)},{size},{land},{state},"{chosen}","{why}, first",'
            f'{rng.choice(["Yes", "No", "Maybe"])},"{why}, second"'
        )
    path = folder / "mental-health.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


STATES = {"MA": "018", "CT": "061", "TX": "787", "WA": "980"}


def staff(folder: Path, rows: int = 311) -> tuple[Path, list[dict[str, object]]]:
    """A byte order mark, names in several forms, two-digit years of birth, blanks behind words."""
    rng = np.random.default_rng(2)
    lines, truth = [], []
    for i in range(rows):
        family, given = FAMILIES[i % 10], GIVEN[i // 10 % 11]
        name = (f"{family}, {given}  K   ", f"{family},{given}", f"{family}, {given}")[i % 3]
        state = list(STATES)[0 if i % 3 else i % 4]
        code = f"{STATES[state]}{rng.integers(1, 99):02d}"
        born = date(1951, 1, 2) + timedelta(days=int(rng.integers(0, 41 * 365)))
        hired = date(2006, 1, 9) + timedelta(days=int(rng.integers(0, 12 * 365)))
        left = hired + timedelta(days=int(rng.integers(20, 2000))) if i % 3 == 0 else None
        part = ("Production       ", "IT/IS", "Sales")[min(i % 5, 2)]
        truth.append({"Zip": code, "DOB": born, "DateofHire": hired, "DateofTermination": left})
        gone = f"{left.month}/{left.day}/{left.year}" if left else ""
        lines.append(
            f'"{name}",{10001 + i},{rng.integers(45000, 99000)},{state},{code},{born:%m/%d/%y},'
            f"{hired.month}/{hired.day}/{hired.year},{gone},{part}"
        )
    head = "Employee_Name,EmpID,Salary,State,Zip,DOB,DateofHire,DateofTermination,Department"
    path = folder / "HRDataset.csv"
    path.write_text("\ufeff" + "\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path, truth


def apps(folder: Path, rows: int = 300) -> tuple[Path, list[dict[str, object]]]:
    """Prices in dollars, sizes with M and k, bounds of installations, one row that is shifted."""
    rng = np.random.default_rng(3)
    lines, truth = [], []
    for i in range(rows):
        rating = None if i % 8 == 3 else round(float(rng.uniform(1, 5)), 1)
        size, unit = (round(float(rng.uniform(1, 99)), 1), "M") if i % 6 else (100 + i, "k")
        number = f"{size:g}{unit}"
        shown = "Varies with device" if i % 7 == 5 else number
        installs = int(rng.choice([1000, 5000, 10000, 500000, 1000000]))
        price = 0 if i % 9 else float(rng.choice([0.99, 2.99, 4.99, 399.99]))
        day = date(2015, 1, 3) + timedelta(days=int(rng.integers(0, 1200)))
        bytes_ = None if shown != number else round(size * (1e6 if unit == "M" else 1e3))
        truth.append(
            {"Rating": rating, "Size": bytes_, "Installs": installs, "Price": price, "day": day}
        )
        lines.append(
            f"App {i},{('GAME', 'TOOLS', 'FAMILY')[i % 3]},{'NaN' if rating is None else rating},"
            f'{int(rng.integers(0, 99999))},{shown},"{installs:,}+",{"Paid" if price else "Free"},'
            f'{f"${price}" if price else 0},Everyone,"{day:%B} {day.day}, {day.year}",4.0 and up'
        )
    shifted = 'Photo Frame,1.9,19,3.0M,"1,000+",Free,0,Everyone,"February 11, 2018",4.0 and up,'
    lines.insert(200, shifted)
    head = "App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Last Updated,Ver"
    path = folder / "googleplaystore.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path, truth


def communities(folder: Path, rows: int = 200) -> tuple[Path, list[dict[str, object]]]:
    """Blanks before the names, '?' for what is missing."""
    rng = np.random.default_rng(4)
    lines, truth = [], []
    for i in range(rows):
        county = None if i % 3 else i * 2 + 1
        crime, income = round(float(rng.random()), 2), round(float(rng.random()), 2)
        truth.append({"county": county, "medIncome": income, "ViolentCrimesPerPop": crime})
        lines.append(f"{i % 50},{'?' if county is None else county},Town{i}city,{income},{crime}")
    path = folder / "communities.csv"
    head = "state, county, communityname, medIncome, ViolentCrimesPerPop"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path, truth


DISHES = (
    "香酥两吃大虾\n",
    "姜葱炒花蟹\n",
    "白饭/大碗",
    "番茄炖秋葵\n",
    "凉拌菠菜",
    "老醋蜇头\n",
    "剁椒鱼头",
)


def meals(folder: Path) -> Path:
    """Three sheets of the same columns; an id decides the name of the dish."""
    rng = np.random.default_rng(5)
    head = ["detail_id", "order_id", "dishes_id", "dishes_name", "counts", "amounts", "time"]
    sheets: dict[str, list[list[object]]] = {}
    for k in range(3):
        rows: list[list[object]] = [list(head)]
        for i in range(240):
            dish = int(rng.integers(0, len(DISHES)))
            code = 609900 + dish * 7
            day = date(2016, 8, 1 + k * 10 + i // 30)
            counts = int(rng.choice([1, 1, 1, 2]))
            rows.append(
                [2956 + k * 300 + i, 400 + i // 5, code, DISHES[dish], counts, code % 97, day]
            )
        sheets[f"meal_order_detail{k + 1}"] = rows
    return book(folder / "meal_order_detail.xlsx", **sheets)


def listings(folder: Path, rows: int = 250) -> tuple[Path, list[dict[str, object]]]:
    """Prices with $, rates with %, t and f, texts over several lines; compressed."""
    rng = np.random.default_rng(6)
    lines, truth = [], []
    for i in range(rows):
        price = round(float(rng.uniform(30, 2400)))
        rate = None if i % 6 == 1 else int(rng.choice([100, 90, 75, 0]))
        host = i % 4 == 0
        text = f'A flat by the sea.\nIt has {i} windows, "two" doors\n\nand a stove'
        quoted = text.replace('"', '""')
        truth.append({"price": price, "host_response_rate": rate, "super": host, "text": text})
        lines.append(
            f'{10_000_000_000_000_000 + i * 7919},"{quoted}",{GIVEN[i % 11]},'
            f"{'N/A' if rate is None else f'{rate}%'},{'t' if host else 'f'},"
            f'"${price:,}.00",{rng.integers(1, 9)},2024-0{1 + i % 9}-1{i % 10},'
            f"{i % 30 / 10 + 0.02:g}"
        )
    head = (
        "id,description,host_name,host_response_rate,host_is_superhost,price,accommodates,"
        "last_review,reviews_per_month"
    )
    path = folder / "listings.csv.gz"
    path.write_bytes(gzip.compress(("\n".join([head, *lines]) + "\n").encode()))
    return path, truth


def films(folder: Path) -> Path:
    """A database with views, one of which needs a function that SQLite lacks."""
    path = folder / "sakila.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE customer (id INT, first TEXT, last TEXT, paid REAL, at TEXT)")
        base.executemany(
            "INSERT INTO customer VALUES (?, ?, ?, ?, ?)",
            [
                (
                    i,
                    GIVEN[i % 11],
                    FAMILIES[i % 10],
                    i % 9 + 0.99,
                    f"2005-07-{i % 28 + 1:02d} 21:08:29.000",
                )
                for i in range(120)
            ],
        )
        base.execute(
            "CREATE VIEW customer_list AS SELECT id, CONCAT_NAMES(first, last) FROM customer"
        )
        base.execute("CREATE VIEW payments AS SELECT id, paid, at FROM customer WHERE paid > 1")
    base.close()
    return path


def register(folder: Path, rows: int = 150) -> tuple[Path, list[dict[str, object]]]:
    """A title, a blank row, names in the third row, tax numbers as text, a source at the end."""
    truth: list[dict[str, object]] = []
    table: list[list[object]] = [
        ["Реестр индивидуальных предпринимателей, г. Екатеринбург"],
        [],
        ["№", "ИНН", "ФИО", "Дата регистрации", "Оборот, руб."],
    ]
    surnames = ("Иванов", "Петров", "Смирнова", "Кузнецов", "Попова", "Соколов", "Лебедева")
    first = ("Иван Петрович", "Анна Сергеевна", "Олег Ильич", "Мария Павловна", "Пётр Иванович")
    for i in range(rows):
        code = f"{'66' if i % 50 else '01'}{5_800_000_000 + i * 7919:010d}"
        name = f"{surnames[i % 7]} {first[i % 5]}"
        day = date(2004, 5, 11) + timedelta(days=i * 23)
        truth.append({"ИНН": code, "ФИО": name, "Дата регистрации": day, "Оборот, руб.": i * 1350})
        table.append([i + 1, code, name, day, i * 1350])
    table += [[], ["Источник: данные ФНС России на 01.01.2016"]]
    return book(folder / "Ekaterinburg_IP.xlsx", Лист1=table), truth


def arrests(folder: Path, rows: int = 120) -> tuple[Path, list[dict[str, object]]]:
    """A title row above the names."""
    truth: list[dict[str, object]] = []
    table: list[list[object]] = [
        ["Arrests, May and June, all divisions"],
        ["RPT_ID", "REL_DT", "LAST_NM", "FRST_NM", "AGE", "SEX", "BAIL"],
    ]
    for i in range(rows):
        day = date(2017, 5, 1) + timedelta(days=i // 2) if i % 4 else None
        truth.append({"REL_DT": day, "LAST_NM": FAMILIES[i % 10].upper(), "AGE": 19 + i * 7 % 50})
        table.append(
            [4_000_123 + i * 3, day, FAMILIES[i % 10].upper(), GIVEN[i % 11].upper(),
             19 + i * 7 % 50, "MF"[i % 3 == 0], i % 5 * 2500]
        )  # fmt: skip
    return book(folder / "arrests.xlsx", Arrests=table), truth


def deaths(folder: Path) -> tuple[Path, list[dict[str, object]]]:
    """Ten rows among notes that lie across the columns, on two sheets."""
    people = [
        ("Ada Holm", "musician", 69, True, date(1947, 1, 8), date(2016, 1, 10)),
        ("Bo Lind", "actor", 60, True, date(1956, 10, 21), date(2016, 12, 27)),
        ("Cy Berg", "musician", 90, False, date(1926, 10, 18), date(2017, 3, 18)),
        ("Di Falk", "author", 61, True, date(1955, 5, 5), date(2017, 2, 25)),
        ("Ed Dahl", "musician", 57, True, date(1958, 6, 7), date(2016, 4, 21)),
        ("Fi Moe", "actor", 69, False, date(1946, 2, 21), date(2016, 1, 14)),
        ("Gil Roe", "author", 90, True, date(1926, 4, 28), date(2016, 2, 19)),
        ("Hal Vik", "actor", 88, True, date(1928, 1, 2), date(2017, 1, 5)),
        ("Ira Nes", "musician", 53, False, date(1963, 6, 25), date(2016, 12, 25)),
        ("Jo Aas", "author", 82, True, date(1934, 11, 7), date(2016, 11, 10)),
    ]
    names = ["Name", "Profession", "Age", "Has kids", "Date of birth", "Date of death"]
    above: list[list[object]] = [
        ["Lots of people"],
        ["simply cannot resist writing", None, None, None, None, "some notes"],
        ["at", None, "the", None, "top", None],
        ["of", None, None, None, None, "their spreadsheets"],
        list(names),
    ]
    below: list[list[object]] = [
        ["This"],
        [None, "has been really fun, but"],
        ["we're signing", None, "off", None, "now!"],
    ]
    rows: list[list[object]] = [list(person) for person in people]
    path = book(folder / "deaths.xlsx", arts=above + rows + below, other=above + rows[::-1] + below)
    return path, [dict(zip(names, person, strict=True)) for person in people]


def nested(folder: Path, rows: int = 200) -> Path:
    """Records of a document database."""
    lines = []
    for i in range(rows):
        born = int(datetime(1960 + i % 40, 1 + i % 12, 3, tzinfo=UTC).timestamp() * 1000)
        lines.append(
            {
                "_id": {"$oid": f"5ca4bbcea2dd94ee58162{i:03x}"},
                "username": f"user{i}",
                "birthdate": {"$date": {"$numberLong": str(born)}},
                "location": {
                    "address": {"city": ("Oslo", "Rome")[i % 2], "zipcode": f"0{1000 + i}"},
                    "geo": {"type": "Point", "coordinates": [{"$numberDouble": f"-93.{i}"}, 44.5]},
                },
                "accounts": [{"$numberInt": str(100 + i * k)} for k in range(1 + i % 3)],
                "tier": {} if i % 2 else {f"{i:032x}": {"tier": "Gold"}},
            }
        )
    path = folder / "customers.json"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    return path


def transfers(folder: Path, rows: int = 250) -> tuple[Path, list[dict[str, object]]]:
    """One comma more in each row, a moment in two zones, hashes."""
    rng = np.random.default_rng(7)
    lines, truth = [], []
    for i in range(rows):
        moment = datetime(2021, 9, 5, 12) + timedelta(seconds=int(rng.integers(0, 9_000_000)))
        code = "0x" + rng.bytes(32).hex()
        amount = round(float(rng.gamma(1, 300)), 6)
        truth.append({"交易哈希": code, "UTC": moment, "数量": amount})
        lines.append(
            f"{code},{13_000_000 + i * 37},{moment:%Y-%m-%d %H:%M:%S},"
            f"{moment + timedelta(hours=8):%Y-%m-%d %H:%M:%S},"
            f"0x{(i % 9 + 11) * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276B:040x},{amount:.6f},USDT,"
        )
    head = "交易哈希,区块,时间(UTC),本地时间,代币地址,数量,代币"
    path = folder / "token-transfer.csv"
    path.write_text("\ufeff" + "\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path, truth


def cans(folder: Path, rows: int = 400) -> Path:
    """A first column without a name, sizes that occur in few values."""
    rng = np.random.default_rng(8)
    lines = [
        f"{i},{round(float(rng.uniform(0.03, 0.1)), 3) if i % 20 else ''},"
        f"{rng.integers(5, 120) if i % 3 else ''},{1000 + i * 3},Ale {i},"
        f"{('American IPA', 'Porter', 'Cider')[i % 3]},"
        f"{rng.choice(['12.0', '16.0', '24.0', '32.0', '8.4'], p=[0.6, 0.3, 0.05, 0.03, 0.02])}"
        for i in range(rows)
    ]
    path = folder / "beers.csv"
    path.write_text("\n".join([",abv,ibu,id,name,style,ounces", *lines]) + "\n")
    return path


def assays(folder: Path, rows: int = 400) -> tuple[Path, list[dict[str, object]]]:
    """Values over twenty orders of magnitude, records of another language in cells."""
    rng = np.random.default_rng(9)
    lines, truth = [], []
    for i in range(rows):
        strength = round(float(rng.uniform(-9, 11)), 2)
        value = float(f"{10 ** (9 - strength):.6g}")
        note = "{'bao_format': 'BAO_0000357', 'le': '" + f"{i % 90 / 10}" + "', 'sei': None}"
        truth.append({"standard_value": value, "pchembl_value": strength, "efficiency": note})
        lines.append(f'CHEMBL{100 + i * 7},{value!r},{strength},"{note}",nM')
    path = folder / "bioactivity.csv"
    head = "molecule_chembl_id,standard_value,pchembl_value,ligand_efficiency,standard_units"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path, truth


def mushrooms(folder: Path, rows: int = 400) -> Path:
    rng = np.random.default_rng(10)
    table: list[list[object]] = [["class", "odor", "gill-size", "stalk-root", "bruises"]]
    for _ in range(rows):
        poison = rng.random() < 0.5
        odor = rng.choice(list("fys") if poison else list("anl"))
        table.append(
            ["p" if poison else "e", str(odor), str(rng.choice(list("bn"))),
             str(rng.choice(list("bce?"))), str(rng.choice(list("tf")))]
        )  # fmt: skip
    return book(folder / "mushrooms.xlsx", Sheet1=table)


def _amounts(rows: int, seed: int) -> tuple[list[datetime], list[float]]:
    rng = np.random.default_rng(seed)
    start = datetime(2023, 1, 1, 9, 30, 12)
    when = [start + timedelta(minutes=int(m)) for m in np.sort(rng.integers(0, 500_000, rows))]
    return when, [round(float(v), 2) for v in rng.gamma(1.2, 150, rows) + 0.01]


def _quoted(amount: float | None) -> str:
    return "" if amount is None else f'"{amount:,.2f}"'


@dataclass(frozen=True)
class Statement:
    """A bank statement: what its rows hold.

    Attributes:
        when: The column of the date or moment, and its values.
        amounts: Each column of an amount, and its values.
        names: All names of the table.
    """

    path: Path
    when: tuple[str, list[datetime] | list[date]]
    amounts: dict[str, list[float | None]]
    names: list[str]


def alipay(folder: Path) -> Statement:
    """24 lines above the names, one delimiter too many in each line, tabs behind ids; GB18030."""
    when, paid = _amounts(96, 1)
    names = (
        "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,"
        "交易状态,交易订单号,商家订单号,备注"
    )
    above = [
        "-" * 84, "导出信息：", "姓名：某某", "支付宝账户：someone@example.com",
        "起始时间：[2023-01-01 00:00:00]    终止时间：[2023-12-31 23:59:59]",
        "导出交易类型：[全部]", "导出时间：[2024-01-05 10:00:00]", "共96笔记录",
        "收入：10笔 1000.00元", "支出：80笔 2000.00元", "不计收支：6笔 300.00元", "", "特别提示：",
        "1.本回单内容可表明支付宝受理了相应支付交易申请，具体以支付宝系统及备案网站信息为准。",
        "2.请勿将本回单作为收款方发货的凭据使用。",
        "", "-" * 24 + "支付宝（中国）网络技术有限公司  电子客户回单" + "-" * 24,
    ]  # fmt: skip
    rows = [
        f"{t:%Y-%m-%d %H:%M:%S},{('餐饮美食', '日用百货', '交通出行')[i % 3]},商户{i % 7},"
        f"ken***@shop{i % 7}.com,订单{i},{'支出' if i % 8 else '收入'},{a:.2f},花呗,交易成功,"
        f"{20230000000000000000 + i * 7919}\t,T200P{1500 + i}\t,,"
        for i, (t, a) in enumerate(zip(when, paid, strict=True))
    ]
    path = folder / "alipay.csv"
    path.write_bytes("\r\n".join([*above, names + ",", *rows, ""]).encode("gb18030"))
    return Statement(path, ("交易时间", when), {"金额": list(paid)}, names.split(","))


def alipay_old(folder: Path) -> Statement:
    """Padded cells, a line of dashes and counts below the table; GB18030."""
    when, paid = _amounts(60, 2)
    names = [
        "交易号",
        "商家订单号",
        "交易创建时间",
        "类型",
        "交易对方",
        "金额（元）",
        "收/支",
        "交易状态",
        "备注",
    ]
    rows = [
        f"{2021000000 + i * 13:<24},T{i:<20},{t:%Y-%m-%d %H:%M:%S} ,即时到账交易  ,店{i % 5}   ,"
        f"{a:<10},{'支出' if i % 6 else '收入'}      ,交易成功    ,                    ,"
        for i, (t, a) in enumerate(zip(when, paid, strict=True))
    ]
    lines = [
        "支付宝交易记录明细查询", "账号:[someone@example.com]",
        "起始日期:[2023-01-01 00:00:00]    终止日期:[2024-01-01 00:00:00]",
        "---------------------------------交易记录明细列表------------------------------------",
        ",".join(f"{name:<20}" for name in names) + ",", *rows, "-" * 80, "共60笔记录",
        "已收入:10笔,100.00元", "待收入:0笔,0.00元", "已支出:50笔,2000.00元",
        "导出时间:[2024-01-05 10:00:00]    用户:某某", "",
    ]  # fmt: skip
    path = folder / "alipay-old.csv"
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    return Statement(path, ("交易创建时间", when), {"金额（元）": list(paid)}, names)


def icbc(folder: Path) -> Statement:
    """Amounts of each side in a column of its own, thousands in quotation marks, a total below."""
    when, paid = _amounts(50, 3)
    days = [t.date() for t in when]
    paid = [a * 20 // 0.01 / 100 for a in paid]
    spent = [a if i % 4 else None for i, a in enumerate(paid)]
    got = [None if i % 4 else a for i, a in enumerate(paid)]
    names = "交易日期,摘要,交易场所,国家或地区,钞/汇,交易金额(收入),交易金额(支出),币种,对方户名"
    rows = [
        f'{t:%Y-%m-%d},消费,"网上银行",CHN,钞,{_quoted(g)},{_quoted(s)},人民币,店{i % 5}'
        for i, (t, g, s) in enumerate(zip(when, got, spent, strict=True))
    ]
    total = f'人民币合计,,,,,"{sum(filter(None, got)):,.2f}","{sum(filter(None, spent)):,.2f}",,'
    path = folder / "icbc.csv"
    head = ["明细查询文件下载", "卡号: 6222****1234,卡别名: 工资,子账户序号: 00000", ""]
    path.write_text("\n".join([*head, names, *rows, total, ""]), encoding="utf-8-sig")
    amounts = {"交易金额(收入)": got, "交易金额(支出)": spent}
    return Statement(path, ("交易日期", days), amounts, names.split(","))


def meituan(folder: Path) -> Statement:
    """Amounts with a sign of the currency, ids behind a mark that keeps them text."""
    when, paid = _amounts(70, 4)
    names = (
        "交易创建时间,交易成功时间,交易类型,订单标题,收/支,支付方式,订单金额,实付金额,交易单号,备注"
    )
    rows = [
        f"{t:%Y-%m-%d %H:%M:%S},{t + timedelta(seconds=9):%Y-%m-%d %H:%M:%S},支付,店{i % 5},支出,"
        f"银行卡,¥{a + 3:.2f},¥{a:.2f},`23112620222{i:04d},/"
        for i, (t, a) in enumerate(zip(when, paid, strict=True))
    ]
    head = [
        "导出信息：",
        "用户名：某某",
        "起始时间：[2023-01-01] 终止时间：[2023-12-31]",
        "",
        "共70笔记录",
        "",
    ]
    path = folder / "meituan.csv"
    path.write_text("\n".join([*head, names, *rows, ""]), encoding="utf-8-sig")
    whole = [round(a + 3, 2) for a in paid]
    return Statement(
        path,
        ("交易创建时间", when),
        {"订单金额": list(whole), "实付金额": list(paid)},
        names.split(","),
    )


def jd(folder: Path) -> Statement:
    """Tabs behind moments, and some amounts with a remark."""
    when, paid = _amounts(80, 5)
    names = "交易时间,商户名称,交易说明,金额,收/付款方式,交易状态,收/支,交易分类,交易订单号,备注"
    rows = [
        f"{t:%Y-%m-%d %H:%M:%S}\t,京东平台商户,商品{i},{a:.2f},白条,交易成功,支出,"
        f"{('食品酒饮', '日用百货')[i % 2]},{2900000000 + i * 31}\t,"
        for i, (t, a) in enumerate(zip(when, paid, strict=True))
    ]
    head = [
        "导出信息：",
        "京东账号名：someone",
        "日期区间：2023-01-01 至 2023-12-31",
        "导出交易类型：全部",
        "",
    ]
    path = folder / "jd.csv"
    path.write_text("\ufeff" + "\n".join([*head, names, *rows, ""]), encoding="utf-8")
    return Statement(path, ("交易时间", when), {"金额": list(paid)}, names.split(","))


_WECHAT = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注"
_WECHAT_HEAD = (
    "微信支付账单明细", "微信昵称：[某某]",
    "起始时间：[2023-01-01 00:00:00] 终止时间：[2023-12-31 23:59:59]",
    "导出类型：[全部]", "导出时间：[2024-01-05 10:00:00]", "", "共64笔记录", "收入：2笔 300.00元",
    "支出：62笔 2000.00元", "中性交易：0笔 0.00元", "注：",
    "1. 充值/提现/理财通购买/零钱通存取/信用卡还款等交易，将计入中性交易",
    "2. 本明细仅展示当前账单中的交易，不包括已删除的记录", "",
    "----------------------微信支付账单明细列表--------------------",
)  # fmt: skip


def wechat(folder: Path) -> Statement:
    """Lines above are padded with fewer commas than the table has; each cell is quoted, with a tab
    behind it."""
    when, paid = _amounts(64, 6)
    rows = [
        f'"{t:%Y-%m-%d %H:%M:%S}"\t,"商户消费"\t,"店{i % 5}"\t,"商品{i}"\t,"支出"\t,"¥{a:.2f}"\t,'
        f'"零钱"\t,"支付成功"\t,"1000049801{i:06d}"\t,"10001{i:05d}"\t,"/"'
        for i, (t, a) in enumerate(zip(when, paid, strict=True))
    ]
    path = folder / "wechat.csv"
    lines = [line + "," * 8 for line in _WECHAT_HEAD] + [_WECHAT, *rows, ""]
    path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    return Statement(path, ("交易时间", when), {"金额(元)": list(paid)}, _WECHAT.split(","))


def wechat_book(folder: Path) -> Statement:
    when, paid = _amounts(64, 7)
    rows: list[list[object]] = [[line] for line in _WECHAT_HEAD]
    rows.append(list(_WECHAT.split(",")))
    for i, (t, a) in enumerate(zip(when, paid, strict=True)):
        rows.append(
            [f"{t:%Y-%m-%d %H:%M:%S}", "商户消费", f"店{i % 5}", f"商品{i}", "支出", f"¥{a:.2f}",
             "零钱", "支付成功", f"1000049801{i:06d}", f"10001{i:05d}", "/"]
        )  # fmt: skip
    path = book(folder / "wechat.xlsx", Sheet1=rows)
    return Statement(path, ("交易时间", when), {"金额(元)": list(paid)}, _WECHAT.split(","))


def bank(folder: Path) -> Statement:
    """A workbook with the account above, dates of eight digits, and amounts as text."""
    when, paid = _amounts(58, 8)
    names = ["序号", "交易日期", "交易金额", "账户余额", "摘要", "对方户名"]
    rows: list[list[object]] = [
        ["中国某某银行个人活期账户交易明细"],
        ["卡号/账号:6217****", None, "客户名称:某某", None, "起始日期:20230101"],
        list(names),
    ]
    balance, held, signed = 5000.0, [], []
    for i, (t, a) in enumerate(zip(when, paid, strict=True)):
        amount = a if i % 6 == 0 else -a
        balance = round(balance + amount, 2)
        held.append(balance)
        signed.append(amount)
        rows.append(
            [i + 1, f"{t:%Y%m%d}", f"{amount:,.2f}", f"{balance:,.2f}", "消费", f"店{i % 5}"]
        )
    path = book(folder / "bank.xlsx", sheet1=rows)
    days = [t.date() for t in when]
    return Statement(path, ("交易日期", days), {"交易金额": signed, "账户余额": held}, names)


STATEMENTS = (alipay, alipay_old, icbc, meituan, jd, wechat, wechat_book, bank)


def _sold(rows: int = 60) -> list[dict[str, Any]]:
    rng = np.random.default_rng(11)
    prices = {"Fridge": 3499.0, "Washer": 1899.5, "Oven": 2999.0}
    sold = []
    for i in range(rows):
        product, pieces = str(rng.choice(list(prices))), int(rng.integers(1, 19))
        sold.append(
            {
                "Date": date(2024, 1, 2) + timedelta(days=i * 3),
                "Region": str(rng.choice(["East", "West", "North"])),
                "Product": product,
                "Quantity": pieces,
                "Unit price": prices[product],
                "Amount": round(pieces * prices[product], 2),
            }
        )
    return sold


def _sum(sold: list[dict[str, Any]], name: str) -> float:
    return sum(row[name] for row in sold)


def sales(folder: Path) -> tuple[Path, list[dict[str, Any]]]:
    """Title, names, units, sums of each twenty rows and of all, a note."""
    sold = _sold()
    lines = ["Sales report 2024,,,,,", "Printed on 2024-10-01 by J. Doe,,,,,", ",,,,,"]
    lines += [",".join(sold[0]), ",,,pcs,EUR,EUR"]
    for start in range(0, len(sold), 20):
        part = sold[start : start + 20]
        for row in part:
            *words, price, amount = row.values()
            lines.append(f'{",".join(map(str, words))},"{price:,.2f}","{amount:,.2f}"')
        lines.append(f'Subtotal,,,{_sum(part, "Quantity")},,"{_sum(part, "Amount"):,.2f}"')
    lines.append(f'Total,,,{_sum(sold, "Quantity")},,"{_sum(sold, "Amount"):,.2f}"')
    path = folder / "sales.csv"
    path.write_text("\n".join([*lines, "Source: own books; all figures without VAT,,,,,"]) + "\n")
    return path, sold


def chinese_sales(folder: Path) -> tuple[Path, list[dict[str, Any]]]:
    """The same in GB18030, with dates and amounts as they are written there."""
    names = dict(zip(_sold()[0], ("日期", "地区", "产品", "数量", "单价", "金额"), strict=True))
    words = {"East": "华东", "West": "西部", "North": "华北"}
    words |= {"Fridge": "冰箱", "Washer": "洗衣机", "Oven": "烤箱"}
    sold = [{names[name]: words.get(v, v) for name, v in row.items()} for row in _sold()]
    lines = ["2024年销售报表,,,,,", "制表日期：2024-10-01,,,,单位：元", ",,,,,", ",".join(sold[0])]
    for row in sold:
        day, region, product, pieces, price, amount = row.values()
        shown = f"{day.year}年{day.month}月{day.day}日"
        lines.append(f'{shown},{region},{product},{pieces},"{price:,.2f}","¥{amount:,.2f}"')
    lines.append(f'合计,,,{_sum(sold, "数量")},,"¥{_sum(sold, "金额"):,.2f}"')
    path = folder / "sales-gb.csv"
    path.write_bytes("\r\n".join([*lines, "备注：以上金额不含税,,,,,", ""]).encode("gb18030"))
    return path, sold


def sales_book(folder: Path) -> tuple[Path, list[dict[str, Any]]]:
    sold = _sold()
    rows: list[list[object]] = [["Sales report 2024"], ["Printed on 2024-10-01"], [], [*sold[0]]]
    rows.append([None, None, None, "pcs", "EUR", "EUR"])
    rows += [list(row.values()) for row in sold]
    rows.append(["Total", None, None, _sum(sold, "Quantity"), None, _sum(sold, "Amount")])
    return book(folder / "sales.xlsx", Sales=[*rows, [], ["Source: own books"]]), sold


SALES = (sales, chinese_sales, sales_book)
