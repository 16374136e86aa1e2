"""How the service is, and what to do about it."""
