"""application: what Hub does across the stages, one module each, called alike by actors, API, console and commands."""
