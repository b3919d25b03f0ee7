"""System: the path's stages with their lag, the feeds with what they refused, and the versions that run."""

from __future__ import annotations

import platform
from importlib.metadata import version

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.common import health
from apps.common.version import code_hash
from apps.pipeline.flow import FLOW

_PACKAGES = ("django", "channels", "celery", "numpy", "numba", "uvicorn")


@login_required
@require_GET
def system(request: HttpRequest) -> HttpResponse:
    context = {
        "stages": FLOW,
        "checks": [(name, reason) for name, reason in health.report().items()],
        "versions": [("Python", platform.python_version()), *((name, version(name)) for name in _PACKAGES)],
        "code": code_hash(),
    }
    return render(request, "dashboard/system.html", context)
