"""Where in the film the evidence lies."""
