#!/bin/sh
# Makes the two roles of Seedgate, with their passwords, in a server that is Seedgate's alone. The image of PostgreSQL
# runs this on an empty volume; in an older one run it yourself, as often as you like:
#
#   docker compose exec postgres sh /docker-entrypoint-initdb.d/make-roles.sh
#
# Passwords come from POSTGRES_OWNER_PASSWORD and POSTGRES_GATEWAY_PASSWORD, or from the files that the same names with
# _FILE at the end tell of. A subshell, because the image reads a script that is not executable into its own shell.
(
    set -eu
    if [ -n "${POSTGRES_OWNER_PASSWORD_FILE:-}" ]; then
        POSTGRES_OWNER_PASSWORD=$(cat "$POSTGRES_OWNER_PASSWORD_FILE")
    fi
    if [ -n "${POSTGRES_GATEWAY_PASSWORD_FILE:-}" ]; then
        POSTGRES_GATEWAY_PASSWORD=$(cat "$POSTGRES_GATEWAY_PASSWORD_FILE")
    fi
    : "${POSTGRES_OWNER_PASSWORD:?is not set}" "${POSTGRES_GATEWAY_PASSWORD:?is not set}"
    export POSTGRES_OWNER_PASSWORD POSTGRES_GATEWAY_PASSWORD

    scripts=${SEEDGATE_SQL:-/opt/seedgate}

    # One transaction. The passwords go through the environment: arguments can be read by other processes.
    psql --no-psqlrc --no-password --quiet --single-transaction --set ON_ERROR_STOP=1 \
        --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
        --file "$scripts/roles.sql" --file "$scripts/own_server.sql" --file - <<'SQL'
\getenv owner_password POSTGRES_OWNER_PASSWORD
\getenv gateway_password POSTGRES_GATEWAY_PASSWORD
ALTER ROLE seedgate_owner PASSWORD :'owner_password';
ALTER ROLE seedgate_gateway PASSWORD :'gateway_password';
SQL
)
