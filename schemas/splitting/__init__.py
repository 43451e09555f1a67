"""From text to typed rows and rejects, no row lost on the way."""
