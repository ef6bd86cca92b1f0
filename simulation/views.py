"""The simulation's door in Django."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sellers.bodies import read_body
from simulation.answering import MOST_BYTES, Answer, Request, answer, not_allowed


@csrf_exempt
def simulation(request: HttpRequest, endpoint_key: str) -> HttpResponse:
    """`POST` and `GET …/pvt/orderForms/simulation`."""
    if request.method not in ("GET", "POST"):
        response = _response(not_allowed())
        response["Allow"] = "GET, POST"
        return response
    return _response(
        answer(
            Request(
                method=request.method,
                endpoint_key=endpoint_key,
                query=request.GET.dict(),
                headers=request.headers,
                read=lambda: read_body(request.META, largest=MOST_BYTES),
            )
        )
    )


def _response(given: Answer) -> HttpResponse:
    return HttpResponse(
        given.body,
        status=given.status,
        content_type="application/json",
        headers={"Cache-Control": given.cache_control},
    )
