"""Who hears what at once: alerts leave the ledger's outbox, and the service's own trouble enters it."""
