"""The portal's settings without its middleware: no peer is held back by what it does not need."""

from config.settings import *  # noqa: F403 (that is what it is: the same, but for two lines)

ROOT_URLCONF = "benchmarks.peers.urls"
MIDDLEWARE = []
