"""How arrivals change: claimed, finished, swept."""
