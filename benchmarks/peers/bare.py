"""The ceiling: a view that returns constant bytes, and does not even read what was asked."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from benchmarks.peers.answers import ANSWERS


@csrf_exempt
def simulation(request: HttpRequest, endpoint_key: str) -> HttpResponse:
    answer = ANSWERS[request.META["QUERY_STRING"]]
    headers = {"Content-Length": str(len(answer))}
    return HttpResponse(answer, content_type="application/json", headers=headers)
