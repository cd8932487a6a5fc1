DROP FUNCTION roles_now(integer, integer);
DROP FUNCTION roles_reached(integer[]);
