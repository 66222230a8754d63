//! For any history that says nothing a chat backend cannot be told: the chat request passes a strict validator,
//! and ids, names, arguments, texts and reasoning arrive as they were.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod history;
mod validator;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use translators::messages::passthrough::without_own_thinking;
use translators::messages::to_chat;
use translators::messages::wire::request::MessagesBody;
use translators::model::ModelFacts;
use translators::settings::{
    BackendOverrides, BackendSettings, InlineSystem, Preset, ReasoningReplay, TextParts, ToolResultMedia,
};
use translators::translated::TranslatedRequest;

use history::{History, histories};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn or4_or5_or6_the_chat_request_passes_a_strict_validator(history in histories(), backend in backends()) {
        let (_, chat) = translated(&history, &backend);
        validator::check(&chat, &backend)?;
    }

    #[test]
    fn p4_ids_names_and_arguments_arrive_as_they_were(history in histories(), backend in backends()) {
        let (call, chat) = translated(&history, &backend);
        let sent: Vec<_> = assistant_messages(&chat).flat_map(|message| list(&message["tool_calls"])).collect();
        prop_assert_eq!(sent.len(), history.calls.len());
        for (sent, made) in sent.iter().zip(&history.calls) {
            prop_assert_eq!(sent["id"].as_str().unwrap(), &made.backend_id);
            let name = sent["function"]["name"].as_str().unwrap();
            prop_assert_eq!(call.context.names.to_client(name), made.name.as_str());
            let arguments: Value = serde_json::from_str(sent["function"]["arguments"].as_str().unwrap()).unwrap();
            prop_assert_eq!(&arguments, &made.input);
        }
    }

    #[test]
    fn th1_reasoning_arrives_as_it_was(history in histories(), required in any::<bool>()) {
        let backend = BackendSettings { reasoning_replay_required: required, ..BackendSettings::default() };
        let (_, chat) = translated(&history, &backend);
        let sent = assistant_messages(&chat).filter_map(|message| message.get("reasoning_content"));
        let sent: Vec<_> = sent.map(|text| text.as_str().unwrap()).filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(sent.join("\n"), history.thinking.join("\n"));
    }

    #[test]
    fn p6_every_text_arrives_unaltered_and_in_order(history in histories(), backend in backends()) {
        let (_, chat) = translated(&history, &backend);
        let prompt: String = list(&chat["messages"]).iter().map(|message| text_of(&message["content"])).collect();
        let mut rest = prompt.as_str();
        for text in &history.texts {
            let at = rest.find(text.as_str());
            prop_assert!(at.is_some(), "{text:?} is not in {rest:?}");
            rest = &rest[at.unwrap() + text.len()..];
        }
    }

    #[test]
    fn p4_the_same_request_gives_the_same_bytes(history in histories(), backend in backends()) {
        let (first, _) = translated(&history, &backend);
        let (second, _) = translated(&history, &backend);
        prop_assert_eq!(first.body, second.body);
    }

    #[test]
    fn th4_only_own_thinking_leaves_a_native_request(history in histories()) {
        let body = history.body();
        let stripped = without_own_thinking(&body).unwrap();
        let (before, after): (Value, Value) = (parse(&body), parse(&stripped));
        prop_assert!(!after["messages"].to_string().contains("gw1."));
        let kept = |body: &Value| -> Vec<Value> {
            let blocks = list(&body["messages"]).iter().flat_map(|message| list(&message["content"]));
            blocks.filter(|block| block["type"] != "thinking").cloned().collect()
        };
        prop_assert_eq!(kept(&before), kept(&after));
        prop_assert_eq!(&before["tools"], &after["tools"]);
    }

    #[test]
    fn no_body_makes_the_translation_panic(body in "[\\[\\]{}\",:a-z0-9 \\\\]{0,60}", cut in any::<prop::sample::Index>(), history in histories()) {
        let whole = history.body();
        for body in [body.as_bytes(), &whole[..cut.index(whole.len())]] {
            if let Ok(request) = MessagesBody::parse(body) {
                let _ = to_chat::translate(&request, &BackendSettings::default(), &ModelFacts::default());
            }
            let _ = without_own_thinking(body);
        }
    }
}

fn backends() -> impl Strategy<Value = BackendSettings> {
    let inline = select(vec![InlineSystem::Fold, InlineSystem::Inline]);
    let parts = select(vec![TextParts::String, TextParts::Array]);
    let media = select(vec![ToolResultMedia::UserMessage, ToolResultMedia::Inline]);
    let replay = select(vec![
        ReasoningReplay::ReasoningContent,
        ReasoningReplay::Reasoning,
        ReasoningReplay::None,
    ]);
    let preset = prop::option::of(select(Preset::ALL.to_vec()));
    (preset, inline, parts, media, replay, any::<bool>()).prop_map(|(preset, inline, parts, media, replay, merge)| {
        let overrides = BackendOverrides {
            inline_system: Some(inline),
            text_parts: Some(parts),
            tool_result_media: Some(media),
            reasoning_replay: Some(replay),
            merge_turns: Some(merge),
            ..BackendOverrides::default()
        };
        BackendSettings::resolve(preset, &overrides)
    })
}

fn translated(history: &History, backend: &BackendSettings) -> (TranslatedRequest, Value) {
    let body = history.body();
    let call = to_chat::translate(&MessagesBody::parse(&body).unwrap(), backend, &ModelFacts::default()).unwrap();
    let chat = parse(&call.body);
    (call, chat)
}

fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn assistant_messages(chat: &Value) -> impl Iterator<Item = &Value> {
    list(&chat["messages"])
        .iter()
        .filter(|message| message["role"] == "assistant")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return format!("{text}\n");
    }
    let texts = list(content).iter().filter_map(|part| part["text"].as_str());
    texts.fold(String::new(), |all, text| all + text + "\n")
}
