#!/bin/sh
# Runs once in a service's new database server: its roles and their rights (chassis/service_database.sql says which).
set -eu
psql -v ON_ERROR_STOP=1 -q -o /dev/null -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f /linli/service_database.sql \
  -v service="$POSTGRES_DB" -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" -v system_password="$SYSTEM_PASSWORD"
