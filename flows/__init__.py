"""The wiring: stages for DVC, flows for Prefect, stores for what others read."""
