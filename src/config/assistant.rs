//! Checks `[assistant]`: what a model needs to be asked, and on what terms.

use super::Assistant;
use super::check::Check;
use super::file;
use super::source::Sources;
use crate::task::advice::{Budget, Terms};
use std::time::Duration;
use toml::Spanned;

/// Seconds for one answer: models on one's own computer are slow.
const SECONDS: u64 = 30;

impl Check<'_> {
    /// `None` unless it is switched on.
    pub(super) fn assistant(&mut self, given: &file::Assistant) -> Option<Assistant> {
        let on = given.enabled.as_ref().filter(|on| *on.get_ref());
        let hint = "url = \"http://127.0.0.1:11434/v1\", or a hosted one by https";
        let missing = ("assistant.url", "an assistant needs a url", hint);
        let url = self.service_url(&given.url, on.map(Spanned::span), missing);
        if let (Some(on), None) = (on, &given.model) {
            let hint = "the name the endpoint knows it by: model = \"llama3.1\"";
            self.bad(Some(on.span()), "assistant.model", "an assistant needs a model", hint);
        }
        let key = self.source(&Sources {
            table: "assistant",
            word: "key",
            plain: &given.key,
            command: &given.key_command,
            file: &given.key_file,
            credential: &given.key_credential,
            keyring: &given.key_keyring,
        });
        let usual = Terms::usual();
        let trust = self.fraction(&given.trust, "assistant.trust");
        let prices = [
            self.price(&given.price_in, "assistant.price_in"),
            self.price(&given.price_out, "assistant.price_out"),
        ];
        let daily = self.number(&given.daily_calls, "assistant.daily_calls", 0..=1_000);
        let monthly = self.number(&given.monthly_calls, "assistant.monthly_calls", 0..=10_000);
        let seconds = self.number(&given.timeout_seconds, "assistant.timeout_seconds", 1..=300);
        let budget = Budget {
            daily: daily.unwrap_or(usual.budget.daily),
            monthly: monthly.unwrap_or(usual.budget.monthly),
            ..usual.budget
        };
        let titles = given.titles.as_ref().is_none_or(|titles| *titles.get_ref());
        on?;
        Some(Assistant {
            url: url?,
            model: given.model.as_ref()?.get_ref().clone(),
            key,
            timeout: Duration::from_secs(seconds.unwrap_or(SECONDS)),
            terms: Terms { titles, trust: trust.map_or(usual.trust, |trust| trust as f32), budget },
            prices,
        })
    }

    /// A price for a million tokens, in whatever money.
    fn price(&mut self, value: &Option<Spanned<f64>>, key: &str) -> Option<f64> {
        let price = value.as_ref()?;
        let fits = (0.0..=10_000.0).contains(price.get_ref());
        if !fits {
            let message = format!("{} is no price of a million tokens", price.get_ref());
            self.bad(Some(price.span()), key, message, "0 to 10000");
        }
        fits.then_some(*price.get_ref())
    }

    fn fraction(&mut self, value: &Option<Spanned<f64>>, key: &str) -> Option<f64> {
        let share = value.as_ref()?;
        let fits = (0.0..=1.0).contains(share.get_ref());
        if !fits {
            let message = format!("{} is out of range", share.get_ref());
            self.bad(Some(share.span()), key, message, "0 to 1");
        }
        fits.then_some(*share.get_ref())
    }
}
