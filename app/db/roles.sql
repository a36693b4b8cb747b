-- The two roles with which Seedgate uses the database that this session is connected to.
--
--   seedgate_owner     owns the database, the schema "public" and its tables; `seedgate migrate` connects as it
--   seedgate_gateway   reads and writes rows, and no more; `serve`, `worker` and `doctor` connect as it
--
-- Run it as a superuser, or as a role with CREATEROLE and CREATEDB that owns the database. Tables that another role made
-- are given to the owner. It is one statement, so it takes effect as a whole or not at all, and changes nothing when
-- everything is in order. Passwords are not set here: ALTER ROLE … PASSWORD.
DO $roles$
DECLARE
    wanted text;
    item record;
BEGIN
    -- A table that is in use cannot change hands: give up soon, and be run again.
    PERFORM set_config('lock_timeout', '5s', true);

    FOREACH wanted IN ARRAY ARRAY['seedgate_owner', 'seedgate_gateway'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', wanted);
        ELSIF EXISTS (
            SELECT FROM pg_roles
            WHERE rolname = wanted AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
                                        OR rolinherit OR NOT rolcanlogin)
        ) THEN
            EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT',
                           wanted);
        END IF;
    END LOOP;

    -- Who is no superuser may hand objects only to a role that it is a member of.
    IF NOT pg_has_role('seedgate_owner', 'USAGE') THEN
        GRANT seedgate_owner TO CURRENT_USER;
    END IF;

    IF (SELECT datdba <> 'seedgate_owner'::regrole FROM pg_database WHERE datname = current_database()) THEN
        EXECUTE format('ALTER DATABASE %I OWNER TO seedgate_owner', current_database());
    END IF;
    IF (SELECT nspowner <> 'seedgate_owner'::regrole FROM pg_namespace WHERE nspname = 'public') THEN
        ALTER SCHEMA public OWNER TO seedgate_owner;
    END IF;

    -- Neither what belongs to an extension, nor the sequence of a column, which follows its table.
    FOR item IN
        SELECT c.oid::regclass AS name
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace
          AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND c.relowner <> 'seedgate_owner'::regrole
          AND NOT EXISTS (
              SELECT FROM pg_depend AS d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND (d.deptype = 'e' OR (c.relkind = 'S' AND d.deptype IN ('a', 'i')))
          )
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO seedgate_owner', item.name);
    END LOOP;

    -- No privilege that everybody has by default: to connect, to make temporary tables, to use or fill the schema.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO seedgate_gateway', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO seedgate_gateway;

    -- What there is, and only where something is missing: a migration may be changing the others just now.
    FOR item IN
        SELECT c.oid::regclass AS name, c.relkind = 'S' AS is_sequence
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = 'seedgate_owner'::regrole
          AND CASE
              WHEN c.relkind = 'S' THEN NOT has_sequence_privilege('seedgate_gateway', c.oid, 'USAGE')
              WHEN c.relkind IN ('r', 'p', 'v') THEN
                  NOT (has_table_privilege('seedgate_gateway', c.oid, 'SELECT')
                       AND has_table_privilege('seedgate_gateway', c.oid, 'INSERT')
                       AND has_table_privilege('seedgate_gateway', c.oid, 'UPDATE')
                       AND has_table_privilege('seedgate_gateway', c.oid, 'DELETE'))
              ELSE false
          END
    LOOP
        IF item.is_sequence THEN
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO seedgate_gateway', item.name);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE %s TO seedgate_gateway', item.name);
        END IF;
    END LOOP;

    -- What later migrations make.
    ALTER DEFAULT PRIVILEGES FOR ROLE seedgate_owner IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO seedgate_gateway;
    ALTER DEFAULT PRIVILEGES FOR ROLE seedgate_owner IN SCHEMA public
        GRANT USAGE ON SEQUENCES TO seedgate_gateway;
    ALTER DEFAULT PRIVILEGES FOR ROLE seedgate_owner
        REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
END
$roles$;
