"""What reports keep for themselves. What is reported belongs to the storeys below."""

from reporting.models.attention import AttentionMark
from reporting.models.differences import Difference

__all__ = ["AttentionMark", "Difference"]
