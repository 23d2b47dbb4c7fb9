"""HTTP fetching with address checks, size limits and per-host politeness."""
