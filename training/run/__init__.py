"""One training run, from the films to the bundle."""
