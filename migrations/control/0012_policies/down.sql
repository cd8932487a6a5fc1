DROP FUNCTION policy_of(integer);
DROP FUNCTION policy_of_tenants(integer[]);
ALTER TABLE users DROP COLUMN password_set_at;
DROP TABLE policies;
