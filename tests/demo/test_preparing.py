from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from demo.people import LOGINS, PASSWORDS
from demo.preparing import SELLER_FILE
from invoicing.models import InvoiceSeries
from scripts.demo_seller import document, ean13
from sellers.models import DeliveryWindow, SellerAccount, Sku, StockMovement, User

pytestmark = pytest.mark.django_db


def demo(option: str) -> str:
    out = io.StringIO()
    call_command("demo", option, stdout=out)
    return out.getvalue()


def what_the_stand_in_is_told() -> dict[str, str]:
    told: dict[str, str] = json.loads((configured.VAR_DIR / "demo" / "sandbox.json").read_text())
    return told


def test_makes_the_seller_and_a_login_for_each_role():
    demo("--prepare")

    account = SellerAccount.objects.get(slug="casa-aurora")
    assert account.skus.count() == 40
    assert InvoiceSeries.objects.get(account=account).prefix == "CA-"
    assert not Sku.objects.filter(bin_location="").exists()
    for login in LOGINS:
        user = authenticate(username=login.username, password=login.password)
        assert isinstance(user, User)
        assert user.is_staff
        assert [group.name for group in user.groups.all()] == [login.role]
    assert User.objects.get(username="packer").language == "pt-br"


def test_tells_the_stand_in_all_it_needs_in_a_file_of_its_own(monkeypatch):
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:8131")
    demo("--prepare")

    account = SellerAccount.objects.get(slug="casa-aurora")
    assert what_the_stand_in_is_told() == {
        "account": "grandevitrine",
        "app_key": account.app_key,
        "app_token": account.app_token,
        "portal": f"http://127.0.0.1:8131/api/{account.endpoint_key}",
        "seller_id": "casaaurora",
        "inbound_key": account.inbound_app_key,
        "inbound_token": account.inbound_app_token,
        "hook_header_name": "X-Hook-Secret",
        "hook_header_value": account.hook_header_value,
    }
    assert all(what_the_stand_in_is_told().values())
    file: Path = configured.VAR_DIR / "demo" / "sandbox.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_keeps_at_the_second_start_what_people_changed_since_the_first(monkeypatch):
    demo("--prepare")
    told = what_the_stand_in_is_told()
    Sku.objects.filter(ref="1001").update(price_cents=1, bin_location="Z-99")
    User.objects.get(username="packer").groups.clear()
    counts = (Sku, User, StockMovement, DeliveryWindow, InvoiceSeries)
    before = [model.objects.count() for model in counts]

    monkeypatch.setenv("SANDBOX_URL", "http://127.0.0.1:9999")
    demo("--prepare")

    sku = Sku.objects.get(ref="1001")
    assert (sku.price_cents, sku.bin_location) == (1, "Z-99")
    assert [model.objects.count() for model in counts] == before
    assert not User.objects.get(username="packer").groups.exists()
    assert what_the_stand_in_is_told() == told
    assert SellerAccount.objects.get().marketplace_url == "http://127.0.0.1:9999"


def test_opens_windows_that_lie_ahead():
    demo("--prepare")

    windows = DeliveryWindow.objects.order_by("starts_at")
    assert windows.count() == 10
    assert all(window.starts_at.weekday() < 5 for window in windows)


def test_says_addresses_and_logins(monkeypatch):
    monkeypatch.setenv("PORT", "8131")
    monkeypatch.delenv("PORTAL_URL", raising=False)
    monkeypatch.delenv("SANDBOX_URL", raising=False)
    demo("--prepare")

    said = demo("--addresses")

    assert "http://127.0.0.1:8131/admin/" in said
    assert "http://127.0.0.1:8132/" in said
    assert all(login.password in said and login.role in said for login in LOGINS)


@pytest.mark.parametrize("option", ["--traffic", "--addresses"])
def test_asks_for_preparation_first(option):
    with pytest.raises(CommandError, match="run demo --prepare first"):
        demo(option)


def test_says_so_when_the_stand_in_is_not_there(monkeypatch):
    monkeypatch.setenv("SANDBOX_URL", "http://127.0.0.1:9")
    demo("--prepare")

    with pytest.raises(CommandError, match=r"does not answer at http://127\.0\.0\.1:9"):
        demo("--traffic")


@pytest.mark.parametrize("option", ["--prepare", "--traffic", "--addresses"])
def test_does_not_run_in_production(settings, option):
    settings.IN_PRODUCTION = True

    with pytest.raises(CommandError, match="does not run in production"):
        demo(option)

    assert not SellerAccount.objects.exists()


def test_lets_nobody_in_with_a_demonstration_password_in_production(settings):
    demo("--prepare")
    settings.AUTHENTICATION_BACKENDS = [
        "demo.refusing.RefuseDemoPasswords",
        "django.contrib.auth.backends.ModelBackend",
    ]
    User.objects.create_user("ana", password="correct horse battery")

    for login in LOGINS:
        assert authenticate(username=login.username, password=login.password) is None
    assert authenticate(username="ana", password="correct horse battery") is not None


def test_lets_nobody_choose_a_demonstration_password_in_production(settings):
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": "demo.refusing.NotADemoPassword"}]

    for password in PASSWORDS:
        with pytest.raises(ValidationError):
            validate_password(password)
    validate_password("correct horse battery")


def test_the_seller_file_is_what_the_script_draws_up():
    assert json.loads(SELLER_FILE.read_text(encoding="utf-8")) == document()


def test_every_ean_is_well_formed_and_inside_a_shop_only():
    for sku in document()["skus"]:
        assert sku["ean"] == ean13(sku["ean"][:12])
        assert sku["ean"].startswith("200")
    assert ean13("400638133393") == "4006381333931"
