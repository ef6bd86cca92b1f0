"""The carts that are asked, drawn by a seeded generator; every contestant gets the same bytes."""

from __future__ import annotations

import json
import random
from typing import NamedTuple

from benchmarks.shape import CODES, FIRST_CODE, key_of, ref_of

SEED = 20_260_101
# So many lines are prepared for each size of cart: the larger the carts, the fewer of them.
LINES = 40_000
MOST_CARTS = 4_000


class Question(NamedTuple):
    """Carts of one size to one account. `an` in the query tells the bare view which answer."""

    skus: int
    items: int

    @property
    def query(self) -> str:
        return f"an=bench{self.items}"

    @property
    def path(self) -> str:
        return f"/api/{key_of(self.skus)}/pvt/orderForms/simulation?{self.query}"

    def bodies(self) -> list[bytes]:
        drawn = random.Random(f"{SEED}/{self.skus}/{self.items}")  # noqa: S311 (nothing secret)
        count = max(1, min(MOST_CARTS, LINES // self.items))
        return [self._body(drawn) for _ in range(count)]

    def _body(self, drawn: random.Random) -> bytes:
        """What VTEX sends at checkout, with the parts that the answer does not depend on."""
        numbers = drawn.sample(range(1, self.skus + 1), min(self.items, self.skus))
        code = f"{FIRST_CODE + drawn.randrange(CODES):08d}"
        cart = {
            "items": [
                {"id": ref_of(number), "quantity": drawn.randint(1, 3), "seller": "bench"}
                for number in numbers
            ],
            "marketingData": None,
            "postalCode": f"{code[:5]}-{code[5:]}",
            "country": "BRA",
            "selectedSla": None,
            "clientProfileData": None,
            "geoCoordinates": [],
            "isCheckedIn": False,
        }
        return json.dumps(cart, separators=(",", ":")).encode()

    def requests(self) -> list[bytes]:
        """Complete HTTP requests, ready for the socket."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "Accept: application/json\r\nContent-Length: "
        )
        return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in self.bodies()]
