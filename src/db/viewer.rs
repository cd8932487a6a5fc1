//! With whose eyes a transaction looks. Every transaction of a tenant carries it, so that whatever loads the
//! fields gets those that this person may see, and no slice can forget to ask.

/// With whose eyes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Viewer {
    /// Those of the operator, or of the program itself: nothing is kept from them.
    Operator,
    /// A person's.
    Person(Roles),
    /// Somebody's who has no place in the tenant, or none any more: he sees no field.
    #[default]
    Nobody,
}

/// By which roles a person looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// His roles, those they include with them; and, where he looks as somebody else, that one's. What
    /// each of these sets allows is allowed.
    pub sets: Vec<Vec<i32>>,
    /// Whether he defines fields: then he may ask by those that are hidden from everybody.
    pub defines: bool,
}

impl Viewer {
    /// A person with these roles (none: he has no place) and rights.
    pub fn person(roles: Option<Vec<i32>>, defines: bool) -> Self {
        roles.map_or(Self::Nobody, |roles| {
            Self::Person(Roles {
                sets: vec![roles],
                defines,
            })
        })
    }

    /// The same person looking as somebody with these roles: he sees what both may.
    #[must_use]
    pub fn looking_as(self, roles: Option<Vec<i32>>, defines: bool) -> Self {
        match (self, roles) {
            (Self::Operator, roles) => Self::person(roles, defines),
            (Self::Person(mut own), Some(roles)) => {
                own.sets.push(roles);
                own.defines &= defines;
                Self::Person(own)
            }
            _ => Self::Nobody,
        }
    }

    /// The same, who defines fields only if `yes`.
    #[must_use]
    pub fn defining(mut self, yes: bool) -> Self {
        if let Self::Person(roles) = &mut self {
            roles.defines &= yes;
        }
        self
    }

    /// Whether he is to be judged by what is said for any role, because he holds none.
    pub fn has_no_role(&self) -> bool {
        matches!(self, Self::Person(roles) if roles.sets.iter().any(Vec::is_empty))
    }

    /// All roles that are asked about.
    pub fn roles(&self) -> Vec<i32> {
        match self {
            Self::Person(roles) => roles.sets.concat(),
            Self::Operator | Self::Nobody => Vec::new(),
        }
    }
}
