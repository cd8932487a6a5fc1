-- Import: a batch is copied into a staging table of the import, then applied by set.
-- COPY is refused on tables with row-level security and on views; the staging table has neither.

-- Refuses the import of anybody else, and one that there is not, in the same words: an inner tenant could
-- otherwise empty, fill or apply the stage of another.
CREATE FUNCTION own_import(import integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = t_{id}, pg_temp
AS $$
BEGIN
    PERFORM scope();
    IF NOT EXISTS (SELECT 1 FROM imports m WHERE m.id = import AND m.inner_id IS NOT DISTINCT FROM inner_id()) THEN
        RAISE EXCEPTION 'no such import' USING ERRCODE = '42501';
    END IF;
END $$;

-- Makes the staging table: line, the named columns of recipients with their types, and `kept`, the
-- columns whose value could not be read (they keep what they had). UNLOGGED: after a crash it is
-- empty and the import reads its upload again from the last committed batch.
CREATE FUNCTION stage_open(import integer, cols text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    list text;
    checks text;
    n integer;
    acting text := current_setting('role');
BEGIN
    PERFORM own_import(import);
    SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN c.oid IS NULL OR c.collname = 'default' THEN '' ELSE format(' COLLATE %I.%I', m.nspname, c.collname) END), ', '), count(*)
        INTO list, n
        FROM pg_attribute a
        LEFT JOIN pg_collation c ON c.oid = a.attcollation
        LEFT JOIN pg_namespace m ON m.oid = c.collnamespace
        WHERE a.attrelid = 't_{id}.recipients'::regclass AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attname = ANY (cols)
          AND a.attname NOT IN ('id', 'created_at', 'created_by', 'changed_at', 'import_id', 'source');
    IF n IS DISTINCT FROM cardinality(cols) THEN
        RAISE EXCEPTION 'a column that cannot be imported' USING ERRCODE = '42703';
    END IF;
    IF scope() <> 't_{id}' THEN
        -- In an inner tenant a value that no recipient may have is refused while it is copied: later only
        -- a new recipient would trip over it, and one hidden outside the fence would not.
        SELECT string_agg(format(', CHECK (%s)', pg_get_expr(c.conbin, c.conrelid)), '') INTO checks
            FROM pg_constraint c
            WHERE c.conrelid = 't_{id}.recipients'::regclass AND c.contype = 'c'
              AND NOT EXISTS (SELECT 1 FROM pg_attribute a
                  WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname <> ALL (cols));
        list := list || COALESCE(checks, '');
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS t_{id}.%I', 'stage_' || import);
    EXECUTE format('CREATE UNLOGGED TABLE t_{id}.%I (line bigint NOT NULL, kept text[], %s) WITH (autovacuum_enabled = false)', 'stage_' || import, list);
    EXECUTE format('GRANT INSERT ON t_{id}.%I TO %I', 'stage_' || import, acting);
END $$;

CREATE FUNCTION stage_close(import integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
BEGIN
    PERFORM own_import(import);
    EXECUTE format('DROP TABLE IF EXISTS t_{id}.%I', 'stage_' || import);
END $$;

-- Applies what is staged and empties the stage. One row answers with the counts; what is refused is
-- written to import_problems. Rows of one key must be staged once only (the reader sees to that).
-- mode: add, upsert, update, unsubscribe, block. clear: an empty cell empties the field.
-- dry: nothing is kept; the counts and problems are what would be (the caller rolls back).
-- In an inner tenant a row that meets somebody outside the fence counts as created and asks for
-- admission; a row that would lie outside is refused with MF001.
CREATE FUNCTION stage_apply(import integer, mode text, key_col text, cols text[], clear boolean, wanted integer[], consent text,
    OUT created bigint, OUT updated bigint, OUT unchanged bigint, OUT refused bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    via text := scope();
    fenced boolean := via <> 't_{id}';
    stage text := format('t_{id}.%I', 'stage_' || import);
    chosen integer[];
    total bigint;
    n bigint;
    col record;
    ins_cols text;
    ins_vals text;
    upd_sets text;
    upd_diff text;
    new_row text;
    upd_row text;
    missing text;
    new_ok text := 'true';
    upd_ok text := 'true';
    wants_new boolean := mode IN ('add', 'upsert');
    wants_old boolean := mode IN ('upsert', 'update');
BEGIN
    PERFORM own_import(import);
    IF mode IS NULL OR mode NOT IN ('add', 'upsert', 'update', 'unsubscribe', 'block') THEN
        RAISE EXCEPTION 'no such mode' USING ERRCODE = '22023';
    END IF;
    -- Any other key could meet several people, and its counts would tell how many are hidden.
    IF NOT EXISTS (SELECT 1 FROM fields f WHERE f.is_unique AND f.pending IS NULL AND COALESCE(f.standard_column, 'f' || f.id) = key_col) THEN
        RAISE EXCEPTION 'not a unique field' USING ERRCODE = '42501';
    END IF;
    EXECUTE format('SELECT count(*), count(s.%1$I) - count(DISTINCT s.%1$I) FROM %2$s s', key_col, stage) INTO total, n;
    IF n > 0 THEN RAISE EXCEPTION 'a key is staged twice' USING ERRCODE = '22023'; END IF;
    created := 0; updated := 0; unchanged := 0; refused := 0;
    IF total = 0 THEN RETURN; END IF;
    -- Imports of one tenant apply one batch after the other; reading and checking goes on side by side.
    PERFORM pg_advisory_xact_lock(7401, {id});
    IF mode IN ('unsubscribe', 'block') THEN
        SELECT * INTO updated, unchanged, refused FROM stage_stop(import, mode, key_col, wanted);
        EXECUTE format('TRUNCATE %s', stage);
        RETURN;
    END IF;
    -- Who is only changed needs no list to stay inside; but those named must lie within the fence always.
    chosen := CASE WHEN wants_new OR cardinality(wanted) > 0 THEN lists_within_fence(wanted) ELSE '{}' END;

    SELECT string_agg(quote_ident(a.attname), ', ') FILTER (WHERE a.attname = ANY (cols)),
        string_agg(format(CASE WHEN d.adbin IS NULL THEN 's.%1$I' ELSE 'COALESCE(s.%1$I, %2$s)' END,
            a.attname, pg_get_expr(d.adbin, d.adrelid)), ', ') FILTER (WHERE a.attname = ANY (cols)),
        string_agg(format('%1$I = u.%1$I', a.attname), ', ') FILTER (WHERE a.attname = ANY (cols) AND a.attname <> key_col),
        string_agg(format('b.%1$I IS DISTINCT FROM %2$s', a.attname, v.upd), ' OR ') FILTER (WHERE a.attname = ANY (cols) AND a.attname <> key_col),
        string_agg(CASE WHEN a.attname = ANY (cols)
                THEN format(CASE WHEN d.adbin IS NULL THEN 's.%1$I' ELSE 'COALESCE(s.%1$I, %2$s)' END, a.attname, pg_get_expr(d.adbin, d.adrelid))
                WHEN a.attname = 'source' THEN quote_literal(acting_source())
                WHEN d.adbin IS NOT NULL AND a.attidentity = '' THEN pg_get_expr(d.adbin, d.adrelid)
                ELSE format('NULL::%s', format_type(a.atttypid, a.atttypmod)) END, ', ' ORDER BY a.attnum),
        string_agg(CASE WHEN a.attname = ANY (cols) AND a.attname <> key_col THEN v.upd ELSE format('b.%I', a.attname) END, ', ' ORDER BY a.attnum)
        INTO ins_cols, ins_vals, upd_sets, upd_diff, new_row, upd_row
        FROM pg_attribute a
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        CROSS JOIN LATERAL (SELECT CASE
            WHEN a.attnotnull OR NOT clear THEN format('COALESCE(s.%1$I, b.%1$I)', a.attname)
            ELSE format('CASE WHEN %1$L = ANY (s.kept) THEN b.%1$I ELSE s.%1$I END', a.attname) END AS upd) v
        WHERE a.attrelid = 't_{id}.recipients'::regclass AND a.attnum > 0 AND NOT a.attisdropped;

    -- A new recipient needs its required fields; which one is missing is told by its id.
    SELECT 'CASE ' || string_agg(format('WHEN (%s) IS NULL THEN %s',
            CASE WHEN f.col = ANY (cols) THEN format('COALESCE(s.%I::text, %s)', f.col, COALESCE('(' || f.expr || ')::text', 'NULL'))
                 ELSE COALESCE('(' || f.expr || ')::text', 'NULL::text') END, f.id), ' ' ORDER BY f.id) || ' END'
        INTO missing
        FROM (SELECT fields.id, COALESCE(standard_column, 'f' || fields.id) AS col, pg_get_expr(d.adbin, d.adrelid) AS expr
              FROM fields
              LEFT JOIN pg_attribute a ON a.attrelid = 't_{id}.recipients'::regclass AND a.attname = COALESCE(standard_column, 'f' || fields.id)
              LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
              WHERE required) f;

    IF fenced THEN
        new_ok := format('%I.fits(ROW(%s)::t_{id}.recipients)', via, new_row);
        upd_ok := format('(%1$I.moves_allowed() OR %1$I.fits(ROW(%2$s)::t_{id}.recipients))', via, upd_row);
    END IF;

    -- Every row gets its fate: N new, A admission, U update, S same, M missing field, F outside the
    -- fence, X unknown, K taken (another unique field).
    EXECUTE format('CREATE TEMPORARY TABLE fate ON COMMIT DROP AS
        SELECT s.line, b.id AS rid, CASE
            WHEN b.id IS NULL OR v.id IS NULL THEN CASE
                WHEN NOT $1 THEN ''X''
                WHEN (%1$s) IS NOT NULL THEN ''M''
                WHEN (%2$s) IS NOT TRUE THEN ''F''
                WHEN b.id IS NULL THEN ''N'' ELSE ''A'' END
            WHEN NOT $2 THEN ''S''
            WHEN %3$s THEN CASE WHEN (%4$s) IS NOT TRUE THEN ''F'' ELSE ''U'' END
            ELSE ''S'' END AS act,
            CASE WHEN v.id IS NULL THEN (%1$s) END AS field
        FROM %5$s s
        LEFT JOIN t_{id}.recipients b ON b.%6$I = s.%6$I
        LEFT JOIN %7$s v ON v.id = b.id',
        COALESCE(missing, 'NULL::integer'), new_ok, COALESCE(upd_diff, 'false'), upd_ok, stage, key_col,
        CASE WHEN fenced THEN format('%I.recipients', via) ELSE 'LATERAL (SELECT b.id) ' END)
        USING wants_new, wants_old;

    -- Other unique fields: whoever else has the value, in the table or in an earlier line. In an inner
    -- tenant those whom it sees first, for every row alike, so that nothing depends on who is hidden.
    FOR col IN SELECT id, COALESCE(standard_column, 'f' || id) AS name FROM fields
        WHERE is_unique AND COALESCE(standard_column, 'f' || id) = ANY (cols)
          AND COALESCE(standard_column, 'f' || id) <> key_col ORDER BY id
    LOOP
        EXECUTE format('UPDATE fate SET act = ''K'', field = $1 FROM %1$s s
            WHERE s.line = fate.line AND fate.act IN (''N'', ''A'', ''U'') AND s.%2$I IS NOT NULL AND (
                EXISTS (SELECT 1 FROM %3$I.recipients o WHERE o.%2$I = s.%2$I AND o.id IS DISTINCT FROM fate.rid)
                OR EXISTS (SELECT 1 FROM %1$s e JOIN fate ef ON ef.line = e.line AND ef.act IN (''N'', ''A'', ''U'', ''S'') WHERE e.%2$I = s.%2$I AND e.line < s.line))',
            stage, col.name, via) USING col.id;
    END LOOP;
    IF fenced THEN
        -- Somebody outside has it: looks like success and asks for admission.
        FOR col IN SELECT COALESCE(standard_column, 'f' || id) AS name FROM fields
            WHERE is_unique AND COALESCE(standard_column, 'f' || id) = ANY (cols)
              AND COALESCE(standard_column, 'f' || id) <> key_col ORDER BY id
        LOOP
            EXECUTE format('UPDATE fate SET act = CASE act WHEN ''N'' THEN ''A'' ELSE ''H'' END, rid = o.id
                FROM %1$s s, t_{id}.recipients o
                WHERE s.line = fate.line AND fate.act IN (''N'', ''U'') AND o.%2$I = s.%2$I AND o.id IS DISTINCT FROM fate.rid',
                stage, col.name);
        END LOOP;
    END IF;

    IF wants_new THEN
        EXECUTE format('INSERT INTO recipients (%1$s, source, created_by, import_id)
            SELECT %2$s, acting_source(), acting_user(), $1 FROM %3$s s JOIN fate ON fate.line = s.line AND fate.act = ''N'' ORDER BY s.line
            ON CONFLICT DO NOTHING', ins_cols, ins_vals, stage) USING import;
        GET DIAGNOSTICS created = ROW_COUNT;
        SELECT count(*) INTO n FROM fate WHERE act = 'N';
        IF created <> n THEN
            -- Somebody made one of them meanwhile: the caller runs the batch again.
            RAISE EXCEPTION 'recipients changed meanwhile' USING ERRCODE = '40001';
        END IF;
        IF fenced THEN
            EXECUTE format('SELECT count(ask_admission(fate.rid, to_jsonb(s) - ''line'' - ''kept'', $1)) FROM %s s JOIN fate ON fate.line = s.line AND fate.act = ''A''', stage)
                INTO n USING chosen;
            created := created + n;
        END IF;
    END IF;
    IF fenced THEN
        EXECUTE format('SELECT count(ask_admission(fate.rid, to_jsonb(s) - ''line'' - ''kept'', ''{}'')) FROM %s s JOIN fate ON fate.line = s.line AND fate.act = ''H''', stage)
            INTO n;
    END IF;
    IF wants_old AND upd_sets IS NOT NULL THEN
        EXECUTE format('UPDATE recipients r SET %1$s, changed_at = now()
            FROM (SELECT b.id AS rid, %2$s FROM %3$s s JOIN fate ON fate.line = s.line AND fate.act = ''U'' JOIN recipients b ON b.id = fate.rid) u
            WHERE r.id = u.rid', upd_sets,
            (SELECT string_agg(format('%s AS %I', CASE WHEN a.attnotnull OR NOT clear THEN format('COALESCE(s.%1$I, b.%1$I)', a.attname)
                ELSE format('CASE WHEN %1$L = ANY (s.kept) THEN b.%1$I ELSE s.%1$I END', a.attname) END, a.attname), ', ')
             FROM pg_attribute a WHERE a.attrelid = 't_{id}.recipients'::regclass AND NOT a.attisdropped AND a.attname = ANY (cols) AND a.attname <> key_col), stage);
    END IF;
    IF cardinality(chosen) > 0 THEN
        -- Whoever left a list stays off it: an existing subscription keeps its status.
        EXECUTE format('WITH subscribed AS (
                INSERT INTO subscriptions (recipient_id, list_id, status, source, consent_text, consent_at)
                SELECT r.id, l, ''active'', acting_source(), $2, CASE WHEN $2 IS NULL THEN NULL ELSE now() END
                FROM fate JOIN %1$s s ON s.line = fate.line JOIN recipients r ON r.%2$I = s.%2$I CROSS JOIN unnest($1) l
                WHERE fate.act = ''N'' OR (fate.act IN (''U'', ''S'') AND $3)
                ON CONFLICT DO NOTHING RETURNING recipient_id)
            UPDATE fate SET act = ''U'' FROM subscribed WHERE fate.rid = subscribed.recipient_id AND fate.act = ''S''', stage, key_col)
            USING chosen, consent, wants_old;
    END IF;
    INSERT INTO import_problems (import_id, line, refused, code, field_id)
    SELECT import, line, true, CASE act WHEN 'M' THEN 'required' WHEN 'F' THEN 'outside_fence' WHEN 'X' THEN 'unknown_recipient' ELSE 'taken' END,
        CASE WHEN act IN ('M', 'K') THEN field END
    FROM fate WHERE act IN ('M', 'F', 'X', 'K');
    SELECT count(*) FILTER (WHERE act IN ('U', 'H')), count(*) FILTER (WHERE act = 'S'), count(*) FILTER (WHERE act IN ('M', 'F', 'X', 'K'))
        INTO updated, unchanged, refused FROM fate;
    DROP TABLE fate;
    EXECUTE format('TRUNCATE %s', stage);
END $$;

-- The modes unsubscribe and block: the named lists, or all that the recipient is on.
CREATE FUNCTION stage_stop(import integer, mode text, key_col text, wanted integer[],
    OUT updated bigint, OUT unchanged bigint, OUT refused bigint)
LANGUAGE plpgsql SET search_path = t_{id}, pg_temp
AS $$
DECLARE
    via text := scope();
    stage text := format('t_{id}.%I', 'stage_' || import);
    fence integer[] := '{}';
    to_status text := CASE mode WHEN 'block' THEN 'blocked' ELSE 'unsubscribed_admin' END;
    from_status text[] := CASE mode WHEN 'block' THEN '{active,waiting,unsubscribed_user,unsubscribed_admin,bounced}'::text[] ELSE '{active,waiting}'::text[] END;
BEGIN
    IF via <> 't_{id}' THEN
        EXECUTE format('SELECT %I.fence_lists()', via) INTO fence;
        IF cardinality(fence) > 0 AND NOT COALESCE(wanted, '{}') <@ fence THEN
            RAISE EXCEPTION 'list outside the fence' USING ERRCODE = 'MF002';
        END IF;
    END IF;
    EXECUTE format('CREATE TEMPORARY TABLE stopped ON COMMIT DROP AS
        SELECT s.line, v.id AS rid, false AS hit FROM %1$s s LEFT JOIN %2$I.recipients v ON v.%3$I = s.%3$I', stage, via, key_col);
    WITH hit AS (
        UPDATE subscriptions s SET status = to_status, since = now(), source = acting_source()
        FROM stopped WHERE s.recipient_id = stopped.rid AND s.status = ANY (from_status)
          AND (cardinality(COALESCE(wanted, '{}')) = 0 OR s.list_id = ANY (wanted))
          AND (cardinality(fence) = 0 OR s.list_id = ANY (fence))
        RETURNING s.recipient_id)
    UPDATE stopped SET hit = true FROM hit WHERE hit.recipient_id = stopped.rid;
    IF mode = 'block' THEN
        -- Named lists keep the block for the future, too.
        WITH hit AS (
            INSERT INTO subscriptions (recipient_id, list_id, status, source)
            SELECT rid, l, 'blocked', acting_source() FROM stopped CROSS JOIN unnest(COALESCE(wanted, '{}')) l WHERE rid IS NOT NULL
            ON CONFLICT DO NOTHING RETURNING recipient_id)
        UPDATE stopped SET hit = true FROM hit WHERE hit.recipient_id = stopped.rid;
    END IF;
    INSERT INTO import_problems (import_id, line, refused, code) SELECT import, line, true, 'unknown_recipient' FROM stopped WHERE rid IS NULL;
    SELECT count(*) FILTER (WHERE hit), count(*) FILTER (WHERE rid IS NOT NULL AND NOT hit), count(*) FILTER (WHERE rid IS NULL)
        INTO updated, unchanged, refused FROM stopped;
    DROP TABLE stopped;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA t_{id} FROM PUBLIC;
