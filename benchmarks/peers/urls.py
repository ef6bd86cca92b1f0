"""Every peer answers at the portal's own address; PEER says which of them this process is."""

import os
from importlib import import_module

from django.urls import path

_view = import_module(f"benchmarks.peers.{os.environ['PEER']}").simulation
urlpatterns = [path("api/<str:endpoint_key>/pvt/orderForms/simulation", _view)]
