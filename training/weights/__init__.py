"""Public weights that a training starts from: where they are from, and how they become a `.keras` file."""
