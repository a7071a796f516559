"""Check digits that all ids of a column agree with, and those of new ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import stdnum.damm
import stdnum.ean
import stdnum.luhn
import stdnum.verhoeff
from stdnum.iso7064 import mod_11_2, mod_11_10, mod_37_2, mod_37_36, mod_97_10

FEWEST = 20
"""Fewer ids prove no check digit; one in ten agrees with a digit by chance."""
FEWEST_DIFFERENT = 5
"""Different check digits that ids must have, so that a mere constant proves none."""

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]){11,30}")


def _weighted(
    weights: Sequence[int], modulus: int, *, from_left: bool = False, complement: bool = True
) -> Callable[[str], str]:
    """A digit that brings the weighted sum of the others to a multiple of the modulus (or, without
    a complement, that is the sum itself); 10 is written as X. Weights are repeated, from the right
    where not from the left."""

    def digit(body: str) -> str:
        ordered = body if from_left else body[::-1]
        total = sum(weights[k % len(weights)] * int(one) for k, one in enumerate(ordered))
        number = -total % modulus if complement else total % modulus
        return "X" if number == 10 else str(number)

    return digit


def _cpf(body: str) -> str:
    """Two digits, each of those before it (Brazil's CPF, and the CNPJ with weights up to 9)."""
    most = 11 if len(body) == 9 else 9
    digits = ""
    for _ in range(2):
        whole = body + digits
        total = sum((2 + k % (most - 1)) * int(one) for k, one in enumerate(reversed(whole)))
        digits += str(-total % 11 % 10)
    return digits


@dataclass(frozen=True, slots=True)
class CheckDigits:
    """How the last characters of an id follow from the others.

    Attributes:
        width: So many characters at the end.
        make: The other letters and digits -> these characters.
        letters: Whether the letters among the others count, too.
    """

    width: int
    make: Callable[[str], str]
    letters: bool = False

    def of(self, body: str) -> str | None:
        """The check digits of an id without them; None where there are none."""
        plain = re.sub(r"[^0-9A-Z]" if self.letters else r"[^0-9]", "", body.upper())
        try:
            return self.make(plain) if len(plain) > 1 else None
        except (ValueError, IndexError):
            return None


SCHEMES: dict[str, CheckDigits] = {
    "luhn": CheckDigits(1, stdnum.luhn.calc_check_digit),
    "ean": CheckDigits(1, stdnum.ean.calc_check_digit),
    "mod 11-2": CheckDigits(1, mod_11_2.calc_check_digit),
    "mod 11-10": CheckDigits(1, mod_11_10.calc_check_digit),
    "mod 11": CheckDigits(1, _weighted(range(2, 20), 11)),
    "mod 11 to 7": CheckDigits(1, _weighted((2, 3, 4, 5, 6, 7), 11)),
    "mod 11 to 9": CheckDigits(1, _weighted((2, 3, 4, 5, 6, 7, 8, 9), 11)),
    "mod 11 up": CheckDigits(1, _weighted(range(1, 20), 11, from_left=True, complement=False)),
    "verhoeff": CheckDigits(1, stdnum.verhoeff.calc_check_digit),
    "damm": CheckDigits(1, stdnum.damm.calc_check_digit),
    "mod 10 of 7, 3, 1": CheckDigits(1, _weighted((7, 3, 1), 10)),
    "mod 10 of 7, 3, 1 added": CheckDigits(
        1, _weighted((7, 3, 1), 10, from_left=True, complement=False)
    ),
    "mod 10 of digits": CheckDigits(1, _weighted((1,), 10)),
    "mod 10 of digits added": CheckDigits(1, _weighted((1,), 10, complement=False)),
    "mod 97-10": CheckDigits(2, mod_97_10.calc_check_digits, letters=True),
    "97 less mod 97": CheckDigits(2, lambda body: f"{97 - int(body) % 97:02d}"),
    "mod 97": CheckDigits(2, lambda body: f"{int(body) % 97:02d}"),
    "two mod 11": CheckDigits(2, _cpf),
    "letter of mod 23": CheckDigits(1, lambda body: _DNI[int(body) % 23]),
    "mod 37-2": CheckDigits(1, mod_37_2.calc_check_digit, letters=True),
    "mod 37-36": CheckDigits(1, mod_37_36.calc_check_digit, letters=True),
}
"""By name: payment cards and IMEI (luhn), GTIN, EAN, UPC and ISBN-13 (ean), resident ids of China
and ORCID (mod 11-2), ISBN-10 and ISSN (mod 11), bank routing numbers and machine-readable passports
(7, 3, 1), LEI (mod 97-10), Belgian and French numbers of persons (97 less mod 97), CPF and CNPJ
(two mod 11), Spanish DNI (letter of mod 23)."""

IBAN = "iban"
"""Bank accounts, whose two check digits stand behind the country."""


def detected(ids: Sequence[str]) -> str:
    """The check digits that all ids agree with: IBAN or a name of SCHEMES, "" for none."""
    if len(ids) < FEWEST:
        return ""
    if len({text[2:4] for text in ids}) >= FEWEST_DIFFERENT and all(map(_is_iban, ids)):
        return IBAN
    for name, scheme in SCHEMES.items():
        ends = {text[-scheme.width :] for text in ids}
        if len(ends) < FEWEST_DIFFERENT:
            continue
        if all(scheme.of(text[: -scheme.width]) == text[-scheme.width :].upper() for text in ids):
            return name
    return ""


def without_check(name: str, text: str) -> str:
    """An id without its check digits."""
    if name == IBAN:
        return text[:2] + text[4:]
    return text[: -SCHEMES[name].width]


def with_check(name: str, body: str) -> str:
    """An id with the check digits that belong to it.

    Example:
        >>> with_check("ean", "400638133393"), with_check("iban", "DE 3704 0044 0532 0130 00")
        ('4006381333931', 'DE89 3704 0044 0532 0130 00')
    """
    if name == IBAN:
        plain = body.replace(" ", "")
        return body[:2] + mod_97_10.calc_check_digits(plain[2:] + plain[:2]) + body[2:]
    return body + (SCHEMES[name].of(body) or "0")


def _is_iban(text: str) -> bool:
    if not _IBAN.fullmatch(text):
        return False
    plain = text.replace(" ", "")
    return mod_97_10.calc_check_digits(plain[4:] + plain[:2]) == plain[2:4]
