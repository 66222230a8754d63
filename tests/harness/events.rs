//! The events of `events/`: what API Gateway and the scheduler send to the functions, one file a case.

use std::fs;

use serde_json::Value;

use crate::workspace;

/// All events in an order in which each can succeed, and the status that it gets.
pub const STORY: &[(&str, u16)] = &[
    ("auth/login", 200),
    ("auth/options", 200),
    ("admin/show_settings", 200),
    ("auth/register", 201),
    ("admin/update_settings", 200),
    ("auth/refresh", 200),
    ("auth/show_profile", 200),
    ("auth/update_profile", 200),
    ("admin/list_users", 200),
    ("admin/create_policy", 201),
    ("admin/list_policies", 200),
    ("admin/show_policy", 200),
    ("admin/show_policy_shadow", 200),
    ("admin/update_policy", 200),
    ("admin/delete_policy", 200),
    ("admin/create_user", 201),
    ("admin/show_user", 200),
    ("admin/update_user", 200),
    ("admin/delete_user", 200),
    ("admin/import_users", 200),
    ("admin/create_model", 201),
    ("admin/list_models", 200),
    ("admin/show_model", 200),
    ("admin/update_model", 200),
    ("admin/create_backend", 201),
    ("admin/list_backends", 200),
    ("admin/list_backends_of_model", 200),
    ("admin/show_backend", 200),
    ("admin/update_backend", 200),
    ("keys/create", 201),
    ("keys/list", 200),
    ("keys/show", 200),
    ("keys/create_session_key", 201),
    ("keys/list_models", 200),
    ("keys/show_quota", 200),
    ("admin/list_user_keys", 200),
    ("admin/update_user_key", 200),
    ("admin/show_user_quota", 200),
    ("admin/reset_user_quota", 200),
    ("admin/create_user_key", 201),
    ("admin/create_top_up", 201),
    ("admin/list_top_ups", 200),
    ("admin/list_alerts", 200),
    ("admin/show_price_catalogue", 200),
    ("admin/export", 200),
    ("admin/import", 200),
    ("admin/delete_top_up", 200),
    ("admin/bulk_update_users", 200),
    ("admin/create_service_account", 201),
    ("admin/create_workload", 201),
    ("admin/list_workloads", 200),
    ("admin/show_workload", 200),
    ("admin/update_workload", 200),
    ("auth/workload_token", 400),
    ("admin/delete_workload", 200),
    // Sign-ins are off.
    ("auth/token", 404),
    ("auth/authorization_server", 404),
    ("auth/opencode", 404),
    ("auth/authorize", 404),
    ("auth/sign_in_style", 200),
    ("auth/decide", 404),
    ("auth/revoke", 404),
    ("auth/authorize_device", 404),
    ("auth/device_form", 404),
    ("auth/submit_device", 404),
    ("keys/list_sign_ins", 200),
    ("keys/show_sign_in", 404),
    ("keys/end_sign_in", 404),
    ("admin/list_sign_ins", 200),
    ("admin/show_sign_in", 404),
    ("admin/end_sign_in", 404),
    ("admin/end_user_sign_ins", 200),
    ("admin/create_department", 201),
    ("admin/list_departments", 200),
    ("admin/show_department", 200),
    ("admin/update_department", 200),
    ("admin/show_budget", 200),
    ("admin/delete_department", 200),
    ("admin/show_organisation", 200),
    ("admin/update_organisation", 200),
    ("console/redirect", 308),
    ("console/page", 200),
    ("console/file", 200),
    ("proxy/root", 200),
    ("proxy/health", 200),
    ("proxy/list_models", 200),
    ("proxy/find_model", 200),
    ("proxy/show_quota", 200),
    ("proxy/chat", 200),
    ("proxy/chat_stream", 200),
    ("proxy/messages", 200),
    ("proxy/messages_stream", 200),
    ("proxy/responses", 200),
    ("proxy/responses_stream", 200),
    ("proxy/responses_input_tokens", 200),
    ("proxy/responses_compact", 200),
    ("proxy/responses_upgrade", 426),
    ("proxy/show_response", 404),
    ("proxy/list_input_items", 404),
    ("proxy/cancel_response", 404),
    ("proxy/delete_response", 404),
    ("proxy/count_tokens", 200),
    ("proxy/embeddings", 200),
    ("proxy/completions", 200),
    ("proxy/fim_completions", 200),
    ("proxy/rerank", 200),
    ("proxy/rerank_v2", 200),
    ("proxy/rerank_root", 200),
    ("admin/check_backend", 200),
    ("admin/try_backend", 200),
    ("admin/list_presets", 200),
    ("admin/list_backend_settings", 200),
    ("keys/usage", 200),
    ("keys/logs", 200),
    ("admin/overview", 200),
    ("admin/usage", 200),
    ("admin/logs", 200),
    ("admin/delete_backend", 200),
    ("admin/delete_model", 200),
    ("auth/setup", 401),
    ("auth/sso_login", 403),
    ("auth/sso_callback", 403),
    ("auth/sso_token", 403),
    ("admin/sso_status", 200),
    ("admin/sso_config", 200),
    ("admin/sso_test", 200),
    ("admin/list_audit", 200),
    ("keys/update", 200),
    ("keys/delete", 200),
    ("admin/delete_user_key", 404),
    ("auth/change_password", 200),
    ("auth/logout", 200),
];

/// What later events need of an answer: event, field of `data`, placeholder.
pub const LEARNED: &[(&str, &str, &str)] = &[
    ("auth/login", "token", "TOKEN"),
    ("auth/refresh", "token", "TOKEN"),
    ("auth/change_password", "token", "TOKEN"),
    ("auth/show_profile", "id", "ADMIN_ID"),
    ("admin/create_user", "id", "USER_ID"),
    ("admin/create_service_account", "id", "SERVICE_ID"),
    ("keys/create", "id", "KEY_ID"),
    ("admin/create_top_up", "id", "TOP_UP_ID"),
    ("keys/create", "key", "API_KEY"),
];

/// One file of `events/`.
#[derive(Clone, Debug)]
pub struct Event {
    /// The folder: the function that gets it.
    pub function: String,
    /// The file's name without its extension.
    pub name: String,
    text: String,
}

impl Event {
    /// The event called `function/name`.
    pub fn named(path: &str) -> Self {
        let (function, name) = path.split_once('/').expect("an event's name is function/name");
        let file = workspace().join("events").join(format!("{path}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self {
            function: function.to_owned(),
            name: name.to_owned(),
            text,
        }
    }

    /// All events, in the order of their names.
    pub fn all() -> Vec<Self> {
        let mut names = Vec::new();
        for folder in fs::read_dir(workspace().join("events"))
            .unwrap()
            .map(|folder| folder.unwrap().path())
        {
            for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
                let name = |path: &std::path::Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
                names.push(format!("{}/{}", name(&folder), name(&file)));
            }
        }
        names.sort();
        names.iter().map(|name| Self::named(name)).collect()
    }

    /// The event as it stands in its file.
    pub fn unfilled(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The event with each `{{NAME}}` replaced by its value.
    pub fn filled(&self, values: &[(&str, &str)]) -> Value {
        let text = values.iter().fold(self.text.clone(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        });
        assert!(
            !text.contains("{{"),
            "{}/{} needs a value that is not there: {text}",
            self.function,
            self.name
        );
        serde_json::from_str(&text).unwrap()
    }
}
