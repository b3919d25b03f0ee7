"""The door for HTTP over WSGI: what a cluster's web processes serve."""

from django.core.wsgi import get_wsgi_application

from velox.env import default_settings

default_settings()
application = get_wsgi_application()
