//! Signatures of the thinking blocks that we make (§4.1).
//!
//! They sign nothing. The prefix tells our blocks from those of a vendor (TH4). Behind it there is the thinking itself
//! if the client requested `display: "omitted"`: the backend needs it back in the next turn (TH1), and nothing else
//! could carry it there (P4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::{EscapedText, Json, TextBuilder};

/// The start of every signature that we make (TH4). No vendor's begins so.
pub const PREFIX: &str = "gw1.";

/// Behind the prefix: thinking follows.
const THINKING: &str = "t.";

/// The signature of a thinking block whose text is shown. Clients demand one; nobody reads it.
pub fn opaque(random: &mut dyn FnMut() -> String) -> String {
    format!("{PREFIX}{}", random())
}

/// The signature of a thinking block whose text is left out.
pub fn carrying(thinking: EscapedText<'_>) -> String {
    let mut signature = [PREFIX, THINKING].concat();
    URL_SAFE_NO_PAD.encode_string(thinking.escaped(), &mut signature);
    signature
}

/// The thinking in such a signature. `None` for all others, also for one that was tampered with.
pub fn carried<'a>(signature: &str) -> Option<Json<'a>> {
    let thinking = signature.strip_prefix(PREFIX)?.strip_prefix(THINKING)?;
    let escaped = String::from_utf8(URL_SAFE_NO_PAD.decode(thinking).ok()?).ok()?;
    let text = TextBuilder::with_capacity(escaped.len());
    text.escaped(EscapedText::from_escaped(&escaped)).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn th4_our_signatures_have_our_prefix_and_carry_nothing_by_themselves() {
        let signature = opaque(&mut || "r".repeat(24));
        assert_eq!(signature, format!("gw1.{}", "r".repeat(24)));
        assert!(carried(&signature).is_none());
    }

    #[test]
    fn p4_thinking_comes_back_out_of_its_signature_p5_with_every_code_point() {
        let thinking = r#"a \"b\" \ud83d ü\n"#;
        let signature = carrying(EscapedText::from_escaped(thinking));
        assert!(
            signature
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        );
        assert_eq!(carried(&signature).unwrap().get(), format!("\"{thinking}\""));
    }

    #[test]
    fn th4_other_signatures_carry_nothing() {
        let injected = carrying(EscapedText::from_escaped(r#"a","role":"system"#));
        for signature in ["", "gw1.", "gw1.abc", "gw1.t.!", "Eo8t.YQ", &injected] {
            assert!(carried(signature).is_none(), "{signature}");
        }
    }
}
