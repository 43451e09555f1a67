"""What happens at night: the flows retrain and score, the gate between them, and their steps."""
