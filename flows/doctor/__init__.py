"""`mtl-health doctor`: what is wrong with an installation, and what to type. It looks, and changes nothing."""
