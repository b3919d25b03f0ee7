"""Who may see which webhook. Somebody else's looks exactly like a missing one."""

from __future__ import annotations

from django.db.models import Count, Max, QuerySet

from apps.accounts.models import BrokerAccount, User
from apps.accounts.selectors import account_list
from apps.domain.errors import NotFound
from apps.webhooks.models import Webhook, WebhookDelivery


def hook_list(*, actor: User) -> QuerySet[Webhook]:
    """Own ones, for who may trade; an admin's are all."""
    hooks = Webhook.objects.select_related("owner", "account", "instrument")
    if not actor.may_trade:
        return hooks.none()
    return hooks if actor.is_admin else hooks.filter(owner=actor)


def hook_rows(*, actor: User) -> QuerySet[Webhook]:
    """With `count` of deliveries and the moment of the `last`."""
    return hook_list(actor=actor).annotate(count=Count("deliveries"), last=Max("deliveries__received_at"))


def hook_get(*, actor: User, hook_id: int, lock: bool = False) -> Webhook:
    """Raises NotFound."""
    hooks = hook_list(actor=actor)
    found = (hooks.select_for_update(of=("self",)) if lock else hooks).filter(pk=hook_id).first()
    if found is None:
        raise NotFound("no such webhook", hook_id=hook_id)
    return found


def delivery_list(*, actor: User, hook_id: int | None = None) -> QuerySet[WebhookDelivery]:
    """What came through hooks the actor may see, newest first."""
    deliveries = WebhookDelivery.objects.select_related("hook", "decision")
    deliveries = deliveries.filter(hook__in=hook_list(actor=actor).values("pk"))
    return deliveries if hook_id is None else deliveries.filter(hook_id=hook_id)


def delivery_get(*, actor: User, delivery_id: int) -> WebhookDelivery:
    """Raises NotFound."""
    found = delivery_list(actor=actor).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("no such delivery", delivery_id=delivery_id)
    return found


def accounts_offered(*, actor: User) -> QuerySet[BrokerAccount]:
    """Accounts the actor may give a webhook."""
    accounts = account_list(actor=actor).filter(is_active=True)
    if not actor.may_trade:
        return accounts.none()
    return accounts if actor.is_admin else accounts.filter(owner=actor)
