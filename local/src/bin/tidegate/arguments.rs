//! The command line of a running gateway, and its environment.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use domain::access::egress::AllowedNetworks;
use domain::access::identity_hosts::IdentityOrigins;
use domain::access::password::PasswordPolicy;
use domain::access::public_addresses::PublicAddresses;
use domain::clock::Clock;
use domain::models::Email;
use local::{
    CloudStorage, ConfigFile, Metrics, MetricsPort, Options, StartError, Storage, TrustedProxies, default_folder,
};
use service::config::{self, LogConfig, LogFormat, SecretsConfig};
use service::outbound::Authorities;

/// Where tables and secrets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StoreKind {
    /// In a folder of this machine, or in memory.
    Embedded,
    /// In `DynamoDB` and Secrets Manager, shared with other processes and with functions.
    Dynamodb,
}

/// Options of the running gateway.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Arguments {
    /// Where to listen: `127.0.0.1:8080`, `localhost:8080`.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080", value_parser = listen_address)]
    listen: SocketAddr,
    /// Where tables and secrets are.
    #[arg(long, env = "STORE", value_enum, default_value = "embedded")]
    store: StoreKind,
    /// The beginning of each table's name in `DynamoDB`.
    #[arg(long, env = "TABLE_PREFIX", default_value = "tidegate-")]
    table_prefix: String,
    /// The beginning of each secret's name in Secrets Manager.
    #[arg(long, env = "SECRET_PREFIX", default_value = "tidegate/")]
    secret_prefix: String,
    /// A file of secrets, shared by all processes, in place of Secrets Manager.
    #[arg(long, env = "SECRETS_FILE", value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// Makes the tables in `DynamoDB` that are missing.
    #[arg(long, env = "CREATE_TABLES", default_value_t = false, action = ArgAction::Set)]
    create_tables: bool,
    /// Checks backends and settles what has expired each minute; of several processes one does.
    #[arg(long, env = "SCHEDULES", default_value_t = true, action = ArgAction::Set)]
    schedules: bool,
    /// Where clients reach the gateway, if not where it listens: `https://gateway.example`, or several addresses,
    /// separated by commas.
    #[arg(long, env = "PUBLIC_URL", value_name = "URL", default_value = "")]
    public_url: PublicAddresses,
    /// The rules for passwords: `basic` or `strict` [default: `strict` over `DynamoDB`].
    #[arg(long, env = "PASSWORD_POLICY", value_name = "POLICY")]
    password_policy: Option<PasswordPolicy>,
    /// Seconds for which streams may go on after SIGTERM [default: 2, over `DynamoDB` 30].
    #[arg(long, env = "DRAIN_SECONDS", value_name = "SECONDS")]
    drain_seconds: Option<u16>,
    /// The folder of the data [default: `tidegate` in your folder for application data].
    #[arg(long, env = "DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keep nothing: all data is gone at the end.
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// A gateway to look around in: people, models and a month of traffic that are made up, in memory or in an empty
    /// folder that `--data` names.
    #[arg(long, conflicts_with_all = ["config", "reset_admin"])]
    demo: bool,
    /// The first administrator's e-mail address. A password may be given as `ADMIN_PASSWORD` in the environment.
    #[arg(long, env = "ADMIN_EMAIL", default_value = "admin@localhost", value_parser = |text: &str| Email::parse(text))]
    admin_email: Email,
    /// A file of models, backends, policies and settings, YAML or JSON, that is applied at the start.
    #[arg(long, env = "CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Delete the models, backends and policies that the file's lists do not have.
    #[arg(long, requires = "config")]
    config_prune: bool,
    /// Private networks that backends may be in, besides this machine: `10.0.0.0/8,192.168.0.0/16`.
    #[arg(long, env = "BACKEND_ALLOWED_CIDRS", default_value = "")]
    backend_allowed_cidrs: AllowedNetworks,
    /// Certificate authorities that backends may have besides the public ones: a PEM file, or its text.
    #[arg(long, env = "BACKEND_CA_CERTS", value_name = "FILE", default_value = "")]
    backend_ca_certs: Authorities,
    /// Origins besides the vendors' own to which the gateway shows its identity: `https://apim.example.com`.
    #[arg(long, env = "IDENTITY_ORIGINS", value_name = "ORIGINS", default_value = "")]
    identity_origins: IdentityOrigins,
    /// The region whose backends come first.
    #[arg(long, env = "BACKEND_REGION", value_name = "REGION")]
    backend_region: Option<String>,
    /// The largest body on `/v1`, in bytes.
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = local::MAX_BODY_BYTES, value_parser = at_least_one)]
    max_body_bytes: usize,
    /// Requests under way at once.
    #[arg(long, env = "MAX_INFLIGHT", default_value_t = local::MAX_INFLIGHT, value_parser = at_least_one)]
    max_inflight: usize,
    /// Also serve the embedded `DynamoDB` at this address of the own machine, with a key that is printed, for `cargo
    /// lambda watch`.
    #[arg(long, env = "DYNAMODB_LISTEN", value_name = "ADDRESS", value_parser = listen_address)]
    dynamodb_listen: Option<SocketAddr>,
    /// Also tell metrics at this address, as `/metrics`, in the form that Prometheus reads.
    #[arg(long, env = "METRICS_LISTEN", value_name = "ADDRESS", value_parser = listen_address)]
    metrics_listen: Option<SocketAddr>,
    /// Names by which a gateway on loopback is called, such as a reverse proxy's: `gateway.example`.
    #[arg(long, env = "HOSTS", value_name = "NAMES", value_delimiter = ',')]
    hosts: Vec<String>,
    /// Reverse proxies that say in `X-Forwarded-For` or `Forwarded` whose requests they bring: `127.0.0.1,10.0.0.0/8`.
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "CIDRS", default_value = "")]
    trusted_proxies: TrustedProxies,
    /// The levels that are logged: `warn`, `info`, `proxy=debug`.
    #[arg(long, env = "RUST_LOG", default_value = "warn", value_parser = log_filter)]
    log: String,
    /// The form of the log: `text` or `json`.
    #[arg(long, env = "LOG_FORMAT", default_value = "text", value_parser = |text: &str| text.parse::<LogFormat>())]
    log_format: LogFormat,
    /// Give the administrator of `--admin-email`, else the oldest one, a new password, and end: for whoever owns the
    /// data and cannot sign in.
    #[arg(long, conflicts_with = "memory")]
    reset_admin: bool,
}

impl Arguments {
    /// True if the process is only to give an administrator a new password.
    pub(crate) fn resets_admin(&self) -> bool {
        self.reset_admin
    }

    pub(crate) fn log(&self) -> LogConfig {
        LogConfig {
            filter: self.log.clone(),
            format: self.log_format,
            metrics: None,
        }
    }

    pub(crate) fn options(self) -> Result<Options, StartError> {
        let (passwords, drain_seconds) = match self.store {
            StoreKind::Embedded => (PasswordPolicy::Basic, local::STREAM_GRACE.as_secs()),
            StoreKind::Dynamodb => (PasswordPolicy::Strict, 30),
        };
        Ok(Options {
            listen: self.listen,
            storage: self.storage()?,
            demo: self.demo,
            public_url: self.public_url,
            passwords: self.password_policy.unwrap_or(passwords),
            stream_grace: Duration::from_secs(self.drain_seconds.map_or(drain_seconds, u64::from)),
            admin_email: self.admin_email,
            admin_password: config::admin_password(&config::Process),
            config: self.config.map(|path| ConfigFile {
                path,
                prune: self.config_prune,
            }),
            backend_networks: self.backend_allowed_cidrs,
            backend_authorities: self.backend_ca_certs,
            identity: local::identity(self.identity_origins, Clock::system()),
            backend_region: self.backend_region,
            limits: proxy::Limits::with_max_body(self.max_body_bytes),
            max_inflight: self.max_inflight,
            workers: local::workers(),
            schedule: self.schedules.then_some(local::SCHEDULE),
            clock: Clock::system(),
            dynamodb_listen: self.dynamodb_listen,
            metrics: self.metrics_listen.map(|listen| MetricsPort {
                listen,
                metrics: Metrics::default(),
            }),
            hosts: self.hosts,
            trusted_proxies: self.trusted_proxies,
        })
    }

    fn storage(&self) -> Result<Storage, StartError> {
        Ok(match (self.store, &self.data) {
            (StoreKind::Dynamodb, _) => Storage::Cloud(CloudStorage {
                table_prefix: self.table_prefix.clone(),
                secrets: match &self.secrets_file {
                    Some(path) => SecretsConfig::File(path.clone()),
                    None => SecretsConfig::Manager {
                        prefix: self.secret_prefix.clone(),
                    },
                },
                create_tables: self.create_tables,
            }),
            (StoreKind::Embedded, _) if self.memory => Storage::Memory,
            (StoreKind::Embedded, Some(folder)) => Storage::Folder(folder.clone()),
            (StoreKind::Embedded, None) if self.demo => Storage::Memory,
            (StoreKind::Embedded, None) => Storage::Folder(default_folder()?),
        })
    }
}

/// An address to listen on; `localhost` and other names are those of this machine's resolver.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let form = || format!("{text} is no address to listen on: write 127.0.0.1:8080, or 0.0.0.0:8080 for all networks");
    let (host, port) = text.rsplit_once(':').ok_or_else(form)?;
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port: u16 = port.parse().map_err(|_| form())?;
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let mut found = (host, port).to_socket_addrs().map_err(|_| form())?;
    found.next().ok_or_else(form)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "must be a whole number from 1".to_owned())
}

fn log_filter(text: &str) -> Result<String, String> {
    if service::telemetry::is_filter(text) {
        Ok(text.to_owned())
    } else {
        Err("must be levels like `warn`, `info` or `proxy=debug`, separated by commas".to_owned())
    }
}
