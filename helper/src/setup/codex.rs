//! Codex: a provider with `gateway_oauth`, by which it signs its person in and refreshes by itself.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use super::draft::{Draft, read};
use crate::error::HelperError;
use crate::gateway::GatewayUrl;
use crate::metadata::Metadata;

const FILE: &str = "config.toml";
const PROVIDER: &str = "tidegate";

/// The configuration below `folder`, with the gateway as the provider.
pub(super) fn draft(folder: &Path, gateway: &GatewayUrl, metadata: &Metadata) -> Result<Draft, HelperError> {
    let path = folder.join(FILE);
    let wrong = |reason: &str| HelperError::Content {
        path: path.clone(),
        reason: reason.to_owned(),
    };
    let mut config: DocumentMut = read(&path)?.parse().map_err(|_| wrong("it is no TOML"))?;
    let mut shown = DocumentMut::new();
    for document in [&mut config, &mut shown] {
        change(document, gateway, metadata).ok_or_else(|| wrong("model_providers is no table"))?;
    }
    Ok(Draft {
        shown: shown.to_string(),
        content: config.to_string(),
        path,
    })
}

fn change(config: &mut DocumentMut, gateway: &GatewayUrl, metadata: &Metadata) -> Option<()> {
    config["model_provider"] = value(PROVIDER);
    let mut oauth = Table::new();
    oauth["authorization_url"] = value(&metadata.authorization_endpoint);
    oauth["device_authorization_url"] = value(&metadata.device_authorization_endpoint);
    oauth["token_url"] = value(&metadata.token_endpoint);
    oauth["client_id"] = value("codex");
    let mut provider = Table::new();
    provider["name"] = value(PROVIDER);
    provider["base_url"] = value(gateway.at("/v1"));
    provider["wire_api"] = value("responses");
    provider["gateway_oauth"] = Item::Table(oauth);
    let providers = config.entry("model_providers").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    providers.as_table_mut()?.insert(PROVIDER, Item::Table(provider));
    Some(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_configuration_of_ones_own_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let gateway: GatewayUrl = "https://gateway.example".parse().unwrap();
        let endpoint = |name: &str| gateway.at(&format!("/oauth/{name}"));
        let metadata = Metadata {
            issuer: gateway.to_string(),
            authorization_endpoint: endpoint("authorize"),
            token_endpoint: endpoint("token"),
            device_authorization_endpoint: endpoint("device_authorization"),
            revocation_endpoint: endpoint("revoke"),
        };
        let written = || draft(folder.path(), &gateway, &metadata).unwrap().content;
        let new = written();
        assert!(
            new.starts_with("model_provider = \"tidegate\"\n\n[model_providers.tidegate]\n"),
            "{new}"
        );
        assert!(
            new.contains("[model_providers.tidegate.gateway_oauth]\nauthorization_url = "),
            "{new}"
        );
        let own = "# mine\nmodel = 'm' # this one\n\n[model_providers.other]\nname = \"other\"\n";
        fs::write(folder.path().join(FILE), own).unwrap();
        let changed = written();
        assert!(
            changed.starts_with("# mine\nmodel = 'm' # this one\nmodel_provider = \"tidegate\"\n"),
            "{changed}"
        );
        assert!(
            changed.contains("[model_providers.other]\nname = \"other\"\n"),
            "{changed}"
        );
        fs::write(folder.path().join(FILE), &changed).unwrap();
        assert_eq!(written(), changed, "a second time changes nothing");
        fs::write(folder.path().join(FILE), "= nonsense").unwrap();
        assert!(draft(folder.path(), &gateway, &metadata).is_err());
    }
}
