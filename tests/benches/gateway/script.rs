//! The streams of the backend in each dialect: a frame that opens, the same fragment again and again, and the end.

#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    first: &'static str,
    fragment: &'static str,
    last: &'static str,
}

impl Script {
    /// So many frames.
    pub(crate) fn frames(self, count: usize) -> impl Iterator<Item = &'static str> + Send {
        let fragments = std::iter::repeat_n(self.fragment, count - 2);
        std::iter::once(self.first).chain(fragments).chain([self.last])
    }
}

/// The script of the dialect that is spoken at `path`.
pub(crate) fn of(path: &str) -> Script {
    match path {
        "/v1/messages" => MESSAGES,
        "/v1/responses" => RESPONSES,
        _ => CHAT,
    }
}

const CHAT: Script = Script {
    first: FRAGMENT,
    fragment: FRAGMENT,
    last: "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"burst\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
};
const FRAGMENT: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"burst\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"The quick brown fox jumps over a dog. \"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";

const MESSAGES: Script = Script {
    first: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"burst\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    fragment: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"The quick brown fox jumps over a dog. \"}}\n\n",
    last: "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":30}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
};

const RESPONSES: Script = Script {
    first: "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1790000000,\"status\":\"in_progress\",\"model\":\"burst\",\"output\":[],\"usage\":null}}\n\nevent: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}}\n\nevent: response.content_part.added\ndata: {\"type\":\"response.content_part.added\",\"sequence_number\":2,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}\n\n",
    fragment: "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":3,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"The quick brown fox jumps over a dog. \",\"logprobs\":[]}\n\n",
    last: "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":4,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1790000000,\"status\":\"completed\",\"model\":\"burst\",\"output\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":30,\"total_tokens\":40}}}\n\n",
};
