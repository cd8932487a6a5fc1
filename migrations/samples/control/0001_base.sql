-- Rows of every table, as the first version knew them: what every later migration must bring along.
INSERT INTO tenants (id, parent_id, kind, slug, name, status, fence, moves_allowed, schema_version, trashed_at) VALUES
    (101, NULL, 'main', 'konzern', 'Konzern „x“ & Söhne', 'active', NULL, false, 1, NULL),
    (102, 101, 'separate', 'select', 'O''Nord', 'no_sending', NULL, false, 1, NULL),
    (103, 102, 'inner', 'vip', 'VIP', 'locked', '{"lists": [1], "rule": null}', true, 0, '2026-01-01');
INSERT INTO users (id, home_tenant_id, email, name, password_hash, language, state) VALUES
    (101, 101, 'anna@x.example', 'Anna Ä', '$argon2id$x', 'de', 'active'), (102, 103, 'ina@x.example', 'Ina', NULL, 'en', 'inactive');
INSERT INTO roles (id, key, built_in) VALUES (101, 'administrator', true), (102, 'viewer', true);
INSERT INTO role_rights (role_id, right_key) VALUES (101, 'tenants.view'), (102, 'dashboard.view');
INSERT INTO memberships (id, user_id, tenant_id, created_by) VALUES (101, 101, 101, NULL), (102, 102, 103, 101), (103, 101, 102, NULL);
INSERT INTO membership_roles (membership_id, role_id) VALUES (101, 101), (102, 102), (103, 101);
INSERT INTO sessions (key_hash, user_id, state, agent, idle_seconds, ends_at) VALUES ('\x01', 101, '{}', 'x', 60, '2030-01-01'), ('\x02', NULL, '{}', '', 60, '2030-01-01');
INSERT INTO login_attempts (key_hash, failures, last_at, blocked_until) VALUES ('\x01', 3, '2026-01-01', NULL);
INSERT INTO preferences (user_id, tenant_id, key, value) VALUES (101, 102, 'columns', '["email"]');
INSERT INTO audit (tenant_id, user_id, source, act, object, data) VALUES (999, 101, 'form', 'tenant.purge', 'gone', '{}');
INSERT INTO jobs (tenant_id, kind, payload, state, done, total, error) VALUES (102, 'import', '{"import": 1}', 'failed', 1, 2, 'x'), (103, 'bulk', '{}', 'queued', 0, NULL, NULL);
