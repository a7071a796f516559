"""Metrics of fairness between groups."""
