-- For a server that is Seedgate's alone (the embedded one, and that of compose), after roles.sql: every role may enter the
-- databases that a new server has. No plain role of Seedgate needs them.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
