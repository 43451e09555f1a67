"""What drops bring beside people to score: it lands in tables by date, and trainings to come take it in."""
