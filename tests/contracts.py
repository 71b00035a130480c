"""The smallest contract, for tests of what may stand beside or below it."""

SHOP = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
order: [database, smoke]
assets:
  main: {kind: postgres, at: database, service: db, database: shop}
"""
