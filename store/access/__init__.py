"""Who may use the page: users, sessions, and what follows when somebody tries passwords."""
