//! Whose piece a call's piece is (B2), and what its arguments are (B3).

use odd_servers::{Arguments, Block, Call, Json};

use crate::Read;

#[derive(Default)]
pub(crate) struct Calls {
    /// The place among the blocks, the id as the server gave it first, and the index.
    known: Vec<(usize, String, Option<u64>)>,
}

impl Calls {
    pub(crate) fn piece(&mut self, piece: &Json, read: &mut Read) {
        let id = piece.text_at(&["id"]).unwrap_or_default();
        let index = piece.count_at(&["index"]);
        let function = if piece.get("function").is_some() {
            piece.get("function")
        } else {
            Some(piece)
        };
        let name = function
            .and_then(|function| function.text_at(&["name"]))
            .unwrap_or_default();
        let arguments = match function.and_then(|function| function.get("arguments")) {
            Some(Json::String(text)) => text.clone(),
            Some(json) if json.is_object() => json.write(odd_servers::Style::default()),
            _ => String::new(),
        };
        let place = self.find(id, index, name, read);
        if let Some(place) = place {
            let Block::Call(call) = &mut read.blocks[self.known[place].0] else {
                return;
            };
            call.arguments = Arguments::Cut(format!("{}{arguments}", call.arguments.text()));
        } else if !name.is_empty() {
            self.known.push((read.blocks.len(), id.to_owned(), index));
            let signed = piece.get("extra_content").is_some();
            let id = Some(id.to_owned()).filter(|_| !signed);
            read.blocks.push(Block::Call(Call {
                id,
                name: name.to_owned(),
                arguments: Arguments::Cut(arguments),
            }));
        }
    }

    /// The call of a piece, None for a new one.
    fn find(&self, id: &str, index: Option<u64>, name: &str, read: &Read) -> Option<usize> {
        let by_id = self
            .known
            .iter()
            .position(|(_, known, _)| !id.is_empty() && known == id);
        let by_index = self
            .known
            .iter()
            .rposition(|(_, _, known)| index.is_some() && *known == index);
        let last = self.known.len().checked_sub(1);
        let open = |place: &usize| {
            let Block::Call(call) = &read.blocks[self.known[*place].0] else {
                return false;
            };
            matches!(clean(call.arguments.text()), Arguments::Cut(_)) || call.arguments.text().is_empty()
        };
        if name.is_empty() {
            by_id.or(by_index).or(last)
        } else if id.is_empty() {
            if index.is_some() { by_index } else { last }.filter(open)
        } else {
            by_id
        }
    }
}

/// The first whole object of `text`, or what it is instead.
pub(crate) fn clean(text: &str) -> Arguments {
    let text = text.trim();
    let Some(inside) = text.strip_prefix('{') else {
        return if text.is_empty() {
            Arguments::Object("{}".to_owned())
        } else {
            wrapped(text)
        };
    };
    let inside = inside.trim_start();
    if !inside.is_empty() && !inside.starts_with(['"', '}']) {
        return wrapped(text);
    }
    let Some(end) = end_of_object(text) else {
        return Arguments::Cut(text.to_owned());
    };
    let behind = text[end..].trim_start();
    if text[1..end - 1].trim().is_empty() && behind.starts_with('{') && end_of_object(behind).is_some() {
        return clean(behind);
    }
    Arguments::Object(text[..end].to_owned())
}

fn wrapped(text: &str) -> Arguments {
    let members = vec![("raw_arguments".to_owned(), Json::String(text.to_owned()))];
    Arguments::Object(Json::Object(members).write(odd_servers::Style::default()))
}

fn end_of_object(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}
