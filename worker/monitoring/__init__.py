"""Figures and health for Prometheus."""
