"""Limits on what a validation may lose, and the words for what passed one."""
