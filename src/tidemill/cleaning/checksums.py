"""Check digits of card numbers, bank accounts and identity numbers."""

from __future__ import annotations

import re
from datetime import date


def luhn(text: str) -> bool:
    """Whether a payment card's digits agree with its last one (ISO/IEC 7812-1).

    Example:
        >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
        (True, False)
    """
    digits = [int(c) for c in text if c.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Whether an international bank account number agrees with its two check digits (ISO 13616).

    Example:
        >>> iban("DE89 3704 0044 0532 0130 00"), iban("DE88 3704 0044 0532 0130 00")
        (True, False)
    """
    plain = re.sub(r"\s", "", text)
    if not (plain.isalnum() and plain.isascii()):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def resident_id(text: str) -> bool:
    """Whether a Chinese resident identity number holds a date and agrees with its check digit (GB
    11643).

    Example:
        >>> resident_id("11010519491231002X"), resident_id("110105194912310021")
        (True, False)
    """
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - at, 11) for at, digit in enumerate(text[:17]))
    return 1900 <= born.year <= 2100 and "10X98765432"[total % 11] == text[17].upper()


def social_security(text: str) -> bool:
    """Whether a US social security number is one that can have been given out.

    Example:
        >>> social_security("123-45-6789"), social_security("000-12-3456")
        (True, False)
    """
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def ipv4(text: str) -> bool:
    """Whether a text is an IP address of version 4, and hardly the number of a software version.

    Example:
        >>> ipv4("192.168.0.17"), ipv4("1.2.0.4"), ipv4("300.1.1.1")
        (True, False, False)
    """
    parts = [int(part) for part in text.split(".")]
    return max(parts) <= 255 and max(parts) > 31
