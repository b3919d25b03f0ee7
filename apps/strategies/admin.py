"""Back office: runs with start and stop, and the signals they gave."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from apps.audit.admin import AuditedAdmin
from apps.audit.services import audit_record
from apps.common.admin import ReadOnlyAdmin, asks_first, each, reason_given
from apps.domain.errors import BadInput
from apps.domain.sizing import sizing_parse
from apps.domain.timeframes import timeframe_name
from apps.strategies.checks import strategy_check
from apps.strategies.models import LaneState, RunState, SignalRow, StrategyRun
from apps.strategies.services import run_park, run_start, run_stop

DECIDING = ["owner", "account", "strategy", "params", "sizing", "instruments", "timeframe"]


class RunForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses in the form what run_create and run_start would refuse."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "params" not in self.fields:  # at work: shown, not asked
            return given
        try:
            timeframe_name(given.get("timeframe", 0))
            sizing_parse(given.get("sizing", ""))
            given["params"] = strategy_check(given.get("strategy", ""), given.get("params") or {}, given["timeframe"])
        except BadInput as error:
            field = error.facts.get("field")
            self.add_error(field if field in self.fields else None, error.message)
        return given


@admin.register(StrategyRun)
class StrategyRunAdmin(AuditedAdmin):
    form = RunForm
    list_display = ["name", "owner", "account", "strategy", "every", "mode", "stands", "started_at", "reason"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("account", AutocompleteSelectFilter),
        *("strategy", "mode", "timeframe"),
    ]
    list_filter_submit = True
    search_fields = ["name", "owner__username", "account__name", "strategy"]
    list_select_related = ["owner", "account"]
    autocomplete_fields = ["owner", "account", "instruments"]
    # A run's state and mode change through services only: they check who may and what follows.
    readonly_fields = ["mode", "state", "reason", "version", "started_at", "stopped_at", "created_at", "updated_at"]
    actions = ["start", "stop", "park"]

    @display(
        description="state",
        ordering="state",
        label={
            RunState.RUNNING: "success",
            RunState.STOPPING: "info",
            RunState.PARKED: "warning",
            RunState.FAILED: "danger",
        },
    )
    def stands(self, run: StrategyRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @admin.display(description="Timeframe", ordering="timeframe")
    def every(self, run: StrategyRun) -> str:
        return timeframe_name(run.timeframe)

    def get_readonly_fields(self, request: HttpRequest, obj: StrategyRun | None = None) -> list[str]:
        """What decides is not changed under a run that is at work: its version would lie."""
        at_work = obj is not None and obj.state in (RunState.RUNNING, RunState.STOPPING)
        return [*self.readonly_fields, *(DECIDING if at_work else [])]

    @admin.action(description="Start")
    def start(self, request: HttpRequest, chosen: QuerySet[StrategyRun]) -> None:
        each(self, request, chosen, lambda run: run_start(actor=request.user, run_id=run.pk), "are starting")

    @admin.action(description="Stop")
    @asks_first("Their working orders are cancelled; positions stay open.", "Stop")
    def stop(self, request: HttpRequest, chosen: QuerySet[StrategyRun]) -> None:
        each(self, request, chosen, lambda run: run_stop(actor=request.user, run_id=run.pk), "are stopping")

    @admin.action(description="Park: put aside, with a reason its owner sees", permissions=["change"])
    @asks_first("They decide nothing more until somebody starts them again.", "Park", reason=True)
    def park(self, request: HttpRequest, chosen: QuerySet[StrategyRun]) -> None:
        def act(run: StrategyRun) -> None:
            with transaction.atomic():
                run_park(run_id=run.pk, reason=f"{request.user}: {reason_given(request)}")
                audit_record(
                    action="run.parked", actor=request.user, target=run, after={"reason": reason_given(request)}
                )

        each(self, request, chosen, act, "were parked")


@admin.register(SignalRow)
class SignalRowAdmin(ReadOnlyAdmin):
    list_display = ["at", "run", "instrument", "sequence", "side", "order_type", "price", "qty", "tag", "provisional"]
    list_filter = ["side", "order_type", "provisional", "instrument"]
    search_fields = ["run__name", "tag"]
    list_select_related = ["run", "instrument"]
    date_hierarchy = "at"


@admin.register(LaneState)
class LaneStateAdmin(ReadOnlyAdmin):
    list_display = ["run", "instrument", "tape_at", "saved_at"]
    search_fields = ["run__name"]
    list_select_related = ["run", "instrument"]
    exclude = ["state"]
