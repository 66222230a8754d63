//! OpenAI's responses as streams, with their grammar (RS1 to RS7).

use super::responses::{failure, finished, object, read};
use super::sse::SseEvent;
use super::{Heard, append, count, must, need};
use crate::json::Json;
use crate::truth::{Arguments, Block, Call};

pub(super) fn stream(events: &[SseEvent]) -> Result<Heard, String> {
    let mut reader = Reader::default();
    for (number, event) in (0..).zip(events) {
        must(reader.end.is_none(), "something follows the end")?;
        let json = super::body(&event.data)?;
        let kind = need(&json, &["type"])?.to_owned();
        must(
            event.name.as_deref() == Some(&kind),
            "the event line is not the type of the data",
        )?;
        must(
            count(&json, &["sequence_number"])? == number,
            "the sequence_number is not the next one",
        )?;
        must(
            number > 0 || kind == "response.created",
            "the first event is not response.created",
        )?;
        reader.event(&kind, &json).map_err(|fault| format!("{kind}: {fault}"))?;
    }
    reader
        .end
        .ok_or_else(|| "the stream ends without a terminal event".to_owned())
}

#[derive(Default)]
struct Reader {
    id: Option<String>,
    done: Vec<Json>,
    open: Option<Open>,
    end: Option<Heard>,
}

struct Open {
    item: Json,
    in_part: bool,
    /// What the deltas of the open part said.
    said: String,
    /// The done event of the part's text has come.
    told: bool,
    /// What the parts said whose done event has come.
    total: String,
}

impl Reader {
    fn event(&mut self, kind: &str, json: &Json) -> Result<(), String> {
        if let Some(response) = json.get("response") {
            let id = need(response, &["id"])?;
            must(
                self.id.get_or_insert_with(|| id.to_owned()) == id,
                "the id of the response changes",
            )?;
            object(response)?;
        }
        match kind {
            "response.created" => must(self.done.is_empty() && self.open.is_none(), "behind items"),
            "response.in_progress" => Ok(()),
            "response.completed" | "response.incomplete" | "response.failed" => self.terminal(kind, json),
            "response.output_item.added" => self.added(json),
            "response.output_item.done" => self.item_done(json),
            _ => self.of_item(kind, json),
        }
    }

    fn added(&mut self, json: &Json) -> Result<(), String> {
        must(self.open.is_none(), "while another item is open")?;
        must(
            count(json, &["output_index"])? == self.done.len() as u64,
            "the output_index is not the next one",
        )?;
        let item = json.get("item").ok_or("no item")?.clone();
        let id = need(&item, &["id"])?;
        must(
            self.done.iter().all(|done| done.text_at(&["id"]) != Some(id)),
            "the id of an earlier item",
        )?;
        must(read(&item, &mut Vec::new()).is_ok(), "an item that cannot be read")?;
        self.open = Some(Open {
            item,
            in_part: false,
            said: String::new(),
            told: false,
            total: String::new(),
        });
        Ok(())
    }

    fn of_item(&mut self, kind: &str, json: &Json) -> Result<(), String> {
        let index = self.done.len() as u64;
        let open = self.open.as_mut().ok_or("no item is open")?;
        must(
            json.text_at(&["item_id"]) == open.item.text_at(&["id"]),
            "the item_id is not that of the open item",
        )?;
        must(
            count(json, &["output_index"])? == index,
            "the output_index is not that of the open item",
        )?;
        let (event, step) = kind
            .strip_prefix("response.")
            .and_then(|kind| kind.split_once('.'))
            .ok_or("an unknown event")?;
        must(
            events_of(need(&open.item, &["type"])?).contains(&event),
            "does not fit the open item",
        )?;
        if event.ends_with("_part") {
            open.part(step)
        } else {
            open.text(event != "function_call_arguments", step, json)
        }
    }

    fn item_done(&mut self, json: &Json) -> Result<(), String> {
        let open = self.open.take().ok_or("no item is open")?;
        must(
            count(json, &["output_index"])? == self.done.len() as u64,
            "the output_index is not that of the open item",
        )?;
        let item = json.get("item").ok_or("no item")?;
        for name in ["id", "type", "call_id", "name"] {
            must(
                item.get(name) == open.item.get(name),
                "the item is not the one that was added",
            )?;
        }
        must(!open.in_part, "a part is open")?;
        let mut blocks = Vec::new();
        let refused = read(item, &mut blocks)?;
        let text = match blocks.first() {
            Some(Block::Thinking(text) | Block::Text(text)) => text,
            Some(Block::Call(call)) => call.arguments.text(),
            None => "",
        };
        must(
            refused || text == open.total,
            "the text of the item is not that of its deltas",
        )?;
        must(
            open.told || open.said.is_empty() && item.text_at(&["type"]) != Some("function_call"),
            "no done event for the text",
        )?;
        self.done.push(item.clone());
        Ok(())
    }

    fn terminal(&mut self, kind: &str, json: &Json) -> Result<(), String> {
        let response = json.get("response").ok_or("no response")?;
        if kind == "response.failed" {
            let mut heard = Heard {
                failure: Some(failure(response)?),
                ..Heard::default()
            };
            self.done
                .iter()
                .try_for_each(|item| read(item, &mut heard.blocks).map(drop))?;
            if let Some(open) = self.open.take() {
                begun(&open, &mut heard.blocks)?;
            }
            self.end = Some(heard);
            return Ok(());
        }
        // A call that broke off is left out (RA6).
        let broke_off =
            |open: &Open| kind == "response.incomplete" && open.item.text_at(&["type"]) == Some("function_call");
        must(self.open.as_ref().is_none_or(broke_off), "while an item is open")?;
        must(
            response.text_at(&["status"]) == kind.strip_prefix("response."),
            "another status",
        )?;
        must(
            response.get("output").map(Json::items) == Some(&self.done),
            "the output is not the items that were done",
        )?;
        self.end = Some(finished(response)?);
        Ok(())
    }
}

/// The events within an item of this type.
fn events_of(item: &str) -> &'static [&'static str] {
    match item {
        "message" => &["content_part", "output_text", "refusal"],
        "reasoning" => &[
            "reasoning_summary_part",
            "reasoning_summary_text",
            "content_part",
            "reasoning_text",
        ],
        _ => &["function_call_arguments"],
    }
}

impl Open {
    fn part(&mut self, step: &str) -> Result<(), String> {
        match step {
            "added" => {
                must(!self.in_part, "while another part is open")?;
                (self.in_part, self.told) = (true, false);
                self.said.clear();
                Ok(())
            }
            "done" => {
                must(self.in_part && self.told, "a part that is not at its end")?;
                self.in_part = false;
                Ok(())
            }
            _ => Err("an unknown event".to_owned()),
        }
    }

    /// A delta of the text, or its done event; all but arguments stand in a part.
    fn text(&mut self, needs_part: bool, step: &str, json: &Json) -> Result<(), String> {
        must(self.in_part == needs_part && !self.told, "outside of its part")?;
        match step {
            "delta" => self.said.push_str(need(json, &["delta"])?),
            "done" => {
                let told = ["text", "arguments", "refusal"]
                    .into_iter()
                    .find_map(|name| json.text_at(&[name]));
                must(
                    told == Some(&self.said),
                    "the text of the done event is not that of the deltas",
                )?;
                self.told = true;
                self.total.push_str(&self.said);
            }
            _ => return Err("an unknown event".to_owned()),
        }
        Ok(())
    }
}

/// What was heard of an item that did not come to its end.
fn begun(open: &Open, blocks: &mut Vec<Block>) -> Result<(), String> {
    match need(&open.item, &["type"])? {
        "function_call" => blocks.push(Block::Call(Call {
            id: Some(need(&open.item, &["call_id"])?.to_owned()),
            name: need(&open.item, &["name"])?.to_owned(),
            arguments: Arguments::Cut(open.said.clone()),
        })),
        kind => {
            append(blocks, kind == "reasoning", &open.total);
            append(blocks, kind == "reasoning", if open.told { "" } else { &open.said });
        }
    }
    Ok(())
}
