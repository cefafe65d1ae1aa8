"""The analysis of a canary rollout: is the new version worse than the old, and how sure is that?"""
