"""Training: steps, losses, balancing, distillation."""
