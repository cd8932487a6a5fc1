use super::*;
use crate::db::viewer::Roles;
use proptest::prelude::*;

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(Mode::ALL.to_vec())
}

fn said() -> impl Strategy<Value = ByRole> {
    prop::collection::btree_map(0..6, any_mode(), 0..6)
}

fn sets() -> impl Strategy<Value = Vec<Vec<i32>>> {
    prop::collection::vec(prop::collection::vec(0..6, 0..4), 1..3)
}

fn access(own: Mode, sets: &[Vec<i32>], said: &ByRole, defines: bool) -> Access {
    let roles = Roles {
        sets: sets.to_vec(),
        defines,
    };
    Access::from(own.key().to_owned()).of(&Viewer::Person(roles), said)
}

fn mode(access: Access) -> Mode {
    access.own.min(access.by_roles)
}

proptest! {
    #[test]
    fn nobody_gets_more_than_the_field_says_for_all(own in any_mode(), said in said(), sets in sets()) {
        prop_assert!(mode(access(own, &sets, &said, true)) <= own);
    }

    #[test]
    fn of_several_roles_the_most_permissive_counts(said in said(), roles in prop::collection::vec(0..6, 1..5)) {
        let each = roles.iter().map(|role| by_roles(&[vec![*role]], &said));
        prop_assert_eq!(Some(by_roles(std::slice::from_ref(&roles), &said)), each.max());
    }

    #[test]
    fn one_more_role_never_takes_anything(said in said(), roles in prop::collection::vec(0..6, 1..4), more in 0..6) {
        let with = [roles.clone(), vec![more]].concat();
        prop_assert!(by_roles(&[with], &said) >= by_roles(&[roles], &said));
    }

    #[test]
    fn who_looks_as_another_sees_no_more_than_either(said in said(), one in sets(), other in sets()) {
        let both = by_roles(&[one.clone(), other.clone()].concat(), &said);
        prop_assert_eq!(both, by_roles(&one, &said).min(by_roles(&other, &said)));
    }

    #[test]
    fn who_has_no_role_gets_no_more_than_anybody_with_one(said in said(), role in 0..6) {
        if said.contains_key(&role) {
            prop_assert!(by_roles(&[Vec::new()], &said) <= by_roles(&[vec![role]], &said));
        }
    }

    #[test]
    fn without_a_row_it_is_as_the_field_says(own in any_mode(), sets in sets()) {
        prop_assert_eq!(mode(access(own, &sets, &ByRole::new(), false)), own);
    }
}

#[test]
fn who_has_no_place_sees_nothing_and_the_operator_all() {
    let field = Access::from("editable".to_owned());
    assert_eq!(
        mode(field.of(&Viewer::Nobody, &ByRole::new())),
        Mode::Hidden
    );
    let hidden = ByRole::from([(1, Mode::Hidden)]);
    assert_eq!(mode(field.of(&Viewer::Operator, &hidden)), Mode::Editable);
    assert_eq!(mode(Access::from("nonsense".to_owned())), Mode::Hidden);
}

#[test]
fn a_mask_tells_at_most_the_first_character() {
    let text = Kind::Text { max: 50 };
    assert_eq!(Mask::of(&text).over("Müller"), "M•••");
    assert_eq!(Mask::of(&text).over("Li"), "•••");
    assert_eq!(Mask::of(&Kind::Email).over("anna@example.org"), "a•••@•••");
    for whole in [Kind::Integer, Kind::Date, Kind::Boolean] {
        assert_eq!(Mask::of(&whole).over("19991231"), "•••");
    }
}
