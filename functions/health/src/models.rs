//! A server's list of its models, of which nothing but their names is read.

use serde::Deserialize;
use service::outbound::ResponseBody;

/// Bytes read of a list.
const MAX_LIST_BYTES: usize = 1024 * 1024;
/// Names that are told of a list.
const MAX_NAMES: usize = 500;
/// Characters of a name.
const MAX_NAME: usize = 128;

/// The names of a list, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Models {
    names: Vec<String>,
    /// True if the list goes on elsewhere.
    has_more: bool,
}

impl Models {
    /// The list in `body`. What cannot be read lists none.
    pub(crate) async fn read(body: ResponseBody) -> Self {
        match body.read(MAX_LIST_BYTES).await {
            Ok(Some(list)) => Self::parse(&list),
            Ok(None) | Err(_) => Self::default(),
        }
    }

    fn parse(list: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Model>,
            /// Anthropic lists page by page.
            #[serde(default)]
            has_more: bool,
        }
        #[derive(Deserialize)]
        struct Model {
            id: String,
        }
        match serde_json::from_slice::<List>(list) {
            Ok(List { data, has_more }) => Self {
                names: data.into_iter().map(|model| model.id).collect(),
                has_more,
            },
            Err(_) => Self::default(),
        }
    }

    /// True if these are all names, and `name` is none of them. No names at all say nothing.
    pub(crate) fn lack(&self, name: &str) -> bool {
        // Gemini has `models/` before each name.
        let is_it = |known: &String| known == name || known.strip_prefix("models/") == Some(name);
        !self.has_more && !self.names.is_empty() && !self.names.iter().any(is_it)
    }

    /// What looks like the name of a model, and nothing else that a server may have put there (promise 37).
    pub(crate) fn into_names(self) -> Vec<String> {
        let is_name = |name: &String| {
            let is_short = (1..=MAX_NAME).contains(&name.len());
            is_short
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._:-/@+".contains(&byte))
        };
        self.names.into_iter().filter(is_name).take(MAX_NAMES).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op_a_list_that_lacks_the_models_name_is_a_finding_and_what_is_no_list_says_nothing() {
        for (list, lacks_it) in [
            (r#"{"data":[{"id":"m"}]}"#, false),
            (r#"{"data":[{"id":"models/m"}]}"#, false),
            (r#"{"data":[{"id":"other"}]}"#, true),
            (r#"{"data":[{"id":"other"}],"has_more":true}"#, false),
            (r#"{"data":[]}"#, false),
            (r#"{"data":[{"name":"m"}]}"#, false),
            ("[]", false),
            ("<html>", false),
        ] {
            assert_eq!(Models::parse(list.as_bytes()).lack("m"), lacks_it, "{list}");
        }
    }

    #[test]
    fn g8_p37_only_what_looks_like_a_models_name_is_told() {
        let names = [
            "kimi-k2.5",
            "org/model:free",
            "a secret text",
            "<script>",
            "",
            &"x".repeat(129),
        ];
        let list = serde_json::json!({"data": names.map(|id| serde_json::json!({"id": id}))});
        let models = Models::parse(list.to_string().as_bytes());
        assert_eq!(models.into_names(), ["kimi-k2.5", "org/model:free"]);
        let many = serde_json::json!({"data": vec![serde_json::json!({"id": "m"}); 600]});
        assert_eq!(Models::parse(many.to_string().as_bytes()).into_names().len(), MAX_NAMES);
    }
}
