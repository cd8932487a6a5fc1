CREATE OR REPLACE FUNCTION policy_of(of_user integer, OUT password_length integer, OUT password_score integer,
    OUT password_classes boolean, OUT password_days integer, OUT idle_minutes integer, OUT absolute_hours integer,
    OUT most_sessions integer, OUT proof_minutes integer)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    SELECT * FROM policy_of_tenants(ARRAY(
        SELECT m.tenant_id FROM memberships m WHERE m.user_id = of_user
        UNION SELECT u.home_tenant_id FROM users u WHERE u.id = of_user))
$$;

CREATE OR REPLACE FUNCTION sign_on_asked(of_user integer, of_tenant integer, OUT mark text, OUT slug text, OUT label text)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE line AS (
        SELECT t.id, t.parent_id, t.slug, 0 AS up FROM tenants t WHERE t.id = of_tenant
        UNION ALL
        SELECT p.id, p.parent_id, p.slug, up + 1 FROM tenants p JOIN line ON p.id = line.parent_id
    ), on_line AS (
        SELECT s.*, line.slug, line.up FROM line JOIN sign_ons s ON s.tenant_id = line.id AND s.state <> 'off'
    )
    SELECT s.tenant_id || ':' || s.epoch, s.slug, s.label FROM on_line s
    WHERE (SELECT o.emergency_user_id IS DISTINCT FROM of_user FROM on_line o WHERE o.state = 'only' ORDER BY o.up LIMIT 1)
    ORDER BY s.up LIMIT 1
$$;
