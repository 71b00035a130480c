"""The inner process: it performs the restore order in the sandbox and sends events."""
