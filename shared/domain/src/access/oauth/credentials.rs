//! The texts that programs hold besides access tokens. Only their digests are stored.

use crate::access::credential_form::CredentialForm;

/// Gets the next access token, and opens nothing else. 256 bits.
pub const REFRESH_TOKEN: CredentialForm = CredentialForm::new("tgrt-", 43);
/// With it a program asks whether its person has decided. 256 bits.
pub const DEVICE_CODE: CredentialForm = CredentialForm::new("tgdc-", 43);
/// The code that a browser brings back to the program, for a minute. 256 bits.
pub const AUTHORIZATION_CODE: CredentialForm = CredentialForm::new("tgac-", 43);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::access_token::{MintedToken, token_digest};

    #[test]
    fn t15_no_credential_is_taken_for_another() {
        let forms = [REFRESH_TOKEN, DEVICE_CODE, AUTHORIZATION_CODE];
        for (place, form) in forms.iter().enumerate() {
            let text = form.generate();
            let fitting: Vec<usize> = (0..forms.len()).filter(|other| forms[*other].fits(&text)).collect();
            assert_eq!(fitting, [place]);
            assert_eq!(token_digest(&text), None);
            assert!(!form.fits(&MintedToken::generate().secret));
        }
    }
}
