"""The outer process: it sees the host, keeps the journal and writes the evidence."""
