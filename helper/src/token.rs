//! `tidegate token` and `tidegate logout`: what becomes of a sign-in that is kept.

use domain::clock::Clock;
use jiff::Timestamp;

use crate::error::HelperError;
use crate::freshness::Freshness;
use crate::grants::{Answer, Tokens, redeem};
use crate::http::Http;
use crate::kept::{Folder, Kept};
use crate::terminal;
use crate::which::Which;

/// A token for a program that asked at `began`: the kept one, or a new one under the lock, so that of several processes
/// one refreshes.
pub(crate) async fn current(
    http: &Http,
    folder: &Folder,
    which: &Which,
    began: Timestamp,
) -> Result<String, HelperError> {
    let locked = folder.lock()?;
    let mut sign_ins = locked.read()?;
    let mut kept = sign_ins.find(which.gateway.as_ref(), which.client.into())?.clone();
    let now = Clock::system().now();
    let freshness = kept.times().judge(began, now);
    if freshness != Freshness::Good {
        match refreshed(http, &kept, now).await {
            Ok(Some(new)) => kept = new,
            Ok(None) => {
                sign_ins.remove(&kept);
                locked.write(&sign_ins)?;
                return Err(HelperError::Ended {
                    gateway: kept.gateway.to_string(),
                    login: kept.login(),
                });
            }
            // A gateway that is away for a moment has not refused what is left of the token.
            Err(_) if freshness == Freshness::Ending && now < kept.expires_at => {}
            Err(error) => return Err(error),
        }
    }
    kept.handed_at = Some(Clock::system().now());
    let token = kept.access_token.clone();
    sign_ins.replace(kept);
    locked.write(&sign_ins)?;
    Ok(token)
}

/// The sign-in with a new token; `None` when it has ended.
async fn refreshed(http: &Http, kept: &Kept, now: Timestamp) -> Result<Option<Kept>, HelperError> {
    let Some(refresh_token) = &kept.refresh_token else {
        // What cannot be refreshed is handed out until its end.
        return Ok((now < kept.expires_at).then(|| kept.clone()));
    };
    let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    match redeem(http, &kept.token_endpoint, kept.client, &grant).await? {
        Answer::Tokens(tokens) => Ok(Some(with(kept, tokens))),
        Answer::Refused(_) => Ok(None),
    }
}

fn with(kept: &Kept, tokens: Tokens) -> Kept {
    let obtained_at = Clock::system().now();
    Kept {
        expires_at: tokens.expire_at(obtained_at),
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token.or_else(|| kept.refresh_token.clone()),
        obtained_at,
        handed_at: None,
        ..kept.clone()
    }
}

/// Ends the sign-in at the gateway (RFC 7009), and forgets it in any case.
pub(crate) async fn end(http: &Http, folder: &Folder, which: &Which) -> Result<(), HelperError> {
    let locked = folder.lock()?;
    let mut sign_ins = locked.read()?;
    let kept = sign_ins.find(which.gateway.as_ref(), which.client.into())?.clone();
    let token = kept.refresh_token.as_ref().unwrap_or(&kept.access_token);
    let form = [("token", token.as_str()), ("client_id", kept.client.as_str())];
    let revoked = http.post(&kept.revocation_endpoint, &form).await;
    sign_ins.remove(&kept);
    locked.write(&sign_ins)?;
    let (status, _) = revoked?;
    if status.is_success() {
        terminal::tell_signed_out(&kept.gateway);
        Ok(())
    } else {
        Err(HelperError::Refused {
            gateway: kept.gateway.to_string(),
            status: status.as_u16(),
            reason: "the sign-in is forgotten here, and lives on there until its end".to_owned(),
        })
    }
}
