"""Risk: how full each limit is, what the door decided, and the kill switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import BrokerAccount, User
from apps.accounts.selectors import account_list
from apps.dashboard.frame import account_chosen, account_may_trade
from apps.dashboard.selectors import limit_facts, limits_of, usage_list
from apps.domain.errors import BadInput
from apps.domain.risk import TradingState
from apps.execution.kill import kill_switch_left, kill_switch_pull, kill_switch_rearm
from apps.risk.models import KillSwitch, Scope
from apps.risk.selectors import decision_list, switch_list


@dataclass(frozen=True, slots=True)
class SwitchCard:
    """One scope whose switch the user may turn. `left`: orders and positions not yet gone, while halted."""

    scope: str
    scope_id: int
    title: str
    about: str
    state: TradingState
    switch: KillSwitch | None
    left: int

    @property
    def key(self) -> str:
        return f"{self.scope}-{self.scope_id}"


@login_required
@require_GET
def risk(request: HttpRequest) -> HttpResponse:
    account = account_chosen(request)
    if account is None:
        return render(request, "dashboard/no_account.html")
    limits = limits_of(account)
    context: dict[str, Any] = {
        "account": account,
        "usage": usage_list(actor=request.user, account=account),
        "facts": limit_facts(limits),
        "cards": _cards(request.user),
        "history": _history(request.user),
        "decisions": decision_list(actor=request.user, account_id=account.pk)[:30],
        "may_trade": account_may_trade(request.user, account),
    }
    return render(request, "dashboard/risk.html", context)


@login_required
@require_POST
def pull(request: HttpRequest) -> HttpResponse:
    scope, scope_id = _scope(request)
    done = kill_switch_pull(actor=request.user, scope=scope, scope_id=scope_id, reason="pulled by hand")
    words = f"Halted. {done.cancels} orders are being cancelled, {done.flattens} positions closed at market."
    messages.warning(request, words, extra_tags="bad")
    return redirect("dashboard:risk")


@login_required
@require_POST
def rearm(request: HttpRequest) -> HttpResponse:
    scope, scope_id = _scope(request)
    kill_switch_rearm(actor=request.user, scope=scope, scope_id=scope_id, reason="armed by hand")
    messages.success(request, "Armed again: new orders pass the risk door as before.", extra_tags="good")
    return redirect("dashboard:risk")


def _scope(request: HttpRequest) -> tuple[Scope, int]:
    said, number = request.POST.get("scope", ""), request.POST.get("scope_id", "0")
    if said not in (Scope.INSTALLATION, Scope.USER, Scope.ACCOUNT) or not number.isdigit():
        raise BadInput("this scope has no kill switch", field="scope")
    return Scope(said), int(number)


def _cards(user: User) -> list[SwitchCard]:
    if not user.may_trade:
        return []
    switches = {(each.scope, each.scope_id): each for each in switch_list(actor=user)}
    scopes = [(Scope.USER, user.pk, "Everything of yours", "All your accounts at once.")]
    scopes += [(Scope.ACCOUNT, each.pk, str(each), "This account only.") for each in _own(user)]
    if user.is_admin:
        scopes.insert(0, (Scope.INSTALLATION, 0, "The whole installation", "Every account of every user."))
    return [_card(switches.get((scope, key)), scope, key, title, about) for scope, key, title, about in scopes]


def _card(switch: KillSwitch | None, scope: str, key: int, title: str, about: str) -> SwitchCard:
    state = TradingState(switch.state) if switch else TradingState.TRADING
    left = int(kill_switch_left(switch)) if switch and state is TradingState.HALTED else 0
    return SwitchCard(scope, key, title, about, state, switch, left)


def _own(user: User) -> list[BrokerAccount]:
    return [each for each in account_list(actor=user) if account_may_trade(user, each)]


def _history(user: User) -> list[Any]:
    """The newest turns of the switches that concern the user."""
    switches = switch_list(actor=user)
    turns = [turn for switch in switches for turn in switch.events.select_related("actor", "switch")[:10]]
    return sorted(turns, key=lambda turn: turn.at, reverse=True)[:12]
