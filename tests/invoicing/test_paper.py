"""Labels and slips: which box of how many, codes that scan, names in every script, on record."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from invoicing import packing
from invoicing.models import Package, PaperSettings, Print
from invoicing.printing.facts import facts_of
from invoicing.printing.sheets import undrawable
from jobs.models import Job
from jobs.running import run_due
from orders.models import Order, PersonalData, TimelineEntry
from orders.timeline import story_of
from sellers.models import User
from tests.builders import NOW, Line, a_seller, an_order, staff
from tests.invoicing.paper import pages, scanned, sizes_mm
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db
ADDRESS = {
    "street": "Rua das Laranjeiras",
    "number": "120",
    "postalCode": "22240-003",
    "city": "São Gonçalo",
    "state": "RJ",
    "phone": "+5521999990000",
}


@pytest.fixture(autouse=True)
def _media(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def ana(db: None) -> User:
    return staff("ana", first_name="Ana")


@pytest.fixture
def packer(client: Client, ana: User) -> Client:
    client.force_login(ana)
    return client


def packed(boxes: int = 2, *, units: int = 0, receiver: str = "João Conceição", **facts) -> Order:
    """An order of `units` with one of them in each of so many closed boxes."""
    lines = (Line(quantity=units or boxes, price=98765),)
    order = an_order(*lines, address=ADDRESS, receiver=receiver, **facts)
    for _box in range(boxes):
        package = packing.open_package(order=order, now=NOW, actor=None)
        packing.put(package=package, line=order.lines.get(), quantity=1, now=NOW, actor=None)
        packing.close(package=package, now=NOW, actor=None)
    return order


def printed(client: Client, order: Order, number: int = 1, **fields: str) -> bytes:
    """The file that comes of printing."""
    address = reverse("admin:packing_print_package", args=[order.seller_order_id, number])
    response = client.post(address, {"kind": "label", "form": "pdf"} | fields, follow=True)
    assert response.status_code == 200
    return response.content


# --- the label


def test_each_box_has_its_own_number_of_how_many_and_a_code_that_scans(packer: Client):
    order = packed(2)
    for number in (1, 2):
        label = printed(packer, order, number)
        assert f"{number} / 2" in pages(label)[0]
        code = f"{order.seller_order_id}-{number}"
        assert scanned(label) == {"QRCode": code, "Code128": code}


def test_does_not_say_how_many_while_that_is_not_known(packer: Client):
    label = printed(packer, packed(1, units=2))
    assert "1 / …" in pages(label)[0]


def test_carries_what_a_label_needs_of_the_receiver_and_nothing_else(packer: Client):
    order = packed(1)
    PersonalData.objects.filter(order=order).update(
        document={
            "shippingData": {"address": ADDRESS},
            "clientProfileData": {"document": "52998224725", "email": "joao@example.com"},
        }
    )
    for form in ("pdf", "zpl"):
        label = printed(packer, order, form=form)
        text = pages(label)[0] if form == "pdf" else label.decode()
        assert "João Conceição" in text and "Rua das Laranjeiras, 120" in text
        assert "22240-003" in text
        for secret in ("99999", "529982", "joao@", "987,65", "98765", "R$"):
            assert secret not in text


@pytest.mark.parametrize("name", ["Łukasz Ångström Ñandú", "Юлия Цветкова", "Γιώργος"])
def test_writes_names_of_other_scripts(packer: Client, name: str):
    assert undrawable(name) == ""
    assert name in pages(printed(packer, packed(1, receiver=name)))[0]


def test_says_so_when_the_font_cannot_write_a_name(ana: User):
    assert undrawable("สมชาย João") == "".join(sorted(set("สมชาย")))


def test_is_as_large_as_the_accounts_printer_prints(packer: Client):
    PaperSettings.objects.create(
        account=a_seller(), label_width_mm=80, label_height_mm=60, sender="Loja\nRua 1"
    )
    label = printed(packer, packed(1))
    assert sizes_mm(label) == [(80, 60)]
    assert "Loja" in pages(label)[0]
    assert set(scanned(label)) == {"QRCode", "Code128"}


def test_says_nothing_of_an_erased_shopper(packer: Client):
    order = packed(1)
    PersonalData.objects.filter(order=order).update(document=None, receiver="", erased_at=NOW)
    text = pages(printed(packer, order))[0]
    assert "João" not in text and "erased" in text


# --- ZPL


def test_sends_accents_to_a_label_printer_as_they_are(packer: Client):
    zpl = printed(packer, packed(1), form="zpl").decode()
    assert zpl.startswith("^XA^CI28") and zpl.rstrip().endswith("^XZ")
    assert "São Gonçalo" in zpl
    assert "^PW800" in zpl and "^LL1200" in zpl


def test_a_label_printer_gets_no_command_out_of_a_name(packer: Client):
    zpl = printed(packer, packed(1, receiver="A^XZ~JA_5E"), form="zpl").decode()
    assert "A_5EXZ_7EJA_5F5E" in zpl
    assert zpl.count("^XZ") == 1


def test_a_label_printer_gets_a_picture_of_what_it_has_no_letters_for(packer: Client):
    zpl = printed(packer, packed(1, receiver="山田太郎"), form="zpl").decode()
    assert "山" not in zpl
    found = re.search(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS", zpl)
    assert found is not None
    assert len(found[4]) == 2 * int(found[1])
    assert int(found[1]) % int(found[3]) == 0
    assert set(found[4]) != {"0"}


# --- the slip


def test_a_slip_of_many_lines_goes_on_over_the_page(packer: Client):
    order = an_order(*(Line(str(1000 + n), name=f"Item número {n}") for n in range(60)))
    package = packing.open_package(order=order, now=NOW, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=1, now=NOW, actor=None)
    packing.close(package=package, now=NOW, actor=None)
    slip = pages(printed(packer, order, kind="slip", size="a4"))
    assert len(slip) > 1
    assert "page 2" in slip[1]
    text = "\n".join(slip)
    assert all(f"Item número {n}" in text for n in range(60))
    assert "17,00" not in text and "17.00" not in text


@pytest.mark.parametrize(("size", "mm"), [("a4", (210, 297)), ("10x15", (100, 150))])
def test_a_slip_comes_in_two_sizes(packer: Client, size: str, mm: tuple[int, int]):
    order = packed(2)
    slip = printed(packer, order, 2, kind="slip", size=size)
    assert sizes_mm(slip) == [mm]
    assert "2 / 2" in pages(slip)[0]
    assert scanned(slip) == {"Code128": order.marketplace_order_id}


# --- on record


def test_each_print_is_recorded_with_its_copy_number(packer: Client, ana: User):
    order = packed(1)
    printed(packer, order)
    printed(packer, order, form="zpl")
    printed(packer, order, kind="slip")
    rows = Print.objects.order_by("id").values_list("kind", "form", "copy", "actor")
    assert list(rows) == [
        ("label", "pdf", 1, ana.pk),
        ("label", "zpl", 2, ana.pk),
        ("slip", "pdf", 1, ana.pk),
    ]


def test_the_orders_story_tells_it(packer: Client):
    order = packed(1)
    printed(packer, order)
    printed(packer, order)
    with translation.override("pt-br"):
        told = [h for h in story_of(order) if h.title == "Impresso"]
    assert [h.detail for h in told] == [
        "pacote 1 · etiqueta do pacote · cópia 1",
        "pacote 1 · etiqueta do pacote · cópia 2",
    ]
    assert told[0].actor == "Ana"


def test_opened_again_it_is_the_same_copy(packer: Client):
    order = packed(1)
    printed(packer, order)
    row = Print.objects.get()
    again = packer.get(reverse("admin:packing_print", args=[row.pk]))
    assert again["Content-Type"] == "application/pdf"
    assert "no-store" in again["Cache-Control"]
    assert Print.objects.count() == 1


def test_the_browsers_own_print_is_recorded_too(packer: Client):
    order = packed(1)
    page = packer.get(reverse("admin:packing_label", args=[order.seller_order_id, 1]))
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "João Conceição" in page.content.decode()
    address = reverse("admin:packing_print_package", args=[order.seller_order_id, 1])
    answer = packer.post(address, {"kind": "label", "form": "html"})
    assert answer.json() == {"copy": 1}


def test_refuses_a_paper_that_does_not_exist(packer: Client):
    order = packed(1)
    address = reverse("admin:packing_print_package", args=[order.seller_order_id, 1])
    for fields in ({"kind": "slip", "form": "zpl"}, {"kind": "x", "form": "html"}, {}):
        packer.post(address, fields)
    assert not Print.objects.exists()


def test_only_who_packs_prints(client: Client):
    order = packed(1)
    client.force_login(User.objects.create_user("ben", is_staff=True))
    address = reverse("admin:packing_print_package", args=[order.seller_order_id, 1])
    assert client.post(address, {"kind": "label", "form": "pdf"}).status_code == 403
    label = reverse("admin:packing_label", args=[order.seller_order_id, 1])
    assert client.get(label).status_code == 403
    assert client.get(reverse("admin:paper_batch")).status_code == 403
    assert not Print.objects.exists()


# --- many at once


def batch(client: Client, **fields: str) -> Job:
    client.post(reverse("admin:paper_batch"), {"paper": "label/pdf"} | fields)
    job = Job.objects.latest("id")
    run_due(clock=Clock(timezone.now()), seconds=60)
    job.refresh_from_db()
    return job


def content(job: Job) -> bytes:
    with job.result.open("rb") as file:
        return bytes(file.read())


def test_makes_one_file_of_all_that_wait_and_each_is_recorded_once(packer: Client):
    orders = [packed(2), packed(1)]
    job = batch(packer)
    assert (job.status, job.note, job.done_units) == ("done", "3 packages", 3)
    text = pages(content(job))
    assert [order.marketplace_order_id in page for order, page in zip(
        [orders[0], orders[0], orders[1]], text, strict=True)] == [True] * 3  # fmt: skip
    assert Print.objects.count() == TimelineEntry.objects.filter(code="printed").count() == 3


def test_leaves_out_what_was_printed_unless_asked(packer: Client):
    printed(packer, packed(1))
    late = packed(1)
    job = batch(packer)
    assert job.note == "1 package"
    assert late.marketplace_order_id in pages(content(job))[0]
    assert batch(packer, again="on").note == "2 packages"


def test_prints_those_that_are_scanned_by_whatever_id(packer: Client):
    one, two, three = packed(2), packed(1), packed(1)
    invoice = two.invoices.get()
    named = [f"{one.seller_order_id}-2", invoice.number, three.marketplace_order_id]
    job = batch(packer, codes="\r\n".join(named), again="on")
    assert [code for page in pages(content(job)) for code in re.findall(r"R-\w+-\d", page)] == [
        f"{one.seller_order_id}-2",
        f"{two.seller_order_id}-1",
        f"{three.seller_order_id}-1",
    ]


def test_says_which_of_them_mean_nothing(packer: Client):
    packed(1)
    response = packer.post(
        reverse("admin:paper_batch"), {"paper": "label/pdf", "codes": "nonsense\n"}
    )
    assert "Nothing was found for: nonsense" in response.content.decode()
    assert not Job.objects.exists()


def test_names_what_a_person_should_look_at(packer: Client):
    order, erased = packed(1, receiver="สมชาย"), packed(1)
    PersonalData.objects.filter(order=erased).update(document=None, receiver="", erased_at=NOW)
    job = batch(packer)
    assert job.problems == [
        f"{order.seller_order_id}-1: 5 signs of the address can't be drawn; "
        "print it from the screen.",
        f"{erased.seller_order_id}-1: the shopper's data was erased, it has no address.",
    ]


def test_reads_any_number_of_packages_with_the_same_queries(django_assert_num_queries):
    few = list(Package.objects.filter(order=packed(2)).values_list("pk", flat=True))
    with django_assert_num_queries(11):
        facts_of(few)
    many = few + [package.pk for _n in range(5) for package in packed(2).packages.all()]
    with django_assert_num_queries(11):
        assert len(facts_of(many)) == 12


# --- read again at the packing table


def test_a_labels_code_opens_its_order_at_the_packing_table(packer: Client):
    here, there = an_order(Line()), packed(2)
    address = reverse("admin:packing_gesture", args=[here.seller_order_id])
    fields = {"action": "scan", "gesture": "a" * 32, "code": f"{there.seller_order_id}-2"}
    answer = packer.post(address, fields, headers={"X-Requested-With": "fetch"}).json()
    assert answer["goto"] == reverse("admin:packing_order", args=[there.seller_order_id])
