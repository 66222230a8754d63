//! Options of a local gateway.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use auth::bootstrap::FirstAdmin;
use domain::access::egress::AllowedNetworks;
use domain::access::password::PasswordPolicy;
use domain::access::public_addresses::PublicAddresses;
use domain::clock::Clock;
use domain::models::Email;
use domain::secret::Secret;
use service::identity::Identity;
use service::outbound::Authorities;

use crate::home::Storage;
use crate::metrics::Metrics;
use crate::proxies::TrustedProxies;

/// The default of `MAX_BODY_BYTES` here, where no event limits a body.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// The default of `MAX_INFLIGHT`.
pub const MAX_INFLIGHT: usize = 10_000;
/// As often as the cloud's schedules.
pub const SCHEDULE: Duration = Duration::from_mins(1);
/// How long streams may go on after the request to stop, where a person waits for the end.
pub const STREAM_GRACE: Duration = Duration::from_secs(2);

/// A file that says what the configuration is, and how it is applied.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    pub path: PathBuf,
    /// Deletes what the lists of the file do not have.
    pub prune: bool,
}

/// The port that tells metrics, and what this process counts for it.
#[derive(Clone, Debug)]
pub struct MetricsPort {
    pub listen: SocketAddr,
    pub metrics: Metrics,
}

/// How a local gateway is to run.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    pub storage: Storage,
    /// Fills an empty storage with people, models and a month of traffic that are made up.
    pub demo: bool,
    pub admin_email: Email,
    /// The first administrator's password; `None` makes one up.
    pub admin_password: Option<Secret>,
    /// The file that says what the configuration is.
    pub config: Option<ConfigFile>,
    /// Private networks that backends may be in, besides this machine.
    pub backend_networks: AllowedNetworks,
    /// Authorities that certify backends, besides the public ones.
    pub backend_authorities: Authorities,
    /// The identity that is shown to vendors of models.
    pub identity: Identity,
    /// The region whose backends come first.
    pub backend_region: Option<String>,
    /// Where clients reach the gateway, if not where it listens.
    pub public_url: PublicAddresses,
    pub passwords: PasswordPolicy,
    /// Times and sizes of completions.
    pub limits: proxy::Limits,
    /// Requests under way at once.
    pub max_inflight: usize,
    /// Threads that serve connections; without any, the runtime serves them on which the gateway is started.
    pub workers: usize,
    /// How often is done what the cloud does by schedules; never without.
    pub schedule: Option<Duration>,
    /// How long streams may go on after the request to stop.
    pub stream_grace: Duration,
    pub clock: Clock,
    /// Where on this machine the embedded `DynamoDB` also listens, for `cargo lambda watch`.
    pub dynamodb_listen: Option<SocketAddr>,
    /// The address on which metrics are told, if they are counted.
    pub metrics: Option<MetricsPort>,
    /// Names by which a gateway on loopback is called besides those of this machine, such as a reverse proxy's.
    pub hosts: Vec<String>,
    /// Reverse proxies that are believed who their clients are.
    pub trusted_proxies: TrustedProxies,
}

impl Options {
    /// In memory, on a port of this machine that the system chooses.
    pub fn in_memory(admin_email: Email) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            storage: Storage::Memory,
            demo: false,
            admin_email,
            admin_password: None,
            config: None,
            backend_networks: AllowedNetworks::default(),
            backend_authorities: Authorities::default(),
            identity: Identity::default(),
            backend_region: None,
            public_url: PublicAddresses::default(),
            passwords: PasswordPolicy::Basic,
            limits: proxy::Limits::with_max_body(MAX_BODY_BYTES),
            max_inflight: MAX_INFLIGHT,
            workers: workers(),
            schedule: Some(SCHEDULE),
            stream_grace: STREAM_GRACE,
            clock: Clock::system(),
            dynamodb_listen: None,
            metrics: None,
            hosts: Vec::new(),
            trusted_proxies: TrustedProxies::default(),
        }
    }

    /// The address at which clients reach a gateway that listens on `address`.
    pub(crate) fn reached_at(&self, address: SocketAddr) -> String {
        let given = self.public_url.first().map(ToOwned::to_owned);
        given.unwrap_or_else(|| format!("http://{address}"))
    }

    /// All addresses at which clients reach it; of one on loopback the usual name too.
    pub(crate) fn addresses(&self, address: SocketAddr) -> PublicAddresses {
        if self.public_url.first().is_some() {
            return self.public_url.clone();
        }
        let own = PublicAddresses::default().and(format!("http://{address}"));
        if address.ip().is_loopback() {
            own.and(format!("http://localhost:{}", address.port()))
        } else {
            own
        }
    }

    /// The administrator that the options name.
    pub(crate) fn first_admin(&self) -> FirstAdmin {
        FirstAdmin {
            email: self.admin_email.clone(),
            password: self.admin_password.clone(),
        }
    }
}

/// One worker for each core that this process may use.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
