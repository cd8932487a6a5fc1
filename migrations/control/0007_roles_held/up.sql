-- Which roles somebody has in a tenant: what he sees of each field follows from it.

-- Roles and those they include, by however many steps.
CREATE FUNCTION roles_reached(of_roles integer[]) RETURNS integer[]
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE reached AS (
        SELECT unnest(of_roles) AS id
        UNION SELECT i.included_id FROM reached JOIN role_includes i ON i.role_id = reached.id
    ) SELECT ARRAY(SELECT id FROM reached ORDER BY 1)
$$;

-- A user's roles in a tenant now, by the membership that `rights_now` goes by: his own, else that from which
-- he visits. NULL: he has no place there, so nothing says what he may see.
CREATE FUNCTION roles_now(of_user integer, of_tenant integer) RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = control, pg_temp
AS $$
DECLARE
    by_membership integer;
BEGIN
    SELECT m.id INTO by_membership FROM memberships m JOIN users u ON u.id = m.user_id AND u.state = 'active'
    WHERE m.user_id = of_user AND m.tenant_id = of_tenant AND cardinality(m.in_force) > 0
        AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now());
    IF NOT FOUND THEN
        SELECT m.id INTO by_membership FROM visits v JOIN memberships m ON m.id = v.membership_id
            JOIN users u ON u.id = v.user_id AND u.state = 'active'
        WHERE v.user_id = of_user AND v.tenant_id = of_tenant AND v.ends_at > now() AND m.user_id = v.user_id
            AND 'tenants.enter' = ANY (m.in_force)
            AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now());
        IF NOT FOUND THEN RETURN NULL; END IF;
    END IF;
    RETURN roles_reached(ARRAY(SELECT mr.role_id FROM membership_roles mr WHERE mr.membership_id = by_membership));
END $$;
