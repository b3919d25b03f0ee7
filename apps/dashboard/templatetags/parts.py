"""Template components: one file each in templates/components, called by these tags."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag(takes_context=True)
def part(context: template.Context, content: SafeString, name: str, **values: Any) -> str:
    """`{% part "panel" title="Positions" %}…{% endpart %}`: a component with what stands inside as its slot."""
    request = context.get("request")
    return render_to_string(f"components/{name}.html", {**values, "slot": content}, request=request)


@register.simple_tag
def icon(name: str, small: bool = False) -> SafeString:
    """One of our own icons, out of one file of symbols."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        " small" if small else "",
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def field(bound: BoundField, label: str = "", help: str = "") -> str:
    """A form field with its label above, its range beside it, help and error below, tied together for readers."""
    told = help or bound.help_text
    described = [f"{bound.auto_id}-error"] * bool(bound.errors) + [f"{bound.auto_id}-help"] * bool(told)
    attrs = {"aria-describedby": " ".join(described)} if described else {}
    return render_to_string(
        "components/field.html",
        {
            "id": bound.auto_id,
            "label": label or bound.label,
            "range": getattr(bound.field, "range_text", ""),
            "input": bound.as_widget(attrs=attrs),
            "errors": bound.errors,
            "help": told,
        },
    )
