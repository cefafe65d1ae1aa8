"""Metrics, rules, alerts and the dashboard."""
