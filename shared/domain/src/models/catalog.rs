//! Models that clients may request, and the backends that serve them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::capability::{Modality, ReasoningEffort};
use super::health::Health;
use super::kind::ModelKind;
use super::price::{InForce, Price, PriceEntry, Prices};
use super::usage::Endpoint;
use super::{BackendId, DisplayName, ModelId, ModelName, SecretId};

/// A model as administrators see it (api.md §5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub id: ModelId,
    pub name: DisplayName,
    #[serde(default)]
    pub description: Option<String>,
    pub enabled: bool,
    /// What it is for; empty if it is not known, so that all is tried.
    #[serde(default)]
    pub kinds: Vec<ModelKind>,
    /// Further names and globs; exact names come before globs, the longest glob first.
    #[serde(default)]
    pub aliases: Vec<ModelName>,
    /// Members added to each request, and `__header__` members sent as headers (api.md §6).
    #[serde(default)]
    pub model_params: BTreeMap<String, Value>,
    /// What it costs, by the moment from which on; in that order. Empty for a model with the single prices below.
    #[serde(default)]
    pub prices: Vec<PriceEntry>,
    /// USD per million tokens, like the four below.
    #[serde(default)]
    pub input_price: Option<Price>,
    #[serde(default)]
    pub cached_input_price: Option<Price>,
    #[serde(default)]
    pub cache_write_price: Option<Price>,
    #[serde(default)]
    pub cache_write_1h_price: Option<Price>,
    #[serde(default)]
    pub output_price: Option<Price>,
    /// Tokens that fit, input and output together.
    #[serde(default)]
    pub context_window: Option<u64>,
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    /// The limit of a response under a limit of tokens or cost, where the client sets none.
    #[serde(default)]
    pub default_output_tokens: Option<u64>,
    /// What it reads; empty if nobody has said it.
    #[serde(default)]
    pub input_modalities: Vec<Modality>,
    /// The efforts that clients are offered; empty for what all of its backends know.
    #[serde(default)]
    pub reasoning_efforts: Vec<ReasoningEffort>,
    /// What a coding agent that takes its instructions from the list of models is told (ML4).
    #[serde(default)]
    pub agent_instructions: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

impl Model {
    /// False if it is known to be of no use at `endpoint`.
    pub fn may_answer(&self, endpoint: Endpoint) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&ModelKind::at(endpoint))
    }

    /// True if it is sure to be of use at `endpoint`. A model of which nothing is said is one for chat.
    pub fn surely_answers(&self, endpoint: Endpoint) -> bool {
        let kind = ModelKind::at(endpoint);
        self.kinds.contains(&kind) || (self.kinds.is_empty() && kind == ModelKind::Chat)
    }

    /// True if what a request to `endpoint` uses has a price at that moment, which may be 0.
    pub fn is_priced_at(&self, endpoint: Endpoint, at: Timestamp) -> bool {
        let generates = !matches!(endpoint, Endpoint::Embeddings | Endpoint::Rerank);
        if !self.prices.is_empty() {
            return InForce::entry(&self.prices, at).is_some_and(|entry| entry.prices_all(generates));
        }
        self.input_price.is_some() && (self.output_price.is_some() || !generates)
    }

    /// What it costs at that moment. A list of prices of which none has begun costs nothing.
    pub fn price_at(&self, at: Timestamp) -> InForce<'_> {
        InForce::entry(&self.prices, at).map_or_else(|| InForce::Flat(self.single_prices()), InForce::Entry)
    }

    /// True if it has one of the single prices.
    pub fn has_single_prices(&self) -> bool {
        let prices = [
            self.input_price,
            self.cached_input_price,
            self.cache_write_price,
            self.cache_write_1h_price,
            self.output_price,
        ];
        prices.iter().any(Option::is_some)
    }

    /// Its aliases that are names and no globs.
    pub fn exact_aliases(&self) -> impl Iterator<Item = &ModelName> {
        self.aliases.iter().filter(|alias| !alias.as_str().contains('*'))
    }

    fn globs(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(ModelName::as_str);
        aliases.filter(|alias| alias.contains('*'))
    }

    /// What its tokens cost. Without a price of their own, input and output cost nothing, input read from or written to
    /// a cache costs what other input does, and an hour's cache write what other cache writes do.
    fn single_prices(&self) -> Prices {
        let input = self.input_price.unwrap_or_default();
        let cache_write = self.cache_write_price.unwrap_or(input);
        Prices {
            input,
            cached_input: self.cached_input_price.unwrap_or(input),
            cache_write,
            cache_write_1h: self.cache_write_1h_price.unwrap_or(cache_write),
            output: self.output_price.unwrap_or_default(),
        }
    }
}

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

/// The dialect that a backend speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    #[default]
    Openai,
    Anthropic,
    Responses,
}

impl Protocol {
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

/// The header that a model parameter `__name__` stands for (api.md §6): `__user_agent__` is `user-agent`,
/// `__header_x_source__` is `x-source`. `None` for a member of the body.
pub fn param_header(name: &str) -> Option<String> {
    let inner = name.strip_prefix("__")?.strip_suffix("__")?;
    Some(
        inner
            .strip_prefix("header_")
            .unwrap_or(inner)
            .replace('_', "-")
            .to_ascii_lowercase(),
    )
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
