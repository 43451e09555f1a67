"""What is measured against peers and limits; run by hand, never as a timed test."""
