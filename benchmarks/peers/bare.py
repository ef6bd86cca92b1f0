"""The ceiling: a view that returns constant bytes, an answer the portal once gave."""

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

# By the query, which names the size of the cart.
ANSWERS = {
    path.stem: path.read_bytes() for path in Path(os.environ["BENCHMARK_ANSWERS"]).glob("*.json")
}


@csrf_exempt
def simulation(request: HttpRequest, endpoint_key: str) -> HttpResponse:
    answer = ANSWERS[request.META["QUERY_STRING"]]
    headers = {"Content-Length": str(len(answer))}
    return HttpResponse(answer, content_type="application/json", headers=headers)
