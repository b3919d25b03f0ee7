from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class ExecutionConfig(AppConfig):
    name = "apps.execution"
    label = "execution"
    verbose_name = "Execution"

    def ready(self) -> None:
        from apps.execution.facts import instruments
        from apps.instruments.models import Instrument

        for change in (post_save, post_delete):
            change.connect(instruments.forget, sender=Instrument, dispatch_uid=f"instruments-forget-{id(change)}")
