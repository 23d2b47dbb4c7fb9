"""Scheduling of jobs and digests, and the processes that run jobs."""
