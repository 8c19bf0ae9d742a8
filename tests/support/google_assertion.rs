//! A service account of Google's: its file, and its assertions (RFC 7523), signature and all.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Whom the account may act for.
pub const SUBJECT: &str = "jane@example.org";
const ACCOUNT: &str = "planner@project.iam.gserviceaccount.com";
/// Made for these tests.
const KEY: &[u8] = include_bytes!("service-account.key.der");
const PUBLIC_KEY: &[u8] = include_bytes!("service-account.public.der");

/// The file that the console gives out.
pub fn client_file(token_uri: &str) -> String {
    let key = STANDARD.encode(KEY);
    json!({
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"),
        "client_email": ACCOUNT,
        "token_uri": token_uri,
    })
    .to_string()
}

/// The claims of an assertion that holds; else what is wrong with it.
pub fn claims(assertion: &str) -> Result<Value, &'static str> {
    let bytes = |part: &str| URL_SAFE.decode(part).or_else(|_| URL_SAFE_NO_PAD.decode(part));
    let (signed, signature) = assertion.rsplit_once('.').ok_or("assertion")?;
    let key = ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PKCS1_2048_8192_SHA256,
        PUBLIC_KEY,
    );
    let signature = bytes(signature).map_err(|_| "assertion")?;
    key.verify(signed.as_bytes(), &signature).map_err(|_| "signature")?;
    let (_, claims) = signed.split_once('.').ok_or("assertion")?;
    let claims = bytes(claims).map_err(|_| "assertion")?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| "assertion")?;
    let life = claims["exp"].as_i64().unwrap_or(0) - claims["iat"].as_i64().unwrap_or(0);
    match claims["iss"] == ACCOUNT && (1..=3600).contains(&life) {
        true => Ok(claims),
        false => Err("claims"),
    }
}
