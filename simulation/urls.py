"""Below `/api/<endpoint_key>/`. With and without a trailing slash, never by redirect."""

from django.urls import re_path

from simulation.views import simulation

urlpatterns = [re_path(r"^(?:api/)?pvt/orderForms/simulation/?$", simulation, name="simulation")]
