"""What a production process is made of, seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys

PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "a-long-random-secret-key-for-this-test-only-0123456789",
    "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ALLOWED_HOSTS": "portal.example.com",
}


def test_production_has_no_demo_command_and_refuses_its_passwords_first():
    ask = (
        "from django.conf import settings;"
        "print('demo' in settings.INSTALLED_APPS, settings.AUTHENTICATION_BACKENDS[0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", ask],
        env=os.environ | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.split() == ["False", "demo.refusing.RefuseDemoPasswords"]
