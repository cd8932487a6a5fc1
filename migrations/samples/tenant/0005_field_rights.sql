INSERT INTO field_rights (field_id, role_id, mode) VALUES (1, 2, 'read_only'), (5, 3, 'masked'), (2, 2147483647, 'hidden');
