//! A counter in place of chance.

use translators::context::RandomText;

/// `r01`, `r02`, … in place of random characters.
pub(crate) fn counting_random() -> RandomText {
    let mut count = 0;
    Box::new(move || {
        count += 1;
        format!("r{count:02}")
    })
}
