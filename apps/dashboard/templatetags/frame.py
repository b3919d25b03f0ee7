"""What the frame around every page shows."""

from __future__ import annotations

from django import template

from apps.dashboard.frame import Frame, frame_get

register = template.Library()


@register.simple_tag(takes_context=True)
def page_frame(context: template.Context) -> Frame:
    """The frame's facts, looked up once a request."""
    request = context["request"]
    if not hasattr(request, "velox_frame"):
        request.velox_frame = frame_get(request)
    return request.velox_frame
