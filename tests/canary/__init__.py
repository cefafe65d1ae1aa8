"""The analysis of a canary rollout."""
