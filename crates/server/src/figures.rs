//! The figures of every part of the house, with their names and what they mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chorus_api::{Figure, Figures};
use chorus_collab::Collab;
use chorus_gateway::dialect::Interpreter;
use chorus_gateway::engine::Engine;
use chorus_realtime::Realtime;
use chorus_storage::Store;

/// Reads all figures each time it is called.
pub(crate) fn source(store: &Store, collab: &Collab, engine: &Engine<Interpreter>) -> Figures {
    let started = u64::try_from(collab.clock().now().seconds()).unwrap_or(0);
    let (store, collab, engine) = (store.clone(), collab.clone(), engine.clone());
    Arc::new(move || {
        let mut figures = of_sockets(&engine);
        figures.extend(of_hub(collab.realtime()));
        figures.extend(of_catch_up(collab.realtime()));
        figures.extend(of_publisher(collab.realtime()));
        figures.extend(of_store(&store));
        figures.push(Figure::gauge(
            "chorus_feed_waiting",
            "Requests to the feed that wait for something to tell.",
            collab.waiting() as u64,
        ));
        figures.push(Figure::gauge(
            "chorus_process_start_time_seconds",
            "When the server started, in seconds since 1970-01-01 UTC.",
            started,
        ));
        figures
    })
}

fn of_sockets(engine: &Engine<Interpreter>) -> Vec<Figure> {
    let application = engine.application();
    let open = engine.transports();
    let transports = [
        ("websocket", open.websocket as u64),
        ("polling", open.polling as u64),
        ("raw", open.raw as u64),
    ];
    vec![
        Figure::gauges(
            "chorus_connections",
            "Clients that were let in and are there, by the dialect that they speak.",
            "dialect",
            application.connections(),
        ),
        Figure::gauges(
            "chorus_sessions",
            "Open sessions, by what carries them.",
            "transport",
            transports,
        ),
        Figure::counters(
            "chorus_sessions_ended_total",
            "Sessions that ended, by the reason.",
            "reason",
            engine.tally().endings(),
        ),
        Figure::counters(
            "chorus_handshakes_refused_total",
            "Clients that were not let in, by the reason.",
            "reason",
            application.refusals(),
        ),
        Figure::gauge(
            "chorus_strangers",
            "Open sessions that nobody has let in yet.",
            u64::from(engine.strangers()),
        ),
        Figure::counter(
            "chorus_messages_unread_total",
            "Messages that were not read, because their session sent more than it may.",
            engine.tally().unread(),
        ),
        Figure::counters(
            "chorus_requests_refused_total",
            "What clients asked for and was not done, by the reason.",
            "reason",
            application.faults(),
        ),
        Figure::counters(
            "chorus_engine_requests_refused_total",
            "Requests to open or use a session that are against the protocol, by the reason.",
            "reason",
            engine.tally().refusals(),
        ),
    ]
}

fn of_hub(realtime: &Realtime) -> Vec<Figure> {
    let (counters, gauges) = (realtime.counters(), realtime.gauges());
    vec![
        Figure::gauge("chorus_users", "People with a connection.", read(&gauges.users)),
        Figure::gauge("chorus_rooms", "Rooms with somebody in them.", read(&gauges.rooms)),
        Figure::counter(
            "chorus_deliveries_total",
            "Frames queued for clients because of an event.",
            read(&counters.deliveries),
        ),
        Figure::counter(
            "chorus_signal_deliveries_total",
            "Frames queued for clients because of a signal: typing, presence, messages, uploads.",
            read(&counters.signal_deliveries),
        ),
        Figure::counter(
            "chorus_ephemeral_frames_dropped_total",
            "Frames of signals that were dropped because a client read too slowly.",
            read(&counters.ephemeral_dropped),
        ),
        Figure::counter(
            "chorus_slow_sessions_closed_total",
            "Sessions that were told to end because their client had stopped reading.",
            read(&counters.slow_closed),
        ),
    ]
}

fn of_catch_up(realtime: &Realtime) -> Vec<Figure> {
    let (counters, gauges) = (realtime.counters(), realtime.gauges());
    vec![
        Figure::gauge(
            "chorus_connections_behind",
            "Connections that could not follow and are served from the log.",
            read(&gauges.behind),
        ),
        Figure::counter(
            "chorus_fell_behind_total",
            "Times that a connection left live delivery, because too much waited for its client.",
            read(&counters.fell_behind),
        ),
        Figure::counter(
            "chorus_events_replayed_total",
            "Events told from the log, or from its end in memory, to connections that were behind.",
            read(&counters.replayed),
        ),
        Figure::counter(
            "chorus_catch_up_log_reads_total",
            "Times that the log was read for a connection that was behind, beyond its end in memory.",
            read(&counters.catch_up_reads),
        ),
        Figure::counter(
            "chorus_signals_withheld_total",
            "Frames of signals that connections were not told because they were behind.",
            read(&counters.signals_withheld),
        ),
    ]
}

fn of_publisher(realtime: &Realtime) -> Vec<Figure> {
    let (counters, timings) = (realtime.counters(), realtime.timings());
    let full =
        [("dropped", read(&counters.signals_refused)), ("waited", read(&counters.orders_delayed))];
    vec![
        Figure::counter(
            "chorus_events_published_total",
            "Events announced.",
            read(&counters.events),
        ),
        Figure::gauge(
            "chorus_published_sync_id",
            "The last event announced, by its place in the log.",
            read(&realtime.gauges().published),
        ),
        Figure::gauge(
            "chorus_publisher_queue_length",
            "Orders that wait for the publisher.",
            realtime.waiting() as u64,
        ),
        Figure::counters(
            "chorus_publisher_queue_full_total",
            "Orders that found the queue to the publisher full, by what became of them.",
            "outcome",
            full,
        ),
        Figure::counter(
            "chorus_log_reads_total",
            "Times that the publisher read events from the log instead of the writer's hand.",
            read(&counters.log_reads),
        ),
        Figure::counter(
            "chorus_stale_joins_total",
            "Joins that were decided anew because rights had changed meanwhile.",
            read(&counters.stale_joins),
        ),
        Figure::histogram(
            "chorus_fan_out_duration_seconds",
            "From the publisher's taking a commit to its frames being written.",
            timings.fan_out.read(),
        ),
        Figure::histogram(
            "chorus_commit_to_flush_duration_seconds",
            "From a commit being on disk to its frames being written.",
            timings.end_to_end.read(),
        ),
    ]
}

fn of_store(store: &Store) -> Vec<Figure> {
    let stats = store.stats();
    vec![
        Figure::counter("chorus_commits_total", "Batches of commands committed.", stats.commits),
        Figure::counter(
            "chorus_commands_total",
            "Commands answered, refused ones too.",
            stats.commands,
        ),
        Figure::counter("chorus_events_committed_total", "Events committed.", stats.events),
        Figure::counter(
            "chorus_lost_batches_total",
            "Transactions that were lost as a whole, their commands tried again one by one.",
            stats.lost_batches,
        ),
        Figure::counters(
            "chorus_commands_failed_total",
            "Commands that came to nothing through no fault of the caller, by the reason.",
            "reason",
            [
                ("too_slow", stats.too_slow),
                ("panicked", stats.panicked),
                ("unavailable", stats.unavailable),
            ],
        ),
        Figure::counter(
            "chorus_writer_queue_full_total",
            "Commands turned away because the writer's queue was full.",
            stats.writes_turned_away,
        ),
        Figure::counter(
            "chorus_reader_queue_full_total",
            "Queries turned away because the readers' queue was full.",
            stats.reads_turned_away,
        ),
        Figure::counter(
            "chorus_hand_over_queue_full_total",
            "Commits that found the queue to the publisher full; it reads them from the log.",
            stats.not_handed_over,
        ),
        Figure::counter("chorus_checkpoints_total", "Checkpoints made.", stats.checkpoints),
        Figure::histogram(
            "chorus_commit_duration_seconds",
            "How long commits took, most of it the disk's.",
            store.commit_times(),
        ),
    ]
}

fn read(figure: &AtomicU64) -> u64 {
    figure.load(Ordering::Relaxed)
}
