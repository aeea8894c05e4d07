"""Which address does what, and what gunicorn serves."""

from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

from tests.bench.twins.drf.views import Rows, Tickets


def healthz(request):
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz),
    path("tickets", Tickets.as_view()),
    path("rows", Rows.as_view()),
    path("short", Rows.as_view()),
]
application = get_wsgi_application()
