DROP TABLE field_rights;
