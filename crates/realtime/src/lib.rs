//! Who hears it, now: hub, outboxes, publisher, presence, bus.
