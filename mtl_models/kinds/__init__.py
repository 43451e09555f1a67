"""All that a kind of task means."""
