"""One module for each plate."""
