"""Which of the encodings from before Unicode a text is likely to be in, by the characters that its
languages use most: a header of four characters must do."""

from __future__ import annotations

import re

# the most frequent characters of the language, and those of ledgers, statements and forms
_SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日期金额数量账号户名交易时间收支余摘对备注编"
    "商品单价合计总订状态类型地区华北东西南银卡付宝微信公司客姓性别龄电话址门员工职位薪资奖扣税率费项目记录流水明细表报导息起止"
    "元角万亿月季周星二三四五六七八九十百千零共条页第序网点机构柜台凭证借贷方向币种币人民美欧港转入转出存取款利息手续费消费退"
    "货物产库存采购供应销售渠道门店仓库规格重量尺寸颜色男女未已婚否是无有效正常失败功完待处理审核通过拒绝开始结束更新创建操作"
    "京沪津渝苏浙粤闽赣湘鄂豫鲁冀晋陕甘宁青新藏云贵川桂琼黑吉辽蒙市省县镇村街路号楼室病历诊断药剂检查医院患者科住院床年级班成绩"
    "绿茶咖啡糖牛奶米油盐酒水果蔬菜肉鱼鸡蛋面包服装鞋帽书笔纸机器设备材料电脑手机配件厂牌型版本源系统内外部门经理总监助主任张王李"
    "赵刘陈杨黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程魏吕丁任沈姚卢姜崔钟谭陆汪范石廖贾夏韦"
    "付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤丽敏静强磊军洋勇艳杰娟涛明超秀霞平刚桂英华伟芳娜"
    "加减乘除最低最高平均标准比占同环增长率预算实际差异原因描述联系邮箱箱传真密码登录访问次数用户会员积分等级优惠券折扣满减送达"
)
_TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方"
    "多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日期金額數量帳號戶名交易時間收支餘摘對備註編"
    "商品單價合計總訂狀態類型地區華北東西南銀卡付款公司客姓性別齡電話址門員工職位薪資獎扣稅率費項目記錄明細表報息起止元角萬億月"
    "季週星二三四五六七八九十百千零共條頁第序機構憑證借貸幣轉入存取利手續消退貨物產庫購供應銷售渠道店倉規格重量尺寸顏色男女是否"
    "無效正常失敗完待處理審核通過拒絕始結束更新建立操作台灣市縣鄉鎮村街路號樓室病歷診斷藥醫院患者科床級班成績陳林黃張李王吳劉蔡楊"
)
_HANGUL = frozenset(
    "이다에의는로하을가고지서한은기으년대사시를리도인스일자부원수제정보상금액번호명날짜거래내역합계지역서울부산경기남북동구군읍면"
    "주소전화이름성별나이고객회사상품단가수량총액입출잔계좌은행카드결제취소완료대기상태분류코드등록변경담당팀장과차연락처비고월화목"
    "토요어그것들나우해여러만게러요까마바아야오장중국외민개건물품매판구매점포성공실패김박최정강조윤임한오신권황안송전홍유문양손배백"
)
_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))
_KANJI = frozenset(
    "日一人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土"
    "木聞食車何南万毎白天母火右読友左休父雨期額数量番号顧客商品単価合計注文状態種類地区県市町村住所氏部課員給与税込支払残銀行"
    "口座取引残高備考売上在庫仕入店舗担当者会社株式有限確認完了未済"
)
_ASIAN_MARKS = frozenset(
    "　、。，．：；？！（）「」『』【】《》“”‘’·—…￥％＃＋－＝／～０１２３４５６７８９"
)
_WESTERN = frozenset(
    "àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝšžŠŽ€£¥§°«»–—‘’“”…ºª²³½¼¾±µ×·¿¡™®©\xa0"
)
_FREQUENT = {
    "gb18030": _SIMPLIFIED | _ASIAN_MARKS | frozenset("¥€"),
    "big5": _TRADITIONAL | _ASIAN_MARKS,
    "shift_jis": _KANA | _KANJI | _ASIAN_MARKS,
    "euc_kr": _HANGUL | frozenset("·、。￦"),
}
_RUSSIAN = re.compile(r"[а-яё]+|[А-ЯЁ][а-яё]+|[А-ЯЁ]+|[№–—«»]")
_LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_FOREIGN = re.compile(r"[A-Za-z]?[^\x00-\x7f]+[A-Za-z]?")
CANDIDATES = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251")


def ranked(content: bytes) -> list[tuple[str, float]]:
    """The encodings that can be read, the likeliest first, with the share of what is not ASCII that
    is frequent in their languages.

    Example:
        >>> ranked("日期,金额".encode("gb18030"))[0], ranked("Größe;Straße".encode("cp1252"))[0]
        (('gb18030', 1.0), ('cp1252', 1.0))
    """
    scores = {encoding: _score(content, encoding) for encoding in CANDIDATES}
    readable = [(encoding, score) for encoding, score in scores.items() if score > 0]
    return sorted(readable, key=lambda pair: -pair[1])


def _score(content: bytes, encoding: str) -> float:
    """The share of the characters beyond ASCII that are frequent in the encoding's languages."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    if encoding == "shift_jis":
        text = _HALF_WIDTH.sub("", text)  # any byte of other encodings is one
    runs = _FOREIGN.findall(text)
    total = sum(len(run.strip(_LATIN)) for run in runs)
    if not total:
        return 0.0
    if encoding == "cp1251":
        return sum(map(_cyrillic, runs)) / total
    if encoding == "cp1252":
        return sum(map(_western, runs)) / total
    frequent = _FREQUENT[encoding]
    return sum(letter in frequent for run in runs for letter in run) / total


def _cyrillic(run: str) -> int:
    """How many letters of a run are of Russian words: other encodings read as Cyrillic mix small
    and capital letters, or stand beside Latin ones."""
    word = run.strip(_LATIN)
    return len(word) if word == run and _RUSSIAN.fullmatch(word) else 0


def _western(run: str) -> float:
    """How many letters of a run are accents and signs of Western languages: nearly always one or
    two together, within a word of Latin letters."""
    foreign = run.strip(_LATIN)
    if len(foreign) > 3 or not _WESTERN.issuperset(foreign):
        return 0.0
    alone = foreign == run and foreign.isalpha()
    return len(foreign) * (0.5 if alone else 1.0)
