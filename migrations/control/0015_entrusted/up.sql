-- The second pair of eyes, where one person could be both: by rules of single sign-on that give rights in his stead,
-- and by the account of another that he lets himself into.

-- Who made a rule, or set up the provider that it believes: what it gives, he gives. Rules from before are by whoever
-- saved them last.
ALTER TABLE sign_on_roles ADD COLUMN asked_by integer;
UPDATE sign_on_roles r SET asked_by = (
    SELECT a.user_id FROM audit a WHERE a.tenant_id = r.tenant_id AND a.act = 'sign_on.change' ORDER BY a.id DESC LIMIT 1);

ALTER TABLE users
    -- Who last decided in his place how he logs in, and when: for some days the two do not confirm for each other.
    ADD COLUMN entrusted_by integer,
    ADD COLUMN entrusted_at timestamptz;

-- All that a user holds of critical rights waits again, as if `by` had given it now. Which of his places that concerns
-- anew.
CREATE FUNCTION ask_again(of_user integer, by integer) RETURNS integer[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = control, pg_temp
AS $$
DECLARE
    places integer[];
BEGIN
    PERFORM lock_rights();
    WITH asked AS (
        INSERT INTO pending_rights (membership_id, right_key, asked_by)
        SELECT m.id, r, by FROM memberships m CROSS JOIN LATERAL unnest(m.granted) r
        WHERE m.user_id = of_user AND r = ANY (critical_in(m.tenant_id))
        ON CONFLICT DO NOTHING
        RETURNING membership_id
    ) SELECT COALESCE(array_agg(DISTINCT membership_id), '{}') INTO places FROM asked;
    PERFORM compute_rights(places);
    RETURN places;
END $$;

-- Those of these places at which rights wait that nobody could confirm: nobody but `by` and the place's own user, no
-- end in sight, who may change users and holds them himself, in the tenant or in one above from which he may enter.
-- Since `since` nobody of them has been let in by `by`, or the other way round.
CREATE FUNCTION unconfirmable(places integer[], by integer, since timestamptz) RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE line AS (
        SELECT m.id AS place, m.user_id, t.id, t.parent_id, 0 AS up FROM memberships m JOIN tenants t ON t.id = m.tenant_id
        WHERE m.id = ANY (places)
        UNION ALL
        SELECT line.place, line.user_id, p.id, p.parent_id, up + 1 FROM line JOIN tenants p ON p.id = line.parent_id
    ), asked AS (
        SELECT p.membership_id AS place, array_agg(p.right_key) AS rights FROM pending_rights p
        JOIN memberships m ON m.id = p.membership_id JOIN tenants t ON t.id = m.tenant_id
        WHERE p.membership_id = ANY (places) AND p.declined_at IS NULL
            AND (t.ceiling_in_force IS NULL OR p.right_key = ANY (t.ceiling_in_force))
        GROUP BY 1
    )
    SELECT COALESCE(array_agg(asked.place), '{}') FROM asked WHERE NOT EXISTS (
        SELECT FROM line JOIN memberships m ON m.tenant_id = line.id JOIN users u ON u.id = m.user_id
        WHERE line.place = asked.place AND m.user_id NOT IN (by, line.user_id)
            AND u.state = 'active' AND (u.password_hash IS NOT NULL
                OR EXISTS (SELECT FROM sign_on_links l WHERE l.user_id = u.id))
            AND m.valid_from IS NULL AND m.valid_until IS NULL
            AND m.in_force @> asked.rights AND 'users.change' = ANY (m.in_force)
            AND (line.up = 0 OR 'tenants.enter' = ANY (m.in_force))
            AND NOT (u.entrusted_by = by AND u.entrusted_at > since) IS TRUE
            AND NOT EXISTS (SELECT FROM users b WHERE b.id = by AND b.entrusted_by = u.id AND b.entrusted_at > since)
    )
$$;
