//! Connection state recovery: to which clients it is offered (`recovery.clients`, and
//! `dialect.NAME.recovery` for the listeners and namespaces of one dialect), and for how long.

use std::time::Duration;

use chorus_gateway::dialect::interpreter::Offers;
use chorus_gateway::engine::recovery::Offer;

use super::sources::{Key, Sources};
use super::values;

/// How lost connections are taken up.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// To which clients it is offered.
    pub offers: Offers,
    /// For how long a lost connection can be taken up.
    pub window: Duration,
}

const CLIENTS: Key = Key { variables: &["CHORUS_RECOVERY"], file: "recovery.clients" };
const SECONDS: Key = Key { variables: &["CHORUS_RECOVERY_SECONDS"], file: "recovery.seconds" };

impl Recovery {
    pub(super) fn read(from: &mut Sources<'_>, dialects: &[&'static str]) -> Self {
        let default = from.value(None, &CLIENTS, Offer::Suited, offer);
        let seconds = from.value(None, &SECONDS, 120, values::count);
        let mut named = Vec::new();
        for name in dialects {
            let variable = format!("CHORUS_{}_RECOVERY", name.to_ascii_uppercase());
            if let Some((setting, text)) =
                from.named(&variable, &format!("dialect.{name}.recovery"))
            {
                match offer(&text) {
                    Ok(offer) => named.push(((*name).to_owned(), offer)),
                    Err(wrong) => from.note(&setting, wrong),
                }
            }
        }
        let window = Duration::from_secs(seconds.into());
        Self { offers: Offers { default, named }, window }
    }
}

fn offer(text: &str) -> Result<Offer, String> {
    match text {
        "suited" => Ok(Offer::Suited),
        "all" => Ok(Offer::Everyone),
        "none" => Ok(Offer::Nobody),
        _ => Err("must be one of: suited, all, none".into()),
    }
}
