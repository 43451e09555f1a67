"""Many nights of a study's own people, one after another: how a study grows, and what that does to its figures."""
