//! The config in force, written as a config: every key, with its default where the file is silent.

use super::{Account, AccountKind, Assistant, Config, Embedder, Mirror, PasswordSource, Person};
use chrono::NaiveTime;
use std::fmt::Display;
use std::path::Path;
use toml::value::{Date, Datetime};
use toml::{Table, Value};

impl Config {
    /// The config file that says what is in force. What was written as a secret, or may hold one
    /// (a password command), is only named.
    pub fn to_toml(&self) -> String {
        let mut out = Lines::default();
        out.person(&self.person, self.planning.wording.language.code());
        self.accounts.iter().for_each(|account| out.account(account));
        for starter in &self.planning.starters {
            out.table("[[starter]]");
            out.key("title", starter.title.as_str());
            out.key("minutes", starter.minutes);
            out.key("per_week", u32::from(starter.per_week));
        }
        out.table("[learning]");
        out.key("history_days", self.learning.history_days);
        self.planning(&mut out);
        out.table("[suggestions]");
        out.key("mode", self.suggestions.mode.word());
        out.key("doors", words(self.suggestions.doors.iter().map(|door| door.word())));
        out.key("daily_cap", u32::from(self.planning.daily_cap));
        out.key("weekly_cap", u32::from(self.planning.weekly_cap));
        out.key("defence", self.planning.defence.word());
        out.key("prefix", self.planning.wording.prefix.as_str());
        out.key("preparation_minutes", u32::from(self.planning.preparation_minutes));
        out.key("recovery_minutes", u32::from(self.planning.recovery_minutes));
        out.key("colours", self.suggestions.colours);
        out.assistant(self.assistant.as_ref());
        out.embedder(self.embedder.as_ref());
        out.mirror(self.mirror.as_ref());
        out.table("[secrets]");
        out.key("in_this_file", self.secrets_allowed);
        out.table("[store]");
        out.path("path", &self.store);
        out.table("[daemon]");
        out.key("poll_minutes", self.daemon.poll_minutes);
        out.time("morning", self.daemon.morning);
        out.time("night", self.daemon.night);
        out.path("socket", &self.daemon.socket);
        out.key("dashboard", "off");
        out.key("log", self.daemon.log.word());
        out.key("log_format", self.daemon.log_format.word());
        let metrics = self.daemon.metrics.map(|at| at.to_string());
        out.key("metrics", metrics.as_deref().unwrap_or("off"));
        out.0
    }

    /// [`to_toml`](Self::to_toml) as values; days are text.
    pub fn to_table(&self) -> Table {
        // Our own text: were it ever not TOML, a test says so.
        let mut table: Table = self.to_toml().parse().unwrap_or_default();
        table.iter_mut().for_each(|(_, value)| spell_days(value));
        table
    }

    fn planning(&self, out: &mut Lines) {
        let planning = &self.planning;
        out.table("[planning]");
        match &planning.working {
            Some(hours) => out.key("working_hours", words(hours.rules())),
            None => out.remark("working_hours: learned from where your own events lie"),
        }
        out.key("buffer_minutes", u32::from(planning.buffer_minutes));
        out.key("lunch", planning.lunch.to_string());
        out.key("focus_cap_minutes", u32::from(planning.focus_cap_minutes));
        out.key("freeze_minutes", u32::from(planning.freeze_minutes));
        out.key("horizon_days", u32::from(planning.horizon_days));
        out.key("longest_session_minutes", u32::from(planning.longest_session));
        out.key("shortest_session_minutes", u32::from(planning.shortest_session));
        out.key("white_space", planning.white_space);
    }
}

/// A file in the making.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn table(&mut self, header: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0.push_str(&format!("{gap}{header}\n"));
    }

    fn key(&mut self, key: &str, value: impl Into<Value>) {
        self.0.push_str(&format!("{key} = {}\n", value.into()));
    }

    fn path(&mut self, key: &str, path: &Path) {
        self.key(key, path.display().to_string());
    }

    fn time(&mut self, key: &str, time: NaiveTime) {
        self.key(key, time.format("%H:%M").to_string());
    }

    fn remark(&mut self, words: impl Display) {
        self.0.push_str(&format!("# {words}\n"));
    }

    fn person(&mut self, person: &Person, language: &str) {
        self.table("[person]");
        self.key("id", person.id.as_str());
        self.key("time_zone", person.time_zone.name());
        match &person.role {
            Some(role) => self.key("role", role.as_str()),
            None => self.remark("role: not given"),
        }
        self.key("language", language);
        self.key("addresses", words(&person.addresses));
        for stay in &person.travel {
            self.table("[[person.travel]]");
            self.key("from", day(stay.from));
            self.key("to", day(stay.to));
            self.key("time_zone", stay.time_zone.name());
        }
    }

    fn assistant(&mut self, assistant: Option<&Assistant>) {
        self.table("[assistant]");
        self.key("enabled", assistant.is_some());
        let Some(Assistant { url, model, key, timeout, terms, prices }) = assistant else { return };
        self.key("url", url.as_str());
        self.key("model", model.as_str());
        self.secret("key", key.as_ref());
        self.key("titles", terms.titles);
        // As it was written: 0.4, not the nearest binary fraction.
        self.key("trust", (f64::from(terms.trust) * 1e6).round() / 1e6);
        self.key("daily_calls", i64::from(terms.budget.daily));
        self.key("monthly_calls", i64::from(terms.budget.monthly));
        self.key("timeout_seconds", i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX));
        for (name, price) in ["price_in", "price_out"].iter().zip(prices) {
            price.iter().for_each(|price| self.key(name, *price));
        }
    }

    fn embedder(&mut self, embedder: Option<&Embedder>) {
        self.table("[embedder]");
        self.key("kind", if embedder.is_some() { "endpoint" } else { "local" });
        let Some(Embedder { url, model, key, timeout }) = embedder else { return };
        self.key("url", url.as_str());
        self.key("model", model.as_str());
        self.secret("key", key.as_ref());
        self.key("timeout_seconds", i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX));
    }

    fn mirror(&mut self, mirror: Option<&Mirror>) {
        self.table("[memory]");
        let Some(Mirror { url, user, key }) = mirror else { return };
        self.key("mirror_url", url.as_str());
        self.key("mirror_user", user.as_str());
        self.secret("mirror_key", key.as_ref());
    }

    /// Where a secret comes from; `word`: its own, such as `password`.
    fn secret(&mut self, word: &str, source: Option<&PasswordSource>) {
        match source {
            Some(PasswordSource::Command(_)) => {
                self.remark(format!("{word}_command: set, not shown"));
            }
            Some(PasswordSource::File(path)) => self.path(&format!("{word}_file"), path),
            Some(PasswordSource::Credential { name, .. }) => {
                self.key(&format!("{word}_credential"), name.as_str());
            }
            Some(PasswordSource::Keyring(name)) => {
                self.key(&format!("{word}_keyring"), name.as_str());
            }
            Some(PasswordSource::Written(_)) => self.remark(format!("{word}: set, not shown")),
            None => {}
        }
    }

    fn account(&mut self, account: &Account) {
        self.table("[[account]]");
        self.key("name", account.name.as_str());
        self.key("kind", account.kind.word());
        match &account.kind {
            AccountKind::Caldav { url } => self.key("url", url.as_str()),
            AccountKind::Vdir { path } => self.path("path", path),
            AccountKind::Google { client_secret_file, api_root, auth_uri, token_uri, subject } => {
                if let Some(file) = client_secret_file {
                    self.path("client_secret_file", file);
                }
                let texts = [
                    ("api_root", api_root),
                    ("auth_uri", auth_uri),
                    ("token_uri", token_uri),
                    ("subject", subject),
                ];
                for (key, text) in texts {
                    text.iter().for_each(|text| self.key(key, text.as_str()));
                }
            }
        }
        if let Some(name) = &account.username {
            self.key("username", name.as_str());
        }
        self.secret("password", account.password.as_ref());
        if matches!(account.kind, AccountKind::Caldav { .. }) {
            self.key("sign_in", account.sign_in.word());
        }
        let files = [
            ("client_certificate", &account.tls.client_certificate),
            ("client_key", &account.tls.client_key),
            ("ca_file", &account.tls.ca_file),
        ];
        for (key, file) in files {
            file.iter().for_each(|file| self.path(key, file));
        }
        match &account.calendars {
            Some(names) => self.key("calendars", words(names)),
            None => self.remark("calendars: all"),
        }
        if let Some(name) = &account.suggest_into {
            self.key("suggest_into", name.as_str());
        }
        if !account.trusted_hosts.is_empty() {
            self.key("trusted_hosts", words(&account.trusted_hosts));
        }
    }
}

fn words<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Value {
    Value::Array(words.into_iter().map(|word| Value::from(word.as_ref())).collect())
}

fn day(day: chrono::NaiveDate) -> Datetime {
    use chrono::Datelike;
    // The config's own days have years of four digits, and months and days fit a byte.
    let small = |n: u32| u8::try_from(n).unwrap_or_default();
    let date = Date {
        year: u16::try_from(day.year()).unwrap_or_default(),
        month: small(day.month()),
        day: small(day.day()),
    };
    Datetime { date: Some(date), time: None, offset: None }
}

fn spell_days(value: &mut Value) {
    match value {
        Value::Datetime(day) => *value = Value::String(day.to_string()),
        Value::Array(values) => values.iter_mut().for_each(spell_days),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| spell_days(value)),
        _ => {}
    }
}
