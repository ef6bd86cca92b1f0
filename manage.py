#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it starts, or joins, the servers under var/."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.env import ensure_servers

    ensure_servers()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
