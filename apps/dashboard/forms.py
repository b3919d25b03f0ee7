"""The order ticket and the form of a strategy run, with ranges and steps from the instrument and the registry."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any, Final

from django import forms

from apps.dashboard.templatetags.numbers import decimals, words
from apps.domain.messages import OrderType, Side, Validity
from apps.domain.strategies import STRATEGIES, Param, Strategy
from apps.domain.timeframes import TIMEFRAMES
from apps.execution.services import Ticket
from apps.instruments.models import Instrument

ORDER_TYPES: Final = [("market", "Market"), ("limit", "Limit"), ("sl", "SL"), ("sl_m", "SL-M")]
VALIDITIES: Final = [("day", "Day"), ("ioc", "IOC"), ("gtc", "GTC")]
SIZINGS: Final = [
    ("units", "Fixed quantity, units"),
    ("cash", "Fixed amount of cash"),
    ("equity", "Share of equity, %"),
]
RUN_TIMEFRAMES: Final = [(str(seconds), name) for name, seconds in TIMEFRAMES.items() if seconds >= 5]


class TicketForm(forms.Form):
    """An order as a person writes it; steps are lot and tick. `key` makes a repeated post one order."""

    side = forms.ChoiceField(choices=[("buy", "Buy"), ("sell", "Sell")])
    order_type = forms.ChoiceField(choices=ORDER_TYPES, label="Type")
    qty = forms.DecimalField(label="Quantity")
    limit_price = forms.DecimalField(label="Limit price", required=False)
    trigger_price = forms.DecimalField(label="Trigger price", required=False)
    validity = forms.ChoiceField(choices=VALIDITIES)
    key = forms.CharField(min_length=8, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, instrument: Instrument, **named: Any) -> None:
        super().__init__(*args, auto_id=f"ticket-{instrument.number}-%s", **named)
        self.instrument = instrument
        self.lot, self.tick = plain(instrument.lot_size), plain(instrument.tick_size)
        self.fields["qty"].widget.attrs |= {"step": self.lot, "min": self.lot, "inputmode": "decimal"}
        self.fields["qty"].range_text = f"steps of {self.lot}"
        for name in ("limit_price", "trigger_price"):
            self.fields[name].widget.attrs |= {"step": self.tick, "min": self.tick, "inputmode": "decimal"}
            self.fields[name].range_text = f"steps of {self.tick}"

    @classmethod
    def blank(cls, instrument: Instrument, side: str = "buy", kept: dict[str, Any] | None = None) -> TicketForm:
        """A fresh ticket with a key of its own. `kept`: what the last one said."""
        first = {"side": side, "order_type": "market", "qty": plain(instrument.lot_size), "validity": "day"}
        return cls(initial=first | (kept or {}) | {"key": uuid.uuid4().hex}, instrument=instrument)

    def clean_qty(self) -> Decimal:
        return self._stepped("qty", self.instrument.lot_size, f"Trade in whole lots of {self.lot}.")

    def clean_limit_price(self) -> Decimal | None:
        return self._priced("limit_price", ("limit", "sl"))

    def clean_trigger_price(self) -> Decimal | None:
        return self._priced("trigger_price", ("sl", "sl_m"))

    def _priced(self, field: str, kinds: tuple[str, ...]) -> Decimal | None:
        if self.cleaned_data.get("order_type") not in kinds:
            return None
        if self.cleaned_data[field] is None:
            raise forms.ValidationError("This type of order needs a price here.")
        return self._stepped(field, self.instrument.tick_size, f"Prices move in steps of {self.tick}.")

    def _stepped(self, field: str, step: Decimal, sentence: str) -> Decimal:
        value: Decimal = self.cleaned_data[field]
        if value <= 0:
            raise forms.ValidationError("Write a number above zero.")
        if value % step:
            raise forms.ValidationError(sentence)
        return value

    def ticket(self, account_id: int) -> Ticket:
        said = self.cleaned_data
        return Ticket(
            account_id=account_id,
            instrument=self.instrument.number,
            side=Side(said["side"]),
            qty=said["qty"],
            key=said["key"],
            order_type=OrderType(said["order_type"]),
            limit_price=said["limit_price"],
            trigger_price=said["trigger_price"],
            validity=Validity(said["validity"]),
        )


def plain(step: Decimal) -> str:
    """A step without trailing zeros or exponent: 0.05, 1, 25."""
    return f"{step:.{decimals(step)}f}"


class RunForm(forms.Form):
    """A strategy run: where, on what, how large, and the strategy's own parameters with their ranges."""

    name = forms.CharField(max_length=80, help_text="How you will find it in the list.")
    instruments = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    timeframe = forms.ChoiceField(choices=RUN_TIMEFRAMES, help_text="Length of the candles it decides on.")
    sizing = forms.ChoiceField(choices=SIZINGS, label="Size of an entry")
    amount = forms.DecimalField(min_value=Decimal("0.00000001"), initial=1, label="How much")

    def __init__(self, *args: Any, strategy: type[Strategy], instruments: list[Instrument], **named: Any) -> None:
        super().__init__(*args, **named)
        self.strategy = strategy
        self.fields["instruments"].choices = [(str(each.number), f"{each.symbol}") for each in instruments]
        self.fields["timeframe"].initial = str(TIMEFRAMES[strategy.default_timeframe])
        for param in strategy.params:
            self.fields[f"p_{param.name}"] = param_field(param)

    @property
    def params(self) -> list[forms.BoundField]:
        return [self[f"p_{param.name}"] for param in self.strategy.params]

    def values(self) -> dict[str, Any]:
        """What `run_create` takes, but for actor and account."""
        said = self.cleaned_data
        return {
            "name": said["name"],
            "strategy": self.strategy.key,
            "instruments": [int(number) for number in said["instruments"]],
            "timeframe": int(said["timeframe"]),
            "sizing": f"{said['sizing']}:{said['amount']:f}",
            "params": {param.name: said[f"p_{param.name}"] for param in self.strategy.params},
        }

    def blame(self, field: str | None, sentence: str) -> None:
        """Put a service's refusal beside the field it names."""
        known = next((name for name in (f"p_{field}", field) if name in self.fields), None)
        self.add_error(known, sentence)


def param_field(param: Param) -> forms.Field:
    """The form field of one strategy parameter; the strategy itself checks again."""
    told: dict[str, Any] = {"label": words(param.name), "initial": param.default}
    told["help_text"] = param.help
    if param.kind is bool:
        return forms.BooleanField(required=False, **told)
    if param.choices:
        return forms.ChoiceField(choices=[(each, each) for each in param.choices], **told)
    if param.kind is str:
        return forms.CharField(**told)
    made = (forms.IntegerField if param.kind is int else forms.FloatField)(
        min_value=param.low, max_value=param.high, step_size=None, **told
    )
    made.widget.attrs["step"] = f"{param.step:g}" if param.step else "any"
    made.range_text = f"{param.low:g} to {param.high:g}, usually {param.default:g}"
    return made


def strategy_get(key: str) -> type[Strategy] | None:
    return STRATEGIES.get(key)
