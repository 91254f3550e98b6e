"""The web page under ``/console``: pages for people over the same use-cases as the API and the commands."""
