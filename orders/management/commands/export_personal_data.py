"""What is held about one shopper, as the law lets them ask for it."""

from __future__ import annotations

import argparse
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from orders import subjects
from orders.management.commands.erase_personal_data import add_person, orders_meant


class Command(BaseCommand):
    help = "Write everything held about one shopper to standard output, as JSON."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_person(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """One order at a time: a company may have placed many."""
        before = "["
        for row in subjects.exported(orders_meant(options)):
            self.stdout.write(before + orjson.dumps(row, option=orjson.OPT_INDENT_2).decode())
            before = ","
        self.stdout.write("]")
