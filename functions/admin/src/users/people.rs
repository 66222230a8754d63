//! All accounts, one after the other.

use domain::access::accounts::Reach;
use domain::models::DisplayName;
use domain::models::user::User;
use service::store::{Span, Store, StoreError};

/// Accounts read at once.
const AT_ONCE: usize = 1000;

/// Shows `visit` every account within `reach`; of one department if it is named.
pub(crate) async fn each(
    store: &Store,
    reach: &Reach<'_>,
    department: Option<&DisplayName>,
    mut visit: impl FnMut(User),
) -> Result<(), StoreError> {
    let department = match reach {
        Reach::Department(own) => Some(*own),
        Reach::Everybody | Reach::Nobody => department,
    };
    let mut after = None;
    loop {
        let span = Span { after, limit: AT_ONCE };
        let page = store
            .users(department.map(DisplayName::as_str), &span, |user| reach.covers(user))
            .await?;
        page.items.into_iter().for_each(&mut visit);
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
