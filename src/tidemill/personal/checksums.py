"""Check digits of card numbers, bank accounts and identity numbers, and the form of addresses."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import stdnum.iban
import stdnum.luhn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.za import idnr

Valid = Callable[[str], bool]

NATIONAL_IDS: tuple[tuple[str, str, Valid], ...] = (
    ("Belgian national numbers", r"\d{11}|\d\d\.\d\d\.\d\d-\d{3}\.\d\d", nn.is_valid),
    ("Brazilian CPF numbers", r"\d{11}|\d{3}\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    ("Finnish personal identity codes", r"\d{6}[+A-]\d{3}[\dA-Y]", hetu.is_valid),
    ("French NIR numbers", r"[12](?: ?\d\d){2} ?\d[\dAB](?: ?\d{3}){2} ?\d\d", nir.is_valid),
    ("Italian tax codes", r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    ("Korean resident registration numbers", r"\d{6}-\d{7}", rrn.is_valid),
    ("Mexican CURP codes", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[\dA-Z]\d", curp.is_valid),
    ("Norwegian identity numbers", r"\d{6} ?\d{5}", fodselsnummer.is_valid),
    ("Polish PESEL numbers", r"\d{11}", pesel.is_valid),
    ("Romanian CNP numbers", r"[1-8]\d{12}", cnp.is_valid),
    ("South African identity numbers", r"\d{13}", idnr.is_valid),
    ("Spanish DNI numbers", r"\d{8}-?[A-Z]", dni.is_valid),
    ("Spanish NIE numbers", r"[XYZ]-?\d{7}-?[A-Z]", nie.is_valid),
    ("Swedish personal identity numbers", r"(?:\d\d)?\d{6}[+-]\d{4}", personnummer.is_valid),
    ("Turkish identity numbers", r"[1-9]\d{10}", tckimlik.is_valid),
)
"""Numbers of persons: their name, a regular expression, and whether their check digits agree.

Only those that at most one in 20 random texts of their form would pass for.
"""


def card(text: str) -> bool:
    """Whether a payment card's digits agree with its last one (ISO/IEC 7812-1).

    Example:
        >>> card("4111 1111 1111 1111"), card("4111 1111 1111 1112")
        (True, False)
    """
    digits = "".join(filter(str.isdigit, text))
    return len(set(digits)) > 1 and stdnum.luhn.is_valid(digits)


def iban(text: str) -> bool:
    """Whether an international bank account number has its country's form and agrees with its two
    check digits (ISO 13616).

    Example:
        >>> iban("DE89 3704 0044 0532 0130 00"), iban("DE88 3704 0044 0532 0130 00")
        (True, False)
    """
    return stdnum.iban.is_valid(text, check_country=False)


def ipv4(text: str) -> bool:
    """Whether a text is an IP address of version 4, and hardly the number of a software version.

    Example:
        >>> ipv4("192.168.0.17"), ipv4("1.2.0.4"), ipv4("300.1.1.1")
        (True, False, False)
    """
    try:
        return max(IPv4Address(text).packed) > 31
    except AddressValueError:
        return False


def ipv6(text: str) -> bool:
    """Whether a text is an IP address of version 6.

    Example:
        >>> ipv6("2001:db8::1"), ipv6("12:30:45")
        (True, False)
    """
    try:
        return bool(IPv6Address(text))
    except AddressValueError:
        return False
