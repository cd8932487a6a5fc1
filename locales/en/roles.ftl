nav-roles = Roles
roles-intro = A role is a named set of rights. Central roles come from the main tenant and are for all; own roles are for this tenant and its inner tenants.
roles-name = Name
roles-key = Key
roles-key-help = What programs call it; made of the name if you leave it blank. It stays.
roles-description = What it is for
roles-from = Made
roles-built-in = built in
roles-own = here
roles-from-above = central
roles-includes = Includes
roles-includes-help = Whoever has this role has the rights of those, too, also what they get later.
roles-rights = Rights
roles-rights-help = You can give and take only rights that you hold yourself.
roles-right = Right
roles-right-key = Key of the right
roles-group = Group
roles-held-here = Held here by
roles-fields = Says of fields
roles-held-by = Held by
roles-held = yes
roles-people = { $n ->
    [0] nobody
    [one] one person
   *[other] { $shown } people
}
roles-concerns = { $n ->
    [0] This concerns nobody yet.
    [one] This concerns one person, at once.
   *[other] This concerns { $shown } people, at once.
}
roles-new = New role
roles-new-intro = A new role gives nobody anything until somebody gets it.
roles-copy-intro = A copy has the same rights. What fields hide, mask or lock for the other role they do not for the copy; that is set on each field’s page.
roles-create = Create role
roles-edit = Change
roles-copy = Copy
roles-copy-of = Copy of { $name }
roles-who = Who has it
roles-compare = Compare
roles-export = Export as CSV
roles-one = First role
roles-other = Second role
roles-compare-all = Also what is the same
roles-show = Show
roles-differences = { $n ->
    [0] They hold the same.
    [one] They differ in one right.
   *[other] They differ in { $shown } rights.
}
roles-delete = Delete
roles-delete-help = “{ $name }” will be gone for good. That works only while nobody has it and no other role includes it.
said-role-deleted = The role “{ $name }” is deleted.
roles-check = Check changes
roles-save = Save changes
roles-coming = Added
roles-going = Taken away
roles-no-difference = Nothing changes in the rights.
roles-versions = History
roles-version = Version
roles-version-at = Since
roles-version-by = By
roles-version-rights = Rights
roles-version-page = Earlier version
roles-version-intro = The role as it was in version { $version }.
roles-version-difference = What bringing it back would change
roles-restore = Bring this version back
roles-matrix = Matrix
roles-matrix-intro = Rights down, roles across. Locked cells come from another role, belong to a role that is not made here, or are beyond what you hold.
matrix-what = Right
matrix-all = all
matrix-not = no
matrix-beyond = You do not hold this right yourself.
matrix-search = Search rights
matrix-only = Only
matrix-differs = what differs
matrix-columns = Columns shown
matrix-none = No right matches.
rights-personal = personal data
rights-group-dashboard = Start page
rights-group-tenants = Tenants
rights-group-inner = Inner tenants
rights-group-users = Users
rights-group-roles = Roles
rights-group-audit = Audit
rights-group-fields = Fields
rights-group-lists = Mailing lists
rights-group-recipients = Recipients
rights-group-imports = Imports
roles-name-length = A name has 1 to 100 characters.
roles-description-length = At most 1,000 characters.
roles-key-invalid = A key begins with a letter and has at most 40 small letters, digits and hyphens.
roles-key-taken = There is a role with this key already.
roles-too-many = There are as many roles as can be.
roles-not-here = This role is not made in this tenant; it can only be changed where it is.
roles-own-rights = That would change your own rights. Somebody else has to do it.
roles-circle = A role cannot include itself, not even by way of others.
roles-in-use = It is in use: { $held } places in tenants have it, { $including } roles include it.
roles-changed-meanwhile = Somebody else changed it meanwhile. Look at it once more; saving again replaces that.
rights-unknown = There is no such right.
fields-beyond = With these roles one would see or change fields that you may not.
rights-beyond = You can only give and take what you hold yourself. You lack: { $rights }.
roles-see-as = See as this role
see-as-banner = You see this as { $name } does, as far as you may see it yourself. You can only look.
see-as-end = Be yourself again
roles-search = Search roles
compare-facts = What else differs
compare-what = What
