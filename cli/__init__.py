"""The command line: knows every room, and no room knows it. Heavy imports stand inside the commands."""
