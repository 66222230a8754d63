//! The table of oddities, in the order in which they are applied.

use super::{Aspect, Entry, Level, calls, cuts, ends, errors, events, members, saying, thinking, transport, usage};
use crate::protocol::Forms;

macro_rules! oddities {
    ($($name:ident $rule:literal $level:ident [$($aspect:ident)*] $forms:ident $apply:path, $about:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Oddity { $($name),* }

        impl Oddity {
            /// In the order in which they are applied.
            pub const ALL: &'static [Oddity] = &[$(Oddity::$name),*];

            pub(super) fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$name => &Entry {
                        name: stringify!($name),
                        rule: $rule,
                        level: Level::$level,
                        aspects: &[$(Aspect::$aspect),*],
                        forms: Forms::$forms,
                        apply: $apply,
                        about: $about,
                    },)*
                }
            }
        }
    };
}

impl Oddity {
    /// True for those that are applied before the truth is said.
    pub(crate) fn changes_the_truth(self) -> bool {
        self <= Oddity::FinishUnknown
    }
}

oddities! {
    // Before the truth is said.
    InvalidUtf8 "B5.3" Bytes [Text] ALL saying::invalid_utf8, "bytes within a text that are no UTF-8";
    LoneSurrogate "B5.3" Content [Text] ALL saying::lone_surrogate, "`\\ud83d` without its second half in a text";
    LargeEvent "B9.2" Bytes [Text Split] STREAMS saying::large_event, "an event of 200 KiB";
    ThinkingLate "B1.1" Content [Thinking] STREAMS saying::thinking_late, "thinking behind the text";
    ClosingThinkTag "B10.6" Content [Thinking Outcome] CHAT saying::closing_think_tag, "thinking in the text that only `</think>` ends";
    ArgumentsJunk "B3.1" Content [Arguments] ARGUMENT_TEXTS saying::arguments_junk, "bytes behind complete arguments";
    ArgumentsTwice "B3.1" Content [Arguments] ARGUMENT_TEXTS saying::arguments_twice, "complete arguments, and the same again behind them";
    ArgumentsEmptyFirst "B3.1" Content [Arguments] ARGUMENT_TEXTS saying::arguments_empty_first, "`{}` in front of the real arguments";
    ArgumentsSpaced "B3.1" Content [Arguments] ARGUMENT_TEXTS saying::arguments_spaced, "white space around arguments";
    ArgumentsNone "B3.1" Content [Arguments] ARGUMENT_TEXTS saying::arguments_none, "an empty text for a call without arguments";
    ArgumentsCut "B3.2" Content [Arguments FinishWord Finish Outcome] ARGUMENT_TEXTS saying::arguments_cut, "arguments that break off, beside any reason of the end";
    ArgumentsNoJson "B3.3" Content [Arguments] ARGUMENT_TEXTS saying::arguments_no_json, "arguments that cannot be an object: a Python dict, a list, words";
    IdsOfHistory "B2.5" Content [Ids] ALL saying::ids_of_history, "an id that a call of the conversation has already";
    IdsTwice "B2.5" Content [Ids Indices Names Shape Arguments] WHOLE saying::ids_twice, "two calls with one id";
    IdsOddCharacters "B2.5" Content [Ids] ALL saying::ids_odd_characters, "ids with dots, colons, blanks, or of 80 characters";
    FinishCutWord "B4.2" Content [FinishWord] CHAT saying::finish_cut_word, "`MAX_TOKENS`, `max_tokens`, `model_length` for `length`";
    FinishWrong "B4.3" Content [FinishWord] CHAT saying::finish_wrong, "`stop` with calls, `tool_calls` without";
    FinishUnknown "B4.3" Content [FinishWord] CHAT saying::finish_unknown, "a reason of the end that nobody knows";
    // Calls. Their indices are changed last, since they tell the pieces of one call from another's.
    ArgumentsAsObject "B3.1" Content [Arguments] CHAT calls::arguments_as_object, "arguments as an object instead of its text";
    IdsMissing "B2.3" Content [Ids Arguments] CHAT calls::ids_missing, "no id, an empty one or null, in no piece of a call";
    IdsNullLater "B2.1" Content [Ids] CHAT_STREAM calls::ids_null_later, "id, name and type null or empty in later pieces";
    IdsRepeated "B2.2" Content [Ids] CHAT_STREAM calls::ids_repeated, "the id in every piece";
    IdsChange "B2.2" Content [Ids] CHAT_STREAM calls::ids_change, "another id in every unnamed piece";
    NamesRepeated "B2.3" Content [Ids Names Arguments] CHAT_STREAM calls::names_repeated, "the name in every piece, with the id or without";
    SignedCalls "B10.5" Content [Ids] CHAT calls::signed, "a call with `extra_content` (a thought signature)";
    SaidAgain "B2.4" Content [Ids Arguments Names] CHAT_STREAM calls::said_again, "a call said again whole at another index";
    Interleaved "B2.1" Content [Indices Arguments] CHAT_STREAM calls::interleaved, "the pieces of several calls by turns";
    IndicesMissing "B5.1" Content [Indices] CHAT_STREAM calls::indices_missing, "no index";
    IndicesAsText "B5.1" Content [Indices] CHAT_STREAM calls::indices_as_text, "an index that is a string";
    IndicesAsFloats "B5.1" Content [Indices] CHAT_STREAM calls::indices_as_floats, "an index that is a float";
    IndicesNegative "B5.1" Content [Indices] CHAT_STREAM calls::indices_negative, "-1 for every index";
    IndicesJump "B2.1" Content [Indices] CHAT_STREAM calls::indices_jump, "indices with gaps, from 1 on, or falling";
    IndicesZero "B2.3" Content [Indices] CHAT_STREAM calls::indices_zero, "0 for every index";
    CallsInOneDelta "B2.3" Content [Shape] CHAT_STREAM calls::in_one_delta, "several pieces in one delta";
    FunctionCall "B2.1" Content [Ids Indices Names Shape] CHAT calls::function_call, "the legacy `function_call`";
    // Thinking.
    ThinkingTwoFields "B5.2" Content [Thinking] CHAT thinking::two_fields, "the same thinking as `reasoning_content` and `reasoning`";
    ThinkingDetails "B5.2" Content [Thinking] CHAT thinking::details, "thinking in `reasoning_details` too";
    ThinkingParts "B10.6" Content [Thinking Members] CHAT thinking::parts, "content as a list of text and thinking parts";
    SignatureMissing "B1.3" Content [Blocks] MESSAGES_STREAM thinking::signature_missing, "a thinking block without its signature";
    // Ends.
    FinishEverywhere "B1.1" Content [Finish Outcome] CHAT_STREAM ends::finish_everywhere, "a `finish_reason` on every chunk";
    FinishEverywhereSlowly "B1.2" Time [Finish Outcome Pace] CHAT_STREAM ends::finish_everywhere_slowly, "the same, up to 1.9 s between chunks";
    FinishWithThinking "B1.1" Content [Finish Outcome] CHAT_STREAM ends::finish_with_thinking, "the `finish_reason` on the last chunk of thinking";
    FinishEarly "B1.1" Content [Finish Outcome] CHAT_STREAM ends::finish_early, "content behind the `finish_reason`";
    FinishUsageContent "B1.1" Content [Finish Usage Outcome] CHAT_STREAM ends::finish_usage_content, "a `finish_reason`, a chunk of usage, then more content";
    FinishEmpty "B1.1" Content [Finish] CHAT_STREAM ends::finish_empty, "an empty `finish_reason` on every chunk but the last";
    FinishMissing "B1.1" Content [Finish FinishWord Outcome Done] CHAT_STREAM ends::finish_missing, "an end mark without any `finish_reason`";
    FinishTwice "B1.1" Content [Finish] CHAT_STREAM ends::finish_twice, "the last chunk twice";
    FinishError "B4.1" Content [Finish FinishWord Outcome Values] CHAT ends::finish_error, "`finish_reason` `error`, with an error object beside it or without";
    EndMarkMissing "B1.4" Content [Done Outcome] MARKED_STREAMS ends::mark_missing, "no `[DONE]`, no `message_stop`";
    EndMarkTwice "B1.1" Content [Done] STREAMS ends::mark_twice, "two end marks, or `[DONE]` in a protocol without it";
    OnlyDone "B1.5" Content [Everything Outcome Usage] CHAT_STREAM ends::only_done, "nothing but `[DONE]`";
    // Events of Messages and Responses.
    ContentInStart "B1.3" Content [Blocks] MESSAGES_STREAM events::content_in_start, "a block whose start has all of its content";
    BlockStopMissing "B1.3" Content [Blocks] MESSAGES_STREAM events::block_stop_missing, "blocks without `content_block_stop`";
    BlockIndicesJump "B1.3" Content [Blocks] MESSAGES_STREAM events::block_indices_jump, "blocks whose indices have gaps";
    MessageDeltas "B7.1" Content [Blocks Outcome] MESSAGES_STREAM events::message_deltas, "a `message_delta` without a reason before the last";
    PartEventsMissing "B1.3" Content [Blocks] RESPONSES_STREAM events::part_events_missing, "items without the events of their parts";
    DeltasMissing "B1.3" Content [Blocks] RESPONSES_STREAM events::deltas_missing, "items whose done event alone has the content";
    OnlyTerminal "B1.3" Content [Blocks] RESPONSES_STREAM events::only_terminal, "the whole output in the last event alone";
    OutputMissing "B1.3" Content [Blocks] RESPONSES_STREAM events::output_missing, "a last event whose output is empty";
    SequenceMissing "B5.1" Content [Blocks] RESPONSES_STREAM events::sequence_missing, "no sequence numbers, or all 0";
    EventNamesMissing "B5.1" Content [EventNames] NAMED_STREAMS events::names_missing, "no `event:` lines";
    EventNamesOdd "B5.1" Content [EventNames] STREAMS events::names_odd, "`event:` lines that say nothing";
    // Usage.
    UsageMissing "B7.2" Content [Usage] ALL usage::missing, "no usage";
    UsageZero "B7.2" Content [Usage] ALL usage::zero, "all counts zero";
    UsageEmpty "B7.2" Content [Usage] ALL usage::empty, "usage `{}` or null";
    UsageOnlyTotal "B7.2" Content [Usage] CHAT usage::only_total, "only `total_tokens`";
    UsageAbsurd "B7.4" Content [Usage] ALL usage::absurd, "counts beyond any window";
    UsageOfAnthropic "B7.3" Content [Usage] CHAT usage::of_anthropic, "Anthropic's names";
    UsageDetailsOdd "B7.1" Content [Usage] ALL usage::details_odd, "details that are a list, null or a text";
    UsageTotalAbove "U1" Content [Usage] CHAT usage::total_above, "a total above prompt and completion: the rest is output";
    UsageEverywhere "B7.1" Content [Usage] CHAT_STREAM usage::everywhere, "usage on every chunk, growing";
    UsageZeroLater "B7.1" Content [Usage] CHAT_STREAM usage::zero_later, "zeros or `{}` behind the real usage";
    UsageZeroInput "B7.1" Content [Usage] MESSAGES_STREAM usage::zero_input, "input 0 in `message_delta` behind the real one";
    UsageEarly "B7.1" Content [Usage Outcome] CHAT_STREAM usage::early, "usage before the `finish_reason`";
    UsageTwice "B5.2" Content [Usage] ALL usage::twice, "the member `usage` twice: the last one counts";
    UsageLate "B1.2" Time [Usage Pace Outcome] CHAT_STREAM usage::late, "usage up to 1.9 s behind the `finish_reason`";
    UsageTooLate "B1.2" Time [Usage Pace Outcome] CHAT_STREAM usage::too_late, "usage 10 s behind the `finish_reason`";
    // Members.
    ToolCallsEmpty "B5.1" Content [Values] CHAT members::tool_calls_empty, "`tool_calls` `\"\"`, `{}`, `[null]`, `[]`, null beside content";
    FunctionCallEmpty "B5.1" Content [Values] CHAT members::function_call_empty, "`function_call` `\"\"`, `{}`, null beside content";
    ErrorEmpty "B5.1" Content [Values] ALL members::error_empty, "`error` `\"\"`, `{}`, `false`, null beside content";
    ChoicesNull "B5.1" Content [Noise] CHAT_STREAM members::choices_null, "a chunk whose `choices` are `[null]`, null, `[]`, absent";
    ChoicesOther "B5.1" Content [Noise] CHAT members::choices_other, "a second choice with a text of its own";
    ChoiceIndexOdd "B5.1" Content [Values] CHAT members::choice_index_odd, "a choice without index, or with `\"0\"`, `0.0`, null";
    MembersOdd "B5.1" Content [Values] CHAT members::odd, "members that nobody needs with values of other kinds";
    DataNull "B5.1" Content [Noise] STREAMS members::data_null, "an event whose data is null";
    Heartbeats "B5.1" Content [Noise] STREAMS members::heartbeats, "events named ping, heartbeat, keep-alive with any data";
    EventsUnknown "B5.1" Content [Noise] NAMED_STREAMS members::events_unknown, "events of types that nobody knows";
    ContentTwice "B5.2" Content [Members Values] ALL members::content_twice, "the member with the text twice, equal or with another value first";
    ThinkingTwice "B5.2" Content [Members Thinking Values] CHAT members::thinking_twice, "`reasoning_content` twice and equal";
    MembersTwice "B5.2" Content [Members Values] ALL members::twice, "members of the envelope twice";
    // Errors.
    NoJsonEvent "B5.3" Content [Noise Outcome] STREAMS errors::no_json_event, "an event that is no JSON and has no known name";
    ErrorMidStream "B6.1" Content [Outcome Finish Done Noise Usage] STREAMS errors::mid_stream, "an error behind some content, in any form";
    ErrorFirst "B6.1" Content [Everything Outcome] STREAMS errors::first, "an error as the first event, in any form";
    ErrorIn200 "B6.1" Exchange [Everything Outcome Label Form] ALL errors::in_200, "a body with nothing but an error and status 200, in any form";
    Refusal "B6.1" Exchange [Everything Outcome Label Form] ALL errors::refusal, "a refusal by status, its body in any form";
    Overflow "B6.2" Exchange [Everything Outcome Label Form] ALL errors::overflow, "the prompt is too long, in the words of a vendor";
    EmptyBody "B1.5" Exchange [Everything Outcome Form] ALL errors::empty_body, "status 200 without a body";
    // Forms.
    JsonForStream "B9.1" Exchange [Everything Form Outcome LastEvent] STREAMS transport::json_for_stream, "JSON where a stream was asked for";
    StreamForWhole "B9.1" Exchange [Everything Form Outcome Label] WHOLE transport::stream_for_whole, "a stream where JSON was asked for";
    NewlinesFirst "B9.1" Exchange [Form] WHOLE transport::newlines_first, "empty lines before the JSON";
    // Where it ends.
    Cut "B1.1" Bytes [Outcome Done] ALL cuts::short, "the body ends at any byte";
    Reset "B1.1" Exchange [Outcome Done] ALL cuts::reset, "the connection is reset at any byte";
    StaysOpen "B1.2" Time [Outcome LastEvent] STREAMS cuts::stays_open, "the connection stays open behind the end";
    LastEventOpen "B1.5" Bytes [LastEvent] STREAMS cuts::last_event_open, "the last event without its blank line";
    // Transport.
    ByteOrderMark "B9.1" Bytes [Bom] ALL transport::byte_order_mark, "a byte order mark first";
    LineEnds "B9.1" Bytes [LineEnds] STREAMS transport::line_ends, "CRLF, CR, or both kinds of line ends";
    Comments "B9.1" Bytes [Comments] STREAMS transport::comments, "comments and unknown fields between and in events";
    DataLines "B9.1" Bytes [DataLines] STREAMS transport::data_lines, "the data of an event in several lines";
    ColonOnly "B9.1" Bytes [Colon] STREAMS transport::colon_only, "no blank behind the colon";
    Split "B9.1" Bytes [Split] ALL transport::split, "bytes that arrive at once, one by one, or cut anywhere";
    WrongLabel "B9.1" Exchange [Label] ALL transport::wrong_label, "a `content-type` that is wrong or absent";
    Gzip "B9.3" Exchange [Gzip Split Pace Outcome] ALL transport::gzip, "gzip that nobody accepted";
    // Time.
    HeadLate "B8.2" Time [Pace] ALL transport::head_late, "up to 119 s until the head";
    FirstLate "B8.2" Time [Pace] ALL transport::first_late, "a head at once, then up to 119 s of silence";
    FirstTooLate "B8.2" Time [Pace Outcome] ALL transport::first_too_late, "more than 120 s until the first event";
    Silence "B8.1" Time [Pace Finish] STREAMS transport::silence, "up to 299 s of silence in mid-stream";
    SilenceTooLong "B8.1" Time [Pace Finish Outcome] STREAMS transport::silence_too_long, "more than 300 s of silence in mid-stream";
}
