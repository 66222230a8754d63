//! `tidegate login`: one program in, at one gateway.

use domain::access::sign_in::ClientId;
use domain::clock::Clock;

use crate::browser::Browser;
use crate::error::HelperError;
use crate::gateway::GatewayUrl;
use crate::grants::Tokens;
use crate::http::Http;
use crate::kept::{Folder, Kept};
use crate::metadata::Metadata;
use crate::{code_flow, device_flow, terminal};

/// The way in which a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    BrowserIfAny,
    Device,
}

/// Signs in, and keeps the sign-in instead of one before.
pub(crate) async fn run(
    http: &Http,
    folder: &Folder,
    gateway: &GatewayUrl,
    client: ClientId,
    way: Way,
) -> Result<(), HelperError> {
    let metadata = Metadata::of(http, gateway).await?;
    let browser = Browser::find().filter(|_| way == Way::BrowserIfAny);
    let tokens: Tokens = match browser {
        Some(browser) => code_flow::run(http, &metadata, client, &browser).await?,
        None => device_flow::run(http, &metadata, client).await?,
    };
    // The time of the answer: minutes have gone by since the beginning.
    let obtained_at = Clock::system().now();
    let kept = Kept {
        gateway: gateway.clone(),
        client,
        expires_at: tokens.expire_at(obtained_at),
        token_endpoint: metadata.token_endpoint,
        revocation_endpoint: metadata.revocation_endpoint,
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        obtained_at,
        handed_at: None,
    };
    let locked = folder.lock()?;
    let mut sign_ins = locked.read()?;
    sign_ins.add(kept);
    locked.write(&sign_ins)?;
    terminal::tell_signed_in(gateway);
    Ok(())
}
