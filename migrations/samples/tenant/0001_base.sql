-- Rows of every table, as the first version knew them: what every later migration must bring along.
INSERT INTO fields (key, kind, label_en, label_de, required, is_unique, default_value)
VALUES ('number', '{"type":"text","max":20}', 'Number', 'Nummer', false, false, 'ÄÖ''"\ 1');
ALTER TABLE recipients ADD f101 text CHECK (char_length(f101) <= 20);
INSERT INTO recipients (id, email, salutation, gender, title, first_name, last_name, language, format, source, created_by, f101) VALUES
    (1, 'all@xn--bcher-kva.example', 'Sehr geehrte Frau', 'female', 'Dr.', 'Zoë', 'O''Łuk „x“', 'de', 'text', 'import', 7, 'ä😀'),
    (2, 'nothing@x.example', NULL, NULL, NULL, NULL, NULL, NULL, 'html', 'form', NULL, NULL),
    (9007199254740993, 'large@x.example', '', 'unknown', '', '', '', '', 'html', 'cli', 2147483647, '');
INSERT INTO recipient_changes (recipient_id, user_id, source, import_id, changes) VALUES
    (1, 7, 'form', NULL, '{"5": ["Alt", "O''Łuk „x“"], "101": [null, "ä😀"]}'), (1, NULL, 'import', 1, '{}');
INSERT INTO lists (name, description) VALUES ('News', ''), ('Ünïcode «x»', 'Description');
INSERT INTO subscriptions (recipient_id, list_id, status, source, consent_text, consent_at) VALUES
    (1, 1, 'active', 'form', 'Ich möchte', '2026-01-31 12:00:00+01'), (1, 2, 'unsubscribed_user', 'import', NULL, NULL),
    (2, 1, 'bounced', 'system', NULL, NULL);
INSERT INTO subscription_changes (recipient_id, list_id, user_id, source, old_status, new_status) VALUES
    (1, 2, 7, 'form', 'active', 'unsubscribed_user'), (2, 1, NULL, 'system', NULL, 'bounced');
INSERT INTO imports (inner_id, state, file_name, stored_as, file_size, settings, rows, created, errors_file) VALUES
    (NULL, 'done', 'Kunden „neu“.csv', NULL, 12, '{"mapping": []}', 3, 2, '/x/y.csv'), (5, 'uploaded', 'a.csv', 't_5/uploads/a', 1, '{}', 0, 0, NULL);
INSERT INTO import_problems (import_id, line, refused, code, field_id, params) VALUES (1, 2, true, 'email', 1, '{"found": "x"}');
INSERT INTO import_profiles (inner_id, name, settings) VALUES (NULL, 'Profile', '{}'), (5, 'Profile', '{}');
INSERT INTO admissions (inner_id, recipient_id, data, list_ids, user_id, source, state) VALUES
    (5, 2, '{"email": "nothing@x.example"}', '{1}', 7, 'form', 'open'), (5, 1, '{}', '{}', NULL, 'import', 'declined');
