"""nginx, the reverse proxy."""
