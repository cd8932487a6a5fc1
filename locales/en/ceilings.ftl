nav-ceilings = Tenant's rights
ceilings-intro = What anybody in a tenant can have at most, whatever roles he has. A tenant's rights lie within those of the tenant above it; what is given back is there again for everybody who had it.
ceilings-own = Set
ceilings-package = Package
ceilings-in-force = In force
ceilings-people = Places
ceilings-all = everything its parent may
ceilings-all-help = Also what later versions of the program bring.
ceilings-only = only these rights
ceilings-only-help = What later versions bring has to be added here.
ceilings-some = { $n } of { $of }
ceilings-limit = Limit
ceilings-rights = Rights
ceilings-capped = its parent may not
ceilings-give = Give the chosen ones
ceilings-choose = Choose tenants first.
ceilings-none = There is no tenant below yet.
ceilings-edit = Tenant's rights
ceilings-edit-intro = Set now: { $own }. The tenant above: { $above }.
ceilings-concerns = { $n ->
    [0] This concerns nobody yet.
    [one] This concerns one place in a tenant, at once.
   *[other] This concerns { $shown } places in tenants, at once.
}
ceilings-matrix = Tenants and rights
ceilings-matrix-intro = Rights down, tenants across. Locked cells lie beyond the tenant above or beyond what you hold.
packages-title = Packages of rights
packages-intro = A named set of rights that you can give many tenants at once. Changing a package changes no tenant that has it already.
packages-new = New package
packages-none = There is no package yet.
packages-name-taken = There is a package with this name already.
packages-too-many = There are as many packages as can be.
packages-delete = Delete package
packages-delete-help = Tenants keep what they were given.
said-package-deleted = The package is deleted.
rights-group-ceilings = Tenant's rights
ceilings-not-inner = does not exist in inner tenants
ceilings-compare = Compare two tenants
ceilings-one = First tenant
ceilings-other = Second tenant
ceilings-limit-or-rights = You changed single rights, yet no limit is chosen. Choose “only these rights”, or leave the rights as they were.
