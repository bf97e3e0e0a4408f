//! Many tasks changed at once: each for itself, in commands of few, so that nobody waits long
//! for them.

use chorus_model::Cursor;

use crate::caller::Caller;
use crate::collab::Collab;
use crate::command::{Answer, Command, Done, NotDone, Outcome};
use crate::doing::Doing;
use crate::fault::Fault;
use crate::forms::tasks::TaskEntry;
use crate::tasks;

/// Tasks of one command.
const CHUNK: usize = 50;

impl Collab {
    /// Changes tasks, each for itself, in their order. Under an idempotency key each part is done
    /// once. What the server cannot do now ends it: what was done before is done.
    pub async fn update_tasks(&self, caller: Caller, items: Vec<TaskEntry>) -> Result<Done, Fault> {
        let (mut all, mut cursor, mut replayed) = (Vec::new(), None::<Cursor>, true);
        for (part, items) in items.chunks(CHUNK).enumerate() {
            let key = caller.key.as_ref().map(|key| key.part(part));
            let caller = Caller { key, ..caller.clone() };
            let done = self.execute(caller, Command::UpdateTasks(items.to_vec())).await?;
            if let Answer::Tasks(outcomes) = done.answer {
                all.extend(outcomes);
            }
            cursor = Some(done.cursor);
            replayed &= done.replayed;
        }
        let cursor = cursor.ok_or(Fault::Internal)?;
        Ok(Done { answer: Answer::Tasks(all), cursor, replayed })
    }
}

pub(crate) fn update(doing: &mut Doing<'_, '_>, items: &[TaskEntry]) -> Result<Answer, Fault> {
    let mut outcomes = Vec::with_capacity(items.len());
    for (task_id, patch) in items {
        let before = doing.tx.task(*task_id)?.map(|task| task.version);
        // Refusals come before the first write, so there is nothing to undo.
        let result = match tasks::update(doing, *task_id, patch, None, None) {
            Ok(Answer::Task(task)) => {
                let changed = before != Some(task.version);
                Ok((task, changed))
            }
            Ok(_) => continue,
            Err(fault @ (Fault::Invalid(_) | Fault::Forbidden | Fault::NotFound(_))) => {
                Err(NotDone { code: fault.code().to_owned(), message: fault.to_string() })
            }
            Err(fault) => return Err(fault),
        };
        outcomes.push(Outcome { task_id: *task_id, result });
    }
    Ok(Answer::Tasks(outcomes))
}
