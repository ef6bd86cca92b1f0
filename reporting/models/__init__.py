"""What reports keep for themselves. What is reported belongs to the storeys below."""

from reporting.models.attention import AttentionMark
from reporting.models.days import Counting, DayCount
from reporting.models.differences import Difference
from reporting.models.promises import Promise, PromiseSettling, Workday
from reporting.models.reconciliations import ReconciledRow, Reconciliation
from reporting.models.schedules import ReportLetter, ReportSchedule
from reporting.models.scorecards import Scorecard
from reporting.models.settlements import SettlementFile, SettlementLayout, SettlementRow

__all__ = [
    "AttentionMark",
    "Counting",
    "DayCount",
    "Difference",
    "Promise",
    "PromiseSettling",
    "ReconciledRow",
    "Reconciliation",
    "ReportLetter",
    "ReportSchedule",
    "Scorecard",
    "SettlementFile",
    "SettlementLayout",
    "SettlementRow",
    "Workday",
]
