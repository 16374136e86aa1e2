"""The Celery application as far as a sender needs it."""

from celery import Celery

from store.states import Priority
from worker.queue.queues import QUEUES, TRANSPORT, build_queues


def build_celery(broker_url: str) -> Celery:
    """Build the application as far as a sender needs it."""
    app = Celery("xray_watch", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=QUEUES[Priority.ROUTINE],
        task_queues=build_queues(),
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_lost_wait=0.5,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_transport_options=TRANSPORT,
    )
    return app
