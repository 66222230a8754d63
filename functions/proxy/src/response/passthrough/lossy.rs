//! An event whose bytes are no UTF-8.

use std::borrow::Cow;

use translators::error::BackendError;
use translators::sse::Event;

use super::Passthrough;
use super::action::Action;
use crate::patch::{Patch, Span};
use crate::response::scan::{ChunkInfo, ChunkKind};

impl Passthrough {
    /// Bytes that are no UTF-8 become U+FFFD (B5.3); all else that cannot be read is an error.
    pub(super) fn take_unreadable(&mut self, event: &Event, data: &[u8]) -> Action {
        if let Cow::Owned(text) = String::from_utf8_lossy(data) {
            let info = ChunkInfo::of(text.as_bytes());
            if info.kind == ChunkKind::Content {
                (self.has_begun, self.has_invalid_utf8) = (true, true);
                self.announces_end |= info.announces_end;
                self.usage.add(self.dialect, info, text.as_bytes());
                return Action::Patch(vec![if let Ok(span) = Span::of(data, &event.raw) {
                    Patch::replace(span, self.context.model_name.apply(text.into(), &info))
                } else {
                    // Its data has several lines, and was joined.
                    let event_text = String::from_utf8_lossy(&event.raw).into_owned();
                    Patch::replace(Span::first(event.raw.len()), event_text)
                }]);
            }
        }
        self.error = Some(BackendError::unreadable());
        Action::Stop
    }
}
