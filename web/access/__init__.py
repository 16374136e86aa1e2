"""Who may see the page: passwords, sessions, roles, and what keeps strangers and slow clients out."""
