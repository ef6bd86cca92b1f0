"""Cases an operator can read: this seller, this moment, this request, this answer.

After a change that is meant to alter answers, `GOLDEN=write` writes what is answered now; read the
difference before you keep it.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from sellers.seller_file.importing import import_seller
from tests.simulation.stage import address, ask_by_get

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_answers_as_the_case_says(
    path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = json.loads(path.read_text())
    now = datetime.fromisoformat(case["now"])
    import_seller(case["seller"], now=now)
    monkeypatch.setattr(timezone, "now", lambda: now)
    query = case.get("query", {})

    response = client.post(
        f"{address()}?{urlencode(query)}", case["request"], content_type="application/json"
    )

    if os.environ.get("GOLDEN") == "write":
        _write(path, case | {"answer": response.json()})
    assert response.status_code == 200
    assert response.json() == json.loads(path.read_text())["answer"]
    assert ask_by_get(client, case["request"], **query).content == response.content


def _write(path: Path, case: dict[str, Any]) -> None:
    path.write_text(json.dumps(case, indent=2, ensure_ascii=False) + "\n")
