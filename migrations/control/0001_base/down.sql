DROP SCHEMA gate CASCADE;
DROP FUNCTION context(integer, text, text);
DROP FUNCTION load_session(bytea);
DROP TABLE jobs, audit, preferences, login_attempts, sessions, membership_roles, memberships, role_rights, roles, users, tenants;
