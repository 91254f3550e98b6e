"""One module for each page of the console. A module with a ``PAGE`` is in the navigation; nothing else lists them."""
