"""Pictures of films for the viewer, drawn by a fenced child process from the original file."""
