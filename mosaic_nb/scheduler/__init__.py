"""Processes, lanes and the lock-step: one daemon thread that spawns and owns every worker."""
