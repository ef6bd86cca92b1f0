"""The WSGI door, for granian or any other server: simulations first, then Django."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

from simulation.door import Door  # noqa: E402 (models can be imported once Django is set up)

application = Door(django)
# What was loaded up to here stays: looking through it at every full collection takes as long as
# hundreds of answers.
gc.collect()
gc.freeze()
# Nothing of a request goes in circles, so there is no hurry to search what a large cart makes.
gc.set_threshold(20_000, 20, 20)
# Freight tables are compiled and answers recorded in threads of their own, which let a request go
# first after this many seconds (five times as soon as usual).
sys.setswitchinterval(0.001)
