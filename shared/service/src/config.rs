//! The only reader of the environment.
//!
//! | variable | default | meaning |
//! | --- | --- | --- |
//! | `RUST_LOG` | `info` | what is logged: a level, or levels by target (`info,shared=debug`) |
//! | `LOG_FORMAT` | `json` | `json` or `text` |
//! | `METRICS_NAMESPACE` | – | where `CloudWatch` puts the metrics of the log lines; none without it |
//! | `AWS_LAMBDA_FUNCTION_NAME` | – | set by Lambda: whose metrics they are |
//! | `TABLE_PREFIX` | `tidegate-` | before each table's name |
//! | `SECRET_PREFIX` | `tidegate/` | before each name in Secrets Manager |
//! | `SECRETS_FILE` | – | a file of secrets instead of Secrets Manager (development) |
//! | `PASSWORD_POLICY` | `strict` | `basic` or `strict` (promise 1) |
//! | `BACKEND_ALLOWED_CIDRS` | – | private networks that backends may be in, separated by commas (promise 33) |
//! | `BACKEND_CA_CERTS` | – | certificate authorities that backends may have besides the public ones: PEM text (all variables of a function hold 4 KB), or the path of a PEM file (of a layer, below `/opt`) |
//! | `IDENTITY_ORIGINS` | – | origins besides the vendors' own to which the gateway shows its identity, separated by commas (promise 93) |
//! | `AZURE_AUTHORITY_HOST` | `https://login.microsoftonline.com` | where Entra is, in sovereign clouds |
//! | `GOOGLE_STS_ENDPOINT`, `GOOGLE_IAM_CREDENTIALS_ENDPOINT`, `GOOGLE_TOKEN_ENDPOINT`, `OPENAI_TOKEN_ENDPOINT`, `ANTHROPIC_TOKEN_ENDPOINT` | the vendors' own | other token endpoints |
//! | `BACKEND_REGION` | – | the region whose backends come first |
//! | `LAMBDA_TASK_ROOT` | – | set by Lambda: loopback is not called then (promise 33) |
//! | `MAX_BODY_BYTES` | 4 MiB | the largest body on `/v1` |
//! | `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | – | set by Lambda |
//! | `PUBLIC_URL` | – | where the gateway is reached from outside: `https://gateway.example.com`, with the stage if there is one; several are separated by commas |
//! | `API_URL` | – | where `/v1` is reached from outside, if not below `PUBLIC_URL`: a function URL |
//! | `AUTH_FUNCTION` | `auth` | the name of the function that tries single sign-on, for `admin` |
//! | `HEALTH_FUNCTION` | `health` | the name of the function that checks backends, for `admin` |
//! | `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_LAMBDA`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL_STS` | AWS's own | another endpoint |
//!
//! The local gateway has options instead, and reads `ADMIN_PASSWORD`. Nothing else here is a secret of ours: those live
//! in [`crate::secrets`]. Names and meanings of `AWS_*` are those of the AWS SDKs.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use crate::metrics::Source;
use crate::outbound::Authorities;
use crate::token_endpoints::TokenEndpoints;
use domain::access::egress::AllowedNetworks;
use domain::access::identity_hosts::IdentityOrigins;
use domain::access::password::PasswordPolicy;
use domain::access::public_addresses::PublicAddresses;

/// The default of `MAX_BODY_BYTES`: a Lambda event holds 6 MB, and its encoding inflates a body.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Where variables come from: the process, or a map in tests.
pub trait Environment {
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct Process;

impl Environment for Process {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// The path of this program, as the system tells it.
pub fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// `ADMIN_PASSWORD`, the first administrator's password where one is given (local gateway and bootstrap).
pub fn admin_password(environment: &impl Environment) -> Option<domain::secret::Secret> {
    optional(environment, "ADMIN_PASSWORD").map(Into::into)
}

/// The token endpoints that the environment names.
pub fn token_endpoints(environment: &impl Environment) -> TokenEndpoints {
    TokenEndpoints::read(|name| optional(environment, name))
}

/// The configuration of a process.
#[derive(Clone, Debug)]
pub struct Config {
    pub log: LogConfig,
    pub aws: AwsConfig,
    pub table_prefix: String,
    pub secrets: SecretsConfig,
    pub password_policy: PasswordPolicy,
    pub backend_networks: AllowedNetworks,
    pub backend_authorities: Authorities,
    pub identity_origins: IdentityOrigins,
    pub token_endpoints: TokenEndpoints,
    pub backend_region: Option<String>,
    pub max_body_bytes: usize,
    pub public_addresses: PublicAddresses,
    pub api_url: Option<String>,
    pub auth_function: String,
    pub health_function: String,
}

/// What is logged, and how.
#[derive(Clone, Debug, Default)]
pub struct LogConfig {
    pub filter: String,
    pub format: LogFormat,
    /// For JSON lines that are to be metrics too.
    pub metrics: Option<Source>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Json,
    Text,
}

/// Region, credentials and endpoints of the AWS services.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    pub region: String,
    /// The key of a function's environment, or a chain that fetches credentials anew before they end.
    pub credentials: SharedCredentialsProvider,
    pub dynamodb_endpoint: Option<String>,
    pub lambda_endpoint: Option<String>,
    pub secrets_manager_endpoint: Option<String>,
}

/// Where secrets are kept.
#[derive(Clone, Debug)]
pub enum SecretsConfig {
    File(PathBuf),
    Manager { prefix: String },
}

/// Every variable that is missing or wrong, at once.
#[derive(Debug, thiserror::Error)]
#[error("the environment is not usable: {}", .0.join("; "))]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Reads the variables of the module's table.
    pub fn read(environment: &impl Environment) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let config = Self {
            log: LogConfig::read(&mut reader),
            aws: AwsConfig::read(&mut reader),
            table_prefix: reader.text("TABLE_PREFIX", "tidegate-"),
            secrets: match reader.optional("SECRETS_FILE") {
                Some(path) => SecretsConfig::File(path.into()),
                None => SecretsConfig::Manager {
                    prefix: reader.text("SECRET_PREFIX", "tidegate/"),
                },
            },
            password_policy: reader.parsed("PASSWORD_POLICY", PasswordPolicy::Strict),
            backend_networks: backend_networks(&mut reader),
            backend_authorities: reader.parsed("BACKEND_CA_CERTS", Authorities::default()),
            token_endpoints: token_endpoints(environment),
            identity_origins: reader.parsed("IDENTITY_ORIGINS", IdentityOrigins::default()),
            backend_region: reader.optional("BACKEND_REGION"),
            max_body_bytes: reader.parsed("MAX_BODY_BYTES", MAX_BODY_BYTES),
            public_addresses: reader.parsed("PUBLIC_URL", PublicAddresses::default()),
            api_url: reader.optional("API_URL"),
            auth_function: reader.text("AUTH_FUNCTION", "auth"),
            health_function: reader.text("HEALTH_FUNCTION", "health"),
        };
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(reader.problems))
        }
    }
}

/// Only Lambda itself sets `LAMBDA_TASK_ROOT`; tools that imitate it run on machines whose loopback may be called.
fn backend_networks(reader: &mut Reader<'_, impl Environment>) -> AllowedNetworks {
    let networks = reader.parsed("BACKEND_ALLOWED_CIDRS", AllowedNetworks::default());
    if reader.optional("LAMBDA_TASK_ROOT").is_some() {
        networks.without_loopback()
    } else {
        networks
    }
}

impl LogConfig {
    fn read(reader: &mut Reader<'_, impl Environment>) -> Self {
        let function = reader.text("AWS_LAMBDA_FUNCTION_NAME", "");
        Self {
            filter: reader.text("RUST_LOG", "info"),
            format: reader.parsed("LOG_FORMAT", LogFormat::Json),
            metrics: reader
                .optional("METRICS_NAMESPACE")
                .map(|namespace| Source { namespace, function }),
        }
    }
}

impl AwsConfig {
    /// The services of this region, with these credentials, at AWS's endpoints.
    pub fn new(region: impl Into<String>, credentials: impl ProvideCredentials + 'static) -> Self {
        Self {
            region: region.into(),
            credentials: SharedCredentialsProvider::new(credentials),
            dynamodb_endpoint: None,
            lambda_endpoint: None,
            secrets_manager_endpoint: None,
        }
    }

    /// The same services at the endpoints that the environment names.
    #[must_use]
    pub fn at_endpoints_of(self, environment: &impl Environment) -> Self {
        let endpoint = |service| optional(environment, &format!("AWS_ENDPOINT_URL_{service}"));
        Self {
            dynamodb_endpoint: endpoint("DYNAMODB"),
            lambda_endpoint: endpoint("LAMBDA"),
            secrets_manager_endpoint: endpoint("SECRETS_MANAGER"),
            ..self
        }
    }

    fn read(reader: &mut Reader<'_, impl Environment>) -> Self {
        let region = reader.required("AWS_REGION");
        let credentials = Credentials::new(
            reader.required("AWS_ACCESS_KEY_ID"),
            reader.required("AWS_SECRET_ACCESS_KEY"),
            reader.optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Self::new(region, credentials).at_endpoints_of(reader.environment)
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("must be json or text"),
        }
    }
}

/// An empty variable counts as absent: templates cannot leave one out conditionally.
fn optional(environment: &impl Environment, name: &str) -> Option<String> {
    environment.get(name).filter(|value| !value.is_empty())
}

struct Reader<'a, E> {
    environment: &'a E,
    problems: Vec<String>,
}

impl<E: Environment> Reader<'_, E> {
    fn optional(&self, name: &str) -> Option<String> {
        optional(self.environment, name)
    }

    fn text(&self, name: &str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is missing"));
            String::new()
        })
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> T {
        match self.optional(name).map(|value| value.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(problem)) => {
                self.problems.push(format!("{name}: {problem}"));
                default
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    impl Environment for HashMap<&str, &str> {
        fn get(&self, name: &str) -> Option<String> {
            HashMap::get(self, name).map(ToString::to_string)
        }
    }

    fn lambda() -> HashMap<&'static str, &'static str> {
        HashMap::from([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
        ])
    }

    #[test]
    fn what_lambda_sets_is_enough() {
        let config = Config::read(&lambda()).unwrap();
        assert_eq!(config.table_prefix, "tidegate-");
        assert_eq!(config.max_body_bytes, MAX_BODY_BYTES);
        assert!(matches!(config.secrets, SecretsConfig::Manager { .. }));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut environment = lambda();
        environment.remove("AWS_REGION");
        environment.extend([
            ("MAX_BODY_BYTES", "many"),
            ("BACKEND_ALLOWED_CIDRS", "10.0.0.0/99"),
            ("BACKEND_CA_CERTS", "/no/such/file"),
        ]);
        let problems = Config::read(&environment).unwrap_err().to_string();
        for name in [
            "AWS_REGION",
            "MAX_BODY_BYTES",
            "BACKEND_ALLOWED_CIDRS",
            "BACKEND_CA_CERTS",
        ] {
            assert!(problems.contains(name), "{name} is not in: {problems}");
        }
    }

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let mut environment = lambda();
        environment.insert("AWS_SECRET_ACCESS_KEY", "hush-hush");
        assert!(!format!("{:?}", Config::read(&environment).unwrap()).contains("hush-hush"));
    }
}
