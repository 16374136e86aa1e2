"""Reports on their way out: by mail and to a webhook, through an outbox that outlives any failure."""
