"""Films as training sees them."""
