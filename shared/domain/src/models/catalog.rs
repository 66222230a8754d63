//! Models that clients may request, and the backends that serve them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::auth::Auth;
use super::health::Health;
use super::usage::Endpoint;
use super::{BackendId, DisplayName, ModelId, SecretId};

pub use super::model::{Model, param_header};

/// One server of a model (api.md §5, "Backend").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backend {
    pub id: BackendId,
    pub model_id: ModelId,
    pub name: DisplayName,
    pub base_url: String,
    /// What the backend itself calls the model.
    pub model_name: String,
    /// Its share of the model's requests, 0 to 1000; 0 is called only when nothing else is left.
    pub weight: u32,
    #[serde(default)]
    pub region: Option<String>,
    pub enabled: bool,
    /// Which secret is the key to it.
    #[serde(default)]
    pub secret: Option<SecretId>,
    /// The key before: it stays, since other processes may know the backend as it was for a while.
    #[serde(default)]
    pub retired_secret: Option<SecretId>,
    /// Tells whether a key that is given is the one that is stored, which administration may not read.
    #[serde(default)]
    pub key_fingerprint: Option<String>,
    pub protocol: Protocol,
    /// How it is shown who we are; absent: its key, if there is one, in the protocol's own header.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Sent with every request, as the query `api-version`.
    #[serde(default)]
    pub api_version: Option<String>,
    #[serde(default)]
    pub preset: Option<String>,
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
    /// Requests under way at once; 0 is no limit.
    pub max_concurrency: u32,
    /// Until the first byte; absent is the gateway's default.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Silence in mid-response, after which the response is given up; absent is the gateway's default.
    #[serde(default)]
    pub idle_timeout_ms: Option<u64>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub health_path: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
    /// Kept in an item of its own: it changes often, and never together with what an administrator changes.
    #[serde(skip)]
    pub health: Health,
}

impl Backend {
    /// The name of the secret that holds the key to this backend at this address. Another address has another secret,
    /// so that no key is ever sent where it was not meant for (promise 23).
    pub fn secret_name(&self) -> Option<String> {
        self.secret.as_ref().map(|secret| self.secret_name_of(secret))
    }

    /// The name of one of its secrets.
    pub fn secret_name_of(&self, secret: &SecretId) -> String {
        format!("backend/{}/{secret}", self.id)
    }
}

/// The dialect that a backend speaks, with the form in which it takes requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    #[default]
    Openai,
    Anthropic,
    Responses,
    /// Messages as Vertex AI takes them: the model is in the path, the API's version in the body.
    AnthropicVertex,
}

impl Protocol {
    /// True if it is Anthropic's Messages, in whichever form.
    pub fn is_messages(self) -> bool {
        matches!(self, Self::Anthropic | Self::AnthropicVertex)
    }

    /// True if backends of this protocol can answer what clients send to `endpoint`, as it is or translated.
    pub fn serves(self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::ChatCompletions | Endpoint::Messages | Endpoint::Responses => true,
            Endpoint::Embeddings | Endpoint::Completions | Endpoint::Rerank => self == Self::Openai,
        }
    }
}

/// A model with its backends, as the proxy uses it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub model: Model,
    pub backends: Vec<Backend>,
}

/// All entries at one moment.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// In the order of their ids.
    entries: BTreeMap<ModelId, Arc<Entry>>,
    /// The number of changes before it that were judged by the whole catalog.
    revision: u64,
}

/// Claude Code's own switch behind a model's name.
const WINDOW_SUFFIX: &str = "[1m]";

impl Catalog {
    pub fn new(models: Vec<Model>, backends: Vec<Backend>) -> Self {
        let mut by_model: BTreeMap<ModelId, Vec<Backend>> = BTreeMap::new();
        for backend in backends {
            by_model.entry(backend.model_id.clone()).or_default().push(backend);
        }
        let entry = |model: Model| {
            let backends = by_model.remove(&model.id).unwrap_or_default();
            (model.id.clone(), Arc::new(Entry { model, backends }))
        };
        Self {
            entries: models.into_iter().map(entry).collect(),
            revision: 0,
        }
    }

    #[must_use]
    pub fn at_revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The entries in the order of their models' ids.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    /// The model with this id, enabled or not.
    pub fn find(&self, id: &ModelId) -> Option<&Arc<Entry>> {
        self.entries.get(id)
    }

    /// The enabled model that clients mean by `name`: its id, else an exact alias, else the longest glob that fits. A
    /// `[1m]` behind a name that nothing else fits is the client's wish for a window (B10.3).
    pub fn resolve(&self, name: &str) -> Option<&Arc<Entry>> {
        let without_window = || self.resolve_whole(name.strip_suffix(WINDOW_SUFFIX)?);
        self.resolve_whole(name).or_else(without_window)
    }

    fn resolve_whole(&self, name: &str) -> Option<&Arc<Entry>> {
        let enabled = || self.entries.values().filter(|entry| entry.model.enabled);
        let by_id = self.entries.get(name).filter(|entry| entry.model.enabled);
        let by_alias = || enabled().find(|entry| entry.model.aliases.iter().any(|alias| alias.as_str() == name));
        let by_glob = || {
            let fits = |entry: &Arc<Entry>| {
                let globs = entry.model.globs();
                globs.filter(|glob| glob_matches(glob, name)).map(str::len).max()
            };
            enabled()
                .filter_map(|entry| Some((fits(entry)?, entry)))
                .max_by_key(|(length, _)| *length)
                .map(|(_, entry)| entry)
        };
        by_id.or_else(by_alias).or_else(by_glob)
    }
}

/// True if `text` fits `glob`, in which `*` stands for any characters. Takes time linear in `text` for each star.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    let mut pieces = glob.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut middle: Vec<&str> = pieces.collect();
    let Some(last) = middle.pop() else {
        return rest.is_empty();
    };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::super::ModelName;
    use super::super::affinity::Affinity;
    use super::*;

    fn model(id: &str, aliases: &[&str]) -> Model {
        Model {
            id: ModelId::parse(id).unwrap(),
            name: DisplayName::parse(id).unwrap(),
            description: None,
            enabled: true,
            aliases: aliases.iter().map(|alias| ModelName::parse(*alias).unwrap()).collect(),
            model_params: BTreeMap::new(),
            prices: Vec::new(),
            input_price: None,
            cached_input_price: None,
            cache_write_price: None,
            cache_write_1h_price: None,
            output_price: None,
            context_window: None,
            max_output_tokens: None,
            default_output_tokens: None,
            input_modalities: Vec::new(),
            reasoning_efforts: Vec::new(),
            agent_instructions: None,
            affinity: Affinity::Auto,
            kinds: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn globs() {
        for (glob, text) in [
            ("*", ""),
            ("*", "x"),
            ("claude-*", "claude-4"),
            ("*haiku*", "claude-haiku-4"),
            ("a*b*c", "a1b2c"),
            ("x", "x"),
        ] {
            assert!(glob_matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("claude-*", "gpt"), ("a*a", "a"), ("a*b*c", "acb"), ("x", "xy")] {
            assert!(!glob_matches(glob, text), "{glob} {text}");
        }
    }

    #[test]
    fn b10_3_a_wish_for_a_window_is_no_part_of_a_name_unless_it_is_known() {
        let catalog = |models: Vec<Model>| Catalog::new(models, Vec::new());
        let resolved = |catalog: &Catalog, name: &str| catalog.resolve(name).map(|entry| entry.model.id.to_string());
        let plain = catalog(vec![model("opus", &["claude-opus-4-8"])]);
        assert_eq!(resolved(&plain, "claude-opus-4-8[1m]").as_deref(), Some("opus"));
        assert_eq!(resolved(&plain, "opus[1m]").as_deref(), Some("opus"));
        assert_eq!(resolved(&plain, "other[1m]"), None);
        let both = catalog(vec![model("opus", &["claude"]), model("wide", &["claude[1m]"])]);
        assert_eq!(resolved(&both, "claude[1m]").as_deref(), Some("wide"));
    }

    #[test]
    fn ids_come_before_aliases_and_aliases_before_the_longest_glob() {
        let mut off = model("off", &["claude-opus"]);
        off.enabled = false;
        let catalog = Catalog::new(
            vec![
                model("glm", &["claude-*", "gpt-4o"]),
                model("kimi", &["claude-*haiku*"]),
                model("claude-x", &[]),
                off,
            ],
            vec![],
        );
        let resolved = |name: &str| catalog.resolve(name).map(|entry| entry.model.id.as_str().to_owned());
        assert_eq!(resolved("claude-x").as_deref(), Some("claude-x"));
        assert_eq!(resolved("gpt-4o").as_deref(), Some("glm"));
        assert_eq!(
            resolved("claude-opus").as_deref(),
            Some("glm"),
            "a model that is off has no names"
        );
        assert_eq!(resolved("claude-3-haiku-x").as_deref(), Some("kimi"));
        assert_eq!(resolved("GLM"), None, "ids compare exactly (promise 19)");
    }
}
