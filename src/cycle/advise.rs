//! Questions for the assistant, for those who want one, and what becomes of its answers.
//!
//! Invariants: a type is asked about once in its life, noted before anything is sent, so that a
//! crash loses an answer rather than asking twice; an answer counts from the next turn on; without
//! an assistant nothing here does anything.

use super::{Brain, Report, Turn};
use crate::memory::recall::Work;
use crate::store::Person;
use crate::task::advice::{
    Advice, Question, Terms, known_answer, open_questions, question, start_from,
};
use crate::task::{TypeId, assign};
use crate::text::assistant::Assistant;
use crate::text::endpoint::{Again, Failure};
use chrono::TimeDelta;

/// Insights told with a question.
const INSIGHTS_TOLD: usize = 3;

/// Lets types start from the answers that came since the last turn; which ones, for what they
/// learned already is to be learned anew from there.
pub(super) fn take_up(person: &mut Person, terms: &Terms) -> Vec<TypeId> {
    let types = &mut person.types;
    let fresh: Vec<TypeId> =
        types.advice.iter().filter(|(_, a)| a.trusted.is_none()).map(|(id, _)| *id).collect();
    let mut taken = Vec::new();
    for id in fresh {
        let Some(advice) = types.advice.get_mut(&id) else { continue };
        let Some(answer) = advice.answer.clone() else { continue };
        advice.trusted = Some(terms.trust);
        let Some(kind) = types.by_id.get_mut(&id) else { continue };
        taken.push(id);
        let name = start_from(kind, &answer, terms.trust);
        if let Some(given) = types.corrections.categories.get(&id) {
            kind.category = *given;
        }
        if let Some(name) = name {
            assign::suggest_name(types, id, &name);
        }
    }
    taken
}

/// What to ask after this turn, charged and noted as asked. A question that was asked before, of a
/// type that is gone, is answered from what came then.
pub(super) fn questions(
    person: &mut Person,
    brain: &Brain,
    turn: &Turn<'_>,
    report: &Report,
) -> Vec<Question> {
    let Some(terms) = turn.settings.assistant else { return Vec::new() };
    let placed = person.suggestions.values().filter(|block| block.created_at == turn.now).count();
    person.assistant.decided(turn.now, report.classified + placed);
    let mut asked = Vec::new();
    for id in open_questions(&person.types) {
        let Some(question) = brain.question(person, id, &terms) else { continue };
        let mut advice =
            Advice { key: question.key, asked_at: turn.now, answer: None, trusted: None };
        match known_answer(&person.types, &question.key) {
            Some(answer) => advice.answer = Some(answer.clone()),
            None if person.assistant.allowance(turn.now, &terms.budget) > 0
                && asked.len() < terms.budget.turn as usize =>
            {
                person.assistant.asked(turn.now);
                asked.push(question);
            }
            None => continue,
        }
        person.types.advice.insert(id, advice);
    }
    asked
}

impl Brain {
    /// The question about a type as it would be sent.
    pub fn question(&self, person: &Person, id: TypeId, terms: &Terms) -> Option<Question> {
        let kind = person.types.by_id.get(&id)?;
        let work = Work::of(kind);
        let about = person.memory.active().filter(|insight| work.is_concerned(insight));
        let told: Vec<String> = about.map(|i| i.sentence.clone()).take(INSIGHTS_TOLD).collect();
        question(&person.types, id, &told, self.calibration(), terms)
    }
}

/// Asks one after the other, and notes what came. After one that is not answered in time, or a wish
/// to be left alone, the rest waits for another turn: this one is held up once at most.
pub(super) async fn ask(
    assistant: &Assistant,
    questions: &[Question],
    person: &Person,
    turn: &Turn<'_>,
    report: &mut Report,
) -> Person {
    let mut person = person.clone();
    let mut waiting = questions.iter();
    for question in waiting.by_ref() {
        let reply = assistant.ask(question).await;
        report.asked += 1;
        match reply.answer {
            Ok(answer) => {
                person.assistant.answered(turn.now, reply.usage);
                if let Some(advice) = person.types.advice.get_mut(&question.task_type) {
                    advice.answer = Some(answer);
                }
            }
            Err(Failure { why, again, .. }) => {
                tracing::warn!(%why, "the assistant gave no answer");
                person.assistant.failed(turn.now, reply.usage, &why);
                match again {
                    Again::AnyTime => {}
                    Again::NotNow => break,
                    Again::After(pause) => {
                        let pause = TimeDelta::from_std(pause).unwrap_or_default();
                        person.assistant.leave_alone(turn.now + pause);
                        break;
                    }
                }
            }
        }
    }
    // What was not sent after all may be asked another time.
    for question in waiting {
        person.types.advice.remove(&question.task_type);
        person.assistant.unasked(turn.now);
    }
    person
}
