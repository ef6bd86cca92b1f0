"""The account part of a seller file: the connection to one marketplace."""

from __future__ import annotations

from sellers.models import SellerAccount
from sellers.seller_file.merging import Counts
from sellers.seller_file.reading import Row


def connect(row: Row, account: SellerAccount | None) -> tuple[SellerAccount, Counts]:
    """The stored account with what the file says; what the file is silent about stays."""
    if account is None:
        said = {name: value for name, value in row.items() if value is not None}
        return SellerAccount.objects.create(**said), Counts(created=1)
    changes = {
        name: value
        for name, value in row.items()
        if value is not None and value != getattr(account, name)
    }
    if not changes:
        return account, Counts(unchanged=1)
    for name, value in changes.items():
        setattr(account, name, value)
    account.save(update_fields=list(changes))
    return account, Counts(updated=1)
