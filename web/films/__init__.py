"""One film: the viewer, what is known of it, and what readers say of it."""
