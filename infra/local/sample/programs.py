"""PostgreSQL's client programs, told where to connect without showing a password."""

from psycopg.conninfo import conninfo_to_dict

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
}


def connection_environment(dsn: str) -> dict[str, str]:
    """Return the environment of a client program: arguments can be read by every user, this not."""
    parameters = conninfo_to_dict(dsn)
    return {
        variable: str(parameters[name])
        for name, variable in VARIABLES.items()
        if name in parameters
    }
