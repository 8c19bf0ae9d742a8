//! Reads a reply by a strict schema: every key, no other key, every value in its range.

use super::LONGEST_WORDS;
use crate::task::Category;
use crate::task::advice::{Answer, Usage};
use serde::Deserialize;

/// As chat endpoints wrap it; what else is in there is theirs.
#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// The answer itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    name: String,
    category: String,
    cognitive_load: f32,
    recovery_hours: f32,
    duration_minutes: f32,
    hourly_scores: Vec<f32>,
}

/// Reads the body of a reply: the answer, or why it can't be used, and what it cost.
pub(super) fn read(body: &[u8]) -> (Result<Answer, String>, Usage) {
    let Ok(completion) = serde_json::from_slice::<Completion>(body) else {
        return (Err("the reply is no chat completion".to_owned()), Usage::default());
    };
    let usage = completion.usage.map_or(Usage::default(), |tokens| Usage {
        tokens_in: tokens.prompt_tokens,
        tokens_out: tokens.completion_tokens,
    });
    let content = completion.choices.into_iter().next().and_then(|choice| choice.message.content);
    match content {
        Some(content) => (said(&content), usage),
        None => (Err("the reply holds no text".to_owned()), usage),
    }
}

fn said(content: &str) -> Result<Answer, String> {
    // serde quotes what it found, and a model may quote a title: only the place is told.
    let said: Said = serde_json::from_str(unfenced(content))
        .map_err(|e| format!("the answer is not of the form asked for (column {})", e.column()))?;
    let category = Category::ALL.into_iter().find(|category| category.word() == said.category);
    let scores: Option<[f32; 24]> = said.hourly_scores.try_into().ok();
    let (Some(category), Some(scores)) = (category, scores) else {
        return Err("the answer names no known category, or not 24 scores".to_owned());
    };
    let answer = Answer {
        name: said.name,
        category,
        load: said.cognitive_load,
        recovery_hours: said.recovery_hours,
        minutes: said.duration_minutes,
        scores,
    };
    let why = |refusal| format!("the answer can't be used: {refusal}");
    answer.checked().map_err(why).map_err(|why| why.chars().take(LONGEST_WORDS).collect())
}

/// Without the code fence that many models put around JSON, whatever they are told.
fn unfenced(content: &str) -> &str {
    let content = content.trim();
    let inner = content.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.map_or(content, |inner| inner.strip_prefix("json").unwrap_or(inner).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn answer() -> Value {
        json!({
            "name": "Board deck",
            "category": "focused",
            "cognitive_load": 0.8,
            "recovery_hours": 1.5,
            "duration_minutes": 90,
            "hourly_scores": vec![0.5; 24],
        })
    }

    fn completion(content: &str) -> Vec<u8> {
        let usage = json!({ "prompt_tokens": 310, "completion_tokens": 95, "total_tokens": 405 });
        let message = json!({ "role": "assistant", "content": content });
        json!({ "id": "x", "choices": [{ "index": 0, "message": message }], "usage": usage })
            .to_string()
            .into_bytes()
    }

    #[track_caller]
    fn check(content: &str, expected: Result<&str, &str>) {
        let (answer, usage) = read(&completion(content));
        assert_eq!(usage, Usage { tokens_in: 310, tokens_out: 95 });
        let found = answer.map(|answer| answer.name);
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{content}");
    }

    #[test]
    fn the_schema_is_strict() {
        let with = |key: &str, value: Value| {
            let mut said = answer();
            said[key] = value;
            said.to_string()
        };
        check(&answer().to_string(), Ok("Board deck"));
        check(&format!("```json\n{}\n```", answer()), Ok("Board deck"));
        let form = |column| format!("the answer is not of the form asked for (column {column})");
        check("Sure! Here you are: {}", Err(&form(1)));
        check(
            &with("tool_calls", json!([])),
            Err(&form(with("tool_calls", json!([])).find("\"tool_calls\"").unwrap() + 12)),
        );
        check(
            &with("category", json!("sleep")),
            Err("the answer names no known category, or not 24 scores"),
        );
        check(
            &with("hourly_scores", json!([1, 2])),
            Err("the answer names no known category, or not 24 scores"),
        );
        check(
            &with("hourly_scores", json!(vec![1.5; 24])),
            Err("the answer can't be used: its hourly_scores is out of range"),
        );
        check(
            &with("cognitive_load", json!(-1)),
            Err("the answer can't be used: its cognitive_load is out of range"),
        );
        check(
            &with("name", json!("a\nb")),
            Err("the answer can't be used: its name is no plain name"),
        );
        check(
            &with("name", json!("x".repeat(99))),
            Err("the answer can't be used: its name is no plain name"),
        );
    }

    #[test]
    fn a_reply_without_text_still_costs() {
        let body = json!({
            "choices": [{ "message": { "content": null } }],
            "usage": { "prompt_tokens": 5 },
        });
        let (answer, usage) = read(body.to_string().as_bytes());
        assert_eq!(usage, Usage { tokens_in: 5, tokens_out: 0 });
        assert_eq!(answer, Err("the reply holds no text".to_owned()));
        assert!(read(b"<html>").0.is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text: String) {
            let _ = read(&bytes);
            let _ = read(&completion(&text));
        }
    }
}
