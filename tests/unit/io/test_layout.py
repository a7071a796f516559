"""Where the table is in a file: what stands around it is kept aside and told, and never becomes a
header or a row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.file import located
from tidemill.io.formats import delimited
from tidemill.io.layout import Row, found_layout, is_separator, kind_of

NAMES = ["Date", "Region", "Quantity", "Amount"]
HEADER = ",".join(NAMES) + "\n"
ROWS = "".join(
    f"2024-01-{day % 28 + 1:02d},{('North', 'South', 'East', 'West')[day % 4]},{day % 7 + 1},"
    f"{(day % 7 + 1) * 9.5 + day:.2f}\n"
    for day in range(60)
)
COUNT = sum(day % 7 + 1 for day in range(60))
AMOUNT = sum((day % 7 + 1) * 9.5 + day for day in range(60))
TOTAL = f"Total,,{COUNT},{AMOUNT:.2f}\n"


def saved(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def frame_of(folder: Path, text: str, run: Run | None = None, part: str = "") -> pl.DataFrame:
    return read(f"{saved(folder, text)}{part}", run or Run()).frame


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS,
        "Sales report 2024,,,\nprinted 2024-10-01,,,\n,,,\n" + HEADER + ROWS,
        "Sales report 2024\nprinted 2024-10-01\n\n" + HEADER + ROWS,
        "Sales report 2024\n" + HEADER + ROWS,
        ",,Sales report,\n" + HEADER + ROWS,
        "# export of 1 May\n# till 7\n" + HEADER + ROWS,
        "# export, of 1 May, till 7\n" + HEADER + ROWS,
        "// a\n-- b\n% c\n" + HEADER + ROWS,
        "Account:,123456,,\nOwner:,Bob,,\n" + HEADER + ROWS,
        "Account,123456\nPrinted,2024-01-01\n\n" + HEADER + ROWS,
        "========\nSales\n========\n" + HEADER + ROWS,
        "sep=,\n" + HEADER + ROWS,
        HEADER + ",,(pcs),(EUR)\n" + ROWS,
        HEADER + "day,,pcs,EUR\n" + ROWS,
        HEADER + "----,------,---,---\n" + ROWS,
        HEADER + "\n" + ROWS,
        HEADER + ROWS + "\nSource: till 7\n* preliminary\n",
        HEADER + ROWS + "Source: till 7\n",
        HEADER + ROWS + "\nSource: till 7, store 5\nPrepared by: Bob, Ann\n",
        HEADER + ROWS + "\n(60 rows affected)\n",
        HEADER + ROWS + "(60 rows)\n",
        HEADER + ROWS + ",,,\nAll figures are preliminary and not audited,,,\n",
        HEADER + ROWS + ",,,\n,,,\n",
        HEADER + ROWS + TOTAL,
        HEADER + ROWS + "\n" + TOTAL + "\nSource: till 7\n",
        HEADER + ROWS + TOTAL.replace("Total", "合计"),
        HEADER + ROWS + TOTAL.replace("Total", "Summe:"),
        HEADER + ROWS[:400] + HEADER + ROWS[400:] if ROWS[399] == "\n" else HEADER + ROWS,
        HEADER + ROWS + HEADER,
        HEADER + ROWS + "\nRegion,Manager,Since\nNorth,Bob,2019-01-01\nSouth,Ann,2020-01-01\n",
        HEADER + ROWS + ",,,\nRegion,Manager,Since,\nNorth,Bob,2019-01-01,\n",
        HEADER + ROWS + "\nManagers\nRegion,Manager,Since\nNorth,Bob,2019-01-01\n",
        "".join(line + "," + "\n" for line in (HEADER + ROWS).splitlines()),
        HEADER + "".join(line + "," + "\n" for line in ROWS.splitlines()),
        "Report\n\n" + (HEADER + ROWS + "Total\n").replace(",", ";"),
        HEADER + "".join(line + ",,\n" for line in ROWS.splitlines()),
        HEADER + ROWS + "EOF\n",
        HEADER + ROWS + "Records: 60\n",
        HEADER + ROWS + "共60条记录\n",
        HEADER + ROWS + "共 60 条记录,,,\n",
        HEADER + ROWS + "Note: data, as of March, are preliminary\n",
        HEADER + ROWS + "T,60\n",
        HEADER + ROWS + "Approved by,,,\n,,,\nSignature,,,\n",
        HEADER + ROWS + TOTAL.replace("Total", "Σ"),
        HEADER + ROWS + TOTAL.replace("Total", ""),
        HEADER + ROWS + TOTAL.replace("Total", "Everything"),
        HEADER + ROWS + "Average,,4.0,45.5\nMax,,7,76.50\nMin,,1,10.00\n",
        HEADER + ROWS + "\x1a",
        HEADER + "d,r,q,a\n" + '"{""id"": 1}","{""id"": 2}","{""id"": 3}","{""id"": 4}"\n' + ROWS,
        HEADER + "Unit,,,\nReleased,,20-03-2024,soon\n" + ROWS,
    ],
)
def test_the_table_is_found(tmp_path: Path, run: Run, text: str) -> None:
    expected = frame_of(tmp_path, HEADER + ROWS)
    assert frame_of(tmp_path, text, run).equals(expected)
    quiet = ("", "sep=,\n", "\n", "\x1a")
    assert run.warnings or text.replace(HEADER, "", 1).replace(ROWS, "") in quiet


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
def test_a_report_with_title_units_and_totals(tmp_path: Path, run: Run, encoding: str) -> None:
    names = {"Date": "日期", "Region": "地区", "Quantity": "数量", "Amount": "金额"}
    text = "销售报表\n制表日期：2024-10-01\n\n" + HEADER + ",,(件),(元)\n" + ROWS + "\n" + TOTAL
    for name, own in names.items():
        text = text.replace(name, own)
    frame = read(saved(tmp_path, text.replace("Total", "合计"), encoding), run).frame
    assert frame.columns == list(names.values())
    assert frame.shape == (60, 4)
    assert [str(dtype) for dtype in frame.dtypes] == ["Date", "String", "Int64", "Float64"]


def test_what_is_kept_aside_is_told(tmp_path: Path, run: Run) -> None:
    text = "Sales report\n\n" + HEADER + ",,(pcs),(EUR)\n" + ROWS + "\nSource: till 7\n"
    data = read(saved(tmp_path, text), run)
    told = [(one.line, one.text, one.sort) for one in data.aside]
    assert told == [
        (1, "Sales report", "title"),
        (4, "(pcs) (EUR)", "units"),
        (66, "Source: till 7", "note"),
    ]
    assert "line 3" in run.warnings[-1]
    assert "'Sales report'" in run.warnings[-1]
    assert "?header=N" in run.warnings[-1]


@pytest.mark.parametrize(
    ("part", "names", "rows"),
    [
        ("?header=3", ["x", "y"], 3),
        ("?header=1", ["p", "q"], 4),
        ("?header=0", ["column_1", "column_2"], 5),
        ("?skip=1", ["x", "y"], 3),
        ("?skip=1&footer=1", ["x", "y"], 2),
        ("?header=3&footer=2", ["x", "y"], 1),
    ],
)
def test_the_user_may_say_where(tmp_path: Path, part: str, names: list[str], rows: int) -> None:
    frame = frame_of(tmp_path, "p,q\n\nx,y\na,b\nc,d\ne,f\n", part=part)
    assert (frame.columns, frame.height) == (names, rows)


@pytest.mark.parametrize("part", ["?header=x", "?skip=-1", "?footer=", "?header=99", "?hedaer=1"])
def test_wrong_places_are_refused(tmp_path: Path, part: str) -> None:
    with pytest.raises(InputError):
        frame_of(tmp_path, HEADER + ROWS, part=part)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            ",2023,,2024,\nRegion,Q1,Q2,Q1,Q2\nN,1,2,3,4\nS,5,6,7,8\nE,9,8,7,6\n",
            ["Region", "2023 Q1", "2023 Q2", "2024 Q1", "2024 Q2"],
        ),
        (
            "Region,Sales,,Cost,\n,plan,actual,plan,actual\nN,1,2,3,4\nS,5,6,7,8\nE,9,8,7,6\n",
            ["Region", "Sales plan", "Sales actual", "Cost plan", "Cost actual"],
        ),
        ("Q1,Q2,Q3\nHow old?,Income?,Score?\n1,2,3\n4,5,6\n7,8,9\n9,8,7\n", None),
        ("x,y,z\nr1,1,2,3\nr2,4,5,6\nr3,7,8,9\n", ["column_1", "x", "y", "z"]),
        ("a,a,b,a\n1,2,3,4\n5,6,7,8\n", ["a", "a (2)", "b", "a (3)"]),
        ("' a, b  c \n1,2\n3,4\n".lstrip("'"), ["a", "b c"]),
        ("country,2019,2020\nA,1000,20\nB,1500,30\nC,90,7\n", ["country", "2019", "2020"]),
        (
            "People,,\nby year,,\n,,\ncountry,2019,2020\nA,1000,20\nB,1500,30\nC,90,7\n",
            ["country", "2019", "2020"],
        ),
        ("name,age,city\nBob,unknown,Rome\nAnn,5,Oslo\nCid,7,Rome\n", ["name", "age", "city"]),
        ("country,2019,2020\nA,n.d.,unk\nB,15,307\nC,90,7000\n", ["country", "2019", "2020"]),
        ("Cities\n\ncity,country\nParis,France\nLyon,France\nRome,Italy\n", ["city", "country"]),
        ("#chrom\tpos\tref\n1\t100\tA\n2\t200\tC\n", ["#chrom", "pos", "ref"]),
        ("# id,name,n\n1,Bob,5\n2,Ann,6\n", ["id", "name", "n"]),
        ("#,name,n\n1,Bob,5\n2,Ann,6\n", ["#", "name", "n"]),
        (
            "人口\n时间：最近2年\n指标,2023年,2022年\n男,10.5,11\n女,12,13.5\n注：1.年末数据\n",
            ["指标", "2023年", "2022年"],
        ),
        ("Sales\nSegment,FY2021,FY2022E\nA,1.5,2\nB,3,4.5\n", ["Segment", "FY2021", "FY2022E"]),
        (
            "Population\n\nRegion,0-4,5-9,65+\nA,10,20,30\nB,11,21,31\nC,12,22,32\n",
            ["Region", "0-4", "5-9", "65+"],
        ),
        ("Sales, North and South\nItem,Price\nTea,1.5\nMilk,2.5\nRice,3.5\n", ["Item", "Price"]),
        (
            "List of members\nName,City,Job\nBob,Rome,cook\nAnn,Oslo,smith\n",
            ["Name", "City", "Job"],
        ),
        (
            "Konto;1\nName;Bob\nBank;X\nZeitraum;2024\nSaldo;1,5;EUR\n\n"
            "Tag;Text;Art;Betrag;Saldo\n01.03.2024;Miete;L;-5,5;9,5\n02.03.2024;Brot;L;-1,5;8,5\n",
            ["Tag", "Text", "Art", "Betrag", "Saldo"],
        ),
    ],
)
def test_names(tmp_path: Path, text: str, names: list[str] | None) -> None:
    if names is None:
        with pytest.raises(InputError, match="cannot be told") as caught:
            frame_of(tmp_path, text)
        assert "?header=1" in str(caught.value.hint)
        assert "?header=2" in str(caught.value.hint)
        return
    frame = frame_of(tmp_path, text)
    assert frame.columns == names
    assert frame.height in (2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "Account,Bob\ndate,amount\n2024-01-01,1\n2024-01-02,2\n2024-01-03,4\n",
        "Some title\n2024-01-01,1,2\n2024-01-02,2,3\n",
        "a,b,c\n1,2,3\n1,2\n3,4,5\n",
        "Title\n\na,b,c\n1,2,3\n1,2\n3,4,5\n5,6,7\n8,8,8\n",
        "a,b,c\nBob,2,3\nAnn,2,3\nBob\n",
        "Sales report 2024\nname\nBob\nAnn\n",
        ",,,\n,,,\n",
        "Konto 12345\nprice\n5\n7\n",
        "name: Bob\nage: 5\ncity: Rome\nzip: 00123\n",
        "It was the best of times and it was the worst of times.\nIt was the age of wisdom and it "
        "was the age of foolishness.\nIt was the epoch of belief, and of the other.\n",
        '[{"a": 1}, {"a": 2}]\n',
        '{"a": 1}\n{"a": 2}\n',
        "<html><body><table><tr><td>1</td></tr></table></body></html>\n",
        '<?xml version="1.0"?>\n<a><b>1</b></a>\n',
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        frame_of(tmp_path, text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b,c\nx,1,2\ny,3,4\nz,5,6\nTotal,9,13\n", 4),  # a shop of that name
        ("a,b,c\nx,1,2\ny,3,4\nz,5,6\nTotal,9,12\n", 3),
        ("text\nHello, you\nI, for one, do\nno\n", 3),
        ("address\nMain St 5, Berlin\nHill 3, Rome\nPark Lane 7, London\n", 3),
        ("n\nunknown\n2\n3\n5\n", 4),
        ("name,age,city\nBob,5,Rome\nAnn,6,Oslo\nTim,9,Bonn\nMax,7,\n", 4),
        ("word,count,len\nmode,5,4\nmean,4,4\nmedian,9,6\n", 3),
        ("id,score,n\nunknown,5,1\n2,6,2\n3,7,3\n4,8,1\n", 4),
        ("t,a,b,c\n2024-01-01,1,2,3\n2024-01-02,1,2,3\n2024-01-03,,,\n", 3),
        ("match,score\nA-B,3-1\nC-D,2-2\nE-F,0-1\nG-H,1-1\n", 4),
        ("a,b\r\r\n1,2\r\r\n3,4\r\r\n", 2),
        ("shop,n,m\na,1,2\nb,2,4\nc,3,6\nd,6,12\n", 4),
        ("city,country\nParis,France\nLyon,France\nRome,Italy\n", 3),
        ("a,b,c\n1,,\n2,,\n3,x,\n4,,y\n", 4),
        ("id,note\n1,a very long text that says much more than a name does\n2,b\n3,c\n", 3),
        ("day;amount\n2024-01-05;12,5\n2024-01-06;13,5\n2024-01-07;14,5\n", 3),
        ("id,tags\n1,a;b;c\n2,a;c;d\n3,x;y;z\n", 3),
        ("a\tb\n1,5\t2,5\n3,5\t4,5\n", 2),
        ("a^b\n1^2\n3^4\n", 2),
    ],
)
def test_ordinary_tables_stay_as_they_are(tmp_path: Path, text: str, rows: int) -> None:
    run = Run()
    assert frame_of(tmp_path, text, run).height == rows
    assert bool(run.warnings) == (rows == 3 and "Total" in text)


STATEMENTS = {
    "alipay": (
        "-----------------------------------------\n导出信息：\n姓名：张三\n支付宝账户：123456\n"
        "起始时间：[2021-01-01 00:00:00]    终止时间：[2021-03-01 00:00:00]\n共7笔记录\n\n"
        "特别提示：\n1.本回单内容可表明支付宝受理了相应支付交易申请，因系统原因等；\n"
        "--------------支付宝（中国）网络技术有限公司  电子客户回单--------------\n"
        "交易时间,交易分类,交易对方,收/支,金额,\n"
        + "".join(f"2021-01-0{i} 10:00:0{i},餐饮,店{i},支出,{i}.50,\n" for i in range(1, 8))
    ),
    "padded": (
        "支付宝交易记录明细查询\n账号:[123@qq.com]\n---------交易记录明细列表---------\n"
        "交易号                  ,交易创建时间  ,金额（元）,交易状态 ,\n"
        + "".join(
            f"20210101220{i}\t,2021-01-0{i} 10:00:00 ,{i}.50   ,交易成功 ,\n" for i in range(1, 8)
        )
        + "----------------------------------\n共7笔记录\n导出时间:[2021-03-02 10:10:10]\n"
    ),
    "wechat": (
        "微信支付账单明细,,,\n微信昵称：[abc],,,\n共7笔记录,,,\n,,,\n"
        "----------------微信支付账单明细列表----------------,,,\n交易时间,交易类型,金额(元),备注\n"
        + "".join(f'2021-01-0{i} 10:00:00,"商户消费",¥12.5{i},"/"\n' for i in range(1, 8))
    ),
    "tabs": (
        "微信支付账单明细\n交易时间,交易类型,金额(元)\n"
        + "".join(f'"2021-01-0{i} 10:00:00"\t,"商户消费"\t,"¥12.5{i}"\t\n' for i in range(1, 8))
    ),
    "icbc": (
        "明细查询文件下载\n\n卡号: 6222****1234,\n起始日期: 2021-01-01,终止日期: 2021-02-01\n\n"
        "交易日期,摘要,收入,支出,余额\n"
        + "".join(f'2021-01-0{i},消费,,{i}.50,"1,{i}00.00"\n' for i in range(1, 8))
        + "\n合计,,,31.5,\n"
    ),
    "oklink": ("时间,区块\n" + "".join(f"2021-01-0{i} 10:00:00,{i * 100},\n" for i in range(1, 8)))
    .replace("区块", "区块,哈希")
    .replace("00,\n", "00,0xab,\n"),
}


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_statements(tmp_path: Path, name: str) -> None:
    frame = read(saved(tmp_path, STATEMENTS[name], "gb18030"), Run()).frame
    assert frame.height == 7
    moment = next(column for column in frame if column.dtype.is_temporal())
    assert moment[0].day == 1
    assert any(dtype.is_numeric() for dtype in frame.dtypes)
    assert not [name for name in frame.columns if name.startswith("column_")]


@pytest.mark.parametrize(
    "text",
    [
        " id | name  | n \n----+-------+---\n 10 | Bob   | 2\n 11 | Ann   | 4\n(2 rows)\n",
        "+----+------+---+\n| id | name | n |\n+----+------+---+\n| 10 | Bob  | 2 |\n"
        "| 11 | Ann  | 4 |\n+----+------+---+\n2 rows in set (0.00 sec)\n",
        "| id | name | n |\n|----|------|---|\n| 10 | Bob | 2 |\n| 11 | Ann | 4 |\n",
    ],
)
def test_tables_drawn_with_bars(tmp_path: Path, text: str) -> None:
    frame = frame_of(tmp_path, text)
    assert frame.columns == ["id", "name", "n"]
    assert frame.rows() == [(10, "Bob", 2), (11, "Ann", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "name       n  day\nBob Lee   12  2024-01-05\nAnn        7  2024-01-06\n"
        "Cid      100  2024-01-07\n",
        "Report\n\nname       n  day\nBob Lee   12  2024-01-05\nAnn        7  2024-01-06\n"
        "Cid      100  2024-01-07\n",
        "name       n day\n------- ---- ----------\nBob Lee   12 2024-01-05\n"
        "Ann        7 2024-01-06\nCid      100 2024-01-07\n\n(3 rows affected)\n",
    ],
)
def test_columns_aligned_by_blanks(tmp_path: Path, run: Run, text: str) -> None:
    frame = frame_of(tmp_path, text, run)
    assert frame.columns == ["name", "n", "day"]
    assert frame["name"].to_list() == ["Bob Lee", "Ann", "Cid"]
    assert frame["n"].to_list() == [12, 7, 100]
    assert "parted by blanks" in run.warnings[0]
    words = "text\nHello.  How are you\nFine\nWell,  and you\nNo\n"
    assert frame_of(tmp_path, words).columns == ["text"]


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ('"a" "b c"\n"1" 2.5 "x y"\n"2" 3.5 "it is ""so"""\n', ["column_1", "a", "b c"], 2),
        ("1.5 2 -3\n2.5 3 -4\n3.5 4 -5\n4.5 5 -6\n", ["1.5", "2", "-3"], 3),
        ("CHR SNP BP P\n1 rs5 100 0.5\n1 rs6 110 0.25\n", ["CHR", "SNP", "BP", "P"], 2),
    ],
)
def test_words_parted_by_blanks(tmp_path: Path, text: str, names: list[str], rows: int) -> None:
    run = Run()
    frame = frame_of(tmp_path, text, run)
    assert (frame.columns, frame.height) == (names, rows)
    assert "parted by blanks" in run.warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "when\n2024-01-01 10:00\n2024-01-02 11:00\n2024-01-03 12:00\n",
        "start time\n2024-01-01 10:00\n2024-01-02 11:00\n2024-01-03 12:00\n",
        "total amount\n12 EUR\n13 EUR\n15 EUR\n",
        "amount\n1 234\n5 678\n9 012\n",
        "sum of all\n1 234 567\n5 678 901\n9 012 345\n",
        "date of birth\n5 Jan 2024\n6 Feb 2023\n7 Mar 2022\n",
        "address line one\n5 Main St\n7 High St\n12 Park Rd\n",
    ],
)
def test_words_of_one_column_stay_together(tmp_path: Path, text: str) -> None:
    assert frame_of(tmp_path, text).width == 1


def test_rows_that_leave_out_blank_cells(tmp_path: Path, run: Run) -> None:
    text = "id,day,remark,by\n1,2024-01-05,ok,Bob\n2,2024-01-06\n3,2024-01-07,no\n4,2024-01-08\n"
    frame = frame_of(tmp_path, text, run)
    assert frame["remark"].to_list() == ["ok", None, "no", None]
    assert frame["day"].null_count() == 0
    assert "3 rows" in run.warnings[0]
    assert "line 3" in run.warnings[0]


def test_totals_without_the_last_delimiter(tmp_path: Path, run: Run) -> None:
    closed = "".join(line + ",\r\n" for line in (HEADER + ROWS).splitlines())
    assert frame_of(tmp_path, closed + TOTAL, run).height == 60
    assert "line of totals" in run.warnings[0]


def test_a_column_of_numbers_without_a_name(tmp_path: Path, run: Run) -> None:
    frame_of(tmp_path, "12\n14\n55\n", run)
    assert "looks like values" in run.warnings[0]


def test_formulas_that_keep_digits(tmp_path: Path, run: Run) -> None:
    assert frame_of(tmp_path, 'zip,n\n="00501",1\n="00544",2\n', run)["zip"].to_list() == [
        "00501",
        "00544",
    ]
    assert '="..."' in run.warnings[0]


def test_a_second_table_is_named(tmp_path: Path, run: Run) -> None:
    text = HEADER + ROWS + "\nRegion,Manager\nNorth,5\nSouth,7\n"
    assert frame_of(tmp_path, text, run).height == 60
    assert "'Region' and 'Manager'" in run.warnings[0]
    assert "?skip=62" in run.warnings[0]
    assert frame_of(tmp_path, text, part="?skip=62").columns == ["Region", "Manager"]


@pytest.mark.parametrize(
    "below",
    [
        "\nCity,Mayor,Since\n" + "".join(f"C{at},M{at},{1920 + at}\n" for at in range(90)),
        ",,,\nCity,Mayor,Since,\n" + "".join(f"C{at},M{at},{1920 + at},\n" for at in range(90)),
        "\nCity,Mayor,Since\nRome,Bob,1990\n\na,b\n1,2\n3,4\n",
    ],
)
def test_the_first_table_is_read_also_if_the_second_is_longer(
    tmp_path: Path, run: Run, below: str
) -> None:
    frame = frame_of(tmp_path, "Table 1\n" + HEADER + ROWS + below, run)
    assert frame.equals(frame_of(tmp_path, HEADER + ROWS))
    assert "second table" in run.warnings[0]
    assert "'City', 'Mayor' and 'Since'" in run.warnings[0]


def test_a_name_is_found_without_its_blanks_and_case(tmp_path: Path, run: Run) -> None:
    path = saved(tmp_path, "a, ViolentCrimes,B\n1,2,yes\n3,4,no\n")
    assert read(path, run, target="ViolentCrimes").target.name == "ViolentCrimes"  # type: ignore[union-attr]
    assert read(path, run, target=" violentcrimes ").target.name == "ViolentCrimes"  # type: ignore[union-attr]


def test_kinds_of_cells() -> None:
    cells = ["Region", "12", "-1.250,5", "€ 5", "5 %", "2024-01-05", "5 Jan 2024", "09:30", "2019"]
    kinds = ["text", *["number"] * 4, "date", "date", "date", "year"]
    assert [kind_of(cell) for cell in cells] == kinds
    assert [kind_of(cell) for cell in ("Q1", "A12", "Amount 2", "n/a")] == ["text"] * 3 + [""]


def test_separating_lines() -> None:
    for text, found in [("----+---", True), ("====", True), ("-", False), ("a---", False)]:
        assert is_separator(Row(1, (text,))) is found


def test_a_layout_of_rows() -> None:
    rows = [Row(1, ("T", "", "")), Row(3, ("a", "b", "c"))]
    rows += [Row(4 + at, (f"x{at}", str(at), "2024-01-05")) for at in range(9)]
    layout = found_layout(rows, "t")
    assert layout.names == ("a", "b", "c")
    assert layout.first == 2
    assert layout.kinds == ("", "number", "date")


ABOVE = ["Sales report 2024", "Account: 123456", "# comment", "// x", "导出信息", "----------"]
BELOW = ["Source: till 7", "(5 rows affected)", "Note: all figures are preliminary", "* estimated"]
CELLS = [
    lambda rng: f"{rng.integers(1, 9999)}",
    lambda rng: f"{rng.normal(50, 30):.2f}",
    lambda rng: f"2024-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
    lambda rng: str(rng.choice(["North", "South", "北京"])),
    lambda rng: str(rng.choice(["a text, with a comma", "two; of them", "", "yes"])),
    lambda rng: f"${rng.integers(1, 9)},{rng.integers(100, 999)}.50",
    lambda rng: f"{rng.integers(0, 999)},{rng.integers(10, 99)}",
]


def rendered(seed: int) -> tuple[list[str], list[tuple[str, ...]], str]:
    """Names, rows, and a text that holds them among other lines, in some dialect."""
    rng = np.random.default_rng(seed)
    width, height = int(rng.integers(2, 8)), int(rng.choice([4, 12, 60]))
    sorts = rng.integers(0, len(CELLS), width)
    sorts[0] = rng.integers(0, 3)
    rows = [tuple(CELLS[sort](rng) for sort in sorts) for _ in range(height)]
    names = [f"{'name' if at % 2 else 'Größe'} {at}" for at in range(width)]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=str(rng.choice([*",;\t|"])), lineterminator="\n")
    padding = [""] * (width - 1) if rng.random() < 0.5 else []

    def around(lines: list[str], most: int) -> list[list[str]]:
        return [[str(line), *padding] for line in rng.choice(lines, rng.integers(0, most))]

    above, below = around(ABOVE, 5), around(BELOW, 3)
    gap = [["", *padding]] if rng.random() < 0.5 else []
    writer.writerows(
        [*above, *(gap if above else []), names, *rows, *(gap if below else []), *below]
    )
    return names, rows, stream.getvalue()


@pytest.mark.parametrize("begin", range(0, 120, 30))
def test_a_rendered_table_comes_back_or_is_refused(tmp_path: Path, begin: int) -> None:
    refused = 0
    for seed in range(begin, begin + 30):
        names, rows, text = rendered(seed)
        try:
            raw = delimited.read(located(saved(tmp_path, text), {}), Run())
        except InputError:
            refused += 1
            continue
        assert raw.frame.columns == names, seed
        assert raw.frame.rows() == rows, seed
    assert refused <= 1


def test_tables_side_by_side(tmp_path: Path, run: Run) -> None:
    lines = (HEADER + ROWS).splitlines()
    other = ["City,Mayor", "Rome,Bob", "Oslo,Ann", '"York, new",Cid']
    side = [f"{line},,{other[at] if at < 4 else ','}" for at, line in enumerate(lines)]
    text = "\n".join(side) + "\n"
    assert frame_of(tmp_path, text, run).equals(frame_of(tmp_path, HEADER + ROWS))
    assert "'City'" in run.warnings[0]


def test_a_blank_column_before_sparse_ones(tmp_path: Path) -> None:
    rows = "".join(f"{at},{at % 5},,{at % 3},{'x' if at < 20 else ''}\n" for at in range(60))
    assert frame_of(tmp_path, "id,a,,b,c\n" + rows).columns == ["id", "a", "b", "c"]
