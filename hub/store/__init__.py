"""PostgreSQL: the schema, and every SQL statement. Set-based: a constant number of statements per batch.

One module per table group; functions take an open cursor or connection and know nothing of the stages that call them.
"""
