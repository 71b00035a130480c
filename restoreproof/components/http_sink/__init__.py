"""Where webhooks end: a web server that accepts every POST, does nothing, and tells what came."""
