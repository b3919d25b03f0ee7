"""Orders, every step of their lives, and their fills. Steps and fills are written once and never changed."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from apps.accounts.models import BrokerAccount
from apps.common.fields import ExactDecimalField
from apps.common.models import Stamped
from apps.domain import orders as life
from apps.domain.messages import Mode, NewOrder, OrderType, Side, Validity
from apps.instruments.models import Instrument
from apps.strategies.models import StrategyRun


def choices(kind: type) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in kind]  # type: ignore[attr-defined]


class Order(Stamped):
    """An order as it stands: the projection of its steps, which `orders_rebuild` can make anew.

    What was ordered never changes, but for `qty` (a change confirmed by the venue, or an order sized at
    its fill). `mode` is stamped at birth and checked again where the order would leave the house.
    """

    client_order_id = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="orders", db_index=False)
    run = models.ForeignKey(StrategyRun, models.PROTECT, null=True, blank=True, related_name="orders")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=choices(Side))
    order_type = models.CharField(max_length=8, choices=choices(OrderType))
    ordered_qty = ExactDecimalField(help_text="As decided; `qty` is what it became.")
    qty = ExactDecimalField()
    price = ExactDecimalField(help_text="What it was expected to trade at when it was decided.")
    limit_price = ExactDecimalField(null=True, blank=True)
    trigger_price = ExactDecimalField(null=True, blank=True)
    validity = models.CharField(max_length=4, choices=choices(Validity))
    mode = models.CharField(max_length=8, choices=choices(Mode))
    exit = models.BooleanField(default=False, help_text="May only reduce the position.")
    oco = models.CharField(max_length=64, blank=True, help_text="Orders of one group cancel each other.")
    tag = models.CharField(max_length=64, blank=True)
    cash_fraction = ExactDecimalField(null=True, blank=True)
    decided_ns = models.BigIntegerField(help_text="Venue time of the decision, ns since 1970 UTC.")
    tape_at = models.BigIntegerField(default=0)

    status = models.CharField(max_length=16, choices=choices(life.OrderStatus), default=life.OrderStatus.NEW)
    is_working = models.BooleanField(default=True, help_text="Has not ended: kept beside `status` to be indexed.")
    filled_qty = ExactDecimalField(default=Decimal(0))
    notional = ExactDecimalField(default=Decimal(0), help_text="Sum of price x quantity of its fills.")
    triggered = models.BooleanField(default=False)
    steps = models.PositiveIntegerField(default=0, help_text="How many steps it has taken.")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["account", "decided_ns"], name="order_by_account_time"),
            models.Index(fields=["is_working", "account"], name="order_working"),
            # lists, newest first: what is asked for lies together and in order
            models.Index(fields=["account", "id"], name="order_by_account"),
            models.Index(fields=["account", "status", "id"], name="order_by_status"),
            models.Index(fields=["account", "instrument", "id"], name="order_by_instrument"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(side__in=list(Side)), name="order_side_known"),
            models.CheckConstraint(condition=models.Q(mode__in=list(Mode)), name="order_mode_known"),
            models.CheckConstraint(condition=models.Q(status__in=list(life.OrderStatus)), name="order_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.client_order_id}: {self.side} {self.qty} of {self.instrument_id} ({self.status})"

    @property
    def state(self) -> life.OrderState:
        return life.OrderState(
            qty=self.qty,
            status=life.OrderStatus(self.status),
            filled_qty=self.filled_qty,
            notional=self.notional,
            triggered=self.triggered,
            sized_at_fill=self.cash_fraction is not None,
        )

    @property
    def born(self) -> life.OrderState:
        """Its state before the first step."""
        return life.OrderState(self.ordered_qty, sized_at_fill=self.cash_fraction is not None)

    @property
    def avg_price(self) -> Decimal | None:
        return self.state.avg_price

    @property
    def remaining(self) -> Decimal:
        return self.state.remaining

    def to_domain(self) -> NewOrder:
        """The order as it goes to a venue."""
        return NewOrder(
            client_order_id=self.client_order_id,
            account_id=self.account_id,
            instrument=self.instrument_id,
            side=Side(self.side),
            qty=self.ordered_qty,
            order_type=OrderType(self.order_type),
            mode=Mode(self.mode),
            at_ns=self.decided_ns,
            limit_price=self.limit_price,
            trigger_price=self.trigger_price,
            validity=Validity(self.validity),
            exit=self.exit,
            oco=self.oco,
            tag=self.tag,
            run_id=self.run_id,
            tape_at=self.tape_at,
            cash_fraction=self.cash_fraction,
        )


class OrderEvent(models.Model):
    """One step of an order's life, append-only. `key` tells repeats of one step apart from a second step."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField(help_text="1 is its first step.")
    event = models.CharField(max_length=16, choices=choices(life.OrderEvent))
    key = models.CharField(max_length=128)
    at_ns = models.BigIntegerField()
    qty = ExactDecimalField(default=Decimal(0))
    price = ExactDecimalField(default=Decimal(0))
    code = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["order_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["order", "seq"], name="order_event_seq_unique"),
            models.UniqueConstraint(fields=["order", "key"], name="order_event_key_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} #{self.seq} {self.event}"

    @property
    def step(self) -> life.OrderStep:
        return life.OrderStep(
            life.OrderEvent(self.event), self.at_ns, self.key, self.qty, self.price, self.code, self.reason
        )


class Fill(models.Model):
    """A trade that happened, append-only. `fee` in `currency`; `realised`: profit it closed, before fees."""

    fill_id = models.CharField(max_length=80, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="fills")
    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="fills", db_index=False)
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    run = models.ForeignKey(StrategyRun, models.PROTECT, null=True, blank=True, related_name="fills")
    side = models.CharField(max_length=4, choices=choices(Side))
    qty = ExactDecimalField()
    price = ExactDecimalField()
    fee = ExactDecimalField()
    currency = models.CharField(max_length=8)
    realised = ExactDecimalField(default=Decimal(0))
    maker = models.BooleanField(default=False)
    closes_order = models.BooleanField()
    at_ns = models.BigIntegerField()
    tape_at = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at_ns", "-pk"]
        indexes = [models.Index(fields=["account", "-at_ns"], name="fill_by_account_time")]

    def __str__(self) -> str:
        return f"{self.fill_id}: {self.side} {self.qty} at {self.price}"
