"""Everything a fresh installation needs before its first start, with fresh random secrets."""
