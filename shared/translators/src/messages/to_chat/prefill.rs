//! A conversation that ends with an assistant turn: the model is to go on with it, not to start anew (OR7).

use crate::chat::request::{ChatMessage, Parameters};
use crate::settings::Prefill;

use crate::error::{FieldPath, RequestError};

pub(super) fn write(
    prefill: Prefill,
    messages: &mut [ChatMessage<'_>],
    parameters: &mut Parameters<'_>,
) -> Result<(), RequestError> {
    let Some(ChatMessage::Assistant(last)) = messages.last_mut() else {
        return Ok(());
    };
    match prefill {
        Prefill::Reject => {
            let message = "must end with a user turn: this model cannot continue an assistant turn";
            return Err(FieldPath::root("messages").error(message));
        }
        Prefill::ContinueFinalMessage => {
            parameters.continue_final_message = Some(true);
            parameters.add_generation_prompt = Some(false);
        }
        Prefill::Prefix => last.prefix = Some(true),
        Prefill::Partial => last.partial = Some(true),
    }
    Ok(())
}
