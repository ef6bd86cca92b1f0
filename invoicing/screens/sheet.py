"""The sheet of command barcodes: printed once, it does at the table what the keyboard does."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from invoicing import commands
from invoicing.printing.codes import code128
from invoicing.screens.access import packer, packers_only


@require_GET
@packers_only
def sheet(request: HttpRequest) -> HttpResponse:
    context = {
        "commands": [(command, code128(command.code)) for command in commands.COMMANDS],
        "reasons": [(command, code128(command.code)) for command in commands.REASONS],
        "times": [(number, code128(f"{commands.PREFIX}X{number}")) for number in commands.TIMES],
        "packer": packer(request),
    }
    return render(request, "packing/sheet.html", context)
