"""The Django REST framework peer: models, serializers and ListCreateAPIView, gunicorn with threads."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings

address = urlsplit(os.environ["TWIN_DATABASE_URL"])
settings.configure(
    SECRET_KEY="only-for-the-bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="tests.bench.twins.drf.urls",
    INSTALLED_APPS=["rest_framework"],
    USE_TZ=True,
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": address.path.lstrip("/"),
            "USER": address.username,
            "PASSWORD": unquote(address.password),
            "HOST": parse_qs(address.query)["host"][0],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
        "UNAUTHENTICATED_TOKEN": None,
    },
)
django.setup()
