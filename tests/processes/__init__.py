"""Processes as they are started: settings, logs, workers."""
