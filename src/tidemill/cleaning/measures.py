"""What the names of columns say their numbers and dates are: which can be compared, and which comes
first."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemill.core.column_words import BIRTHS, says, words_of
from tidemill.core.schema import Column


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(listed.split(", "))


# what a name means, by phrases; a word that may mean two things stands in both
MEASURES: Mapping[str, tuple[str, ...]] = {
    "price": _phrases(
        "price, preis, prix, precio, prezzo, prijs, unit cost, cost, rate, tarif, 单价, 价格, "
        "售价, 进价, 标价, 价"
    ),
    "money": _phrases(
        "amount, amt, revenue, turnover, sales, salary, wage, cost, costs, fee, fees, "
        "income, profit, payment, balance, budget, tax, vat, spend, debt, expense, "
        "expenses, margin, value, charge, charges, loan, betrag, umsatz, kosten, steuer, "
        "gewinn, gehalt, gebuhr, saldo, montant, chiffre, importe, importo, ventas, "
        "salaire, usd, eur, gbp, cny, rmb, chf, jpy, 金额, 收入, 支出, 费用, 工资, 余额, 税, 利润, "
        "销售额, 成本, 总额"
    ),
    "count": _phrases(
        "count, number of, num, nr of, no of, quantity, qty, units, orders, visits, "
        "reviews, clicks, views, items, menge, anzahl, stuck, stueck, nombre, quantite, "
        "cantidad, quantita, likes, shares, comments, trips, children, guests, beds, "
        "rooms, employees, 数量, 次数, 人数, 件数, 个数"
    ),
    "share": _phrases(
        "percent, percentage, pct, ratio, share, rate, prob, probability, prozent, "
        "anteil, pourcentage, porcentaje, humidity, 比例, 百分比, 率, 占比"
    ),
    "time": _phrases(
        "days, hours, minutes, seconds, weeks, months, years, duration, tenure, age, "
        "night, nights, occupancy, tage, stunden, jahre, jours, heures, dauer, duree, 天数, "
        "小时, 时长, 年龄, 年限"
    ),
    "date": _phrases("year, month, day, hour, weekday, week, jahr, monat, 年份, 月份"),
    "temperature": _phrases("temp, temperature, celsius, fahrenheit, temperatur, 温度, 气温"),
    "weight": _phrases("weight, kg, lbs, grams, gewicht, poids, peso, 重量, 体重"),
    "length": _phrases(
        "length, width, height, depth, distance, km, cm, mm, miles, lange, breite, hohe, "
        "长度, 宽度, 高度, 距离, 身高"
    ),
    "area": _phrases("area, sqft, sqm, surface, flache, 面积"),
    "score": _phrases("score, rating, grade, stars, rank, index, note, 评分, 得分, 排名"),
    "code": _phrases("id, code, zip, postcode, lat, lon, latitude, longitude, 编号, 邮编"),
}
_BRACKETS = re.compile(r"[(\[（【]([^)\]）】]+)[)\]）】]")
_MONEY_SIGNS = frozenset("$€£¥￥元₹₽")

# what happens one after the other; each line names the steps of one course of events
COURSES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (
        _phrases(
            "start, starts, started, begin, begins, begun, began, from, since, valid "
            "from, beginn, von, ab, debut, du, inizio, inicio, 开始, 起始, 生效"
        ),
        _phrases(
            "end, ends, ended, finish, finished, stop, until, to, till, valid to, "
            "completed, ende, bis, fin, au, fine, termino, 结束, 终止, 截止, 失效"
        ),
    ),
    (
        _phrases("applied, application, bewerbung, 申请"),
        _phrases("hire, hired, joined, join, entry, eintritt, embauche, 入职, einstellung"),
        _phrases(
            "termination, terminated, left, leaving, exit, resigned, resignation, "
            "austritt, kundigung, sortie, depart, 离职, relieving"
        ),
    ),
    (
        _phrases("quote, offer, quotation, angebot, 报价"),
        _phrases(
            "order, ordered, purchase, purchased, bought, placed, bestellung, commande, "
            "bestelldatum, auftrag, pedido, ordine, 订单, 下单, 订购, 购买"
        ),
        _phrases(
            "ship, shipped, shipping, shipment, dispatch, dispatched, sent, versand, "
            "expedition, envio, spedizione, 发货, 出货, versanddatum"
        ),
        _phrases(
            "required, deliver, delivered, delivery, arrival, arrived, received, receipt, "
            "lieferung, livraison, entrega, consegna, 送达, 签收, 收货, 到货, lieferdatum"
        ),
        _phrases("return, returned, refund, refunded, retoure, 退货, 退款"),
    ),
    (
        _phrases("admission, admitted, admit, aufnahme, 入院"),
        _phrases("discharge, discharged, entlassung, sortie, 出院"),
    ),
    (
        _phrases(
            "create, created, creation, open, opened, reported, invoice, invoiced, issue, "
            "issued, rechnungsdatum, facture, factura, 创建, 开票, 报告, 立案"
        ),
        _phrases(
            "due, close, closed, resolved, paid, payment, settled, updated, modified, "
            "expiry, expires, expiration, expired, fallig, faellig, bezahlt, echeance, "
            "vencimiento, 到期, 关闭, 支付, 付款, 更新, 结案"
        ),
    ),
    (
        _phrases("departure, depart, departed, takeoff, abfahrt, abflug, 出发, 起飞"),
        _phrases("arrival, arrive, arrived, landing, ankunft, arrivee, 到达, 抵达"),
    ),
    (
        _phrases("checkin, check in, pickup, pick up, login, 入住, 签到, 上车"),
        _phrases("checkout, check out, dropoff, drop off, logout, 退房, 签退, 下车"),
    ),
)


def measures_of(column: Column) -> frozenset[str]:
    """What a column's name, or the way its numbers were written, says they measure; nothing where
    they say nothing.

    Example:
        >>> sorted(measures_of(Column("unit_price", "number")))
        ['price']
        >>> sorted(measures_of(Column("number_of_reviews", "number")))
        ['count']
    """
    spelling = column.spelling
    if spelling is not None:
        marks = spelling.prefix.strip() + spelling.suffix.strip()
        if "%" in marks:
            return frozenset({"share"})
        if _MONEY_SIGNS.intersection(marks):
            return frozenset({"price"} if _says_any(column.name, MEASURES["price"]) else {"money"})
    name = _BRACKETS.sub(" ", column.name)
    found = {what for what, phrases in MEASURES.items() if _says_any(name, phrases)}
    if "price" in found and found & {"money", "share"} and says(name, "price"):
        found -= {"share"}
    return frozenset(found)


def unit_in_brackets(name: str) -> str:
    """What stands in brackets in a column's name, as units do.

    Example:
        >>> unit_in_brackets("AH (g/m3)"), unit_in_brackets("AH")
        ('g/m3', '')
    """
    found = _BRACKETS.search(name)
    return found[1].strip().casefold() if found else ""


def may_be_compared(one: Column, other: Column) -> bool | None:
    """Whether numbers of two columns are of one sort; None where the names do not say."""
    units = unit_in_brackets(one.name), unit_in_brackets(other.name)
    if all(units) and units[0] != units[1]:
        return False
    measures = measures_of(one), measures_of(other)
    if not all(measures):
        return None
    return bool(measures[0] & measures[1])


def come_in_turn(first: str, second: str) -> bool:
    """Whether names of columns say that the first date comes before the second.

    Example:
        >>> come_in_turn("DateofHire", "DateofTermination"), come_in_turn("shipped", "ordered")
        (True, False)
    """
    if _says_any(first, BIRTHS) and not _says_any(second, BIRTHS):
        return True
    for course in COURSES:
        steps = [at for at, phrases in enumerate(course) if _says_any(first, phrases)]
        later = [at for at, phrases in enumerate(course) if _says_any(second, phrases)]
        if steps and later and max(steps) < min(later):
            return True
    return False


def _says_any(name: str, phrases: tuple[str, ...]) -> bool:
    plain = " ".join(words_of(name))
    return any(says(plain if phrase.isascii() else name, phrase) for phrase in phrases)
