"""Log files and the access log."""
