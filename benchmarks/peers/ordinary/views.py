"""The address of the ordinary peer."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers.ordinary.serializers import CartSerializer, SimulationSerializer
from benchmarks.peers.ordinary.simulating import Simulation
from sellers.models import SellerAccount


class SimulationView(APIView):
    def post(self, request: Request, endpoint_key: str) -> Response:
        account = get_object_or_404(SellerAccount, endpoint_key=endpoint_key, is_active=True)
        cart = CartSerializer(data=request.data)
        cart.is_valid(raise_exception=True)
        answer = Simulation(
            account,
            cart.validated_data,
            now=timezone.now(),
            sales_channel=request.query_params.get("sc", "1"),
        )
        return Response(SimulationSerializer(answer).data)


simulation = SimulationView.as_view()
