"""What is watched night by night: tables, inputs, scores and performance, and what is in alarm."""
