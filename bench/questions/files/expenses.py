"""Splits the shared expenses of the household at the end of a month."""

from collections import defaultdict
from decimal import Decimal

SHARES = {"Lena": Decimal("0.45"), "Jonas": Decimal("0.55")}
"""Who carries how much; agreed in January, looked at again each year."""


def balance(entries):
    """What each of us has paid beyond the own share; negative: owes that.

    Entries from the joint account carry nobody's name and are left out.
    """
    paid = defaultdict(Decimal)
    total = Decimal(0)
    for entry in entries:
        if entry.payer == "joint":
            continue
        paid[entry.payer] += entry.amount
        total += entry.amount
    return {name: paid[name] - total * share for name, share in SHARES.items()}


def settle(balances):
    """One transfer that makes both even, rounded to ten cents; None below five euros."""
    debtor, owes = min(balances.items(), key=lambda item: item[1])
    amount = (-owes).quantize(Decimal("0.1"))
    return None if amount < 5 else (debtor, amount)
