//! Signatures of the thinking blocks that we make (§4.1).
//!
//! They sign nothing. The prefix tells our blocks from a vendor's (TH4); behind it there may be the thinking
//! itself, where the client has asked not to be shown it (`display: "omitted"`) and the backend will want it back
//! all the same in the next turn (TH1). Nothing else could carry it there (P4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use serde_json::value::RawValue;

use crate::json::{EscapedText, Json, TextBuilder};

/// The start of every signature that we make (TH4), and of all that is sealed here (K1). No vendor's begins so.
pub const PREFIX: &str = "gw1.";

/// Behind the prefix: thinking follows.
const THINKING: &str = "t.";

/// Behind the prefix: thinking that may be empty, a point, and `reasoning_details` follow.
const DETAILS: &str = "d.";

/// What a signature carries.
#[derive(Debug, Default)]
pub struct Carried<'a> {
    /// Thinking that the client was not shown.
    pub thinking: Option<Json<'a>>,
    /// Encrypted reasoning that only the backend can read (B10.5).
    pub reasoning_details: Option<Box<RawValue>>,
}

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

/// The signature of a thinking block with encrypted reasoning. `hidden` is the text that is left out, if any.
pub fn carrying_details(hidden: EscapedText<'_>, details: &RawValue) -> String {
    let mut signature = [PREFIX, DETAILS].concat();
    URL_SAFE_NO_PAD.encode_string(hidden.escaped(), &mut signature);
    signature.push('.');
    URL_SAFE_NO_PAD.encode_string(details.get(), &mut signature);
    signature
}

/// What such a signature carries: nothing for all others, also for one that was tampered with.
pub fn carried<'a>(signature: &str) -> Carried<'a> {
    read(signature).unwrap_or_default()
}

fn read<'a>(signature: &str) -> Option<Carried<'a>> {
    let content = signature.strip_prefix(PREFIX)?;
    if let Some(both) = content.strip_prefix(DETAILS) {
        let (thinking, details) = both.split_once('.')?;
        let reasoning_details = RawValue::from_string(decoded(details)?).ok();
        return Some(Carried {
            thinking: Some(thinking).filter(|text| !text.is_empty()).and_then(text),
            reasoning_details: reasoning_details.filter(|details| details.get().starts_with('[')),
        });
    }
    Some(Carried {
        thinking: text(content.strip_prefix(THINKING)?),
        reasoning_details: None,
    })
}

fn text<'a>(encoded: &str) -> Option<Json<'a>> {
    let escaped = decoded(encoded)?;
    let text = TextBuilder::with_capacity(escaped.len());
    text.escaped(EscapedText::from_escaped(&escaped)).build().ok()
}

fn decoded(encoded: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn th4_our_signatures_have_our_prefix_and_carry_nothing_by_themselves() {
        let signature = opaque(&mut || "r".repeat(24));
        assert_eq!(signature, format!("gw1.{}", "r".repeat(24)));
        assert!(carried(&signature).thinking.is_none());
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
        assert_eq!(carried(&signature).thinking.unwrap().get(), format!("\"{thinking}\""));
    }

    #[test]
    fn th4_other_signatures_carry_nothing() {
        let injected = carrying(EscapedText::from_escaped(r#"a","role":"system"#));
        for signature in ["", "gw1.", "gw1.abc", "gw1.t.!", "Eo8t.YQ", &injected] {
            assert!(carried(signature).thinking.is_none(), "{signature}");
        }
    }

    #[test]
    fn b10_5_encrypted_reasoning_comes_back_out_of_its_signature() {
        let details = r#"[{"type":"reasoning.encrypted","data":"E+/="}]"#;
        let raw = RawValue::from_string(details.to_owned()).unwrap();
        for (hidden, thinking) in [("", None), ("hm", Some("\"hm\""))] {
            let signature = carrying_details(EscapedText::from_escaped(hidden), &raw);
            let carried = carried(&signature);
            assert_eq!(carried.thinking.as_ref().map(|text| text.get()), thinking);
            assert_eq!(carried.reasoning_details.unwrap().get(), details);
        }
        assert!(carried("gw1.d..!").reasoning_details.is_none());
        let no_list = RawValue::from_string("7".to_owned()).unwrap();
        assert!(
            carried(&carrying_details(EscapedText::EMPTY, &no_list))
                .reasoning_details
                .is_none()
        );
    }
}
