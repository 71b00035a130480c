"""The HTTP API: browsers by session cookie, agents by bearer token, verification by anyone."""
