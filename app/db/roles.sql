-- The two roles with which Seedgate uses the database that this session is connected to.
--
--   seedgate_owner     owns the database, the schema "public" and Seedgate's tables; `seedgate migrate` connects as it
--   seedgate_gateway   reads and writes rows; `serve`, `worker` and `doctor` connect as it
--
-- The database has to be Seedgate's own: no other role can connect afterwards, unless it is granted that (GRANT CONNECT).
-- A database that also holds tables of something else is refused. When older tables change their owner, stop the gateway
-- first (docs/operating.md, "Upgrading").
--
-- Run it as a superuser, or as a role with CREATEROLE and CREATEDB that owns the database. It is one statement, so it
-- takes effect as a whole or not at all, and can be repeated. Passwords are not set here: ALTER ROLE … PASSWORD.
DO $roles$
DECLARE
    -- Every table of every version; a test compares them with the program's.
    our_tables CONSTANT text[] := ARRAY[
        'account_rates', 'admins', 'alembic_version', 'api_keys', 'archive_copies', 'asset_create_intents',
        'asset_groups', 'assets', 'audit_log', 'budget_holds', 'budget_periods', 'budgets', 'channel_faults',
        'channel_health', 'channels',
        'console_sessions', 'create_attempts', 'database_place', 'deliveries', 'idempotency_keys', 'instances',
        'leases', 'ledger', 'models', 'orphans', 'prices', 'sealed_canary', 'task_events', 'task_tombstones', 'tasks',
        'tenants', 'validation_sessions', 'webhook_secrets'
    ];
    most_tries CONSTANT int := 50;
    wanted text;
    wrong text;
    foreign_names text;
    taken_over text;
    item record;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);

    -- A database that the owner has already was found to be Seedgate's own when it got it.
    IF NOT EXISTS (
        SELECT FROM pg_database WHERE datname = current_database() AND pg_get_userbyid(datdba) = 'seedgate_owner'
    ) THEN
        -- Neither what belongs to an extension, nor what belongs to a table (the sequence of a column).
        SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text) INTO foreign_names
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND pg_get_userbyid(c.relowner) <> 'seedgate_owner'
          AND NOT (n.nspname = 'public' AND c.relname = ANY (our_tables)
                   AND to_regclass('public.alembic_version') IS NOT NULL)
          AND NOT EXISTS (
              SELECT FROM pg_depend AS d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND (d.deptype = 'e' OR (c.relkind = 'S' AND d.deptype IN ('a', 'i')))
          );
        IF foreign_names IS NOT NULL THEN
            RAISE EXCEPTION 'the database % is not Seedgate''s own: it also holds %', current_database(), foreign_names
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Give Seedgate a database of its own. If this is one, drop or move these, '
                             'or make the role seedgate_owner and give them to it.';
        END IF;
    END IF;

    -- Only the attributes that are wrong: naming one, even to no effect, takes the right to give it.
    FOREACH wanted IN ARRAY ARRAY['seedgate_owner', 'seedgate_gateway'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', wanted);
        END IF;
        SELECT concat_ws(' ', CASE WHEN rolsuper THEN 'NOSUPERUSER' END, CASE WHEN rolcreatedb THEN 'NOCREATEDB' END,
                         CASE WHEN rolcreaterole THEN 'NOCREATEROLE' END,
                         CASE WHEN rolreplication THEN 'NOREPLICATION' END,
                         CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END, CASE WHEN rolinherit THEN 'NOINHERIT' END,
                         CASE WHEN NOT rolcanlogin THEN 'LOGIN' END)
        INTO wrong FROM pg_roles WHERE rolname = wanted;
        IF wrong <> '' THEN
            EXECUTE format('ALTER ROLE %I %s', wanted, wrong);
        END IF;
    END LOOP;

    -- The gateway is a member of nothing: SET ROLE needs no INHERIT. Since PostgreSQL 16 each grantor's grant counts.
    FOR item IN
        SELECT pg_get_userbyid(roleid) AS role, pg_get_userbyid(grantor) AS grantor
        FROM pg_auth_members WHERE member = 'seedgate_gateway'::regrole
    LOOP
        IF current_setting('server_version_num')::int >= 160000 THEN
            EXECUTE format('REVOKE %I FROM seedgate_gateway GRANTED BY %I CASCADE', item.role, item.grantor);
        ELSE
            EXECUTE format('REVOKE %I FROM seedgate_gateway CASCADE', item.role);
        END IF;
    END LOOP;

    -- A role may change its own settings, and they would apply to each later session.
    FOR item IN
        SELECT d.datname AS database
        FROM pg_db_role_setting AS s LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
        WHERE s.setrole = 'seedgate_gateway'::regrole
    LOOP
        IF item.database IS NULL THEN
            ALTER ROLE seedgate_gateway RESET ALL;
        ELSE
            EXECUTE format('ALTER ROLE seedgate_gateway IN DATABASE %I RESET ALL', item.database);
        END IF;
    END LOOP;

    -- A role that is no superuser may hand objects only to a role that it is a member of.
    IF NOT pg_has_role('seedgate_owner', 'USAGE') THEN
        GRANT seedgate_owner TO CURRENT_USER;
    END IF;

    -- All tables are locked at once, without waiting for one while holding another: that would deadlock with a gateway
    -- at work. A table that stays in use for five seconds ends the script.
    SELECT string_agg(c.oid::regclass::text, ', ') INTO taken_over
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY (our_tables)
      AND c.relowner <> 'seedgate_owner'::regrole;
    IF taken_over IS NOT NULL THEN
        FOR try IN 1..most_tries LOOP
            BEGIN
                EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', taken_over);
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                IF try = most_tries THEN
                    RAISE;
                END IF;
                PERFORM pg_sleep(0.1);
            END;
        END LOOP;
    END IF;

    -- The schema belongs to the database's owner. PostgreSQL 15 does not let us inherit that from a role that does not
    -- inherit, so the schema is handed over while the database is still ours.
    IF (SELECT nspowner <> 'seedgate_owner'::regrole FROM pg_namespace WHERE nspname = 'public') THEN
        ALTER SCHEMA public OWNER TO seedgate_owner;
    END IF;
    IF (SELECT datdba <> 'seedgate_owner'::regrole FROM pg_database WHERE datname = current_database()) THEN
        EXECUTE format('ALTER DATABASE %I OWNER TO seedgate_owner', current_database());
    END IF;
    -- After the schema, in which a table's owner needs the right to make tables.
    FOREACH wanted IN ARRAY coalesce(string_to_array(taken_over, ', '), '{}') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO seedgate_owner', wanted);
    END LOOP;
    IF (SELECT proowner <> 'seedgate_owner'::regrole FROM pg_proc
        WHERE oid = to_regprocedure('public.refuse_change_of_ledger()') AND pg_has_role(proowner, 'USAGE')) THEN
        ALTER FUNCTION public.refuse_change_of_ledger() OWNER TO seedgate_owner;
    END IF;
    IF (SELECT proowner <> 'seedgate_owner'::regrole FROM pg_proc
        WHERE oid = to_regprocedure('public.announce_change()') AND pg_has_role(proowner, 'USAGE')) THEN
        ALTER FUNCTION public.announce_change() OWNER TO seedgate_owner;
    END IF;

    -- No privilege that every role has by default: to connect, to make temporary tables, to use or fill the schema, and
    -- to fill the disk with large objects (which only a superuser can take away).
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO seedgate_gateway', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO seedgate_gateway;
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        FOR item IN
            SELECT p.oid::regprocedure AS signature
            FROM pg_proc AS p
            WHERE p.pronamespace = 'pg_catalog'::regnamespace
              AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite')
              AND has_function_privilege('seedgate_gateway', p.oid, 'EXECUTE')
        LOOP
            EXECUTE format('REVOKE EXECUTE ON FUNCTION pg_catalog.%s FROM PUBLIC', item.signature);
        END LOOP;
    END IF;

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

    -- Nor more than rows: TRUNCATE and the like, or the right to hand a right on.
    FOR item IN
        SELECT c.oid::regclass AS name,
               CASE WHEN a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') THEN 'GRANT OPTION FOR ' END AS part,
               a.privilege_type AS privilege,
               CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE 'seedgate_gateway' END AS grantee
        FROM pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = 'seedgate_owner'::regrole
          AND c.relkind IN ('r', 'p', 'v') AND a.grantee IN (0, 'seedgate_gateway'::regrole)
          AND (a.is_grantable OR a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
    LOOP
        EXECUTE format('REVOKE %s%s ON TABLE %s FROM %s CASCADE', item.part, item.privilege, item.name, item.grantee);
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
