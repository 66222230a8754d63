//! The sealed parts of a response: reasoning (K1), and a summary that stands for the conversation (CO1).

use bytes::BytesMut;

use super::{Items, OpenItem, Sealing};
use crate::chat::tool_calls::CallsState;
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::responses::status::Status;
use crate::responses::wire::item::{Item, ItemKind};
use crate::sealed::{self, SealedKind};

impl Items {
    /// Seals reasoning that is done, where that is asked for.
    pub(super) fn seal(&mut self, open: &mut OpenItem) {
        let ItemKind::Reasoning { sealed, .. } = &mut open.item.kind else {
            return;
        };
        if self.sealing == Sealing::Unasked {
            return;
        }
        let text = EscapedText::from_escaped(&open.item.text);
        let kind = (SealedKind::Reasoning, self.lifecycle.now());
        match sealed::seal(self.lifecycle.sealer(), kind, text, &open.details) {
            Ok(text) => *sealed = Some(text),
            Err(reason) => self.sealing = Sealing::Failed(reason),
        }
    }

    /// Writes the item that stands for the conversation. Half of a summary would lose the rest of it without a word
    /// (CO2).
    pub(super) fn compact(
        &mut self,
        summary: &str,
        (status, calls): (Status, CallsState),
        out: &mut BytesMut,
    ) -> Result<(), BackendError> {
        let is_whole = status == Status::Completed && calls == CallsState::None;
        let summary = Some(EscapedText::from_escaped(summary)).filter(|summary| is_whole && !summary.is_blank());
        let kind = (SealedKind::Compaction, self.lifecycle.now());
        let sealed = summary.and_then(|summary| sealed::seal(self.lifecycle.sealer(), kind, summary, &[]).ok());
        let kind = ItemKind::Compaction {
            sealed: sealed.ok_or_else(BackendError::no_summary)?,
        };
        let item = Item {
            id: self.id_of(&kind),
            kind,
            text: String::new(),
        };
        if self.is_streamed {
            let index = self.done;
            self.events(out, |events, _| events.item_added(index, &item));
        }
        self.finish(&item, "completed", out);
        Ok(())
    }
}
