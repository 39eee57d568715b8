"""A pair of PostgreSQL servers that is made once and copied for every round."""
