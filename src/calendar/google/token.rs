//! Access tokens.

use crate::calendar::{Error, Secret};
use async_trait::async_trait;

/// Where access tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is good for a while yet. `Unauthorized` = signed out (the sentence says since
    /// when and the cure: `chronotype auth google ACCOUNT`), `Transient` = the network or Google's
    /// token endpoint fails.
    async fn token(&self) -> Result<Secret, Error>;
    /// Google refused this token (401): forget it, so that the next call refreshes.
    async fn refused(&self, token: &Secret);
}
