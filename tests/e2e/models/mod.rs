//! The list of models: what its entries say, the names that a model has in it, and Codex' own form of it.

use harness::Gateway;
use harness::client::{Client, data, pick, refusal};
use harness::provider::Provider;
use serde_json::{Value, json};

const MODEL: &str = "/api/v1/admin/models/qwen";
const CATALOG: &str = "/v1/models?client_version=0.171.0";

/// Members of Codex' type that have no default there, and those of ours that it reads.
const CODEX_MEMBERS: [&str; 18] = [
    "slug",
    "display_name",
    "description",
    "supported_reasoning_levels",
    "shell_type",
    "visibility",
    "supported_in_api",
    "priority",
    "base_instructions",
    "supports_reasoning_summaries",
    "support_verbosity",
    "default_verbosity",
    "apply_patch_tool_type",
    "truncation_policy",
    "supports_parallel_tool_calls",
    "input_modalities",
    "experimental_supported_tools",
    "prefer_websockets",
];

/// A gateway with the model `qwen`, of which nothing is known, and a program that may use it.
async fn bench() -> (Gateway, Client) {
    let gateway = Gateway::start().await.with_model("qwen", &Provider::start()).await;
    let program = gateway.program().await;
    (gateway, program)
}

async fn get(program: &Client, path: &str) -> Value {
    let response = program.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

fn ids<'a>(list: &'a Value, member: &str, id: &str) -> Vec<&'a str> {
    let entries = list[member].as_array().unwrap().iter();
    entries.map(|entry| entry[id].as_str().unwrap()).collect()
}

#[tokio::test]
async fn ml1_of_an_unknown_model_only_its_name_and_age_are_told() {
    let (_gateway, program) = bench().await;
    let unknown = get(&program, "/v1/models/qwen").await;
    let members: Vec<&str> = unknown.as_object().unwrap().keys().map(String::as_str).collect();
    let mut always = [
        "id",
        "type",
        "object",
        "display_name",
        "name",
        "created_at",
        "created",
        "owned_by",
        "lifecycle",
    ];
    always.sort_unstable();
    assert_eq!(members, always);
}

#[tokio::test]
async fn ml1_what_is_known_of_a_model_is_told() {
    let (gateway, program) = bench().await;
    let known = json!({
        "description": "A model", "kinds": ["chat"], "context_window": 131_072, "max_output_tokens": 32_768,
        "input_price": 0.2, "cached_input_price": 0.02, "output_price": 0.6, "input_modalities": ["text", "image"],
    });
    gateway.admin().change(MODEL, &known).await;
    let shown = get(&program, "/v1/models").await["data"][0].take();
    let expected = json!({
        "max_input_tokens": 131_072,
        "context_length": 131_072,
        "max_model_len": 131_072,
        "max_tokens": 32_768,
        "max_output_length": 32_768,
        "pricing": {"prompt": "0.0000002", "completion": "0.0000006", "input_cache_read": "0.00000002"},
        "top_provider": {"context_length": 131_072, "max_completion_tokens": 32_768, "is_moderated": false},
        "architecture": {
            "modality": "text+image->text", "input_modalities": ["text", "image"], "output_modalities": ["text"],
        },
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
        "description": "A model",
        "kinds": ["chat"],
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[member], value, "{member}");
    }
    assert_eq!(
        get(&program, "/v1/models/qwen").await,
        shown,
        "the entry alone is the same"
    );
}

#[tokio::test]
async fn ml1_a_price_alone_and_a_limit_alone_are_told_alone() {
    let (gateway, program) = bench().await;
    gateway
        .admin()
        .change(MODEL, &json!({"output_price": 2, "context_window": 1000}))
        .await;
    let shown = get(&program, "/v1/models/qwen").await;
    assert_eq!(shown["pricing"], json!({"completion": "0.000002"}));
    assert_eq!(
        shown["top_provider"],
        json!({"context_length": 1000, "is_moderated": false})
    );
    assert_eq!(shown.get("max_tokens"), None);
}

#[tokio::test]
async fn ml2_exact_aliases_are_entries_and_globs_are_answered() {
    let (gateway, program) = bench().await;
    gateway.admin().create_model("kimi", &Provider::start()).await;
    let aliases = json!({"aliases": ["claude-qwen", "gpt-*", "z"]});
    gateway.admin().change(MODEL, &aliases).await;
    let list = get(&program, "/v1/models").await;
    assert_eq!(ids(&list, "data", "id"), ["claude-qwen", "kimi", "qwen", "z"]);
    let names = ["id", "root", "canonical_slug", "display_name"];
    assert_eq!(
        pick(&list["data"][0], names),
        json!(["claude-qwen", "qwen", "qwen", "claude-qwen"])
    );
    assert_eq!(list["data"][2].get("root"), None, "the model itself is nobody's alias");
    for name in ["claude-qwen", "gpt-5"] {
        let shown = get(&program, &format!("/v1/models/{name}")).await;
        assert_eq!(pick(&shown, ["id", "root"]), json!([name, "qwen"]));
    }
    gateway
        .admin()
        .create_policy("small", &json!({"models": ["kimi"]}))
        .await;
    let other = gateway.admin().create_program_under("small").await;
    assert_eq!(ids(&get(&other, "/v1/models").await, "data", "id"), ["kimi"]);
    for name in ["claude-qwen", "gpt-5"] {
        assert_eq!(
            refusal(other.get(&format!("/v1/models/{name}")), 404).await,
            "model_not_found"
        );
    }
}

fn level(effort: &str) -> Value {
    json!({"effort": effort, "description": effort})
}

#[tokio::test]
async fn ml3_codex_gets_a_catalog_with_all_that_it_needs() {
    let (gateway, program) = bench().await;
    let admin = gateway.admin();
    admin.create_model("bge", &Provider::start()).await;
    admin
        .change("/api/v1/admin/models/bge", &json!({"kinds": ["embedding"]}))
        .await;
    admin
        .change(MODEL, &json!({"aliases": ["claude-qwen"], "context_window": 131_072}))
        .await;
    assert_eq!(get(&program, "/v1/models").await.get("models"), None);
    let list = get(&program, CATALOG).await;
    assert_eq!(ids(&list, "data", "id"), ["bge", "claude-qwen", "qwen"]);
    assert_eq!(
        ids(&list, "models", "slug"),
        ["qwen"],
        "neither an alias nor what is not for chat"
    );
    let model = &list["models"][0];
    let missing: Vec<&str> = CODEX_MEMBERS
        .into_iter()
        .filter(|member| model.get(member).is_none())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(
        model["supported_reasoning_levels"],
        json!([level("low"), level("medium"), level("high")])
    );
    assert_eq!(
        pick(
            model,
            ["priority", "context_window", "input_modalities", "truncation_policy"]
        ),
        json!([1, 131_072, ["text", "image"], {"mode": "tokens", "limit": 10_000}])
    );
}

#[tokio::test]
async fn ml3_codex_is_told_only_what_it_knows() {
    let (gateway, program) = bench().await;
    let said = json!({"reasoning_efforts": ["low", "max", "xhigh"], "input_modalities": ["text", "audio"]});
    gateway.admin().change(MODEL, &said).await;
    let list = get(&program, CATALOG).await;
    let model = &list["models"][0];
    assert_eq!(
        model["supported_reasoning_levels"],
        json!([level("low"), level("xhigh")])
    );
    assert_eq!(model["input_modalities"], json!(["text"]));
}

#[tokio::test]
async fn ml3_without_a_model_for_it_the_catalog_is_empty() {
    let (gateway, program) = bench().await;
    gateway.admin().change(MODEL, &json!({"kinds": ["rerank"]})).await;
    let list = get(&program, CATALOG).await;
    assert_eq!(
        (&list["models"], list["data"].as_array().unwrap().len()),
        (&json!([]), 1)
    );
}

#[tokio::test]
async fn ml4_instructions_are_the_models_or_ours_and_never_empty() {
    let (gateway, program) = bench().await;
    let instructions = async || {
        let list = get(&program, CATALOG).await;
        list["models"][0]["base_instructions"].as_str().unwrap().to_owned()
    };
    let ours = instructions().await;
    assert!((1000..4096).contains(&ours.len()), "{}", ours.len());
    let said = json!({"agent_instructions": "Write Rust."});
    gateway.admin().change(MODEL, &said).await;
    assert_eq!(instructions().await, "Write Rust.");
    gateway
        .admin()
        .change(MODEL, &json!({"agent_instructions": " \n"}))
        .await;
    assert_eq!(instructions().await, ours);
}

#[tokio::test]
async fn ml5_pages_are_of_names_and_unknown_members_are_ignored() {
    let (gateway, program) = bench().await;
    gateway.admin().change(MODEL, &json!({"aliases": ["a", "z"]})).await;
    let all = get(&program, "/v1/models?limit=1000&beta=true&order=up").await;
    assert_eq!(
        (ids(&all, "data", "id"), &all["has_more"]),
        (vec!["a", "qwen", "z"], &json!(false))
    );
    let page = get(&program, "/v1/models?limit=1&after_id=a").await;
    assert_eq!(
        (ids(&page, "data", "id"), &page["has_more"]),
        (vec!["qwen"], &json!(true))
    );
    let page = get(&program, "/v1/models?limit=1&before_id=z").await;
    assert_eq!(
        pick(&page, ["first_id", "last_id", "has_more"]),
        json!(["qwen", "qwen", true])
    );
}

#[tokio::test]
async fn ml1_ml4_the_fields_of_a_model_are_judged_as_they_are_written() {
    let (gateway, _) = bench().await;
    let said = json!({"input_modalities": ["text", "file"], "reasoning_efforts": ["none"], "agent_instructions": "x"});
    gateway.admin().change(MODEL, &said).await;
    let model = data(gateway.admin().get(MODEL), 200).await;
    let fields = ["input_modalities", "reasoning_efforts", "agent_instructions"];
    assert_eq!(pick(&model, fields), json!([["text", "file"], ["none"], "x"]));
    for wrong in [
        json!({"input_modalities": ["smell"]}),
        json!({"reasoning_efforts": ["low", "low"]}),
        json!({"agent_instructions": "x".repeat(20_001)}),
    ] {
        let attempt = gateway.admin().put(MODEL).json(&wrong);
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{wrong}");
    }
    let cleared = json!({"input_modalities": null, "reasoning_efforts": null, "agent_instructions": null});
    let model = gateway.admin().change(MODEL, &cleared).await;
    assert_eq!(pick(&model, fields), json!([[], [], null]));
}
