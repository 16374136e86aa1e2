"""The worker process: Celery's prefork pool, and what its children do."""
