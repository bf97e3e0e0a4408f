//! A plain socketioxide server with the behaviour that is measured: everybody is in one room, and
//! what one says the others hear. Its settings are the library's own.

use std::io;

use serde::{Deserialize, Serialize};
use socketioxide::SocketIo;
use socketioxide::extract::{Data, SocketRef};

const ROOM: &str = "project_1";

#[derive(Deserialize)]
struct Said {
    task_id: u64,
    is_typing: bool,
}

/// As long as what Chorus tells.
#[derive(Serialize)]
struct Told {
    full_name: &'static str,
    is_typing: bool,
    task_id: u64,
    timestamp: &'static str,
    user_id: u64,
    username: &'static str,
}

#[derive(Serialize)]
struct Welcome {
    message: &'static str,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on("user_typing", tell);
        socket.join(ROOM);
        // Fails only if the client has left already.
        socket.emit("connected", &Welcome { message: "welcome" }).ok();
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, axum::Router::new().layer(layer)).await
}

/// Tells all but the sender. What becomes of it is for the load generator to count.
async fn tell(socket: SocketRef, Data(said): Data<Said>) {
    let told = Told {
        full_name: "Somebody who types, and types, and types, and never comes to an end",
        is_typing: said.is_typing,
        task_id: said.task_id,
        timestamp: "2026-01-01T00:00:00.000000",
        user_id: 1,
        username: "bench-0",
    };
    socket.to(ROOM).emit("user_typing", &told).await.ok();
}
