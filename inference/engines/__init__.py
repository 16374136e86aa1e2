"""What runs a bundle's graph."""
