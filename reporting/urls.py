"""The reports' addresses, below the admin's."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

# Declared reports are known once they are imported.
from reporting import mapping  # noqa: F401
from reporting.attention import screens as attention
from reporting.dashboard import screens as dashboard
from reporting.ledger_screen import ledger
from reporting.payouts import screens as payouts
from reporting.payouts import settling
from reporting.promises import report as promised  # noqa: F401
from reporting.promises.screens import promise_now
from reporting.radar import screens as radar
from reporting.reconciling import report as reconciled  # noqa: F401
from reporting.reconciling import screens as reconciling
from reporting.schedule_admin import letter
from reporting.screens import ask_for_file, overview, show


def screen_urls(site: AdminSite) -> list[URLPattern]:
    """Every one of them behind the admin's sign-in."""
    inside = site.admin_view
    return [
        path("attention/", inside(attention.inbox), name="attention"),
        path(
            "attention/<slug:cause>/<int:about>/",
            inside(attention.decide),
            name="attention_decide",
        ),
        path("count-days/", inside(dashboard.count_days), name="count_days"),
        path("scorecards/<int:account>/", inside(dashboard.scorecard), name="scorecard"),
        path("reconciliations/", inside(reconciling.reconciliations), name="reconciliations"),
        path(
            "reconciliations/<int:pk>/",
            inside(reconciling.reconciliation),
            name="reconciliation",
        ),
        path(
            "reconciliations/row/<int:pk>/",
            inside(reconciling.reconciled_row),
            name="reconciled_row",
        ),
        path("payouts/", inside(payouts.payouts), name="payouts"),
        path("payouts/give/", inside(settling.upload), name="settlement_upload"),
        path("payouts/look/<int:job_id>/", inside(settling.preview), name="settlement_preview"),
        path("payouts/files/<int:pk>/", inside(settling.settlement_file), name="settlement_file"),
        path("payouts/rows/<int:pk>/", inside(settling.settlement_row), name="settlement_row"),
        path(
            "payouts/files/<int:pk>/take-back/",
            inside(settling.take_back),
            name="settlement_take_back",
        ),
        path("radar/", inside(radar.radar), name="radar"),
        path("reports/", inside(overview), name="reports"),
        path("reports/ledger/<int:order_id>/", inside(ledger), name="cent_ledger"),
        path("reports/promises/<int:order_id>/", inside(promise_now), name="promise_now"),
        path("reports/letter/<int:letter_id>/", inside(letter), name="report_letter"),
        path("reports/<slug:slug>/", inside(show), name="report"),
        path("reports/<slug:slug>/file/", inside(ask_for_file), name="report_file"),
    ]
