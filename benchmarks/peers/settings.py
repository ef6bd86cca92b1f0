"""The portal's settings without its middleware: no peer is held back by what it does not need."""

from config.settings import *  # noqa: F403 (that is what it is: the same, but for two lines)

ROOT_URLCONF = "benchmarks.peers.urls"
MIDDLEWARE = []
# The portal itself does without; one of the peers is made with it.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
