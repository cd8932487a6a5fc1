DROP FUNCTION stage_stop(integer, text, text, integer[]);
DROP FUNCTION stage_apply(integer, text, text, text[], boolean, integer[], text);
DROP FUNCTION stage_close(integer);
DROP FUNCTION stage_open(integer, text[]);
DROP FUNCTION own_import(integer);
