//! A plain socketioxide server with the behaviour that is measured: who shows a good token is in
//! one room, and what one says the others there hear. The library's settings are its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, io};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{Data, SocketRef, State};
use socketioxide::handler::ConnectHandler as _;

const FULL_NAME: &str = "Somebody who types, and types, and types, and never comes to an end";
const TIMESTAMP: &str = "2026-01-01T00:00:00.000000";

/// Who has come in, and where he is.
#[derive(Clone)]
struct Guest {
    room: String,
    claims: Claims,
}

#[derive(Clone, Deserialize)]
struct Claims {
    uid: String,
    sub: String,
}

#[derive(Deserialize)]
struct Said {
    task_id: u64,
    is_typing: bool,
}

/// As long as what Chorus tells.
#[derive(Serialize)]
struct Told<'a> {
    full_name: &'static str,
    is_typing: bool,
    task_id: u64,
    timestamp: &'static str,
    user_id: &'a str,
    username: &'a str,
}

#[derive(Serialize)]
struct Person<'a> {
    full_name: &'static str,
    timestamp: &'static str,
    user_id: &'a str,
    username: &'a str,
}

#[derive(Serialize)]
struct Welcome {
    message: &'static str,
}

/// How many connections each person has in a room.
type Counts = HashMap<(String, String), usize>;

/// The same for all to change; none if nobody is told.
#[derive(Clone)]
struct People(Option<Arc<Mutex<Counts>>>);

#[tokio::main]
async fn main() -> io::Result<()> {
    let people = People(env::var_os("PRESENCE").map(|_| Arc::default()));
    let (layer, io) = SocketIo::builder().with_state(people).build_layer();
    io.ns("/", welcome.with(let_in));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, axum::Router::new().layer(layer)).await
}

/// Checks the token of a query (HS256).
async fn let_in(socket: SocketRef) -> Result<(), String> {
    let query = socket.req_parts().uri.query().unwrap_or_default();
    let value = |name: &str| {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(str::to_owned).ok_or_else(|| format!("{name} is missing"))
    };
    let secret = env::var("JWT_SECRET").map_err(|error| error.to_string())?;
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_aud = false;
    let key = DecodingKey::from_secret(secret.as_bytes());
    let token = jsonwebtoken::decode::<Claims>(&value("token")?, &key, &rules);
    let claims = token.map_err(|error| error.to_string())?.claims;
    socket.extensions.insert(Guest { room: value("room")?, claims });
    Ok(())
}

// What becomes of what is told is for the load generator to count.
async fn welcome(socket: SocketRef, State(people): State<People>) {
    let Some(guest) = socket.extensions.get::<Guest>() else { return };
    socket.on("user_typing", typing);
    socket.on("say", say);
    socket.join(guest.room.clone());
    if people.change(&guest, true) {
        tell(&socket, &guest, "user_connected").await;
    }
    if people.0.is_some() {
        socket.on_disconnect(gone);
    }
    socket.emit("connected", &Welcome { message: "welcome" }).ok();
}

async fn typing(socket: SocketRef, Data(said): Data<Said>) {
    let Some(Guest { room, claims }) = socket.extensions.get::<Guest>() else { return };
    let told = Told {
        full_name: FULL_NAME,
        is_typing: said.is_typing,
        task_id: said.task_id,
        timestamp: TIMESTAMP,
        user_id: &claims.uid,
        username: &claims.sub,
    };
    socket.to(room).emit("user_typing", &told).await.ok();
}

async fn say(socket: SocketRef, Data(said): Data<Value>) {
    let Some(guest) = socket.extensions.get::<Guest>() else { return };
    socket.to(guest.room).emit("say", &said).await.ok();
}

async fn gone(socket: SocketRef, State(people): State<People>) {
    let Some(guest) = socket.extensions.get::<Guest>() else { return };
    if people.change(&guest, false) {
        tell(&socket, &guest, "user_disconnected").await;
    }
}

async fn tell(socket: &SocketRef, guest: &Guest, word: &str) {
    let person = Person {
        full_name: FULL_NAME,
        timestamp: TIMESTAMP,
        user_id: &guest.claims.uid,
        username: &guest.claims.sub,
    };
    socket.to(guest.room.clone()).emit(word, &person).await.ok();
}

impl People {
    /// Counts one who comes or goes; whether that is to be told.
    fn change(&self, guest: &Guest, comes: bool) -> bool {
        let Some(people) = &self.0 else { return false };
        let mut people = people.lock().unwrap_or_else(PoisonError::into_inner);
        let count = people.entry((guest.room.clone(), guest.claims.uid.clone())).or_default();
        let before = *count;
        *count = if comes { before + 1 } else { before.saturating_sub(1) };
        if comes { before == 0 } else { before == 1 }
    }
}
