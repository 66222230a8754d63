//! Who may see and change whose account (promises 8, 14, 15 and 39).

use crate::models::DisplayName;
use crate::models::user::{Role, Status, User, UserKind};

/// Whose accounts somebody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    Everybody,
    /// The accounts of role `user` in one department.
    Department(&'a DisplayName),
    Nobody,
}

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The account is none that the actor may know of.
    NotFound,
    /// The actor sees the account, but may not change this of it.
    Forbidden,
}

/// Whose accounts `actor` may see.
pub fn reach(actor: &User) -> Reach<'_> {
    match (actor.role, &actor.department) {
        (Role::Admin, _) => Reach::Everybody,
        (Role::Manager, Some(department)) => Reach::Department(department),
        (Role::Manager, None) | (Role::User, _) => Reach::Nobody,
    }
}

impl Reach<'_> {
    pub fn covers(&self, user: &User) -> bool {
        match self {
            Self::Everybody => true,
            Self::Department(own) => user.role == Role::User && user.department.as_ref() == Some(*own),
            Self::Nobody => false,
        }
    }
}

/// True if `actor` may make `after` of `before`: managers approve and disable, and nothing else.
pub fn may_change(actor: &User, before: &User, after: &User) -> Result<(), Denied> {
    if !reach(actor).covers(before) {
        return Err(Denied::NotFound);
    }
    let status_only = User {
        status: after.status,
        ..before.clone()
    };
    if actor.role == Role::Admin || *after == status_only {
        Ok(())
    } else {
        Err(Denied::Forbidden)
    }
}

/// True if the change ends the account's sessions: it can do less or elsewhere, or whoever came by the old password or
/// identity is out. So a session that goes on has all the rights that it had (promise 61).
pub fn ends_sessions(before: &User, after: &User) -> bool {
    let stopped = before.status != after.status;
    let unlinked = before.identity.is_some() && before.identity != after.identity;
    let moved = before.role == Role::Manager && before.department != after.department;
    stopped || moved || after.role < before.role || before.password != after.password || unlinked
}

/// True if nobody could log in as a service account, which has no password, no identity and no rights of management.
pub fn is_sound(user: &User) -> bool {
    user.kind == UserKind::Person || (user.role == Role::User && !user.password.is_set() && user.identity.is_none())
}

/// True if the change ends the account's sign-ins for good: being active again revives none.
pub fn ends_sign_ins(before: &User, after: &User) -> bool {
    before.status == Status::Active && after.status != Status::Active
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::user::{Password, PasswordHash};
    use crate::models::{Email, PolicyName, UserId};

    fn user(role: Role, department: Option<&str>) -> User {
        User {
            id: UserId::generate(),
            kind: UserKind::Person,
            email: Email::parse("a@example.com").unwrap(),
            name: DisplayName::parse("A").unwrap(),
            role,
            status: Status::Active,
            department: department.map(|name| DisplayName::parse(name).unwrap()),
            quota_policy: PolicyName::parse("default").unwrap(),
            password: Password::Absent,
            identity: None,
            session: 1,
            sign_in_epoch: 0,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn p39_a_manager_approves_and_disables_users_of_the_own_department_and_nothing_else() {
        let manager = user(Role::Manager, Some("sales"));
        let own = user(Role::User, Some("sales"));
        let with = |change: &dyn Fn(&mut User)| {
            let mut after = own.clone();
            change(&mut after);
            may_change(&manager, &own, &after)
        };
        assert_eq!(with(&|after| after.status = Status::Disabled), Ok(()));
        assert_eq!(with(&|after| after.role = Role::Manager), Err(Denied::Forbidden));
        assert_eq!(with(&|after| after.department = None), Err(Denied::Forbidden));
        assert_eq!(
            with(&|after| after.quota_policy = PolicyName::parse("gold").unwrap()),
            Err(Denied::Forbidden)
        );
        assert_eq!(
            with(&|after| after.password = Password::Hash(PasswordHash::new("x".into()))),
            Err(Denied::Forbidden)
        );
        for other in [
            user(Role::User, Some("research")),
            user(Role::User, None),
            user(Role::Manager, Some("sales")),
            user(Role::Admin, Some("sales")),
            manager.clone(),
        ] {
            let disabled = User {
                status: Status::Disabled,
                ..other.clone()
            };
            assert_eq!(
                may_change(&manager, &other, &disabled),
                Err(Denied::NotFound),
                "{other:?}"
            );
        }
    }

    #[test]
    fn p39_without_a_department_a_manager_reaches_nobody() {
        assert_eq!(reach(&user(Role::Manager, None)), Reach::Nobody);
        assert!(!reach(&user(Role::Manager, None)).covers(&user(Role::User, None)));
    }

    #[test]
    fn p8_losing_rights_or_changing_the_password_ends_sessions() {
        let before = user(Role::Manager, None);
        let with = |change: &dyn Fn(&mut User)| {
            let mut after = before.clone();
            change(&mut after);
            ends_sessions(&before, &after)
        };
        assert!(with(&|after| after.status = Status::Disabled));
        assert!(with(&|after| after.role = Role::User));
        assert!(with(
            &|after| after.password = Password::Hash(PasswordHash::new("x".into()))
        ));
        assert!(with(
            &|after| after.department = Some(DisplayName::parse("sales").unwrap())
        ));
        assert!(!with(&|after| after.role = Role::Admin));
        assert!(!with(&|after| after.name = DisplayName::parse("B").unwrap()));
    }
}
