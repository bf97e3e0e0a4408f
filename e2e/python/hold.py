"""Holds a database for writing, as another process may, until its standard input ends."""

import sqlite3
import sys

database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
database.execute("begin immediate")
print("held", flush=True)
sys.stdin.read()
database.execute("rollback")
print("released", flush=True)
