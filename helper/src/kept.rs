//! Sign-ins on disk: a file that its owner alone may read, and a lock for the processes that refresh it.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use domain::access::sign_in::ClientId;
use etcetera::BaseStrategy as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::HelperError;
use crate::freshness::Times;
use crate::gateway::GatewayUrl;

const FILE: &str = "sign-ins.json";
const LOCK: &str = "lock";

/// A sign-in of one program at one gateway.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) gateway: GatewayUrl,
    pub(crate) client: ClientId,
    pub(crate) token_endpoint: String,
    pub(crate) revocation_endpoint: String,
    pub(crate) access_token: String,
    /// Absent where the client cannot refresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    pub(crate) obtained_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) handed_at: Option<Timestamp>,
}

impl Kept {
    pub(crate) fn times(&self) -> Times {
        Times {
            obtained: self.obtained_at,
            expires: self.expires_at,
            handed: self.handed_at,
        }
    }

    /// The command that signs in anew.
    pub(crate) fn login(&self) -> String {
        login(&self.gateway, self.client)
    }
}

/// The command that signs a program in.
pub(crate) fn login(gateway: &GatewayUrl, client: ClientId) -> String {
    match client {
        ClientId::Tidegate => format!("tidegate login {gateway}"),
        client => format!("tidegate login --client {} {gateway}", client.as_str()),
    }
}

/// Without its tokens.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kept = f.debug_struct("Kept");
        kept.field("gateway", &self.gateway)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// All sign-ins of this person on this computer, the newest last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SignIns {
    sign_ins: Vec<Kept>,
}

impl SignIns {
    /// The sign-in of `client` at `gateway`, or at that of the last login.
    pub(crate) fn find(&self, gateway: Option<&GatewayUrl>, client: ClientId) -> Result<&Kept, HelperError> {
        let fits = |kept: &&Kept| kept.client == client && gateway.is_none_or(|gateway| kept.gateway == *gateway);
        self.sign_ins.iter().rev().find(fits).ok_or_else(|| match gateway {
            Some(gateway) => HelperError::NotSignedIn {
                gateway: gateway.to_string(),
                login: login(gateway, client),
            },
            None => HelperError::SignedInNowhere,
        })
    }

    pub(crate) fn last_gateway(&self) -> Result<GatewayUrl, HelperError> {
        let last = self.sign_ins.last().ok_or(HelperError::SignedInNowhere)?;
        Ok(last.gateway.clone())
    }

    /// A sign-in that has changed, in its place.
    pub(crate) fn replace(&mut self, changed: Kept) {
        let place = self.sign_ins.iter_mut().find(|kept| is_same(kept, &changed));
        match place {
            Some(kept) => *kept = changed,
            None => self.sign_ins.push(changed),
        }
    }

    /// A new sign-in, instead of one before.
    pub(crate) fn add(&mut self, new: Kept) {
        self.remove(&new);
        self.sign_ins.push(new);
    }

    pub(crate) fn remove(&mut self, gone: &Kept) {
        self.sign_ins.retain(|kept| !is_same(kept, gone));
    }
}

fn is_same(one: &Kept, other: &Kept) -> bool {
    one.gateway == other.gateway && one.client == other.client
}

/// The file in which sign-ins are kept.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// The right to change what is kept; ends with the value.
pub(crate) struct Locked<'a> {
    folder: &'a Folder,
    _lock: File,
}

impl Folder {
    /// `tidegate` in the user's folder for configuration.
    pub(crate) fn of_user() -> Result<Self, HelperError> {
        let folders = etcetera::choose_base_strategy().map_err(|_| HelperError::NoFolder)?;
        Ok(Self(folders.config_dir().join("tidegate")))
    }

    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn read(&self) -> Result<SignIns, HelperError> {
        let path = self.0.join(FILE);
        match fs::read(&path) {
            Ok(json) => serde_json::from_slice(&json).map_err(|error| HelperError::Content {
                path,
                // The error's text can hold a part of what it has read.
                reason: format!("line {}", error.line()),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(SignIns::default()),
            Err(error) => Err(HelperError::file(path)(error)),
        }
    }

    /// Waits until no other process changes what is kept.
    pub(crate) fn lock(&self) -> Result<Locked<'_>, HelperError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        let closed = made.and_then(|()| fs::set_permissions(&self.0, Permissions::from_mode(0o700)));
        closed.map_err(HelperError::file(&self.0))?;
        let path = self.0.join(LOCK);
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let locked = lock.and_then(|lock| lock.lock().map(|()| lock));
        Ok(Locked {
            folder: self,
            _lock: locked.map_err(HelperError::file(path))?,
        })
    }
}

impl Locked<'_> {
    pub(crate) fn read(&self) -> Result<SignIns, HelperError> {
        self.folder.read()
    }

    /// Replaces the file as a whole, so that no reader finds half of it.
    pub(crate) fn write(&self, sign_ins: &SignIns) -> Result<(), HelperError> {
        let path = self.folder.0.join(FILE);
        let draft = self.folder.0.join(format!("{FILE}.new"));
        let json = serde_json::to_vec_pretty(sign_ins).unwrap_or_default();
        let written = || {
            let mut file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        written().map_err(HelperError::file(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(gateway: &str, client: ClientId, token: &str) -> Kept {
        Kept {
            gateway: gateway.parse().unwrap(),
            client,
            token_endpoint: format!("{gateway}/oauth/token"),
            revocation_endpoint: format!("{gateway}/oauth/revoke"),
            access_token: token.to_owned(),
            refresh_token: None,
            obtained_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            handed_at: None,
        }
    }

    #[test]
    fn p98_what_is_kept_is_its_owners_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path().join("config/tidegate"));
        let mut sign_ins = SignIns::default();
        sign_ins.add(kept("https://a.example", ClientId::Tidegate, "secret-token"));
        folder.lock().unwrap().write(&sign_ins).unwrap();
        let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.0), 0o700);
        for file in [FILE, LOCK] {
            assert_eq!(mode(&folder.0.join(file)), 0o600, "{file}");
        }
        fs::set_permissions(&folder.0, Permissions::from_mode(0o755)).unwrap();
        folder.lock().unwrap().write(&sign_ins).unwrap();
        assert_eq!(mode(&folder.0), 0o700, "one that was open is closed");
        let read = folder.read().unwrap();
        assert_eq!(
            read.find(None, ClientId::Tidegate).unwrap().access_token,
            "secret-token"
        );
        assert!(!format!("{read:?}").contains("secret-token"));
    }

    #[test]
    fn the_last_login_is_meant_where_no_gateway_is_named() {
        let mut sign_ins = SignIns::default();
        assert!(sign_ins.find(None, ClientId::Tidegate).is_err());
        sign_ins.add(kept("https://a.example", ClientId::Tidegate, "a"));
        sign_ins.add(kept("https://b.example", ClientId::Tidegate, "b"));
        sign_ins.add(kept("https://b.example", ClientId::Opencode, "o"));
        let token = |sign_ins: &SignIns, gateway: Option<&str>, client| {
            let gateway = gateway.map(|gateway| gateway.parse().unwrap());
            let found = sign_ins.find(gateway.as_ref(), client);
            found
                .map(|kept| kept.access_token.clone())
                .map_err(|error| error.to_string())
        };
        assert_eq!(token(&sign_ins, None, ClientId::Tidegate), Ok("b".into()));
        assert_eq!(
            token(&sign_ins, Some("https://a.example"), ClientId::Tidegate),
            Ok("a".into())
        );
        sign_ins.add(kept("https://a.example", ClientId::Tidegate, "a2"));
        assert_eq!(token(&sign_ins, None, ClientId::Tidegate), Ok("a2".into()));
        let advice = token(&sign_ins, Some("https://a.example"), ClientId::Opencode).unwrap_err();
        assert!(
            advice.contains("tidegate login --client opencode https://a.example"),
            "{advice}"
        );
        let gone = sign_ins.find(None, ClientId::Tidegate).unwrap().clone();
        sign_ins.remove(&gone);
        assert_eq!(token(&sign_ins, None, ClientId::Tidegate), Ok("b".into()));
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_told_without_its_content() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(FILE), r#"{"sign_ins": ["canary"]}"#).unwrap();
        let error = Folder::at(root.path().to_owned()).read().unwrap_err().to_string();
        assert!(error.contains(FILE) && !error.contains("canary"), "{error}");
    }
}
