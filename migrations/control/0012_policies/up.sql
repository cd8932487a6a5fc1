-- What tenants ask of passwords and sessions. A rule that a tenant leaves open is its parent's; of all the tenants
-- that somebody works in, and all above them, the strictest holds for him.
CREATE TABLE policies (
    tenant_id integer PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    password_length integer CHECK (password_length BETWEEN 10 AND 64),
    -- How hard to guess, as estimated: 2 is what is always asked.
    password_score integer CHECK (password_score BETWEEN 2 AND 4),
    -- Whether it needs capital and small letters, digits and signs.
    password_classes boolean,
    password_days integer CHECK (password_days BETWEEN 1 AND 3650),
    idle_minutes integer CHECK (idle_minutes BETWEEN 1 AND 10080),
    absolute_hours integer CHECK (absolute_hours BETWEEN 1 AND 720),
    most_sessions integer CHECK (most_sessions BETWEEN 1 AND 100),
    -- For how long somebody who has shown who he is may do what is critical.
    proof_minutes integer CHECK (proof_minutes BETWEEN 1 AND 1440),
    version integer NOT NULL DEFAULT 1
);

ALTER TABLE users ADD COLUMN password_set_at timestamptz NOT NULL DEFAULT now();

-- The strictest of what tenants and all above them ask; NULL where none asks anything.
CREATE FUNCTION policy_of_tenants(of_tenants integer[], OUT password_length integer, OUT password_score integer,
    OUT password_classes boolean, OUT password_days integer, OUT idle_minutes integer, OUT absolute_hours integer,
    OUT most_sessions integer, OUT proof_minutes integer)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE line AS (
        SELECT t.id, t.parent_id FROM tenants t WHERE t.id = ANY (of_tenants)
        UNION SELECT p.id, p.parent_id FROM tenants p JOIN line ON p.id = line.parent_id
    ) SELECT max(p.password_length), max(p.password_score), bool_or(p.password_classes), min(p.password_days),
        min(p.idle_minutes), min(p.absolute_hours), min(p.most_sessions), min(p.proof_minutes)
    FROM policies p JOIN line ON line.id = p.tenant_id
$$;

-- The same for all the tenants that a user works in, and his home.
CREATE FUNCTION policy_of(of_user integer, OUT password_length integer, OUT password_score integer,
    OUT password_classes boolean, OUT password_days integer, OUT idle_minutes integer, OUT absolute_hours integer,
    OUT most_sessions integer, OUT proof_minutes integer)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    SELECT * FROM policy_of_tenants(ARRAY(
        SELECT m.tenant_id FROM memberships m WHERE m.user_id = of_user
        UNION SELECT u.home_tenant_id FROM users u WHERE u.id = of_user))
$$;
