"""Scheduling of jobs and digests, and worker processes for the jobs."""
