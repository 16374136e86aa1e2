"""One film: found by what people call it, with all that is known of it, as blocks and as JSON."""
