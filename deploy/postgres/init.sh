#!/bin/sh
# Run once, by PostgreSQL's image, on an empty data folder: Kith's user, who may do
# nothing but what it likes in a database of its own.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres -v password="$KITH_DB_PASSWORD" <<'SQL'
CREATE ROLE kith LOGIN PASSWORD :'password';
CREATE DATABASE kith OWNER kith;
REVOKE ALL ON DATABASE kith FROM PUBLIC;
SQL
