"""Which client works with which server, database, store and proxy, proved by bytes, cell by cell."""
