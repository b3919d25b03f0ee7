"""Webhooks as their owner sees them: the list, a new one with its address, what came through, replays."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.domain.errors import BadInput, RuleBroken
from apps.instruments.selectors import instrument_list
from apps.orders.models import Order
from apps.orders.selectors import order_by_client_id
from apps.webhooks.door import status_of
from apps.webhooks.forms import HookForm
from apps.webhooks.models import Verdict, WebhookDelivery
from apps.webhooks.selectors import accounts_offered, delivery_get, delivery_list, hook_get, hook_rows
from apps.webhooks.services import Opened, delivery_replay, hook_create, hook_rotate, hook_switch

PAGE = 50
TONES = {
    Verdict.PLACED: "good",
    Verdict.REPEATED: "",
    Verdict.REFUSED: "bad",
    Verdict.INVALID: "bad",
    Verdict.UNSIGNED: "bad",
    Verdict.THROTTLED: "warn",
    Verdict.FAILED: "warn",
}


@login_required
@require_GET
def hooks(request: HttpRequest) -> HttpResponse:
    _traders_only(request)
    return render(request, "webhooks/hooks.html", {"hooks": hook_rows(actor=request.user)})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    _traders_only(request)
    accounts = list(accounts_offered(actor=request.user))
    form = HookForm(request.POST or None, accounts=accounts, instruments=list(instrument_list()))
    if request.method == "POST" and form.is_valid():
        try:
            return _shown_once(request, hook_create(actor=request.user, **form.values()))
        except (BadInput, RuleBroken) as error:
            form.blame(error.facts.get("field"), error.message)
    return render(request, "webhooks/new.html", {"form": form, "accounts": accounts})


@login_required
@require_GET
def one(request: HttpRequest, hook_id: int) -> HttpResponse:
    hook = hook_get(actor=request.user, hook_id=hook_id)
    found = delivery_list(actor=request.user, hook_id=hook_id)
    verdict = request.GET.get("verdict", "")
    page = Paginator(found.filter(verdict=verdict) if verdict in Verdict.values else found, PAGE)
    page = page.get_page(request.GET.get("page"))
    rows = [(delivery, TONES[Verdict(delivery.verdict)]) for delivery in page]
    context = {"hook": hook, "rows": rows, "page": page, "verdicts": Verdict.choices, "verdict": verdict}
    return render(request, "webhooks/hook.html", context)


@login_required
@never_cache
@require_POST
def rotate(request: HttpRequest, hook_id: int) -> HttpResponse:
    return _shown_once(request, hook_rotate(actor=request.user, hook_id=hook_id))


@login_required
@require_POST
def switch(request: HttpRequest, hook_id: int) -> HttpResponse:
    hook = hook_switch(actor=request.user, hook_id=hook_id, on=request.POST.get("on") == "1")
    words = "takes deliveries again." if hook.is_active else "is off: its address answers as if it were not there."
    messages.success(request, f"{hook.name} {words}", extra_tags="good")
    return redirect("webhooks:hook", hook_id=hook.pk)


@login_required
@require_GET
def delivery(request: HttpRequest, delivery_id: int) -> HttpResponse:
    shown = delivery_get(actor=request.user, delivery_id=delivery_id)
    context = {"delivery": shown, "tone": TONES[Verdict(shown.verdict)], "order": _order(shown)}
    return render(request, "webhooks/delivery.html", context | {"replays": shown.replays.all()})


@login_required
@require_POST
def replay(request: HttpRequest, delivery_id: int) -> HttpResponse:
    try:
        outcome = delivery_replay(actor=request.user, delivery_id=delivery_id, status_of=status_of)
    except RuleBroken as error:
        messages.error(request, error.message, extra_tags="bad")
        return redirect("webhooks:delivery", delivery_id=delivery_id)
    made = outcome.delivery
    if outcome.code:
        messages.error(request, f"Replayed, no order was placed: {outcome.detail}", extra_tags="bad")
    elif made.verdict == Verdict.REPEATED:
        messages.info(request, "Its order is there already: nothing was placed a second time.", extra_tags="info")
    else:
        messages.success(request, "Replayed: the order was placed.", extra_tags="good")
    return redirect("webhooks:delivery", delivery_id=made.pk)


def _order(shown: WebhookDelivery) -> Order | None:
    """The order its decision was about."""
    return order_by_client_id(shown.decision.client_order_id) if shown.decision else None


def _shown_once(request: HttpRequest, opened: Opened) -> HttpResponse:
    """The only page that holds the secret; it is never stored, here or in a cache."""
    context = {"hook": opened.hook, "url": request.build_absolute_uri(opened.path), "key": opened.signing_key}
    answer = render(request, "webhooks/opened.html", context)
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _traders_only(request: HttpRequest) -> None:
    if not request.user.may_trade:
        raise Http404
