"""Reading source tables as text, from files as people really send them."""
