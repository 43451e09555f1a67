"""Prefect's server on this machine, and both flows of every study on their cron lines."""
