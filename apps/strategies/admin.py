"""Back office: runs with start and stop, and the signals they gave."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.audit.admin import AuditedAdmin
from apps.common.admin import ReadOnlyAdmin
from apps.domain.errors import BadInput, VeloxError
from apps.domain.sizing import sizing_parse
from apps.domain.timeframes import timeframe_name
from apps.strategies.checks import strategy_check
from apps.strategies.models import LaneState, RunState, SignalRow, StrategyRun
from apps.strategies.services import run_start, run_stop

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
    list_display = ["name", "owner", "account", "strategy", "every", "mode", "state", "started_at", "reason"]
    list_filter = ["state", "strategy", "mode", "timeframe"]
    search_fields = ["name", "owner__username", "account__name", "strategy"]
    list_select_related = ["owner", "account"]
    autocomplete_fields = ["owner", "account", "instruments"]
    # A run's state and mode change through services only: they check who may and what follows.
    readonly_fields = ["mode", "state", "reason", "version", "started_at", "stopped_at", "created_at", "updated_at"]
    actions = ["start", "stop"]

    @admin.display(description="Timeframe", ordering="timeframe")
    def every(self, run: StrategyRun) -> str:
        return timeframe_name(run.timeframe)

    def get_readonly_fields(self, request: HttpRequest, obj: StrategyRun | None = None) -> list[str]:
        """What decides is not changed under a run that is at work: its version would lie."""
        at_work = obj is not None and obj.state in (RunState.RUNNING, RunState.STOPPING)
        return [*self.readonly_fields, *(DECIDING if at_work else [])]

    @admin.action(description="Start chosen runs")
    def start(self, request: HttpRequest, chosen: QuerySet[StrategyRun]) -> None:
        self._each(request, chosen, run_start)

    @admin.action(description="Stop chosen runs")
    def stop(self, request: HttpRequest, chosen: QuerySet[StrategyRun]) -> None:
        self._each(request, chosen, run_stop)

    def _each(self, request: HttpRequest, chosen: QuerySet[StrategyRun], act: Callable[..., StrategyRun]) -> None:
        for run in chosen:
            try:
                act(actor=request.user, run_id=run.pk)
            except VeloxError as error:
                self.message_user(request, f"{run.name}: {error.message}", messages.ERROR)


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
