//! `--demo`: a gateway with people, models and a month of traffic, to look around in. Everything is made through the
//! calls of the store, with times of the past; a script answers in place of the models.

mod dice;
mod people;
mod records;
mod server;
mod story;
mod traffic;
mod trail;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use auth::bootstrap::{self, Bootstrap};
use domain::clock::Clock;
use domain::models::RequestId;
use domain::models::user::User;
use domain::secret::Secret;
use jiff::{Timestamp, ToSpan as _};
use service::config::Environment;
use service::hasher::Hasher;
use service::http::extract::Actor;
use service::http::origin::Origin;
use service::resources::Resources;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config_file;
use crate::demo_error::DemoError;
use crate::functions::Functions;
use crate::home::{Home, Storage};
use crate::options::Options;
use crate::start_error::StartError;
use dice::Dice;
use records::Scribe;
use trail::address_of;

/// The days since the demo's gateway was installed.
const INSTALLED: i64 = 35;
/// The seed of its traffic.
const SEED: u64 = 20;
/// People who can be signed in as, besides the administrator.
const GUESTS: [&str; 2] = ["chen.jun@example.com", "lin.wei@example.com"];

/// A demo that has been made.
#[derive(Debug)]
pub(crate) struct Demo {
    server: TcpListener,
    access: Access,
}

/// How people look around in a demo.
#[derive(Clone, Debug)]
pub struct Access {
    /// Addresses of an administrator, a manager and a user.
    pub accounts: Vec<String>,
    /// The password of them all.
    pub password: Secret,
    /// The folder that has the data, if it is to stay.
    pub folder: Option<PathBuf>,
}

/// Refuses a place that may have the data of somebody.
pub(crate) fn check(options: &Options) -> Result<(), StartError> {
    match &options.storage {
        Storage::Folder(folder) if options.demo && !is_empty(folder) => Err(DemoError::NotEmpty(folder.clone()).into()),
        Storage::Cloud(_) if options.demo => Err(DemoError::NotHere.into()),
        _ => Ok(()),
    }
}

/// True also of a folder that is not there yet. What cannot be read is refused where it is opened.
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

impl Demo {
    /// Fills the empty `home` of a gateway at `address`.
    pub(crate) async fn make(home: &Home, options: &Options, address: SocketAddr) -> Result<Option<Self>, StartError> {
        if !options.demo {
            return Ok(None);
        }
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let place = format!("http://{}", server.local_addr()?);
        let now = options.clock.now();
        let past = home.resources(Clock::fixed(now - (INSTALLED * 24).hours())).await?;
        let password = first_admin(&past, options).await?;
        let admin = past.store.user_by_email(&options.admin_email).await?;
        let admin = admin.ok_or(DemoError::Refused("the administrator"))?;
        let functions = Functions::new(&past, options, address)?;
        configure(&functions.admin, &admin, &place).await?;
        fill(&past, &admin, &password, now).await?;
        let accounts = [options.admin_email.as_str()].into_iter().chain(GUESTS);
        let access = Access {
            accounts: accounts.map(ToOwned::to_owned).collect(),
            password,
            folder: match &options.storage {
                Storage::Folder(folder) => Some(folder.clone()),
                Storage::Memory | Storage::Cloud(_) => None,
            },
        };
        Ok(Some(Self { server, access }))
    }

    /// Lets the models answer until `stop`.
    pub(crate) fn begin(self, tasks: &TaskTracker, stop: &CancellationToken) -> Access {
        tasks.spawn(server::serve(self.server, stop.clone()));
        self.access
    }
}

/// Makes the administrator, and tells the password.
async fn first_admin(past: &Resources, options: &Options) -> Result<Secret, StartError> {
    let made = bootstrap::run(past, options.first_admin(), options.passwords).await?;
    let generated = match made {
        Bootstrap::Created { generated_password } => generated_password,
        Bootstrap::AlreadyDone => None,
    };
    let password = generated.or_else(|| options.admin_password.clone());
    Ok(password.ok_or(DemoError::Refused("the administrator"))?)
}

/// The variables of the demo's configuration.
struct Place<'a>(&'a str);

impl Environment for Place<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (name == "SERVER").then(|| self.0.to_owned())
    }
}

/// Applies the configuration as if it were a file of `--config`.
async fn configure(app: &admin::App, admin: &User, place: &str) -> Result<(), DemoError> {
    let refused = |why: String| DemoError::Configuration(why);
    let document = config_file::parse(include_str!("gateway.yaml"), &Place(place));
    let document = document.map_err(|mistake| refused(mistake.to_string()))?;
    let actor = Actor {
        origin: Origin {
            request_id: RequestId::generate(),
            address: Some(address_of(admin)),
        },
        user: admin.clone().into(),
    };
    let report = admin::import(app, &actor, document.to_string().as_bytes(), false).await;
    let report = report.map_err(|error| refused(error.message().to_owned()))?;
    config_file::problem(&report).map_or(Ok(()), |why| Err(refused(why)))
}

/// Makes the people and all that they have done until `now`.
async fn fill(past: &Resources, admin: &User, password: &Secret, now: Timestamp) -> Result<(), DemoError> {
    let store = &past.store;
    let hash = Hasher::new().hash(password.clone()).await?;
    let people = people::make(store, admin, &hash, now).await?;
    let catalog = store.catalog().await?;
    let mut records = traffic::month(&mut Scribe::new(&catalog, Dice::new(SEED)), &people, now);
    traffic::refuse(store, &people, &records).await?;
    let mut last = BTreeMap::new();
    for record in &records {
        last.insert(record.request.user.clone(), record.clone());
    }
    records.retain(|record| last.get(&record.request.user).is_none_or(|last| last.id != record.id));
    traffic::store(store, records, now).await?;
    traffic::meter(store, &people, last.into_values().collect()).await?;
    story::turn_backends(store, &catalog, now).await?;
    story::sign_in(store, &people, now).await?;
    story::change(store, admin, &people, now).await
}
